"""A small hub of models on loopback, of the kind that `huggingface_hub` downloads from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.servers import served

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CUT_AFTER = 20_000
FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/[^/]+/(?P<name>.+)")
INFO = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)(/revision/.*)?")


@dataclass
class Hub:
    """What it has, whom it lets in, and what it was asked for."""

    url: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cuts: int = 0
    """So many answers longer than `CUT_AFTER` bytes are closed there."""
    ranges: list[str] = field(default_factory=list)


@contextmanager
def hub_server() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            path = self.path.partition("?")[0]
            found = INFO.fullmatch(path) or FILE.fullmatch(path)
            repo = found["repo"] if found else ""
            if repo not in hub.files:
                self.refuse(404, "RepoNotFound")
            elif found and found.re is INFO:
                names = [{"rfilename": name} for name in hub.files[repo]]
                self.send({}, json.dumps({"id": repo, "sha": COMMIT, "siblings": names}).encode())
            elif repo in hub.gated:
                self.refuse(403, "GatedRepo")
            elif found:
                self.file(hub.files[repo].get(found["name"]), body)

        def file(self, content: bytes | None, body: bool) -> None:
            if content is None:
                self.refuse(404, "EntryNotFound")
                return
            etag = hashlib.sha256(content).hexdigest()
            headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
            start = 0
            if body and (wanted := self.headers["Range"]):
                hub.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").partition("-")[0])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send(headers, content[start:], body=body, status=206 if start else 200)

        def send(
            self, headers: dict[str, str], content: bytes, *, body: bool = True, status: int = 200
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if not body:
                return
            if hub.cuts and len(content) > CUT_AFTER:
                self.wfile.write(content[:CUT_AFTER])
                hub.cuts -= 1
                self.close_connection = True
                return
            self.wfile.write(content)

        def refuse(self, code: int, kind: str) -> None:
            self.send_response(code)
            self.send_header("X-Error-Code", kind)
            self.send_header("X-Error-Message", kind)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with served(Handler) as address:
        hub.url = address
        yield hub
