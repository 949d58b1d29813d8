"""Reports put together from parts, and what the engine read in them when last released.

``python -m tests.ml.readings`` writes four tables anew: `readings.jsonl` has a row for each report
beside a reference, `readings_of_lines.tsv` one for each line of clauses and joints in any order,
`readings_of_rare_lines.tsv` one for each line of words that few reports have,
`readings_of_styles.jsonl` the style scores of texts of many habits.
A reading that is meant to change needs another `ml.evaluate.rules.VERSION`, because stored results
carry it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml import style
from ml.evaluate import evaluate, rules
from ml.findings import extract
from ml.style import Reported
from tests.ml.plain import plain

TABLE = Path(__file__).with_name("readings.jsonl")
LINES_TABLE = Path(__file__).with_name("readings_of_lines.tsv")
RARE_TABLE = Path(__file__).with_name("readings_of_rare_lines.tsv")
STYLES_TABLE = Path(__file__).with_name("readings_of_styles.jsonl")
PAIRS = 420

FINDINGS = """
nodule|mass|consolidation|opacity|airspace disease|atelectasis|effusion|pleural effusion
pneumothorax|pneumonia|edema|cardiomegaly|scarring|granuloma|bulla|emphysema
rib fracture|hiatal hernia
pleural thickening|hilar enlargement|scoliosis|degenerative changes of the spine|osteopenia|cavity
interstitial markings|infiltrate|blunting of the costophrenic angle|elevated hemidiaphragm
mediastinal widening|calcified aorta|tortuous aorta|free air under the diaphragm|lymphadenopathy
volume loss|hyperinflation|fibrosis|bronchiectasis
""".replace("\n", "|").strip("|").split("|")  # fmt: skip
DEVICES = [
    *("ET tube", "endotracheal tube", "NG tube", "right PICC", "left subclavian line"),
    *("right IJ catheter", "left chest tube", "dual lead pacemaker"),
]
TIPS = [
    *("with its tip 3 cm above the carina", "in the right main bronchus", "in the stomach"),
    *("with its tip in the SVC", "at the cavoatrial junction", "in good position", "too high"),
]
SIDES = ["", "", "right", "left", "bilateral", "right and left", "right-sided", "both"]
DEGREES = ["", "", "small", "mild", "moderate", "large", "severe", "tiny", "mild to moderate"]
PLACES = [
    *("", "", "in the right upper lobe", "at the left base", "in the lingula", "RLL", "LUL"),
    *("in the left mid and lower zones", "at both apices", "in both lungs", "behind the heart"),
    *("of the right lung base", "in the right middle lobe and the left base", "retrocardiac"),
]
SIZES = [
    *("", "", "", "12 mm", "1.5 cm", "2 x 3 cm", "8 millimeters", "2.0 by 1.0 centimeters"),
    *("0.4 cm", "15 millimetres", "3 centimetres", "1 millimeter", "1 centimetre", "2 cm x 3 cm"),
    *("2 mm by 4 mm by 5 mm", "8 to 10 mm", "1 cm 3 cm"),
]
CERTAINTIES = [
    *("", "", "", "possible", "probable", "likely", "questionable", "suspected", "no", "without"),
]
FORMS = """
{c} {z} {d} {s} {f} {p}.|There is a {d} {s} {f} {p}.|{z} {f} {p}, {d}.|No {f} or {g}.
No {f}, {g} or {h}.|{f} {p} and {d} {g} {q}.|{z} {s} {f} {p}, likely {g}.|{f} versus {g} {p}.
{s} {f} has increased.|{d} {f} {p}, unchanged.|No evidence of {f}; {d} {s} {g} is seen.
{f}: none. {g}: {d}.|The {s} {f} is gone, but there is {g} {p}.|{f} cannot be excluded.
{p} {f} - {g}.|{f} and/or {g} {p}.|{d} {s} {f}, {g}, and {h}.|{f} with {g} {p}.
{f} may represent {g}.|Negative for {f} and {g}.|{s} {f} measures {z} {p}.|{e} {t}.
{e} {t}; no {f}.|Interval removal of the {e}.|The {e} is {t}. {d} {s} {f}.|{f} is {d}.
New {s} {f} {p} associated with {g}.|{f} without {g}.|Neither {f} nor {g}.|{f}, possibly {g}, {p}.
{s} {d} {f} greater than {g}.|{d} right and {c} left {f}.|{s} {f}, possible {g}, possible {h}.
""".replace("\n", "|").strip("|").split("|")  # fmt: skip


LINES = 2400
PIECES = {
    "finding": ["effusion", "pneumothorax", "nodule", "consolidation", "opacity", "atelectasis",
                "cardiomegaly", "rib fracture", "airspace disease", "edema"],
    "cue": ["no", "no", "without", "no evidence of", "negative for", "possible", "probable",
            "likely", "may represent", "suspicious for", "cannot be excluded", "is unlikely",
            "ruled out",
            "is normal", "clear", "evaluate for", "history of", "rule out", "?", "none", "yes",
            "absent", "not seen", "has resolved", "compatible with", "question of", "denied"],
    "joint": [",", ",", ",", "and", "and", "or", "or", "and/or", "and possibly", ", and", ", or",
              ";", " - ", ":", "with", "associated with", "but", "although", "due to", "versus"],
    "verb": ["is", "are", "is seen", "seen", "remains", "is present", "there is", "obscures"],
    "adjective": ["small", "right", "left", "in the right lower lobe", "mild", "the", "a",
                  "basilar", "patchy", "of the heart"],
}  # fmt: skip
ORDERS = [
    *("finding", "cue finding", "cue adjective finding", "finding cue", "adjective finding"),
    *("finding verb", "verb adjective finding", "finding verb adjective", "cue", "finding finding"),
]


def lines() -> Iterator[str]:
    """Clauses and joints in any order, as hurried people and rare sentences have them."""
    for number in range(LINES):
        chance = random.Random(-1 - number)
        said: list[str] = []
        for _ in range(chance.choice((1, 2, 2, 3, 3, 4))):
            said += [chance.choice(PIECES[kind]) for kind in chance.choice(ORDERS).split()]
            said.append(chance.choice(PIECES["joint"]))
        yield " ".join(" ".join(said[:-1]).split()).replace(" ,", ",") + "."


RARE_LINES = 1200
RARE_PIECES = {
    "finding": ["effusion", "pneumothorax", "nodule", "consolidation", "opacity", "atelectasis",
                "cardiomegaly", "fracture", "edema", "airspace disease", "pneumonia", "mass",
                "infiltrate", "ET tube", "abnormality", "disease"],
    "cue": ["no", "without", "possible", "probable", "likely", "may represent", "unlikely",
            "suspicious for", "cannot be excluded", "ruled out", "normal", "clear", "denied",
            "evaluate for", "history of", "rule out", "none", "absent", "not seen", "resolved",
            "no acute", "no definite", "rather than", "more likely than", "less likely",
            "excluded", "questionable", "free of", "no longer seen", "is not", "neither", "nor",
            "suggesting", "apart from", "except for", "with the exception of", "removal of",
            "status post", "no other", "otherwise normal", "no new", "not in"],
    "joint": [",", ",", ",", "and", "and", "or", "or", ";", " - ", ":", "?", "/", "with", "but",
              "although", "due to", "versus", "and/or", "associated with", "as well as", "in",
              "of", "at", "than", "and possibly", "or possibly"],
    "verb": ["is", "are", "seen", "is seen", "identified", "remains", "there is", "has", "lies",
             "is present", "in place", "are noted"],
    "adjective": ["small", "right", "left", "bilateral", "on the left", "on the right", "mild",
                  "in the right lower lobe", "the", "a", "basilar", "patchy", "large", "new",
                  "unchanged", "worse", "acute", "focal", "5 mm", "45", "left:", "both", "yes"],
}  # fmt: skip
RARE_ORDERS = [
    *("finding", "cue finding", "finding cue", "adjective finding", "finding adjective"),
    *("cue adjective finding", "finding joint finding", "cue finding joint finding", "cue"),
    *("cue finding joint cue finding", "finding joint finding cue", "finding verb adjective"),
    *("cue finding joint adjective finding", "finding adjective joint adjective cue"),
    *("adjective cue", "finding finding", "cue finding finding", "cue joint finding"),
    *("finding cue adjective", "finding : cue", "finding , finding : cue", "finding ?"),
    *("finding , finding , finding", "cue finding , finding joint finding", "verb finding"),
    *("cue finding joint finding verb", "cue cue finding", "adjective finding ?"),
]


def rare_lines() -> Iterator[str]:
    """Short lines of words that reports have now and then, beside each other in any order."""
    for number in range(RARE_LINES):
        chance = random.Random(1_000_000 + number)
        said: list[str] = []
        for _ in range(chance.choice((1, 1, 2, 2, 3))):
            for kind in chance.choice(RARE_ORDERS).split():
                said.append(chance.choice(RARE_PIECES[kind]) if kind in RARE_PIECES else kind)
            said.append(chance.choice(RARE_PIECES["joint"]))
        line = " ".join(" ".join(said[:-1]).split()).replace(" ,", ",")
        yield line + chance.choice((".", ".", "", "?"))


def read_in(line: str) -> str:
    """What is read in a line, in a word a finding."""
    return " ".join(
        f"{line[slice(*one.span)].replace(' ', '_')}={one.presence}/{one.certainty}"
        f"/{one.side or ''}{one.severity or ''}{one.zone or ''}/{one.explains or ''}".replace(
            " ", ""
        )
        for one in extract(line)
    )


STYLES = 500
SAYINGS = """
Compared with the prior study.|No prior study for comparison.|No change since the prior of May.
Comparison: none.|Recommend chest CT.|No further follow-up is needed.
Follow-up in 6 weeks is advised.
I would not recommend any further imaging at this time since nothing was found that would need it.
Findings were discussed with the referring team by phone.|Not discussed with anybody.
FINDINGS:|IMPRESSION:|Impression: pneumothorax.|Impression: degenerative changes.
The heart is normal in size.|The lungs are clear.|No pleural effusion or pneumothorax.
The mediastinum is unremarkable.|Bones are intact.|heart normal lungs clear|there is a nodule
The upper abdomen is normal.|Lines and tubes: none.|Large right pneumothorax with shift.
Small left effusion.|12 mm nodule in the right upper lobe.|degenerative spine|opacity!!|Opacity??
The lungs the lungs are clear clear.|ALL IS NORMAL.|bla bla|1. Nodule.|2. Effusion.
- Trachea midline.
In the right upper lobe there is an opacity with ill defined margins that abuts the pleura, and
that may be a mass or a pneumonia, and was not there before, as far as can be said from here.
Tube tip 3 cm above the carina.|Diaphragm normal.|Hila are normal.|Costophrenic angles are sharp.
""".replace("\n", "|").strip("|").split("|")  # fmt: skip


def styles() -> Iterator[tuple[str, str, list[Reported]]]:
    """A text, its reference, and findings of some weight with their places in the text."""
    for number in range(STYLES):
        chance = random.Random(10_000 + number)
        said = [chance.choice(SAYINGS) for _ in range(chance.choice((0, 1, 3, 5, 8, 12)))]
        text = chance.choice((" ", "\n", "\n\n")).join(said)
        reference = " ".join(chance.choice(SAYINGS) for _ in range(3))
        found = []
        for word in ("pneumothorax", "nodule", "effusion", "degenerative"):
            if (start := text.find(word)) >= 0 and chance.random() < 0.7:
                spans = [(start, start + len(word))]
                if (last := text.rfind(word)) != start:
                    spans.append((last, last + len(word)))
                found.append(Reported(tuple(spans), chance.choice((0, 1, 2, 3))))
        yield text, reference, found


def styled(text: str, reference: str, found: list[Reported]) -> Any:
    return json.loads(json.dumps(style.score(text, reference=reference, found=found).to_json()))


def _sentence(chance: random.Random) -> str:
    filled = chance.choice(FORMS).format(
        c=chance.choice(CERTAINTIES),
        d=chance.choice(DEGREES),
        e=chance.choice(DEVICES),
        f=chance.choice(FINDINGS),
        g=chance.choice(FINDINGS),
        h=chance.choice(FINDINGS),
        p=chance.choice(PLACES),
        q=chance.choice(PLACES),
        s=chance.choice(SIDES),
        t=chance.choice(TIPS),
        z=chance.choice(SIZES),
    )
    return " ".join(filled.split()).replace(" ,", ",").replace(" .", ".")


def _changed(sentence: str, chance: random.Random) -> str:
    """The sentence with one word of a kind in the place of another of the same kind."""
    kind = chance.choice((SIDES, DEGREES, PLACES, SIZES, FINDINGS, FINDINGS))
    said = [word for word in kind if word and word in sentence]
    if not said:
        return sentence
    other = chance.choice([word for word in kind if word])
    return sentence.replace(chance.choice(said), other, 1)


def pairs() -> Iterator[tuple[str, str]]:
    """Reference and report: some sentences alike, some changed, some of their own."""
    for number in range(PAIRS):
        chance = random.Random(number)
        wanted = [_sentence(chance) for _ in range(chance.choice((1, 1, 2)))]
        given = [
            chance.choice((_changed(said, chance), _changed(said, chance), _sentence(chance)))
            for said in wanted
        ]
        if chance.random() < 0.2:
            given.append(_sentence(chance))
        yield " ".join(wanted), " ".join(given)


def reading(reference: str, report: str) -> Any:
    """The findings of both texts, their pairs and what is told of them."""
    found = evaluate(reference, report)
    return {
        "texts": [reference, report],
        "read": [plain(extract(reference)), plain(extract(report))],
        "pairs": [[match.ref_id, match.pred_id] for match in found.matched_findings],
        "notes": [
            [note.kind, note.ref_id, note.pred_id, note.explanation, note.suggestion, note.severity]
            for note in found.notes
        ],
        "names": [one.name for one in (*found.reference_findings, *found.predicted_findings)],
        "rest": plain([found.remarks, found.unread, found.void]),
        "raw": round(found.raw, 6),
    }


def main() -> None:
    rows = [json.dumps({"version": rules.VERSION})]
    rows += [json.dumps(reading(*pair)) for pair in pairs()]
    TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    scores = [json.dumps(styled(*one)) for one in styles()]
    STYLES_TABLE.write_text("\n".join(scores) + "\n", encoding="utf-8")
    told = [f"{line}\t{read_in(line)}" for line in lines()]
    LINES_TABLE.write_text("\n".join(told) + "\n", encoding="utf-8")
    told = [f"{line}\t{read_in(line)}" for line in rare_lines()]
    RARE_TABLE.write_text("\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
