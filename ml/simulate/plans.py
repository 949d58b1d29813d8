"""Which finding each case has: the recipes, and how a set is mixed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ml import taxonomy
from ml.simulate.detector import Exposure
from ml.simulate.findings import (
    bones,
    catheters,
    chest,
    collapse,
    implants,
    infection,
    loculated,
    nodules,
    opacities,
    pleura,
    tubes,
    variants,
    water,
)
from ml.simulate.findings.common import Placed, Scene
from ml.simulate.patients import Body
from ml.simulate.words import Reason

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
    taken: Callable[[Exposure], Exposure] | None = None
    """What it does to the exposure."""


def _sided(name: str, label: str, place: Callable[..., Placed]) -> dict[str, Recipe]:
    return {
        f"{name}-{side}": Recipe(label, partial(place, side=side)) for side in ("left", "right")
    }


LOBES = (
    *(("rul", "right upper"), ("rml", "right middle"), ("rll", "right lower")),
    *(("lul", "left upper"), ("lll", "left lower")),
)


def _lobed(name: str, label: str, place: Callable[..., Placed]) -> dict[str, Recipe]:
    return {f"{name}-{short}": Recipe(label, partial(place, lobe=lobe)) for short, lobe in LOBES}


def _collapses() -> dict[str, Recipe]:
    return {
        f"collapse-{short}": Recipe(
            "atelectasis",
            partial(collapse.collapse, lobe=lobe),
            partial(collapse.bend, lobe=lobe),
        )
        for short, lobe in LOBES
    }


def _tensions() -> dict[str, Recipe]:
    """Tension on one side, and the shift to the other that goes with it: two findings."""
    made: dict[str, Recipe] = {}
    for side, other in (("left", "right"), ("right", "left")):
        made[f"tension-{side}"] = Recipe(
            "pneumothorax",
            partial(loculated.tension, side=side),
            partial(loculated.tension_bend, side=side),
        )
        made[f"shift-{other}"] = Recipe("mediastinal_shift", partial(loculated.shift, side=other))
    return made


RECIPES: dict[str, Recipe] = {
    "nodule": Recipe("nodule_mass", nodules.nodule),
    **_sided("nodule", "nodule_mass", nodules.nodule),
    "mass": Recipe("nodule_mass", nodules.mass),
    **_sided("mass", "nodule_mass", nodules.mass),
    "granuloma": Recipe("calcification", nodules.granuloma),
    **_sided("granuloma", "calcification", nodules.granuloma),
    "bulla": Recipe("bulla", nodules.bulla),
    **_sided("bulla", "bulla", nodules.bulla),
    "consolidation": Recipe("consolidation", opacities.consolidation),
    **_lobed("consolidation", "consolidation", opacities.consolidation),
    "pneumonia": Recipe("pneumonia", opacities.pneumonia),
    **_lobed("pneumonia", "pneumonia", opacities.pneumonia),
    "infiltrates": Recipe("infiltration", opacities.infiltrates),
    "atelectasis": Recipe("atelectasis", opacities.atelectasis),
    **_sided("atelectasis", "atelectasis", opacities.atelectasis),
    "scar": Recipe("fibrotic_band", opacities.scar),
    **_sided("scar", "fibrotic_band", opacities.scar),
    "interstitial": Recipe("interstitial_pattern", opacities.interstitial),
    "fibrosis": Recipe("pulmonary_fibrosis", opacities.fibrosis, chest.small_lungs),
    "edema": Recipe("edema", opacities.edema),
    "effusion": Recipe("pleural_effusion", pleura.effusion),
    "small-effusion": Recipe("pleural_effusion", partial(pleura.effusion, amount="small")),
    "moderate-effusion": Recipe("pleural_effusion", partial(pleura.effusion, amount="moderate")),
    "large-effusion": Recipe("pleural_effusion", partial(pleura.effusion, amount="large")),
    **_sided("effusion", "pleural_effusion", pleura.effusion),
    **_sided("small-effusion", "pleural_effusion", partial(pleura.effusion, amount="small")),
    **_sided("moderate-effusion", "pleural_effusion", partial(pleura.effusion, amount="moderate")),
    **_sided("large-effusion", "pleural_effusion", partial(pleura.effusion, amount="large")),
    "effusions": Recipe("pleural_effusion", pleura.effusions),
    "pneumothorax": Recipe("pneumothorax", pleura.pneumothorax),
    **_sided("pneumothorax", "pneumothorax", pleura.pneumothorax),
    "small-pneumothorax": Recipe("pneumothorax", partial(pleura.pneumothorax, amount="small")),
    **_sided("small-pneumothorax", "pneumothorax", partial(pleura.pneumothorax, amount="small")),
    **_sided(
        "moderate-pneumothorax", "pneumothorax", partial(pleura.pneumothorax, amount="moderate")
    ),
    "pleural-thickening": Recipe("pleural_thickening", pleura.thickening),
    **_sided("pleural-thickening", "pleural_thickening", pleura.thickening),
    "cardiomegaly": Recipe("cardiomegaly", chest.cardiomegaly),
    "tortuous-aorta": Recipe("tortuous_aorta", chest.tortuous_aorta, chest.bent_aorta),
    "aortic-calcification": Recipe("aortic_calcification", chest.aortic_calcification),
    "wide-mediastinum": Recipe("mediastinal_widening", chest.mediastinal_widening),
    "hila": Recipe("hilar_enlargement", chest.hila),
    "hilum-left": Recipe("hilar_enlargement", partial(chest.hila, side="left")),
    "hilum-right": Recipe("hilar_enlargement", partial(chest.hila, side="right")),
    "hilar-nodes": Recipe("hilar_enlargement", chest.hilar_nodes),
    **_sided("hilar-nodes", "hilar_enlargement", chest.hilar_nodes),
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
    **_collapses(),
    "interstitial-edema": Recipe("edema", water.interstitial_edema),
    "lymphangitic": Recipe("interstitial_pattern", water.lymphangitic),
    **_tensions(),
    "hydropneumothorax": Recipe("hydropneumothorax", loculated.hydropneumothorax),
    **_sided("hydropneumothorax", "hydropneumothorax", loculated.hydropneumothorax),
    "empyema": Recipe("pleural_effusion", loculated.empyema),
    "pericardial-effusion": Recipe(
        "pericardial_effusion", chest.pericardial_effusion, chest.bottle
    ),
    "adenopathy": Recipe("adenopathy", chest.adenopathy),
    "cavity": Recipe("cavity", infection.cavity),
    **_sided("cavity", "cavity", infection.cavity),
    "upper-infiltrate": Recipe("infiltration", water.upper_infiltrate),
    **_sided("upper-infiltrate", "infiltration", water.upper_infiltrate),
    "miliary": Recipe("miliary_pattern", infection.miliary),
    "fracture": Recipe("fracture", bones.fracture),
    **_sided("fracture", "fracture", bones.fracture),
    "healed-fracture": Recipe("fracture", bones.healed_fracture),
    **_sided("healed-fracture", "fracture", bones.healed_fracture),
    "lytic-lesion": Recipe("bone_lesion", bones.lytic_lesion),
    **_sided("lytic-lesion", "bone_lesion", bones.lytic_lesion),
    "rib-notching": Recipe("bone_lesion", bones.notching),
    "bone-lesion": Recipe("bone_lesion", bones.dense_lesion),
    **_sided("bone-lesion", "bone_lesion", bones.dense_lesion),
    "scoliosis": Recipe("scoliosis", bones.scoliosis, bones.curved),
    "osteopenia": Recipe("osteopenia", bones.osteopenia, bones.thin_bones),
    "tracheal-tube": Recipe("tracheal_tube", tubes.tracheal_tube, portable=True),
    "tracheal-tube-wrong": Recipe(
        "tracheal_tube", partial(tubes.tracheal_tube, right=False), portable=True
    ),
    "stomach-tube": Recipe("feeding_tube", tubes.stomach_tube, portable=True),
    "stomach-tube-wrong": Recipe(
        "feeding_tube", partial(tubes.stomach_tube, right=False), portable=True
    ),
    "chest-tube": Recipe("chest_tube", tubes.chest_tube, portable=True),
    "chest-tube-left": Recipe("chest_tube", partial(tubes.chest_tube, side="left"), portable=True),
    "chest-tube-wrong": Recipe("chest_tube", partial(tubes.chest_tube, right=False), portable=True),
    "central-line-crossed": Recipe("central_line", catheters.crossed_line, portable=True),
    "central-line": Recipe("central_line", catheters.central_line, portable=True),
    "central-line-wrong": Recipe(
        "central_line", partial(catheters.central_line, right=False), portable=True
    ),
    "port": Recipe("central_line", catheters.port),
    "pacemaker": Recipe("cardiac_lead", implants.pacemaker),
    "valve": Recipe("heart_device", implants.valve),
    "sternal-wires": Recipe("postoperative_change", implants.sternal_wires),
    "clips": Recipe("surgical_material", implants.clips),
    "nipples": Recipe("nipple_shadow", variants.nipples),
    "skin-fold": Recipe("skin_fold", variants.skin_fold, portable=True),
    "companions": Recipe("companion_shadow", variants.companions),
    "braid": Recipe("external_object", variants.braid),
    "buttons": Recipe("external_object", variants.buttons),
    "azygos-lobe": Recipe("azygos_lobe", variants.azygos_lobe),
    "cervical-ribs": Recipe("cervical_rib", variants.cervical_ribs),
    "rotation": Recipe("rotation", variants.rotation, variants.turned),
    "supine": Recipe("rotation", variants.supine, portable=True),
    "underexposed": Recipe("exposure", variants.underexposure, taken=variants.underexposed),
    "overexposed": Recipe("exposure", variants.overexposure, taken=variants.overexposed),
    "motion": Recipe("motion_blur", variants.motion, taken=variants.moved),
}


COMES_WITH = {"tension-left": "shift-right", "tension-right": "shift-left"}
"""What shows wherever a finding does, and is told as one of its own; never made alone."""
POOR = ("companions", "cervical-ribs", "hila", "hilum-left", "hilum-right", "miliary")
"""Too faint or too unlike the real sign to teach: made only when they are asked for."""


@dataclass(frozen=True)
class Plan:
    """One case to make: names of recipes, and whether a lateral view is taken too."""

    findings: tuple[str, ...] = ()
    lateral: bool = False
    reason: Reason | None = None
    """Why the person is examined; else one that fits is chosen."""
    lowered: bool = False
    """Whether frontal films show the arms lowered, neck and shoulders: those of version 6 and
    before do not, which could else not be made anew."""

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(RECIPES[name].label for name in self.findings)

    @property
    def is_normal(self) -> bool:
        """Whether there is nothing to find: variants and pitfalls are no findings."""
        return all(taxonomy.is_variant(label) for label in self.labels)

    @property
    def portable(self) -> bool:
        """Taken in bed, AP."""
        lies = self.reason is not None and self.reason.in_bed
        return lies or any(RECIPES[name].portable for name in self.findings)


COMBINATIONS = (
    ("cardiomegaly", "edema", "effusions"),
    ("cardiomegaly", "pacemaker"),
    ("sternal-wires", "clips"),
    ("tracheal-tube", "stomach-tube", "central-line"),
    ("mass", "effusion"),
    ("granuloma", "tortuous-aorta"),
    ("chest-tube-left", "pneumothorax-left"),
)


def together(name: str) -> tuple[str, ...]:
    """A recipe with what comes with it."""
    return tuple(filter(None, (name, COMES_WITH.get(name))))


def _is_alone(name: str) -> bool:
    """Whether a recipe makes a film by itself, and is not another one of one side."""
    return name.rsplit("-", 1)[0] not in RECIPES and name not in COMES_WITH.values()


def mixed(count: int, seed: int, names: tuple[str, ...] = ()) -> list[Plan]:
    """`count` plans: two of five normal, a third with a lateral view, the rest in turn.

    `names` limits the findings to these recipes or labels.
    """
    leads = {follows: name for name, follows in COMES_WITH.items()}
    pool = [leads.get(n, n) for n in RECIPES if n in names or RECIPES[n].label in names]
    pool = list(dict.fromkeys(pool))
    if not names:
        pool = [name for name in RECIPES if name not in POOR and _is_alone(name)]
    rng = np.random.default_rng([seed, 99])
    order: list[tuple[str, ...]] = []
    plans = []
    for index in range(count):
        lateral = index % 3 == 1
        if index % 5 in (1, 3):
            plans.append(Plan((), lateral, lowered=True))
            continue
        if not order:
            order = [together(name) for name in pool] + ([] if names else list(COMBINATIONS))
            rng.shuffle(order)
        findings = order.pop()
        plan = Plan(findings, lowered=True)
        plans.append(replace(plan, lateral=lateral and not plan.portable))
    return plans
