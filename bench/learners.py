"""`python -m bench learners [--learners 60] [--cases 240] [--seed 1] [--plots FOLDER]`: SIMULATED
learners, whose ability, learning, forgetting, bias and fatigue are known since they are made up.

Prints how far the skills of `ml.learning` are from the truth after so many cases, and what each
strategy of choosing gains per case under three suppositions of how people learn:

edge      most from what is found half of the time (4 p (1 - p) of the rate)
exposure  the same from every film that has the label
mistakes  only from what was missed

Gain is that of the mean chance to find a usual case of a label, over all labels alike (`even`) and
by how often labels come (`usual`), measured a week after the last case. It ends with 1 where the
95 % intervals of skills hold the truth in fewer than 80 %, or the share correct is no further off.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ml.learning.ability import chance
from ml.learning.choosing import Option, wants
from ml.learning.skills import Finding, Played, Skills, learn

LABELS = tuple(f"label {number}" for number in range(12))
FILMS = 1500
NORMAL_SHARE = 0.33
A_DAY = 20
"""Cases of one sitting, one a day."""
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
RATE = 0.10
"""Logits that one film teaches at most."""
CEILING = 2.5
"""Logits above which nothing is learned."""
HALF_LIFE_DAYS = 30.0
"""After which half of what was learned of a label and not met again is lost."""
FATIGUE = 0.5
"""Logits lost from the first to the last case of a sitting."""
AFTER = timedelta(days=7)
STRATEGIES = ("adaptive", "random", "fixed")
WAYS = ("edge", "exposure", "mistakes")
COVERED = 0.8


@dataclass(frozen=True)
class Film:
    label: str
    """Empty: normal."""
    difficulty: float


@dataclass
class Learner:
    """A made-up learner; abilities in logits."""

    base: dict[str, float]
    alarms: float
    """Chance to claim something on a normal film."""
    way: str
    learned: dict[str, float] = field(default_factory=dict)
    met_at: dict[str, datetime] = field(default_factory=dict)

    def ability(self, label: str, at: datetime) -> float:
        days = (at - self.met_at.get(label, at)).total_seconds() / 86_400
        kept = 0.5 ** (max(0.0, days) / HALF_LIFE_DAYS)
        return self.base[label] + self.learned.get(label, 0.0) * kept

    def play(self, film: Film, at: datetime, tired: float, rng: random.Random) -> bool:
        """Whether it was answered rightly; learning follows."""
        if not film.label:
            return rng.random() >= self.alarms
        ability = self.ability(film.label, at)
        p = chance(ability - tired - film.difficulty)
        found = rng.random() < p
        share = {"edge": 4 * p * (1 - p), "exposure": 1.0, "mistakes": float(not found)}[self.way]
        room = max(0.0, 1 - ability / CEILING)
        self.learned[film.label] = ability - self.base[film.label] + RATE * share * min(1.0, room)
        self.met_at[film.label] = at
        return found


def frequencies() -> list[float]:
    """Of labels among films with a finding: the commonest ten times as common as the rarest."""
    raw = [10 ** (-place / (len(LABELS) - 1)) for place in range(len(LABELS))]
    return [one / sum(raw) for one in raw]


def library(seed: int) -> list[Film]:
    rng = random.Random(f"library {seed}")
    labels = rng.choices(LABELS, frequencies(), k=FILMS)
    return [
        Film("", 0.0) if rng.random() < NORMAL_SHARE else Film(label, rng.gauss(0, 1))
        for label in labels
    ]


def learner(number: int, seed: int, way: str) -> Learner:
    rng = random.Random(f"learner {seed} {number}")
    general = rng.gauss(-0.3, 0.8)
    base = {label: general + rng.gauss(0, 0.8) for label in LABELS}
    return Learner(base, alarms=rng.uniform(0.05, 0.5), way=way)


def success(one: Learner, at: datetime, weights: list[float]) -> float:
    """Mean chance to find a usual case."""
    return sum(
        weight * chance(one.ability(label, at))
        for label, weight in zip(LABELS, weights, strict=True)
    )


class Chooser:
    """A strategy over one library."""

    def __init__(self, strategy: str, films: list[Film], seed: str) -> None:
        self.strategy, self.seed = strategy, seed
        self.left = dict(enumerate(films))
        self.order = list(self.left)
        if strategy == "random":
            random.Random(seed).shuffle(self.order)
        self.recent: list[str] = []
        there = [film.label for film in films if film.label]
        self.shares = {label: there.count(label) / len(there) for label in LABELS}

    def next(self, skills: Skills, at: datetime, number: int) -> Film:
        key = self._fitting(skills, at, number) if self.strategy == "adaptive" else None
        if key is None:
            key = next(key for key in self.order if key in self.left)
        film = self.left.pop(key)
        self.recent.insert(0, film.label)
        return film

    def _fitting(self, skills: Skills, at: datetime, number: int) -> int | None:
        options = []
        for label in LABELS:
            known = skills.labels.get(label)
            memory = known.memory if known else None
            due = memory is not None and memory.due_at <= at
            options.append(Option(label, skills.of(label), due, self.shares[label]))
        recent = [label for label in self.recent[:2] if label]
        for want in wants(options, tendency=1.0, recent=recent, seed=self.seed, number=number):
            found = [key for key, film in self.left.items() if film.label == want.label]
            if found:
                return min(found, key=lambda key: abs(self.left[key].difficulty - want.difficulty))
        return None


@dataclass
class Run:
    """One learner under one strategy."""

    even: float
    """Gain in the mean chance of success over labels."""
    usual: float
    errors: dict[int, list[float]]
    """Cases played → by label estimate less truth, logits."""
    covered: list[bool]
    proportion: list[float]
    """By label at the end: (hits + 1) / (shown + 2) as logits less truth."""


MOMENTS = (20, 60, 120, 240, 480)


def play(number: int, way: str, strategy: str, cases: int, seed: int) -> Run:
    films = library(seed)
    one, skills = learner(number, seed, way), Skills()
    rng = random.Random(f"chance {seed} {number}")
    chooser = Chooser(strategy, films, f"{seed} {number}")
    even = [1 / len(LABELS)] * len(LABELS)
    first = success(one, START, even), success(one, START, frequencies())
    errors: dict[int, list[float]] = {}
    at = START
    for played in range(cases):
        day, place = divmod(played, A_DAY)
        at = START + timedelta(days=day, minutes=2 * place)
        film = chooser.next(skills, at, played)
        right = one.play(film, at, FATIGUE * place / A_DAY, rng)
        found = (Finding(film.label, float(right), film.difficulty),) if film.label else ()
        alarms = frozenset() if film.label or right else frozenset({rng.choice(LABELS)})
        learn(skills, Played(at, found, alarms))
        if played + 1 in MOMENTS:
            errors[played + 1] = [skills.of(x).mean - one.ability(x, at) for x in LABELS]
    covered, proportion = [], []
    for label in LABELS:
        low, high = skills.of(label).interval()
        truth = one.ability(label, at)
        covered.append(low <= truth <= high)
        known = skills.labels.get(label)
        shown, hits = (known.shown, known.found) if known else (0, 0.0)
        share = (hits + 1) / (shown + 2)
        proportion.append(math.log(share / (1 - share)) - truth)
    last = at + AFTER
    return Run(
        success(one, last, even) - first[0],
        success(one, last, frequencies()) - first[1],
        errors,
        covered,
        proportion,
    )


def spread(errors: list[float]) -> float:
    """Root mean square, logits."""
    return math.sqrt(statistics.fmean(one**2 for one in errors))


def mean_and_half(values: list[float]) -> tuple[float, float]:
    """Mean and half of its 95 % interval."""
    return statistics.fmean(values), 1.96 * statistics.stdev(values) / math.sqrt(len(values))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench learners", description=__doc__)
    parser.add_argument("--learners", type=int, default=60)
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plots", type=Path)
    options = parser.parse_args()
    print(f"SIMULATED: {options.learners} learners, {options.cases} cases, seed {options.seed}")
    runs = {
        (way, strategy): [
            play(number, way, strategy, options.cases, options.seed)
            for number in range(options.learners)
        ]
        for way in WAYS
        for strategy in STRATEGIES
    }
    good = _skills(runs)
    _gains(runs, options.cases)
    if options.plots:
        options.plots.mkdir(parents=True, exist_ok=True)
        (options.plots / "simulated-skills.svg").write_text(_skills_plot(runs), encoding="utf-8")
        (options.plots / "simulated-gain.svg").write_text(_gain_plot(runs), encoding="utf-8")
    return int(not good)


Runs = dict[tuple[str, str], list[Run]]


def _errors_at(runs: list[Run]) -> Iterator[tuple[int, float, float]]:
    """Cases, root mean square error and bias, logits."""
    for cases in sorted(runs[0].errors):
        every = [one for run in runs for one in run.errors[cases]]
        yield cases, spread(every), statistics.fmean(every)


def _skills(runs: Runs) -> bool:
    good = True
    print("\nskills against the truth, logits (way of learning: edge)")
    for strategy in STRATEGIES:
        found = runs["edge", strategy]
        for cases, error, bias in _errors_at(found):
            print(f"{strategy:9} {cases:4} cases: error {error:.2f}, bias {bias:+.2f}")
        covered = statistics.fmean(one for run in found for one in run.covered)
        naive = spread([one for run in found for one in run.proportion])
        last = list(_errors_at(found))[-1][1]
        print(
            f"{strategy:9} 95 % intervals hold {covered:.0%}; proportion correct errs {naive:.2f}"
        )
        good = good and covered >= COVERED and last < naive
    return good


def _gains(runs: Runs, cases: int) -> None:
    print(f"\ngain in the chance of success, points of 100 for each 100 of {cases} cases")
    for way in WAYS:
        for strategy in STRATEGIES:
            found = runs[way, strategy]
            words = []
            for name in ("even", "usual"):
                each = [1e4 * getattr(run, name) / cases for run in found]
                mean, half = mean_and_half(each)
                words.append(f"{name} {mean:5.2f} ± {half:.2f}")
            print(f"{way:9} {strategy:9} {'   '.join(words)}")


def _skills_plot(runs: Runs) -> str:
    lines, dashes = [], ("", "6 3", "2 3")
    for strategy, dash in zip(STRATEGIES, dashes, strict=True):
        spots = [
            (60 + 90 * place, 200 - 150 * error)
            for place, (_, error, _) in enumerate(_errors_at(runs["edge", strategy]))
        ]
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in spots)
        lines.append(
            f'<polyline points="{path}" fill="none" stroke="#276fa8" stroke-width="2" '
            f'stroke-dasharray="{dash}"/>'
            f'<text x="{spots[-1][0] + 6:.0f}" y="{spots[-1][1] + 4:.0f}">{strategy}</text>'
        )
    moments = sorted(runs["edge", "random"][0].errors)
    ticks = [f'<text x="{60 + 90 * n}" y="220">{one}</text>' for n, one in enumerate(moments)]
    marks = [f'<text x="16" y="{204 - 150 * y:.0f}">{y}</text>' for y in (0.0, 0.5, 1.0)]
    title = "SIMULATED: error of skills (logits) by cases played"
    return _svg(title, [*lines, *ticks, *marks])


def _gain_plot(runs: Runs) -> str:
    parts = []
    for group, way in enumerate(WAYS):
        parts.append(f'<text x="{50 + 150 * group}" y="220">{way}</text>')
        for place, (strategy, fill) in enumerate(
            zip(STRATEGIES, ("#276fa8", "#8a8a8a", "#d0d0d0"), strict=True)
        ):
            mean, half = mean_and_half([100 * run.even for run in runs[way, strategy]])
            x, top = 50 + 150 * group + 40 * place, 200 - 12 * mean
            parts.append(
                f'<rect x="{x}" y="{top:.0f}" width="32" height="{12 * mean:.0f}" fill="{fill}"/>'
                f'<path d="M{x + 16} {top - 12 * half:.0f}V{top + 12 * half:.0f}" stroke="#222"/>'
                f'<text x="{x}" y="{top - 12 * half - 4:.0f}" font-size="9">{strategy}</text>'
            )
    title = "SIMULATED: gain in chance of success over all labels, points of 100"
    return _svg(title, parts)


def _svg(title: str, parts: list[str]) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 230" font-family="sans-serif" '
        f'font-size="12"><rect width="520" height="230" fill="#fff"/><text x="16" y="18">{title}'
        f"</text>{''.join(parts)}</svg>\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
