"""A model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, or a hosted one.

A server may hang, close, talk nonsense or be busy: each request has a time limit over
all, what may pass is tried again after a pause with jitter, who fails in a row is left alone
for a while (`ml.llm.breaker`), and only so many ask at once.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from ml.llm.backend import Message
from ml.llm.breaker import CircuitBreaker
from ml.models.problems import ModelProblem

TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
LONGEST_ANSWER = 1_000_000
"""Bytes; an evaluation has some thousands."""
STREAM_TIMES = 5
"""A stream may take so many times the time of a whole answer: its reader is served meanwhile."""
LONGEST_PAUSE = 20.0
REFUSED_FORMAT = frozenset({400, 404, 415, 422, 501})
FORMATS = ("json_schema", "json_object", "none")


class Passing(Exception):
    """A failure that may be gone at the next try; `after` is when the server says to ask."""

    def __init__(self, sentence: str, after: float | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class ServerModel:
    """One model of one server.

    Args:
        url: up to and with ``/v1``.
        model: its name on that server.
        key: sent as a bearer token when there is one.
        timeout: seconds for a whole answer; for a stream, seconds between two pieces.
        tries: how often a request is sent at most.
        concurrency: requests of this process at once.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        timeout: float = 120.0,
        tries: int = 3,
        concurrency: int = 4,
        breaker: CircuitBreaker | None = None,
        pause: float = 0.5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.version = model
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._tries = tries
        self._pause = pause
        self._sleep = sleep
        self._breaker = breaker or CircuitBreaker()
        self._places = threading.BoundedSemaphore(concurrency)
        self._format = FORMATS[0]
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(
            headers=headers, timeout=httpx.Timeout(timeout, connect=min(10.0, timeout))
        )

    def chat(
        self, messages: Sequence[Message], max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """See `ml.llm.backend.Backend`. Without the server's own JSON mode the prompt must do."""
        with self._place():
            while True:
                body = self._body(messages, max_tokens, schema)
                try:
                    return str(self._guarded(partial(self._whole, body)))
                except _FormatRefused:
                    self._format = FORMATS[FORMATS.index(self._format) + 1]

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        """See `ml.llm.backend.Backend`. Tried again only while nothing has arrived."""
        body = {**self._body(messages, max_tokens, None), "stream": True}
        with self._place():
            pieces = self._guarded(lambda: self._opened(body))
            try:
                yield from pieces
            except Passing as problem:
                self._breaker.failed()
                raise ModelProblem(f"The model server stopped in the middle: {problem}") from None

    def _body(
        self, messages: Sequence[Message], max_tokens: int, schema: dict[str, Any] | None
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.version,
            "messages": list(messages),
            "temperature": 0,
            "max_tokens": max_tokens,
        }
        if schema and self._format == "json_schema":
            wanted = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        elif schema and self._format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._timeout):
            raise ModelProblem("The model server is busy with earlier questions; none was sent.")
        try:
            yield
        finally:
            self._places.release()

    def _guarded(self, ask: Callable[[], Any]) -> Any:
        """Ask, and ask again after what may pass; ModelProblem when it does not."""
        if wait := self._breaker.wait():
            raise ModelProblem(
                f"The model server failed several times; it is left alone for {wait:.0f} s more."
            )
        for attempt in range(1, self._tries + 1):
            try:
                answer = ask()
            except Passing as problem:
                if attempt == self._tries:
                    self._breaker.failed()
                    raise ModelProblem(f"The model server does not answer: {problem}") from None
                self._sleep(self._pause_after(attempt, problem.after))
            else:
                self._breaker.succeeded()
                return answer
        raise AssertionError("at least one try is made")

    def _pause_after(self, attempt: int, after: float | None) -> float:
        """Twice as long each time, with jitter so that many clients do not ask in step."""
        pause = self._pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
        return min(LONGEST_PAUSE, max(pause, after or 0.0))

    def _whole(self, body: dict[str, Any]) -> str:
        deadline = time.monotonic() + self._timeout
        with self._response(body) as response:
            content = bytearray()
            for block in self._blocks(response.iter_bytes()):
                content += block
                if time.monotonic() > deadline:
                    raise Passing(f"no whole answer within {self._timeout:g} s.")
                if len(content) > LONGEST_ANSWER:
                    raise Passing("its answer has no end.")
        return _text_of(bytes(content))

    def _opened(self, body: dict[str, Any]) -> Iterator[str]:
        """A stream whose first piece has arrived."""
        pieces = self._pieces(body)
        try:
            first = next(pieces)
        except StopIteration:
            raise Passing("its answer is empty.") from None

        def all_of_them() -> Iterator[str]:
            yield first
            yield from pieces

        return all_of_them()

    def _pieces(self, body: dict[str, Any]) -> Iterator[str]:
        written = 0
        deadline = time.monotonic() + STREAM_TIMES * self._timeout
        with self._response(body) as response:
            for line in self._blocks(response.iter_lines()):
                data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
                if data == "[DONE]":
                    return
                piece = _delta_of(data) if data else ""
                written += len(piece)
                if written > LONGEST_ANSWER or time.monotonic() > deadline:
                    raise Passing("its answer has no end.")
                if piece:
                    yield piece
        raise Passing("the connection was closed before the answer was finished.")

    @contextmanager
    def _response(self, body: dict[str, Any]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("POST", f"{self._url}/chat/completions", json=body) as got:
                if got.status_code != 200:
                    got.read()
                    self._refused(got, body)
                yield got
        except httpx.TimeoutException:
            raise Passing(f"nothing came within {self._timeout:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Passing(f"{str(error) or type(error).__name__}.") from None

    @staticmethod
    def _blocks(source: Iterator[Any]) -> Iterator[Any]:
        """The parts of a response; what cannot be decoded counts as nonsense."""
        try:
            yield from source
        except (UnicodeError, ValueError):
            raise Passing("its answer cannot be decoded.") from None

    def _refused(self, response: httpx.Response, body: dict[str, Any]) -> None:
        status = response.status_code
        if status in TRY_AGAIN:
            raise Passing(f"it says {status}.", _retry_after(response))
        words = response.text.lower()
        about_format = any(word in words for word in ("response_format", "json_schema", "grammar"))
        if "response_format" in body and status in REFUSED_FORMAT and about_format:
            raise _FormatRefused
        if status in (401, 403):
            raise ModelProblem(f"The model server refuses the key (status {status}).")
        if status == 404:
            raise ModelProblem(f"The model server has no {self.version!r} at {self._url}.")
        raise ModelProblem(f"The model server refuses the question (status {status}).")


class _FormatRefused(Exception):
    """The server does not know the response format it was asked for."""


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _text_of(content: bytes) -> str:
    """The text of a whole answer; Passing when it is none."""
    try:
        text = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise Passing("its answer is not that of a chat server.") from None
    if not isinstance(text, str) or not text.strip():
        raise Passing("its answer is empty.")
    return text


def _delta_of(data: str) -> str:
    """The text of one event of a stream; empty for one without."""
    try:
        choices = json.loads(data)["choices"]
        text = choices[0]["delta"].get("content") if choices else ""
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise Passing("its answer is not that of a chat server.") from None
    return text if isinstance(text, str) else ""
