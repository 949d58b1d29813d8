"""Seeing through a simulated film, in the feedback: what the page's script is told of it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from attempts.models import Attempt
from cases.behind import layers_of, structures_of
from cases.models import Layer
from localize.wording import name_of

TAKEN_OFF = {
    Layer.Kind.BONES: "Without the bones",
    Layer.Kind.HEART: "Without heart and great vessels",
    Layer.Kind.BARE: "Without bones, heart and great vessels",
}


def kinds_of(attempt: Attempt) -> set[str]:
    """Which kinds of layers the attempt's case has; empty for a real film."""
    return set(
        Layer.objects.filter(image__case=attempt.case_id).order_by().values_list("kind", flat=True)
    )


def told(attempt: Attempt) -> dict[str, Any]:
    """The outlines of the attempt's film, and the layers that can be taken off it."""
    layers = layers_of(attempt.case_id)
    outlines = next((one for one in layers if one.kind == Layer.Kind.ANATOMY), None)
    shown = structures_of(outlines) if outlines else {}
    return {
        "image": layers[0].image.public_id if layers else None,
        "unit": shown.get("unit", 1),
        "structures": shown.get("structures", []),
        "layers": [_described(one, attempt) for one in layers if one.kind != Layer.Kind.ANATOMY],
    }


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
