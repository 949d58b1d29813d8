"""What lies in a model's folder: whole or not, from where, and whether it works."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.models.problems import ModelProblem
from ml.models.registry import Model

MANIFEST = "installed.json"
CHUNK = 1 << 20
SENTENCE = "Small left pleural effusion. The heart is enlarged."


@dataclass(frozen=True)
class File:
    """One file of an installed model."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What was installed, written beside the files when all of them were there."""

    name: str
    source: str
    version: str
    """The hub's commit, or a digest of the files where they were copied."""
    files: tuple[File, ...]

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), indent=1)
        (folder / MANIFEST).write_text(text, encoding="utf-8")


def manifest_of(folder: Path) -> Manifest | None:
    """The manifest in a folder, None where there is none that can be read."""
    try:
        record = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = tuple(File(**item) for item in record["files"])
        return Manifest(record["name"], record["source"], record["version"], files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def listed(folder: Path) -> tuple[File, ...]:
    """Every file below the folder with its digest; the hub's own notes left out."""
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and ".cache" not in path.parts and path.name not in (MANIFEST, ".lock")
    )
    return tuple(
        File(path.relative_to(folder).as_posix(), path.stat().st_size, digest(path))
        for path in paths
    )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            found.update(block)
    return found.hexdigest()


def problem_of(model: Model, folder: Path, *, thorough: bool = False) -> str:
    """Why the folder's model cannot be used, in one sentence; empty when nothing is missing.

    `thorough` also compares every file's digest with the manifest.
    """
    if not folder.is_dir():
        return "It is not installed."
    missing = [name for name in model.needed if not (folder / name).exists()]
    if missing:
        return f"It is not complete: {', '.join(missing)} is missing."
    manifest = manifest_of(folder)
    for file in manifest.files if manifest else ():
        path = folder / file.path
        if not path.is_file() or path.stat().st_size != file.bytes:
            return f"{file.path} is damaged: it does not have its {file.bytes} bytes."
        if thorough and digest(path) != file.sha256:
            return f"{file.path} is damaged: its digest has changed."
    return ""


def self_test(model: Model, folder: Path, device: str = "auto") -> str:
    """Load the model and read one sentence; what came out, in words.

    ModelProblem when it cannot be loaded or gives nothing.
    """
    if problem := problem_of(model, folder):
        raise ModelProblem(problem)
    started = time.perf_counter()
    device, answer = _TESTS[model.name](folder, device)
    return f"{answer} on {device} ({time.perf_counter() - started:.1f} s with loading)"


def _test_radgraph(folder: Path, device: str) -> tuple[str, str]:
    from ml.radgraph import RadGraph

    model = RadGraph(folder, device)
    [graph] = model.graphs([SENTENCE])
    return model.device, f"{len(graph.entities)} entities in “{SENTENCE}”"


def _test_chexbert(folder: Path, device: str) -> tuple[str, str]:
    from ml.chexbert import CheXbert

    model = CheXbert(folder, device)
    [labels] = model.labels([SENTENCE])
    stated = [name for name, value in labels.items() if value == "positive"]
    return model.device, f"{', '.join(stated) or 'nothing'} in “{SENTENCE}”"


def _test_language_model(folder: Path, device: str) -> tuple[str, str]:
    from ml.llm.local import LocalModel

    model = LocalModel(folder, device)
    text = model.chat([{"role": "user", "content": "Name one sign of a pleural effusion."}], 24)
    return model.device, f"“{text.strip()}”"


_TESTS: dict[str, Any] = {
    "radgraph-xl": _test_radgraph,
    "chexbert": _test_chexbert,
    "medgemma-4b": _test_language_model,
    "crimson": _test_language_model,
}
