"""What a decoding process does: images of one case at a time, under limits, until its parent ends.

Nothing here imports Django: whatever a file does to this process, database and command stay well.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection as connections
from multiprocessing import parent_process
from pathlib import Path

from cases.imaging import (
    ImageProblem,
    Source,
    digest_of,
    doubt_of,
    prepare_image,
    text_doubt,
)
from cases.importers.wire import (
    Answer,
    Failure,
    KeptImage,
    KnownImage,
    Prepared,
    Task,
    receive_task,
    send_answer,
)
from cases.sandbox import confine

RENDITION_VERSION = 2
"""To be raised when decoding makes other renditions of the same files: all are then made anew."""
BLACKED_OUT = "blacked out"
"""The recipe of renditions that a person took something out of, which no import brings back."""
NEEDED = {
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "LD_PRELOAD"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
}
"""Variables that a decoding process is started with; others would stay readable in its memory."""
OPEN_FILES = 256


@contextmanager
def bare_environment() -> Iterator[None]:
    """For starting processes that decode, and what starts them, with `NEEDED` alone."""
    taken = {name: os.environ.pop(name) for name in {*os.environ} - NEEDED}
    try:
        yield
    finally:
        os.environ.update(taken)


def recipe_of(source: Source) -> str:
    """What a rendition depends on beside the bytes of its files."""
    if source.packed:
        return source.packed.recipe
    parts = [str(RENDITION_VERSION)]
    if source.value_offset is not None:
        parts.append(f"offset {source.value_offset:g}")
    if source.window is not None:
        parts.append(f"window {source.window.center:g}/{source.window.width:g}")
    if source.max_error:
        parts.append(f"error {source.max_error}")
    return ", ".join(parts)


def prepare_or_keep(source: Source, known: KnownImage | None) -> Prepared:
    """Decode one image, unless the library has what would come of it.

    Raises:
        ImageProblem: a file cannot be used.
    """
    digest = source.packed.sha256 if source.packed else digest_of(source.paths)
    same = known is not None and known.sha256 == digest
    if known and same and known.recipe in (recipe_of(source), BLACKED_OUT):
        return KeptImage(digest, known.frames, _doubt_of(source, known))
    return prepare_image(source, sha256=digest)


def _doubt_of(source: Source, known: KnownImage) -> str:
    """What is in doubt of an image that is kept: files are decoded for it once and not again."""
    if known.doubt is not None:
        return known.doubt
    doubts = [doubt_of(source.paths) if len(known.frames) > 1 else "", text_doubt(source)]
    return " ".join(said for said in doubts if said)


def serve(line: socket.socket, memory: int) -> None:
    """Answer tasks until the other end is closed.

    `memory` is what decoding may take, bytes; 0 for no limit.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command alone
    sentinel = _signaled_by_parent()
    _keep_open(line.fileno(), *(() if sentinel is None else (sentinel,)))
    _give_up_rights()
    if sentinel is not None:  # a thread that is begun before is not held by all that it gave up
        threading.Thread(target=_wait_for, args=(sentinel,), daemon=True).start()
    if memory:
        limit_memory(memory)
    while True:
        try:
            task = receive_task(line)
        except (EOFError, ConnectionError):
            return
        send_answer(line, _answer(task))


def _answer(task: Task) -> Answer:
    try:
        return tuple(prepare_or_keep(source, known) for source, known in task)
    except ImageProblem as problem:
        return Failure(problem.sentence)
    except MemoryError:
        return Failure(_too_much_memory())
    except Exception as error:  # any fault of a decoder, before a malformed file
        return Failure(f"Its image could not be decoded ({type(error).__name__}: {error}).")


def _too_much_memory() -> str:
    return "Decoding it takes more memory than allowed: raise --memory, or make the image smaller."


def _signaled_by_parent() -> int | None:
    """Die when the command dies, however it does.

    The pipe that the command holds open is closed then, and the kernel's signal for that ends
    this process even while native code runs; where there is no such signal, a thread has to wait
    for what is returned.
    """
    parent = parent_process()
    if parent is None:
        return None
    if hasattr(os, "O_ASYNC"):
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    return parent.sentinel


def _wait_for(sentinel: int) -> None:
    connections.wait([sentinel])
    os._exit(1)


def _keep_open(*wanted: int) -> None:
    """Close all files but these that this process was started with, and give up the terminal.

    Whoever has a terminal open can read what is typed there, and write what it obeys.
    """
    with suppress(OSError):  # it leads a session already
        os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    after = 3
    for kept in sorted(wanted):
        os.closerange(after, kept)
        after = kept + 1
    os.closerange(after, os.sysconf("SC_OPEN_MAX"))


def _give_up_rights() -> None:
    """Hold nothing that a decoder taken over by a file could use, as far as a process itself can.

    No variable of the project (keys, the database's address), no file written, no core of what is
    in memory, few files open, and on Linux what `sandbox.confine` takes: network, other processes,
    changing files (`manage.py doctor` tells where that is not to be had).
    """
    for name in {*os.environ} - NEEDED:
        del os.environ[name]
    confine()
    try:
        import resource
    except ImportError:
        return  # a system without such limits
    bounds = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    for kind, most in bounds.items():
        _, hard = resource.getrlimit(kind)
        most = most if hard < 0 else min(most, hard)
        resource.setrlimit(kind, (most, most))


def limit_memory(memory: int) -> None:
    """Allow so many bytes of address space beside what the process has now."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
    except (ImportError, OSError, ValueError):
        return  # a system without such limits
