"""Second opinions on a report in words, for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attempts.models import Result
from feedback import opinions

TITLES = {
    "radgraph": "RadGraph F1",
    "chexbert": "CheXbert F1",
    "llm": "Language model",
}
CERTAINTIES = {"present": "present", "absent": "absent", "uncertain": "uncertain"}
RELATIONS = {
    "modify": "modifies",
    "located_at": "is located at",
    "suggestive_of": "suggests",
}
NOTES = (("missing", "Missed"), ("false", "Invented"), ("attribute", "Described wrongly"))


@dataclass(frozen=True)
class Piece:
    """A piece of a text, with the entity that it names."""

    text: str
    kind: str = ""
    """anatomy or observation; empty for plain text."""
    certainty: str = ""
    """present, absent or uncertain."""


def opinions_in_words(result: Result) -> dict[str, Any]:
    """All opinions on a result, and whether any is still awaited."""
    rows = [_row(row, result) for row in opinions.of(result)]
    return {"rows": rows, "awaited": any(row["awaited"] for row in rows)}


def _row(row: dict[str, Any], result: Result) -> dict[str, Any]:
    words = {**row, "title": TITLES.get(row["name"], row["name"])}
    if row["data"] is not None:
        words |= _WORDS[row["name"]](row["data"], result)
    return words


def _radgraph(data: dict[str, Any], result: Result) -> dict[str, Any]:
    f1 = data["f1"]
    graphs = [
        {
            "title": title,
            "pieces": pieces(result.data[key], data[side]["entities"]),
            "relations": _relations(result.data[key], data[side]),
        }
        for title, key, side in (
            ("Your report", "text", "own"),
            ("Reference", "reference", "reference"),
        )
    ]
    return {
        "value": f"{f1['partial']:.2f}",
        "detail": (
            f"entities alone {f1['simple']:.2f}, with all their relations {f1['complete']:.2f}"
        ),
        "graphs": graphs,
    }


def pieces(text: str, entities: list[dict[str, Any]]) -> list[Piece]:
    """A text cut at its entities; of two that overlap the earlier one is shown."""
    found, position = [], 0
    for entity in sorted(entities, key=lambda e: (e["span"][0], -e["span"][1])):
        start, end = entity["span"]
        if start < position or end <= start or end > len(text):
            continue
        kind, _, certainty = entity["label"].partition("::")
        found.append(Piece(text[position:start]))
        word = next((word for word in CERTAINTIES if word in certainty), "")
        found.append(Piece(text[start:end], kind.lower(), word))
        position = end
    found.append(Piece(text[position:]))
    return [piece for piece in found if piece.text]


def _relations(text: str, graph: dict[str, Any]) -> list[dict[str, str]]:
    """Each as `source`, `words` and `target`, the ends as the text has them."""
    named = {entity["id"]: text[slice(*entity["span"])] for entity in graph["entities"]}
    return [
        {
            "source": named[r["source"]],
            "words": RELATIONS.get(r["kind"], r["kind"]),
            "target": named[r["target"]],
        }
        for r in graph["relations"]
    ]


def _chexbert(data: dict[str, Any], result: Result) -> dict[str, Any]:
    five, fourteen = data["f1"]["top5"], data["f1"]["all14"]
    none = "neither report states one"
    common = f"the five common observations: {none if five is None else f'{five:.2f}'}"
    return {
        "value": "–" if fourteen is None else f"{fourteen:.2f}",
        "detail": f"of fourteen observations {none}" if fourteen is None else common,
        "labels": data["labels"],
    }


def _llm(data: dict[str, Any], result: Result) -> dict[str, Any]:
    notes = data["evaluation"]["notes"]
    return {
        "value": f"{data['score']:.0f} / 100",
        "detail": (
            f"CRIMSON {data['raw']:.2f} by {data['model']} (prompt version {data['version']})"
        ),
        "groups": [
            {"title": title, "notes": [n for n in notes if n["kind"] == kind]}
            for kind, title in NOTES
        ],
    }


_WORDS = {"radgraph": _radgraph, "chexbert": _chexbert, "llm": _llm}
