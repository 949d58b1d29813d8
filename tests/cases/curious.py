"""What a decoder taken over by a file would try; imports no more than a decoding process has."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from cases.importers import child

SECRETS = ("SECRET_KEY", "DATABASE_URL", "DATA_DIR", "REDIS_URL")


class Curious:
    """A source that tries what a decoder taken over by a file would, and tells what it got."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    def __reduce__(self):
        return leave_with_what_is_refused, (str(self.folder), self.port)


def is_refused(address, family):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.connect(address)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def leave_with_what_is_refused(folder, port):
    """End the process with one bit set for each thing that it may not do, beside 128."""
    import resource

    try:
        Path(folder, "written").write_text("x")
    except OSError as error:
        refused = error.errno == errno.EFBIG
    else:
        refused = False
    signs = (
        not any(name in os.environ for name in SECRETS),
        refused,
        resource.getrlimit(resource.RLIMIT_CORE) == (0, 0),
        resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= child.OPEN_FILES,
        "NoNewPrivs:\t1" in Path("/proc/self/status").read_text(),
        is_refused(("127.0.0.1", port), socket.AF_INET),
        is_refused(f"{folder}/listens", socket.AF_UNIX),
    )
    os._exit(128 + sum(1 << place for place, sign in enumerate(signs) if sign))
