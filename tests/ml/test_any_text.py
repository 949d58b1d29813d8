"""No text crashes or stalls the reading and scoring of reports."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import evaluate, findings, style
from ml.findings.tokens import FRACTIONS

pytestmark = pytest.mark.pure

REFERENCE = "Small left pleural effusion. 8 mm nodule in the right upper lobe. No pneumothorax."
WORDS = st.sampled_from(
    [
        *(
            "no",
            "effusion",
            "nodule",
            "8",
            "½",
            "1½",
            ".8",
            "cm",
            "mm",
            "x",
            ",",
            ";",
            ":",
            "?",
            "-",
        ),
        *("\u200b", "\u00ad", "\0", "\\n", "\r", "\n", "\n\n", "(-)", "&amp;", "\ud800", "٣", "²"),
        *(
            "HISTORY:",
            "FINDINGS:",
            "left",
            "right",
            "or",
            "and",
            "likely",
            "cannot",
            "can't",
            "r/o",
        ),
        *("ETT", "tip", "in", "the", "carina", "–", "→", "\u2028", "½cm", "⅓", "#", "<br>", "ﷺ"),
    ]
)


def read_everywhere(text: str, language: str = "en") -> None:
    """Read, evaluated both ways and graded; every span inside the text."""
    for item in findings.extract(text, language):
        assert 0 <= item.span[0] < item.span[1] <= len(text)
    found = evaluate.evaluate(REFERENCE, text, language=language)
    for finding in found.predicted_findings:
        assert all(0 <= a < b <= len(text) for a, b in finding.spans)
    for item in found.unread:
        assert text[item.span[0] : item.span[1]] == item.words
    if text.strip():
        evaluate.evaluate(text, REFERENCE, language=language)
    style.score(text, language)


@pytest.fixture(autouse=True, scope="module")
def tables_are_read() -> None:
    """So that the time limit of an example does not hold the first reading of the tables."""
    for language in findings.LANGUAGES:
        read_everywhere(REFERENCE, language)


@given(st.text(max_size=400), st.sampled_from(findings.LANGUAGES))
def test_any_text_is_read_evaluated_and_graded(text: str, language: str) -> None:
    read_everywhere(text, language)


@given(st.lists(WORDS, max_size=60), st.sampled_from(findings.LANGUAGES))
def test_any_mixture_of_words_and_odd_signs_is_read(words: list[str], language: str) -> None:
    read_everywhere(" ".join(words), language)


@pytest.mark.parametrize("sign", [*FRACTIONS, "²", "٣", "௧", "①", "Ⅳ", "１"])
def test_every_numeral_is_read(sign: str) -> None:
    read_everywhere(f"A {sign} cm nodule and a 1{sign} mm nodule, {sign} x 2 cm.")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("A .8 cm nodule.", 8.0),
        ("A 0.8 cm nodule.", 8.0),
        ("A ½ cm nodule.", 5.0),
        ("A 1½ cm nodule.", 15.0),
        ("A 2 cm x 3 cm nodule.", 30.0),
        ("A 6 to 8 mm nodule.", 8.0),
        ("A nodule of 1,2 cm.", 12.0),
    ],
)
def test_a_number_means_what_it_says(text: str, size: float) -> None:
    assert [item.size_mm for item in findings.extract(text)] == [pytest.approx(size)]


PIECES = [
    "No effusion or pneumothorax. ",
    "possible nodule or effusion, and ",
    "HISTORY: cough\n",
    "a" * 50,
    "? ",
    ", ",
    "effusion ",
    "½ cm x ",
    "\n",
    "Effusion: no, ",
    "no and or ",
    "[ ] nodule ",
    "| no ",
    "... none ",
    "no follow-up needed. nodule. ",
    *("tube tip ", "No effusion, ", "possible nodule, ", "no nodule and no mass and "),
    *("normal ", "not normal ", "normal or not "),
]


@pytest.mark.parametrize("piece", PIECES)
def test_time_is_linear_in_the_text(piece: str) -> None:
    """Ten times the text is far from the hundred times of a square, and 200 kB are read."""

    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[: length - 1] + "?"  # of all that was said
        start = time.process_time()
        evaluate.evaluate(REFERENCE, text)
        style.score(text)
        return time.process_time() - start

    seconds(2_000)
    short, long = max(seconds(20_000), 0.02), seconds(200_000)
    assert long < 40 * short
