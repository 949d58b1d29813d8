"""A table of facts beside DICOM: findings, report, age, sex and indication of each study."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from cases.importers.base import Problem, SourceProblem
from cases.importers.studies.headings import FACTS, KEYS, Columns, by_headings
from cases.importers.studies.rows import Facts, facts_in, names_in
from cases.importers.tables import Row, Table, files_like, open_table, whole_table
from cases.importers.workbook import as_text, is_workbook

if TYPE_CHECKING:  # the pages that show a table read no DICOM
    from cases.importers.studies.headers import Instance


@dataclass
class Sheet:
    """The rows of a table by what they call their study."""

    path: Path | None = None
    problems: list[Problem] = field(default_factory=list)
    _rows: dict[tuple[str, str], Facts] = field(default_factory=dict)
    _where: dict[int, str] = field(default_factory=dict)
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

    def lost(self) -> Iterator[Problem]:
        """Each row whose study is not here."""
        for key, where in self._where.items():
            if key not in self._used:
                said = "Its study or picture is not among the files; the row was left out."
                yield Problem(where, said, "absent")

    def add(self, where: str, names: Iterable[tuple[str, str]], facts: Facts) -> None:
        known = [name for name in names if name in self._rows]
        if known:
            self.problems.append(
                Problem(where, "Its study has a row already; this one was left out.")
            )
            return
        for name in names:
            self._rows[name] = facts
        self._where[id(facts)] = where


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
    """The rows of one table, whose columns are known by their headings.

    Raises:
        SourceProblem: it cannot be read, or names no study.
    """
    with _as_text(path) as text:
        table = _opened(text)
        columns = by_headings(table.header)
        if not any(role in columns for role in KEYS):
            raise SourceProblem(
                f"{path.name} does not say which study a row is of: it needs a column "
                "StudyInstanceUID, AccessionNumber, PatientID or File."
            )
        return _sheet_of(path, table, columns)


def sheet_by(path: Path, columns: Columns, *, has_header: bool = True) -> Sheet:
    """The rows of one table, of whose columns a person said what they stand for.

    Raises:
        SourceProblem: it cannot be read.
    """
    with _as_text(path) as text:
        return _sheet_of(path, whole_table(text, has_header=has_header), columns)


def first_rows(path: Path, most: int) -> tuple[list[tuple[str, ...]], int]:
    """The first rows of a table that are not broken, its headings among them, and how many it has.

    Raises:
        SourceProblem: it cannot be read.
    """
    found: list[tuple[str, ...]] = []
    count = 0
    with _as_text(path) as text:
        for row in whole_table(text, has_header=False).rows(breaks=True):
            count += 1
            if len(found) < most and not row.is_broken:
                found.append(row.cells)
    return found, count


@contextmanager
def _as_text(path: Path) -> Iterator[Path]:
    text = as_text(path) if is_workbook(path) else path
    try:
        yield text
    except SourceProblem as problem:  # called as the person calls it
        raise SourceProblem(str(problem).replace(text.name, path.name)) from None
    finally:
        if text != path:
            text.unlink(missing_ok=True)


def _sheet_of(path: Path, table: Table, columns: Columns) -> Sheet:
    sheet = Sheet(path)
    for row in table.rows(breaks=True):
        _take(sheet, row, columns)
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


def _take(sheet: Sheet, row: Row, columns: Columns) -> None:
    where = f"the table, line {row.line}"  # it is stored, and a file's name may be a person's
    if row.is_broken:
        sheet.problems.append(Problem(where, "The row's quotes are broken; it was left out."))
        return
    names = names_in(row.cells, columns)
    if not names:
        sheet.problems.append(Problem(where, "The row names no study; it was left out."))
        return
    # By the surest name alone: of one patient's studies each has a row of its own.
    sheet.add(where, names[:1], facts_in(row.cells, columns, where))
