"""How well short-hand, check-lists and dictation are read: ``python -m bench.report_reading``.

Sentences carry the reading of a careful radiologist, in the notation of their README: items split
by ``;``, each ``LABEL`` or ``LABEL|LABEL`` with the presence signs allowed (``+`` present, ``-``
absent, ``?`` uncertain) and attributes (``L R B N`` side, ``z=`` zone, ``s=`` severity, ``mm=``
size, ``c=`` change, ``p=`` certainty; nothing behind the sign: unsaid). A sentence is right when
every wanted item that is not absent is read with all that it names and nothing else is read as
present or uncertain.
Pairs say which of two reports must score higher. Constant texts are scored against every
abnormal demonstration case: none may earn. ``--show`` prints what is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from bench.openi import DATA
from ml import evaluate, findings, taxonomy
from ml.findings.model import Finding

SENTENCES = DATA / "report_sentences_dev.jsonl"
PAIRS = DATA / "report_pairs_dev.jsonl"
OWN = Path(__file__).resolve().parents[1] / "tests" / "ml" / "data"
OWN_SENTENCES = OWN / "sentences"
"""``CODE.jsonl``, ``kinds.jsonl`` (kinds of saying, in every language), and ``CODE_aside.jsonl``
whose sentences are never used for mending."""
OWN_PAIRS = OWN / "pairs"
DEMO = Path(__file__).resolve().parents[1] / "cases" / "demo" / "cases.json"
SIGNS = {"+": "present", "-": "absent", "?": "uncertain"}
SIDES = {"L": "left", "R": "right", "B": "bilateral", "N": ""}
SAME = 0.05
"""Scores that differ by less are the same."""
MOST_POINTS = 3.4
"""What a text written without looking may earn on the mean of all abnormal cases, beside what it
earns by chance where nothing that it says is wrong or too vague: a guess is right sometimes."""
MOST_WHOLE = 5.0
"""What it may earn with those guesses that are right."""


@dataclass(frozen=True)
class Wanted:
    """One item of the notation."""

    labels: frozenset[str]
    presences: frozenset[str]
    attributes: tuple[tuple[str, frozenset[str]], ...]

    def fits(self, found: Finding) -> bool:
        """Whether a finding is this item with all its attributes."""
        return (
            found.label in self.labels
            and found.presence in self.presences
            and all(_value(found, name) in allowed for name, allowed in self.attributes)
        )


def _value(found: Finding, name: str) -> str:
    if name == "mm":
        return "" if found.size_mm is None else f"{found.size_mm:g}"
    return {
        "side": found.side,
        "z": found.zone.replace(" ", "_"),
        "s": found.severity.replace(" ", "_"),
        "c": found.change,
        "p": found.certainty,
    }[name]


def items_of(notation: str) -> list[Wanted]:
    """The items that a sentence's notation asks for."""
    return [_item(part) for part in notation.split(";") if part.strip()]


def _item(part: str) -> Wanted:
    head, *rest = part.split()
    names = head.rstrip("+-?")
    attributes = []
    for word in rest:
        name, equals, value = word.partition("=")
        allowed = frozenset(value.split("|")) if equals else frozenset({SIDES[name]})
        attributes.append((name if equals else "side", allowed))
    signs = frozenset(SIGNS[sign] for sign in head[len(names) :] or "+")
    return Wanted(frozenset(names.split("|")), signs, tuple(attributes))


def wrongs(text: str, language: str, notation: str) -> list[str]:
    """What is not read as wanted, in words; empty when all is right."""
    left = list(findings.extract(text, language))
    lost = []
    wanted = sorted(items_of(notation), key=lambda item: -len(item.attributes))
    for item in wanted:
        match = next((found for found in left if item.fits(found)), None)
        if match is not None:
            left.remove(match)
        elif "absent" not in item.presences or any(
            found.label in item.labels and found.presence != "absent" for found in left
        ):
            lost.append(f"not read: {'|'.join(sorted(item.labels))}")
    extra = [
        f"read: {_in_words(found)}"
        for found in left
        if found.presence != "absent" and not (lost and found.explains == found.span)
    ]
    return lost + extra


def _in_words(found: Finding) -> str:
    words = (found.label, found.presence, found.side, found.zone, found.severity, found.change)
    size = f"{found.size_mm:g} mm" if found.size_mm else ""
    return " ".join(word for word in (*words, size) if word)


