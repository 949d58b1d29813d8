"""RadGraph: entities and relations of reports, and F1 between two of them.

The model and its reward are those of the `radgraph` package (Jain et al. 2021, arXiv:2106.14463;
Delbrouck et al. 2024, RadGraph-XL); only the running of it is ours, see `ml.radgraph.batched`.
Nothing here loads torch before a `RadGraph` is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.models.memory import TextMemory
from ml.radgraph.graph import EMPTY, Entity, Graph, Relation, graph_of

__all__ = ["F1", "Entity", "Graph", "RadGraph", "Relation", "f1"]

REMEMBERED = 2_000
"""Graphs kept, by the hash of their text; one takes about 20 kB."""


@dataclass(frozen=True)
class F1:
    """Overlap of two graphs, each value 0 to 1."""

    simple: float
    """Of entities: words and label."""
    partial: float
    """And whether the entity has a relation."""
    complete: float
    """And which relation to which entity."""


def f1(candidate: Graph, reference: Graph) -> F1:
    """The package's reward of the two graphs, unchanged; 0 when one of them is empty."""
    from radgraph.rewards import compute_reward

    return F1(*compute_reward(candidate.annotation, reference.annotation, "all"))


class RadGraph:
    """The installed model. ModelProblem when the folder does not hold one.

    Args:
        folder: see `ml.radgraph.loading.load`.
        device: ``cpu``, ``cuda:0``, … or ``auto``.
        batch_size: reports read together.
    """

    def __init__(self, folder: Path, device: str = "auto", batch_size: int = 16) -> None:
        from ml.models.device import device_of
        from ml.radgraph.batched import BatchedModel
        from ml.radgraph.loading import load, model_type_of

        self.device = device_of(device)
        self.name = model_type_of(folder)
        self._model = BatchedModel(load(folder, self.device), batch_size)
        self._memory: TextMemory[Graph] = TextMemory(REMEMBERED)

    def graphs(self, texts: Sequence[str]) -> list[Graph]:
        """The graph of each text, empty for one without words; equal texts are read once."""
        return self._memory.answers(texts, self._read)

    def f1(self, candidates: Sequence[str], references: Sequence[str]) -> list[F1]:
        """F1 of each candidate with the reference at the same place."""
        if len(candidates) != len(references):
            raise ValueError(f"{len(candidates)} candidates, but {len(references)} references")
        found = self.graphs([*candidates, *references])
        return [
            f1(candidate, reference)
            for candidate, reference in zip(
                found[: len(candidates)], found[len(candidates) :], strict=True
            )
        ]

    def _read(self, texts: list[str]) -> Iterable[Graph]:
        worded = [text for text in texts if text.strip()]
        read = iter(self._model.annotations(worded)) if worded else iter(())
        found = [next(read) if text.strip() else None for text in texts]
        return [
            graph_of(annotation, text) if annotation else EMPTY
            for annotation, text in zip(found, texts, strict=True)
        ]
