"""Nothing of the truth reaches the browser before the answer: every byte is searched."""

from __future__ import annotations

import io
import json
import re
import struct

import pytest
from playwright.sync_api import Page, Response, WebSocket

pytestmark = pytest.mark.browser
SEGMENTS = {0xFF51, 0xFF50, 0xFF52, 0xFF5C, 0xFF64, 0xFF55}
"""Size, capabilities, coding, quantization, comment and lengths (ISO/IEC 15444-1, annex A)."""
CHECK = re.compile(rb"\x00\x01crc32 [0-9a-f]{8}")
LABELS = re.compile(r'"labels": \[.*?\]')


class Recorder:
    """Everything that a page receives: bodies, headers and addresses, WebSocket frames."""

    def __init__(self, page: Page) -> None:
        self.responses: list[Response] = []
        self.frames: list[str] = []
        self.kept: dict[str, str] = {}
        page.on("response", lambda response: self.responses.append(response))
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.frames.append(str(payload)))

    def texts(self) -> dict[str, str]:
        """What was received as text, by where it came from; the label list of the page left out."""
        self.keep()
        return {**self.kept, "frames": "\n".join(self.frames)}

    def keep(self) -> None:
        """Read what came so far; before leaving a page, since the browser then forgets it."""
        for response in self.responses:
            place = f"{len(self.kept)} {response.url}"
            self.kept[f"{place} address"] = response.url
            self.kept[f"{place} headers"] = json.dumps(response.all_headers())
            if response.ok and "/static/" not in response.url and "image/" not in _kind(response):
                self.kept[f"{place} body"] = LABELS.sub("", response.text())
        self.responses.clear()

    def images(self) -> list[bytes]:
        return [r.body() for r in self.responses if r.ok and _kind(r).startswith("image/jphc")]


def _kind(response: Response) -> str:
    return response.headers.get("content-type", "")


def secrets_of(player, case: str) -> list[str]:
    """Words and numbers that only the truth of this case holds."""
    sentences, findings, regions, keys = [], [], [], []
    query = (
        "SELECT f.sentence, f.location, f.public_id, f.label FROM cases_finding f "
        "JOIN cases_case c ON c.id = f.case_id WHERE c.public_id = ?"
    )
    for sentence, location, identity, label in player.game.rows(query, case):
        sentences += [sentence, location]
        findings += [identity, label, label.replace("_", " ")]
    query = (
        "SELECT r.points FROM cases_region r JOIN cases_finding f ON f.id = r.finding_id "
        "JOIN cases_case c ON c.id = f.case_id WHERE c.public_id = ?"
    )
    for (points,) in player.game.rows(query, case):
        points = json.loads(points) if isinstance(points, str) else points
        regions += [str(side) for point in points for side in point if len(str(side)) > 5]
    for box in player.truth_boxes(case):
        regions += [f"{side:.4f}".rstrip("0") for side in box if len(f"{side:.4f}".rstrip("0")) > 5]
    for (before,) in player.game.rows("SELECT before FROM cases_case WHERE public_id = ?", case):
        for one in json.loads(before) if isinstance(before, str) else before:
            sentences += [one["sentence"]]
            findings += [one["label"].replace("_", " ")]
            sides = [side for place in one["regions"] for side in place["box"]]
            regions += [str(side) for side in sides if len(str(side)) > 5]
    query = (
        "SELECT r.findings, r.impression FROM cases_referencereport r "
        "JOIN cases_case c ON c.id = r.case_id WHERE c.public_id = ?"
    )
    for texts in player.game.rows(query, case):
        sentences += [part for text in texts for part in re.split(r"(?<=\.)\s", text)]
    query = (
        "SELECT c.source_key, i.source_name FROM cases_case c "
        "JOIN cases_image i ON i.case_id = c.id WHERE c.public_id = ?"
    )
    for row in player.game.rows(query, case):
        keys += row
    return [word for word in (*sentences, *findings, *regions, *keys) if word]


def device_case(player):
    """A demo case that no other test plays, with a device that its indication does not tell."""
    query = (
        "SELECT c.public_id FROM cases_case c JOIN cases_finding f ON f.case_id = c.id "
        "JOIN cases_region r ON r.finding_id = f.id "
        "WHERE r.shape = 'point' AND f.label = 'feeding_tube' AND f.position = 'wrong'"
    )
    return str(player.game.rows(query)[0][0])


def compared_case(player, change: str) -> str:
    """A demo case whose prior film shows a finding of which that has become."""
    of_all = "status = 'published' AND made_for_id IS NULL"
    query = f"SELECT public_id, before FROM cases_case WHERE {of_all} ORDER BY id"
    rows = [(case, str(before)) for case, before in player.game.rows(query)]
    return next(str(case) for case, before in rows if change in before)


@pytest.mark.parametrize("kind", ["nodules", "device", "smaller", "gone"])
def test_no_byte_of_the_truth_arrives_before_the_answer(player, kind):
    cases = {"nodules": lambda: player.case_with(nodules=2), "device": lambda: device_case(player)}
    case = cases[kind]() if kind in cases else compared_case(player, kind)
    recorder = Recorder(player.page)
    player.page.goto(f"{player.game.address}/home/")
    recorder.keep()
    player.open(case)
    player.choose("hiatal hernia")
    player.draw([0.02, 0.85, 0.12, 0.95])
    player.wait_until_saved()
    texts = recorder.texts()
    secrets = secrets_of(player, case)
    assert len(secrets) > 10
    leaks = [
        f"{secret!r} in {place}"
        for place, text in texts.items()
        for secret in secrets
        if secret.casefold() in text.casefold()
    ]
    assert not leaks


def test_the_search_would_find_the_truth_where_it_is(player):
    """The guard itself, tried on the feedback, which holds the truth."""
    case = player.case_with(nodules=2)
    recorder = Recorder(player.page)
    player.open(case)
    player.page.keyboard.press("n")
    player.submit()
    player.wait_for_feedback()
    everything = "\n".join(recorder.texts().values()).casefold()
    found = [secret for secret in secrets_of(player, case) if secret.casefold() in everything]
    assert len(found) >= 4


def test_images_carry_pixels_and_nothing_else(player):
    recorder = Recorder(player.page)
    player.open(player.case_with(nodules=2))
    pictures = recorder.images()
    assert pictures
    for picture in pictures:
        found = segments(picture)
        assert set(found) <= SEGMENTS
        assert CHECK.fullmatch(found[0xFF64])


def segments(film: bytes) -> dict[int, bytes]:
    """What the main header of a codestream holds, by marker, up to the first pixels."""
    stream = io.BytesIO(film)
    assert stream.read(2) == b"\xff\x4f"
    found: dict[int, bytes] = {}
    while True:
        marker, length = struct.unpack(">HH", stream.read(4))
        if marker == 0xFF90:  # the first tile-part
            return found
        assert marker not in found
        found[marker] = stream.read(length - 2)
