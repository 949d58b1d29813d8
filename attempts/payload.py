"""Reading a JSON request body into checked values; each refusal is a sentence."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, RawPostDataException

from attempts.games import AnswerProblem


def _no_constant(name: str) -> float:
    raise AnswerProblem(f"{name} is not a number that can be stored.")


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object."""
    try:
        body = json.loads(request.body, parse_constant=_no_constant)
    except RequestDataTooBig:
        raise AnswerProblem("The answer is too large to be stored.") from None
    except AnswerProblem:
        raise
    except (ValueError, RecursionError, RawPostDataException):  # the last: sent as a form
        raise AnswerProblem("The answer did not arrive as readable JSON.") from None
    if not isinstance(body, dict):
        raise AnswerProblem("The answer must be a JSON object.")
    return body


def whole_number(body: dict[str, Any], name: str, *, default: int | None = None) -> int:
    value = body.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise AnswerProblem(f"“{name}” must be a whole number.")


def client_uuid(body: dict[str, Any], name: str) -> uuid.UUID:
    """A UUID that the page made."""
    try:
        return uuid.UUID(body[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise AnswerProblem(f"“{name}” must be a UUID made by the page.") from None
