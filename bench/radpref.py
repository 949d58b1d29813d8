"""Agreement of the rules engine with radiologists on RadPref: ``python -m bench.radpref``.

Prints Kendall's tau-b of CRIMSON with the mean rating of three radiologists (whole texts
and lists of findings), and F1 of the findings called false and missing against
what at least two of the three called so. ``--show`` prints each disagreement.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from scipy.stats import kendalltau

from bench.openi import DATA
from ml import evaluate

FILE = DATA / "radpref_dev60.jsonl"
MAJORITY = 2


@dataclass
class Counts:
    """True positives and both kinds of error of one question, with the cases."""

    hits: int = 0
    extra: int = 0
    lost: int = 0
    cases: list[str] = field(default_factory=list)

    def add(self, said: bool, true: bool, case: str) -> None:
        self.hits += said and true
        self.extra += said and not true
        self.lost += true and not said
        if said != true:
            self.cases.append(f"{'+' if said else '-'} {case}")

    @property
    def f1(self) -> float:
        total = 2 * self.hits + self.extra + self.lost
        return 2 * self.hits / total if total else 1.0

    def __str__(self) -> str:
        return f"F1 {self.f1:.3f} (hits {self.hits}, extra {self.extra}, lost {self.lost})"


def joined(items: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """The list as one text, a sentence an item, with each item's span."""
    text, spans = "", []
    for item in items:
        start = len(text)
        text += item[:1].upper() + item[1:].rstrip(". ") + ". "
        spans.append((start, len(text)))
    return text.strip(), spans


def evaluation_of(record: dict[str, Any], reference: str, candidate: str) -> evaluate.Evaluation:
    return evaluate.evaluate(
        reference or "Normal.",
        candidate,
        age=record["age"],
        sex=record["sex"],
        indication=record["indication"],
    )


def called(record: dict[str, Any], key: str, place: int) -> bool:
    """Whether most radiologists called an item false (`findings`) or missing."""
    votes = 0
    for rater in record["errors"]:
        entry = rater[key].get(str(place))
        votes += entry is not None and (key == "missing" or entry["error_type"] == "false")
    return votes >= MAJORITY


def count_items(record: dict[str, Any], false: Counts, missing: Counts) -> float:
    """Count every listed finding; returns CRIMSON of the lists."""
    reference, reference_spans = joined(record["reference_findings"])
    candidate, candidate_spans = joined(record["candidate_findings"])
    result = evaluation_of(record, reference, candidate)
    for spans, key, ids, findings, counts, items in (
        (
            candidate_spans,
            "findings",
            result.errors.false_findings,
            result.predicted_findings,
            false,
            record["candidate_findings"],
        ),
        (
            reference_spans,
            "missing",
            result.errors.missing_findings,
            result.reference_findings,
            missing,
            record["reference_findings"],
        ),
    ):
        wrong = [f.spans for f in findings if f.id in ids]
        for place, (start, end) in enumerate(spans):
            said = any(start <= s[0] < end for group in wrong for s in group)
            name = f"{record['id']} {items[place]}"
            counts.add(said, called(record, key, place), name)
    return result.raw


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--show", action="store_true", help="print every disagreement")
    options = parser.parse_args()
    if not options.file.exists():
        print(f"skipped: {options.file} is absent", file=sys.stderr)
        return 0
    records = [json.loads(line) for line in options.file.open(encoding="utf-8")]
    false, missing = Counts(), Counts()
    texts, lists, ratings = [], [], []
    for record in records:
        lists.append(count_items(record, false, missing))
        texts.append(evaluation_of(record, record["reference"], record["candidate"]).raw)
        ratings.append(mean(record["ratings"]))
    print(f"pairs {len(records)}, mean rating {mean(ratings):.2f}")
    print(f"tau-b, whole texts     {kendalltau(texts, ratings).statistic:.3f}")
    print(f"tau-b, finding lists   {kendalltau(lists, ratings).statistic:.3f}")
    print(f"false findings         {false}")
    print(f"missing findings       {missing}")
    if options.show:
        _show(records, texts, lists, ratings, false, missing)
    return 0


def _show(
    records: list[dict[str, Any]],
    texts: list[float],
    lists: list[float],
    ratings: list[float],
    false: Counts,
    missing: Counts,
) -> None:
    for name, counts in (("false", false), ("missing", missing)):
        print(f"\n{name}: + is ours alone, - is the radiologists' alone")
        print("\n".join(counts.cases))
    discordant: Counter[str] = Counter()
    for i, one in enumerate(records):
        for j in range(i):
            if (texts[i] - texts[j]) * (ratings[i] - ratings[j]) < 0:
                discordant[one["id"]] += 1
                discordant[records[j]["id"]] += 1
    print("\nmost discordant pairs (discordances, text score, list score, rating)")
    by_id = {r["id"]: k for k, r in enumerate(records)}
    for identity, number in discordant.most_common(20):
        k = by_id[identity]
        print(f"{identity} {number:3d} {texts[k]:6.2f} {lists[k]:6.2f} {ratings[k]:.2f}")


if __name__ == "__main__":
    sys.exit(main())
