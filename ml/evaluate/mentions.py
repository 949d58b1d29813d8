"""From a text to what it says of each finding: mentions of one finding become one.

A report says a finding in its findings and again in its impression; both must count
once. Two mentions are one finding when they name the same concept on the same side,
or one names no side, in zones that overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter

from ml import devices, findings
from ml.evaluate.contradiction import contradicts
from ml.evaluate.location import compatible
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.relations import UNNAMED, is_wider
from ml.evaluate.statements import all_sentences, all_spans, joined, statements_in
from ml.evaluate.summary import dismissed, named_in_impression
from ml.findings import normality
from ml.findings.model import Finding

ONE_TIP = frozenset({"tube", "catheter"})
SINGLE = frozenset({"endotracheal_tube", "tracheostomy_tube", "pulmonary_artery_catheter"})
"""Devices of which a patient has one."""
COMMON_NAMES = frozenset(
    ("tube", "line", "catheter", "drain", "central", "venous", "cvc", "tip", "the", "its")
)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_same_said = attrgetter(
    *(f.name for f in fields(Observation) if f.name not in ("words", "spans", "sentences"))
)
"""All that a mention says, without its own words and where they stand."""


@dataclass(frozen=True)
class Reading:
    """What one text says."""

    findings: tuple[Observation, ...]
    """Present or possible, each once, in the order of their first mention."""
    denied: frozenset[str]
    """Labels said to be absent and nowhere said to be present."""
    contradicted: frozenset[int] = frozenset()
    """Places in `findings` of what the text also denies without a word that limits the denial."""
    normal: bool = False
    """Whether it says for certain that the chest or a part of it is normal, or denies a finding."""
    at_odds: frozenset[int] = frozenset()
    """Places in `findings` of devices whose tip it gives positions that exclude each other."""
    all_normal: bool = False
    """Whether it calls the whole study normal without an exception."""
    dismissed: frozenset[int] = frozenset()
    """Places in `findings` of what it says needs nothing to be done."""


def read(text: str, language: str = "en") -> Reading:
    """The findings of a text; control characters count as blanks, so spans stay true."""
    clean = UNPRINTABLE.sub(" ", text)
    found = findings.extract(clean, language)
    stated = [item for item in found if item.presence != "absent"]
    mentions = statements_in(stated, clean)
    merged = _shown(named_in_impression(_named(merge(mentions)), clean, language))
    present = {item.label for item in merged}
    denials: dict[str, list[Finding]] = {}
    for item in found:
        if item.presence == "absent":
            denials.setdefault(item.label, []).append(item)
    absent = denials.keys()
    contradicted = frozenset(
        place
        for place, item in enumerate(merged)
        if contradicts(item, denials.get(item.label, ()), clean, language)
    )
    return Reading(
        tuple(merged),
        frozenset(absent - present),
        contradicted,
        _denies_any(denials, clean, language) or normality.says_normal(clean, language),
        frozenset(place for place, item in enumerate(merged) if item.at_odds),
        normality.calls_all_normal(clean, language),
        dismissed(merged, clean, language),
    )


def _denies_any(denials: dict[str, list[Finding]], text: str, language: str) -> bool:
    """Whether a finding is denied for certain."""
    return any(
        normality.is_committed(text, *item.span, language)
        for items in denials.values()
        for item in items
    )


def _named(merged: list[Observation]) -> list[Observation]:
    """Without "abnormal chest" where the text says what is abnormal."""
    named = [item for item in merged if item.concept != UNNAMED]
    return named or merged


def _shown(merged: list[Observation]) -> list[Observation]:
    """With what is only possible as more than that where its appearance is stated: an opacity."""
    sure = [item for item in merged if item.certain]
    return [
        replace(item, doubtful=False)
        if item.doubtful and any(is_wider(wide, item) and compatible(wide, item) for wide in sure)
        else item
        for item in merged
    ]


def merge(mentions: Iterable[Observation]) -> list[Observation]:
    """Mentions of one finding joined, the result in the order of the text."""
    groups: dict[str, list[Observation]] = {}
    for mention in mentions:
        groups.setdefault(mention.concept, []).append(mention)
    merged = [item for group in groups.values() for item in _merge_group(group)]
    return sorted(merged, key=lambda item: (item.spans, item.concept))


def _merge_group(mentions: Sequence[Observation]) -> list[Observation]:
    """The most precise mentions first, so that a vague one joins the one it repeats."""
    clusters: list[Observation] = []
    members: list[list[Observation]] = []
    for mention in sorted(_alike(mentions), key=_precise_first):
        bare = replace(mention, spans=(), sentences=())
        for place, cluster in enumerate(clusters):
            if _one_finding(cluster, bare):
                clusters[place] = joined([cluster, bare])
                members[place].append(mention)
                break
        else:
            clusters.append(bare)
            members.append([mention])
    return _summed_up(
        [
            replace(
                cluster,
                spans=all_spans(group),
                sentences=all_sentences(group),
                at_odds=_at_odds(group),
            )
            for cluster, group in zip(clusters, members, strict=True)
        ]
    )


def _at_odds(group: Sequence[Observation]) -> bool:
    """Whether mentions of one device give its tip positions that exclude each other.

    Devices that other words tell apart may be two of a kind; the leads of a pacemaker are.
    """
    if len(group) < 2 or group[0].label not in ONE_TIP:
        return False
    alike: dict[frozenset[str], list[Observation]] = {}
    for item in group:
        alike.setdefault(_kind_words(item), []).append(item)
    every = alike.pop(frozenset(), [])
    return any(
        devices.at_odds(
            group[0].concept,
            [(item.positions, min(item.sizes_mm, default=None)) for item in (*items, *every)],
        )
        for items in (alike.values() or [()])
    )


def _kind_words(item: Observation) -> frozenset[str]:
    """By which words a device is told from another of its kind: a subclavian line."""
    if item.concept in SINGLE:
        return frozenset()
    return frozenset(item.words.casefold().split()) - COMMON_NAMES


def _summed_up(clusters: Sequence[Observation]) -> list[Observation]:
    """A mention of both sides that only sums up a left and a right finding belongs to both."""
    one_sided = {
        side: [item for item in clusters if item.sides & BILATERAL == {side}] for side in BILATERAL
    }
    if not all(one_sided.values()):
        return list(clusters)
    kept = list(clusters)
    for summary in clusters:
        if summary.sides < BILATERAL or summary.zones or summary.sizes_mm or summary.parts:
            continue
        parts = [item for items in one_sided.values() for item in items]
        if all(set(summary.severities) <= set(item.severities) for item in parts):
            kept.remove(summary)
            kept = [_with_spans(item, summary) if item in parts else item for item in kept]
    return kept


def _with_spans(item: Observation, summary: Observation) -> Observation:
    return replace(item, spans=tuple(sorted({*item.spans, *summary.spans})))


def _alike(mentions: Sequence[Observation]) -> list[Observation]:
    """Mentions that say the same of the same place as one: a text may repeat itself a lot."""
    if len(mentions) < 2:
        return list(mentions)
    groups: dict[tuple[object, ...], list[Observation]] = {}
    for mention in mentions:
        groups.setdefault((mention.words.casefold(), *_same_said(mention)), []).append(mention)
    return [group[0] if len(group) == 1 else _repeated(group) for group in groups.values()]


def _repeated(group: Sequence[Observation]) -> Observation:
    return replace(
        group[0],
        spans=all_spans(group),
        sentences=all_sentences(group),
    )


def _precise_first(mention: Observation) -> tuple[object, ...]:
    return (
        not mention.sides & BILATERAL,
        not mention.zones,
        not mention.sizes_mm,
        not mention.severities,
        tuple(sorted(mention.sides)),
        tuple(sorted(mention.zones)),
        mention.severities,
        mention.sizes_mm,
        not mention.certain,
        mention.doubtful,
        tuple(sorted(mention.changes)),
        tuple(sorted(mention.descriptors)),
        tuple(sorted(mention.also)),
        tuple(sorted(mention.parts)),
        tuple(sorted(mention.rivals)),
        tuple(sorted(mention.places)),
        tuple(sorted(mention.positions)),
        mention.words.casefold(),
    )


def _one_finding(first: Observation, second: Observation) -> bool:
    one, other = first.sides & BILATERAL, second.sides & BILATERAL
    if one and other and one != other:
        return False
    if first.parts and second.parts and not first.parts & second.parts:
        return False
    return compatible(first, second)
