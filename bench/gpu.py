"""The models on a GPU: the same answers as on the processor, and how fast and large they are there.

``python -m bench.gpu``: RadGraph and CheXbert full-size, and a Gemma 3 of MedGemma 4B's shape in
bfloat16, all with random weights, so times and memory are those of the real models and texts mean
nothing. Seconds on the clock, the median of rounds. Exits with 1 where an answer differs from the
processor's, and where there is no GPU, with a sentence.
"""

from __future__ import annotations

import base64
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.models import CLOSE, REPORTS, ROUNDS, texts, vocabulary
from ml.models import ModelProblem
from ml.models.device import device_of
from tests.checkpoints import FULL, FULL_GEMMA, chexbert_folder, gemma3_folder, radgraph_folder

GIB = 2**30
ANSWER = 160
"""Tokens of an answer: about four sentences."""


def seconds(work: Callable[[], Any]) -> float:
    """Of one round on the clock, after the GPU has done all it was given."""
    import torch

    work()
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def memory() -> float:
    """GiB that the GPU held at most since the last call."""
    import torch

    most = torch.cuda.max_memory_allocated() / GIB
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return most


def readers(folder: Path, device: str) -> list[tuple[str, ...]]:
    """Rows of RadGraph and CheXbert; SystemExit where the GPU answers otherwise."""
    from ml.chexbert.network import Network
    from ml.radgraph.batched import BatchedModel
    from ml.radgraph.loading import load

    found, words = texts(), vocabulary()
    place = radgraph_folder(folder / "radgraph", FULL, words)
    wanted = BatchedModel(load(place, "cpu"), REPORTS).annotations(found)
    model = BatchedModel(load(place, device), REPORTS)
    if model.annotations(found) != wanted:
        raise SystemExit("RadGraph: the graphs of the GPU differ from the processor's")
    rows = [_row("RadGraph, 16 reports", seconds(lambda: model.annotations(found)))]

    place = chexbert_folder(folder / "chexbert", FULL, words)
    scores = Network(place, "cpu", REPORTS).scores(found)
    network = Network(place, device, REPORTS)
    apart = max(
        float((a - b.to(a.device)).abs().max())
        for one, other in zip(scores, network.scores(found), strict=True)
        for a, b in zip(one, other, strict=True)
    )
    print(f"CheXbert: the largest difference of a score is {apart:.1e}")
    if apart > CLOSE * 10:
        raise SystemExit("CheXbert: the scores of the GPU differ from the processor's")
    rows.append(_row("CheXbert, 16 reports", seconds(lambda: network.scores(found))))
    return rows


def _row(name: str, took: float) -> tuple[str, ...]:
    return name, f"{REPORTS / took:.0f} reports/s", "", f"{memory():.1f}"


def writer(folder: Path, device: str, shape: dict[str, Any] = FULL_GEMMA) -> list[tuple[str, ...]]:
    """The row of an explanation: an image and a question, read and answered as the worker does."""
    import torch
    from PIL import Image

    from ml.llm.local import LocalModel

    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        gemma3_folder(folder, shape)
    torch.set_default_dtype(usual)
    memory()
    start = time.perf_counter()
    model = LocalModel(folder, device)
    print(f"Gemma 3 4B: loaded in {time.perf_counter() - start:.1f} s")
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((896, 896)).save(buffer, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    question = [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": picture}},
                {"type": "text", "text": "What does the outlined place show? " * 10},
            ],
        }
    ]

    def answered() -> tuple[float, float]:
        begun = time.perf_counter()
        pieces = model.stream(question, ANSWER)
        next(pieces)
        first = time.perf_counter() - begun
        for _ in pieces:
            pass
        return first, time.perf_counter() - begun

    answered()
    rounds = [answered() for _ in range(ROUNDS)]
    first, whole = (statistics.median(times) for times in zip(*rounds, strict=True))
    speed = f"{(ANSWER - 1) / (whole - first):.0f} tokens/s"
    return [("Gemma 3 4B, an explanation", speed, f"{1000 * first:.0f} ms", f"{memory():.1f}")]


def show(rows: Sequence[tuple[str, ...]], name: str) -> None:
    table = Table(title=f"On {name}", title_justify="left")
    for column in ("", "speed", "first words", "GiB at most"):
        table.add_column(column, justify="left" if not column else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)


def main() -> int:
    try:
        device = device_of("cuda:0")
    except ModelProblem as problem:
        print(problem)
        return 1
    import torch

    with tempfile.TemporaryDirectory(prefix="radgame-bench-") as made:
        folder = Path(made)
        rows = readers(folder, device) + writer(folder / "gemma", device)
    show(rows, torch.cuda.get_device_name())
    return 0


if __name__ == "__main__":
    sys.exit(main())
