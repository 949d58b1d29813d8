"""What an explanation is about: one finding, or one mark, of one case."""

from __future__ import annotations

from dataclasses import dataclass

from ml import taxonomy
from ml.atlas.place import Place, place_of

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 as fractions of the image from its top left corner."""
OUTCOMES = ("missed", "wrong_label", "poorly_located", "false", "hit")


@dataclass(frozen=True)
class Question:
    """The facts an explanation may use; nothing else is known to be true.

    ValueError for an unknown label or outcome.
    """

    label: str
    """Slug of the truth; of the learner's mark where `outcome` is false."""
    outcome: str
    """One of `OUTCOMES`."""
    side: str = ""
    """left, right, bilateral, or empty; of the mark where `outcome` is false."""
    location: str = ""
    """Words for the place, comma separated."""
    size_mm: float | None = None
    sentence: str = ""
    """The report's words on the finding."""
    called: str = ""
    """What the learner called it, where that was wrong."""
    mark_side: str = ""
    """left or right: where the learner's own box lies, where there is one."""
    present: tuple[str, ...] = ()
    """Slugs of all findings of the case."""
    age: float | None = None
    sex: str = ""
    indication: str = ""
    language: str = "en"

    def __post_init__(self) -> None:
        for slug in filter(None, (self.label, self.called, *self.present)):
            if slug not in taxonomy.labels():
                raise ValueError(f"unknown label {slug!r}")
        if self.outcome not in OUTCOMES:
            raise ValueError(f"unknown outcome {self.outcome!r}: one of {', '.join(OUTCOMES)}")

    @property
    def place(self) -> Place:
        return place_of(self.side, self.location)

    @property
    def name(self) -> str:
        """The label's name in the taxonomy."""
        return taxonomy.labels()[self.label].name
