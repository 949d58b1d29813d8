"""What every simulated case must pass before it is packed, each gate a function of its entry.

An entry is one object of ``cases.json``; what was measured when the case was made stands in its
`measured` and in that of each finding (`ml/simulate/measures.py`): the importer reads neither.
A gate that has nothing to judge in a case gives no verdict; one whose measure is missing fails.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

from ml import taxonomy
from ml.simulate.gate_of_changes import changes
from ml.simulate.verdicts import (
    Entry,
    Verdict,
    at_least,
    between,
    bounds,
    drawn_regions,
    judged,
    measured_of,
)

NORMAL_RATIO, LARGE_RATIO = 0.48, 0.55
"""Cardiothoracic ratio without and with the label (upper limit 0.5 on PA: Danzer 1919); what lies
between is nobody's lesson."""
FULL_BREATH_RIBS, DEEP_BREATH_RIBS, SHALLOW_RIBS = 9, 10, 7
FLAT_DOME_MM = 15.0
"""A dome flatter than this over its chord is a sign of hyperinflation."""
ROTATED_MM = 8.0
SIZE_SHARE = 0.10
DISTANCE_MM = 3.0
IN_PLEURA = 0.80
LOWER_CAVA_MM, JUNCTION_MM, ATRIUM_MM = (0.0, 40.0), (27.0, 54.0), (64.0, 150.0)
"""How far below the carina a tip lies in what the text calls the lower superior vena cava, the
cavoatrial junction, the right atrium; see `lines`."""
DETECTABLE = 1.5
EDGE_KEPT, EDGE_BLURRED = 0.5, 0.75
VERTEBRAE = 5
COBB_DEG = 10.0
THIN_BONE = 0.6
NODULE_MM = 30.0
"""What is longer is a mass (Fleischner Society glossary, Bankier et al. 2024)."""
WORKING_AGE = (18, 64)
SORTED_BY_INDICATION = 0.70
TOLERANCE = 0.012
"""How far a box may reach over its hemithorax, as a share of the picture."""
BESIDE_THE_LUNGS = {
    *("catheter", "tube", "heart_device", "postoperative_change", "surgical_material"),
    *("hiatal_hernia", "fracture", "bone_lesion", "central_line", "tracheal_tube"),
    *("feeding_tube", "chest_tube", "cardiac_lead", "prosthesis", "foreign_body"),
    *taxonomy.variants(),
}
"""Labels whose boxes may lie anywhere."""
MEASURED_OTHERWISE = {
    *("cardiomegaly", "hyperinflation", "hypoinflation", "elevated_diaphragm", "scoliosis"),
    *("tortuous_aorta", "osteopenia", "rotation", "kyphosis", "exposure", "motion_blur"),
    *("mediastinal_shift", "pericardial_effusion", "tube", "catheter", "heart_device"),
}
"""Labels that a body's shape or the whole picture shows, and the bodies of devices, which are
entries of their own beside that of the device; the other gates or the eye judge them."""
FOLLOWED = {"tracheal_tube", "chest_tube", "external_object"}
"""Labels of what is thin, or small and many, and the eye follows along its length or from one to
the next: an observer who compares the whole at once with anatomy sees it worse than the eye."""
FOLLOWED_DETECTABLE = 0.9
PRIOR = re.compile(
    r"\b(unchanged|stable|previous|prior|compar\w+|again|interval|persist\w+|resolv\w+)\b", re.I
)
LOST_EDGE = re.compile(
    r"obscur|silhouette sign|loss of the|effac|lost (?:heart|diaphragm)"
    r"|(?:border|diaphragm) (?:is|are) (?:lost|invisible)",
    re.I,
)
BLURRED_EDGE = re.compile(r"blurs|blurred (?:heart|border|dome)|(?:border|dome) is blurred", re.I)
OTHER_SIDE = {"left": "right", "right": "left"}
ZONE = re.compile(r"\b(upper|middle|lower) zone")
ZONE_OVER = 0.12
"""How far past its third of the lung a zone reaches: readers draw no line there."""
SIDE = re.compile(r"\b(left|right)\b", re.I)
WITHDRAW = re.compile(r"withdraw by about (\d+(?:\.\d+)?) cm")
TIP_MM = {
    "right atrium": ATRIUM_MM,
    "cavoatrial junction": JUNCTION_MM,
    "superior vena cava": LOWER_CAVA_MM,
}
"""Words of a sentence about a central line → where its tip lies."""
LEVEL_BEAM = {"hydropneumothorax", "pneumoperitoneum"}
LEVEL = re.compile(r"\b(?:air-fluid|fluid|horizontal) levels?\b", re.I)
STATED = re.compile(r"(\d+(?:\.\d+)?)\s*(mm|cm)\b")


