"""What a sentence asserts: its words without ages, and without what it denies.

Rules that look for a word near a finding must not meet “calcified” in “non-calcified”,
“tension” in “without tension”, or “old” in “80 year old”.
"""

from __future__ import annotations

import re

AGE = re.compile(
    r"\b\d{1,3}[\s-]*(?:years?|yrs?|y/?o|months?|weeks?|days?)[\s-]*old\b"
    r"|\b\d{1,3}[\s-]*y/?o\b|\b(?:years?|months?|weeks?|days?)[\s-]+old\b",
    re.IGNORECASE,
)
PREFIXED = re.compile(
    r"\b(?:non(?:[\s-]|(?=calcif|displac))|un(?:-|(?=calcif|displac|heal)))\w+", re.IGNORECASE
)
DENIED = re.compile(
    r"\b(?:no|not|without|nor|denies|negative for|absence of|free of|rather than|sin)\b"
    r"(?:(?!\b(?:but|however|although|and|with|which|pero)\b)[^.;:,])*"
    r"(?:,?\s(?:or|nor|o|ni)\b(?:(?!\b(?:but|however|with|pero)\b)[^.;:,])*)*",
    re.IGNORECASE,
)
UNCHANGED = re.compile(r"\b(?:not changed|no (?:interval )?change)\b", re.IGNORECASE)


def asserted(text: str) -> str:
    """The text without ages, negated words (“non-calcified”) and denied phrases.

    A denial reaches to the next comma, stop, “but”, “and”, or “with”. “No change” asserts
    that something is unchanged and is put so.
    """
    kept = UNCHANGED.sub("unchanged", text)
    for pattern in (AGE, PREFIXED, DENIED):
        kept = pattern.sub(" ", kept)
    return " ".join(kept.split())
