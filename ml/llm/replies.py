"""What chat servers write: whole answers, pieces of a stream, errors in either.

The form is that of the OpenAI chat interface. Servers differ in what they leave out (content,
delta, choices), what they add (usage, what a model thought before it answered), and how they
tell an error once they have answered with status 200.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ml.llm.events import Event
from ml.models.problems import ModelProblem

TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
LONGEST_WORDS = 160
UNESCAPED_ERROR = re.compile(r'\s*\{\s*"error"\s*:\s*"(.*)"\s*\}\s*$', re.DOTALL)
"""As `transformers serve` tells an error in a stream, quotation marks in it as they are."""
NOT_CHAT = "its answer is not that of a chat server."


class Passing(Exception):
    """A failure that may be gone at the next try; `after` is when the server says to ask."""

    def __init__(self, sentence: str, after: float | None = None) -> None:
        super().__init__(sentence)
        self.after = after


@dataclass(frozen=True)
class Piece:
    """Some of an answer, or all of it."""

    text: str
    ended: str = ""
    """Why the answer ends here, as the server says: stop, length, …; empty where it goes on."""


def whole(content: bytes) -> Piece:
    """A whole answer. Passing where it is none, ModelProblem for an error that will not pass."""
    record = _record(content)
    try:
        choice = record["choices"][0]
        return Piece(_text(choice["message"]["content"]), _ended(choice) or "stop")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Passing(NOT_CHAT) from None


def piece(event: Event) -> Piece:
    """One event of a stream; an empty piece for one without text, such as the count of tokens."""
    if event.data == "[DONE]":
        return Piece("", "stop")
    if event.kind not in ("message", "error") or not event.data.strip():
        return Piece("")  # a sign of life
    record = _record(event.data, error=event.kind == "error")
    try:
        choices = record.get("choices") or [{}]
        delta = choices[0].get("delta") or {}
        return Piece(_text(delta.get("content")), _ended(choices[0]))
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Passing(NOT_CHAT) from None


def words_of(content: str | bytes) -> str:
    """What a server says of an error, on one line; empty for a page or nothing at all."""
    try:
        return _error_of(json.loads(content), error=True)[1]
    except (ValueError, RecursionError):
        return ""


def _record(content: str | bytes, error: bool = False) -> dict[str, Any]:
    """The JSON object, when it tells no error."""
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        if unescaped := UNESCAPED_ERROR.match(_decoded(content)):
            _raise(0, _line(unescaped[1]))
        raise Passing(NOT_CHAT) from None
    if not isinstance(record, dict):
        raise Passing(NOT_CHAT)
    if error or record.get("error") or record.get("object") == "error":
        _raise(*_error_of(record, error))
    return record


def _decoded(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode(errors="replace")


def _error_of(record: Any, error: bool) -> tuple[int, str]:
    """Status (0 where none is told) and words of an error in one of the forms in use."""
    told = record.get("error") or record.get("detail") or record if isinstance(record, dict) else ""
    if isinstance(told, list) and told:
        told = told[0]
    if not isinstance(told, dict):
        return 0, _line(told)
    status = str(told.get("code") or told.get("status") or told.get("status_code") or "")
    words = told.get("message") or told.get("msg") or told.get("type")
    return int(status) if status.isdecimal() else 0, _line(words)


def _raise(status: int, words: str) -> None:
    if status in (401, 403):
        raise ModelProblem(f"The model server refuses the key (status {status}).")
    if 400 <= status < 500 and status not in TRY_AGAIN:
        raise ModelProblem(f"The model server refuses the question: {words or status}.")
    raise Passing(f"it reports an error: {words or status or 'without words'}.")


def _line(words: Any) -> str:
    """Words for a sentence: one line without its end, not too long."""
    if not isinstance(words, str):
        return ""
    line = " ".join(words.split())
    line = line if len(line) <= LONGEST_WORDS else f"{line[:LONGEST_WORDS]}…"
    return line.rstrip(".")


def _text(content: Any) -> str:
    """Content is a text, nothing, or a list of parts, of which those with text count."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _ended(choice: dict[str, Any]) -> str:
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) else ""
