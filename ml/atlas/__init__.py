"""The atlas: what each label is, how it looks, and why a mark was or was not it.

Written text, no model. The words are `ml/data/atlas.toml`; `explanation` completes
them with the place, size and comparison side of a case.
"""

from ml.atlas.entries import Entry, Mimic, entries, entry, summary, tell_apart
from ml.atlas.explain import OUTCOMES, explanation
from ml.atlas.measured import measured_in
from ml.atlas.spots import spots_of

__all__ = [
    "OUTCOMES",
    "Entry",
    "Mimic",
    "entries",
    "entry",
    "explanation",
    "measured_in",
    "spots_of",
    "summary",
    "tell_apart",
]
