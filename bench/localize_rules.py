"""How readers agree under the localize rules, and how long scoring takes.

``python -m bench.localize_rules`` pairs the boxes of different readers of VinDr-CXR who
each drew one box of a class on a film, and counts how often the second box hits the
first; beside it a box of the second's size at a random place. Then it times 20 marks
against 20 regions and a JAFROC interval.

Then it gives what a reader, a player who marks at random and a marker of everything score
under each rule: the reader against the other readers of a class on a film, the others against
one reader's whole film, films called normal among them.

The table is an excerpt of shuffled rows, so that other boxes of a reader may be missing:
two boxes that do not meet may be of two findings. Both rates are therefore printed, of
all pairs (too low) and of those that meet at all (too high). Film sizes are not in the
table; only the size-dependent threshold and the random place depend on them, and the
rates are printed for several.
"""

from __future__ import annotations

import csv
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from ml import boxes, taxonomy
from ml.froc import CaseRatings, jafroc_interval
from ml.localize import RULES, Alternate, Mark, Region, Truth, attach_alternates, score

VINDR = Path(__file__).resolve().parents[2] / "shared/data/vindr_train_first4000.csv"
SIDES = ("x_min", "y_min", "x_max", "y_max")
FILMS = ((3000, 3000), (2500, 2800), (2200, 2600))
"""Widths and heights in pixels that are tried for films of unknown size."""
PLACES = 50
"""Random places tried for each pair."""
FIXED = 0.3
MOST_GUESSES = 3
"""A random player makes one to so many marks on a film."""
NORMALS = 300
"""Films called normal that random players meet, beside all that a reader marked."""

Drawn = dict[tuple[str, str], dict[str, list[list[float]]]]
"""Film and class → reader → boxes in pixels."""
Pair = tuple[boxes.Floats, boxes.Floats]


@dataclass(frozen=True)
class Agreement:
    """Fractions of pairs that hit: second readers' boxes, and boxes at random places."""

    pairs: int
    all_hit: float
    all_fixed: float
    meeting: int
    meeting_hit: float
    meeting_fixed: float
    random_hit: float


def agreement(table: Path = VINDR, film: tuple[int, int] = FILMS[0]) -> Agreement:
    """Agreement of pairs of readers under rule ``standard`` and at a fixed IoU of 0.3."""
    rng = np.random.default_rng(0)
    found = list(_pairs(table, film))
    hit = np.array([boxes.hits(a, b)[0, 0] for a, b in found])
    iou = np.array([boxes.iou_matrix(a, b)[0, 0] for a, b in found])
    chance = [boxes.hits(a, _elsewhere(b, rng)).mean() for a, b in found]
    meet = iou > 0
    return Agreement(
        len(found),
        float(hit.mean()),
        float((iou >= FIXED).mean()),
        int(meet.sum()),
        float(hit[meet].mean()),
        float((iou[meet] >= FIXED).mean()),
        float(np.mean(chance)),
    )


def _pairs(table: Path, film: tuple[int, int]) -> Iterator[Pair]:
    """The boxes of two readers with one box each of a class on a film, normalized."""
    drawn, extent = _read(table, film)
    for (image, _), readers in drawn.items():
        single = [marked[0] for marked in readers.values() if len(marked) == 1]
        size = np.tile(extent[image], 2)
        for first, second in combinations(single, 2):
            yield boxes.as_boxes([first]) / size, boxes.as_boxes([second]) / size


def _read(table: Path, film: tuple[int, int]) -> tuple[Drawn, dict[str, boxes.Floats]]:
    """All boxes, and how large each film is at least, in pixels."""
    drawn: Drawn = defaultdict(lambda: defaultdict(list))
    extent: dict[str, boxes.Floats] = {}
    with table.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["x_min"]:
                sides = [float(row[name]) for name in SIDES]
                drawn[row["image_id"], row["class_name"]][row["rad_id"]].append(sides)
                known = extent.get(row["image_id"], np.array(film, dtype=float))
                extent[row["image_id"]] = np.maximum(known, sides[2:])
    return drawn, extent


def readers_scores(table: Path = VINDR, rule: str = "clinical") -> boxes.Floats:
    """Each reader of a class on a film as a player, the other readers as its truth."""
    drawn, extent = _read(table, FILMS[0])
    found = []
    for (image, name), readers in drawn.items():
        single = {reader: marked[0] for reader, marked in readers.items() if len(marked) == 1}
        size = np.tile(extent[image], 2)
        for reader in single if len(single) > 1 else ():
            others = [_box(np.array(box) / size) for one, box in single.items() if one != reader]
            regions = attach_alternates(
                [Region("r", others[0])], [(Alternate(box), "", 0) for box in others[1:]]
            )
            label = _slug(name)
            mark = Mark("m", label, _box(np.array(single[reader]) / size))
            found.append(score([Truth("t", label, "draw", regions)], [mark], [], rule=rule).score)
    return np.array(found)


