"""What scripts of the desk send as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig

from accounts.requests import UserRequest


class Unreadable(ValueError):
    """It cannot be read; the message is a sentence."""


def sent_object(request: UserRequest) -> dict[str, Any]:
    """The JSON object of a request's body.

    Raises:
        Unreadable: it is none, or larger than is taken.
    """
    try:
        data = json.loads(request.body or b"{}")
    except RequestDataTooBig:
        raise Unreadable("This is too large to be saved at once: make it smaller.") from None
    except (ValueError, RecursionError):
        raise Unreadable("Nothing that can be read was sent.") from None
    if not isinstance(data, dict):
        raise Unreadable("Nothing that can be read was sent.")
    return data
