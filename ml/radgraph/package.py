"""The `radgraph` package under transformers 5, for which its last release (0.1.18) was not written.

It calls two methods of tokenizers that transformers 5 took away. They are given back to the
tokenizers that the package loads, and to no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any


class PackageTokenizer:
    """A tokenizer of transformers 5 as the package calls it."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        plain = tokenizer.encode("a", add_special_tokens=False)
        whole = tokenizer.encode("a")
        places = range(len(whole) - len(plain) + 1)
        start = next(place for place in places if whole[place : place + len(plain)] == plain)
        self._before, self._after = whole[:start], whole[start + len(plain) :]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._tokenizer, name)

    def encode_plus(self, *texts: str, **options: Any) -> Any:
        """What calling the tokenizer gives."""
        return self._tokenizer(*texts, **options)

    def build_inputs_with_special_tokens(self, pieces: Sequence[int]) -> list[int]:
        """Word pieces of one text → those between [CLS] and [SEP], whatever these are called."""
        return [*self._before, *pieces, *self._after]


@cache
def package() -> ModuleType:
    """The package, able to read its tokenizers."""
    import radgraph
    from radgraph.allennlp.common import cached_transformers

    load = cached_transformers.get_tokenizer
    cached_transformers.get_tokenizer = lambda name, **options: PackageTokenizer(
        load(name, **options)
    )
    return radgraph
