"""What can go wrong with a member of a ZIP, whatever is in it."""

from __future__ import annotations

import lzma
import zipfile
import zlib

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, MemoryError),
)
"""What reading a member raises that is cut off, coded in an unknown way, locked, or says that
unpacking it takes more memory than there is."""
