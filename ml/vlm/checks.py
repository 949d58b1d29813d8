"""Whether a model's explanation may be shown: what it must name, and must not.

A model writes fluently of things that are not there. So its text is read as any report
is (`ml.findings`), and compared with the facts of the case. In doubt it is not shown: the atlas
has an explanation for every label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ml import atlas, findings, taxonomy
from ml.atlas.place import BOTH, NAMES_OF_SIDES, OPPOSITE
from ml.evaluate.checks import COMMON_WORDS, FEWEST_COMMON_WORDS
from ml.evaluate.explain import phrase_of
from ml.vlm.question import Question

SHORTEST, LONGEST = 40, 700
"""Characters."""
FEWEST_SENTENCES, MOST_SENTENCES = 2, 4
SENTENCE = re.compile(r"[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]?\s*")
CONTRAST = re.compile(
    r"\b(?:not|no|nor|never|without|unlike|rather than|instead|would|could|can|may|might|mimic\w*|"
    r"resembl\w*|mistak\w*|confus\w*|look\w* like|distinguish\w*|differ\w*|"
    r"sin|ni|nunca|en lugar de|ser[ií]a|podr[ií]a|puede|parec\w*|confund\w*)\b",
    re.IGNORECASE,
)
COMPARED = re.compile(
    r"\b(?:compar\w*|opposite|other|contralateral|unlike|normal|than|mirror\w*|symmetr\w*|"
    r"asymmetr\w*|otro|opuesto)\b",
    re.IGNORECASE,
)
OWN_MARK = re.compile(r"\b(?:you|your|box|mark|marked|tu|su|marca)\b", re.IGNORECASE)
TOO_CERTAIN = re.compile(
    r"\b(?:definite(?:ly)?|certain(?:ly)?|undoubted(?:ly)?|without doubt|no doubt|proves?|proven|"
    r"confirms?|confirmed|pathognomonic|diagnostic of|100\s*%|clearly malignant|cancer|"
    r"malignan\w*|carcinoma)\b",
    re.IGNORECASE,
)
NOT_PROSE = re.compile(
    r"[{}<>\[\]|*#`_\\]|https?:|\bAI\b|language model|\bas an? (?:assistant|model)"
)
SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mm|millimet\w*|cm|centimet\w*)\b", re.IGNORECASE)


def problem_of(text: str, question: Question) -> str:
    """Why this text may not be shown, in a few words; empty when it may."""
    return next(_problems(text, question), "")


def beginning_of(text: str, question: Question) -> tuple[str, str]:
    """For a text that is still written: what of it may be shown already, and its problem if any.

    Whole words only. A sentence that so far names what it must not is held back to its
    end: “Pneumothorax” may yet become “Pneumothorax is not seen”.
    """
    words = text if text[-1:] in ".!?" else text[: len(text.rstrip()) if text[-1:].isspace() else 0]
    words = words or text.rpartition(" ")[0]
    parts = SENTENCE.findall(words)
    open_end = parts.pop() if parts and parts[-1].rstrip()[-1:] not in tuple(".!?") else ""
    whole = "".join(parts)
    if problem := next(_forbidden(whole, question), ""):
        return "", problem
    if next(_forbidden(whole + open_end, question), ""):
        return whole, ""
    return whole + open_end, ""


def _problems(text: str, question: Question) -> Iterator[str]:
    yield from _forbidden(text, question)
    if len(text.strip()) < SHORTEST:
        yield "it is too short"
    number = len(_sentences(text))
    if number < FEWEST_SENTENCES or number > MOST_SENTENCES:
        yield f"it has {number} sentences"
    if text.strip()[-1:] not in tuple(".!?"):
        yield "it stops in the middle of a sentence"
    if not _names_label(text, question):
        yield f"it does not name {question.name}"
    yield from _unnamed_side(text, question)
    words = re.findall(r"\w+", text)
    common = COMMON_WORDS[question.language].findall(text)
    if len(common) < FEWEST_COMMON_WORDS * len(words):
        yield "it is in another language"


def _forbidden(text: str, question: Question) -> Iterator[str]:
    if len(text) > LONGEST:
        yield "it is too long"
    if found := NOT_PROSE.search(text):
        yield f"it is not plain prose ({found[0]!r})"
    if found := TOO_CERTAIN.search(text):
        yield f"it is more certain than the truth ({found[0]!r})"
    yield from _strange_sizes(text, question)
    for sentence in _sentences(text):
        yield from _strange_findings(sentence, question)
        yield from _wrong_side(sentence, question)


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in SENTENCE.findall(text) if part.strip()]


def _strange_sizes(text: str, question: Question) -> Iterator[str]:
    known = {_millimeters(found) for found in SIZE.finditer(question.sentence)}
    if question.size_mm:
        known.add(round(question.size_mm))
    for found in SIZE.finditer(text):
        if _millimeters(found) not in known:
            yield f"it gives a size that nobody measured ({found[0]})"


def _millimeters(found: re.Match[str]) -> int:
    value = float(found[1].replace(",", "."))
    return round(value * 10 if found[2].lower().startswith("c") else value)


def _strange_findings(sentence: str, question: Question) -> Iterator[str]:
    """Findings stated that the case lacks; look-alikes may be named to tell them apart."""
    own = _groups([question.label])
    signs = _groups([*_signs_of(question.label)])
    # A false mark is the one label that must not be affirmed, unless it lies elsewhere too.
    described = signs - own if question.outcome == "false" else signs | own
    allowed = _groups([*question.present]) | described
    contrasted = _groups([question.called, question.label, *atlas.entry(question.label).similar])
    contrast = bool(CONTRAST.search(sentence))
    for finding in findings.extract(sentence, question.language):
        group = taxonomy.group_of(finding.label)
        if finding.presence == "absent" or group in allowed:
            continue
        if not (contrast and group in contrasted):
            yield f"it names {phrase_of(finding.label)}, which the case lacks"


def _groups(slugs: list[str]) -> set[str]:
    return {taxonomy.group_of(slug) for slug in slugs if slug}


@cache
def _signs_of(label: str) -> frozenset[str]:
    """Labels that the atlas itself uses to describe how this one looks."""
    entry = atlas.entry(label)
    text = " ".join((entry.definition, f"{entry.look}.", *entry.signs))
    return frozenset(finding.label for finding in findings.extract(text))


def _wrong_side(sentence: str, question: Question) -> Iterator[str]:
    wrong = OPPOSITE.get(question.place.side)
    if wrong is None or not NAMES_OF_SIDES[wrong].search(sentence):
        return
    of_mark = question.mark_side == wrong and OWN_MARK.search(sentence)
    if not of_mark and not COMPARED.search(sentence):
        yield f"it names the {wrong} side"


def _unnamed_side(text: str, question: Question) -> Iterator[str]:
    side = question.place.side
    if side in OPPOSITE and not NAMES_OF_SIDES[side].search(text):
        yield f"it does not name the {side} side"
    if side == "bilateral":
        both = all(pattern.search(text) for pattern in NAMES_OF_SIDES.values())
        if not both and not BOTH.search(text):
            yield "it does not say that both sides are involved"


def _names_label(text: str, question: Question) -> bool:
    plain = text.lower()
    names = [phrase_of(question.label), *question.name.lower().split(" / ")]
    if any(name in plain for name in names):
        return True
    wanted = taxonomy.group_of(question.label)
    found = findings.extract(text, question.language)
    return any(taxonomy.group_of(finding.label) == wanted for finding in found)
