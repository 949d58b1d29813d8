"""What the next film that is made for a learner should show: label, place and conspicuity."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

from django.utils import timezone

from accounts.models import User
from attempts.models import Outcome
from learning.adaptive import last_labels, unharmed
from learning.drills import figures
from learning.drills.game import NODULE_LABEL
from learning.models import MadeFilm
from learning.skills import skills_of
from localize.scoring import KIND as LOCALIZE
from ml import taxonomy
from ml.learning.choosing import NORMAL, TARGET, Option, wants
from ml.learning.difficulty import BY_AREA, BY_CONTRAST, BY_LABEL, USUAL_AREA, USUAL_CONTRAST
from ml.learning.threshold import Staircase, Threshold
from ml.simulate.changes import CHANGES, TECHNIQUES
from ml.simulate.plans import POOR, RECIPES
from ml.simulate.twice import SIZED

NODULE_RECIPE, MASS_RECIPE = "nodule", "mass"
MASS_FROM = 3.6
"""Contrast-to-noise ratio that only masses reach."""
LOWEST, HIGHEST = 1.6, 8.0
"""Contrast-to-noise ratios asked for: fainter ones do not pass the gate of visibility."""
STEPS = tuple(LOWEST * (HIGHEST / LOWEST) ** (step / 16) for step in range(17))
NODULE_AREA = 0.0024
"""Share of the image that a nodule of 16 mm covers."""
WITHOUT = 0.2
"""Share of films without a nodule among those for the threshold."""
PITFALLS = 0.25
"""Share of normal films that show a normal variant."""
ZONES = ("upper", "middle", "lower")
UNCONVINCING = ("scoliosis", "shift", "aortic-calcification")
"""Recipes that are not asked for, beside `plans.POOR`: films of a curve did not convince who looked
at them (docs/simulated-cases.md), and nobody looks at these before they are played; a shift comes
with its tension; of lime in the arch no film passes its gates.
"""
COMPARED = (
    *("nodule", "mass", "consolidation", "pneumonia", "infiltrates", "atelectasis"),
    *("effusion", "pneumothorax"),
)
"""Recipes that come or go between two films of one person."""
CHANGED = 0.5
"""Share of films from another machine on which the patient has changed, too."""
PLAIN = (2.6, 6.0)
"""Contrast-to-noise ratios of what two films of one person show: seen by whoever compares them."""
LOOKED_AT = 200
"""The last findings of a learner that say where they miss them."""


@dataclass(frozen=True)
class Wish:
    recipe: str
    """Empty for a normal film."""
    contrast: float | None = None
    zone: str = ""
    change: str = ""
    technique: str = ""
    """Of two films of one person, see `ml.simulate.twice`; both empty for a single film."""


def next_wish(user: User, purpose: str, number: int) -> Wish:
    """What the learner's film of this number should show; the same until they have played on."""
    chance = random.Random(f"film {user.pk} {number}")  # noqa: S311  # no secret
    if purpose == MadeFilm.Purpose.THRESHOLD:
        return _near_threshold(user, chance)
    if purpose == MadeFilm.Purpose.CHANGE:
        # What can be larger is as often new: no finding tells what has become of it.
        return Wish(chance.choice(SIZED), chance.uniform(*PLAIN), change=chance.choice(CHANGES))
    if purpose == MadeFilm.Purpose.MACHINE:
        return _other_machine(chance)
    return _at_the_edge(user, number, chance)


def _other_machine(chance: random.Random) -> Wish:
    """Another technique always; a patient who has changed with it half of the time, and findings
    that stay in half of the others, so that what is to be seen is no cue.
    """
    is_changed = chance.random() < CHANGED
    change = chance.choice(("new", "gone") if is_changed else ("unchanged", ""))
    technique = chance.choice(TECHNIQUES)
    if not change:
        return Wish("", technique=technique)
    return Wish(chance.choice(COMPARED), chance.uniform(*PLAIN), "", change, technique)


