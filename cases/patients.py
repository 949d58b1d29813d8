"""Which cases are of one patient: none of them is in a test while another is practiced."""

from __future__ import annotations

import hashlib
import hmac
import re

from django.conf import settings

from accounts.models import User
from cases import history
from cases.models import Case, CaseChange, Image

MARK = "~"
LONGEST = 25
_PSEUDONYM = re.compile(rf"{MARK}[0-9a-f]{{24}}")
PURPOSE = "radgame: pseudonyms of patients"
MOST_STUDIES = 100
"""A number that more cases of a data set have stands for anybody, as "anonymous" does."""
MOST_STEPS = 20
"""From a case to the cases it is linked to, and on to theirs."""
HELD_BACK = (Case.Split.PRACTICE, Case.Split.TEST, Case.Split.HELD_OUT)
"""Where cases are offered: what is held back most comes last."""


def pseudonym(slug: str, patient: str) -> str:
    """What a data set's own name of a patient is kept as; empty for none.

    A digest by a key of the installation: numbers of hospitals are short, and anybody could try
    them all. What is a pseudonym already, as in a pack, stays so.
    """
    patient = patient.strip()
    if not patient or is_pseudonym(patient):
        return patient
    key = f"{PURPOSE} {settings.SECRET_KEY}".encode()
    digest = hmac.new(key, f"{slug} {patient}".encode(), hashlib.sha256).hexdigest()
    return f"{MARK}{digest[:24]}"


def is_pseudonym(word: str) -> bool:
    """Whether it is a digest as kept here: a name with the mark before it is none."""
    return _PSEUDONYM.fullmatch(word) is not None


def cases_of_patient(case: Case) -> set[int]:
    """The primary keys of all cases of this one's patient, itself among them.

    Linked are cases of a data set with one pseudonym, cases that show the same picture (as a film
    that is another's prior one), and a case with the one that it was merged into.
    """
    found: set[int] = set()
    fresh = {case.pk}
    for _ in range(MOST_STEPS):
        found |= fresh
        fresh = _linked_to(fresh) - found
        if not fresh:
            break
    return found


def _linked_to(cases: set[int]) -> set[int]:
    found: set[int] = set()
    pictures = Image.objects.filter(case__in=cases).exclude(source_sha256="")
    digests = set(pictures.values_list("source_sha256", flat=True))
    same = Image.objects.filter(source_sha256__in=digests)
    found.update(same.values_list("case", flat=True))
    found.update(Case.objects.filter(duplicate_of__in=cases).values_list("pk", flat=True))
    rows = Case.objects.filter(pk__in=cases).values_list("dataset", "patient", "duplicate_of")
    patients: set[tuple[int, str]] = set()
    for dataset, patient, merged_into in rows:
        if merged_into is not None:
            found.add(merged_into)
        patients.update({(dataset, patient)} if patient else ())
    for dataset, patient in patients:
        named = Case.objects.filter(dataset=dataset, patient=patient)
        some = set(named.values_list("pk", flat=True)[: MOST_STUDIES + 1])
        if len(some) <= MOST_STUDIES:
            found |= some
    return found


def offer(case: Case, split: str, *, by: User | None, why: str) -> list[Case]:
    """Offer a case and all others of its patient there; the others that followed.

    To be called in a transaction.
    """
    rows = Case.objects.select_for_update().filter(pk__in=cases_of_patient(case)).order_by("pk")
    followed = []
    for one in rows:
        if one.split == split:
            continue
        said = {"before": one.split, "after": split}
        one.split = split
        one.save(update_fields=["split", "updated_at"])
        own = why
        if one.pk != case.pk:
            followed.append(one)
            own = f"As {case.source_key}, of the same patient. {why}".strip()
        history.note(one, CaseChange.What.CONTEXT, by=by, why=own, said=said)
    return followed


def agree(case: Case, *, by: User | None = None) -> list[Case]:
    """Where cases of one patient are offered apart, offer all where one is held back most.

    The ones that changed, this one perhaps among them. To be called in a transaction.
    """
    keys = cases_of_patient(case)
    if len(keys) == 1:
        return []
    rows = list(Case.objects.filter(pk__in=keys).order_by("pk"))
    last = max(rows, key=lambda one: HELD_BACK.index(Case.Split(one.split)))
    if all(one.split == last.split for one in rows):
        return []
    return offer(last, last.split, by=by, why="")
