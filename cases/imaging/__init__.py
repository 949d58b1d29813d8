"""From an image file to what the library stores: grey pixels, a rendition, a thumbnail.

Nothing here imports Django, so that decoding can run in worker processes of its own.
"""

from __future__ import annotations

from cases.imaging.decode import decode_file
from cases.imaging.pixels import Decoded, ImageProblem, Window
from cases.imaging.prepare import PreparedImage, Source, digest_of, prepare_image

__all__ = [
    "Decoded",
    "ImageProblem",
    "PreparedImage",
    "Source",
    "Window",
    "decode_file",
    "digest_of",
    "prepare_image",
]
