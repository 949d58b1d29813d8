"""Whole cases: a patient, lesions, a radiograph, its truth and a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.simulate import base as volumes
from ml.simulate import lesions, projector, words
from ml.simulate.base import Base, Mask
from ml.simulate.projector import Exposure, Picture

VERSION = "1"
SIZE = 1500
"""Pixels of the picture's long side."""
DETECTABLE = (3.2, 9.0)
"""Contrast-to-noise ratios a lesion may have to be used."""
TRIES = 40
COMPRESSION = 12
"""JPEG 2000 bytes: one twelfth of the 16-bit picture."""


@dataclass(frozen=True)
class Found:
    """A lesion as it shows: box normalised x0 y0 x1 y1, and its contrast-to-noise ratio."""

    lesion: lesions.Lesion
    box: tuple[float, float, float, float]
    conspicuity: float


@dataclass(frozen=True)
class SimulatedCase:
    key: str
    values: NDArray[np.uint16]
    """12-bit picture, (rows, columns)."""
    spacing_mm: float
    age: int
    sex: str
    indication: str
    findings: tuple[Found, ...]
    report: dict[str, str]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """How one patient's frontal picture differs from the CT's: a smooth displacement."""

    rows: Picture
    columns: Picture
    """Where each pixel of the new picture comes from, in pixels of the old."""


def generate_case(base: Base, seed: int, index: int, nodules: int) -> SimulatedCase:
    """One PA radiograph; the same seed and index give the same bytes."""
    rng = np.random.default_rng([seed, index])
    plain = projector.project(projector.attenuation(base.hu), base.spacing, "PA")
    window = _field(base)
    shape = _shape(rng, plain[window].shape)
    thickness = rng.uniform(0.88, 1.12)
    exposure = replace(
        Exposure(), photons=rng.uniform(35_000, 90_000), detail=rng.uniform(2.4, 3.0)
    )
    healthy = _bent(plain[window] * thickness, shape)
    placed = [_visible(base, rng, window, shape, healthy) for _ in range(nodules)]
    integrals = healthy + sum((added for _, added, _ in placed), np.zeros_like(healthy))
    values = _picture(integrals, exposure, rng)
    patient = words.patient(rng, bool(placed))
    found = tuple(
        Found(lesion, _box(mask), cnr)
        for lesion, mask, cnr in (
            (lesion, mask, _cnr(added, mask, healthy)) for lesion, added, mask in placed
        )
    )
    sentences = tuple(words.sentence(rng, item.lesion) for item in found)
    return SimulatedCase(
        key=f"sim-{seed}-{index:04d}",
        values=values,
        spacing_mm=base.spacing * max(healthy.shape) / max(values.shape),
        age=patient.age,
        sex=patient.sex,
        indication=patient.indication,
        findings=found,
        report=words.report(rng, sentences, [item.lesion for item in found]),
        sentences=sentences,
    )


def _field(base: Base) -> tuple[slice, slice]:
    """Rows and columns of the frontal picture that a technologist would collimate to."""
    seen = np.asarray(base.lungs.any(axis=1)).T[::-1]
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    above, below, beside = (int(mm / base.spacing) for mm in (34, 22, 30))
    return (
        slice(max(0, rows[0] - above), rows[-1] + below),
        slice(max(0, columns[0] - beside), columns[-1] + beside),
    )


def _shape(rng: np.random.Generator, size: tuple[int, int]) -> Shape:
    """Chest width, height, a slight turn and smooth local bends of up to about 5 pixels."""
    rows, columns = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in size), indexing="ij")
    middle = [(n - 1) / 2 for n in size]
    turn = np.deg2rad(rng.normal(0, 1.2))
    tall, wide = rng.uniform(0.92, 1.0), rng.uniform(0.92, 1.04)
    dy, dx = (rows - middle[0]) * tall, (columns - middle[1]) * wide
    bends = []
    for _ in range(2):
        knots = rng.normal(0, 2.6, (5, 5)).astype(np.float32)
        bends.append(
            ndimage.zoom(knots, [n / 5 for n in size], order=3, mode="nearest")[
                : size[0], : size[1]
            ]
        )
    return Shape(
        rows=middle[0] + dy * np.cos(turn) - dx * np.sin(turn) + bends[0],
        columns=middle[1] + dy * np.sin(turn) + dx * np.cos(turn) + bends[1],
    )


def _bent(picture: Picture, shape: Shape) -> Picture:
    grid = [shape.rows, shape.columns]
    return ndimage.map_coordinates(picture, grid, order=1, mode="nearest").astype(np.float32)


