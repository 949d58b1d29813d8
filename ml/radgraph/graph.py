"""A report as a graph: entities with their kind, relations between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]


@dataclass(frozen=True)
class Entity:
    """Words that name an anatomy or an observation."""

    id: str
    """“1”, “2”, … as in the package's annotation."""
    words: str
    label: str
    """Such as ``Observation::definitely present``."""
    span: Span
    """[start, end) in the text as given; (0, 0) where the words could not be found in it."""


@dataclass(frozen=True)
class Relation:
    """An arrow between two entities."""

    kind: str
    """modify, located_at or suggestive_of."""
    source: str
    target: str


@dataclass(frozen=True)
class Graph:
    """What the model reads in one text."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    annotation: Mapping[str, Any]
    """The package's own form, which its reward takes: `text`, `entities`, …"""

    def to_json(self) -> dict[str, Any]:
        """What a page needs to lay the graph over the text."""
        return {
            "entities": [
                {"id": e.id, "words": e.words, "label": e.label, "span": list(e.span)}
                for e in self.entities
            ],
            "relations": [vars(relation) for relation in self.relations],
        }


EMPTY = Graph((), (), {"text": "", "entities": {}, "data_source": None, "data_split": "inference"})
"""The graph of a text without words."""


def graph_of(annotation: Mapping[str, Any], text: str) -> Graph:
    """The package's annotation of `text` → Graph."""
    places = token_spans(str(annotation["text"]).split(" "), text)
    entities, relations = [], []
    for name, found in annotation["entities"].items():
        start, end = places[found["start_ix"]], places[found["end_ix"]]
        span = (start[0], end[1]) if start and end else (0, 0)
        entities.append(Entity(name, found["tokens"], found["label"], span))
        relations += [Relation(kind, name, other) for kind, other in found["relations"]]
    return Graph(tuple(entities), tuple(relations), annotation)


def token_spans(tokens: Sequence[str], text: str) -> list[Span | None]:
    """Where each token stands in the text it was cut from, None for one that was rewritten."""
    spans: list[Span | None] = []
    position = 0
    for token in tokens:
        start = text.find(token, position)
        # A token that was rewritten must not drag the search past what follows it.
        if start < 0 or text[position:start].strip():
            spans.append(None)
            continue
        position = start + len(token)
        spans.append((start, position))
    return spans
