"""What an import and its decoding processes tell each other, over a pair of sockets.

Tasks come from the import, which is trusted: they are pickled. Answers come from a process that a
file may have taken over. So they are JSON and bytes, which make no object but the ones named here,
and every value is checked before it is used: its type, its range, and how much there is of it.
"""

from __future__ import annotations

import json
import math
import pickle
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cases.imaging import PreparedImage, Source, Window
from cases.imaging.pixels import MAX_PIXELS, MAX_STACK_FRAMES, OLDEST

LENGTH = struct.Struct("!Q")
BLOCK = 1 << 20
MOST_SAID = 4 << 20
"""Bytes of an answer's JSON; two images of 2,000 frames take a hundredth of it."""
MOST_OF_A_FRAME = 64 << 20
"""As of a pack; 2048² values of 16 bits have 8 MB before they are packed."""
MOST_OF_A_THUMBNAIL = 2 << 20
MOST_OF_A_CASE = 2 << 30
"""Bytes of all renditions of a case: more than the largest stack has before it is packed."""
LONGEST_SENTENCE = 2000
SIDE = 65535
FAILURE, KEPT, FRAMES, THUMBNAIL = "failure", "kept", "frames", "thumbnail"


class Unreadable(ValueError):
    """An answer that no decoder of ours gives; the message says what is wrong with it."""


@dataclass(frozen=True)
class KnownImage:
    """What the library has of an image, with all its files in place."""

    sha256: str
    recipe: str
    frames: Sequence[int]
    """The numbers of its frames in the source, in the order they are shown in."""
    doubt: str | None = None
    """What was in doubt of it; None where nobody looked yet."""


@dataclass(frozen=True)
class KeptImage:
    """An image the library has already, made in the same way from the very same bytes."""

    sha256: str
    frames: Sequence[int]
    doubt: str = ""
    """As `PreparedImage.doubt`."""


@dataclass(frozen=True)
class Failure:
    """Why none of a case's images can be used; a sentence."""

    sentence: str


Prepared = PreparedImage | KeptImage
Task = tuple[tuple[Source, KnownImage | None], ...]
Answer = tuple[Prepared, ...] | Failure
Check = Callable[[Any], Any]


def send_task(line: socket.socket, task: Task) -> None:
    content = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
    line.sendall(LENGTH.pack(len(content)) + content)


def receive_task(line: socket.socket) -> Task:
    """For the decoding process alone: it runs what the import tells it to.

    Raises:
        EOFError: there is none any more.
    """
    (length,) = LENGTH.unpack(_received(line, LENGTH.size))
    task: Task = pickle.loads(_received(line, length))  # noqa: S301  # of the process that started this one
    return task


def send_answer(line: socket.socket, answer: Answer) -> None:
    said, content = _told(answer)
    text = json.dumps(said, default=_plain).encode()
    for part in (LENGTH.pack(len(text)), text, *content):
        line.sendall(part)


def receive_answer(
    line: socket.socket, known: Sequence[KnownImage | None], *, seconds: float
) -> Answer:
    """What became of a task, whose images the library `known` has or not.

    Raises:
        Unreadable: it is not of the form, or has more or other images or bytes than it may.
        EOFError: it ends before its end.
        TimeoutError: all of it is not here after `seconds`.
    """
    until = time.monotonic() + seconds
    (length,) = LENGTH.unpack(_received(line, LENGTH.size, until))
    if length > MOST_SAID:
        raise Unreadable("it is longer than an answer can be")
    said = _object(_received(line, length, until))
    if FAILURE in said:
        _of_form(said, (FAILURE,))
        return Failure(_sentence(said[FAILURE]))
    _of_form(said, ("images",))
    images = said["images"]
    if not isinstance(images, list) or len(images) != len(known):
        raise Unreadable("it is of another number of images")
    read = [_image(one, of) for one, of in zip(images, known, strict=True)]
    if sum(sum(sizes) for _, sizes in read) > MOST_OF_A_CASE:
        raise Unreadable(f"its images take more than {MOST_OF_A_CASE >> 30} GB")
    return tuple(
        image if isinstance(image, KeptImage) else _with_content(image, sizes, line, until)
        for image, sizes in read
    )


def _received(line: socket.socket, count: int, until: float | None = None) -> bytes:
    """Exactly so many bytes, by the monotonic clock's `until`; EOFError where there are fewer."""
    content = bytearray(count)
    left = memoryview(content)
    while left:
        if until is not None:
            seconds = until - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            line.settimeout(seconds)
        read = line.recv_into(left, min(len(left), BLOCK))
        if not read:
            raise EOFError
        left = left[read:]
    return bytes(content)


# What is told


def _told(answer: Answer) -> tuple[dict[str, Any], Iterator[bytes]]:
    """An answer as JSON, and the bytes that come after it."""
    if isinstance(answer, Failure):
        return {FAILURE: answer.sentence[:LONGEST_SENTENCE]}, iter(())
    made = [image for image in answer if isinstance(image, PreparedImage)]
    content = (part for image in made for part in (*image.renditions, image.thumbnail))
    return {"images": [_described(image) for image in answer]}, content


