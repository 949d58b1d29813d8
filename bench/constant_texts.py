"""The best text that a learner could write without looking: ``python -m bench.constant_texts``.

Every row of the English lexicon is said alone, with sides, with zones, with degrees and with
hedges; the best of these are joined with one another, with "or" and with normal templates, as long
as the mean over the abnormal demonstration cases grows. Prints the best texts and what they earn. A
text of several findings earns for those that a case has and pays for those that it has not, so
the best one tells how far guessing goes. What a text earns is told apart by its source: cases of
which it is the truth, those of which it is so but for a neighboring place, and those in which
something that it says is wrong or too vague. The first is a property of the cases, not of
the rules: the commonest truths are printed with their share.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations
from statistics import mean
from typing import Any

from bench.report_reading import demo_cases, is_near, is_right, reference_of
from ml import tables, taxonomy
from ml.evaluate import checks, rules
from ml.evaluate.mentions import Reading, read
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.patient import patient_of
from ml.evaluate.schema import Evaluation
from ml.findings import normality

LANGUAGE = "en"
UMBRELLAS = (
    *("Opacity", "Opacities", "Density", "Shadowing", "Haziness", "Abnormality", "Lesion"),
    *("Disease", "Airspace disease", "Lung disease", "Process", "Changes", "Infiltrates"),
    *("Abnormal lung", "Interstitial changes", "Foreign material", "Device", "Line", "Tube"),
)
"""Words that may mean many things, beside those of the lexicon."""
PLACES = (
    "{} on the left",
    "{} on the right",
    "Bilateral {}",
    "{} in the right lung",
    "{} in the left lung",
    *(
        f"{{}} in the {side} {zone}"
        for side in ("left", "right")
        for zone in (
            *("upper lobe", "mid zone", "lower lobe", "upper zone", "lower zone", "base"),
            *("apex", "perihilar region"),
        )
    ),
    "{} in the right middle lobe",
    "{} in the lingula",
    "{} in both upper lobes",
    "{} in both lower lobes",
    "{} in both mid zones",
    "{} at the lung bases",
    *(f"{{}} in the {zone}" for zone in ("upper lobe", "mid zone", "lower lobe")),
    "{} at the apex",
    "{} at the base",
    *(f"{{}} in the right {lobes} lobes" for lobes in ("upper and middle", "middle and lower")),
    *(f"{{}} in the {side} upper and lower lobes" for side in ("left", "right")),
    "Small {}",
    "Large {}",
    "Mild {}",
    "Several {}",
)
HEDGES = ("Possible {}", "Cannot exclude {}", "{} or normal variant", "Likely {}", "{}?")
TEMPLATES = (
    "{} Otherwise normal chest.",
    "{} No pneumothorax or pleural effusion. The heart is normal in size.",
    "The lungs are otherwise clear. {}",
)
MOST_POINTS = 6.8
"""What the best text found may earn: one common finding that many cases have earns most."""
MOST_WRONG = 6.5
"""What any text may earn in cases in which something that it says is wrong or too vague."""
KEPT = 16
"""Best texts of a round that are joined in the next."""
ROUNDS = 3


class Cases:
    """The abnormal demonstration cases, each read once."""

    def __init__(self) -> None:
        self._cases = [self._read(case) for case in demo_cases()]
        self.known: dict[str, tuple[float, float]] = {}

    @staticmethod
    def _read(case: dict[str, Any]) -> tuple[Reading, Any, bool]:
        text = reference_of(case)
        patient = patient_of(case.get("age"), None, case.get("indication"))
        return read(text, LANGUAGE), patient, normality.mentions_prior(text, LANGUAGE)

    def _earned(self, text: str) -> list[Evaluation]:
        given = read(text, LANGUAGE)
        return [
            checks.with_remarks(
                rules.compare(wanted, given, patient, prior_mentioned=prior),
                "",
                text,
                LANGUAGE,
                given,
            )
            for wanted, patient, prior in self._cases
        ]

    def points(self, text: str) -> float:
        """What a text earns on the mean of all cases; as `report_reading.constant_points`."""
        if text not in self.known:
            earned = self._earned(text)
            wrong = mean(0.0 if is_right(found) else found.score for found in earned)
            self.known[text] = mean(found.score for found in earned), wrong
        return self.known[text][0]

    def sources(self, text: str) -> tuple[float, float, float]:
        """That in parts: from cases of which it is true, nearly true, and wrong or too vague."""
        earned = self._earned(text)
        near = sum(found.score for found in earned if is_near(found))
        wrong = sum(found.score for found in earned if not is_right(found))
        whole = sum(found.score for found in earned)
        true = whole - near - wrong
        return true / len(earned), near / len(earned), wrong / len(earned)

    def films(self, text: str) -> tuple[int, int, int]:
        """How many cases pay a text by the same sources."""
        paid = [found for found in self._earned(text) if found.score > 0]
        near = sum(is_near(found) for found in paid)
        wrong = sum(not is_right(found) for found in paid)
        return len(paid) - near - wrong, near, wrong

    def __len__(self) -> int:
        return len(self._cases)

    def commonest(self, count: int) -> list[tuple[str, float]]:
        """What is true of most cases, in words, with the share of the cases that have it."""
        said: Counter[str] = Counter()
        for wanted, _, _ in self._cases:
            said.update({_in_words(found) for found in wanted.findings})
        return [(words, number / len(self._cases)) for words, number in said.most_common(count)]

    def best(self, texts: Iterable[str], count: int) -> list[str]:
        """The texts that earn most, best first."""
        return heapq.nlargest(count, dict.fromkeys(texts), key=self.points)


def _in_words(found: Observation) -> str:
    sides = "bilateral" if found.sides >= BILATERAL else " ".join(sorted(found.sides))
    group = taxonomy.group_of(found.label)
    return " ".join(word for word in (sides, *sorted(found.zones), group) if word)


@cache
def _classes() -> dict[str, str]:
    """Name of a class of words → the words of its first row."""
    rows = [
        row
        for table, kind in (("lexicon", "label"), ("context", "kind"))
        for row in tables.rows(f"language/{LANGUAGE}/{table}")
        if row[kind].startswith("@")
        for row in [{"name": row[kind][1:], "words": row["words"]}]
    ]
    return {row["name"]: row["words"] for row in reversed(rows)}


def _said(pattern: str) -> str:
    """A pattern in words: the first choice of each element that is not optional."""
    words = []
    for part in pattern.split():
        if part[0] in "?>$" or part.startswith(".."):
            continue
        first = part.split("|")[0]
        words.append(_said(_classes()[first[1:]]) if first[0] == "@" else first.rstrip("*"))
    return " ".join(words)


def names() -> list[str]:
    """A way to say every label and every row of the lexicon, each reading once."""
    plain = [word for label in taxonomy.labels().values() for word in label.name.split(" / ")]
    rows = tables.rows(f"language/{LANGUAGE}/lexicon")
    said = [_said(row["words"]) for row in rows if row["label"][0] not in "@-"]
    seen: dict[object, str] = {}
    for words in (*UMBRELLAS, *(text[:1].upper() + text[1:] for text in (*plain, *said))):
        reading = read(f"{words}.", LANGUAGE).findings
        if reading:
            key = tuple((o.concept, o.label, o.sides, o.zones, o.severities) for o in reading)
            seen.setdefault(key, words)
    return list(seen.values())


def _filled(pattern: str, words: str) -> str:
    inside = words if pattern.startswith("{}") else words[:1].lower() + words[1:]
    return f"{pattern.format(inside)}."


def singles(cases: Cases) -> Iterator[str]:
    """One finding with every place and degree, and the best of them hedged."""
    said = names()
    yield from (f"{words}." for words in said)
    placed = [_filled(place, words) for words in said for place in PLACES]
    yield from placed
    for text in cases.best(placed, 4 * KEPT):
        for hedge in HEDGES:
            yield _filled(hedge, text.rstrip("."))


def joined(texts: list[str], others: list[str]) -> Iterator[str]:
    """Two texts as one, as sentences and as alternatives, and one within a template."""
    for one, other in combinations(dict.fromkeys((*texts, *others)), 2):
        yield f"{one} {other}"
        yield f"{one.rstrip('.')} or {other[:1].lower()}{other[1:]}"
    for text in texts:
        yield from (template.format(text) for template in TEMPLATES)


def _unlike(cases: Cases, texts: Iterable[str], count: int) -> list[str]:
    """The best text of each finding that is named, best first: what is unlike joins well."""
    found: dict[str, str] = {}
    for text in sorted(dict.fromkeys(texts), key=cases.points, reverse=True):
        named = read(text, LANGUAGE).findings
        found.setdefault(" ".join(sorted(item.label for item in named)), text)
        if len(found) == count:
            break
    return list(found.values())


def search(cases: Cases, kept: int = KEPT) -> list[str]:
    """The best texts found, best first."""
    tried = list(singles(cases))
    alone = cases.best(tried, kept)
    others = _unlike(cases, tried, kept)
    best = list(dict.fromkeys((*alone, *others)))
    for _ in range(ROUNDS):
        found = cases.best((*best, *joined(best, [*alone, *others])), kept)
        if found == best:
            break
        best = found
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", type=int, default=5, help="how many texts are printed")
    options = parser.parse_args()
    cases = Cases()
    best = search(cases)
    most = cases.points(best[0])
    print(f"constant texts: {len(cases.known)} tried, the best earns {most:.1f} ({MOST_POINTS:g})")
    print("points: all, where it is true, nearly true (a neighboring place), wrong or vague;")
    print(f"of {len(cases)} films, how many pay it as true, nearly true, wrong or vague; text:")
    for text in best[: options.show]:
        points = "".join(f"{value:6.1f}" for value in (cases.points(text), *cases.sources(text)))
        films = "".join(f"{number:4}" for number in cases.films(text))
        print(f"{points} {films}  {text}")
    worst = max(cases.known, key=lambda text: cases.known[text][1])
    false = cases.known[worst][1]
    print(f"most where something said is wrong or vague: {false:.1f} ({MOST_WRONG:g}) {worst}")
    print("true of the most cases:")
    for words, share in cases.commonest(options.show):
        print(f"  {100 * share:5.1f} % {words}")
    return 0 if most <= MOST_POINTS and false <= MOST_WRONG else 1


if __name__ == "__main__":
    sys.exit(main())
