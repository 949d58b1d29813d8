"""One row of a table of facts: what it says of its study, and what of it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from cases.importers.base import (
    MOST_SERIES,
    ImportedFinding,
    ImportedReport,
    Problem,
    age_of,
    cleaned,
    sex_of,
)
from cases.importers.studies.headings import KEYS, Columns, digest, key_of
from cases.importers.vocabulary import folded, own_words
from cases.telling import told_in
from ml import synonyms, taxonomy

SIDES = {"left": "left", "right": "right", "bilateral": "bilateral", "both": "bilateral"}
NORMAL = ("normal", "no finding", "no abnormality", "none")
LONGEST_LABEL = 80
"""Letters of a cell that may be the name of a finding."""


@dataclass(frozen=True)
class Facts:
    """What the sheet says of one study."""

    findings: tuple[ImportedFinding, ...] | None = None
    """None where the sheet has no such column, or the cell is empty; () of a normal study. One that
    is no label of the game has its name in `source_label` only."""
    reports: tuple[ImportedReport, ...] = ()
    age: int | None = None
    sex: str = ""
    indication: str = ""
    series: tuple[int, ...] = ()
    """Numbers of the series to take, the first one first."""
    problems: tuple[Problem, ...] = ()


def names_in(cells: Sequence[str], columns: Columns) -> list[tuple[str, str]]:
    """What a row calls its study by, the surest first: the key and, of all but files, a digest."""
    said = [(key, key_of(key, cell_of(cells, columns, key))) for key in KEYS if key in columns]
    return [(key, name if key == "file" else digest(name)) for key, name in said if name]


def cell_of(cells: Sequence[str], columns: Columns, role: str) -> str:
    at = columns.get(role)
    return cleaned(cells[at]) if at is not None and at < len(cells) else ""


def facts_in(cells: Sequence[str], columns: Columns, where: str) -> Facts:
    """What a row says; each cell that says nothing readable is among its problems."""

    def cell(role: str) -> str:
        return cell_of(cells, columns, role)

    findings, problems = _findings(cell("findings"), where)
    report = ImportedReport(cell("language") or "en", cell("report"), cell("impression"))
    numbers = re.findall(r"[0-9]+", cell("series"))
    series = tuple(dict.fromkeys(int(number) for number in numbers if len(number) < 10))
    facts = Facts(
        findings=findings,
        reports=(report,) if report.findings or report.impression else (),
        age=age_of(cell("age")),
        sex=sex_of(cell("sex")),
        indication=cell("indication"),
        series=series[:MOST_SERIES],
    )
    unread = {"age": facts.age is None, "sex": not facts.sex, "series": not facts.series}
    names = [name for name, is_unread in unread.items() if cell(name) and is_unread]
    if names:
        said = f"Its {' and '.join(names)} cannot be read; left out."
        problems.append(Problem(where, said))
    if len(problems) > 1:  # one sentence a row
        problems = [Problem(where, " ".join(one.sentence for one in problems))]
    return replace(facts, problems=tuple(problems))


def _findings(text: str, where: str) -> tuple[tuple[ImportedFinding, ...] | None, list[Problem]]:
    """``Left pleural effusion; nodule``: labels by slug, name or synonym, and a side if any."""
    parts = [part.strip() for part in text.replace("|", ";").split(";") if part.strip()]
    if not parts:
        return None, []
    found: dict[str, ImportedFinding] = {}
    problems = []
    normal = [part for part in parts if part.casefold() in NORMAL]
    for part in parts:
        if part in normal:
            continue
        words = part.casefold().replace(",", " ").replace("(", " ").replace(")", " ").split()
        sides = [SIDES[word] for word in words if word in SIDES]
        without_side = " ".join(word for word in words if word not in SIDES)
        label = _label_called(part.casefold()) or _label_called(without_side)
        if label is None:
            # A cell of the wrong column may name a person: only what may be a label is kept.
            if len(part) <= LONGEST_LABEL and not told_in(part):
                found.setdefault(part.casefold(), ImportedFinding("", source_label=part))
            said = "One of its findings is no label of the game, nor a word for one."
            problems.append(Problem(where, said))
        elif label not in found:
            side = sides[0] if len(set(sides)) == 1 else "bilateral" if sides else ""
            found[label] = ImportedFinding(label, source_label=part, side=side)
    if normal and found:
        problems.append(Problem(where, "It says normal and names findings at once."))
    return (tuple(found.values()) if found or normal else None), list(dict.fromkeys(problems))


def _label_called(name: str) -> str | None:
    """The label that a name in small letters stands for, in the game or in any known data set."""
    return _names().get(name) or own_words().get(folded(name)) or None


@cache
def _names() -> Mapping[str, str]:
    """Slugs, names and synonyms, case folded → slug; what stands for two labels is none's."""
    found: dict[str, set[str]] = {}
    for slug, label in taxonomy.labels().items():
        for name in (slug, label.name, *synonyms.words()[slug].synonyms):
            found.setdefault(name.casefold(), set()).add(slug)
    own = set(taxonomy.labels())
    return {
        name: name if name in own else next(iter(slugs))
        for name, slugs in found.items()
        if name in own or len(slugs) == 1
    }