def points_of(record: dict[str, Any], key: str) -> float:
    """CRIMSON of one text of a pair."""
    return evaluate.evaluate(record["reference"], record[key], **record["context"]).raw


def holds(record: dict[str, Any]) -> bool:
    """Whether the scores of a pair stand in the relation asked for."""
    gap = points_of(record, "better") - points_of(record, "worse")
    return {">": gap > 0, ">=": gap >= -SAME, "=": abs(gap) < SAME}[record["relation"]]


CONSTANT = (
    "",
    "Normal chest.",
    "Abnormal chest.",
    "Pneumothorax versus effusion versus nodule versus cardiomegaly versus degenerative spine.",
    "Opacity, nodule, effusion, pneumothorax, cardiomegaly, edema, fracture or atelectasis.",
    "Possible pneumothorax, possible effusion, possible nodule, possible consolidation.",
    "There is cardiomegaly. There is no cardiomegaly. Effusion. No effusion. Nodule. No nodule.",
    "Opacity.",
    "Bilateral opacities which may represent edema, pneumonia, nodule or atelectasis.",
    "Cannot exclude nodule, mass, effusion, pneumothorax, fracture, edema or pneumonia.",
    "Differential includes pneumonia, edema, hemorrhage, nodule, effusion and pneumothorax.",
    "Lungs purple. Pleura banana.",
    "Abnormality as in the reference. Findings as described. See above.",
    "Lines and tubes in satisfactory position.",
    "Cardiomegaly and/or effusion and/or nodule and/or pneumothorax and/or tube.",
    "Likely cardiomegaly, less likely effusion, nodule not excluded, pneumothorax possible.",
    "There may be a nodule, mass, consolidation, infiltrate, pneumonia, or atelectasis.",
    "Opacity or nodule or effusion or pneumothorax or cardiomegaly or catheter or tube or "
    "fracture or hernia or scoliosis or emphysema or bulla or granuloma or fibrosis.",
    "Chronic changes. Degenerative spine. Tortuous calcified aorta. Granuloma.",
    "Small bilateral pleural effusions and bibasilar atelectasis.",
    "Cardiomegaly. Pulmonary edema. Bilateral pleural effusions. Bibasilar consolidation.",
    "Effusion? Pneumothorax? Nodule? Cardiomegaly? Consolidation? Fracture? Hernia? Tube?",
    "Some abnormality of the heart, lungs, pleura, bones or mediastinum.",
    "Query nodule query mass query effusion query pneumothorax query cardiomegaly",
    "Left or right pleural effusion. Left or right pneumothorax. Left or right nodule.",
    "Bilateral effusions, bilateral pneumothoraces, bilateral nodules, bilateral consolidation.",
    "Endotracheal tube, NG tube, central line, chest tube and pacemaker in good position.",
    "Tubes and lines malpositioned.",
    "Stable chronic changes. No acute disease.",
    "No pneumothorax, effusion, consolidation, edema, nodule, fracture or cardiomegaly.",
    "Pneumothorax unlikely but possible. Effusion unlikely but possible. Nodule unlikely but "
    "possible.",
    "Possible cardiomegaly. Possible tortuous aorta. Possible effusion. Possible granuloma.",
    "[ ] pneumothorax [x] effusion [x] cardiomegaly [x] nodule [x] opacity",
    "Heart: abnormal. Lungs: abnormal. Pleura: abnormal. Bones: abnormal.",
    "Enlarged heart, enlarged hila, widened mediastinum, enlarged aorta.",
    "A nodule in the right upper lobe, a nodule in the left upper lobe, a nodule in the right "
    "lower lobe, a nodule in the left lower lobe.",
    "Clinical correlation and follow-up CT are recommended. Compared with the prior study.",
    "There is or is not a pneumothorax, effusion, nodule or cardiomegaly.",
    "PTX vs eff vs PNA vs CHF vs mass",
    "Right effusion. Left effusion. Right pneumothorax. Left pneumothorax. Cardiomegaly. "
    "Right nodule. Left nodule. Edema. Right consolidation. Left consolidation.",
    "XXXX opacity XXXX nodule XXXX effusion",
    "neumotórax derrame nódulo cardiomegalia",
    "Opacity in the right lung.",
    "Bilateral opacities.",
    "Several opacities.",
    "Mild opacity. Otherwise normal chest.",
    "Large opacities in both lungs.",
    "Opacity in the right lower lobe.",
    "Haziness in the right lung. No pneumothorax or pleural effusion.",
    "Shadowing at both bases.",
    "Abnormal density in the left lung.",
    "Airspace disease.",
    "Lesion in the left lung.",
    "Wide mediastinum.",
    "Cannot exclude a right pleural effusion.",
    "Cannot exclude mild cardiomegaly.",
    "Small lucency. The heart is normal in size.",
)


