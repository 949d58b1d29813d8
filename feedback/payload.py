"""Reading a JSON request body into checked values; each refusal is a sentence."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from feedback.registry import AnswerProblem


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
    except (ValueError, RecursionError):
        raise AnswerProblem("The answer did not arrive as readable JSON.") from None
    if not isinstance(body, dict):
        raise AnswerProblem("The answer must be a JSON object.")
    return body


def whole_number(body: dict[str, Any], name: str, *, default: int | None = None) -> int:
    value = body.get(name, default)
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        raise AnswerProblem(f"“{name}” must be a whole number.")
    return int(value)


def client_uuid(body: dict[str, Any], name: str) -> uuid.UUID:
    """A UUID that the page made."""
    try:
        return uuid.UUID(body[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise AnswerProblem(f"“{name}” must be a UUID made by the page.") from None
