"""What the games' views share: problems become answers with a clear status."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from feedback.registry import AnswerProblem
from feedback.services import Conflict


def answered_problem(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn AnswerProblem into 422 and Conflict into 409, both as JSON with a sentence."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AnswerProblem as problem:
            return JsonResponse({"error": str(problem)}, status=422)
        except Conflict as conflict:
            attempt = conflict.attempt
            return JsonResponse(
                {
                    "error": str(conflict),
                    "state": attempt.state,
                    "version": attempt.draft_version,
                    "draft": attempt.answer,
                },
                status=409,
            )

    return guarded
