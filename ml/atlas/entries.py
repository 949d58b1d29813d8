"""The entries of the atlas, read from `ml/data/atlas.toml` and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ml import taxonomy
from ml.atlas.spots import SPOTS

Window = Literal["lung", "bone", "mediastinum", "default"]
TABLE = Path(__file__).parent.parent / "data" / "atlas.toml"
WINDOWS = ("lung", "bone", "mediastinum", "default")
LONGEST = 320
"""Characters of the longest text that may stand in an entry."""
TEXTS = ("definition", "look", "where", "pitfalls", "tip")
KEYS = {
    *(*TEXTS, "signs", "mimics", "window", "similar", "box", "compare"),
    *("measure", "side", "own", "sources", "reviewed_by", "reviewed_on"),
}
SIZES = ("across", "long", "deep", "wide", "high", "thick")
SIDE_WORDS = re.compile(r"\b(?:left|right)\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


@dataclass(frozen=True)
class Mimic:
    """Something that looks like a label, and how to tell the two apart."""

    label: str
    """Slug of the taxonomy; empty for what is not a label of it."""
    name: str
    """In words."""
    tell: str
    """One sentence that names both, so that it serves in either direction."""
    at: tuple[str, ...] = ()
    """Spots of `ml.atlas.spots` at which it deceives; empty: anywhere."""


@dataclass(frozen=True)
class Entry:
    """What the atlas says of one label. Sentences end with a period."""

    slug: str
    name: str
    """The label's name in the taxonomy."""
    definition: str
    """One sentence."""
    look: str
    """Completes “Look for …”; no capital, no period, names no side."""
    signs: tuple[str, ...]
    """Two to four sentences."""
    where: str
    """One or two sentences."""
    mimics: tuple[Mimic, ...]
    """The first is what most often deceives."""
    pitfalls: str
    """One to three sentences."""
    tip: str
    """One sentence: how to find it."""
    box: str
    """One sentence: what the box holds; empty for labels that are not drawn."""
    compare: str
    """One sentence for labels that no mirrored place helps with; else empty."""
    window: Window
    """The display to try in the viewer."""
    similar: tuple[str, ...]
    """Slugs of look-alikes; each names this label too."""
    measure: str = "across"
    """What its size is, one of `SIZES`: “12 mm across”, “27 mm deep”."""
    side: str = ""
    """What a side means, with ``{side}``: “convex to the {side}”; empty: where it lies."""
    own: tuple[str, ...] = ()
    """Words of a location that say no more than the label itself: the heart of a large heart."""
    sources: tuple[str, ...] = ()
    """A textbook first, then the glossary where it has the term, and where numbers are from."""
    reviewed_by: str = ""
    """The physician who checked the entry against its sources; empty until one did."""
    reviewed_on: str = ""
    """The day of that, as ISO date; empty until then."""

    def mimic_at(self, spots: frozenset[str] | None) -> Mimic:
        """What most often deceives at these spots; None: it is not known where."""
        if spots is None:
            return self.mimics[0]
        here = [mimic for mimic in self.mimics if spots & set(mimic.at)]
        anywhere = [mimic for mimic in self.mimics if not mimic.at]
        return (*here, *anywhere, self.mimics[0])[0]


@cache
def entries() -> Mapping[str, Entry]:
    """All entries by slug, in the order of the taxonomy.

    Raises:
        ValueError: the table is not as it should be; the message names the entry.
    """
    with TABLE.open("rb") as stream:
        return MappingProxyType(entries_of(tomllib.load(stream)))


def entries_of(tables: Mapping[str, Any]) -> dict[str, Entry]:
    """Checked entries from the tables of a parsed atlas file.

    Raises:
        ValueError: an entry is missing, unknown or faulty; the message names it.
    """
    labels = taxonomy.labels()
    for slug in tables:
        if slug not in labels:
            raise _problem(slug, "is not a label of the taxonomy")
    for slug in labels:
        if slug not in tables:
            raise _problem(slug, "is missing")
    found = {slug: _entry(label, tables[slug]) for slug, label in labels.items()}
    for one in found.values():
        for problem in _problems(one, found):
            raise _problem(one.slug, problem)
    return found


def entry(slug: str) -> Entry:
    """The entry of a label.

    Raises:
        ValueError: the slug is not a label of the taxonomy.
    """
    found = entries().get(slug)
    if found is None:
        raise ValueError(f"The atlas has no label {slug!r}.")
    return found


def summary(slug: str) -> str:
    """One sentence for a tooltip: what the label is."""
    return entry(slug).definition


def tell_apart(one: str, other: str) -> str:
    """The sentence that tells two labels apart, from either's entry; empty when neither has one."""
    for slug, opposite in ((one, other), (other, one)):
        for mimic in entry(slug).mimics:
            if mimic.label == opposite:
                return mimic.tell
    return ""


def _problem(slug: str, what: str) -> ValueError:
    return ValueError(f"{TABLE.name}: entry {slug!r} {what}.")


