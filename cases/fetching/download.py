"""Downloads: several at once, taken up where they broke off, and kept only when they are whole."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import httpx

TRIES = 5
FIRST_PAUSE = 1.0
"""Seconds before a second try; each further one waits twice as long."""
BLOCK = 1 << 18
TIMEOUT = httpx.Timeout(30.0)
REFUSED = (400, 401, 403, 404, 410, 451)
LARGEST_ANSWER = 64 << 20
"""Bytes of a listing."""


class FetchProblem(Exception):
    """Why something cannot be fetched; a sentence."""


@dataclass(frozen=True)
class Remote:
    """One file to fetch."""

    url: str
    path: Path
    """Below the folder of downloads."""
    size: int | None = None
    """Bytes; None where nobody says it beforehand."""
    md5: str = ""


def new_client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, follow_redirects=True)


def get(client: httpx.Client, url: str, query: Mapping[str, str]) -> bytes:
    """A small answer.

    Raises:
        FetchProblem: none came, or one that refuses.
    """
    for number in range(TRIES):
        pause(number)
        try:
            answer = client.get(url, params=query)
        except httpx.HTTPError as error:
            said = f"{type(error).__name__}"
            continue
        if answer.status_code == 200 and len(answer.content) <= LARGEST_ANSWER:
            return answer.content
        said = f"status {answer.status_code}"
        if answer.status_code in REFUSED:
            break
    raise FetchProblem(f"{url} cannot be read ({said}).")


def download(
    remotes: Iterable[Remote],
    folder: Path,
    *,
    client: httpx.Client,
    jobs: int = 8,
    done: Callable[[Remote], None] = lambda remote: None,
) -> list[str]:
    """Fetch all files into a folder; a sentence for each that could not be had.

    A file that is there was whole when it was put there, and is not fetched again. `done` is
    called for each that is there in the end.

    Raises:
        FetchProblem: the disk is full, or cannot be written; nothing more is begun then.
    """
    problems: list[str] = []
    with ThreadPoolExecutor(jobs) as pool:
        waiting: dict[Future[None], Remote] = {}
        queue = iter(remotes)
        try:
            while True:
                for remote in _next(queue, 2 * jobs - len(waiting)):
                    waiting[pool.submit(_fetch, client, remote, folder)] = remote
                if not waiting:
                    return problems
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    remote = waiting.pop(future)
                    try:
                        future.result()
                    except FetchProblem as problem:
                        problems.append(str(problem))
                    else:
                        done(remote)
        except OSError as error:
            what = "is full" if error.errno == errno.ENOSPC else f"fails ({error.strerror})"
            raise FetchProblem(
                f"The disk of {folder} {what}: free some room and fetch again; what is there stays."
            ) from None
        finally:
            for future in waiting:
                future.cancel()


def _next(queue: Iterator[Remote], count: int) -> Sequence[Remote]:
    return [remote for _, remote in zip(range(count), queue, strict=False)]


def _fetch(client: httpx.Client, remote: Remote, folder: Path) -> None:
    target = folder / remote.path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise FetchProblem(f"{remote.url} would lie outside the folder of downloads.")
    if target.is_file() and remote.size in (None, target.stat().st_size):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.part")
    said = ""
    for number in range(TRIES):
        pause(number)
        try:
            said = _once(client, remote, partial)
        except httpx.HTTPError as error:
            said = f"the connection broke ({type(error).__name__})"
            continue
        if not said:
            partial.replace(target)
            return
    raise FetchProblem(f"{remote.url} was not had: {said}.")


def pause(number: int) -> None:
    """Wait before a try that is not the first."""
    if number:
        time.sleep(FIRST_PAUSE * 2 ** (number - 1))


def _once(client: httpx.Client, remote: Remote, partial: Path) -> str:
    """One try, from where the last one ended; empty when the file is whole, else what is wrong.

    Raises:
        httpx.HTTPError: the connection broke.
        FetchProblem: the server refuses.
    """
    have = partial.stat().st_size if partial.exists() else 0
    if remote.size is not None and have > remote.size:
        partial.unlink()
        have = 0
    if remote.size is None or have < remote.size:
        headers = {"Range": f"bytes={have}-"} if have else {}
        with client.stream("GET", remote.url, headers=headers) as answer:
            if answer.status_code in REFUSED:
                raise FetchProblem(f"{remote.url} is refused (status {answer.status_code}).")
            if answer.status_code == 416:
                partial.unlink(missing_ok=True)
                return "its length is another than before"
            if answer.status_code not in (200, 206):
                return f"the server says {answer.status_code}"
            _write(answer, partial, "ab" if answer.status_code == 206 else "wb", remote.size)
    return _fault(remote, partial)


def _write(answer: httpx.Response, partial: Path, mode: str, most: int | None) -> None:
    with partial.open(mode) as stream:
        for block in answer.iter_raw(BLOCK):
            stream.write(block)
            if most is not None and stream.tell() > most:
                return


def _fault(remote: Remote, partial: Path) -> str:
    size = partial.stat().st_size
    if remote.size is not None and size != remote.size:
        if size > remote.size:
            partial.unlink()
        return f"it has {size:,} bytes, not {remote.size:,}"
    if remote.md5:
        with partial.open("rb") as stream:
            found = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
        if found.hexdigest() != remote.md5:
            partial.unlink()
            return "its checksum is another"
    return ""
