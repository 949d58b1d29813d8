"""Studies of a DICOMweb server (PS3.18): found by QIDO-RS, fetched by WADO-RS one file at a time.

What comes names patients. It is written below one folder, under digests of its UIDs; whoever calls
removes it. Nothing that is told holds a UID, name or number.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from email.message import Message
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cases.fetching.archives import ROOM_KEPT
from cases.fetching.download import BLOCK, REFUSED, TRIES, FetchProblem, pause
from cases.importers.studies.headings import digest

PACKAGES = "The client of DICOMweb is not installed: run `make install-data`, and start again."
NO_DICOMWEB = "The server does not answer as DICOMweb does: look at its address."
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two packets."""
PAGE = 100
"""Studies or instances that are asked for at once."""
MOST_PAGES = 100
LARGEST = 2 << 30
"""Bytes of one file."""
LARGEST_HEAD = 64 << 10
"""Bytes before a part's content."""
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""As it is stored, not decoded by the server."""
NO_IMAGES = ("PR", "KO", "DOC", "PLAN", "REG", "AU", "ECG", "HD", "RTPLAN", "RTDOSE", "FID")
"""Modalities of series that hold neither images nor what is read of them."""
UID = re.compile(r"[0-9.]{1,64}")
STUDY, SERIES, INSTANCE, MODALITY = "0020000D", "0020000E", "00080018", "00080060"
Answer = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What studies are looked for; what is empty does not matter."""

    studies: tuple[str, ...] = ()
    """Study Instance UIDs."""
    accession: str = ""
    patient: str = ""
    """Patient ID."""
    modalities: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def filters(self) -> Iterator[dict[str, str]]:
        """The searches (PS3.18 8.3.4) that together find them."""
        same = {"AccessionNumber": self.accession, "PatientID": self.patient}
        if self.since or self.until:
            ends = (f"{one:%Y%m%d}" if one else "" for one in (self.since, self.until))
            same["StudyDate"] = "-".join(ends)
        same = {name: value for name, value in same.items() if value}
        for study in self.studies or ("",):
            for modality in self.modalities or ("",):
                more = {"StudyInstanceUID": study, "ModalitiesInStudy": modality}
                yield {**same, **{name: value for name, value in more.items() if value}}


@dataclass(frozen=True)
class File:
    """One instance of a study."""

    study: str
    series: str
    uid: str

    @property
    def path(self) -> Path:
        """Below the folder, by digests."""
        return Path(digest(self.study), digest(self.series), f"{digest(self.uid)}.dcm")


