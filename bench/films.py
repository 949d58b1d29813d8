"""`python -m bench films`: bytes and seconds of films in the formats a browser could be sent.

The demo set's films, which are simulated and come from lossy JPEG 2000, and by `--folder` the
images of a folder. `--pictures FOLDER` keeps, of one film, a close-up without and with raised local
contrast: lossless, and within each bound.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter

from bench.figures import Figure, show
from cases.imaging import ImageProblem, decode_file, htj2k, render
from cases.imaging.pixels import Gray

DEMO = Path(__file__).parents[1] / "cases" / "demo" / "images"
BOUNDS = (1, 2, 4, 8)
"""Of 12 bits."""
FIRST_LOOK_BYTES, WHOLE_BYTES, BOUNDED_BYTES = 150_000, 1_600_000, 600_000
COARSE = (8, 4, 2)
"""Pixels of the film that one of the coarse picture stands for."""


@dataclass(frozen=True)
class Film:
    name: str
    pixels: Gray
    max_value: int


@dataclass(frozen=True)
class Measured:
    """One film in one format."""

    size: int
    encoding: float
    """Seconds of processor time."""
    decoding: float
    error: float
    """The largest change of a value, of 4095 steps."""


Format = tuple[Callable[[Film], bytes], Callable[[bytes], Any]]


def _png_pixels(file: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(file)))


def within(film: Film, bound: int) -> bytes:
    return htj2k.encode(film.pixels, htj2k.max_error_for(bound, film.max_value))


def jpeg_ls(film: Film, bound: int) -> bytes:
    off = htj2k.max_error_for(bound, film.max_value)
    return bytes(imagecodecs.jpegls_encode(film.pixels, off))


def jpeg_xl(film: Film) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(film.pixels, lossless=True, effort=3))


FORMATS: dict[str, Format] = {
    "PNG": (lambda film: render.png_bytes(film.pixels), _png_pixels),
    "JPEG-LS": (partial(jpeg_ls, bound=0), imagecodecs.jpegls_decode),
    "JPEG-LS, at most 4/4095 off": (partial(jpeg_ls, bound=4), imagecodecs.jpegls_decode),
    "JPEG XL": (jpeg_xl, imagecodecs.jpegxl_decode),
    "HTJ2K": (partial(within, bound=0), htj2k.decode),
    **{
        f"HTJ2K, at most {bound}/4095 off": (partial(within, bound=bound), htj2k.decode)
        for bound in BOUNDS
    },
}


def films(folder: Path, most: int) -> list[Film]:
    """Images of a folder as they are stored; `most` of them evenly over the names."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    found = []
    for path in paths[:: max(1, len(paths) // most)][:most]:
        try:
            decoded = decode_file(path)
        except ImageProblem:
            continue
        frame = decoded.frames[0]
        rows, columns = render.scaled_size(frame.shape[0], frame.shape[1], render.LONG_SIDE)
        found.append(Film(path.stem, render.downscaled(frame, rows, columns), decoded.max_value))
    return found


def measured(film: Film, encode: Callable[[Film], bytes], decode: Callable[..., Any]) -> Measured:
    started = time.process_time()
    file = encode(film)
    encoded = time.process_time()
    back = decode(file)
    done = time.process_time()
    error = np.abs(back.astype(int) - film.pixels).max() * 4095 / film.max_value
    return Measured(len(file), encoded - started, done - encoded, error)


def table_of(title: str, rows: dict[str, list[Measured]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in ("median kB", "most kB", "encode s", "decode s", "off, of 4095"):
        table.add_column(column, justify="right")
    for name, all_of in rows.items():
        sizes = [one.size / 1000 for one in all_of]
        table.add_row(
            name,
            f"{statistics.median(sizes):.0f}",
            f"{max(sizes):.0f}",
            f"{statistics.median(one.encoding for one in all_of):.3f}",
            f"{statistics.median(one.decoding for one in all_of):.3f}",
            f"{max(one.error for one in all_of):.1f}",
        )
    return table


def first_looks(found: list[Film]) -> dict[int, list[int]]:
    """Bytes until a picture coarser by 8, 4 and 2 can be shown, of each film."""
    needed = [htj2k.lengths(htj2k.encode(film.pixels)) for film in found]
    return {
        coarse: [lengths[-1 - coarse.bit_length() + 1] for lengths in needed] for coarse in COARSE
    }


def locally_raised(pixels: Gray) -> np.ndarray:
    """Differences from a wide mean over the local deviation: what thin lines are seen by."""
    values = pixels.astype(np.float32)
    rest = values - gaussian_filter(values, 12)
    return np.clip(128 + 45 * rest / (np.sqrt(gaussian_filter(rest**2, 24)) + 1), 0, 255)


def keep_pictures(film: Film, folder: Path, side: int = 320) -> None:
    """A square of the film as WebP, plain above, locally raised below: lossless, 1 and 4 off."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = film.pixels.shape
    part = np.s_[rows // 3 : rows // 3 + side, columns // 6 : columns // 6 + side]
    shown = []
    for bound in (0, 1, 4):
        back = htj2k.decode(within(film, bound))
        low, high = np.percentile(film.pixels[part], (1, 99))
        plain = np.clip((back[part] - low) * 255 / max(high - low, 1), 0, 255)
        shown.append(np.vstack([plain, locally_raised(back)[part]]))
    picture = Image.fromarray(np.hstack(shown).astype(np.uint8))
    picture.save(folder / "film-bounds.webp", quality=85)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench films")
    parser.add_argument("--folder", type=Path, help="of images of your own")
    parser.add_argument("--most", type=int, default=20, help="films of each folder")
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    demo = films(DEMO, options.most)
    sets = {"The demo set's films (simulated)": demo}
    if options.folder:
        sets[f"Images of {options.folder.name}"] = films(options.folder, options.most)
    for title, found in sets.items():
        rows = {name: [measured(film, *ways) for film in found] for name, ways in FORMATS.items()}
        Console(width=100).print(table_of(f"{title}: {len(found)}", rows))
        for coarse, sizes in first_looks(found).items():
            print(f"first look at 1/{coarse}: {statistics.median(sizes) / 1000:.0f} kB median")
    if options.pictures:
        keep_pictures(demo[0], options.pictures)
    looks = first_looks(demo)
    whole = [len(htj2k.encode(film.pixels)) for film in demo]
    bounded = [len(within(film, 4)) for film in demo]
    figures = [
        Figure("first look, a quarter of the size, largest", max(looks[4]), "B", FIRST_LOOK_BYTES),
        Figure("whole film, lossless, median", statistics.median(whole), "B", WHOLE_BYTES),
        Figure(
            "whole film, at most 4/4095 off, median", statistics.median(bounded), "B", BOUNDED_BYTES
        ),
    ]
    return show("Bytes of a demo film", figures)
