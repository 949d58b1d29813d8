"""Short ways to write a truth and an answer to it under rule ``clinical``."""

from __future__ import annotations

from ml.localize import Mark, Region, Truth, score

HERE = (0.6, 0.2, 0.7, 0.3)


def clinical(truths, marks=(), ticks=(), **more):
    return score(truths, list(marks), list(ticks), rule="clinical", **more)


def drawn(box=HERE, label="nodule_mass", name="t", **more):
    return Truth(name, label, "draw", (Region(f"{name}.0", box),), **more)


def mark(box=HERE, label="nodule_mass", name="m", **more):
    return Mark(name, label, box, **more)


def tip_mark(x, y, label="tracheal_tube", **more):
    return mark((x - 0.01, y - 0.01, x + 0.01, y + 0.01), label, point=(x, y), **more)
