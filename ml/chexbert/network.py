"""CheXbert's network: BERT-base, and a linear layer on [CLS] for each observation."""

from __future__ import annotations

import pickle
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.chexbert.labels import CLASSES, CLASSES_OF_NO_FINDING, OBSERVATIONS
from ml.models.bert import hidden_states
from ml.models.problems import ModelProblem

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "chexbert.pth"
TOKENIZER = "tokenizer"
LONGEST = 512
"""Word pieces; what is longer is cut, and closed with [SEP], as published."""
SPACE = re.compile(r"\s+")
SIZES = (*(len(CLASSES) for _ in OBSERVATIONS[:-1]), CLASSES_OF_NO_FINDING)


class Network:
    """The checkpoint of a folder, on one device.

    The folder holds ``chexbert.pth`` and ``tokenizer/`` (``config.json`` and ``vocab.txt``
    of bert-base-uncased). ModelProblem says which part is missing or does not fit.
    """

    def __init__(self, folder: Path, device: str, batch_size: int) -> None:
        from transformers import BertConfig, BertModel, BertTokenizer

        for part in (folder / CHECKPOINT, folder / TOKENIZER / "config.json"):
            if not part.is_file():
                raise ModelProblem(f"CheXbert is not complete: {part} is missing.")
        self._device = device
        self._batch_size = batch_size
        try:
            self._tokenizer = BertTokenizer.from_pretrained(folder / TOKENIZER)
            config = BertConfig.from_pretrained(folder / TOKENIZER)
            weights = _weights(folder / CHECKPOINT)
            self._bert: Any = BertModel(config, add_pooling_layer=False)
            self._load(weights)
        except (RuntimeError, KeyError, TypeError, OSError, pickle.UnpicklingError) as error:
            reason = str(error).splitlines()[0]
            raise ModelProblem(f"CheXbert could not be loaded from {folder}: {reason}") from error

    def _load(self, weights: dict[str, Tensor]) -> None:
        import torch

        bert = {key[5:]: value for key, value in weights.items() if key.startswith("bert.")}
        for unused in ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"):
            bert.pop(unused, None)
        self._bert.load_state_dict(bert, strict=True)
        heads = [weights[f"linear_heads.{place}.weight"] for place in range(len(SIZES))]
        if [len(head) for head in heads] != list(SIZES):
            raise RuntimeError("its heads are not the fourteen of CheXbert")
        biases = [weights[f"linear_heads.{place}.bias"] for place in range(len(SIZES))]
        self._heads = torch.cat(heads).to(self._device)
        self._biases = torch.cat(biases).to(self._device)
        self._bert.to(self._device).eval()

    def scores(self, texts: Sequence[str]) -> list[list[Tensor]]:
        """For each text fourteen vectors of class scores (logits), on the processor's memory."""
        import torch

        found: list[list[Tensor]] = []
        for start in range(0, len(texts), self._batch_size):
            pieces = [self._pieces(text) for text in texts[start : start + self._batch_size]]
            with torch.inference_mode():
                first = torch.cat(hidden_states(self._bert, pieces, first_only=True))
                rows = (first @ self._heads.T + self._biases).cpu()
            found += [list(row.split(SIZES)) for row in rows]
        return found

    def _pieces(self, text: str) -> list[int]:
        line = SPACE.sub(" ", text.strip())
        pieces = self._tokenizer(line, verbose=False)["input_ids"]
        if len(pieces) > LONGEST:
            pieces = [*pieces[: LONGEST - 1], self._tokenizer.sep_token_id]
        return pieces


def _weights(path: Path) -> dict[str, Any]:
    """The checkpoint's state, without the prefix that training on several GPUs left."""
    import numpy as np
    import torch

    # Beside tensors the file may hold numbers of NumPy, such as a best validation score.
    scalar = np.float64(0).__reduce__()[0]
    # NumPy 1 wrote the same function under another name.
    numbers: list[Any] = [
        scalar,
        (scalar, "numpy.core.multiarray.scalar"),
        np.dtype,
        type(np.dtype("f8")),
    ]
    with torch.serialization.safe_globals(numbers):
        content = torch.load(path, map_location="cpu", weights_only=True)
    state = content["model_state_dict"]
    return {key.removeprefix("module."): value for key, value in state.items()}
