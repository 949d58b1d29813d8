"""What a learner chooses before playing in another mode."""

from __future__ import annotations

from typing import Any

from django import forms

from attempts.games import Game
from attempts.models import Mode

DEFAULT_CASES = 10


class StartForm(forms.Form):
    """Mode, and for a series its size and limits. `minutes` left out: no limit."""

    mode = forms.ChoiceField(choices=Mode.choices)
    cases = forms.IntegerField(min_value=1, max_value=50, required=False)
    seconds = forms.IntegerField(min_value=10, max_value=600, required=False)
    minutes = forms.IntegerField(min_value=1, max_value=240, required=False)
    rule = forms.CharField(required=False)

    def __init__(self, game: Game, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.game = game

    def clean_mode(self) -> str:
        mode = self.cleaned_data["mode"]
        if mode not in self.game.modes:
            raise forms.ValidationError("This game has no such mode.")
        return mode

    def clean_cases(self) -> int:
        return self.cleaned_data["cases"] or DEFAULT_CASES

    def clean_seconds(self) -> int:
        return self.cleaned_data["seconds"] or self.game.sprint_seconds

    def clean_rule(self) -> str:
        rule = self.cleaned_data["rule"] or self.game.rules[0]
        if rule not in self.game.rules:
            raise forms.ValidationError("This game has no such rule.")
        return rule

    @property
    def sentence(self) -> str:
        """The first thing that is wrong, with the field's name."""
        field, problems = next(iter(self.errors.items()))
        return f"{field.capitalize()}: {problems[0]}"