def _entry(label: taxonomy.Label, table: Any) -> Entry:
    if not isinstance(table, dict):
        raise _problem(label.slug, "is not a table")
    for key in table:
        if key not in KEYS:
            raise _problem(label.slug, f"has an unknown key {key!r}")
    texts = {key: _text(label.slug, table, key) for key in TEXTS}
    return Entry(
        slug=label.slug,
        name=label.name,
        **texts,
        signs=_strings(label.slug, table, "signs"),
        mimics=_mimics(label.slug, table.get("mimics")),
        box=_text(label.slug, table, "box") if label.mode == "draw" else "",
        compare=_text(label.slug, table, "compare") if "compare" in table else "",
        window=_window(label.slug, table),
        similar=_strings(label.slug, table, "similar"),
        measure=_choice(label.slug, table, "measure", SIZES),
        side=_text(label.slug, table, "side") if "side" in table else "",
        own=_strings(label.slug, table, "own") if "own" in table else (),
        sources=_strings(label.slug, table, "sources"),
        **_reviewed(label.slug, table),
    )


def _reviewed(slug: str, table: Mapping[str, Any]) -> dict[str, str]:
    """Who reviewed an entry and when: both or neither."""
    by, on = table.get("reviewed_by"), table.get("reviewed_on")
    if not isinstance(by, str) or not isinstance(on, str) or bool(by) != bool(on):
        raise _problem(slug, "is to have reviewed_by and reviewed_on, both filled or both empty")
    if on:
        try:
            date.fromisoformat(on)
        except ValueError:
            raise _problem(slug, f"has a reviewed_on that is no day: {on!r}") from None
    return {"reviewed_by": by, "reviewed_on": on}


def _text(slug: str, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _problem(slug, f"has no text for {key!r}")
    if value != " ".join(value.split()):
        raise _problem(slug, f"has stray white space in {key!r}")
    if len(value) > LONGEST:
        raise _problem(slug, f"has more than {LONGEST} characters in {key!r}")
    return value


def _strings(slug: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = table.get(key)
    if not isinstance(values, list) or not values:
        raise _problem(slug, f"has no list {key!r}")
    return tuple(_text(slug, {key: value}, key) for value in values)


def _window(slug: str, table: Mapping[str, Any]) -> Window:
    value = table.get("window", "default")
    if value not in WINDOWS:
        raise _problem(slug, f"has an unknown window {value!r}")
    return value


def _choice(slug: str, table: Mapping[str, Any], key: str, known: tuple[str, ...]) -> str:
    """One of `known`; the first where the key is absent."""
    value = table.get(key, known[0])
    if value not in known:
        raise _problem(slug, f"has an unknown {key} {value!r}")
    return str(value)


def _mimics(slug: str, values: Any) -> tuple[Mimic, ...]:
    if not isinstance(values, list) or not values:
        raise _problem(slug, "has no mimics")
    return tuple(_mimic(slug, value) for value in values)


def _mimic(slug: str, value: Any) -> Mimic:
    keys = set(value) - {"at"} if isinstance(value, dict) else set()
    if keys not in ({"name", "tell"}, {"label", "tell"}):
        raise _problem(slug, "has a mimic that is not a label or a name, with tell")
    at = _strings(slug, value, "at") if "at" in value else ()
    for spot in at:
        if spot not in SPOTS:
            raise _problem(slug, f"has a mimic at an unknown spot {spot!r}")
    if "name" in keys:
        return Mimic("", _text(slug, value, "name"), _text(slug, value, "tell"), at)
    label = _text(slug, value, "label")
    known = taxonomy.labels().get(label)
    if known is None or label == slug:
        raise _problem(slug, f"names {label!r} as a mimic")
    return Mimic(label, known.name, _text(slug, value, "tell"), at)


def _problems(one: Entry, known: Mapping[str, Entry]) -> Iterator[str]:
    """What is wrong with an entry, each as the end of a sentence."""
    if not 2 <= len(one.signs) <= 4:
        yield f"has {len(one.signs)} signs, not 2 to 4"
    yield from _miscounted(one)
    if one.look[-1] in ".!?" or SENTENCE_END.search(one.look) or one.look[0].isupper():
        yield "has a look that does not complete “Look for …”"
    tells = [mimic.tell for mimic in one.mimics]
    for text in (one.look, one.tip, one.box, one.compare, *tells):
        if SIDE_WORDS.search(text):
            yield f"names a side where a case of the other side would read it: {text!r}"
    yield from _unmatched(one, known)


def _miscounted(one: Entry) -> Iterator[str]:
    singles = [one.definition, one.tip, *one.signs, *(mimic.tell for mimic in one.mimics)]
    singles += [text for text in (one.box, one.compare) if text]
    counted = [(text, 1) for text in singles] + [(one.where, 2), (one.pitfalls, 3)]
    for text, most in counted:
        number = len(SENTENCE_END.findall(text))
        if text[-1] not in ".!?" or not 1 <= number <= most:
            yield f"is to have at most {most} whole sentence(s) here: {text!r}"


def _unmatched(one: Entry, known: Mapping[str, Entry]) -> Iterator[str]:
    named = [mimic.label for mimic in one.mimics if mimic.label]
    if len(set(named)) < len(named) or len(set(one.similar)) < len(one.similar):
        yield "names a look-alike twice"
    for slug in named:
        if slug not in one.similar:
            yield f"has the mimic {slug!r}, but not among the similar"
    for slug in one.similar:
        if slug not in known or slug == one.slug:
            yield f"names {slug!r} as similar"
        elif one.slug not in known[slug].similar:
            yield f"is similar to {slug!r}, but not the other way round"
