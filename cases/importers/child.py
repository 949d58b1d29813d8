"""What a decoding process does: images of one case at a time, under limits, until its parent ends.

Nothing here imports Django: whatever a file does to this process, database and command stay well.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import connection as connections
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from cases.imaging import (
    ImageProblem,
    PreparedImage,
    Source,
    digest_of,
    doubt_of,
    prepare_image,
    text_doubt,
)
from cases.sandbox import close_network

RENDITION_VERSION = 2
"""To be raised when decoding makes other renditions of the same files: all are then made anew."""
BLACKED_OUT = "blacked out"
"""The recipe of renditions that a person took something out of, which no import brings back."""
NEEDED = {
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
}
"""Variables that a decoding process keeps."""
OPEN_FILES = 256


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


Prepared = PreparedImage | KeptImage
Task = tuple[tuple[Source, KnownImage | None], ...]


@dataclass(frozen=True)
class Failure:
    """Why none of a case's images can be used; a sentence."""

    sentence: str


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


def serve(connection: Connection, memory: int) -> None:
    """Answer tasks until the other end is closed.

    `memory` is what decoding may take, bytes; 0 for no limit.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command alone
    _end_with_parent()
    _give_up_rights()
    if memory:
        limit_memory(memory)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        answer = _answer(task)
        try:
            connection.send(answer)
        except MemoryError:
            connection.send(Failure(_too_much_memory()))


def _answer(task: Task) -> tuple[Prepared, ...] | Failure:
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


def _end_with_parent() -> None:
    """Die when the command dies, however it does.

    The pipe that the command holds open is closed then, and the kernel's signal for that ends
    this process even while native code runs; where there is no such signal, a thread does.
    """
    parent = parent_process()
    if parent is None:
        return
    if hasattr(os, "O_ASYNC"):
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    threading.Thread(target=_wait_for, args=(parent.sentinel,), daemon=True).start()


def _wait_for(sentinel: int) -> None:
    connections.wait([sentinel])
    os._exit(1)


def _give_up_rights() -> None:
    """Hold nothing that a decoder taken over by a file could use, as far as a process itself can.

    No variable of the project (keys, the database's address), no file written, no core of what is
    in memory, few files open, and on Linux no program that raises its rights and no network
    (`manage.py doctor` tells where that is not to be had).
    """
    for name in {*os.environ} - NEEDED:
        del os.environ[name]
    close_network()
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
