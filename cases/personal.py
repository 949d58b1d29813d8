"""What the case library keeps of a person: cases a curator changed last, answers to a learner."""

from __future__ import annotations

from accounts.personal import part
from cases.models import (
    BlackOut,
    Case,
    CaseChange,
    Dataset,
    DoubtAnswer,
    LabelMapping,
    SecondReading,
    StudySeries,
    Upload,
)

PARTS = (
    part("terms-confirmed", Dataset, "terms_confirmed_by", "slug", "terms_confirmed_at"),
    part("cases-edited", Case, "edited_by", "public_id", "edited_at"),
    part(
        *("doubt-answers", DoubtAnswer, "to"),
        *("about", "why", "accepted", "sentence", "at", "seen_at"),
    ),
    part("case-changes", CaseChange, "by", "case__public_id", "what", "why", "at"),
    part("second-readings", SecondReading, "by", "case__public_id", "version", "at"),
    part("black-outs", BlackOut, "by", "boxes", "at"),
    part("series-chosen", StudySeries, "by", "dataset__slug", "known", "chosen", "at"),
    part("uploads", Upload, "by", "title", "licence", "state", "created_at", "finished_at"),
    part("label-mappings", LabelMapping, "by", "dataset__slug", "name", "label"),
)
