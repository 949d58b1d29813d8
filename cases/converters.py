"""Parts of addresses."""

from __future__ import annotations


class PublicIdConverter:
    """A public id; anything else (a NUL, which PostgreSQL refuses) is no page."""

    regex = "[A-Za-z0-9_-]{1,16}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class RenditionKindConverter:
    """How a rendition is encoded."""

    regex = "jhc|png"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
