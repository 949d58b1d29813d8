"""The `radgraph` package's model from a local folder, without asking any hub."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml.models.problems import ModelProblem
from ml.radgraph.package import package

TYPES = ("radgraph-xl", "modern-radgraph-xl", "radgraph", "echograph")
NEEDED = ("config.json", "weights.th", "vocabulary")
ENCODER = "encoder"


def model_type_of(folder: Path) -> str:
    """Which of the package's models the folder holds: it has a folder of that name."""
    for name in TYPES:
        if (folder / name).is_dir():
            return name
    raise ModelProblem(
        f"{folder} holds no RadGraph model: expected a folder {TYPES[0]} with {', '.join(NEEDED)}."
    )


def load(folder: Path, device: str) -> Any:
    """The package's `RadGraph` on that device.

    `folder` is what the package calls `model_cache_dir`: ``<type>/config.json``,
    ``weights.th`` and ``vocabulary/``; tokenizer and configuration of its encoder lie in the folder
    that ``config.json`` names (relative to ``<type>``, or absolute), or in ``encoder``
    beside it. ModelProblem says which part is missing or does not fit.
    """
    kind = model_type_of(folder)
    missing = [name for name in NEEDED if not (folder / kind / name).exists()]
    if missing:
        raise ModelProblem(f"{folder / kind} lacks {', '.join(missing)}.")
    number = -1 if device == "cpu" else int(device.partition(":")[2] or 0)
    with _view(folder, kind) as view, contextlib.redirect_stdout(io.StringIO()):
        try:
            return package().RadGraph(model_type=kind, model_cache_dir=str(view), cuda=number)
        except (RuntimeError, KeyError, OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ModelProblem(f"RadGraph could not be loaded from {folder}: {reason}") from error


@contextlib.contextmanager
def _view(folder: Path, kind: str) -> Iterator[Path]:
    """A folder in the package's layout whose configuration names the encoder by its full path.

    So the model folder may be moved and may be read-only (the package writes a lock file).
    """
    config = _config_with_encoder(folder, kind)
    with tempfile.TemporaryDirectory(prefix="radgraph-") as made:
        target = Path(made) / kind
        target.mkdir()
        (target / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (target / "weights.th").symlink_to((folder / kind / "weights.th").resolve())
        shutil.copytree(folder / kind / "vocabulary", target / "vocabulary")
        yield Path(made)


def _config_with_encoder(folder: Path, kind: str) -> dict[str, Any]:
    path = folder / kind / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        named = config["dataset_reader"]["token_indexers"]["bert"]["model_name"]
        encoder = str(_encoder(folder, kind, named))
        config["dataset_reader"]["token_indexers"]["bert"]["model_name"] = encoder
        config["model"]["embedder"]["token_embedders"]["bert"]["model_name"] = encoder
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ModelProblem):
            raise
        raise ModelProblem(f"{path} is not a RadGraph configuration: {error}.") from None
    return config


def encoder_name(folder: Path) -> str:
    """The encoder that the configuration names, a hub's name or a folder."""
    path = folder / model_type_of(folder) / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    return str(config["dataset_reader"]["token_indexers"]["bert"]["model_name"])


def _encoder(folder: Path, kind: str, named: str) -> Path:
    for place in (folder / kind / named, folder / ENCODER):
        if (place / "config.json").is_file():
            return place.resolve()
    raise ModelProblem(
        f"The encoder {named} of RadGraph is not installed: its config.json and tokenizer "
        f"belong in {folder / ENCODER}."
    )
