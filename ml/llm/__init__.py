"""The `llm` engine: a report against its reference by a language model, in the CRIMSON schema.

It answers the same `Evaluation` as the rules (`ml.evaluate`), with the model in `model` and the
version of the questions in `version`. A model that cannot be reached, or does not keep to
the schema after one repair, is a ModelProblem: never a score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ml.evaluate import checks
from ml.evaluate.patient import patient_of
from ml.evaluate.schema import EvaluatedFinding, Evaluation
from ml.evaluate.significance import Patient
from ml.llm import answers, prompt
from ml.llm.backend import Backend, Message
from ml.llm.notes import notes_of
from ml.models.memory import TextMemory
from ml.models.problems import ModelProblem

__all__ = ["ENGINE", "LanguageModelEngine"]

ENGINE = "llm"
ANSWER_TOKENS = 4_096
LONGEST_TEXT = 20_000
"""Characters of one report; a long one has about 2,000."""
REMEMBERED = 2_000
Answer = TypeVar("Answer")


class LanguageModelEngine:
    """Evaluates reports with one back end; findings of a reference are asked for once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._references: TextMemory[tuple[EvaluatedFinding, ...]] = TextMemory(REMEMBERED)

    @property
    def version(self) -> str:
        """Version of the questions; the model's own is in the evaluation's `model`."""
        return prompt.PROMPT_VERSION

    def evaluate(
        self,
        reference: str,
        candidate: str,
        *,
        age: float | str | None = None,
        sex: str | None = None,
        indication: str | None = None,
        language: str = "en",
    ) -> Evaluation:
        """As `ml.evaluate.evaluate`. ValueError for texts that do not fit, ModelProblem else."""
        checks.check_texts(reference, candidate, language)
        for name, text in (("reference", reference), ("candidate", candidate)):
            if len(text) > LONGEST_TEXT:
                raise ValueError(f"{name} has {len(text)} characters; at most {LONGEST_TEXT}")
        patient = patient_of(age, sex, indication)
        known = self._reference(reference, patient, language)
        found = self._candidate(reference, known, candidate, patient, language)
        found = replace(found, model=self._backend.version, notes=notes_of(found))
        return checks.with_remarks(found, reference, candidate, language)

    def _reference(
        self, reference: str, patient: Patient, language: str
    ) -> tuple[EvaluatedFinding, ...]:
        question = prompt.about_reference(reference, patient, language)

        def ask(_: list[str]) -> list[tuple[EvaluatedFinding, ...]]:
            read = lambda a: answers.reference_findings(a, reference, language)  # noqa: E731
            return [self._asked(question, prompt.REFERENCE_SCHEMA, read)]

        # The question holds all that the answer depends on.
        [found] = self._references.answers([question[1]["content"]], ask)
        return found

    def _candidate(
        self,
        reference: str,
        known: tuple[EvaluatedFinding, ...],
        candidate: str,
        patient: Patient,
        language: str,
    ) -> Evaluation:
        def read(answer: dict[str, Any]) -> Evaluation:
            return answers.evaluation_of(answer, known, candidate, language, self.version)

        if not candidate.strip():
            nothing: dict[str, Any] = {key: [] for key in prompt.CANDIDATE_SCHEMA["properties"]}
            return read(nothing)
        question = prompt.about_candidate(reference, known, candidate, patient, language)
        return self._asked(question, prompt.CANDIDATE_SCHEMA, read)

    def _asked(
        self,
        question: Sequence[Message],
        schema: dict[str, Any],
        read: Callable[[dict[str, Any]], Answer],
    ) -> Answer:
        """Ask; where the answer does not fit, say why and ask once more."""
        text = self._backend.chat(question, ANSWER_TOKENS, schema)
        try:
            return read(answers.parsed(text))
        except ValueError as problem:
            repair = [*question, *prompt.about_repair(text, str(problem))]
        text = self._backend.chat(repair, ANSWER_TOKENS, schema)
        try:
            return read(answers.parsed(text))
        except ValueError as problem:
            raise ModelProblem(
                f"{self._backend.version} did not keep to the form, twice: {problem}."
            ) from None
