"""What instructors and learners fill in; every refusal is a sentence beside its field."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime
from typing import Any, cast

from django import forms
from django.utils import timezone

from attempts.games import Game, game_of, kinds
from attempts.models import Mode
from attempts.series import MOST_CASES
from cases.models import Dataset, label_choices
from classroom.choosing import DIFFICULTIES, Rule
from classroom.models import Assignment, Cohort, Invitation, Membership


def time_zones() -> list[tuple[str, str]]:
    """The names of the IANA database, for a list to choose from."""
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class CohortForm(forms.ModelForm):
    """Name, time zone, pseudonyms and consent text of a class."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zones,
        initial="UTC",
        help_text="Opening and due times are in it.",
    )

    class Meta:
        model = Cohort
        fields = (
            *("name", "time_zone", "is_pseudonymous", "consent"),
            *("plays_game", "has_leaderboard"),
        )
        labels = {
            "plays_game": "Points, badges, weekly goals and the daily film",
            "has_leaderboard": "A leaderboard",
            "is_pseudonymous": "Show codes instead of names",
            "consent": "What learners agree to",
        }
        help_texts = {
            "is_pseudonymous": "Everywhere, also in exports. A key of codes and names can be "
            "downloaded once; nobody who has joined so can be shown by name later.",
            "plays_game": "Off: learners of this class see none of them, whatever they chose.",
            "has_leaderboard": "Of those who choose to be on it, under their codes. Speed counts "
            "only from a mean score of 70 on. A controlled trial found no gain from one.",
            "consent": "Shown when they join, and kept with their membership. Empty: nothing more "
            "than what every class says.",
        }
        widgets = {"consent": forms.Textarea(attrs={"rows": 4})}

    def clean_is_pseudonymous(self) -> bool:
        wanted = self.cleaned_data["is_pseudonymous"]
        was = self.instance.pk and Cohort.objects.get(pk=self.instance.pk).is_pseudonymous
        if was and not wanted and self.instance.memberships.exists():
            raise forms.ValidationError(
                "Learners have joined under codes: their names cannot be shown now. "
                "Make another class with names."
            )
        return wanted


class LinkForm(forms.ModelForm):
    """How many may join by a new link, and for how long."""

    days = forms.IntegerField(label="Days it lasts", min_value=1, max_value=365, initial=30)

    class Meta:
        model = Invitation
        fields = ("places",)
        labels = {"places": "Places"}
        help_texts = {"places": "Empty: no limit."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["places"].widget.attrs |= {"min": 1, "max": 1000}
        self.fields["places"].required = False

    def clean_places(self) -> int | None:
        places = self.cleaned_data["places"]
        if places is not None and not 1 <= places <= 1000:
            raise forms.ValidationError("Between 1 and 1000, or empty.")
        return places


class JoinForm(forms.Form):
    """What a learner says on joining: how far their training is, and that they agree."""

    training = forms.ChoiceField(
        label="Your training",
        choices=Membership.Training.choices,
        required=False,
        help_text="Your instructors see it; it enters no score.",
    )
    agrees = forms.BooleanField(
        label="I agree to this", error_messages={"required": "To join, agree to the text above."}
    )
    consent = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    """The text as it was shown: what is agreed to is what was read."""


YEARS = range(2000, 2201)
"""Of opening and due times: at the ends of the calendar no time zone can be reckoned with."""


class ClassTimeField(forms.DateTimeField):
    """A time in the class's time zone, as `datetime-local` sends it; cleaned, it is aware.

    A time that the clocks pass over, or that they show twice, is refused or taken as the later one.
    """

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs
        )
        self.zone = zoneinfo.ZoneInfo("UTC")

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and timezone.is_aware(value):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        for written in self.input_formats or ():
            try:
                naive = datetime.strptime(str(value).strip(), written)
            except ValueError:
                continue
            if naive.year not in YEARS:
                raise forms.ValidationError(f"Write a year from {YEARS[0]} to {YEARS[-1]}.")
            return self._aware(naive)
        raise forms.ValidationError("Write a day and a time, such as 2026-12-01T18:00.")

    def _aware(self, naive: datetime) -> datetime:
        local = naive.replace(tzinfo=self.zone, fold=1)
        there = local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None)
        if there != naive:
            raise forms.ValidationError(
                f"{naive:%H:%M} does not exist on {naive:%-d %B %Y} in {self.zone.key}: the clocks "
                "are set forward over it. Choose another time."
            )
        return local.astimezone(UTC)


