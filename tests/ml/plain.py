"""What an engine says, in the few words that are kept to compare it with later."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def plain(value: Any) -> Any:
    """Data classes as objects without what says nothing, numbers to six digits."""
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(one) for one in value)
    if isinstance(value, float):
        return round(value, 6)
    if is_dataclass(value):
        told = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {name: one for name, one in told.items() if one not in (None, "", [])}
    return value