def _visible(
    base: Base, rng: np.random.Generator, window: Any, shape: Shape, healthy: Picture
) -> tuple[lesions.Lesion, Picture, Mask]:
    """A nodule whose size and place make it neither invisible nor blatant."""
    best = None
    for _ in range(TRIES):
        calcified = rng.random() < 0.25
        diameter = rng.uniform(5, 9) if calcified else rng.uniform(11, 28)
        lesion = lesions.nodule(base, rng, diameter_mm=diameter, calcified=calcified)
        block = tuple(
            slice(c, c + n) for c, n in zip(lesion.corner, lesion.added.shape, strict=True)
        )
        before = base.hu[block]
        more = projector.attenuation(before + lesion.added) - projector.attenuation(before)
        plane, shadow = lesions.integrals(lesion, base, more)
        added = _bent(plane[window], shape)
        mask = _bent(shadow[window].astype(np.float32), shape) >= 0.5
        best = (lesion, added, mask)
        if mask.any() and DETECTABLE[0] <= _cnr(added, mask, healthy) <= DETECTABLE[1]:
            break
    assert best is not None
    return best


def _cnr(added: Picture, mask: Mask, healthy: Picture) -> float:
    """Mean of what the lesion adds over the anatomical noise around it, in line integrals."""
    around = ndimage.binary_dilation(mask, iterations=10) & ~mask
    smooth = ndimage.gaussian_filter(healthy, 12)
    noise = float((healthy - smooth)[around].std())
    return round(float(added[mask].mean()) / max(noise, 1e-3), 2)


def _box(mask: Mask) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return (
        round(float(columns[0] / width), 5),
        round(float(rows[0] / height), 5),
        round(float((columns[-1] + 1) / width), 5),
        round(float((rows[-1] + 1) / height), 5),
    )


def _picture(
    integrals: Picture, exposure: Exposure, rng: np.random.Generator
) -> NDArray[np.uint16]:
    large = projector.enlarge(integrals, SIZE)
    signal = projector.expose(large, exposure, rng)
    return projector.to_values(projector.process(signal, exposure), large > 0.25)


def generate(base: Base, count: int, seed: int) -> Iterator[SimulatedCase]:
    """`count` cases; every third is normal, the others hold one to three nodules."""
    for index in range(count):
        rng = np.random.default_rng([seed, index, 7])
        nodules = 0 if index % 3 == 2 else int(rng.choice([1, 1, 2, 3]))
        yield generate_case(base, seed, index, nodules)


def write(cases: Iterator[SimulatedCase], folder: Path, dataset: dict[str, Any]) -> int:
    """Write cases as ``cases.json`` beside 12-bit JPEG 2000 pictures; returns how many."""
    from PIL import Image

    (folder / "images").mkdir(parents=True, exist_ok=True)
    entries = []
    for number, case in enumerate(cases):
        name = f"images/{number:04d}.jp2"
        picture = Image.fromarray(case.values)
        picture.save(
            folder / name, irreversible=True, quality_mode="rates", quality_layers=[COMPRESSION * 3]
        )
        entries.append(_entry(case, name))
    document = {"dataset": dataset, "cases": entries}
    (folder / "cases.json").write_text(json.dumps(document, indent=1) + "\n")
    return len(entries)


def _entry(case: SimulatedCase, name: str) -> dict[str, Any]:
    return {
        "key": case.key,
        "age": case.age,
        "sex": case.sex,
        "indication": case.indication,
        "images": [
            {
                "file": name,
                "view": "PA",
                "rows": case.values.shape[0],
                "columns": case.values.shape[1],
                "bits": 12,
                "pixel_spacing_mm": round(case.spacing_mm, 4),
            }
        ],
        "findings": [
            {
                "label": item.lesion.label,
                "side": item.lesion.side,
                "zone": f"{item.lesion.side} {item.lesion.zone} zone, {item.lesion.lobe} lobe",
                "size_mm": item.lesion.size_mm,
                "conspicuity": item.conspicuity,
                "sentence": sentence,
                "regions": [{"image": 0, "box": list(item.box)}],
            }
            for item, sentence in zip(case.findings, case.sentences, strict=True)
        ],
        "report": {**case.report, "language": "en"},
    }


def dataset_description(seed: int) -> dict[str, Any]:
    return {
        "slug": "simulated",
        "title": "Simulated radiographs",
        "version": f"{VERSION} (seed {seed})",
        "licence": "CC BY 3.0",
        "attribution": (
            "Simulated, projected from CT LIDC-IDRI-0001 (Armato et al. 2011, The Cancer Imaging "
            "Archive, doi:10.7937/K9/TCIA.2015.LO9QL9SX, CC BY 3.0)."
        ),
        "url": "https://doi.org/10.7937/K9/TCIA.2015.LO9QL9SX",
    }


__all__ = ["generate", "generate_case", "volumes", "write"]