def _described(image: Prepared) -> dict[str, Any]:
    if isinstance(image, KeptImage):
        return {KEPT: image.doubt}
    window = image.window
    return {
        **{name: getattr(image, name) for name in CHECKS},
        "window": [window.center, window.width],
        FRAMES: [len(content) for content in image.renditions],
        THUMBNAIL: len(image.thumbnail),
    }


def _plain(value: object) -> int | float | bool:
    """A number of NumPy's as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()  # type: ignore[no-any-return]
    raise TypeError(f"{type(value).__name__} cannot be told")


# What is believed


def _object(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None
    if not isinstance(said, dict):
        raise Unreadable("it is no JSON object")
    return said


def _of_form(said: dict[str, Any], names: Sequence[str]) -> None:
    if set(said) != set(names):
        raise Unreadable("it has other parts than an answer has")


def _image(said: Any, known: KnownImage | None) -> tuple[KeptImage | dict[str, Any], list[int]]:
    """The values of one image without its bytes, and how many bytes each frame and then the
    thumbnail has.
    """
    if not isinstance(said, dict):
        raise Unreadable("an image of it is no JSON object")
    if KEPT in said:
        _of_form(said, (KEPT,))
        if known is None:
            raise Unreadable("it keeps an image that is not here")
        return KeptImage(known.sha256, known.frames, _sentence(said[KEPT])), []
    _of_form(said, (*CHECKS, FRAMES, THUMBNAIL))
    values = {name: _checked(name, check, said[name]) for name, check in CHECKS.items()}
    frames = _checked(FRAMES, _many(_whole(1, MOST_OF_A_FRAME)), said[FRAMES])
    if not frames or len(frames) != len(values["frame_order"]):
        raise Unreadable("an image of it has another number of frames than it says")
    last = _checked(THUMBNAIL, _whole(1, MOST_OF_A_THUMBNAIL), said[THUMBNAIL])
    return values, [*frames, last]


def _with_content(
    values: dict[str, Any], sizes: Sequence[int], line: socket.socket, until: float
) -> PreparedImage:
    *renditions, thumbnail = [_received(line, size, until) for size in sizes]
    return PreparedImage(**values, renditions=tuple(renditions), thumbnail=thumbnail)


def _checked(name: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"its {name} cannot be") from None


def _sentence(value: Any) -> str:
    """Text for a terminal and a page: of any letters, but only what can be shown."""
    if not isinstance(value, str):
        raise Unreadable("a sentence of it is no text")
    return "".join(letter if letter.isprintable() else " " for letter in value)[:LONGEST_SENTENCE]


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return check


def _real(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return value  # type: ignore[no-any-return]


def _positive(value: Any) -> float:
    if _real(value) <= 0:
        raise ValueError
    return value  # type: ignore[no-any-return]


def _text(pattern: str) -> Check:
    form = re.compile(pattern)

    def check(value: Any) -> str:
        if not form.fullmatch(value):
            raise ValueError
        return str(value)

    return check


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _many(check: Check) -> Check:
    def checked(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > MAX_STACK_FRAMES:
            raise ValueError
        return tuple(map(check, value))

    return checked


def _bits(value: Any) -> int:
    if value not in (8, 16) or type(value) is not int:
        raise ValueError
    return value


def _pair(check: Check) -> Check:
    def checked(value: Any) -> tuple[Any, Any]:
        first, second = _many(check)(value)
        return first, second

    return checked


def _window(value: Any) -> Window:
    center, width = _pair(_real)(value)
    return Window(center, _positive(width))


CHECKS: dict[str, Check] = {
    "sha256": _text("[0-9a-f]{64}"),
    "source_width": _whole(1, MAX_PIXELS),
    "source_height": _whole(1, MAX_PIXELS),
    "width": _whole(1, SIDE),
    "height": _whole(1, SIDE),
    "bits": _bits,
    "max_value": _whole(1, SIDE),
    "window": _window,
    "spacing_mm": _optional(_pair(_positive)),
    "pixel_aspect": _positive,
    "view": _text("(PA|AP|LATERAL|FRONTAL|CT|OTHER)?"),
    "orientation": _text("[LRAPHF]{0,2}"),
    "age": _optional(_whole(0, OLDEST)),
    "sex": _text("[FMO]?"),
    "value_scale": _optional(_real),
    "value_offset": _real,
    "frame_order": _many(_whole(0, (1 << 31) - 1)),
    "doubt": _sentence,
    "fingerprint": _text("([0-9a-f]{32})?"),
}
"""What each value of an image must be; all of `PreparedImage` but its bytes."""
assert {*CHECKS, "renditions", "thumbnail"} == {field.name for field in fields(PreparedImage)}