def _near_threshold(user: User, chance: random.Random) -> Wish:
    """A nodule where the staircase expects to learn most, a little to either side of it."""
    if chance.random() < WITHOUT:
        return Wish("")
    best = STEPS[Staircase(figures.recent_trials(user)).next_of(STEPS)]
    return _nodule(best * 2 ** chance.uniform(-0.5, 0.5), _zone(user, chance))


def _nodule(contrast: float, zone: str) -> Wish:
    held = _held(contrast)
    return Wish(MASS_RECIPE if held > MASS_FROM else NODULE_RECIPE, held, zone)


def _at_the_edge(user: User, number: int, chance: random.Random) -> Wish:
    """By the policy of the adaptive strategy, over what the simulator can make."""
    skills, now = skills_of(user, LOCALIZE), timezone.now()
    options = []
    for label in sorted(recipes()):
        known = skills.labels.get(label)
        is_due = bool(known and known.memory and known.memory.due_at <= now)
        options.append(Option(label, skills.of(label), is_due, 1 / len(recipes())))
    looked_for = wants(
        options,
        tendency=unharmed(skills),
        recent=last_labels(skills),
        seed=f"film {user.pk}",
        number=number,
    )
    want = looked_for[0]
    if want.label == NORMAL:
        return Wish(chance.choice(pitfalls()) if chance.random() < PITFALLS else "")
    contrast, zone = contrast_for(want.label, want.difficulty), _zone(user, chance)
    if want.label != NODULE_LABEL:
        return Wish(chance.choice(recipes()[want.label]), _held(contrast), zone)
    if known_by := _threshold(user):
        contrast = min(STEPS, key=lambda one: abs(known_by.chance(one) - TARGET))
    return _nodule(contrast, zone)


def contrast_for(label: str, difficulty: float) -> float:
    """The contrast-to-noise ratio at which a finding is so hard (`ml.learning.difficulty`)."""
    usual = BY_LABEL.get(label, 0.2)
    if label == NODULE_LABEL:
        usual += BY_AREA * math.log2(USUAL_AREA / NODULE_AREA)
    return float(USUAL_CONTRAST * 2 ** ((usual - difficulty) / BY_CONTRAST))


def _threshold(user: User) -> Threshold | None:
    trials = figures.recent_trials(user)
    return Staircase(trials).estimate() if len(trials) >= figures.ENOUGH else None


def _held(contrast: float) -> float:
    return min(HIGHEST, max(LOWEST, contrast))


def _zone(user: User, chance: random.Random) -> str:
    """A third of the lung, drawn by the share of findings that the learner missed there."""
    rows = Outcome.objects.filter(
        about=Outcome.About.TRUTH,
        result__attempt__user=user,
        result__counts=True,
        finding__location__contains=" zone",
    )
    shown: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for location, outcome in rows.order_by("-pk").values_list("finding__location", "outcome")[
        :LOOKED_AT
    ]:
        for zone in ZONES:
            if f" {zone} zone" in f" {location}":
                shown[zone] += 1
                missed[zone] += outcome != "hit"
    weights = [(missed[zone] + 1) / (shown[zone] + 2) for zone in ZONES]
    return chance.choices(ZONES, weights)[0]


@cache
def recipes() -> dict[str, list[str]]:
    """What can be made, by label: neither variants nor what is too unlike the real sign."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, recipe in RECIPES.items():
        is_one_side = name.endswith(("-left", "-right")) and name.rsplit("-", 1)[0] in RECIPES
        if _convinces(name) and not is_one_side and not taxonomy.is_variant(recipe.label):
            found[recipe.label].append(name)
    return dict(found)


def _convinces(name: str) -> bool:
    return name not in POOR and not name.startswith(UNCONVINCING)


@cache
def pitfalls() -> list[str]:
    """Recipes of normal variants."""
    names = filter(_convinces, RECIPES)
    return [name for name in names if taxonomy.is_variant(RECIPES[name].label)]
