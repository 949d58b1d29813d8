"""A language or vision-language model of `transformers`, in this process."""

from __future__ import annotations

import base64
import binascii
import io
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ml.llm.backend import Message
from ml.models.problems import ModelProblem

STREAM_TIMEOUT = 300.0
"""Seconds that a piece of an answer may take."""


class LocalModel:
    """The model of a folder, as saved by `transformers` (such as MedGemma, a Gemma 3).

    Args:
        folder: ``config.json``, weights, tokenizer, for images ``preprocessor_config.json``.
        device: ``cpu``, ``cuda:0``, … or ``auto``.

    One question at a time: others wait.
    """

    def __init__(self, folder: Path, device: str = "auto", version: str = "") -> None:
        from ml.models.device import device_of

        if not (folder / "config.json").is_file():
            raise ModelProblem(f"{folder} holds no language model: config.json is missing.")
        self.device = device_of(device)
        self.version = version or folder.name
        self._lock = threading.Lock()
        try:
            self._load(folder)
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            reason = str(error).splitlines()[0]
            raise ModelProblem(f"The model could not be loaded from {folder}: {reason}") from error

    def _load(self, folder: Path) -> None:
        import torch
        from transformers import (
            AutoConfig,
            AutoModelForCausalLM,
            AutoModelForImageTextToText,
            AutoProcessor,
            AutoTokenizer,
        )

        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        self.sees = hasattr(config, "vision_config")
        reader: Any = AutoProcessor if self.sees else AutoTokenizer
        kind: Any = AutoModelForImageTextToText if self.sees else AutoModelForCausalLM
        self._reader = reader.from_pretrained(folder, local_files_only=True)
        precision = torch.float32 if self.device == "cpu" else torch.bfloat16
        model = kind.from_pretrained(folder, dtype=precision, local_files_only=True)
        self._model = model.to(self.device).eval()

    def chat(
        self, messages: Sequence[Message], max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """See `ml.llm.backend.Backend`; a schema is not enforced here, so the prompt must ask."""
        return "".join(self.stream(messages, max_tokens))

    def stream(self, messages: Sequence[Message], max_tokens: int) -> Iterator[str]:
        """See `ml.llm.backend.Backend`."""
        from transformers import TextIteratorStreamer

        inputs = self._inputs(messages)
        tokenizer = getattr(self._reader, "tokenizer", self._reader)
        streamer: Any = TextIteratorStreamer(
            tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=STREAM_TIMEOUT
        )
        failed: list[Exception] = []
        with self._lock:
            writer = threading.Thread(
                target=self._write, args=(inputs, max_tokens, streamer, failed), daemon=True
            )
            writer.start()
            yield from (piece for piece in streamer if piece)
            writer.join()
        if failed:
            raise ModelProblem(f"The model failed while it wrote: {failed[0]}") from failed[0]

    def _write(
        self, inputs: dict[str, Any], max_tokens: int, streamer: Any, failed: list[Exception]
    ) -> None:
        import torch

        try:
            with torch.inference_mode():
                self._model.generate(
                    **inputs, max_new_tokens=max_tokens, do_sample=False, streamer=streamer
                )
        except Exception as error:  # whatever it is, the reader of the stream must hear of it
            failed.append(error)
            streamer.end()

    def _inputs(self, messages: Sequence[Message]) -> dict[str, Any]:
        try:
            inputs = self._reader.apply_chat_template(
                [self._readable(message) for message in messages],
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
            )
        except (ValueError, TypeError, OSError) as error:
            raise ModelProblem(f"The model cannot read the question: {error}") from error
        kept = inputs.to(self.device)
        return {
            key: value.to(self._model.dtype) if value.is_floating_point() else value
            for key, value in kept.items()
        }

    def _readable(self, message: Message) -> Message:
        """A message as the chat template takes it: images decoded, parts joined for text models."""
        parts = message["content"]
        if isinstance(parts, str):
            parts = [{"type": "text", "text": parts}]
        if not self.sees:
            if any(part["type"] != "text" for part in parts):
                raise ModelProblem("This model reads text only; it was shown an image.")
            return {**message, "content": "\n".join(part["text"] for part in parts)}
        return {**message, "content": [_part(part) for part in parts]}


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return part
    from PIL import Image

    try:
        encoded = part["image_url"]["url"].partition(";base64,")[2]
        picture = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
        return {"type": "image", "image": picture.convert("RGB")}
    except (KeyError, binascii.Error, OSError):
        raise ModelProblem("An image of the question cannot be read.") from None
