"""One known error put into a real report: is it found, and nothing else?

``python -m bench.injection`` takes every Open-I report, makes one copy for each kind
of error that its text allows, and evaluates the copy against the report. The injector
looks at words only and knows nothing of the extraction that it checks. Printed for each
kind: how many were made, how many detected as exactly that kind, how many without any other error.
Also: how many reports score 1.0 without an error against themselves.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.openi import ARCHIVE, OpenIReport, reports
from ml import evaluate

KEYWORDS = {
    "pleural_effusion": r"effusions?|pleural fluid",
    "pneumothorax": r"\w*pneumothora\w+",
    "atelectasis": r"atelecta\w+|collapse\w*|volume loss",
    "consolidation": r"consolidation\w*",
    "pneumonia": r"pneumoni\w*|infectio\w+",
    "infiltration": r"infiltrates?|air ?space disease",
    "lung_opacity": r"opacit\w+|opacification\w*|densit\w+",
    "cardiomegaly": r"cardiomegaly|(?:heart|cardiac)(?= (?:\w+ ){0,5}(?:enlarg\w+|large|prominent))"
    r"|enlarge\w+(?= (?:\w+ ){0,3}(?:heart|cardiac))|borderline heart",
    "nodule_mass": r"nodul\w+|mass(?:es|like)?|metasta\w+|malignan\w+",
    "calcification": r"granulom\w*|calcifi\w+",
    "edema": r"edema|congestion|heart failure|engorge\w+",
    "interstitial_pattern": r"interstiti\w+|reticul\w+|markings",
    "emphysema": r"emphysem\w*",
    "copd": r"copd|obstructive pulmonary disease",
    "bulla": r"bull(?:a|ae|ous)|blebs?",
    "hyperinflation": r"hyper(?:inflat|expan|aerat|lucen)\w+|overexpand\w+|flatten\w+",
    "hypoinflation": r"hypo(?:infla|venti)\w+|(?:low|decreased) (?:\w+ )?volumes?|volumes are low",
    "fracture": r"fractures?",
    "scoliosis": r"\w*scolio\w+|kypho\w+|\w*curvature",
    "osteopenia": r"osteop\w+ia|osteoporo\w+|deminerali\w+",
    "hiatal_hernia": r"hiatal hernia",
    "fibrotic_band": r"scar\w*",
    "fibrosis": r"fibro\w+",
    "bronchiectasis": r"bronchiecta\w+",
    "pleural_thickening": r"pleural (?:thickening|plaque)\w*",
    "degenerative_spine": r"degenerat\w+|arthri\w+|osteoarthr\w+|spondyl\w+|osteophyt\w+",
    "catheter": r"catheter|picc|port",
    "heart_device": r"pacemaker|aicd|pacing|pacer|defibrillator",
}
"""What names a finding; wide enough that a sentence with one name has one finding."""
KEYWORD = re.compile(
    rf"\b(?:{'|'.join(f'(?P<{name}>{words})' for name, words in KEYWORDS.items())})\b", re.I
)
NEGATED = re.compile(
    r"\b(?:no|not|without|normal|negative|clear|free|absent|unremarkable|resol\w+|rule|exclude\w*|"
    r"if|prior|previous|history|recommend\w*|remov\w+|clear\w+|hips?|knees?|xxxx)\b",
    re.I,
)
SIDE = re.compile(r"\b(left|right)\b", re.I)
SEVERE = {
    "mild": "severe",
    "mildly": "severely",
    "minimal": "severe",
    "small": "large",
    "tiny": "large",
    "moderate": "minimal",
    "severe": "mild",
    "large": "small",
}
SEVERITY = re.compile(rf"\b({'|'.join(SEVERE)})\b", re.I)
SIZE = re.compile(r"\b(\d+(?:\.\d+)?)(?=\s*-?(?:mm|cm|millimeters?|centimeters?)\b)", re.I)
ADDED = {
    "pleural_effusion": "There is a moderate left pleural effusion.",
    "pneumothorax": "There is a right apical pneumothorax.",
    "atelectasis": "There is atelectasis in the left lower lobe.",
    "consolidation": "There is dense consolidation in the right middle lobe.",
    "cardiomegaly": "The heart is enlarged.",
    "nodule_mass": "A 12 mm nodule is seen in the right upper lobe.",
    "edema": "There is mild pulmonary edema.",
    "fracture": "There is a fracture of the left sixth rib.",
    "scoliosis": "There is scoliosis of the thoracic spine.",
    "hiatal_hernia": "A large hiatal hernia is present.",
    "emphysema": "Emphysema is noted.",
    "pleural_thickening": "There is right apical pleural thickening.",
    "catheter": "A right PICC ends in the superior vena cava.",
    "heart_device": "A left chest wall pacemaker is present.",
}
SENTENCE = re.compile(r"[^.\n]+(?:\.(?=\d)[^.\n]*)*\.?")
SEED = 20


@dataclass(frozen=True)
class Injection:
    """A changed copy of a report."""

    kind: str
    report: OpenIReport
    text: str
    what: str


def _replaced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _like(word: str, new: str) -> str:
    return new.capitalize() if word[:1].isupper() else new


def asserted(text: str) -> Iterator[tuple[int, int, str]]:
    """Sentences that assert exactly one finding which nothing else in the report names."""
    for match in SENTENCE.finditer(text):
        sentence = match.group()
        names = {found.lastgroup for found in KEYWORD.finditer(sentence)}
        if len(names) != 1 or NEGATED.search(sentence):
            continue
        name = names.pop() or ""
        elsewhere = text[: match.start()] + text[match.end() :]
        others = {found.lastgroup for found in KEYWORD.finditer(elsewhere)}
        if name not in others:
            yield match.start(), match.end(), name


def drop(report: OpenIReport) -> Iterator[Injection]:
    for start, end, name in asserted(report.text):
        yield Injection("drop", report, _replaced(report.text, start, end, ""), name)


def flip(report: OpenIReport) -> Iterator[Injection]:
    for start, end, name in asserted(report.text):
        sides = list(SIDE.finditer(report.text, start, end))
        if len(sides) != 1:
            continue
        word = sides[0].group()
        new = _like(word, "right" if word.lower() == "left" else "left")
        yield Injection("flip", report, _replaced(report.text, *sides[0].span(), new), name)


def severity(report: OpenIReport) -> Iterator[Injection]:
    for start, end, name in asserted(report.text):
        words = list(SEVERITY.finditer(report.text, start, end))
        if len(words) != 1:
            continue
        new = _like(words[0].group(), SEVERE[words[0].group().lower()])
        yield Injection("severity", report, _replaced(report.text, *words[0].span(), new), name)


def size(report: OpenIReport) -> Iterator[Injection]:
    for start, end, name in asserted(report.text):
        sizes = list(SIZE.finditer(report.text, start, end))
        if len(sizes) != 1:
            continue
        new = f"{float(sizes[0].group()) * 3 + 5:g}"
        yield Injection("size", report, _replaced(report.text, *sizes[0].span(), new), name)


def add(report: OpenIReport, chance: random.Random) -> Iterator[Injection]:
    named = {found.lastgroup for found in KEYWORD.finditer(report.text) if found}
    free = sorted(set(ADDED) - named)
    if free:
        name = chance.choice(free)
        yield Injection("add", report, f"{report.text}\n{ADDED[name]}", name)


def errors_of(evaluation: evaluate.Evaluation) -> list[str]:
    """Every error as one word: missing, false, or the kind of an attribute error."""
    errors = evaluation.errors
    kinds = [kind for error in errors.attribute_errors for kind in error.error_types]
    lost, invented = len(errors.missing_findings), len(errors.false_findings)
    return ["missing"] * lost + ["false"] * invented + kinds


def told(evaluation: evaluate.Evaluation, kind: str) -> list[str]:
    """The errors; an urgent finding that is missed here and invented there is a wrong side."""
    found = errors_of(evaluation)
    return ["location"] if kind == "flip" and found == ["missing", "false"] else found


EXPECTED = {
    "drop": "missing",
    "flip": "location",
    "severity": "severity",
    "size": "measurement",
    "add": "false",
}
MAKERS: tuple[Callable[[OpenIReport], Iterator[Injection]], ...] = (drop, flip, severity, size)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", default="", help="print the failures of one kind")
    parser.add_argument("--limit", type=int, default=10**9, help="reports to read")
    options = parser.parse_args()
    if not ARCHIVE.exists():
        print(f"skipped: {ARCHIVE} is absent", file=sys.stderr)
        return 0
    chance = random.Random(SEED)
    made: dict[str, int] = defaultdict(int)
    detected: dict[str, int] = defaultdict(int)
    clean: dict[str, int] = defaultdict(int)
    perfect = total = 0
    for number, report in enumerate(reports()):
        if number >= options.limit:
            break
        total += 1
        itself = evaluate.evaluate(report.text, report.text, indication=report.indication)
        perfect += itself.raw == 1.0 and not errors_of(itself)
        injections = [item for maker in MAKERS for item in maker(report)]
        for injection in (*injections, *add(report, chance)):
            result = evaluate.evaluate(report.text, injection.text, indication=report.indication)
            found = told(result, injection.kind)
            expected = EXPECTED[injection.kind]
            made[injection.kind] += 1
            detected[injection.kind] += expected in found
            clean[injection.kind] += not set(found) - {expected} and found.count(expected) <= 1
            if injection.kind == options.show and found != [expected]:
                print(f"\n{report.id} {injection.what} {found}\n {report.text}\n {injection.text}")
    print(f"a report against itself: {perfect} of {total} score 1.0 without an error")
    for kind, count in made.items():
        print(
            f"{kind:9s} made {count:5d}  detected {detected[kind] / count:6.1%}"
            f"  no other error {clean[kind] / count:6.1%}"
        )
    return int(perfect < total)


if __name__ == "__main__":
    sys.exit(main())
