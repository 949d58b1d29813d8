"""`manage.py rescore`: kept answers scored again under a named rule, beside what there is."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from statistics import mean
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from attempts.games import Game, game_of, kinds
from attempts.rescoring import Report, Rescored, rescore

SHOWN = 10
"""Largest changes that are printed."""


class Command(BaseCommand):
    help = (
        "Scores kept answers again under a named rule and says what changed. Results that are "
        "there stay as they are; running it twice adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rule", required=True, help="such as clinical")
        parser.add_argument("--case", default="", help="only this case, by its public id")
        parser.add_argument("--learner", default="", help="only this learner, by the user name")
        parser.add_argument("--since", type=_day, help="only what was submitted from this day on")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        game = _game_with(options["rule"])
        report = rescore(
            game,
            options["rule"],
            case=options["case"],
            learner=options["learner"],
            since=options["since"],
            dry_run=options["dry_run"],
        )
        for line in _lines(game, report, options["rule"], dry_run=options["dry_run"]):
            self.stdout.write(line)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no day: write it as 2026-03-31.") from None


def _game_with(rule: str) -> Game:
    games = [game_of(kind) for kind in kinds()]
    for game in games:
        if rule in game.rules:
            return game
    known = ", ".join(rule for game in games for rule in game.rules)
    raise CommandError(f"There is no rule called {rule!r}: choose one of {known}.")


def _lines(game: Game, report: Report, rule: str, *, dry_run: bool) -> list[str]:
    done = report.rescored
    verb = "would be scored" if dry_run else "scored"
    lines = [f"{game.name}: {_count(len(done))} {verb} again under {rule}."]
    if done:
        before, after = mean(one.score for one in done), mean(one.again for one in done)
        moved = sum(abs(one.change) >= 0.5 for one in done)
        lines.append(f"Mean score {before:.1f} before, {after:.1f} after; {moved} changed.")
    largest = sorted(done, key=lambda one: -abs(one.change))[:SHOWN]
    lines += [_line(one) for one in largest if abs(one.change) >= 0.5]
    if report.there:
        lines.append(f"{_count(report.there)} of this rule and version were there already.")
    if report.changed:
        lines.append(f"{_count(report.changed)} left alone: the case was changed since.")
    if report.gone:
        lines.append(f"{_count(report.gone)} left alone: the answer of the first look is not kept.")
    return lines


def _line(one: Rescored) -> str:
    attempt = one.attempt
    look = f", look {one.round}" if one.round > 1 else ""
    return (
        f"  {one.score:.0f} ({one.rule} {one.version}) → {one.again:.0f} "
        f"({one.under} {one.under_version}): attempt {attempt.public_id}, "
        f"case {attempt.case.public_id}{look}"
    )


def _count(number: int) -> str:
    return f"{number} result{'' if number == 1 else 's'}"
