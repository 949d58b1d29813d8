"""Long texts of every shape that a field of a web page can be sent, for `bench.evaluate_speed`.

Each has `LONG` characters. What is drawn is drawn from a fixed seed, so that every run reads the
same texts; the reports are those of the Open-I archive, or a few written ones where it is absent.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

LONG = 100_000
"""Characters."""
SEED = 3
FINDINGS = (
    *("effusion", "nodule", "pneumothorax", "mass", "consolidation", "cardiomegaly"),
    *("rib fracture", "atelectasis"),
)
PLACES = ("left upper lobe", "right lower lobe", "left apex", "right base", "lingula")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BLOCKS = ((0x20, 0x250), (0x250, 0x3000), (0x3000, 0xD800), (0x10000, 0x20000))
"""Ranges of code points: Latin, other alphabets, East Asian signs, and what lies beyond."""
TABLE = "| Effusion | no |\n| Nodule | 8 mm right |\n| Heart size | normal |\n"
CELLS = "Effusion\tno\nNodule\tright 8 mm\nHeart size ..... normal\n"
PIECES = (
    *("No effusion, ", "no effusion or ", "possible nodule, ", "cannot exclude ", "likely "),
    *("left right ", "in the right lower lobe ", ", ", "; ", "\n", "1. nodule\n", "and ", "or "),
    *("effusion ", "effusion, nodule, ", "nodule and ", "mass or nodule or ", "8 mm nodule "),
    *("no nodule and no mass and ", "Effusion: no, ", "tube tip ", "is not seen ", "with "),
    *("ETT tip 4 cm above the carina, ", "right 8 mm nodule, left 9 mm nodule, ", "8 mm "),
    *("right lower lobe opacity. ", "No effusion. ", "rib 7 fracture ", "a ", "HISTORY: cough\n"),
    *("Nodule. No calcified nodule. ", "no follow-up needed. nodule. ", "| no ", "CONSOLIDATION\n"),
    *("normal ", "normal? "),
)
"""Pieces of which a text may be made up: no piece may make reading slow."""


def repeated(piece: str, length: int = LONG) -> str:
    """A text of one piece again and again."""
    return (piece * (length // len(piece) + 1))[:length]


def shapes(reports: Sequence[str], length: int = LONG) -> dict[str, str]:
    """Name of a shape → a text of `length` characters."""
    draw = random.Random(SEED)

    def of(piece: Callable[[], str]) -> str:
        pieces, long = [], 0
        while long < length:
            pieces.append(piece())
            long += len(pieces[-1])
        return "".join(pieces)[:length]

    def word() -> str:
        return "".join(draw.choices(LETTERS, k=draw.randrange(3, 12)))

    joined = repeated("\n\n".join(reports) + "\n\n", length)
    return {
        "reports": joined,
        "reports in one line": joined.replace("\n", " "),
        "reports without a full stop": joined.replace("\n", " ").replace(".", " "),
        "'No effusion, ' repeated": repeated("No effusion, ", length),
        "a list of findings": of(lambda: f"{draw.choice(FINDINGS)}, "),
        "a list of alternatives": of(lambda: f"{draw.choice(FINDINGS)} or "),
        "findings with size and place": of(
            lambda: f"{draw.randrange(3, 40)} mm nodule in the {draw.choice(PLACES)}. "
        ),
        "numbered vertebrae": of(lambda: f"Fracture of T{draw.randrange(1, 100)}. "),
        "sizes": of(lambda: f"{draw.randrange(1, 40)} x {draw.randrange(1, 40)} mm "),
        "digits": of(lambda: draw.choice("0123456789 .,")),
        "signs of all alphabets": of(lambda: chr(draw.randrange(*draw.choice(BLOCKS)))),
        "blank lines": repeated(" \n\t\n", length),
        "unknown words": of(lambda: f"{word()} "),
        "sentences of unknown words": of(lambda: " ".join(word() for _ in range(8)) + ".\n"),
        "a table": repeated(TABLE, length),
        "a form": repeated(CELLS, length),
        "a numbered list": of(lambda: f"{draw.randrange(1, 99)}. {draw.choice(FINDINGS)}\n"),
    }
