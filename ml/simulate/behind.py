"""What lies behind a film that is there already, made anew from its plan: a file beside the set.

The same key, plan and seed give the same person, so that outlines made later lie where the film
shows them. `behind/KEY.json.gz` holds them, with the SHA-256 of the film they belong to.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ml.simulate import contours, measures, store
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import SimulatedCase, beginning, generate, stood, view_of
from ml.simulate.layers import layers_of
from ml.simulate.person_ct import SPACING_MM, PersonCt, person_ct
from ml.simulate.projector import View
from ml.simulate.run import ATTEMPTS, Job, anatomy_here, start_process

FOLDER = "behind"
Layers = Literal["none", "findings", "all"]
"""What can be taken off a film: nothing, its findings, or bones and heart, too."""
NEARLY = 0.03
"""How far what is measured of a finding's visibility may be off in a film that is made anew."""
CONTOUR_SIZE = 750
"""Of the picture that outlines are drawn on: its long side has half as many pixels."""


class Unlike(ValueError):
    """The film cannot be made anew: another version of the generator made it."""


def path_of(folder: Path, key: str) -> Path:
    return folder / FOLDER / f"{key}.json.gz"


@dataclass(frozen=True)
class Wanted:
    """What a document shall hold beside outlines."""

    layers: Layers = "none"
    ct: bool = False
    """Whether the person's CT shall be there, too."""


def is_made(folder: Path, entry: dict[str, Any], wanted: Wanted = Wanted()) -> bool:
    """Whether a case has its document, made for the film that is there now."""
    document = read(folder, entry["key"])
    has_layers = wanted.layers == "none" or "layers" in document
    has_ct = not wanted.ct or "ct" in document
    return has_layers and has_ct and _is_current(document, film_mark(folder, entry))


def _is_current(document: dict[str, Any], mark: str) -> bool:
    """Whether a document has the outlines of this version for that film."""
    return document.get("film") == mark and document.get("version") == contours.VERSION


