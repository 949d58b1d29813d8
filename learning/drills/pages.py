"""How a film of a drill is shown, and what is told of it."""

from __future__ import annotations

from typing import Any

from attempts.models import Attempt, Result
from attempts.pages import GamePages, Shown
from attempts.queries import next_url
from cases.queries import viewer_image
from learning.drills import pairs
from learning.drills.game import CALLS, GAME, NODULE, PAIR, POINTED, TIP, device_of
from learning.past import name_of
from localize.tips import LIES, distance_in_words
from ml import atlas

GLANCE_SECONDS = 3


def show(attempt: Attempt) -> Shown:
    """The question: never more of the truth than it says itself; of each film the first image."""
    films = [attempt.case]
    page: dict[str, Any] = {"drill": attempt.rule}
    context: dict[str, Any] = {"drill_name": GAME.rule_names[attempt.rule]}
    if attempt.rule == CALLS:
        page["glance_ms"] = 1000 * GLANCE_SECONDS
        context["seconds"] = GLANCE_SECONDS
    elif attempt.rule == TIP and (device := device_of(attempt.case)):
        context["device"] = device.name
    elif attempt.rule == PAIR and (question := pairs.question_of(attempt)):
        films = [attempt.case, question.other]
        films = films if question.is_first else films[::-1]
        context["asked"] = name_of(question.label)
    page["images"] = [viewer_image(case.images.all()[0]) for case in films]
    return Shown(draft=attempt.answer, page=page, context=context)


def told(attempt: Attempt, result: Result) -> dict[str, Any]:
    data, answer = result.data, attempt.answer
    rows = data["truths"]
    own = []
    if attempt.rule in POINTED and (point := data.get("point")):
        image = next((row["image"] for row in rows if row.get("image")), None)
        own = [
            {
                "id": "own",
                "image": image or attempt.case.images.all()[0].public_id,
                "frame": 0,
                "box": [*point, *point],
                "point": point,
                "name": "mark",
                "outcome": "hit" if data.get("near", data["right"]) else "false",
            }
        ]
    return {
        "review": {
            "right": data["right"],
            "lines": [*_said(attempt, data, answer)],
            "truths": rows,
            "next_url": next_url(attempt),
            "page": {"truths": rows, "marks": own, "ticked": []},
        }
    }


def _said(attempt: Attempt, data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    return {CALLS: _of_call, TIP: _of_tip, PAIR: _of_pair, NODULE: _of_nodule}[attempt.rule](
        data, answer
    )


def _of_call(data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    lines = [f"This film is {data['truth']}."]
    glance, free = answer.get("glance", ""), answer.get("free", "")
    if glance and free and glance != free:
        better = "The longer look helped." if free == data["truth"] else "The glance was right."
        lines.append(f"At a glance you called it {glance}, then {free}. {better}")
    elif free:
        lines.append(f"You called it {free} both times." if glance else f"You called it {free}.")
    return lines


def _of_tip(data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    lines = []
    if data["distance"] is not None:
        far = distance_in_words(data["distance"], in_mm=data["in_mm"])
        lines.append(f"Your mark was {far} from the tip.")
    elif not answer.get("point"):
        lines.append("You did not mark the tip.")
    said = answer.get("position")
    verdict = f"It {LIES[data['position']]}."
    lines.append(f"{verdict} You called its position {said}." if said else verdict)
    return lines


def _of_pair(data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    if data.get("beside"):
        return ["This film was shown beside another one, and was told of together with it."]
    lines = [f"The {data['film']} film shows {name_of(data['label'])}."]
    other = "second" if data["film"] == "first" else "first"
    lines.append(f"The {other} one shows {name_of(data['mimic'])}.")
    tell = atlas.tell_apart(data["label"], data["mimic"])
    return [*lines, tell] if tell else lines


def _of_nodule(data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    if not data["there"]:
        return ["There is no nodule on this film."]
    lines = ["You found it." if data["right"] else "The nodule is marked on the film."]
    if data["contrast"]:
        lines.append(f"Its contrast-to-noise ratio is {data['contrast']:.1f}.")
    return lines


PAGES = GamePages(game=GAME, page_name="Drill", show=show, told=told)
