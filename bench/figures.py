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
    def verdict(self) -> str:
        if self.most is None:
            return ""
        return "ok" if self.value <= self.most else "too much"


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def show(title: str, figures: Iterable[Figure]) -> None:
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
        table.add_row(figure.name, f"{figure.value:.4g} {figure.unit}", most, figure.verdict)
    Console(width=100).print(table)