class Archive:
    """A DICOMweb server.

    Raises:
        FetchProblem: the packages are missing, or the address is none.
    """

    def __init__(self, url: str, *, user: str = "", password: str = "", token: str = "") -> None:
        try:
            import requests
            from dicomweb_client.api import DICOMwebClient
        except ImportError:
            raise FetchProblem(PACKAGES) from None
        self._broken: type[Exception] = requests.RequestException
        self.session = requests.Session()
        if user:
            self.session.auth = (user, password)
        elif token:
            self.session.headers["Authorization"] = f"Bearer {token}"
        try:
            self._client = DICOMwebClient(
                url.rstrip("/"), session=self.session, permissive_uid=True, timeout=TIMEOUT
            )
        except ValueError:
            raise FetchProblem(
                f"{url or 'An empty text'} is no address of a DICOMweb server, such as "
                "https://archive.example.org/dicom-web."
            ) from None
        self._client.set_http_retry_params(retry=False)  # `_page` tries again
        logging.getLogger("dicomweb_client").setLevel(logging.ERROR)  # it tells UIDs
        self._base = url.rstrip("/")

    def studies(self, wanted: Wanted, most: int) -> list[str]:
        """The UIDs of at most so many studies that are like that.

        Raises:
            FetchProblem: the server cannot be searched.
        """
        found: dict[str, None] = {}
        for filters in wanted.filters():
            search = partial(self._client.search_for_studies, search_filters=filters)
            for uid in _uids(self._pages(search), STUDY):
                found[uid] = None
                if len(found) >= most:
                    return [*found]
        return [*found]

    def files(self, study: str) -> list[File]:
        """The instances of a study's series that hold images or speak of some.

        Raises:
            FetchProblem: the server cannot be searched.
        """
        found: list[File] = []
        for series in self._pages(partial(self._client.search_for_series, study)):
            kind = str(_first(series, MODALITY))
            for uid in _uids([series], SERIES):
                if kind in NO_IMAGES:
                    continue
                search = partial(self._client.search_for_instances, study, uid)
                found += [File(study, uid, one) for one in _uids(self._pages(search), INSTANCE)]
        return list(dict.fromkeys(found))

    def _pages(self, search: Callable[..., Sequence[Answer]]) -> Iterator[Answer]:
        """All that a search finds, page by page; one that a server gives again ends it."""
        last: Sequence[Answer] = ()
        for number in range(MOST_PAGES):
            page = self._page(search, number * PAGE)
            if page == last:  # it knows no offset
                return
            yield from page
            if len(page) < PAGE:
                return
            last = page

    def _page(self, search: Callable[..., Sequence[Answer]], offset: int) -> list[Answer]:
        said = ""
        for number in range(TRIES):
            pause(number)
            try:
                page = search(limit=PAGE, offset=offset)
            except ValueError:  # no JSON; `requests` counts it as a broken connection too
                raise FetchProblem(NO_DICOMWEB) from None
            except self._broken as error:
                said = _said(error)
                answer = getattr(error, "response", None)
                if answer is not None and answer.status_code in REFUSED:
                    break
                continue
            if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
                raise FetchProblem(NO_DICOMWEB)
            return page
        raise FetchProblem(f"The server cannot be searched ({said}).")

    def fetch(self, files: Iterable[File], folder: Path, *, jobs: int = 4) -> None:
        """Write instances below a folder; those that are there stay as they are.

        Raises:
            FetchProblem: one of them could not be had; the others may be there.
        """
        with ThreadPoolExecutor(jobs) as pool:
            waiting = [pool.submit(self._fetch, one, folder / one.path) for one in files]
            try:
                for future in waiting:
                    future.result()
            finally:
                for future in waiting:
                    future.cancel()

    def _fetch(self, file: File, target: Path) -> None:
        if target.is_file():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(target.parent).free < ROOM_KEPT:
            raise FetchProblem("There is no room left for what the server has: free some.")
        partial_file, said = target.with_name(f"{target.name}.part"), ""
        for number in range(TRIES):
            pause(number)
            try:
                said = self._once(file, partial_file)
            except self._broken as error:
                said = f"the connection broke ({_said(error)})"
                continue
            if not said:
                partial_file.replace(target)
                return
        raise FetchProblem(f"A file was not had: {said}.")

    def _once(self, file: File, target: Path) -> str:
        """One try; empty when the file is whole, else what is wrong."""
        address = f"{self._base}/studies/{file.study}/series/{file.series}/instances/{file.uid}"
        headers = {"Accept": ACCEPT, "Accept-Encoding": "identity"}
        with self.session.get(address, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code in REFUSED:
                raise FetchProblem(f"A file is refused (status {answer.status_code}).")
            if answer.status_code != HTTPStatus.OK:
                return f"the server says {answer.status_code}"
            kind = answer.headers.get("Content-Type", "")
            try:
                with target.open("wb") as stream:
                    for block in content_of(kind, answer.iter_content(BLOCK)):
                        stream.write(block)
                        if stream.tell() > LARGEST:
                            raise FetchProblem("A file is larger than any image is.")
            except EOFError:
                return "it is cut off"
            except OSError as error:
                if isinstance(error, self._broken):
                    raise
                raise FetchProblem(f"A file cannot be written: {error.strerror}.") from None
        with target.open("rb") as stream:
            return "" if stream.read(132)[128:] == b"DICM" else "it is no DICOM"


def content_of(kind: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The DICOM file in the body of an answer of this Content-Type: its one part, or the whole.

    Raises:
        FetchProblem: it is neither.
        EOFError: it ends before the part does.
    """
    header = Message()
    header["Content-Type"] = kind
    if header.get_content_type() == "application/dicom":  # as some servers answer
        yield from blocks
        return
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise FetchProblem(NO_DICOMWEB)
    delimiter = f"--{boundary}".encode()
    end, held, is_inside = b"\r\n" + delimiter, bytearray(), False
    for block in blocks:
        held += block
        if not is_inside:
            start = held.find(delimiter)
            blank = held.find(b"\r\n\r\n", start)
            if start < 0 or blank < 0:
                if len(held) > LARGEST_HEAD:
                    raise FetchProblem(NO_DICOMWEB)
                continue
            del held[: blank + 4]
            is_inside = True
        at = held.find(end)
        if at >= 0:
            yield bytes(held[:at])
            return
        sure = max(0, len(held) - len(end))
        yield bytes(held[:sure])
        del held[:sure]
    raise EOFError


def _first(answer: Answer, tag: str) -> object:
    """The first value of an element in the JSON model (PS3.18 F.2); empty where there is none."""
    element = answer.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values else ""


def _uids(answers: Iterable[Answer], tag: str) -> Iterator[str]:
    """The UIDs of answers; what is none is left out, since it becomes part of an address."""
    for answer in answers:
        uid = str(_first(answer, tag))
        if UID.fullmatch(uid):
            yield uid


def _said(error: Exception) -> str:
    """What went wrong, without the address, in which UIDs stand."""
    answer = getattr(error, "response", None)
    return f"status {answer.status_code}" if answer is not None else type(error).__name__