def labels_of(case: Entry) -> set[str]:
    return {finding["label"] for finding in case["findings"]}


def has_findings(case: Entry) -> bool:
    """Whether there is anything to find: variants and pitfalls are no findings."""
    return any(not taxonomy.is_variant(label) for label in labels_of(case))


def _is_lying(case: Entry) -> bool:
    return any(image["view"] == "AP" for image in case.get("images", ()))


def heart(case: Entry) -> Iterator[Verdict]:
    """Cardiothoracic ratio (no unit): <= 0.48 without the label, >= 0.55 with it."""
    ratio = measured_of(case).get("heart_ratio")
    if labels_of(case) & {"cardiomegaly", "pericardial_effusion"}:
        yield judged(case, ratio, f">= {LARGE_RATIO}", lambda r: r >= LARGE_RATIO)
    else:
        yield judged(case, ratio, f"<= {NORMAL_RATIO}", lambda r: r <= NORMAL_RATIO)


def inspiration(case: Entry) -> Iterator[Verdict]:
    """Posterior ribs above the dome: >= 9, with low volumes <= 7, with hyperinflation >= 10."""
    labels = labels_of(case)
    ribs = measured_of(case).get("ribs") or {}
    raised = {f.get("side") for f in case["findings"] if f["label"] == "elevated_diaphragm"}
    side = "left" if "right" in raised else "right"
    count = ribs.get(side)
    if "hypoinflation" in labels:
        yield judged(case, count, f"<= {SHALLOW_RIBS} ribs", lambda n: n <= SHALLOW_RIBS)
    elif "hyperinflation" in labels:
        yield judged(case, count, f">= {DEEP_BREATH_RIBS} ribs", lambda n: n >= DEEP_BREATH_RIBS)
    elif "pulmonary_fibrosis" not in labels:  # which may well have reduced volumes
        yield judged(case, count, f">= {FULL_BREATH_RIBS} ribs", lambda n: n >= FULL_BREATH_RIBS)


def domes(case: Entry) -> Iterator[Verdict]:
    """Height of each dome over its chord (mm): < 15 with hyperinflation."""
    if "hyperinflation" not in labels_of(case):
        return
    heights = measured_of(case).get("dome_mm") or {}
    value = max(heights.values()) if heights else None
    yield judged(case, value, f"< {FLAT_DOME_MM:g} mm", lambda mm: mm < FLAT_DOME_MM, " mm")


def rotation(case: Entry) -> Iterator[Verdict]:
    """Spinous process off the middle of the clavicles (mm): <= 8 unless rotation is the subject.

    The label is also that of an AP image, which may be straight.
    """
    off = measured_of(case).get("rotation_mm")
    if "rotation" in labels_of(case) and _is_lying(case):
        return
    if "rotation" in labels_of(case):
        yield judged(case, off, f"> {ROTATED_MM:g} mm", lambda mm: abs(mm) > ROTATED_MM, " mm")
    elif "scoliosis" not in labels_of(case):
        yield judged(case, off, f"<= {ROTATED_MM:g} mm", lambda mm: abs(mm) <= ROTATED_MM, " mm")


def spine(case: Entry) -> Iterator[Verdict]:
    """Cobb angle (degrees): scoliosis begins at 10 (Cobb 1948)."""
    angle = measured_of(case).get("cobb_deg")
    if "scoliosis" in labels_of(case):
        yield judged(case, angle, f">= {COBB_DEG:g}°", lambda a: a >= COBB_DEG, "°")
    else:
        yield judged(case, angle, f"< {COBB_DEG:g}°", lambda a: a < COBB_DEG, "°")


def sizes(case: Entry) -> Iterator[Verdict]:
    """The size a sentence states is the longest visible diameter (mm), 10 % either way."""
    for finding in case["findings"]:
        stated = _stated_size(finding)
        if stated is None:
            continue
        seen = (finding.get("measured") or {}).get("longest_mm")
        asked = f"{stated:g} mm ± {SIZE_SHARE:.0%}"

        def near(mm: float, stated: float = stated) -> bool:
            return abs(mm - stated) <= SIZE_SHARE * stated + 0.5

        yield judged(case, seen, asked, near, " mm")


def _stated_size(finding: Entry) -> float | None:
    """Of a finding that has a size of its own, the size in its sentence, mm."""
    if finding.get("size_mm") is None or "above the carina" in finding["sentence"]:
        return None
    match = STATED.search(finding["sentence"])
    return float(match[1]) * (10 if match[2] == "cm" else 1) if match else None


