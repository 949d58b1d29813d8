"""What the name of a claim, and what it says of a device's position, are worth.

A malpositioned device may be said in two ways: a device whose position is called wrong, or the
label `MALPOSITION`. Either answers the other.
"""

from __future__ import annotations

from functools import cache

from ml import devices, taxonomy
from ml.localize.model import Mark, Truth

MALPOSITION = "device_malposition"


def significance_of(truth: Truth) -> str:
    """The significance given with a finding; else that of a misplaced device, or of its label.

    An unknown label is actionable.
    """
    if truth.position == "wrong" and not truth.significance:
        verdict = devices.judge(devices.ANY, "malpositioned")
        return verdict.significance if verdict else "urgent"
    return truth.significance or significance_of_label(truth.label)


def significance_of_label(slug: str) -> str:
    """An unknown label is actionable."""
    label = taxonomy.labels().get(slug)
    return label.default_significance if label else "actionable"


def significance_of_mark(mark: Mark) -> str:
    """That of its label; of a device that is called misplaced, that of the alarm."""
    alarm = position_said(mark) == "wrong" and is_device(mark.label)
    return significance_of_label(MALPOSITION if alarm else mark.label)


def is_point(slug: str) -> bool:
    label = taxonomy.labels().get(slug)
    return label is not None and label.is_point


@cache
def is_device(slug: str) -> bool:
    """Whether a label is a device with a tip, or a vaguer name of one."""
    tips = [label for label in taxonomy.labels().values() if label.is_point]
    groups = {label.clinical_group for label in tips}
    groups |= {group for label in tips for group in taxonomy.implied_by(label.slug)}
    return taxonomy.clinical_group_of(slug) in groups


def position_of(truth: Truth) -> str:
    return truth.position or ("wrong" if truth.label == MALPOSITION else "")


def position_said(mark: Mark) -> str:
    return mark.position or ("wrong" if mark.label == MALPOSITION else "")


def label_share(truth: Truth, claimed: str, vague: float) -> float:
    """1 for a label of the same clinical group, `vague` for a compatible one, else 0."""
    if taxonomy.clinical_group_of(truth.label) == taxonomy.clinical_group_of(claimed):
        return 1.0
    if claimed == MALPOSITION and (truth.position or is_device(truth.label)):
        return 0.0 if truth.position == "right" else vague
    if truth.label == MALPOSITION and is_device(claimed):
        return 1.0
    return vague if taxonomy.are_compatible(truth.label, claimed) else 0.0


def steps_below(is_: str, said: str) -> int:
    """How many steps less grave what is said is than what is there; 0 where it is as grave."""
    rank = taxonomy.SIGNIFICANCES.index
    return max(0, rank(said) - rank(is_))


def is_overstated(truth: Truth, claimed: str) -> bool:
    """Whether a label claims what is there and more, which is graver: its truth is a part of it."""
    known, named = taxonomy.labels().get(truth.label), taxonomy.labels().get(claimed)
    if (
        not known
        or not named
        or taxonomy.clinical_group_of(truth.label) not in (taxonomy.implied_by(claimed))
    ):
        return False
    either = {*known.compatible, *named.compatible}
    rank = taxonomy.SIGNIFICANCES.index
    graver = rank(named.default_significance) < rank(significance_of(truth))
    return graver and not either & {truth.label, claimed}
