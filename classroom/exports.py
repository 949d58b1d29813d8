"""What an instructor takes along: attempts, outcomes and marks of a class, a row each, as read.

Rows are read by ranges of keys and written one after the other, so that memory does not grow with
their number: of an attempt only its key is held, in eight bytes. XLSX is written by XlsxWriter in
its mode of constant memory, into a file that goes on disk; CSV is streamed.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, groupby
from operator import itemgetter
from typing import IO, Any

import numpy as np
from django.db.models import F, QuerySet

from attempts.games import kinds
from attempts.models import Attempt, Outcome, Result
from attempts.queries import counted_results
from classroom.access import members, visible_attempts
from classroom.models import Cohort
from learning.past import name_of
from localize.scoring import KIND as LOCALIZE
from localize.timing import TIMES, times_of

CHUNK = 4000
"""Attempts read at a time."""
BLOCK = 1000
"""Rows written at a time."""
KEYS = 10_000
"""Keys fetched at a time."""
MOST_LINES = 1_048_576
"""Of a sheet of a workbook."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True)
class Column:
    name: str
    meaning: str


WHO = (
    Column("class", "Name of the class"),
    Column("learner", "Name of the learner, or the code in a pseudonymous class"),
    Column("training", "Stage of training as the class has it; empty: not said"),
    Column("simulated", "1: the learners of this class are simulated; 0: real"),
)
ATTEMPTS = (
    *WHO,
    Column("attempt", "Identity of the attempt"),
    Column("case", "Public identity of the case"),
    Column("case_key", "The data set's own name of the study"),
    Column("game", "localize or report"),
    Column("mode", "practice, second_look, guided, sprint or test"),
    Column("assignment", "Title of the class's assignment it was played for; empty: none"),
    Column("submitted_at", "When it was submitted, UTC, ISO 8601"),
    Column(
        "elapsed_ms",
        "Milliseconds from opening to submitting, as the browser counted; empty: not known",
    ),
    Column("truth_seen", "1: the learner knew the film's truth before; 0: not"),
    Column("round", "2: a second look was given; 1: not"),
    Column("rule", "Scoring rule or report engine of the score"),
    Column("rule_version", "Its version"),
    Column("score", "0 to 100"),
    Column("counts", "1: the score enters figures; 0: not"),
)
OUTCOMES = (
    *WHO,
    Column("attempt", "Identity of the attempt: joins with the attempts"),
    Column("case", "Public identity of the case"),
    Column("rule", "Scoring rule or report engine"),
    Column("rule_version", "Its version"),
    Column("counts", "1: the score enters figures; 0: not"),
    Column("about", "truth: a finding of the case; mark: a claim; case: the film called normal"),
    Column("label", "Label of the taxonomy"),
    Column("label_name", "The same in words"),
    Column("outcome", "hit, missed, poorly_located, wrong_label, misdescribed, false or duplicate"),
    Column("iou", "Overlap (intersection over union) with the box it was compared with, 0 to 1"),
    Column("confidence", "How sure the learner was, 1 to 5; empty: not said"),
    Column("aided", "1: a hint had led to it; 0: not"),
)
MARKS = (
    *WHO,
    Column("attempt", "Identity of the attempt: joins with the attempts"),
    Column("case", "Public identity of the case"),
    Column("rule", "Scoring rule"),
    Column("rule_version", "Its version"),
    Column("counts", "1: the score enters figures; 0: not, as that of a second look"),
    Column("image", "Public identity of the image it was drawn on"),
    Column("label", "Label of the taxonomy"),
    Column("label_name", "The same in words"),
    Column("outcome", "hit, poorly_located, wrong_label, false or duplicate, under this rule"),
    Column("mark", "Number of the mark in the answer, from 1"),
    Column("frame", "Of a stack the slice, from 0; of a film 0"),
    Column("x0", "Left edge of its box as a fraction of the image's width, 0 to 1"),
    Column("y0", "Upper edge as a fraction of the height"),
    Column("x1", "Right edge"),
    Column("y1", "Lower edge"),
    Column("confidence", "How sure the learner was, 1 to 5; empty: not said"),
    Column("drawn_ms", "Milliseconds from opening the case to drawing it; empty: not known"),
    Column(
        "changed_ms", "The same of the last change of place or label; empty: none, or not known"
    ),
)
TABLES = {"attempts": ATTEMPTS, "outcomes": OUTCOMES, "marks": MARKS}
Row = list[Any]


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers.

    As OWASP advises against CSV injection: a text with such a beginning gets an apostrophe.
    """
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell


def rows(cohort: Cohort, table: str) -> Iterator[Row]:
    """The rows of a table, without its head, attempt by attempt in the order they were opened."""
    for head, tails in _read(cohort, table):
        for words, numbers in tails:
            yield [*head, *words, *numbers]


Tail = tuple[tuple[str, ...], tuple[float | None, ...]]
"""How a row goes on and ends: words that come again and again, then numbers."""
Rows = tuple[Row, list[Tail]]
"""Rows that begin alike: with what, and how each goes on."""


def _read(cohort: Cohort, table: str) -> Iterator[Rows]:
    who = {
        one.user_id: [
            *map(harmless, (cohort.name, one.name, one.training)),
            int(cohort.is_simulated),
        ]
        for one in members(cohort)
    }
    read: dict[str, Callable[[list[int], Mapping[int, Row]], Iterator[Rows]]] = {
        "attempts": partial(_attempts, cohort),
        "outcomes": _outcomes,
        "marks": _marks,
    }
    for chunk in _chunks(
        visible_attempts(cohort).filter(state=Attempt.State.SCORED, kind__in=kinds())
    ):
        yield from read[table](chunk, who)


def _chunks(found: QuerySet[Attempt]) -> Iterator[list[int]]:
    """Keys of attempts in pieces: no cursor stays open while a slow reader takes them, and which
    may be seen is asked once.
    """
    keys = found.order_by("pk").values_list("pk", flat=True).iterator(KEYS)
    every = np.fromiter(keys, dtype=np.int64)
    for first in range(0, len(every), CHUNK):
        yield every[first : first + CHUNK].tolist()


def _between(keys: list[int], name: str) -> dict[str, int]:
    """A filter for what is from the first to the last of these: a list of all is slow to ask for.

    Others may lie between.
    """
    return {f"{name}__gte": keys[0], f"{name}__lte": keys[-1]}


def _attempts(cohort: Cohort, keys: list[int], who: Mapping[int, Row]) -> Iterator[Rows]:
    titles = dict(cohort.assignments.values_list("pk", "title"))
    fields = (
        *("pk", "user_id", "public_id", "case__public_id", "case__source_key", "kind", "mode"),
        *("submitted_at", "elapsed_ms", "truth_seen", "round", "series__run__assignment"),
    )
    wanted, results = set(keys), _results_of(keys)
    found = Attempt.objects.filter(**_between(keys, "pk"), user__in=who).order_by("pk")
    for key, user, identity, case, source_key, kind, mode, *rest in found.values_list(*fields):
        if key not in wanted:
            continue
        at, elapsed, seen, round_, assignment = rest
        own = [
            *who[user],
            *(
                str(identity),
                case,
                harmless(source_key),
                kind,
                mode,
                harmless(titles.get(assignment, "")),
            ),
            *(at.isoformat(), elapsed, int(seen), round_),
        ]
        yield own, results.get(key, [(("", ""), (None, 0))])


def _results_of(keys: list[int]) -> dict[int, list[Tail]]:
    results = Result.objects.filter(**_between(keys, "attempt"), round=1)
    counted = set(
        counted_results().filter(**_between(keys, "attempt")).values_list("pk", flat=True)
    )
    found: dict[int, list[Tail]] = {}
    for pk, attempt, rule, version, score in results.order_by("pk").values_list(
        "pk", "attempt_id", "scorer", "scorer_version", "score"
    ):
        found.setdefault(attempt, []).append(((rule, version), (score, int(pk in counted))))
    return found


def _outcomes(keys: list[int], who: Mapping[int, Row]) -> Iterator[Rows]:
    """What is the same for the outcomes of a result is read once for all of them."""
    wanted = set(keys)
    results = Result.objects.filter(**_between(keys, "attempt"), attempt__user__in=who, round=1)
    own = {
        pk: [*who[user], str(identity), case, rule, version, int(record is not None)]
        for pk, attempt, user, identity, case, rule, version, record in results.values_list(
            *("pk", "attempt_id", "attempt__user_id", "attempt__public_id"),
            *("attempt__case__public_id", "scorer", "scorer_version", "record"),
        )
        if attempt in wanted
    }
    fields = ("result_id", "about", "label", "outcome", "iou", "confidence", "aided")
    outcomes = (
        Outcome.objects.filter(**_between(keys, "result__attempt"), result__round=1)
        .order_by("result_id", "pk")
        .values_list(*fields)
    )
    for result, of_result in groupby(outcomes, itemgetter(0)):
        if result in own:
            yield (
                own[result],
                [
                    (_words(about, label, outcome), (iou, confidence, int(aided)))
                    for _, about, label, outcome, iou, confidence, aided in of_result
                ],
            )


def _marks(keys: list[int], who: Mapping[int, Row]) -> Iterator[Rows]:
    """The marks of the answers as they were handed in last, for each rule that scored them."""
    wanted = set(keys)
    results = Result.objects.filter(
        **_between(keys, "attempt"),
        attempt__user__in=who,
        attempt__kind=LOCALIZE,
        round=F("attempt__round"),
    )
    fields = (
        *("attempt_id", "attempt__user_id", "attempt__public_id", "attempt__case__public_id"),
        *("scorer", "scorer_version", "record", "data__marks", "attempt__answer__marks"),
    )
    for attempt, user, identity, case, rule, version, record, marks, given in results.order_by(
        "attempt_id", "pk"
    ).values_list(*fields):
        if attempt not in wanted:
            continue
        times = {mark["id"]: times_of(mark) for mark in given or []}
        yield (
            [*who[user], str(identity), case, rule, version, int(record is not None)],
            [
                (
                    (mark["image"], *_words("", mark["label"], mark["outcome"])[1:]),
                    (
                        *(number, mark.get("frame", 0), *mark["box"], mark.get("confidence")),
                        *(times.get(mark["id"], {}).get(name) for name in TIMES),
                    ),
                )
                for number, mark in enumerate(marks or [], 1)
            ],
        )


@lru_cache(maxsize=4096)
def _words(about: str, label: str, outcome: str) -> tuple[str, ...]:
    # The words of the taxonomy and of scoring are harmless.
    return (about, label, str(harmless(name_of(label))), outcome)


def csv_lines(cohort: Cohort, table: str) -> Iterator[str]:
    """The table as CSV (RFC 4180), UTF-8 with a mark that spreadsheets look for, in blocks.

    Rows that begin alike, or that have the same words, have those written once.
    """
    yield "\ufeff" + _written([[column.name for column in TABLES[table]]])
    lines: list[str] = []
    for head, tails in _read(cohort, table):
        begins = _cells(head)
        lines += [f"{begins},{_again(words)},{_numbers(numbers)}\r\n" for words, numbers in tails]
        if len(lines) >= BLOCK:
            yield "".join(lines)
            lines.clear()
    if lines:
        yield "".join(lines)


def _cells(cells: Iterable[Any]) -> str:
    return _written([cells]).removesuffix("\r\n")


_again = lru_cache(maxsize=4096)(_cells)
"""The same, written once for words that come again."""


def _numbers(numbers: Iterable[float | None]) -> str:
    return ",".join(["" if one is None else str(one) for one in numbers])


def _written(lines: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue()


def dictionary_lines(table: str) -> Iterator[str]:
    """What each column means, as CSV."""
    meanings = [[column.name, column.meaning] for column in TABLES[table]]
    yield "\ufeff" + _written([["column", "meaning"], *meanings])


def write_xlsx(cohort: Cohort, table: str, file: IO[bytes] | str) -> None:
    """The table and its dictionary as a workbook of two sheets; texts are written as texts."""
    import xlsxwriter  # only who exports waits for it

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        name = table.capitalize()
        _write(book, name, [column.name for column in TABLES[table]], rows(cohort, table))
        meanings = ([column.name, column.meaning] for column in TABLES[table])
        _write(book, "Dictionary", ["column", "meaning"], meanings)


def _write(book: Any, name: str, head: Row, body: Iterable[Row]) -> None:
    """A sheet, or several where a sheet has not rows enough."""
    sheet = None
    for number, row in enumerate(chain([head], body)):
        sheet_number, line = divmod(number - 1, MOST_LINES - 1)
        if sheet is None or (line == 0 and sheet_number):
            sheet = book.add_worksheet(name if sheet is None else f"{name} {sheet_number + 1}")
            sheet.write_row(0, 0, head)
        if number:
            sheet.write_row(line + 1, 0, row)


def xlsx_blocks(cohort: Cohort, table: str, size: int = 64 * 1024) -> Iterator[bytes]:
    """The workbook in blocks, from a temporary file on disk."""
    with tempfile.TemporaryFile() as file:
        write_xlsx(cohort, table, file)
        file.seek(0)
        while block := file.read(size):
            yield block
