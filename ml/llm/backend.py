"""What every language model back end can do; messages are those of the OpenAI chat interface."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

Message = dict[str, Any]
"""``{"role", "content"}``; content is a text, or a list of text and image_url parts."""


class Backend(Protocol):
    """A language model somewhere. Both methods raise ModelProblem with a sentence."""

    version: str
    """Which model answers, as stored beside what it wrote."""

    def __hash__(self) -> int: ...

    def chat(
        self, messages: Sequence[Message], max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """The whole answer, at temperature 0; `schema` is a JSON schema it is to keep to."""
        ...

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        """The answer in pieces, as they are written."""
        ...


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def image_part(png: bytes) -> dict[str, Any]:
    """A PNG as a data address."""
    encoded = base64.b64encode(png).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}