def names(case: Entry) -> Iterator[Verdict]:
    """Up to 30 mm a nodule, a mass above."""
    for finding in case["findings"]:
        size, text = _stated_size(finding), finding["sentence"].lower()
        if finding["label"] != "nodule_mass" or size is None:
            continue
        if "mass" in text:
            yield judged(case, size, "a mass > 30 mm", lambda mm: mm > NODULE_MM, " mm")
        else:
            yield judged(case, size, "a nodule <= 30 mm", lambda mm: mm <= NODULE_MM, " mm")


def distances(case: Entry) -> Iterator[Verdict]:
    """A stated distance to the carina is the drawn one (mm), 3 mm either way.

    So is that by which a device is to be withdrawn.
    """
    for finding in case["findings"]:
        match = re.search(r"(\d+(?:\.\d+)?) cm above the carina", finding["sentence"])
        if not match:
            continue
        stated = float(match[1]) * 10
        drawn = (finding.get("measured") or {}).get("above_carina_mm")
        asked = f"{stated:g} mm ± {DISTANCE_MM:g}"

        def near(mm: float, stated: float = stated) -> bool:
            return abs(mm - stated) <= DISTANCE_MM

        yield judged(case, drawn, asked, near, " mm")
    told = WITHDRAW.findall((case.get("report") or {}).get("impression", ""))
    found = [measured_of(finding) for finding in case["findings"]]
    ways = [float(one["withdraw_mm"]) for one in found if "withdraw_mm" in one]
    for stated, drawn in zip_longest(sorted(10 * float(cm) for cm in told), sorted(ways)):
        if stated is None:
            yield Verdict("", case["key"], "not told", f"withdraw by {drawn:g} mm", passed=False)
            continue
        low, high = stated - DISTANCE_MM, stated + DISTANCE_MM
        asked = f"withdraw by {stated:g} mm ± {DISTANCE_MM:g}"
        yield judged(case, drawn, asked, partial(between, low, high), " mm")


def lines(case: Entry) -> Iterator[Verdict]:
    """How far below the carina a central line's tip lies (mm), for the place that is told.

    Of 112 adults the superior vena cava ends 40 ± 14 mm below the carina (CT: Mahlon & Yoon, J Vasc
    Interv Radiol 2007;18:1115), of 524 the junction lies at 54 ± 10 (Song et al., Br J Anaesth
    2015;115:252). The lower vena cava is what lies from the carina to the first mean, the junction
    a standard deviation about it and up to the second mean, the atrium past both.
    """
    for finding in case["findings"]:
        text = finding["sentence"].lower()
        place = next((one for one in TIP_MM if one in text), None)
        if finding["label"] != "central_line" or place is None:
            continue
        low, high = TIP_MM[place]
        below = (finding.get("measured") or {}).get("below_carina_mm")
        asked = f"{place}: {low:g} to {high:g} mm"
        yield judged(case, below, asked, partial(between, low, high), " mm")


def levels(case: Entry) -> Iterator[Verdict]:
    """Nothing is told of one who lies that only a level beam shows: fluid levels, air under a dome.

    A portable AP film is taken of a patient lying, with a beam from above.
    """
    if not _is_lying(case):
        return
    seen = [f["label"] for f in case["findings"] if f["label"] in LEVEL_BEAM]
    seen += [f["label"] for f in case["findings"] if LEVEL.search(f["sentence"])]
    said = ", ".join(dict.fromkeys(seen))
    yield Verdict("", case["key"], said or "none", "nothing that needs a level beam", not seen)


def bones(case: Entry) -> Iterator[Verdict]:
    """Share of the bones' contrast that osteopenia has left (no unit): <= 0.6."""
    for finding in case["findings"]:
        if finding["label"] == "osteopenia":
            kept = (finding.get("measured") or {}).get("bone_kept")
            yield judged(case, kept, f"<= {THIN_BONE}", lambda share: share <= THIN_BONE)


def drains(case: Entry) -> Iterator[Verdict]:
    """Share of a chest tube's way through the body that lies in the pleural space: >= 0.8.

    Of one that is said to lie wrongly at most a fifth.
    """
    for finding in case["findings"]:
        if "chest tube" not in finding["sentence"].lower() and "drain" not in finding["sentence"]:
            continue
        share = (finding.get("measured") or {}).get("in_pleura")
        if finding.get("position") == "wrong":
            yield judged(case, share, f"<= {1 - IN_PLEURA:.1f}", lambda s: s <= 1 - IN_PLEURA)
            continue
        yield judged(case, share, f">= {IN_PLEURA}", lambda s: s >= IN_PLEURA)


