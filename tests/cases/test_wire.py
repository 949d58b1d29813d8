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
from cases.imaging.pixels import MAX_PIXELS, MAX_STACK_FRAMES, OLDEST
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


def said_of(made):
    """What is said of an image before its bytes come."""
    return json.loads(sent((made,))[LENGTH.size :].split(b"}")[0] + b"}]}")["images"][0]


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        *(("source_width", 1, MAX_PIXELS), ("source_height", 1, MAX_PIXELS)),
        *(("width", 1, 65535), ("height", 1, 65535), ("max_value", 1, 65535)),
        *(("age", 0, OLDEST), ("thumbnail", 1, 2 << 20)),
    ],
)
def test_a_number_may_go_to_its_limits_and_no_farther(made, name, least, most):
    said = said_of(made)
    for value in (least, most):
        wire._image(said | {name: value}, None)
    for value in (least - 1, most + 1):
        with pytest.raises(wire.Unreadable, match=rf"^its {name} cannot be$"):
            wire._image(said | {name: value}, None)


def test_frames_may_be_so_many_and_so_large_and_no_more(made):
    said = said_of(made)
    for number, size, count in ((0, 1, 1), (2**31 - 1, 64 << 20, 1), (0, 1, MAX_STACK_FRAMES)):
        frames = {"frame_order": [number] * count, "frames": [size] * count}
        values, sizes = wire._image(said | frames, None)
        assert values["frame_order"] == (number,) * count
        assert sizes == [*[size] * count, said["thumbnail"]]
    many = MAX_STACK_FRAMES + 1
    for frames in (
        {"frame_order": [2**31], "frames": [1]},
        {"frame_order": [0], "frames": [(64 << 20) + 1]},
        {"frame_order": [0] * many, "frames": [1] * many},
    ):
        with pytest.raises(wire.Unreadable):
            wire._image(said | frames, None)


@pytest.mark.parametrize(
    ("name", "value", "is_well"),
    [
        *(("bits", 8, True), ("bits", 16, True), ("bits", 16.0, False), ("view", "CT", True)),
        *(("view", "", True), ("view", "PAA", False), ("orientation", "LF", True)),
        *(("orientation", "LFA", False), ("orientation", "", True), ("sex", "O", True)),
        *(("sex", "X", False), ("fingerprint", "a" * 32, True), ("fingerprint", "a" * 33, False)),
        *(("spacing_mm", None, True), ("spacing_mm", [0.1, 0.2], True), ("age", None, True)),
        *(("spacing_mm", [0.1], False), ("value_scale", None, True), ("value_scale", -1, True)),
        *(("pixel_aspect", 0, False), ("pixel_aspect", 0.1, True), ("pixel_aspect", True, False)),
        *(("window", [-5, 0.1], True), ("window", [-5, -0.1], False)),
    ],
)
def test_a_value_is_taken_or_not(made, name, value, is_well):
    said = said_of(made) | {name: value}
    if is_well:
        values, _ = wire._image(said, None)
        kept = values[name]
        if name == "window":
            assert [kept.center, kept.width] == value
        else:
            assert kept == (tuple(value) if isinstance(value, list) else value)
    else:
        with pytest.raises(wire.Unreadable, match=rf"^its {name} cannot be$"):
            wire._image(said, None)


def test_an_answer_may_be_so_long_and_no_longer(monkeypatch):
    content = framed({"failure": "It is no image."})
    monkeypatch.setattr(wire, "MOST_SAID", len(content) - LENGTH.size)
    assert received(content) == Failure("It is no image.")
    monkeypatch.setattr(wire, "MOST_SAID", len(content) - LENGTH.size - 1)
    with pytest.raises(wire.Unreadable, match=r"^it is longer than an answer can be$"):
        received(content)


def test_all_images_of_a_case_may_take_so_much_and_no_more(made, monkeypatch):
    content = sent((made, made))
    size = 2 * (sum(map(len, made.renditions)) + len(made.thumbnail))
    monkeypatch.setattr(wire, "MOST_OF_A_CASE", size)
    assert received(content, (None, None)) == (made, made)
    monkeypatch.setattr(wire, "MOST_OF_A_CASE", size - 1)
    with pytest.raises(wire.Unreadable, match="its images take more than"):
        received(content, (None, None))


def test_what_is_kept_is_what_the_library_has(made):
    answer = framed({"images": [{"kept": "See it."}]})
    assert received(answer, (KNOWN,)) == (KeptImage(KNOWN.sha256, KNOWN.frames, "See it."),)


def test_what_is_kept_has_nothing_else():
    with pytest.raises(wire.Unreadable, match="other parts"):
        received(framed({"images": [{"kept": "", "more": 1}]}), (KNOWN,))


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


def test_what_comes_after_its_time_is_not_read():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(framed({"failure": "x"}))
        with pytest.raises(TimeoutError):
            wire.receive_answer(ours, (None,), seconds=-1)


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
