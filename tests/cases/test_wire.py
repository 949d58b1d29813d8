"""What a decoding process answers is checked as a stranger's: a file may have taken it over."""

from __future__ import annotations

import json
import os
import pickle
import socket
import time

import numpy as np
import pytest

from cases.imaging import Source, prepare_image
from cases.importers import pipeline, wire
from cases.importers.wire import LENGTH, Failure, KeptImage, KnownImage
from tests.cases.curious import Answering
from tests.cases.files import ramp, write_dicom, write_png
from tests.cases.test_decoding import good, outcomes_of  # noqa: F401  (a fixture)

pytestmark = pytest.mark.pure
KNOWN = KnownImage("a" * 64, "2", (0, 1))


def framed(said):
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return LENGTH.pack(len(text)) + text


def received(content, known=(None,)):
    """What is read of an answer of these bytes, after which nothing comes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        return wire.receive_answer(ours, known, seconds=10)


def sent(answer):
    """The bytes of an answer."""
    parts = []

    class Line:
        sendall = staticmethod(parts.append)

    wire.send_answer(Line, answer)
    return b"".join(parts)


@pytest.fixture
def made(tmp_path):
    return prepare_image(Source((write_png(tmp_path / "a.png"),)))


def changed(made, **values):
    """An answer of one image in which these parts are others."""
    content = sent((made,))
    (length,) = LENGTH.unpack(content[: LENGTH.size])
    said = json.loads(content[LENGTH.size : LENGTH.size + length])
    said["images"][0] |= values
    return framed(said) + content[LENGTH.size + length :]


def test_what_was_decoded_comes_back_the_same(tmp_path, made):
    stack = write_dicom(tmp_path / "a.dcm", np.stack([ramp(), ramp(), ramp()]))
    other = prepare_image(Source((stack,), spacing_mm=(0.2, 0.1), value_offset=-1024))
    kept = KeptImage(KNOWN.sha256, KNOWN.frames, "Slices are missing.")
    assert received(sent((made, kept, other)), (None, KNOWN, None)) == (made, kept, other)
    assert received(sent(Failure("It is no image."))) == Failure("It is no image.")


class Harmful:
    def __reduce__(self):
        return os._exit, (3,)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Harmful()),
        framed(pickle.dumps(Harmful())),
        LENGTH.pack(1 << 62),
        LENGTH.pack(wire.MOST_SAID + 1),
        framed(b"[" * 100_000),
        framed(b"\xff"),
        framed([]),
        framed({}),
        framed({"failure": 3}),
        framed({"failure": "x", "images": []}),
        framed({"images": []}),
        framed({"images": [{}, {}]}),
        framed({"images": [3]}),
        framed({"images": [{"kept": ""}]}),
        framed({"images": {"0": {}}}),
    ],
)
def test_what_is_no_answer_is_refused(content):
    with pytest.raises((wire.Unreadable, EOFError)):
        received(content)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sha256", "../../etc/passwd"),
        ("sha256", "a" * 64 + "\n"),
        ("sha256", ["a" * 64]),
        ("width", 0),
        ("width", True),
        ("width", 1.5),
        ("height", 1 << 40),
        ("bits", 12),
        ("max_value", -1),
        ("window", [1, 0]),
        ("window", [1, float("nan")]),
        ("window", {"center": 1, "width": 1}),
        ("window", [1, 2, 3]),
        ("spacing_mm", [0, 0]),
        ("pixel_aspect", float("inf")),
        ("pixel_aspect", 10**400),
        ("view", "<b>"),
        ("orientation", 3),
        ("age", 300),
        ("sex", "FM"),
        ("value_offset", None),
        ("frame_order", [0, 1]),
        ("frame_order", [-1]),
        ("frame_order", [0] * 100_000),
        ("doubt", None),
        ("fingerprint", "x"),
        ("frames", []),
        ("frames", [0]),
        ("frames", [1 << 40]),
        ("frames", "1"),
        ("thumbnail", 1 << 30),
        ("more", 1),
    ],
)
def test_a_value_that_no_image_has_is_refused(made, name, value):
    received(changed(made))
    with pytest.raises(wire.Unreadable):
        received(changed(made, **{name: value}))


def test_what_is_kept_is_what_the_library_has(made):
    answer = framed({"images": [{"kept": "See it."}]})
    assert received(answer, (KNOWN,)) == (KeptImage(KNOWN.sha256, KNOWN.frames, "See it."),)


def test_more_than_any_case_has_is_refused_before_it_is_read(made):
    said = json.loads(sent((made,))[LENGTH.size :].split(b"}")[0] + b"}]}")
    image = said["images"][0] | {"frames": [wire.MOST_OF_A_FRAME] * 40, "frame_order": [0] * 40}
    with pytest.raises(wire.Unreadable, match="2 GB"):
        received(framed({"images": [image]}))


def test_a_sentence_cannot_speak_to_a_terminal():
    said = received(framed({"failure": "It is\x1b]0;no\x07 image" + "x" * 5000}))
    assert said.sentence.startswith("It is ]0;no  image")
    assert len(said.sentence) == wire.LONGEST_SENTENCE


def test_an_answer_that_is_cut_off_has_an_end(made):
    content = sent((made,))
    for end in (0, 3, LENGTH.size, 60, len(content) - 1):
        with pytest.raises(EOFError):
            received(content[:end])


def test_an_answer_that_trickles_is_given_up():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(LENGTH.pack(100) + b"x")
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            wire.receive_answer(ours, (None,), seconds=0.2)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("content", "ends", "words"),
    [
        (framed(pickle.dumps(Harmful())), False, "may be made to do harm"),
        (LENGTH.pack(1 << 60), False, "may be made to do harm"),
        (framed({"images": [{"sha256": 3}]}), False, "may be made to do harm"),
        (LENGTH.pack(100) + b"x", True, "crashed the decoder (0)"),
        (LENGTH.pack(100) + b"x", False, "has no end"),
    ],
)
def test_a_process_that_answers_amiss_costs_its_case_and_is_ended(
    good,  # noqa: F811
    monkeypatch,
    content,
    ends,
    words,
):
    """On one process: were it not ended, the last would be answered amiss as well."""
    monkeypatch.setattr(pipeline, "TELLING", 3.0)
    first, harmful, last = outcomes_of(good, Answering(content, ends=ends), good)
    assert words in harmful
    assert (first, last) == ("", "")
