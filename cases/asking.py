"""Between an upload and its import: what its curator is asked, and what they answer.

The worker looks through the files and asks where a table lies beside them, or a study has several
series. Nothing is imported before the answer; it may come after a reload, or on another day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.datastructures import MultiValueDict

from cases import series, uploading
from cases.importers.asked import Answers, answers_of
from cases.importers.base import MOST_SERIES
from cases.importers.studies.headings import KEYS, NAMES, ROLES
from cases.importers.studies.rows import facts_in, names_in
from cases.importers.tables import column_name
from cases.models import Upload
from cases.uploading import Refused
from ml import taxonomy

NO_TABLE = "none"
"""What the page sends where no table is to be taken."""


@dataclass(frozen=True)
class ReadRow:
    """A row of a table as the import would read it."""

    line: int
    fits: bool
    """Whether it names a study or picture that came with the table."""
    said: tuple[str, ...]
    problems: tuple[str, ...]


def ask(upload: Upload, questions: Mapping[str, Any]) -> None:
    """Have the curator answer before anything is imported; another upload may go on meanwhile."""
    importing = Upload.objects.filter(pk=upload.pk, state=Upload.State.IMPORTING)
    importing.update(
        state=Upload.State.ASKING, questions=questions, touched_at=Now(), tries=0, beat_at=None
    )
    uploading.send_next()


def proposed(upload: Upload) -> Answers:
    """What the curator last had on the page, else what is guessed."""
    questions = upload.questions
    draft = answers_of(questions.get("draft"))
    if draft is not None:
        return draft
    tables = questions.get("tables", [])
    readable = [at for at, table in enumerate(tables) if not table.get("problem")]
    if not readable:
        return Answers(series=_taken(questions))
    first = tables[readable[0]]
    return Answers(readable[0], first["columns"], first["has_header"], _taken(questions))


def _taken(questions: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    return {one["study"]: one["taken"] for one in questions.get("studies", [])}


def propose_kept(questions: dict[str, Any], kept: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The questions with what a curator chose of a study before, as far as it is there."""
    for one in questions.get("studies", []):
        there = {each["key"] for each in one["series"]}
        one["taken"] = [key for key in kept.get(one["study"], ()) if key in there] or one["taken"]
    return questions


def read_answers(upload: Upload, sent: MultiValueDict[str, str]) -> Answers:
    """What the page sent, which may still be impossible (`check`)."""
    questions = upload.questions
    tables = questions.get("tables", [])
    number = sent.get("table", "")
    at = next((at for at in range(len(tables)) if number == str(at)), None)
    columns: dict[str, int] = {}
    if at is not None and not tables[at].get("problem"):
        for column in range(tables[at]["width"]):
            role = sent.get(f"column-{at}-{column}", "")
            if role in ROLES and role not in columns:
                columns[role] = column
    chosen = {
        one["study"]: series.in_order(
            (sent.get(f"series-{number}-{at}", ""), each["key"])
            for at, each in enumerate(one["series"])
        )
        for number, one in enumerate(questions.get("studies", []))
    }
    return Answers(at, columns, f"plain-{at}" not in sent, chosen)


def check(upload: Upload, answers: Answers, sent: MultiValueDict[str, str]) -> None:
    """That the upload can be imported by these answers.

    Raises:
        Refused: it cannot; says what to change.
    """
    at = answers.table
    if at is None and upload.questions.get("tables") and sent.get("table") != NO_TABLE:
        raise Refused("Choose one of the tables, or to go on without a table.")
    if at is not None:
        table = upload.questions["tables"][at]
        if table.get("problem"):
            raise Refused(f"{table['problem']} Or choose to go on without a table.")
        roles = [sent.get(f"column-{at}-{column}", "") for column in range(table["width"])]
        twice = next((role for role in ROLES if roles.count(role) > 1), None)
        if twice:
            raise Refused(f"Two columns are said to be “{NAMES[twice]}”: choose one of them.")
        if not any(role in KEYS for role in answers.columns):
            raise Refused(
                "Say which column tells the study or picture that a row is of: a study's UID, an "
                "accession number, a patient's number or a file's name. Or go on without the table."
            )
        if all(role in KEYS for role in answers.columns):
            raise Refused("Say what at least one other column of the table holds.")
    for study in upload.questions.get("studies", []):
        keys = answers.series.get(study["study"], ())
        if not keys:
            raise Refused(f"Choose at least one series of {study['called']}.")
        if len(keys) > MOST_SERIES:
            raise Refused(f"At most {MOST_SERIES} series of {study['called']} can be shown.")


def keep_draft(upload: Upload, answers: Answers) -> None:
    """Keep what the page shows, so that a reload shows the same."""
    with transaction.atomic():
        found = Upload.objects.select_for_update().filter(pk=upload.pk, state=Upload.State.ASKING)
        for one in found:
            one.questions["draft"] = answers.as_json()
            one.save(update_fields=["questions"])


def answer(upload: Upload, answers: Answers) -> None:
    """Have the upload imported by these answers; again changes nothing."""
    said = answers.as_json()
    usual = _taken(upload.questions)
    # What nobody changed stays as the import, or a column of the table, would have it.
    said["series"] = {
        study: keys for study, keys in said["series"].items() if keys != list(usual[study])
    }
    asking = Upload.objects.filter(pk=upload.pk, state=Upload.State.ASKING)
    with transaction.atomic():
        if asking.update(answers=said, questions={}):
            uploading.queue(upload, Upload.State.ASKING)


def columns_of(table: Mapping[str, Any], answers: Answers | None) -> list[dict[str, Any]]:
    """The columns of a table as a page shows them, each with what it stands for."""
    columns = answers.columns if answers else table["columns"]
    roles = {at: role for role, at in columns.items()}
    has_header = answers.has_header if answers else table["has_header"]
    names = table["rows"][0] if has_header and table["rows"] else ()
    return [
        {
            "at": at,
            "name": names[at] if at < len(names) and names[at] else column_name(at),
            "role": roles.get(at, ""),
        }
        for at in range(table["width"])
    ]


def rows_read(upload: Upload, answers: Answers) -> list[ReadRow]:
    """The first rows of the chosen table as the import would read them."""
    if answers.table is None:
        return []
    table = upload.questions["tables"][answers.table]
    found = []
    for line, (cells, matches) in enumerate(
        zip(table.get("rows", ()), table.get("matches", ()), strict=True), start=1
    ):
        if answers.has_header and line == 1:
            continue
        names = names_in(cells, answers.columns)
        surest = f"{names[0][0]} {answers.columns[names[0][0]]}" if names else ""
        found.append(_read_row(line, cells, answers.columns, surest in matches))
    return found


def _read_row(line: int, cells: Sequence[str], columns: Mapping[str, int], fits: bool) -> ReadRow:
    facts = facts_in(cells, columns, "")
    said = []
    if facts.findings is not None:
        named = [
            f"{one.side} {taxonomy.labels()[one.label].name.lower()}".strip()
            if one.label
            else f"“{one.source_label}” (not a label: to map later)"
            for one in facts.findings
        ]
        said.append("; ".join(named) or "normal")
    if facts.age is not None:
        said.append(f"{facts.age} years")
    said += [word for word in (facts.sex,) if word]
    said += [f"report: {shortened(one.findings or one.impression)}" for one in facts.reports]
    if facts.indication:
        said.append(f"indication: {shortened(facts.indication)}")
    if facts.series:
        said.append(f"series {', '.join(map(str, facts.series))}")
    return ReadRow(line, fits, tuple(said), tuple(one.sentence for one in facts.problems))


def shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