def scorings() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every game with its scoring rules or engines, as `kind:rule`."""
    return [
        (game.name, [(f"{game.kind}:{rule}", _scoring_name(game, rule)) for rule in game.rules])
        for game in map(game_of, kinds())
    ]


def _scoring_name(game: Game, rule: str) -> str:
    return f"{game.name}, scored by {game.rule_names.get(rule, rule)}"


ASSIGNED_MODES = (Mode.PRACTICE, Mode.SECOND_LOOK, Mode.GUIDED, Mode.TEST)


class AssignmentForm(forms.ModelForm):
    """All of an assignment but its cases."""

    scoring = forms.ChoiceField(label="Game and scoring", choices=scorings)
    mode = forms.ChoiceField(choices=[(mode.value, mode.label) for mode in ASSIGNED_MODES])
    opens_at = ClassTimeField(label="Opens")
    due_at = ClassTimeField(label="Due")
    late_until = ClassTimeField(label="Late work is taken until")

    class Meta:
        model = Assignment
        fields = (
            *("title", "text", "scoring", "mode", "told", "order", "opens_at", "due_at"),
            *("late", "late_percent", "late_until", "minutes", "case_seconds", "tries", "counting"),
        )
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "text": "Learners read it before they begin.",
            "told": "After the due time means the last learner’s due time, extra time included.",
            "late": "What was saved when the time is up always counts.",
            "late_percent": "Percent, where late work counts for less.",
            "minutes": "From when a learner begins. Empty: no limit.",
            "case_seconds": "From when a case is opened. Empty: no limit.",
        }

    def __init__(self, *args: Any, cohort: Cohort, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ClassTimeField):
                field.zone = cohort.zone
                field.help_text = f"In {cohort.time_zone}. {field.help_text}".strip()
        self.fields["late_until"].help_text += " Empty: for ever."
        if self.instance.pk:
            self.initial["scoring"] = f"{self.instance.kind}:{self.instance.rule}"

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        kind, _, rule = said.get("scoring", ":").partition(":")
        mode, told, due = said.get("mode"), said.get("told"), said.get("due_at")
        if kind and mode and mode not in game_of(kind).modes:
            self.add_error("mode", "This game has no such mode.")
        if mode == Mode.TEST and told == Assignment.Told.AT_ONCE:
            self.add_error("told", "In a test the truth is shown after the last case or later.")
        if mode in (Mode.SECOND_LOOK, Mode.GUIDED) and told != Assignment.Told.AT_ONCE:
            self.add_error(
                "told", "This mode tells of the truth while it is played: after each case."
            )
        if told == Assignment.Told.AFTER_DUE and not due:
            self.add_error(
                "due_at", "The truth is to be shown after the due time: say when that is."
            )
        self._check_times(said)
        said["kind"], said["rule"] = kind, rule
        return said

    def _check_times(self, said: dict[str, Any]) -> None:
        opens, due = said.get("opens_at"), said.get("due_at")
        late, until = said.get("late"), said.get("late_until")
        if opens and due and due <= opens:
            self.add_error("due_at", "It would be due before it opens.")
        if until and late != Assignment.Late.CLOSED and due and until < due:
            self.add_error("late_until", "This is before the due time.")
        if late and late != Assignment.Late.CLOSED and not due and "due_at" not in self.errors:
            self.add_error("due_at", "Nothing is late without a due time.")

    @property
    def changes(self) -> dict[str, Any]:
        """The fields of `Assignment` that it says."""
        return {name: value for name, value in self.cleaned_data.items() if name != "scoring"}


class RuleForm(forms.Form):
    """How cases are drawn from the library (`classroom.choosing.Rule`)."""

    count = forms.IntegerField(label="Cases", min_value=1, max_value=MOST_CASES, initial=10)
    normals = forms.IntegerField(
        label="Of them without a finding, percent", min_value=0, max_value=100, initial=30
    )
    labels = forms.MultipleChoiceField(
        label="Findings", choices=label_choices, required=False, help_text="None chosen: any."
    )
    dataset = forms.ChoiceField(label="Data set", required=False)
    difficulty = forms.ChoiceField(
        label="Difficulty",
        choices=[("", "Any"), *((key, row[0].capitalize()) for key, row in DIFFICULTIES.items())],
        required=False,
        help_text="By the mean score of all who played a case.",
    )
    missed = forms.BooleanField(label="What this class misses most", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sets = Dataset.objects.order_by("title").values_list("slug", "title")
        cast("forms.ChoiceField", self.fields["dataset"]).choices = [("", "Any"), *sets]

    @property
    def rule(self) -> Rule:
        said = self.cleaned_data
        return Rule(**{**said, "labels": tuple(said["labels"])})


class ExtensionForm(forms.Form):
    """Extra time of one learner."""

    due_at = ClassTimeField(label="Due")
    percent = forms.IntegerField(
        label="Longer limits, percent", min_value=0, max_value=300, required=False, initial=0
    )

    def __init__(self, *args: Any, cohort: Cohort, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("ClassTimeField", self.fields["due_at"]).zone = cohort.zone

    def clean_percent(self) -> int:
        return self.cleaned_data["percent"] or 0
