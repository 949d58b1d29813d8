"""Decoding the images of many cases in worker processes, in order and with bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from cases.imaging import ImageProblem, PreparedImage, Source, digest_of, prepare_image
from cases.importers.base import ImportedCase, Item, Problem

AHEAD = 2
"""Cases decoded ahead of the one that is stored, for each process."""


@dataclass(frozen=True)
class KeptImage:
    """An image the library has already, from the very same bytes."""

    sha256: str


Prepared = PreparedImage | KeptImage
KnownDigests = Callable[[ImportedCase], Sequence[str]]
"""The digests of a case's stored images by position; empty where an image must be made."""


def usable_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare_or_keep(source: Source, known: str) -> Prepared:
    """Decode one image, unless its files have the known digest.

    Raises:
        ImageProblem: a file cannot be used.
    """
    digest = digest_of(source.paths)
    return KeptImage(digest) if digest == known else prepare_image(source, sha256=digest)


def prepared_cases(
    items: Iterable[Item], known: KnownDigests, *, jobs: int
) -> Iterator[Problem | tuple[ImportedCase, tuple[Prepared, ...]]]:
    """Each case with its images, in the order of `items`; a case with a bad image is a Problem."""
    if jobs <= 1:
        for item in items:
            yield item if isinstance(item, Problem) else _alone(item, known(item))
        return
    with _Pool(jobs) as pool:
        waiting: deque[Problem | _Waiting] = deque()
        for item in items:
            waiting.append(item if isinstance(item, Problem) else pool.submit(item, known(item)))
            if len(waiting) > AHEAD * jobs:
                yield pool.result(waiting.popleft())
        while waiting:
            yield pool.result(waiting.popleft())


def _alone(
    case: ImportedCase, known: Sequence[str]
) -> Problem | tuple[ImportedCase, tuple[Prepared, ...]]:
    try:
        return case, tuple(
            prepare_or_keep(image.source, digest)
            for image, digest in zip(case.images, _padded(known, case), strict=True)
        )
    except ImageProblem as error:
        return _skipped(case, error)


def _padded(known: Sequence[str], case: ImportedCase) -> list[str]:
    count = len(case.images)
    return [*known[:count], *[""] * (count - len(known))]


def _skipped(case: ImportedCase, error: ImageProblem) -> Problem:
    return Problem(case.key, f"{error.sentence} The case was skipped.", "case")


@dataclass(frozen=True)
class _Waiting:
    case: ImportedCase
    known: Sequence[str]
    images: tuple[Future[Prepared], ...]


class _Pool:
    """A process pool that outlives a process killed by one image (as when memory runs out)."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._executor = self._started(jobs)

    @staticmethod
    def _started(jobs: int) -> ProcessPoolExecutor:
        # Spawned, not forked: nothing of the parent's database connections is shared.
        return ProcessPoolExecutor(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_ignore_interrupts,
        )

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def submit(self, case: ImportedCase, known: Sequence[str]) -> _Waiting:
        pairs = list(zip(case.images, _padded(known, case), strict=True))
        try:
            images = [
                self._executor.submit(prepare_or_keep, image.source, digest)
                for image, digest in pairs
            ]
        except BrokenProcessPool:
            self._executor = self._started(self._jobs)
            return self.submit(case, known)
        return _Waiting(case, known, tuple(images))

    def result(
        self, waiting: Problem | _Waiting
    ) -> Problem | tuple[ImportedCase, tuple[Prepared, ...]]:
        if isinstance(waiting, Problem):
            return waiting
        try:
            return waiting.case, tuple(image.result() for image in waiting.images)
        except ImageProblem as error:
            return _skipped(waiting.case, error)
        except BrokenProcessPool:
            return self._once_more(waiting)

    def _once_more(self, waiting: _Waiting) -> Problem | tuple[ImportedCase, tuple[Prepared, ...]]:
        """Alone in a process of its own, to tell the image that kills from its neighbours."""
        with self._started(1) as executor:
            try:
                return waiting.case, tuple(
                    executor.submit(prepare_or_keep, image.source, digest).result()
                    for image, digest in zip(
                        waiting.case.images, _padded(waiting.known, waiting.case), strict=True
                    )
                )
            except ImageProblem as error:
                return _skipped(waiting.case, error)
            except BrokenProcessPool:
                name = ", ".join(image.name for image in waiting.case.images)
                return Problem(
                    waiting.case.key,
                    f"Decoding {name} killed its process, as when memory runs out: make the "
                    "image smaller or use fewer --jobs. The case was skipped.",
                    "case",
                )


def _ignore_interrupts() -> None:
    """Ctrl-C is for the command alone; its workers end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
