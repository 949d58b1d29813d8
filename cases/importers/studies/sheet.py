"""A table of facts beside DICOM: findings, report, age, sex and indication of each study."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath

from cases.importers.base import (
    ImportedFinding,
    ImportedReport,
    Problem,
    SourceProblem,
    age_of,
    cleaned,
    sex_of,
)
from cases.importers.studies.headers import Instance, digest
from cases.importers.tables import Row, Table, files_like, open_table
from cases.importers.workbook import as_text, is_workbook
from ml import synonyms, taxonomy

KEYS = {
    "study": ("studyinstanceuid", "study instance uid", "study uid", "study"),
    "accession": ("accessionnumber", "accession number", "accession"),
    "patient": ("patientid", "patient id", "patient"),
    "file": ("file", "filename", "file name", "image"),
}
"""Columns by which a row is told from others, the surest first."""
FACTS = {
    "findings": ("findings", "labels", "diagnosis", "diagnoses"),
    "report": ("report", "report text", "findings text"),
    "impression": ("impression", "conclusion"),
    "language": ("language",),
    "age": ("age", "patient age"),
    "sex": ("sex", "gender"),
    "indication": ("indication", "history", "clinical history"),
    "series": ("series", "series number"),
}
SIDES = {"left": "left", "right": "right", "bilateral": "bilateral", "both": "bilateral"}
NORMAL = ("normal", "no finding", "no abnormality", "none")


@dataclass(frozen=True)
class Facts:
    """What the sheet says of one study."""

    findings: tuple[ImportedFinding, ...] | None = None
    """None where the sheet has no such column, or the cell is empty; () of a normal study."""
    reports: tuple[ImportedReport, ...] = ()
    age: int | None = None
    sex: str = ""
    indication: str = ""
    series: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass
class Sheet:
    """The rows of a table by what they call their study."""

    path: Path | None = None
    problems: list[Problem] = field(default_factory=list)
    _rows: dict[tuple[str, str], Facts] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    def facts_of(
        self, study: Iterable[Instance], shared: Container[tuple[str, str]] = ()
    ) -> Facts | None:
        """The row of a study, by the surest name that it goes by; None where there is none.

        `shared` are names that several studies have, so that none of them is meant for sure.
        """
        every = [names_of(one) for one in study]
        ranked = sorted(((at, name) for names in every for at, name in enumerate(names)))
        return self.facts_called(name for _, name in ranked if name not in shared)

    def facts_of_file(self, name: str, shared: Container[tuple[str, str]] = ()) -> Facts | None:
        """The row of a picture that is no DICOM, by its name with or without the suffix; by none
        of those that are `shared` by several pictures.
        """
        return self.facts_called(one for one in names_of_file(name) if one not in shared)

    def facts_called(self, names: Iterable[tuple[str, str]]) -> Facts | None:
        """The row of the first of these names that has one."""
        for name in names:
            facts = self._rows.get(name)
            if facts is not None:
                self._used.add(id(facts))
                return facts
        return None

    def unused(self) -> int:
        """Rows whose study is not here."""
        return len({id(facts) for facts in self._rows.values()} - self._used)

    def add(self, where: str, names: Iterable[tuple[str, str]], facts: Facts) -> None:
        known = [name for name in names if name in self._rows]
        if known:
            self.problems.append(
                Problem(where, "Its study has a row already; this one was left out.")
            )
            return
        for name in names:
            self._rows[name] = facts


def names_of(one: Instance) -> tuple[tuple[str, str], ...]:
    """What a row may call a file's study by, the surest first."""
    return (
        ("file", one.path.name.casefold()),
        ("file", one.path.stem.casefold()),
        *one.names,
    )


def names_of_file(name: str) -> tuple[tuple[str, str], ...]:
    """What a row may call a picture by."""
    path = PurePath(name.casefold())
    return tuple(dict.fromkeys((("file", path.name), ("file", path.stem))))


def sheet_beside(folder: Path) -> Sheet:
    """The one table of a folder; an empty sheet where there is none.

    Raises:
        SourceProblem: there are several, or the only one names no study.
    """
    found = [path for kind in ("csv", "tsv", "xlsx") for path in files_like(folder, f"*.{kind}")]
    if not found:
        return Sheet()
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise SourceProblem(f"{folder} holds {names}: leave the one that speaks of its studies.")
    return sheet_of(found[0])


def sheet_of(path: Path) -> Sheet:
    """The rows of one table.

    Raises:
        SourceProblem: it cannot be read, or names no study.
    """
    text = as_text(path) if is_workbook(path) else path
    try:
        return _sheet_of(path, text)
    finally:
        if text != path:
            text.unlink(missing_ok=True)


def _sheet_of(path: Path, text: Path) -> Sheet:
    table = _opened(text)
    columns = {
        role: at
        for role, words in {**KEYS, **FACTS}.items()
        for at, name in enumerate(table.header)
        if name in words
    }
    keys = [role for role in KEYS if role in columns]
    if not keys:
        raise SourceProblem(
            f"{path.name} does not say which study a row is of: it needs a column "
            "StudyInstanceUID, AccessionNumber, PatientID or File."
        )
    sheet = Sheet(path)
    for row in table.rows(breaks=True):
        _take(sheet, table, row, columns, keys)
    return sheet


def _opened(path: Path) -> Table:
    """The table by the first of its columns that is known."""
    best: Table | None = None
    for words in {**KEYS, **FACTS}.values():
        for word in words:
            try:
                table = open_table(path, word)
            except SourceProblem:
                continue
            if best is None or table.skipped < best.skipped:
                best = table
    return best or open_table(path, KEYS["study"][0])  # which says what is wrong


def _take(
    sheet: Sheet, table: Table, row: Row, columns: Mapping[str, int], keys: list[str]
) -> None:
    where = f"the table, line {row.line}"  # it is stored, and a file's name may be a person's
    if row.is_broken:
        sheet.problems.append(Problem(where, "The row's quotes are broken; it was left out."))
        return

    def cell(role: str) -> str:
        at = columns.get(role)
        return cleaned(row.cells[at]) if at is not None and at < len(row.cells) else ""

    names = [
        ("file", cell(key).casefold()) if key == "file" else (key, digest(cell(key)))
        for key in keys
        if cell(key)
    ]
    if not names:
        sheet.problems.append(Problem(where, "The row names no study; it was left out."))
        return
    findings, problems = _findings(cell("findings"), where)
    report = ImportedReport(cell("language") or "en", cell("report"), cell("impression"))
    facts = Facts(
        findings=findings,
        reports=(report,) if report.findings or report.impression else (),
        age=age_of(cell("age")),
        sex=sex_of(cell("sex")),
        indication=cell("indication"),
        series=int(cell("series")) if re.fullmatch(r"[0-9]{1,9}", cell("series")) else None,
        problems=tuple(problems),
    )
    # By the surest name alone: of one patient's studies each has a row of its own.
    sheet.add(where, names[:1], facts)


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
        label = _names().get(part.casefold()) or _names().get(
            " ".join(word for word in words if word not in SIDES)
        )
        if label is None:
            said = "One of its findings is no label of the game, nor a word for one; left out."
            problems.append(Problem(where, said))
        elif label not in found:
            side = sides[0] if len(set(sides)) == 1 else "bilateral" if sides else ""
            found[label] = ImportedFinding(label, source_label=part, side=side)
    if normal and found:
        problems.append(Problem(where, "It says normal and names findings at once."))
    return (tuple(found.values()) if found or normal else None), problems


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
