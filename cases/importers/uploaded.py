"""What a browser uploads: DICOM, PNG and JPEG, loose or in ZIPs, with a table or annotations; or
a pack.

Each DICOM study is a case, as of the format `dicom`, and each other picture one of its own. What is
stored of a case holds no file's name, since that may be a person's; what is told to who uploaded
it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cases.imaging import ImageProblem, Source, digest_of, raster
from cases.importers.annotated import cases_of_document, cases_of_pack, document_kind, is_pack
from cases.importers.asked import (
    MOST_TABLES,
    TOO_MANY_TABLES,
    Answers,
    studies_asked,
    table_question,
)
from cases.importers.base import (
    UNTOLD,
    ImportedCase,
    ImportedImage,
    Item,
    Problem,
    SourceProblem,
    told,
)
from cases.importers.dicom import cases_of, stacks_by_study
from cases.importers.studies.archive import Unpacked
from cases.importers.studies.headers import NO_STUDY, TRUTHS, Instance, instance_of
from cases.importers.studies.rows import Facts
from cases.importers.studies.sheet import Sheet, names_of, names_of_file, sheet_by, sheet_of
from cases.importers.workbook import is_workbook

HEAD = 132
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OFFICE = "[Content_Types].xml"
TABLES = (".csv", ".tsv", ".xlsx")
OTHERS = {
    b"%PDF": "It is a PDF: export its pictures as PNG",
    b"GIF8": "It is a GIF: save it as PNG",
    b"BM": "It is a BMP: save it as PNG",
    b"RIFF": "It is a WebP picture or a film: save it as PNG",
    b"Rar!": "It is a RAR archive: pack it as ZIP",
    b"7z\xbc\xaf": "It is a 7z archive: pack it as ZIP",
    b"\x1f\x8b": "It is a gzip archive: pack it as ZIP",
}
"""How files begin that are known and not taken, and what to do."""
UNKNOWN = "It is neither DICOM nor PNG or JPEG"


@dataclass
class _Sorted:
    """The files of an upload by what they are."""

    instances: list[Instance] = field(default_factory=list)
    by_kind: dict[str, list[Path]] = field(
        default_factory=lambda: {kind: [] for kind in ("table", "picture", "document", "pack")}
    )
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Uploaded:
    """The files of one upload and what each was called when it was chosen."""

    files: Mapping[Path, str]
    unpack_into: Path
    """A folder of its own, for the members of ZIPs; who made it removes it."""
    most: int
    """Bytes that all ZIPs together may take unpacked."""
    answers: Answers | None = None
    """What its curator answered to `questions`; None where nobody was asked."""
    names_of: dict[str, str] = field(default_factory=dict)
    """What the files of a case are called, by the key of the case."""
    _names: dict[Path, str] = field(default_factory=dict)
    _found: _Sorted | None = None

    def read(self) -> Iterator[Item]:
        """A case for each study and each picture; a line for each file that is left out."""
        found = self._sorted_out()
        yield from found.problems
        for path in found.by_kind["pack"]:
            yield from self._pack(path, self._names[path])
        sheet = yield from self._sheet(found.by_kind["table"])
        marked: set[Path] = set()
        shared = _shared([*found.by_kind["picture"], *(one.path for one in found.instances)])
        for number, document in enumerate(found.by_kind["document"]):
            for item in self._marked(document, number, marked):
                yield (
                    self._with_row(item, sheet, shared) if isinstance(item, ImportedCase) else item
                )
        studies = [one for one in found.instances if one.path not in marked]
        yield from self._studies(studies, sheet)
        yield from self._pictures(
            [one for one in found.by_kind["picture"] if one not in marked], sheet
        )
        yield from sheet.lost()

    def questions(self) -> dict[str, Any]:
        """What to ask whoever uploaded them before they are read; empty where all is clear."""
        found = self._sorted_out()
        if not (found.instances or found.by_kind["picture"]):
            return {}
        known = {name for one in found.instances for name in names_of(one)}
        known |= {name for path in found.by_kind["picture"] for name in names_of_file(path.name)}
        studies = [
            {
                "study": study,
                "called": self._names[named[0][0].first.path],
                "series": [
                    {"key": one.key, "told": one.told, "called": stack.first.described}
                    for stack, one in named
                ],
                "taken": [named[0][1].key],
            }
            for study, named in stacks_by_study(found.instances)
        ]
        tables = [
            table_question(path, self._names[path], known)
            if number < MOST_TABLES
            else {"name": self._names[path], "problem": TOO_MANY_TABLES}
            for number, path in enumerate(found.by_kind["table"])
        ]
        if not (tables or studies):
            return {}
        count = len(studies)
        return {"tables": tables, "studies": studies_asked(studies), "studies_in_all": count}

    def _sorted_out(self) -> _Sorted:
        """The files by what they are, found once."""
        if self._found is None:
            self._found = found = _Sorted()
            for path, name in self._every():
                if isinstance(name, Problem):
                    found.problems.append(name)
                    continue
                self._names[path] = name
                kind = _kind(path)
                if isinstance(kind, Instance):
                    found.instances.append(kind)
                elif kind in found.by_kind:
                    found.by_kind[kind].append(path)
                elif kind:
                    said = f"{kind}; it was left out."
                    found.problems.append(Problem(name, said, "case"))
        return self._found

    def _pack(self, path: Path, name: str) -> Iterator[Item]:
        if len(self.files) > 1:
            said = "It is a pack, whose terms are its own: upload it alone; it was left out."
            yield Problem(name, said, "case")
            return
        for item in cases_of_pack(path, name):
            if isinstance(item, ImportedCase):
                self.names_of[item.key] = item.key
            yield item

    def _marked(self, document: Path, number: int, marked: set[Path]) -> Iterator[Item]:
        """The cases of an annotation file; the files that they are of come to `marked`."""
        folder = self.unpack_into / f"marked-{number}"
        named = {(one.stat().st_dev, one.stat().st_ino): one for one in self._names}
        for item in cases_of_document(document, self._names, folder):
            if isinstance(item, ImportedCase):
                for path in (path for image in item.images for path in image.source.paths):
                    own = named[path.stat().st_dev, path.stat().st_ino]
                    marked.add(own)
                    self.names_of[item.key] = self._names[own]
            yield item

    def _with_row(
        self, case: ImportedCase, sheet: Sheet, shared: Container[tuple[str, str]]
    ) -> ImportedCase:
        """A case of an annotation file with what the table says beside its marks."""
        facts = sheet.facts_of_file(Path(self.names_of[case.key]).name, shared)
        if facts is None:
            return case
        return replace(
            case,
            age=facts.age if case.age is None else case.age,
            sex=case.sex or facts.sex,
            indication=case.indication or facts.indication,
            reports=case.reports or facts.reports,
            problems=(*case.problems, *facts.problems),
        )

    def named(self, problems: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        """Lines of `where` and sentence with the names that files were chosen under."""
        known = dict(self.names_of)
        known |= {f"study {key[:8]}": name for key, name in self.names_of.items()}
        return [
            {"name": known.get(where.partition(", image ")[0], where), "sentence": sentence}
            for where, sentence in problems
        ]

    def _every(self) -> Iterator[tuple[Path, str | Problem]]:
        """Each file with its name, the members of archives in their place."""
        for number, (path, name) in enumerate(self.files.items()):
            if _head(path).startswith(ZIP) and not (is_workbook(path) or is_pack(path)):
                yield from self._members(path, name, number)
            else:
                yield path, name

    def _members(self, path: Path, name: str, number: int) -> Iterator[tuple[Path, str | Problem]]:
        try:
            unpacked = Unpacked(path, self.unpack_into / str(number), most=self.most)
        except SourceProblem as problem:
            yield path, Problem(name, str(problem), "case")
            return
        members = unpacked.names
        self.most -= sum(one.stat().st_size for one in members)
        if OFFICE in members.values():
            said = "It is an office document: export what it holds; it was left out."
            yield path, Problem(name, said, "case")
            return
        if not members and not unpacked.refused:
            yield path, Problem(name, "The ZIP is empty.", "case")
        for _, member, why in unpacked.refused:
            yield path, Problem(told(f"{name}/{member}"), why, "case")
        for one, member in members.items():
            if one.name.startswith(".") or "__MACOSX" in member.split("/"):
                continue
            if _head(one).startswith(ZIP) and not is_workbook(one):
                said = "It is a ZIP inside a ZIP: unpack it first; it was left out."
                yield one, Problem(told(f"{name}/{member}"), said, "case")
            else:
                yield one, told(f"{name}/{member}")

    def _sheet(self, tables: list[Path]) -> Generator[Problem, None, Sheet]:
        """The table that speaks of the cases: the one that was chosen, or the only one there is."""
        answers = self.answers
        if answers and (answers.table is None or answers.table >= len(tables)):
            return Sheet()
        if not answers and len(tables) > 1:
            names = ", ".join(self._names[path] for path in tables[:3])
            said = "Several tables came at once, and none was taken: leave the one of the studies."
            yield Problem(names, said)
        elif tables:
            path = tables[(answers.table or 0) if answers else 0]
            try:
                if answers:
                    sheet = sheet_by(path, answers.columns, has_header=answers.has_header)
                else:
                    sheet = sheet_of(path)
            except SourceProblem as problem:
                yield Problem(self._names[path], str(problem), "case")
            else:
                yield from sheet.problems
                return sheet
        return Sheet()

    def _studies(self, found: list[Instance], sheet: Sheet) -> Iterator[Item]:
        if found and all(one.modality in TRUTHS for one in found):
            said = "It says something of images that are not among the files; it was left out."
            yield from (Problem(self._names[one.path], said, "case") for one in found)
            return
        for item in cases_of(found, sheet):
            if isinstance(item, ImportedCase):
                self.names_of[item.key] = self._called(item)
            yield item

    def _called(self, case: ImportedCase) -> str:
        images = [image for image in case.images if not image.is_spare]
        paths = [path for image in images for path in image.source.paths]
        first = self._names[paths[0]]
        return first if len(paths) == 1 else f"{first} and {len(paths) - 1:,} more"

    def _pictures(self, pictures: list[Path], sheet: Sheet) -> Iterator[Item]:
        there: dict[str, str] = {}
        taken: dict[Path, str] = {}
        for path in pictures:
            name = self._names[path]
            try:
                key = f"film-{digest_of([path])[:24]}"
            except ImageProblem as problem:
                yield Problem(name, problem.sentence, "case")
                continue
            if key in there:
                said = f"It is the same picture as {there[key]}; one was taken."
                yield Problem(name, said, "case")
                continue
            there[key] = self.names_of[key] = name
            taken[path] = key
        shared = _shared(taken)
        for path, key in taken.items():
            facts = sheet.facts_of_file(path.name, shared)
            if facts is None and sheet.facts_of_file(path.name):
                said = "A row of the table fits several pictures: it was taken for none of them."
                facts = Facts(problems=(Problem(key, said),))
            yield _case_of(path, key, facts)


def _shared(paths: Iterable[Path]) -> set[tuple[str, str]]:
    """The names by which a row may mean several of these files."""
    called = Counter(one for path in paths for one in names_of_file(path.name))
    return {one for one, count in called.items() if count > 1}


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD)


def _kind(path: Path) -> Instance | str:
    """What a file is: an instance, ``picture``, ``table``, ``document``, ``pack``, or why none.

    Empty for what is left out without a word.
    """
    head = _head(path)
    if not head:
        return "It is empty"
    if path.name.upper() in NO_STUDY:
        return ""
    if raster.is_known(head):
        return "picture"
    if head.startswith(ZIP):
        return "table" if is_workbook(path) else "pack"
    if document_kind(path):
        return "document"
    found = instance_of(path)
    if isinstance(found, Instance):
        return found
    if found == "damaged":
        return "Its DICOM header is damaged: copy it again"
    if found:
        return f"It is {found}, which holds no image"
    if path.suffix.lower() in TABLES:
        return "table"
    return next((said for start, said in OTHERS.items() if head.startswith(start)), UNKNOWN)


def _case_of(path: Path, key: str, facts: Facts | None) -> ImportedCase:
    known = facts or Facts()
    problems = list(known.problems)
    if known.findings is None and not known.reports:
        problems.append(Problem(key, UNTOLD))
    return ImportedCase(
        key=key,
        images=(ImportedImage(key, Source((path,), look_for_text=True)),),
        findings=known.findings or (),
        reports=known.reports,
        age=known.age,
        sex=known.sex,
        indication=known.indication,
        problems=tuple(problems),
        knows_findings=known.findings is not None,
    )