def boxes(case: Entry) -> Iterator[Verdict]:
    """A box of a finding in the lung stays in its hemithorax (shares of the picture)."""
    lungs = measured_of(case).get("lungs") or {}
    for finding in case["findings"]:
        if finding["label"] in BESIDE_THE_LUNGS:
            continue
        for region in finding.get("regions", ()):
            x0, y0, x1, y1 = bounds(region)
            over = None
            if lungs:
                over = min(
                    max(a - x0, b - y0, x1 - c, y1 - d, 0.0) for a, b, c, d in lungs.values()
                )
            yield judged(
                case,
                None if over is None else round(over, 3),
                f"over by <= {TOLERANCE}",
                lambda share: share <= TOLERANCE,
            )


def edges(case: Entry) -> Iterator[Verdict]:
    """Share that is left of a border: <= 0.5 where the text says it is lost, <= 0.75 if blurred."""
    for finding in case["findings"]:
        if taxonomy.is_variant(finding["label"]):
            continue
        lost = LOST_EDGE.search(finding["sentence"])
        if lost is None and BLURRED_EDGE.search(finding["sentence"]) is None:
            continue
        most = EDGE_KEPT if lost else EDGE_BLURRED
        kept = (finding.get("measured") or {}).get("edge_kept")
        yield judged(case, kept, f"<= {most}", partial(between, 0.0, most))


def clause_of_edge(text: str) -> str:
    """The part of a sentence that says that a border is lost or blurred; empty if none does."""
    parts = re.split(r"[.;:,]", text)
    return next((p for p in parts if LOST_EDGE.search(p) or BLURRED_EDGE.search(p)), "")


def sides(case: Entry) -> Iterator[Verdict]:
    """The side in words is the label's, and that on which the region lies (no unit)."""
    middle = measured_of(case).get("midline", 0.5)
    for finding in case["findings"]:
        side = finding.get("side")
        if side not in OTHER_SIDE or finding["label"] in MEASURED_OTHERWISE:
            continue
        said = {word.lower() for word in SIDE.findall(finding["sentence"])}
        wrong = OTHER_SIDE[side] in said and side not in said
        if finding["label"] not in BESIDE_THE_LUNGS:
            # The patient's right is on the picture's left.
            places = ((x0 + x1) / 2 for x0, _, x1, _ in map(bounds, drawn_regions(finding)))
            wrong |= any((x > middle) != (side == "left") for x in places)
        value = "the other side" if wrong else side
        yield Verdict("", case["key"], f"{finding['label']} {value}", side, not wrong)


def zones(case: Entry) -> Iterator[Verdict]:
    """Where in a lung's height a region's middle lies (0 above): in the zone's third ± 0.12.

    The zone is that of the label: `left upper zone` and the like.
    """
    lungs = measured_of(case).get("lungs") or {}
    for finding in case["findings"]:
        match = ZONE.search(finding.get("zone") or "")
        if match is None or finding["label"] in BESIDE_THE_LUNGS:
            continue
        third = ("upper", "middle", "lower").index(match[1])
        low, high = third / 3 - ZONE_OVER, (third + 1) / 3 + ZONE_OVER
        for x0, y0, x1, y1 in map(bounds, drawn_regions(finding)):
            side = "left" if (x0 + x1) / 2 > measured_of(case).get("midline", 0.5) else "right"
            lung, share = lungs.get(side), None
            if lung:
                share = round(((y0 + y1) / 2 - lung[1]) / max(lung[3] - lung[1], 1e-6), 2)
            asked = f"{match[1]}: {max(low, 0):.2f} to {min(high, 1):.2f}"
            yield judged(case, share, asked, partial(between, low, high))


def visible(case: Entry) -> Iterator[Verdict]:
    """d′ of a template observer (no unit) for what a finding adds to the picture: >= 1.5.

    Of tubes and objects that the eye follows along their length: >= 0.9.
    """
    for finding in case["findings"]:
        label = finding["label"]
        if label in MEASURED_OTHERWISE:
            continue
        value = (finding.get("measured") or {}).get("detectability")
        least = FOLLOWED_DETECTABLE if label in FOLLOWED else DETECTABLE
        verdict = judged(case, value, f">= {least}", partial(at_least, least))
        yield Verdict("", verdict.case, f"{label} {verdict.value}", *_rest(verdict))


def _rest(verdict: Verdict) -> tuple[str, bool]:
    return verdict.asked, verdict.passed


