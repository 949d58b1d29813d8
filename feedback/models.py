"""What is said about a scored attempt: second opinions, explanations and their ratings."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from attempts.models import Result
from cases.models import Case


class SecondOpinion(models.Model):
    """What a model says beside a result; it enters no figure."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="opinions")
    name = models.CharField(max_length=30, help_text="Which metric or engine")
    data = models.JSONField(null=True, help_text="What it says; empty while it is awaited")
    problem = models.TextField(blank=True, help_text="Why it says nothing, in one sentence")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["result", "name"], name="opinion_once_a_result"),
        ]

    def __str__(self) -> str:
        return f"{self.result_id} {self.name}"


class Explanation(models.Model):
    """What a vision-language model wrote on one finding or mark, as it passed the checks."""

    key = models.CharField(max_length=64, unique=True, help_text="Digest of facts and model")
    facts = models.CharField(max_length=64, db_index=True, help_text="Digest of the facts alone")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="explanations")
    label = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20)
    text = models.TextField(blank=True, help_text="Empty: what it wrote did not pass the checks")
    model = models.CharField(max_length=200)
    prompt_version = models.CharField(max_length=20)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["asked_by", "created_at"], name="explanations_asked")]

    def __str__(self) -> str:
        return f"{self.label} {self.outcome} {self.model}"


class ExplanationRating(models.Model):
    """What one learner thinks of one model's text, until it is corrected."""

    explanation = models.ForeignKey(Explanation, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="explanation_ratings"
    )
    helpful = models.BooleanField(help_text="No: the learner calls it wrong")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["explanation", "user"], name="rating_once_an_explanation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.explanation_id} {'helpful' if self.helpful else 'wrong'}"
