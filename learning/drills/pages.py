"""How a film of a drill is shown, and what is told of it."""

from __future__ import annotations

from typing import Any

from attempts.models import Attempt, Result
from attempts.pages import GamePages, Shown
from attempts.queries import next_url
from cases.models import Case
from cases.queries import viewer_image
from feedback import seen_through
from learning.drills import pairs, twice
from learning.drills.game import (
    CALLS,
    CHANGE,
    GAME,
    MACHINE,
    NODULE,
    PAIR,
    POINTED,
    TIP,
    TWICE,
    device_of,
)
from learning.past import name_of
from localize.tips import LIES, distance_in_words
from ml import atlas
from ml.simulate.changes import CHANGES, TECHNIQUES

GLANCE_SECONDS = 3
ANSWERS = {
    CHANGE: (("", tuple((one, one.capitalize()) for one in CHANGES)),),
    MACHINE: (
        ("The patient", (("changed", "Has changed"), ("same", "Has not"))),
        ("The technique", tuple((one, one.capitalize()) for one in TECHNIQUES)),
    ),
}
"""What there is to choose from in drills on two films, a group for each question."""
BECAME = {
    "new": "It is new: the earlier film does not show it.",
    "larger": "It is larger than on the earlier film.",
    "smaller": "It is smaller than on the earlier film.",
    "gone": "It is gone: the earlier film alone shows it.",
    "unchanged": "It is as it was on the earlier film.",
}
TELLS = {
    "exposure": "The earlier film got another dose: grain where there was too little, black lungs "
    "without small vessels where there was too much. Both go over the whole film alike.",
    "contrast": "The earlier film was processed otherwise: edges and vessels are harder or softer "
    "everywhere, in bones as in lungs, and no border is lost.",
    "rotation": "On the earlier film the patient was rotated: the clavicles' inner ends lie "
    "unevenly about the spinous processes, one lung is darker, and the mediastinum seems wider.",
    "breath": "On the earlier film the patient had breathed in less: fewer ribs above the "
    "diaphragm, the heart broader, and the vessels at the bases crowded.",
}
"""How each technique is told from a change of the patient."""
HUNG = ("the first film", "the second film")
SAID_OF_PATIENT = {"changed": "has changed", "same": "has not changed"}


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
        films = question.hung(attempt.case)
        context["asked"] = name_of(question.label)
    shown = [case.images.all()[0] for case in films]
    if attempt.rule in TWICE and (known := twice.compared(attempt.case)):
        shown.append(known.earlier)
    if attempt.rule in ANSWERS:
        context["groups"] = ANSWERS[attempt.rule]
    page["images"] = [viewer_image(image) for image in shown]
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
        },
        "behind": seen_through.controls_of(attempt, _films_of(attempt, data)),
    }


def _films_of(attempt: Attempt, data: dict[str, Any]) -> list[tuple[Case, str]]:
    """The films that are told of, as they hang."""
    question = pairs.question_of(attempt) if attempt.rule == PAIR else None
    if question is None or data.get("beside"):
        return [(attempt.case, "today’s film" if attempt.rule in TWICE else "the film")]
    return list(zip(question.hung(attempt.case), HUNG, strict=True))


def _said(attempt: Attempt, data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    sentences = {
        **{CALLS: _of_call, TIP: _of_tip, PAIR: _of_pair, NODULE: _of_nodule},
        **{MACHINE: _of_machine, CHANGE: _of_change},
    }
    return sentences[attempt.rule](data, answer)


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


def _of_machine(data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    patient = "The patient has not changed: the technique alone is another."
    if data["changed"]:
        patient = f"The patient has changed, too. {BECAME[data['change']]}"
    lines = [patient, TELLS[data["technique"]]]
    if not data["judged"] and answer.get("patient"):
        lines.append(f"You said that the patient {SAID_OF_PATIENT[answer['patient']]}.")
    if not data["named"] and answer.get("technique"):
        lines.append(f"You named the {answer['technique']}.")
    return lines


def _of_change(data: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    lines = [BECAME[data["change"]]]
    if not data["right"] and answer.get("change"):
        lines.append(f"You called it {answer['change']}.")
    return lines


PAGES = GamePages(game=GAME, page_name="Drill", show=show, told=told)
