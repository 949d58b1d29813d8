"""Addresses as squares to be photographed."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def as_svg(text: str, title: str) -> SafeString:
    """A QR code of `text` as inline SVG, black on white in every theme, for a page or paper."""
    code = segno.make(text, error="m", micro=False)
    # Without a size of its own: by the style sheet all of it shows, however long the text is.
    drawn = code.svg_inline(border=4, light="#fff", title=title, svgclass="qr", omitsize=True)
    return mark_safe(drawn)  # noqa: S308  # segno escapes the title, and the code is squares
