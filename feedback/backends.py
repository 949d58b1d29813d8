"""The models of this installation, opened once a process and only when they are used."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from django.conf import settings

from ml.models import ModelProblem, installed
from ml.models.registry import MODELS

if TYPE_CHECKING:
    from ml.chexbert import CheXbert
    from ml.llm import LanguageModelEngine
    from ml.llm.backend import Backend
    from ml.radgraph import RadGraph

_loading = Lock()
"""Threads of a worker that ask for the same model at once load it once."""


def is_installed(name: str) -> bool:
    """Whether the model was installed by `manage.py fetch_models`; reads no weights."""
    folder = settings.MODELS_DIR / name
    return (folder / installed.MANIFEST).is_file()


def has_language_model() -> bool:
    """Whether a server, or an installed model, is named."""
    return bool(settings.LLM_URL and settings.LLM_MODEL) or _names_installed_model()


def _names_installed_model() -> bool:
    return settings.LLM_MODEL in MODELS and is_installed(settings.LLM_MODEL)


def radgraph() -> RadGraph:
    with _loading:
        return _radgraph()


def chexbert() -> CheXbert:
    with _loading:
        return _chexbert()


def language_model() -> Backend:
    """The server of LLM_URL, or else the installed model that LLM_MODEL names."""
    with _loading:
        return _opened(settings.LLM_URL, settings.LLM_MODEL)


def has_eyes() -> bool:
    """Whether a vision-language model is named for explanations."""
    return bool(settings.VLM_MODEL) and (
        bool(settings.VLM_URL)
        or (settings.VLM_MODEL in MODELS and is_installed(settings.VLM_MODEL))
    )


def vision_model() -> Backend:
    """The model of VLM_URL and VLM_MODEL."""
    with _loading:
        return _opened(settings.VLM_URL, settings.VLM_MODEL)


def at_once() -> int:
    """How many explanations to ask for at once: an installed model takes one after the other."""
    return max(1, settings.LLM_CONCURRENCY) if settings.VLM_URL else 1


def report_engine() -> LanguageModelEngine:
    backend = language_model()
    with _loading:
        return _report_engine(backend)


def forget() -> None:
    """Close what was opened, so that changed settings are read."""
    for opened in (_radgraph, _chexbert, _opened, _report_engine):
        opened.cache_clear()


@cache
def _radgraph() -> RadGraph:
    from ml.radgraph import RadGraph

    return RadGraph(settings.MODELS_DIR / "radgraph-xl", settings.MODEL_DEVICE)


@cache
def _chexbert() -> CheXbert:
    from ml.chexbert import CheXbert

    return CheXbert(settings.MODELS_DIR / "chexbert", settings.MODEL_DEVICE)


@cache
def _opened(url: str, model: str) -> Backend:
    """A model of a server, or an installed one; the same for all who name it."""
    if url:
        from ml.llm.server import ServerModel

        return ServerModel(
            url,
            model,
            key=settings.LLM_API_KEY,
            timeout=settings.LLM_TIMEOUT_SECONDS,
            concurrency=settings.LLM_CONCURRENCY,
        )
    if model not in MODELS or not is_installed(model):
        raise ModelProblem(f"No model {model!r} is installed, and no server is set for it.")
    from ml.llm.local import LocalModel

    return LocalModel(settings.MODELS_DIR / model, settings.MODEL_DEVICE)


@cache
def _report_engine(backend: Backend) -> LanguageModelEngine:
    from ml.llm import LanguageModelEngine

    return LanguageModelEngine(backend)