def demo_cases() -> Iterator[dict[str, Any]]:
    """The abnormal cases of the demonstration set; all are in English.

    A film with nothing but a normal variant is a normal one.
    """
    for case in json.loads(DEMO.read_text(encoding="utf-8"))["cases"]:
        if any(not taxonomy.is_variant(finding["label"]) for finding in case["findings"]):
            yield case


def reference_of(case: dict[str, Any]) -> str:
    """The report of a demonstration case as one text."""
    return "\n\n".join(case["report"][key] for key in ("findings", "impression"))


def is_right(found: evaluate.Evaluation) -> bool:
    """Whether nothing that a text says is false, significantly wrong or too vague."""
    grave = any(error.severity == "significant" for error in found.errors.attribute_errors)
    return not found.errors.false_findings and not grave


def is_near(found: evaluate.Evaluation) -> bool:
    """Whether what is right is so beside its place: the middle lobe for the lower one."""
    return is_right(found) and any(
        "location" in error.error_types for error in found.errors.attribute_errors
    )


@cache
def constant_points(text: str) -> tuple[float, float]:
    """What one text earns on the mean of all abnormal cases, and of it what is not `is_right`."""
    found = [
        evaluate.evaluate(
            reference_of(case), text, age=case.get("age"), indication=case.get("indication")
        )
        for case in demo_cases()
    ]
    wrong = [0.0 if is_right(item) else item.score for item in found]
    return mean(item.score for item in found), mean(wrong)


def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def _print_sentences(path: Path, show: bool) -> None:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for record in _records(path):
        wrong = wrongs(record["text"], record["language"], record["want"])
        total[record["language"]] += 1
        right[record["language"]] += not wrong
        if wrong and show and not path.stem.endswith("_aside"):
            print(f"  {record['text']!r} [{record['want']}]\n      {'; '.join(wrong)}")
    for language, count in sorted(total.items()):
        share = right[language] / count
        print(f"{path.stem} {language}: all right {right[language]} of {count} = {share:.3f}")


def _print_pairs(path: Path, show: bool) -> None:
    records = _records(path)
    wrong = [record for record in records if not holds(record)]
    right = len(records) - len(wrong)
    print(f"{path.stem} pairs in the right relation: {right} of {len(records)}")
    for record in wrong if show else ():
        better, worse = points_of(record, "better"), points_of(record, "worse")
        print(f"  {record['name']}: {better:.2f} {record['relation']} {worse:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=Path, default=SENTENCES)
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    parser.add_argument("--show", action="store_true", help="print what is wrong")
    options = parser.parse_args()
    sources = [(path, _print_sentences) for path in sorted(OWN_SENTENCES.glob("*.jsonl"))]
    sources += [(path, _print_pairs) for path in sorted(OWN_PAIRS.glob("*.jsonl"))]
    sources += [(options.sentences, _print_sentences), (options.pairs, _print_pairs)]
    for path, work in sources:
        if path.exists():
            work(path, options.show)
        else:
            print(f"skipped: {path} is absent", file=sys.stderr)
    earned = {text: constant_points(text) for text in CONSTANT}
    most, worst = (max(points) for points in zip(*earned.values(), strict=True))
    print(
        f"constant texts: {len(earned)}, the best earns {most:.1f} points, "
        f"where it is not right {worst:.1f} ({MOST_WHOLE:g}, {MOST_POINTS:g})"
    )
    for text, (points, wrong) in sorted(earned.items(), key=lambda item: -item[1][1]):
        if options.show and points > 0:
            print(f"  {points:5.1f} {wrong:5.1f} {text}")
    return 0 if worst <= MOST_POINTS and most <= MOST_WHOLE else 1


if __name__ == "__main__":
    sys.exit(main())
