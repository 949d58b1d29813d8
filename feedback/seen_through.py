"""Seeing through a simulated film, in the feedback: what the page's script is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.prepared import prepared
from attempts.games import game_of
from attempts.models import Attempt
from cases.behind import layers_of, structures_of
from cases.models import Case, Layer
from cases.queries import lets_in
from ml import taxonomy

UNLISTED = (Layer.Kind.ANATOMY, Layer.Kind.CT)
"""What cannot be taken off the film."""
TAKEN_OFF = {
    Layer.Kind.DEVICES: "Without all tubes, lines and devices",
    Layer.Kind.BONES: "Without the bones",
    Layer.Kind.HEART: "Without heart and great vessels",
    Layer.Kind.MARKINGS: "Without the lungs' own vessels and airways",
    Layer.Kind.BARE: "Without bones, heart and great vessels",
}
"""After the findings, in this order."""
MADE_WHEN_ASKED = {Layer.Kind.CT.value, Layer.Kind.ANATOMY.value}
"""Kinds that the page has room for where they may be made."""
OUTLINES_LOST = "The outlines of this film are missing or damaged: nothing is named on it."
ORDER = [Layer.Kind.FINDING, *TAKEN_OFF]


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


@dataclass(frozen=True)
class Control:
    """What a page shows of one film that can be seen through."""

    kinds: set[str]
    """Which kinds of layers the film has, or may get."""
    url: str
    name: str


def controls_of(attempt: Attempt, films: Sequence[tuple[Case, str]] | None = None) -> list[Control]:
    """One control for each of the films with their names that something lies behind; none for real
    films. Left out, the film is the attempt's own.
    """
    named = films or [(attempt.case, "the film")]
    found = [(case, name, _kinds_of(case)) for case, name in named]
    return [
        Control(kinds, _address("behind", attempt, case), name)
        for case, name, kinds in found
        if kinds
    ]


def _kinds_of(case: Case) -> set[str]:
    kinds = {kind for (kind,) in _kept_kinds(case.pk)}
    return kinds | MADE_WHEN_ASKED if maker_of(case) else kinds


@prepared
def _kept_kinds(case: int) -> QuerySet[Layer, Any]:
    return Layer.objects.filter(image__case=case).order_by().values_list("kind").distinct()


def _address(name: str, attempt: Attempt, case: Case, *more: str) -> str:
    """Of the attempt's own game; a film that was shown beside its own is named."""
    asked = "" if case.pk == attempt.case_id else f"?film={case.public_id}"
    return reverse(f"{attempt.kind}:{name}", args=[attempt.public_id, *more]) + asked


def film_of(attempt: Attempt, public_id: str) -> Case | None:
    """The attempt's own film or, of an id, one that was handed in and is told of together with it;
    None for any other, and for one whose data set has closed to the learner since.
    """
    if public_id in ("", attempt.case.public_id):
        return attempt.case
    if "\0" in public_id:
        return None  # PostgreSQL refuses it
    beside = game_of(attempt.kind).beside(attempt)
    handed_in = Attempt.objects.filter(
        user=attempt.user_id, series=attempt.series_id, submitted_at__isnull=False
    ).exclude(state=Attempt.State.DRAFT)
    known = handed_in.filter(case__in=beside).values("case")
    found = Case.objects.select_related("dataset").filter(pk__in=known, public_id=public_id)
    return next((film for film in found if lets_in(attempt.user, film)), None)


def told(attempt: Attempt, case: Case) -> dict[str, Any]:
    """The outlines of a film of the attempt, and the layers that can be taken off it."""
    layers = layers_of(case.pk)
    outlines = next((one for one in layers if one.kind == Layer.Kind.ANATOMY), None)
    shown = structures_of(outlines) if outlines else {}
    has_ct = any(one.kind == Layer.Kind.CT for one in layers) or maker_of(case)
    first = case.images.first()
    taken_off = [one for one in layers if one.kind not in UNLISTED]
    taken_off.sort(key=lambda one: ORDER.index(Layer.Kind(one.kind)))
    return {
        "image": first.public_id if first else None,
        "unit": shown.get("unit", 1),
        "structures": shown.get("structures", []),
        "layers": [_described(one, attempt, case) for one in taken_off],
        "ct": _address("ct", attempt, case) if has_ct else None,
        "problem": OUTLINES_LOST if outlines and not shown else "",
    }


def ct_of(attempt: Attempt, case: Case) -> dict[str, Any] | None:
    """The CT behind a film of the attempt; None where there is none."""
    found = Layer.objects.filter(image__case=case, kind=Layer.Kind.CT).first()
    if found is None:
        return None
    spots = [{**spot, "name": _name_of(spot["label"])} for spot in found.details["spots"]]
    url = _address("layer", attempt, case, found.public_id)
    return {**found.details, "spots": spots, "url": url}


def _described(layer: Layer, attempt: Attempt, case: Case) -> dict[str, Any]:
    return {
        "kind": layer.kind,
        "name": TAKEN_OFF.get(Layer.Kind(layer.kind)) or _without(layer),
        "box": layer.box,
        "scale": layer.scale,
        "url": _address("layer", attempt, case, layer.public_id),
    }


def _without(layer: Layer) -> str:
    side = f", {layer.side}" if layer.side else ""
    return f"Without: {_name_of(layer.label)}{side}"


def _name_of(slug: str) -> str:
    known = taxonomy.labels().get(slug)
    return known.name if known else slug


def picture_of(case: Case, public_id: str) -> Layer | None:
    """A layer of a case that is a picture."""
    layers = Layer.objects.filter(image__case=case).exclude(kind=Layer.Kind.ANATOMY)
    return layers.filter(public_id=public_id).first()
