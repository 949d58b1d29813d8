"""A dictionary that forgets what was not used for longest."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class TextMemory(Generic[Value]):
    """Answers by the hash of their text, at most `size` of them; safe among threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def answers(
        self, texts: Sequence[str], work: Callable[[list[str]], Iterable[Value]]
    ) -> list[Value]:
        """An answer a text; `work` gets those not known yet, each once."""
        keys = [text_hash(text) for text in texts]
        with self._lock:
            found = {key: self._values[key] for key in set(keys) & self._values.keys()}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            found |= zip(missing, work(list(missing.values())), strict=True)
        self._keep(found)
        return [found[key] for key in keys]

    def _keep(self, found: dict[str, Value]) -> None:
        with self._lock:
            for key, value in found.items():
                self._values[key] = value
                self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
