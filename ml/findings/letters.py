"""Words without what reports write one way or another: capitals, accents, joined letters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

LIGATURES = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae"})


@lru_cache(maxsize=100_000)
def plain(word: str) -> str:
    """Lower case without accents: ``Opacificación`` → ``opacificacion``, ``Cœur`` → ``coeur``."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.lower().translate(LIGATURES))
    if parts.isalpha():
        return parts
    return "".join(c for c in parts if not unicodedata.combining(c) and c.isprintable())
