"""Pictures that look like films: smooth, each its own, for what compares how images look."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Picture


def film(seed: int, side: int = 512) -> Picture.Image:
    """A gray picture of soft shadows, another for each seed."""
    chance = np.random.default_rng(seed)
    coarse = Picture.fromarray(chance.integers(0, 255, (12, 12), dtype=np.uint8))
    return coarse.resize((side, side), Picture.Resampling.BICUBIC)


def png_of(picture: Picture.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def webp_of(picture: Picture.Image, side: int) -> bytes:
    stream = io.BytesIO()
    picture.resize((side, side)).save(stream, "WEBP", quality=70)
    return stream.getvalue()
