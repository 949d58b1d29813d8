"""What a decoder taken over by a file would try; imports no more than a decoding process has."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import socket
import struct
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


def started_with():
    """The variables that the kernel remembers of this process's start."""
    try:
        return Path("/proc/self/environ").read_bytes()
    except PermissionError:
        return b""


def leave_with_what_is_refused(folder, port):
    """End the process with one bit set for each thing that it may not do, beside 128."""
    try:
        Path(folder, "written").write_text("x")
    except OSError as error:
        refused = error.errno in (errno.EFBIG, errno.EPERM)
    else:
        refused = False
    signs = (
        not any(name in os.environ or name.encode() in started_with() for name in SECRETS),
        refused,
        resource.getrlimit(resource.RLIMIT_CORE)
        == resource.getrlimit(resource.RLIMIT_FSIZE)
        == (0, 0),
        resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= child.OPEN_FILES,
        "NoNewPrivs:\t1" in Path("/proc/self/status").read_text(),
        is_refused(("127.0.0.1", port), socket.AF_INET),
        is_refused(f"{folder}/listens", socket.AF_UNIX),
    )
    os._exit(128 + sum(1 << place for place, sign in enumerate(signs) if sign))


class Answering:
    """A source whose process answers with these bytes from then on; with `ends`, and no more."""

    def __init__(self, content: bytes, *, ends: bool = True) -> None:
        self.content = content
        self.ends = ends

    def __reduce__(self):
        return answer_from_now_on, (self.content, self.ends)


def answer_from_now_on(content, ends):
    def send(line, answer):
        line.sendall(content)
        if ends:
            os._exit(0)

    child.send_answer = send
    return


class Reaching:
    """A source that reaches for other processes and files, and tells in words what it got."""

    def __init__(self, parent: int, other: int, folder: Path) -> None:
        self.parent = parent
        self.other = other
        self.folder = folder

    def __reduce__(self):
        return tell_what_is_open, (self.parent, self.other, str(self.folder))


def tell_what_is_open(parent, other, folder):
    there = Path(folder, "there")
    server = os.getppid()
    ways = {
        **{
            f"{name} of {what}": (lambda n=name, p=pid: Path(f"/proc/{p}/{n}").read_bytes())
            for name in ("environ", "maps")
            for what, pid in (("parent", parent), ("server", server), ("other", other))
        },
        **{
            f"memory of {what}": (lambda p=pid: os.close(os.open(f"/proc/{p}/mem", os.O_RDONLY)))
            for what, pid in (("parent", parent), ("server", server), ("other", other))
        },
        "descriptors of parent": lambda: Path(f"/proc/{parent}/fd/0").readlink(),
        "signal": lambda: os.kill(other, 0),
        "limits": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE),
        "fork": fork,
        "program": lambda: os.execv("/bin/true", ["true"]),
        "pair": lambda: socket.socketpair(),
        "owner": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, other),
        "owner by ioctl": lambda: fcntl.ioctl(0, 0x8901, struct.pack("i", other)),
        "its signal": lambda: fcntl.fcntl(0, 10, 9),
        "processors": lambda: os.sched_setaffinity(other, {0}),
        "flags": lambda: fcntl.ioctl(there.open("rb"), 0x40086602, struct.pack("l", 0)),
        "write": lambda: there.open("r+b").close(),
        "append": lambda: there.open("ab").close(),
        "create": lambda: os.close(os.open(f"{folder}/new", os.O_RDONLY | os.O_CREAT)),
        "truncate": lambda: os.truncate(there, 0),
        "rename": lambda: there.rename(f"{folder}/gone"),
        "delete": there.unlink,
        "folder": lambda: Path(folder, "made").mkdir(),
        "link": lambda: Path(folder, "link").symlink_to(there),
        "lock": lambda: locked(there, fcntl.flock),
        "lock of a part": lambda: locked(there, fcntl.lockf),
        "mode": lambda: there.chmod(0o777),
        "time": lambda: os.utime(there),
        "open files": lambda: more_than_expected(),
    }
    told = ", ".join(word for word, way in ways.items() if is_done(way))
    child._answer = lambda task: child.Failure(f"open: {told}")


def locked(path, lock):
    with path.open("rb") as stream:
        lock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)


def fork():
    if os.fork() == 0:
        os._exit(0)


def more_than_expected():
    """Beside the standard three, the line, the parent's sentinel and the folder that is listed."""
    if len([*Path("/proc/self/fd").iterdir()]) <= 6:
        raise OSError


def is_done(way):
    try:
        way()
    except OSError:
        return False
    return True
