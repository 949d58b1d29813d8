"""A model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, transformers, a hosted one.

A server may hang, close, talk nonsense or be busy: each request has a time limit over
all, what may pass is tried again after a pause with jitter, who fails in a row is left alone
for a while (`ml.llm.breaker`), and only so many ask at once.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from ml.llm import replies
from ml.llm.backend import Message
from ml.llm.breaker import CircuitBreaker
from ml.llm.events import events
from ml.llm.replies import Passing
from ml.models.problems import ModelProblem

LONGEST_ANSWER = 1_000_000
"""Bytes of a whole answer, letters of a streamed one; an evaluation has some thousands."""
LONGEST_STREAM = 200 * LONGEST_ANSWER
"""Bytes: around a piece of few letters an event repeats some hundred bytes."""
STREAM_TIMES = 5
"""A stream may take so many times the time of a whole answer: its reader is served meanwhile."""
LONGEST_PAUSE = 20.0
FORMATS = ("json_schema", "json_object", "none")
MAY_MEAN_FORMAT = frozenset({400, 415, 422, 501})
"""How servers that do not know a response format refuse the question, whatever they say of it."""


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
        known = FORMATS.index(self._format)
        with self._place():
            for name in FORMATS[known:] if schema else FORMATS[-1:]:
                try:
                    answer = self._guarded(
                        partial(self._whole, self._body(messages, max_tokens, schema, name))
                    )
                except _FormatRefused:
                    continue
                if schema:
                    self._format = name
                return str(answer)
        raise AssertionError("without a format none is refused")

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        """See `ml.llm.backend.Backend`. Tried again only while nothing has arrived."""
        body = {**self._body(messages, max_tokens), "stream": True}
        with self._place():
            pieces = self._guarded(lambda: self._opened(body))
            try:
                yield from pieces
            except Passing as problem:
                self._breaker.failed()
                raise ModelProblem(f"The model server stopped in the middle: {problem}") from None

    def _body(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        schema: dict[str, Any] | None = None,
        format_name: str = "none",
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.version,
            "messages": list(messages),
            "temperature": 0,
            "max_tokens": max_tokens,
        }
        if format_name == "json_schema":
            wanted = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        elif format_name == "json_object":
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
            except (ModelProblem, _FormatRefused):
                self._breaker.succeeded()  # it is there, and answers
                raise
            else:
                self._breaker.succeeded()
                return answer
        raise AssertionError("at least one try is made")

    def _pause_after(self, attempt: int, after: float | None) -> float:
        """Twice as long each time, with jitter so that many clients do not ask in step."""
        pause = self._pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
        return min(LONGEST_PAUSE, max(pause, after or 0.0))

    def _whole(self, body: dict[str, Any]) -> str:
        return "".join(self._pieces(body))

    def _content(self, response: httpx.Response) -> bytes:
        return b"".join(self._arriving(response, self._timeout, LONGEST_ANSWER))

    @staticmethod
    def _arriving(response: httpx.Response, seconds: float, most: int) -> Iterator[bytes]:
        """Blocks of a response that ends in time, and ends at all."""
        deadline = time.monotonic() + seconds
        arrived = 0
        for block in response.iter_bytes():
            arrived += len(block)
            if time.monotonic() > deadline:
                raise Passing(f"no whole answer within {seconds:g} s.")
            if arrived > most:
                raise Passing("its answer has no end.")
            yield block

    def _text_of(self, content: bytes, body: dict[str, Any]) -> str:
        answer = replies.whole(content)
        self._check_end(answer.ended, answer.text, body)
        return answer.text

    @staticmethod
    def _check_end(reason: str, written: str, body: dict[str, Any]) -> None:
        """Whether an answer that ends for this reason is one."""
        if reason == "content_filter":
            raise ModelProblem("The model server held its answer back (content_filter).")
        if reason in ("error", "abort"):
            raise Passing(f"it broke its answer off ({reason}).")
        if not written.strip() and reason == "length":
            raise ModelProblem(
                f"The model came to no answer within {body['max_tokens']} tokens: it thinks longer."
            )
        if not written.strip():
            raise Passing("its answer is empty.")

    def _opened(self, body: dict[str, Any]) -> Iterator[str]:
        """A stream whose first piece has arrived."""
        pieces = self._pieces(body)
        first = next(pieces)

        def all_of_them() -> Iterator[str]:
            yield first
            yield from pieces

        return all_of_them()

    def _pieces(self, body: dict[str, Any]) -> Iterator[str]:
        """Texts of an answer, none of them empty, until the server says that it is finished.

        Some say so by ``[DONE]``, some by the reason why the last piece is the last, many by both.
        A server that cannot stream gives one piece, and one that always does is read as it is.
        """
        written = ""
        with self._response(body) as response:
            if not _streams(response, body):
                yield self._text_of(self._content(response), body)
                return
            for found in self._events(response):
                if found.text:
                    written += found.text
                    yield found.text
                if len(written) > LONGEST_ANSWER:
                    raise Passing("its answer has no end.")
                if found.ended:
                    self._check_end(found.ended, written, body)
                    return
        raise Passing("the connection was closed before the answer was finished.")

    def _events(self, response: httpx.Response) -> Iterator[replies.Piece]:
        blocks = self._arriving(response, STREAM_TIMES * self._timeout, LONGEST_STREAM)
        try:
            for event in events(blocks):
                yield replies.piece(event)
        except ValueError:
            raise Passing("its answer cannot be decoded.") from None

    @contextmanager
    def _response(self, body: dict[str, Any]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("POST", f"{self._url}/chat/completions", json=body) as got:
                if got.status_code != 200:
                    self._refused(got, self._content(got), body)
                yield got
        except httpx.TimeoutException:
            raise Passing(f"nothing came within {self._timeout:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Passing(f"{str(error) or type(error).__name__}.") from None

    def _refused(self, response: httpx.Response, content: bytes, body: dict[str, Any]) -> None:
        status = response.status_code
        text = content.decode(errors="replace").lower()
        about_format = any(word in text for word in ("response_format", "json_schema", "grammar"))
        if "response_format" in body and (about_format or status in MAY_MEAN_FORMAT):
            raise _FormatRefused
        words = replies.words_of(content)
        if status in replies.TRY_AGAIN:
            raise Passing(f"it says {status}{words and ': '}{words}.", _retry_after(response))
        if status in (401, 403):
            raise ModelProblem(f"The model server refuses the key (status {status}).")
        if status == 404:
            raise ModelProblem(f"The model server has no {self.version!r} at {self._url}.")
        raise ModelProblem(
            f"The model server refuses the question (status {status}{words and ': '}{words})."
        )


class _FormatRefused(Exception):
    """The server does not know the response format it was asked for."""


def _streams(response: httpx.Response, body: dict[str, Any]) -> bool:
    kind = response.headers.get("content-type", "")
    asked = bool(body.get("stream"))
    return kind.startswith("text/event-stream") or (
        asked and not kind.startswith("application/json")
    )


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
