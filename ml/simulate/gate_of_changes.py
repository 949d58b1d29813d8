"""The gate of patients over time: what a report says of a change is what both films measure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from ml.simulate.verdicts import Entry, Verdict, between, bounds, drawn_regions, judged

TIMES = {"larger": (1.25, 50.0), "smaller": (0.02, 0.8), "unchanged": (0.85, 1.15)}
"""How many times as much as before a finding shows, by what has become of it."""
TOLD = {
    "new": re.compile(r"\bnew(?:ly)?\b", re.I),
    "larger": re.compile(r"\b(?:larger|increas\w+|enlarging|progress\w+|worse\w*)\b", re.I),
    "smaller": re.compile(r"\b(?:smaller|decreas\w+|improv\w+|regress\w+)\b", re.I),
    "unchanged": re.compile(r"\b(?:unchanged|stable)\b", re.I),
    "gone": re.compile(r"\b(?:resolved|cleared|removed|no longer)\b", re.I),
}
"""How reports say what has become of a finding."""
ELSEWHERE = 0.05
"""How far apart, as a share of the picture, the same thing lies on two days at most: breath and
rotation move it less."""


def changes(case: Entry) -> Iterator[Verdict]:
    """What a sentence says of a change is what was measured on both films.

    By what a finding adds to a film or takes from it (ml of water): larger from 1.25 times of what
    it was on, smaller up to 0.8 times, unchanged within 15 %. What is new shows on the later film
    alone, what is gone on the earlier one.
    """
    earlier = case.get("earlier") or {}
    if not earlier.get("days"):
        return
    pairs = _paired(case["findings"], earlier["findings"])
    for finding, was in zip(case["findings"], pairs, strict=True):
        word = finding.get("progression", "")
        if not word:
            continue
        said = told_changes(finding["sentence"])
        yield _told(case, finding, word, said)
        if word == "new":
            yield Verdict("", case["key"], "on both" if was else "new", "new", was is None)
        elif was is None:
            yield Verdict("", case["key"], "not before", word, passed=False)
        elif "volume_ml" in (finding.get("measured") or {}):
            times = finding["measured"]["volume_ml"] / max(was["measured"]["volume_ml"], 1e-6)
            low, high = TIMES[word]
            asked = f"{word}: {low:g} to {high:g} times"
            yield judged(case, round(times, 2), asked, partial(between, low, high))
    firsts = (earlier.get("first") or {}).get("findings", ())
    for finding, before in zip(firsts, _paired(firsts, earlier["findings"]), strict=True):
        word = finding.get("progression", "")
        if before and word in ("larger", "smaller") and "volume_ml" in finding["measured"]:
            times = before["measured"]["volume_ml"] / max(finding["measured"]["volume_ml"], 1e-6)
            low, high = TIMES[word]
            asked = f"{word} since the first film: {low:g} to {high:g} times"
            yield judged(case, round(times, 2), asked, partial(between, low, high))
    report = " ".join(str(text) for text in (case.get("report") or {}).values())
    for finding in earlier["findings"]:
        if finding.get("progression") == "gone":
            still = any(was is finding for was in pairs)
            yield Verdict("", case["key"], "still there" if still else "gone", "gone", not still)
            yield _told(case, finding, "gone", told_changes(report) & {"gone"})


def _told(case: Entry, finding: Entry, word: str, said: set[str]) -> Verdict:
    told = f"{finding['label']} said to be {', '.join(sorted(said)) or 'nothing'}"
    return Verdict("", case["key"], told, word, said == {word})


def told_changes(text: str) -> set[str]:
    """The words of `changes.CHANGES` that a text says in its own."""
    return {word for word, said in TOLD.items() if said.search(text)}


def _paired(findings: Sequence[Entry], others: Sequence[Entry]) -> list[Entry | None]:
    """Of each finding the other film's that is the same one: none of them is taken twice.

    It has the same label and side, and no other pair of these lies nearer together; what is said
    to have been there is served first, and what lies elsewhere is another finding.
    """
    found: list[Entry | None] = [None] * len(findings)
    near = [
        (finding.get("progression") in ("", "new", None), apart, index, number)
        for index, finding in enumerate(findings)
        for number, other in enumerate(others)
        if (finding["label"], finding.get("side")) == (other["label"], other.get("side"))
        and (apart := _apart(finding, other)) <= ELSEWHERE
    ]
    taken: set[int] = set()
    for _, _, index, number in sorted(near):
        if found[index] is None and number not in taken:
            found[index] = others[number]
            taken.add(number)
    return found


def _apart(finding: Entry, other: Entry) -> float:
    """How far apart two films have a finding, a share of the picture; 0 where one has no place."""
    boxes = [[bounds(one) for one in drawn_regions(each)] for each in (finding, other)]
    if not all(boxes):
        return 0.0
    gaps = (
        max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3], 0.0)
        for a in boxes[0]
        for b in boxes[1]
    )
    return min(gaps)
