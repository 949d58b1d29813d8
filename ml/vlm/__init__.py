"""Explanations by a vision-language model: why this is it, and why yours is not.

The model writes through either back end of `ml.llm`; `ml.vlm.checks` decides whether its
text may be shown. Where it may not, or no model answers, the caller shows the atlas.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ml.llm.backend import Backend
from ml.models.problems import ModelProblem
from ml.vlm import checks, prompt
from ml.vlm.question import OUTCOMES, Box, Question

__all__ = ["OUTCOMES", "Box", "Explanation", "Question", "explain", "write"]

logger = logging.getLogger(__name__)
ANSWER_TOKENS = 220


@dataclass(frozen=True)
class Explanation:
    """A text that passed the checks, and what wrote it."""

    text: str
    model: str
    prompt_version: str


def explain(
    backend: Backend,
    question: Question,
    image: bytes | None = None,
    crop: bytes | None = None,
    *,
    show: Callable[[str], None] | None = None,
) -> Explanation | None:
    """As `write`, but None (and why in the log) wherever there is nothing to be shown."""
    try:
        written = write(backend, question, image, crop, show=show)
    except ModelProblem as problem:
        logger.warning("No explanation: %s", problem)
        return None
    return written if written.text else None


def write(
    backend: Backend,
    question: Question,
    image: bytes | None = None,
    crop: bytes | None = None,
    *,
    show: Callable[[str], None] | None = None,
) -> Explanation:
    """Ask for one explanation; its text is empty where what came may not be shown.

    Args:
        backend: a vision-language model, or a language model when no image is given.
        image: PNG with the truth outlined (`ml.vlm.pictures.marked_png`).
        crop: PNG of the place, enlarged.
        show: gets the text as it grows, each time the whole of it so far. What it is given passed
            the checks that can be made of a beginning; when nothing comes in the end, what
            was shown has to be taken back.

    Raises:
        ModelProblem: the model does not answer.
    """
    text, wrong = "", ""
    for piece in backend.stream(prompt.messages(question, image, crop), ANSWER_TOKENS):
        text += piece
        shown, wrong = checks.beginning_of(text, question)
        if wrong:
            break
        if show and shown.strip():
            show(shown.lstrip())
    text = " ".join(text.split())
    wrong = wrong or checks.problem_of(text, question)
    if wrong:
        logger.info("An explanation of %s is not shown: %s: %r", backend.version, wrong, text)
    return Explanation("" if wrong else text, backend.version, prompt.PROMPT_VERSION)