def make_all(
    base: Path, work: Sequence[Job], folder: Path, processes: int, wanted: Wanted = Wanted()
) -> Iterator[tuple[str, str]]:
    """Write what the cases of `folder` lack, from the CT made ready in `base`.

    Yields each key when it is done, with a sentence where it could not be made.
    """
    text = (folder / store.FILE).read_text(encoding="utf-8")
    entries = {entry["key"]: entry for entry in json.loads(text)["cases"]}
    missing = [
        job for job in work if job.key in entries and not is_made(folder, entries[job.key], wanted)
    ]
    if not missing:
        return
    with ProcessPoolExecutor(
        min(processes, len(missing)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_process,
        initargs=(str(base),),
    ) as pool:
        futures = {
            pool.submit(_make_here, job, entries[job.key], folder, wanted): job.key
            for job in missing
        }
        for future in as_completed(futures):
            problem = future.exception()
            yield futures[future], f"{problem}" if problem else ""


def _make_here(job: Job, entry: dict[str, Any], folder: Path, wanted: Wanted) -> None:
    make(anatomy_here(), job, entry, folder, wanted)


def read(folder: Path, key: str) -> dict[str, Any]:
    """A case's document; empty where there is none or it is damaged."""
    try:
        document = json.loads(gzip.decompress(path_of(folder, key).read_bytes()))
    except (OSError, ValueError, EOFError):
        return {}
    return document if isinstance(document, dict) else {}


def film_mark(folder: Path, entry: dict[str, Any]) -> str:
    """The SHA-256 of a case's first film."""
    return hashlib.sha256((folder / entry["images"][0]["file"]).read_bytes()).hexdigest()


def make(
    anatomy: Anatomy, job: Job, entry: dict[str, Any], folder: Path, wanted: Wanted = Wanted()
) -> None:
    """Write the outlines of a case of `folder`, as `cases.json` has it, and what else is wanted.

    Raises:
        Unlike: the plan gives another film than the one that is there.
    """
    attempt, view = again(anatomy, job, entry)
    mark = film_mark(folder, entry)
    document = read(folder, job.key)
    if not _is_current(document, mark):
        kept: dict[str, Any] = {}
        if document.get("film") == mark:
            kept = {name: document[name] for name in ("layers", "ct") if name in document}
        small = view_of(anatomy, view.body, view.kind, CONTOUR_SIZE)
        document = {"film": mark, **contours.anatomy_of(anatomy, small), **kept}
    lacks_layers = wanted.layers != "none" and "layers" not in document
    lacks_ct = wanted.ct and "ct" not in document
    if lacks_layers or lacks_ct:
        case = _generated(anatomy, job, entry, attempt)
        assert case.sitting is not None
        if lacks_layers:
            peeled = wanted.layers == "all"
            document["layers"] = _pictures(anatomy, case, job, folder, peeled=peeled)
        if lacks_ct:
            document["ct"] = _ct(person_ct(anatomy, case.sitting, SPACING_MM), job.key, folder)
    write(folder, job.key, document)


def case_again(anatomy: Anatomy, job: Job, entry: dict[str, Any]) -> SimulatedCase:
    """The case that an entry of `cases.json` tells of, made anew.

    Raises:
        Unlike: the plan gives another one.
    """
    attempt, _ = again(anatomy, job, entry)
    return _generated(anatomy, job, entry, attempt)


def _generated(anatomy: Anatomy, job: Job, entry: dict[str, Any], attempt: int) -> SimulatedCase:
    case = generate(anatomy, job.key, job.plan, job.seed, job.difficulty, job.size, attempt=attempt)
    check(case, entry)
    return case


def check(case: SimulatedCase, entry: dict[str, Any]) -> None:
    """That a case made anew says what the one that is there says.

    Raises:
        Unlike: it does not; visibility, which is measured, may be off by a little.
    """
    said = json.loads(json.dumps(store.entry_of(case)))
    if said["report"] != entry["report"] or not _alike(said["findings"], entry["findings"]):
        raise Unlike(f"{case.key} cannot be made anew: its plan gives other findings.")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= NEARLY * max(abs(one), 1e-9)
    return bool(one == other)


def _ct(volume: PersonCt, key: str, folder: Path) -> dict[str, Any]:
    """Write the picture of a person's CT; what a document says of it."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    name = f"{key}-ct.webp"
    _write_whole(folder / FOLDER / name, volume.encoded())
    return {**volume.described(), "file": name}


def _pictures(
    anatomy: Anatomy, case: SimulatedCase, job: Job, folder: Path, *, peeled: bool
) -> list[dict[str, Any]]:
    """Write the pictures of a case's layers; what a document says of them."""
    assert case.sitting is not None
    made = layers_of(anatomy, case.sitting, job.plan.findings, peeled=peeled)
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    said = []
    for number, one in enumerate(made):
        name = f"{job.key}-{number}.webp"
        _write_whole(folder / FOLDER / name, one.encoded())
        entry = {"kind": one.kind, "label": one.label, "side": one.side}
        said.append({**entry, "box": list(one.box), "scale": one.scale, "file": name})
    return said


def write(folder: Path, key: str, document: dict[str, Any]) -> None:
    path = path_of(folder, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(path, contours.packed(document))


def _write_whole(path: Path, content: bytes) -> None:
    """All of a file, or the one that was there."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def again(anatomy: Anatomy, job: Job, entry: dict[str, Any]) -> tuple[int, View]:
    """Which attempt a case came of, and the exposure of its person.

    Raises:
        Unlike: none gives the person that the entry measures.
    """
    told = (entry["age"], entry["sex"], entry["indication"])
    for attempt in range(ATTEMPTS if job.gated else 1):
        rng, patient = beginning(job.key, job.plan, job.seed, attempt)
        if (patient.age, patient.sex, patient.indication) != told:
            continue
        view = stood(anatomy, rng, patient, job.plan, job.size)
        measured = json.loads(json.dumps(asdict(measures.of_person(anatomy, view))))
        if all(entry["measured"].get(name) == value for name, value in measured.items()):
            return attempt, view
    raise Unlike(f"{job.key} cannot be made anew: its plan gives another person.")
