"""A small hub of models on loopback, of the kind that `huggingface_hub` downloads from."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.servers import served

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CUT_AFTER = 20_000
LARGE = 10_000
"""Bytes from which on a file lies in the large storage."""
FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/[^/]+/(?P<name>.+)")
INFO = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)(/revision/.*)?")


@dataclass
class Hub:
    """What it has, whom it lets in, and what it was asked for."""

    url: str = ""
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    broken: bool = False
    """Nothing of a file arrives that lies behind its first `CUT_AFTER` bytes."""
    ranges: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Names of the files that were asked for."""
    describes: bool = True
    """Whether it tells sizes and digests, as not every mirror does."""
    down: bool = False
    """It answers for files with status 500."""
    altered: bytes = b""
    """Stands for the content of every file, which it goes on describing as it should be."""


def described_file(name: str, content: bytes) -> dict[str, Any]:
    """As the hub describes a file: by SHA-256 in its large storage, else as git does."""
    size = len(content)
    blob = hashlib.sha1(b"blob %d\0" % size + content).hexdigest()
    described = {"rfilename": name, "size": size, "blobId": blob}
    if size > LARGE:
        digest = hashlib.sha256(content).hexdigest()
        described["lfs"] = {"sha256": digest, "size": size, "pointerSize": 130}
    return described


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
                described = [
                    described_file(*file) if hub.describes else {"rfilename": file[0]}
                    for file in hub.files[repo].items()
                ]
                about = {"id": repo, "sha": COMMIT, "siblings": described}
                self.send({}, json.dumps(about).encode())
            elif repo in hub.gated:
                self.refuse(403, "GatedRepo")
            elif hub.down:
                self.refuse(500, "Down")
            elif found:
                hub.asked.append(found["name"])
                self.file(hub.altered or hub.files[repo].get(found["name"]), body)

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
            arrives = max(0, CUT_AFTER - start) if hub.broken else len(content)
            status = 206 if start else 200
            self.send(headers, content[start:], body=body, status=status, arrives=arrives)

        def send(
            self,
            headers: dict[str, str],
            content: bytes,
            *,
            body: bool = True,
            status: int = 200,
            arrives: int | None = None,
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content[:arrives])
                self.close_connection = True

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
