"""What a sentence asserts: its words without ages, and without what it denies.

Rules that look for a word near a finding must not meet “calcified” in “non-calcified”,
“tension” in “without tension”, or “old” in “80 year old”.
"""

from __future__ import annotations

import re

AGE = re.compile(
    r"\b\d{1,3}[\s-]*(?:years?|yrs?|y/?o|months?|weeks?|days?)[\s-]*old\b"
    r"|\b\d{1,3}[\s-]*y/?o?\b(?:[\s-]*old\b)?|\bold (?:man|woman|lady|gentleman|patient|person)\b"
    r"|\b(?:years?|months?|weeks?|days?)[\s-]+old\b",
    re.IGNORECASE,
)
PREFIXED = re.compile(
    r"\b(?:non(?:[\s-]|(?=calcif|displac))|un(?:-|(?=calcif|displac|heal)))\w+", re.IGNORECASE
)
DENIED = re.compile(
    r"\b(?:no|not|without|nor|neither|denies|negative for|absence of|free of|rather than|sin)\b"
    r"(?:(?!\b(?:but|however|although|and|with|which|pero)\b)[^.;:,])*"
    r"(?:,?\s(?:or|nor|o|ni)\b(?:(?!\b(?:but|however|with|pero)\b)[^.;:,])*)*",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"([.;:,]|\b(?:but|however|although|and|with|which|pero)\b)", re.IGNORECASE)
EXCLUDED = re.compile(r"\b(?:excluded|ruled out)\b", re.IGNORECASE)
OPEN = re.compile(r"\b(?:can ?not|can\Wt|could|be)\b", re.IGNORECASE)
"""What “cannot be excluded”, or is “to be excluded”, may be there."""
UNCHANGED = re.compile(r"\b(?:not changed|no (?:interval )?change)\b", re.IGNORECASE)


def asserted(text: str) -> str:
    """The text without ages, negated words (“non-calcified”) and denied phrases.

    A denial reaches to the next comma, stop, “but”, “and”, or “with”; what “is excluded”, from
    the one before it. “No change” asserts that something is unchanged and is put so.
    """
    kept = UNCHANGED.sub("unchanged", text)
    for pattern in (AGE, PREFIXED, DENIED):
        kept = pattern.sub(" ", kept)
    return " ".join(_without_excluded(kept).split())


def _without_excluded(text: str) -> str:
    """The clauses of a text, each from after the word that excludes what stands before it."""
    clauses = CLAUSE.split(text)
    return "".join(
        clause if OPEN.search(clause) else EXCLUDED.split(clause)[-1] for clause in clauses
    )