def vertebrae(case: Entry) -> Iterator[Verdict]:
    """Of the eight gaps from T4 to T12, how many disks a lateral view shows: >= 5."""
    if any(image["view"] == "LATERAL" for image in case["images"]):
        seen = measured_of(case).get("vertebrae")
        yield judged(case, seen, f">= {VERTEBRAE}", lambda n: n >= VERTEBRAE)


def ages(case: Entry) -> Iterator[Verdict]:
    """Whoever is examined for employment is of working age (years)."""
    if "employment" in case.get("indication", ""):
        low, high = WORKING_AGE
        yield judged(case, case.get("age"), f"{low} to {high}", lambda a: low <= a <= high)


def priors(case: Entry) -> Iterator[Verdict]:
    """No report speaks of an earlier picture where there is none."""
    if any(image.get("study") == "prior" for image in case["images"]):
        return
    report = case.get("report") or {}
    said = PRIOR.findall(f"{report.get('findings', '')} {report.get('impression', '')}")
    yield Verdict("", case["key"], ", ".join(said) or "none", "no word of a prior", not said)


OF_THE_BODY = (heart, inspiration, domes, rotation, spine)
GATES: tuple[Callable[[Entry], Iterator[Verdict]], ...] = (
    *OF_THE_BODY,
    *(sizes, names, distances, lines, drains, boxes, sides, zones, edges, visible, bones),
    *(vertebrae, levels),
    *(ages, priors, changes),
)
GATES_OF_EARLIER = (
    *(inspiration, domes, rotation, spine, sizes, names, distances, lines, drains, boxes),
    *(sides, zones, edges, visible, levels),
)
"""Those of an earlier film: a heart may look large on it, after a small breath."""
SHOWS = {"rotation": "rotation", "breath": "hypoinflation"}
"""What a measure of the body must show where the technique of an earlier film is that."""


def fits(
    recipes: Sequence[str], labels: Sequence[str], measured: Mapping[str, Any], view: str = "PA"
) -> bool:
    """Whether a person passes the gates of the body, before anything is projected."""
    findings = [
        {"label": label, "side": name.rsplit("-", 1)[-1]}
        for name, label in zip(recipes, labels, strict=True)
    ]
    images = [{"view": view}]
    case = {"key": "", "findings": findings, "measured": measured, "images": images}
    return all(verdict.passed for gate in OF_THE_BODY for verdict in gate(case))


def fits_earlier(technique: str, measured: Mapping[str, Any], view: str = "PA") -> bool:
    """Whether a person passes those of an earlier film of that technique, before it is taken."""
    earlier = {"technique": technique, "findings": [], "measured": measured}
    case = _earlier({"key": "", "images": [{"view": view}]}, earlier)
    of_both = [gate for gate in OF_THE_BODY if gate in GATES_OF_EARLIER]
    return all(verdict.passed for gate in of_both for verdict in gate(case))


def judge(case: Entry) -> list[Verdict]:
    """All verdicts on one case, on its earlier films too where it has any."""
    films = [(case, GATES)]
    if "earlier" in case:
        films.append((_earlier(case, case["earlier"]), GATES_OF_EARLIER))
        if "first" in case["earlier"]:
            films.append((_earlier(case, case["earlier"]["first"]), GATES_OF_EARLIER))
    return [
        Verdict(gate.__name__, v.case, v.value, v.asked, v.passed)
        for film, gates in films
        for gate in gates
        for v in gate(film)
    ]


def _earlier(case: Entry, earlier: Entry) -> Entry:
    """An earlier film as a case of its own, with the label of what its technique should show."""
    shows = [{"label": SHOWS[one], "sentence": ""} for one in SHOWS if one == earlier["technique"]]
    return {**case, **earlier, "findings": [*earlier["findings"], *shows]}


def sorted_by_indication(cases: Sequence[Entry]) -> float:
    """Share of cases told normal from abnormal by whoever knows how often each indication is which.

    It is the most that indications can give away: each one's majority, counted on the same cases.
    """
    seen: dict[str, Counter[bool]] = defaultdict(Counter)
    for case in cases:
        seen[case.get("indication", "")][has_findings(case)] += 1
    return sum(max(counts.values()) for counts in seen.values()) / max(1, len(cases))


def judge_set(cases: Sequence[Entry]) -> list[Verdict]:
    """Verdicts on a whole set: what its indications give away."""
    share = sorted_by_indication(cases)
    base = sum(map(has_findings, cases)) / max(1, len(cases))
    most = max(SORTED_BY_INDICATION, max(base, 1 - base))
    asked = f"< {most:.2f}" if most == SORTED_BY_INDICATION else f"<= {most:.2f}, the base rate"
    return [Verdict("indications", "the set", f"{share:.2f}", asked, share <= most)]
