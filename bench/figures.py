"""A measured figure beside what is asked of it, and the table of them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the table; `most` is the largest value asked for, None where nothing is."""

    name: str
    value: float
    unit: str
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """A value that is no number meets nothing that is asked for."""
        return self.most is None or self.value <= self.most

    @property
    def verdict(self) -> str:
        if self.most is None:
            return ""
        return "ok" if self.is_met else "too much"


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def show(title: str, figures: Iterable[Figure]) -> int:
    """Print the table; 1 when a figure is too much, else 0, as a command ends."""
    code = 0
    table = Table(title=title, title_justify="left")
    for column, justify in (
        ("", "left"),
        ("measured", "right"),
        ("at most", "right"),
        ("", "left"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for figure in figures:
        most = "" if figure.most is None else f"{figure.most:g} {figure.unit}"
        code = max(code, int(not figure.is_met))
        table.add_row(figure.name, f"{figure.value:.4g} {figure.unit}", most, figure.verdict)
    Console(width=100).print(table)
    return code
