"""Seeing through a simulated film, in the feedback: what the page's script is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from attempts.models import Attempt
from cases.behind import layers_of, structures_of
from cases.models import Case, Layer
from localize.wording import name_of

UNLISTED = (Layer.Kind.ANATOMY, Layer.Kind.CT)
"""What cannot be taken off the film."""
TAKEN_OFF = {
    Layer.Kind.BONES: "Without the bones",
    Layer.Kind.HEART: "Without heart and great vessels",
    Layer.Kind.BARE: "Without bones, heart and great vessels",
}


@dataclass(frozen=True)
class CtMaker:
    """What makes the CT behind a film where there is none; a higher room registers it."""

    can_make: Callable[[Case], bool]
    ask: Callable[[Case], None]
    """Has it made, once; raises nothing."""
    problem: Callable[[Case], str]
    """Why the last one could not be made, in a sentence; empty where it was or is being made."""


_makers: list[CtMaker] = []


def register(maker: CtMaker) -> None:
    _makers.append(maker)


def maker_of(case: Case) -> CtMaker | None:
    return next((maker for maker in _makers if maker.can_make(case)), None)


def kinds_of(attempt: Attempt) -> set[str]:
    """Which kinds of layers the attempt's case has, or may get; empty for a real film."""
    layers = Layer.objects.filter(image__case=attempt.case_id)
    kinds = set(layers.order_by().values_list("kind", flat=True))
    return kinds | {Layer.Kind.CT.value} if maker_of(attempt.case) else kinds


def told(attempt: Attempt) -> dict[str, Any]:
    """The outlines of the attempt's film, and the layers that can be taken off it."""
    layers = layers_of(attempt.case_id)
    outlines = next((one for one in layers if one.kind == Layer.Kind.ANATOMY), None)
    shown = structures_of(outlines) if outlines else {}
    has_ct = any(one.kind == Layer.Kind.CT for one in layers) or maker_of(attempt.case)
    first = attempt.case.images.first()
    return {
        "image": first.public_id if first else None,
        "unit": shown.get("unit", 1),
        "structures": shown.get("structures", []),
        "layers": [_described(one, attempt) for one in layers if one.kind not in UNLISTED],
        "ct": reverse("localize:ct", args=[attempt.public_id]) if has_ct else None,
    }


def ct_of(attempt: Attempt) -> dict[str, Any] | None:
    """The CT behind the attempt's film; None where there is none."""
    found = Layer.objects.filter(image__case=attempt.case_id, kind=Layer.Kind.CT).first()
    if found is None:
        return None
    spots = [{**spot, "name": name_of(spot["label"])} for spot in found.details["spots"]]
    url = reverse("localize:layer", args=[attempt.public_id, found.public_id])
    return {**found.details, "spots": spots, "url": url}


def _described(layer: Layer, attempt: Attempt) -> dict[str, Any]:
    return {
        "kind": layer.kind,
        "name": TAKEN_OFF.get(Layer.Kind(layer.kind)) or _without(layer),
        "box": layer.box,
        "scale": layer.scale,
        "url": reverse("localize:layer", args=[attempt.public_id, layer.public_id]),
    }


def _without(layer: Layer) -> str:
    side = f", {layer.side}" if layer.side else ""
    return f"Without: {name_of(layer.label)}{side}"


def picture_of(attempt: Attempt, public_id: str) -> Layer | None:
    """A layer of the attempt's case that is a picture."""
    layers = Layer.objects.filter(image__case=attempt.case_id).exclude(kind=Layer.Kind.ANATOMY)
    return layers.filter(public_id=public_id).first()
