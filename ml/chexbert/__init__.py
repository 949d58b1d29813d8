"""CheXbert: fourteen observations of a report, and F1 between two reports.

Smit et al. 2020, arXiv:2004.09167; checkpoint ``chexbert.pth`` as published. Each observation is
blank, positive, negative or uncertain; for F1 positive and uncertain count as stated. Nothing
here loads torch before a `CheXbert` is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ml.chexbert.labels import CLASSES, OBSERVATIONS, TOP_FIVE
from ml.chexbert.measures import F1, Labels, macro, micro, pair
from ml.models.memory import TextMemory

__all__ = ["CLASSES", "F1", "OBSERVATIONS", "TOP_FIVE", "CheXbert", "Labels", "macro", "micro"]

REMEMBERED = 20_000


class CheXbert:
    """The installed model. ModelProblem when the folder does not hold it.

    Args:
        folder: see `ml.chexbert.network.Network`.
        device: ``cpu``, ``cuda:0``, … or ``auto``.
        batch_size: reports read together.
    """

    def __init__(self, folder: Path, device: str = "auto", batch_size: int = 16) -> None:
        from ml.chexbert.network import Network
        from ml.models.device import device_of

        self.device = device_of(device)
        self._network = Network(folder, self.device, batch_size)
        self._memory: TextMemory[dict[str, str]] = TextMemory(REMEMBERED)

    def labels(self, texts: Sequence[str]) -> list[dict[str, str]]:
        """Observation → class for each text; equal texts are read once."""
        return self._memory.answers(texts, self._read)

    def f1(self, candidates: Sequence[str], references: Sequence[str]) -> list[F1]:
        """F1 of each candidate with the reference at the same place."""
        if len(candidates) != len(references):
            raise ValueError(f"{len(candidates)} candidates, but {len(references)} references")
        found = self.labels([*candidates, *references])
        halves = zip(found[: len(candidates)], found[len(candidates) :], strict=True)
        return [pair(candidate, reference) for candidate, reference in halves]

    def _read(self, texts: list[str]) -> list[dict[str, str]]:
        return [
            {
                name: CLASSES[int(scores.argmax())]
                for name, scores in zip(OBSERVATIONS, row, strict=True)
            }
            for row in self._network.scores(texts)
        ]
