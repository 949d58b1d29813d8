"""From an image file to what the library stores: gray pixels, a rendition, a thumbnail.

Nothing here imports Django, so that decoding can run in worker processes of its own. Pillow is
loaded before gdcm (which pydicom loads too): the other way round Pillow's PNG are written by the
zlib inside gdcm, and the process dies of it.
"""

from __future__ import annotations

from cases.imaging.decode import decode_file, decode_files, doubt_of, is_dicom
from cases.imaging.pixels import OLDEST, Decoded, ImageProblem, Window
from cases.imaging.prepare import PreparedImage, Source, digest_of, prepare_image, text_doubt

__all__ = [
    "OLDEST",
    "Decoded",
    "ImageProblem",
    "PreparedImage",
    "Source",
    "Window",
    "decode_file",
    "decode_files",
    "digest_of",
    "doubt_of",
    "is_dicom",
    "prepare_image",
    "text_doubt",
]
