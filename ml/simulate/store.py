"""Writing cases: 12-bit JPEG 2000 pictures beside ``cases.json`` (docs/datasets.md).

Each case's entry is first a file of its own, written last of its files, so that a run
that was cut off goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.simulate.cases import Earlier, Found, SimulatedCase
from ml.simulate.series import OFFSET, Series
from ml.simulate.tips import BODIES, position_of

VERSION = "7"
COMPRESSION = 22
"""How many times smaller a picture's file is than its 16-bit pixels."""
STACK_COMPRESSION = 18
PARTS = "parts"
FILE = "cases.json"
GIVEN_UP = ".left-out"


def is_written(folder: Path, key: str, recipe: str) -> bool:
    """Whether that case is there already, made by the same recipe."""
    try:
        part = json.loads((folder / PARTS / f"{key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(part.get("recipe") == recipe)


def given_up(folder: Path, key: str, recipe: str) -> tuple[str, ...]:
    """The gates that a case of this recipe failed in its last attempt; empty if it may be tried."""
    try:
        note = json.loads((folder / PARTS / f"{key}{GIVEN_UP}").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(note["failed"]) if note.get("recipe") == recipe else ()


def give_up(folder: Path, key: str, recipe: str, failed: tuple[str, ...]) -> None:
    """Note that a case passes no gates however it is made, so that it is not tried again."""
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    note = json.dumps({"recipe": recipe, "failed": failed})
    (folder / PARTS / f"{key}{GIVEN_UP}").write_text(note, encoding="utf-8")


def write_case(folder: Path, case: SimulatedCase, recipe: str) -> None:
    """Write a case's pictures, then its entry."""
    write_pictures(folder, case)
    write_entry(folder, case, recipe)


def write_pictures(folder: Path, case: SimulatedCase) -> None:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for image, picture in zip(entry_of(case)["images"], case.pictures, strict=True):
        _write_picture(folder / image["file"], picture.values, COMPRESSION)


def write_entry(folder: Path, case: SimulatedCase, recipe: str) -> None:
    """Write what makes a case one of the set: its pictures, and what lies behind, are there."""
    _write_part(folder, case.key, entry_of(case), recipe)


def entry_of(case: SimulatedCase) -> dict[str, Any]:
    """The case as ``cases.json`` has it."""
    entry: dict[str, Any] = {
        "key": case.key,
        "age": case.age,
        "sex": case.sex,
        "indication": case.indication,
        "images": [
            {
                "file": f"images/{case.key}-{number}.jp2",
                "view": picture.view,
                "rows": picture.values.shape[0],
                "columns": picture.values.shape[1],
                "bits": 12,
                "pixel_spacing_mm": round(picture.spacing_mm, 4),
            }
            for number, picture in enumerate(case.pictures)
        ],
        "findings": [entry for found in case.findings for entry in _findings(found)],
        "report": {**case.report, "language": "en"},
        "measured": case.measured,
    }
    if case.earlier:
        _add_earlier(entry, case.earlier)
    return entry


def _add_earlier(entry: dict[str, Any], earlier: Earlier) -> None:
    """The second image is of a prior study: what was there then, and what has changed since."""
    entry["images"][1] |= {"study": "prior", "study_label": earlier.when}
    for finding in entry["findings"]:
        if earlier.change:
            finding["progression"] = earlier.change
    if earlier.days:
        entry["comparison"] = f"Chest radiograph, {earlier.when}."
    entry["earlier"] = _on_film(earlier, 1)
    if earlier.first:
        first = earlier.first
        entry["images"][2] |= {"study": "prior", "study_label": first.when}
        entry["comparison"] = f"Chest radiographs, {earlier.days} and {first.when}."
        entry["earlier"]["first"] = _on_film(first, 2)


def _on_film(earlier: Earlier, image: int) -> dict[str, Any]:
    """What an earlier film shows, which is the image of that number."""
    return {
        "change": earlier.change,
        "technique": earlier.technique,
        **({"days": earlier.days} if earlier.days else {}),
        "findings": [
            finding | {"regions": [{**one, "image": image} for one in finding["regions"]]}
            for found in earlier.findings
            for finding in _findings(found)
        ],
        "measured": earlier.measured,
    }


def _findings(found: Found) -> Iterator[dict[str, Any]]:
    """The entry of a finding; of a device with a body a second one, which may go unsaid."""
    entry = _finding(found)
    yield entry
    if found.body:
        yield {
            "label": BODIES[found.placed.label],
            "side": found.placed.side,
            "significance": "benign",
            "sentence": found.placed.sentence,
            "regions": [{"image": 0, "box": list(found.body)}],
        }


def _finding(found: Found) -> dict[str, Any]:
    placed = found.placed
    entry = {
        "label": placed.label,
        "side": placed.side,
        "zone": placed.location,
        "size_mm": placed.size_mm,
        "severity": placed.severity,
        "significance": placed.significance,
        "conspicuity": found.conspicuity,
        "sentence": placed.sentence,
        "measured": found.measured,
        "position": position_of(placed),
        "progression": found.change,
        "regions": _regions(found) if found.is_placed else [],
    }
    if found.is_placed and found.lateral_boxes:
        entry["also_seen"] = [{"image": 1, "box": list(box)} for box in found.lateral_boxes]
    return {name: value for name, value in entry.items() if value not in ("", None, {})}


def _regions(found: Found) -> list[dict[str, Any]]:
    """The tips of a device with the ways to them; of other findings outlines or boxes."""
    if found.ways:
        return [{"image": 0, "point": way[-1], "path": way} for way in found.ways]
    if found.outlines:
        return [{"image": 0, "polygon": line} for line in found.outlines]
    return [{"image": 0, "box": list(box)} for box in found.boxes]


def write_series(
    folder: Path, key: str, stack: Series, context: dict[str, Any], recipe: str
) -> None:
    """Write a CT as one stack, its mass as a finding with a box on each of its frames.

    `context` may hold `regions` of readers, which are taken in place of the boxes.
    """
    (folder / "stack").mkdir(parents=True, exist_ok=True)
    names = [f"stack/{index:03d}.jp2" for index in range(len(stack.frames))]
    for name, frame in zip(names, stack.frames, strict=True):
        _write_picture(folder / name, frame, STACK_COMPRESSION)
    boxes = [{"image": 0, "frame": f, "box": list(box)} for f, box in stack.boxes.items()]
    regions = context.pop("regions", None) or boxes
    finding = {
        "label": "nodule_mass",
        "side": stack.side,
        "zone": f"{stack.lobe} lobe",
        "size_mm": stack.size_mm,
        "sentence": context.pop("sentence"),
        "regions": regions,
    }
    entry = {
        "key": key,
        **context,
        "images": [
            {
                "view": "CT",
                "rows": stack.frames.shape[1],
                "columns": stack.frames.shape[2],
                "bits": 12,
                "pixel_spacing_mm": [round(mm, 4) for mm in stack.spacing_mm],
                "slice_mm": stack.slice_mm,
                "stack": {"frames": names, "hu_offset": OFFSET},
            }
        ],
        "findings": [finding] if regions else [],
    }
    _write_part(folder, key, entry, recipe)


def join(folder: Path, keys: list[str], dataset: dict[str, Any]) -> int:
    """Write ``cases.json`` of the entries of `keys` that are there; returns how many."""
    files = [folder / PARTS / f"{key}.json" for key in keys]
    entries = [json.loads(f.read_text(encoding="utf-8"))["case"] for f in files if f.is_file()]
    # A case a line: short, and what has changed of which case is seen.
    cases = ",\n".join(map(_line, entries))
    described = _line(dataset)
    text = f'{{"dataset": {described}, "cases": [\n{cases}\n]}}\n'
    (folder / FILE).write_text(text, encoding="utf-8")
    return len(entries)


def _line(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def dataset_description(slug: str, title: str, seed: int, source: str) -> dict[str, Any]:
    """What the library says of the cases; `source` is empty for the CT of the demo set."""
    known = (
        "Simulated: projected from CT LIDC-IDRI-0001 (Armato et al. 2011, The Cancer Imaging "
        "Archive, doi:10.7937/K9/TCIA.2015.LO9QL9SX, CC BY 3.0), deformed and with findings added."
    )
    return {
        "slug": slug,
        "title": title,
        "version": f"{VERSION} (seed {seed})",
        "licence": "" if source else "CC BY 3.0",
        "attribution": f"Simulated: projected from {source}." if source else known,
        "url": "" if source else "https://doi.org/10.7937/K9/TCIA.2015.LO9QL9SX",
    }


def _write_part(folder: Path, key: str, entry: dict[str, Any], recipe: str) -> None:
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    file = folder / PARTS / f"{key}.json"
    unfinished = file.with_suffix(".tmp")
    unfinished.write_text(json.dumps({"recipe": recipe, "case": entry}), encoding="utf-8")
    unfinished.replace(file)


def _write_picture(file: Path, values: NDArray[np.uint16], compression: int) -> None:
    from PIL import Image

    picture = Image.fromarray(values)
    picture.save(file, irreversible=True, quality_mode="rates", quality_layers=[compression])
