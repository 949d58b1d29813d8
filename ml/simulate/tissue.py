"""All that a person has beside what the CT shows, as blocks that are projected with it."""

from __future__ import annotations

from ml.simulate import girdle, shoulders
from ml.simulate.anatomy import Anatomy
from ml.simulate.body import extra_tissue, lime
from ml.simulate.projector import Block, View


def is_lowered(view: View) -> bool:
    """Whether a film shows the arms lowered; a lateral one is taken with them raised."""
    return view.body.lowered and view.kind != "LATERAL"


def added_tissue(anatomy: Anatomy, view: View) -> list[Block]:
    """Fat, breasts and lime; neck, shoulders and arms where they are lowered."""
    body = view.body
    if is_lowered(view):
        made = [shoulders.flesh(anatomy, body, view.kind), *girdle.blocks(anatomy, body, view.kind)]
    else:
        made = [block for block in (extra_tissue(anatomy, body),) if block is not None]
    grains = lime(anatomy, body)
    return made if grains is None else [*made, grains]


def added_bones(anatomy: Anatomy, view: View) -> list[Block]:
    """Of that what is bone or lime."""
    made = girdle.blocks(anatomy, view.body, view.kind) if is_lowered(view) else []
    grains = lime(anatomy, view.body)
    return made if grains is None else [*made, grains]
