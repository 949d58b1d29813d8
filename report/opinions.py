"""What models say beside a report's score: RadGraph F1, CheXbert F1, a language model's CRIMSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings

from attempts.models import Result
from feedback import backends
from feedback.explainers import Explainer

ENGLISH_ONLY = ("radgraph", "chexbert")
INSTALLED_AS = {"radgraph": "radgraph-xl", "chexbert": "chexbert"}


def names(result: Result) -> list[str]:
    """Which can be asked of this result now."""
    found = [
        name
        for name in ENGLISH_ONLY
        if result.data["language"] == "en" and backends.is_installed(INSTALLED_AS[name])
    ]
    if settings.REPORT_ENGINE_BESIDE == "llm" and backends.has_language_model():
        found.append("llm")
    return found


def opinion(result: Result, name: str) -> dict[str, Any]:
    """What one of them says; ModelProblem when it cannot."""
    return _SAY[name](result)


def _radgraph(result: Result) -> dict[str, Any]:
    model = backends.radgraph()
    own, reference = result.data["text"], result.data["reference"]
    [score] = model.f1([own], [reference])
    own_graph, reference_graph = model.graphs([own, reference])
    return {
        "model": model.name,
        "f1": asdict(score),
        "own": own_graph.to_json(),
        "reference": reference_graph.to_json(),
    }


def _chexbert(result: Result) -> dict[str, Any]:
    model = backends.chexbert()
    own, reference = result.data["text"], result.data["reference"]
    [score] = model.f1([own], [reference])
    labels = model.labels([own, reference])
    rows = [
        {"name": name, "own": labels[0][name], "reference": labels[1][name]}
        for name in labels[0]
        if {labels[0][name], labels[1][name]} != {"blank"}
    ]
    return {"model": "CheXbert", "f1": asdict(score), "labels": rows}


def _llm(result: Result) -> dict[str, Any]:
    case = result.attempt.case
    try:
        evaluation = backends.report_engine().evaluate(
            result.data["reference"],
            result.data["text"],
            age=case.age,
            sex=case.sex or None,
            indication=case.indication,
            language=result.data["language"],
        )
    except ValueError as problem:
        from ml.models import ModelProblem

        raise ModelProblem(f"The texts cannot be compared: {problem}.") from None
    return {
        "model": evaluation.model,
        "version": evaluation.version,
        "score": evaluation.score,
        "raw": evaluation.raw,
        "evaluation": evaluation.to_json(),
    }


_SAY = {"radgraph": _radgraph, "chexbert": _chexbert, "llm": _llm}

EXPLAINER = Explainer(opinions=names, opinion=opinion)
