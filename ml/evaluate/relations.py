"""How two concepts relate: the same thing, a vaguer or bolder word for it, or nothing.

The graph is ``ml/data/specificity.csv``, one edge a row from the general to the
specific word, with the severity of using one for the other; `loose` is that of the general word
where it differs.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from ml import tables, taxonomy
from ml.evaluate.observation import BILATERAL, Observation
from ml.findings.attributes import DEVICES

Kind = Literal["same", "group", "vaguer", "bolder", "sign"]


@dataclass(frozen=True)
class Relation:
    """What the candidate's concept is to the reference's."""

    kind: Kind
    severity: Literal["significant", "negligible"] = "negligible"
    why: str = ""


SAME = Relation("same")
SIGN = Relation("sign")
"""What is seen of a finding, beside its name: cuffing of an edema. It says nothing new."""
MILIARY = "miliary_pattern"
NODULE = "nodule_mass"
OPACITY = "lung_opacity"
SHIFT = "mediastinal_shift"
TENSION = "tension"
"""The one descriptor that is an error to leave out: it changes what is done at once."""
CALCIFIED = "calcified"
MANY = frozenset({"diffuse", "multiple", "scattered", "nodular"})
"""Descriptors by which small nodules say what a miliary pattern is."""
SINGLE = Relation("vaguer", "significant", "one lesion is no pattern of the whole lungs")
ONLY_CAUSE = Relation("vaguer", "significant", "it is named only as what another finding may be")
"""A finding given as the cause of one that it does not look like: "nodule, likely pneumonia"
for a pneumonia."""
UNNAMED = "abnormality"
"""The concept of "abnormal chest", which answers no finding."""


@cache
def _edges() -> dict[tuple[str, str], tuple[str, str, str]]:
    """(general, specific) → severity of the specific word, of the general one, and why."""
    return {key: edge for key, (edge, words) in _rows().items() if words is None}


@cache
def _rows() -> dict[tuple[str, str], tuple[tuple[str, str, str], re.Pattern[str] | None]]:
    """All edges, each with the words that it asks of the general finding."""
    rows = {}
    for row in tables.rows("specificity"):
        loose = row["loose"] or row["severity"]
        if not {row["severity"], loose} <= {"significant", "negligible"}:
            raise ValueError(f"specificity.csv: severity {row['severity']!r}, {loose!r}")
        words = re.compile(row["words"], re.IGNORECASE) if row["words"] else None
        rows[row["general"], row["specific"]] = (row["severity"], loose, row["why"]), words
    return rows


@cache
def narrower(concept: str) -> frozenset[str]:
    """All labels that a general word may mean by an edge."""
    return frozenset(specific for general, specific in _edges() if general == concept)


@cache
def _concepts() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for row in tables.rows("concepts"):
        pattern = re.compile(row["words"], re.IGNORECASE)
        found.setdefault(row["label"], []).append((row["concept"], pattern))
    return {label: tuple(patterns) for label, patterns in found.items()}


@cache
def look_alike(one: str, other: str) -> bool:
    """Whether one appearance may be either of two labels: one word of the table covers both.

    A nodule is an opacity by its name alone: fluid, another one, has not its form.
    """
    generals = [
        {
            general
            for general, specific in _edges()
            if label in (general, specific) and (general, label) != (OPACITY, NODULE)
        }
        | {label}
        for label in (one, other)
    ]
    return bool(generals[0] & generals[1]) or taxonomy.group_of(one) == taxonomy.group_of(other)


def is_wider(one: Observation, other: Observation) -> bool:
    """Whether the first finding is named by the general word of an edge to the second.

    A kind of a label (adenopathy of the mediastinum) is not as general as the label.
    """
    return (one.concept, other.label) in _edges()


@cache
def _signs() -> dict[tuple[str, str], re.Pattern[str]]:
    return {
        (row["sign"], row["finding"]): re.compile(row["words"], re.IGNORECASE)
        for row in tables.rows("signs")
    }


def is_sign(sign: Observation, finding: Observation) -> bool:
    """Whether one finding is a sign of the other by ``ml/data/signs.csv``."""
    words = _signs().get((sign.label, finding.label))
    return words is not None and words.search(sign.words) is not None


@cache
def kinds_of(label: str) -> frozenset[str]:
    """The kinds that `concept_of` may tell for a label."""
    return frozenset(concept for concept, _ in _concepts().get(label, ()))


def concept_of(label: str, words: str, start: int, end: int, sentence: str) -> str:
    """The kind of device, bone or material a label stands for, or else the label itself.

    Kinds are those of ``ml/data/concepts.csv``, found in the finding's own `words` or, nearest
    to its place [`start`, `end`) first, in its `sentence`.
    """
    kinds = _concepts().get(label, ())
    for concept, pattern in kinds:
        if pattern.search(words):
            return concept
    near = []
    for place, (concept, starts, ends) in enumerate(_kinds_in(label, sentence)):
        after = bisect_left(starts, start)
        for nearest in range(max(0, after - 1), min(after + 2, len(starts))):
            gap = max(starts[nearest] - end, start - ends[nearest])
            near.append((gap, place, concept))
    return min(near)[2] if near else label


@lru_cache(maxsize=64)
def _kinds_in(label: str, sentence: str) -> tuple[tuple[str, list[int], list[int]], ...]:
    """For each kind of a label where its words begin and end in a sentence."""
    found = []
    for concept, pattern in _concepts().get(label, ()):
        spans = [match.span() for match in pattern.finditer(sentence)]
        found.append((concept, [span[0] for span in spans], [span[1] for span in spans]))
    return tuple(found)


def relation(reference: Observation, candidate: Observation) -> Relation | None:
    """How the candidate's finding relates to the reference's; None for different things.

    A name that one text gives as a possible cause, the other may give as the finding.
    """
    if UNNAMED in (reference.concept, candidate.concept):
        return SAME if reference.concept == candidate.concept else None
    if candidate.concept in reference.also:
        return SAME
    direct = _relation(reference.concept, reference.label, candidate.concept, candidate.label)
    direct = direct or _by_words(reference, candidate)
    if direct and MILIARY == reference.concept != candidate.concept:
        direct = _of_pattern(candidate, direct)
    if reference.concept in candidate.also:
        named = direct or candidate.rivals or not candidate.certain
        return SAME if named else ONLY_CAUSE
    return direct


def _by_words(reference: Observation, candidate: Observation) -> Relation | None:
    """How two findings relate by an edge that asks for words of the general one."""
    if edge := _worded_edge(candidate, reference):
        return Relation("vaguer", edge[1], edge[2])  # type: ignore[arg-type]
    if edge := _worded_edge(reference, candidate):
        return Relation("bolder", edge[0], edge[2])  # type: ignore[arg-type]
    return None


def _worded_edge(general: Observation, specific: Observation) -> tuple[str, str, str] | None:
    edge, words = _rows().get((general.label, specific.label), (("", "", ""), None))
    return edge if words and words.search(general.words) else None


def names_too(one: Observation, other: Observation) -> bool:
    """Whether the words of a finding name another one beside it: a cardiomediastinal silhouette."""
    return _worded_edge(one, other) is not None


def called_calcified(reference: Observation, candidate: Observation) -> Relation | None:
    """How a nodule called calcified, and so healed, relates to one that is not said to be so."""
    calls = candidate.certain and not candidate.rivals and CALCIFIED in candidate.descriptors
    if reference.label != NODULE or not calls or CALCIFIED in reference.descriptors:
        return None
    return _relation(reference.concept, NODULE, candidate.concept, candidate.label)


def _of_pattern(candidate: Observation, direct: Relation) -> Relation | None:
    """How nodules answer a miliary pattern: on one side not, in full where there are many."""
    one_sided = candidate.sides and not candidate.sides >= BILATERAL
    if MANY & candidate.descriptors:
        return None if one_sided else direct
    return SINGLE if candidate.sides >= BILATERAL else None


@cache
def _relation(reference: str, wanted: str, candidate: str, given: str) -> Relation | None:
    if reference == candidate:
        return SAME
    if wanted == given:
        if candidate == given:
            return Relation("vaguer", "negligible", "the kind is not said")
        return SAME if reference == wanted else None
    if wanted in DEVICES and given in DEVICES and reference != wanted and candidate != given:
        return None  # A line of a known kind is no loose name for a tube of a known kind.
    # A kind of a label, as mediastinal adenopathy, is no loose word, and has rows of its own.
    if edge := _edges().get((candidate, wanted)):
        return Relation("vaguer", edge[1], edge[2])  # type: ignore[arg-type]
    if reference == wanted and (edge := _edges().get((wanted, given))):
        return Relation("bolder", edge[0], edge[2])  # type: ignore[arg-type]
    if taxonomy.group_of(wanted) == taxonomy.group_of(given):
        return Relation("group", "negligible", "close names of one appearance")
    return None
