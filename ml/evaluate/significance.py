"""Clinical significance of a finding, from the table a curator can read and change.

The first row of ``ml/data/significance.csv`` that fits a finding and its patient
decides; a label without a row has its `default_significance` of the taxonomy.
The rows follow the published guideline of CRIMSON (arXiv:2603.06183), which was
made with cardiothoracic radiologists, and what radiologists answered in RadPref.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from ml import tables, taxonomy
from ml.asserted import asserted
from ml.crimson import SIGNIFICANCE_WEIGHTS
from ml.evaluate.observation import Observation
from ml.evaluate.own_words import own_words
from ml.evaluate.ribs import ribs_counted
from ml.evaluate.schema import TAXONOMY_SIGNIFICANCE

DEFAULT = "minor"
FRESH = frozenset({"acute", "recent"})
"""Descriptors of what is not healed."""


LONGEST = 6_000
"""Characters of a finding's sentences that are looked at, so that time stays linear in the text."""


@dataclass(frozen=True)
class Patient:
    """What is known of the patient; None and empty where nothing is."""

    age: float | None = None
    """Years."""
    sex: str = ""
    indication: str = ""

    def has(self, indication: str) -> bool:
        """Whether the indication speaks of one of the groups of ``indications.csv``."""
        return indication in _groups_of(self.indication)


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    label: str
    min_severity: float | None
    max_severity: float | None
    min_age: float | None
    max_age: float | None
    indication: str
    words: re.Pattern[str] | None
    significance: str
    reason: str

    def fits(self, finding: Observation, patient: Patient) -> bool:
        """Whether every condition of the row holds; an unknown age or severity fits none."""
        return (
            _within(_level(finding), self.min_severity, self.max_severity)
            and _within(patient.age, self.min_age, self.max_age)
            and (not self.indication or patient.has(self.indication))
            and (self.words is None or self.words.search(_said_of(finding)) is not None)
        )


def _said_of(finding: Observation) -> str:
    """What its sentences assert of the finding itself, broken ribs counted that are not healed."""
    fresh = "old" not in finding.descriptors or bool(finding.descriptors & FRESH)
    counted = fresh and "fracture" in finding.label
    words = finding.words or finding.label.replace("_", " ")
    return _own_words(finding.sentences, words, counted)


@lru_cache(maxsize=100)
def _own_words(sentences: tuple[str, ...], words: str, counted: bool) -> str:
    said: list[str] = []
    left = LONGEST
    for sentence in sentences:
        if left <= 0:
            break
        said.append(own_words(_asserted(sentence, counted), words))
        left -= len(sentence)
    return " ".join(said)


@lru_cache(maxsize=2000)
def _asserted(sentence: str, counted: bool) -> str:
    return asserted(ribs_counted(sentence) if counted else sentence)


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


@cache
def severity_levels() -> dict[str, float]:
    """Severity word → level from 1 (trace) to 4.5 (massive)."""
    return {row["word"]: float(row["level"]) for row in tables.rows("severity")}


def _level(finding: Observation) -> float | None:
    levels = [severity_levels()[w] for w in finding.severities if w in severity_levels()]
    return max(levels, default=None)


@cache
def _rules() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for row in tables.rows("significance"):
        if row["significance"] not in TAXONOMY_SIGNIFICANCE:
            raise ValueError(f"significance.csv: {row['significance']!r} of {row['label']}")
        rule = Rule(
            label=row["label"],
            min_severity=tables.number(row, "min_severity"),
            max_severity=tables.number(row, "max_severity"),
            min_age=tables.number(row, "min_age"),
            max_age=tables.number(row, "max_age"),
            indication=row["indication"],
            words=re.compile(row["words"], re.IGNORECASE) if row["words"] else None,
            significance=row["significance"],
            reason=row["reason"],
        )
        found.setdefault(rule.label, []).append(rule)
    return {label: tuple(rules) for label, rules in found.items()}


@cache
def _indication_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (row["name"], re.compile(row["pattern"], re.IGNORECASE))
        for row in tables.rows("indications")
    )


@lru_cache(maxsize=1000)
def _groups_of(indication: str) -> frozenset[str]:
    stated = asserted(indication)
    return frozenset(name for name, pattern in _indication_patterns() if pattern.search(stated))


def gravest_of(finding: Observation, patient: Patient) -> tuple[str, str]:
    """The significance of a finding or, of a statement with alternatives, of the gravest one."""
    if not finding.rivals:
        return significance_of(finding, patient)
    found = [
        significance_of(replace(finding, concept=concept, label=label), patient)
        for concept, label in sorted(finding.rivals)
    ]
    return max(found, key=lambda said: SIGNIFICANCE_WEIGHTS[said[0]])


def significance_of(finding: Observation, patient: Patient) -> tuple[str, str]:
    """The published name of the significance, and the reason in a few words."""
    if verdict := finding.verdict:
        return TAXONOMY_SIGNIFICANCE[verdict.significance], verdict.reason
    rules = _rules()
    for rule in (
        *rules.get("*", ()),
        *rules.get(finding.concept, ()),
        *rules.get(finding.label, ()),
    ):
        if rule.fits(finding, patient):
            return TAXONOMY_SIGNIFICANCE[rule.significance], rule.reason
    label = taxonomy.labels().get(finding.label)
    default = label.default_significance if label else DEFAULT
    return TAXONOMY_SIGNIFICANCE[default], "the usual weight of this finding"
