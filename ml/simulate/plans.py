"""Which finding each case has: the recipes, and how a set is mixed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ml.simulate.findings import (
    bones,
    catheters,
    chest,
    implants,
    nodules,
    opacities,
    pleura,
    tubes,
)
from ml.simulate.findings.common import Placed, Scene
from ml.simulate.patients import Body

Place = Callable[[Scene], Placed]
Bend = Callable[[Body, np.random.Generator], Body]


@dataclass(frozen=True)
class Recipe:
    """How one finding comes about: what it does to the body, and what it adds."""

    label: str
    place: Place
    bend: Bend | None = None
    portable: bool = False
    """Taken in bed, AP: patients with tubes do not stand."""


def _sided(name: str, label: str, place: Callable[..., Placed]) -> dict[str, Recipe]:
    return {
        f"{name}-{side}": Recipe(label, partial(place, side=side)) for side in ("left", "right")
    }


RECIPES: dict[str, Recipe] = {
    "nodule": Recipe("nodule_mass", nodules.nodule),
    **_sided("nodule", "nodule_mass", nodules.nodule),
    "mass": Recipe("nodule_mass", nodules.mass),
    "granuloma": Recipe("calcification", nodules.granuloma),
    "bulla": Recipe("bulla", nodules.bulla),
    "consolidation": Recipe("consolidation", opacities.consolidation),
    "pneumonia": Recipe("pneumonia", opacities.pneumonia),
    "infiltrates": Recipe("infiltration", opacities.infiltrates),
    "atelectasis": Recipe("atelectasis", opacities.atelectasis),
    "scar": Recipe("fibrotic_band", opacities.scar),
    "interstitial": Recipe("interstitial_pattern", opacities.interstitial),
    "fibrosis": Recipe("pulmonary_fibrosis", opacities.fibrosis, chest.shallow_breath),
    "edema": Recipe("edema", opacities.edema),
    "effusion": Recipe("pleural_effusion", pleura.effusion),
    "small-effusion": Recipe("pleural_effusion", partial(pleura.effusion, amount="small")),
    "moderate-effusion": Recipe("pleural_effusion", partial(pleura.effusion, amount="moderate")),
    "large-effusion": Recipe("pleural_effusion", partial(pleura.effusion, amount="large")),
    **_sided("effusion", "pleural_effusion", pleura.effusion),
    "effusions": Recipe("pleural_effusion", pleura.effusions),
    "pneumothorax": Recipe("pneumothorax", pleura.pneumothorax),
    **_sided("pneumothorax", "pneumothorax", pleura.pneumothorax),
    "small-pneumothorax": Recipe("pneumothorax", partial(pleura.pneumothorax, amount="small")),
    "pleural-thickening": Recipe("pleural_thickening", pleura.thickening),
    "cardiomegaly": Recipe("cardiomegaly", chest.cardiomegaly, chest.big_heart),
    "tortuous-aorta": Recipe("tortuous_aorta", chest.tortuous_aorta, chest.bent_aorta),
    "aortic-calcification": Recipe("aortic_calcification", chest.aortic_calcification),
    "wide-mediastinum": Recipe("mediastinal_widening", chest.mediastinal_widening),
    "hila": Recipe("hilar_enlargement", chest.hila),
    "hilum-left": Recipe("hilar_enlargement", partial(chest.hila, side="left")),
    "hilum-right": Recipe("hilar_enlargement", partial(chest.hila, side="right")),
    "hernia": Recipe("hiatal_hernia", chest.hernia),
    "free-air": Recipe("pneumoperitoneum", chest.free_air),
    "raised-left": Recipe(
        "elevated_diaphragm",
        partial(chest.elevated_diaphragm, side="left"),
        partial(chest.raised_diaphragm, side="left"),
    ),
    "raised-right": Recipe(
        "elevated_diaphragm",
        partial(chest.elevated_diaphragm, side="right"),
        partial(chest.raised_diaphragm, side="right"),
    ),
    "hyperinflation": Recipe("hyperinflation", chest.hyperinflation, chest.deep_breath),
    "hypoinflation": Recipe("hypoinflation", chest.hypoinflation, chest.shallow_breath),
    "fracture": Recipe("fracture", bones.fracture),
    "healed-fracture": Recipe("fracture", bones.healed_fracture),
    "bone-lesion": Recipe("bone_lesion", bones.dense_lesion),
    "scoliosis": Recipe("scoliosis", bones.scoliosis, bones.curved),
    "osteopenia": Recipe("osteopenia", bones.osteopenia, bones.thin_bones),
    "tracheal-tube": Recipe("tube", tubes.tracheal_tube, portable=True),
    "tracheal-tube-wrong": Recipe("tube", partial(tubes.tracheal_tube, right=False), portable=True),
    "stomach-tube": Recipe("tube", tubes.stomach_tube, portable=True),
    "stomach-tube-wrong": Recipe("tube", partial(tubes.stomach_tube, right=False), portable=True),
    "chest-tube": Recipe("tube", tubes.chest_tube, portable=True),
    "chest-tube-left": Recipe("tube", partial(tubes.chest_tube, side="left"), portable=True),
    "central-line": Recipe("catheter", catheters.central_line, portable=True),
    "central-line-wrong": Recipe(
        "catheter", partial(catheters.central_line, right=False), portable=True
    ),
    "port": Recipe("catheter", catheters.port),
    "pacemaker": Recipe("heart_device", implants.pacemaker),
    "valve": Recipe("heart_device", implants.valve),
    "sternal-wires": Recipe("postoperative_change", implants.sternal_wires),
    "clips": Recipe("surgical_material", implants.clips),
}


POOR = ("fracture", "healed-fracture", "bone-lesion", "osteopenia")
"""Too faint or too unlike the real sign to teach: made only when they are asked for."""


@dataclass(frozen=True)
class Plan:
    """One case to make: names of recipes, and whether a lateral view is taken too."""

    findings: tuple[str, ...] = ()
    lateral: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(RECIPES[name].label for name in self.findings)

    @property
    def portable(self) -> bool:
        return any(RECIPES[name].portable for name in self.findings)


COMBINATIONS = (
    ("cardiomegaly", "edema", "effusions"),
    ("cardiomegaly", "pacemaker"),
    ("sternal-wires", "clips"),
    ("tracheal-tube", "stomach-tube", "central-line"),
    ("mass", "effusion"),
    ("atelectasis", "hypoinflation"),
    ("granuloma", "tortuous-aorta"),
    ("chest-tube-left", "pneumothorax-left"),
)


def mixed(count: int, seed: int, names: tuple[str, ...] = ()) -> list[Plan]:
    """`count` plans: two of five normal, a third with a lateral view, the rest in turn.

    `names` limits the findings to these recipes or labels.
    """
    pool = [n for n in RECIPES if n in names or RECIPES[n].label in names]
    if not names:
        # A recipe of one side is the same as the one that chooses a side.
        pool = [n for n in RECIPES if n not in POOR and n.rsplit("-", 1)[0] not in RECIPES]
    rng = np.random.default_rng([seed, 99])
    order: list[tuple[str, ...]] = []
    plans = []
    for index in range(count):
        lateral = index % 3 == 1
        if index % 5 in (1, 3):
            plans.append(Plan((), lateral))
            continue
        if not order:
            order = [(name,) for name in pool] + ([] if names else list(COMBINATIONS))
            rng.shuffle(order)
        findings = order.pop()
        plan = Plan(findings, lateral)
        plans.append(Plan(findings, lateral and not plan.portable))
    return plans
