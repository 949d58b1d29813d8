"""A server on this machine that answers as public buckets do, and goes wrong when it is told to."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2
"""Objects in one answer to a listing: more come by a token."""


class Bucket:
    """Objects by path, what goes wrong with each, and what was asked for."""

    def __init__(self):
        self.objects: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()
        self.ranges: list[str] = []
        self.address = ""

    def listing(self, base, query):
        prefix = query["prefix"][0]
        names = sorted(n for n in self.objects if n.startswith(f"{base}{prefix}"))
        start = int(query.get("continuation-token", ["0"])[0])
        entries = "".join(
            f"<Contents><Key>{name.removeprefix(base)}</Key><Size>{len(self.objects[name])}</Size>"
            f"<ETag>&quot;{hashlib.md5(self.objects[name]).hexdigest()}&quot;</ETag></Contents>"
            for name in names[start : start + PAGE]
        )
        more = start + PAGE < len(names)
        token = f"<NextContinuationToken>{start + PAGE}</NextContinuationToken>" if more else ""
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return f'<ListBucketResult xmlns="{space}">{entries}{token}</ListBucketResult>'.encode()


@contextmanager
def serving():
    """A bucket and its server."""
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            name, query = unquote(parts.path), parse_qs(parts.query)
            if "list-type" in query:
                self.answer(200, bucket.listing(name, query))
                return
            bucket.asked[name] += 1
            content = bucket.objects.get(name)
            fault = bucket.faults[name].pop(0) if bucket.faults.get(name) else ""
            if content is None or fault.isdecimal():
                self.answer(int(fault or 404), b"no")
                return
            status = 200
            if "Range" in self.headers:
                bucket.ranges.append(self.headers["Range"])
                start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
                content, status = content[start:], 206
            if fault == "other":
                content = bytes(len(content))
            self.answer(status, content[:-1] if fault == "short" else content, cut=fault == "cut")

        def answer(self, status, content, *, cut=False):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            if cut:
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