def _films(table: Path) -> list[list[Truth]]:
    """What one reader marked on each film, and films called normal, which have nothing."""
    drawn, extent = _read(table, FILMS[0])
    films: dict[str, list[Truth]] = defaultdict(list)
    reader_of: dict[str, str] = {}
    for (image, name), readers in drawn.items():
        reader = reader_of.setdefault(image, next(iter(readers)))
        size = np.tile(extent[image], 2)
        for number, sides in enumerate(readers.get(reader, [])):
            region = Region(f"{name}.{number}", _box(np.array(sides) / size))
            films[image].append(Truth(region.id, _slug(name), "draw", (region,)))
    return [*films.values(), *([] for _ in range(NORMALS))]


def players_scores(table: Path = VINDR, rule: str = "clinical") -> tuple[float, float]:
    """Mean scores of a player at random and of a marker of everything."""
    films = _films(table)
    every = [(t.label, t.regions[0].box) for film in films for t in film]
    rng = np.random.default_rng(3)
    usual = {
        label: _box(np.median([box for name, box in every if name == label], axis=0))
        for label in dict.fromkeys(name for name, _ in every)
    }
    flood = [Mark(f"f{i}", label, box) for i, (label, box) in enumerate(usual.items())]
    at_random, flooding = [], []
    for film in films:
        picked = rng.integers(0, len(every), rng.integers(1, MOST_GUESSES + 1))
        guesses = [Mark(f"m{i}", *every[index]) for i, index in enumerate(picked)]
        at_random.append(score(film, guesses, [], rule=rule).score)
        flooding.append(score(film, flood, [], rule=rule).score)
    return float(np.mean(at_random)), float(np.mean(flooding))


def _slug(name: str) -> str:
    return taxonomy.names_of("vindr").get(name.casefold(), name)


def _elsewhere(box: boxes.Floats, rng: np.random.Generator) -> boxes.Floats:
    size = box[:, 2:] - box[:, :2]
    corner = rng.random((PLACES, 2)) * (1 - size)
    return np.hstack([corner, corner + size])


def _case(count: int) -> tuple[list[Truth], list[Mark]]:
    """Regions of one label, so that every mark competes for every region, and marks near them."""
    rng = np.random.default_rng(1)
    corners = rng.random((count, 2)) * 0.7
    truth = np.hstack([corners, corners + 0.05 + rng.random((count, 2)) * 0.25])
    drawn = np.clip(truth + rng.normal(0, 0.01, truth.shape), 0, 1)
    regions = tuple(Region(str(i), _box(row)) for i, row in enumerate(truth))
    marks = [Mark(str(i), "nodule_mass", _box(row)) for i, row in enumerate(drawn)]
    return [Truth("t", "nodule_mass", "draw", regions)], marks


def _box(row: boxes.Floats) -> boxes.Box:
    x0, y0, x1, y1 = (float(side) for side in row)
    return (x0, y0, x1, y1)


def _milliseconds(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median and 95th percentile of `repeats` runs after a warm-up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def _print_agreement() -> None:
    if not VINDR.exists():
        print("agreement: not measured, the VinDr table is not beside the repository")
        return
    print("film        pairs  hit   IoU≥0.3   meeting  hit   IoU≥0.3   random place")
    for film in FILMS:
        a = agreement(film=film)
        print(
            f"{film[0]}×{film[1]}   {a.pairs:5d}  {a.all_hit:.2f}  {a.all_fixed:.2f}      "
            f"{a.meeting:7d}  {a.meeting_hit:.2f}  {a.meeting_fixed:.2f}      {a.random_hit:.3f}"
        )


def print_players() -> None:
    """What readers, a player at random and a marker of everything score under each rule."""
    if not VINDR.exists():
        print("players: not measured, the VinDr table is not beside the repository")
        return
    print("rule        readers: median (mean)   at random   everything")
    for rule in RULES:
        readers, (guessing, flooding) = readers_scores(rule=rule), players_scores(rule=rule)
        print(
            f"{rule:10}  {np.median(readers):15.0f} ({readers.mean():.0f})   "
            f"{guessing:9.0f}   {flooding:10.0f}"
        )


def main() -> int:
    _print_agreement()
    print_players()
    truths, marks = _case(20)
    for rule in RULES:
        median, late = _milliseconds(partial(score, truths, marks, [], rule=rule), 500)
        print(f"20 marks × 20 regions, {rule}: median {median:.2f} ms, p95 {late:.2f} ms")
    rng = np.random.default_rng(2)
    cases = [CaseRatings(others=tuple(rng.integers(1, 6, 2).astype(float))) for _ in range(200)]
    cases += [CaseRatings(lesions=(float(r), None)) for r in rng.integers(1, 6, 200)]
    median, _ = _milliseconds(partial(jafroc_interval, cases), 5)
    print(f"wJAFROC interval of 400 cases, 2000 draws: median {median:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
