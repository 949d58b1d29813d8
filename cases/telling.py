"""Finding in free text what may tell who somebody is: names, dates, numbers.

The kinds are those of the Safe Harbor list (45 CFR 164.514(b)(2)) that reports hold: names, days,
numbers of patients and studies, telephone, mail, and ages over 89. English, Spanish, German, French
and Portuguese. It reads forms, not meaning: a name that nothing announces is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from ml import taxonomy

NAME, DAY, NUMBER, CONTACT, AGE = (
    "a person's name",
    "a date",
    "the number of a patient or study",
    "an address or telephone number",
    "an age over 89",
)
LONGEST = 60
"""Letters of what is quoted."""

_REMOVED = re.compile(r"\[\*\*.*?\*\*\]|<[A-Z_ ]{2,20}>|\[[A-Z_ ]{2,20}\]|[X_*]{2,}", re.DOTALL)
"""What somebody who took names out left in their place."""

_MONTH = (
    r"(?:jan(?:uary|uar|vier|eiro)?|enero|ene|feb(?:ruary|ruar|rero)?|février|févr|fevereiro|fev"
    r"|mar(?:ch|zo|s|ço)?|märz|apr(?:il)?|abril?|abr|avril|avr|may|mayo|mai|maio|june?|junio|juni"
    r"|juin|junho|july?|julio|juli|juillet|julho|aug(?:ust)?|agosto|ago|août|sept?(?:ember|iembre"
    r"|embre)?|setembro|set|oct(?:ober|ubre|obre)?|okt(?:ober)?|outubro|out|nov(?:ember|iembre"
    r"|embre|embro)?|dec(?:ember)?|dez(?:ember|embro)?|déc(?:embre)?|dic(?:iembre)?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATES = (
    rf"(?<![\d.,/-])(?:{_DAY}([./-])(?:0?[1-9]|1[0-2]|{_DAY})\1{_YEAR})(?![\d/-])",
    rf"(?<![\d.,/-]){_YEAR}([./-])(?:0?[1-9]|1[0-2])\1{_DAY}(?![\d/-])",
    rf"(?<![\d.,/-])(?:0?[1-9]|1[0-2])/{_DAY}/\d\d(?![\d/]|\.\d)",
    rf"(?<![\d.,/-]){_DAY}/(?:0?[1-9]|1[0-2])/\d\d(?![\d/]|\.\d)",
    rf"(?<![\d.,/-]){_DAY}\.(?:0[1-9]|1[0-2])\.\d\d(?!\d|\.\d)",
    rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}\b",
    rf"(?<![\d.,/-]){_DAY}(?:\.|st|nd|rd|th|er|º)? (?:de |of )?{_MONTH},?(?: de| del)? {_YEAR}\b",
)
_CAPITAL = r"[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿ]+|['’][A-Z][a-z]+|\.)(?:['’-][A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]+)*"
_NAMES = (
    r"\b(?:Dr|Drs|Dra|Mr|Mrs|Ms|Mme|Mlle|Sr|Sra|Srta|Prof)\b\.?"
    rf" ?(?:(?:med|Dr|Prof)\.? )*{_CAPITAL}(?: {_CAPITAL})?",
    r"\b(?:Herrn?|Frau|Monsieur|Madame|Señora?|Senhora?|Don|Doña|Doctor)"
    rf" {_CAPITAL}(?: {_CAPITAL})?",
    rf"\b(?i:patient(?:in)?(?: name)?|name|paciente|nombre|nom|nome): ?{_CAPITAL},? {_CAPITAL}",
    r"\b[A-ZÀ-Þ]{2,}\^[A-ZÀ-Þ]{2,}(?:\^[A-ZÀ-Þ]*)*",
    rf"\b(?i:signed|dictated|transcribed|approved|interpreted|discussed|communicated|reported"
    rf"|firmado|signé|gezeichnet|assinado)(?: (?i:to|with|by|por|par|von|electronically))*:?"
    rf" {_CAPITAL} {_CAPITAL}",
)
_NUMBERS = (
    r"\b(?i:MRN|medical record|accession|acc|patient(?:en)?(?: ?id| ?nummer| number)|SSN|ID"
    r"|fallnummer|historia(?: clínica)?|NHC|DNI|dossier|IPP|NIP|prontuário|CPF|case no"
    r"|exam no|study no)"
    r"(?: ?(?i:no|nr|number|num|id|n[º°]))?\.? ?[:#]? ?#?(?=[A-Z0-9-]*\d{3})[A-Z0-9-]{4,}\b",
    r"(?<![\d.,/-])\d{7,}(?![\d.,]*\d)",
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b[12]\.\d{1,3}(?:\.\d+){6,}\b",
)
_CONTACTS = (
    r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
    r"(?<![\w.])(?:\+\d{1,3}[ -]?)?\(?\d{3}\)?[ -]\d{3}[ -]\d{4}\b",
    r"(?<![\w.])\+\d{1,3}(?:[ -]?\d){7,12}\b",
    r"\b(?i:tel|telephone|telefon|teléfono|téléphone|telefone|phone|pager|ext)\b"
    r"\.? ?:? ?\+?\d[\d -]{3,}",
)
_AGES = (
    r"\b(?:9\d|1[01]\d)[ -]?(?i:years?|yrs?|yo|y/o|y\.o|jahre?|jährig\w*|años|ans|anos)\b"
    r"(?! (?i:ago|before|earlier|prior|zuvor|antes|atrás|avant|auparavant))",
    r"\b(?i:age|aged|alter|edad|âge|idade):? (?:9\d|1[01]\d)\b",
)
_NO_CASE = re.IGNORECASE
_FORMS = (
    *((DAY, re.compile(form, _NO_CASE)) for form in _DATES),
    *((CONTACT, re.compile(form)) for form in _CONTACTS),
    *((NUMBER, re.compile(form)) for form in _NUMBERS),
    *((AGE, re.compile(form)) for form in _AGES),
    *((NAME, re.compile(form)) for form in _NAMES),
)


_PART_OF_NAME = re.compile(
    r"(?:[A-Z]['’])?[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿ]{2,}|[A-ZÀ-ÖØ-Þ]{2,})(?:['’-][A-Z]?[a-z]+)?"
)
_APART = re.compile(r"[\s_.,;+()^-]+")
_WORDS = frozenset(Path(__file__).with_suffix(".txt").read_text().split())
"""Of names of files: what is nobody's name, beside the words of findings."""


def looks_like_a_persons(name: str) -> bool:
    """Whether the name of a file or study may be that of a person: ``Doe_John``, ``DOE^JOHN``.

    That is two words in a row that begin with a capital and are none of images and findings; or a
    day. It goes by form: ``doe_john`` is not seen, and a town may be taken for a person.
    """
    *folders, last = name.replace("\\", "/").split("/")
    parts = [*folders, re.sub(r"\.[A-Za-z0-9]{2,5}$", "", last)]
    return any(_two_names(part) or _holds_a_day(part) for part in parts)


def _two_names(part: str) -> bool:
    is_name = [
        bool(_PART_OF_NAME.fullmatch(word)) and word.casefold() not in _known_words()
        for word in _APART.split(part)
        if word
    ]
    return any(one and other for one, other in pairwise(is_name))


def _holds_a_day(part: str) -> bool:
    return any(told.what == DAY for told in told_in(part.replace("_", " ")))


@cache
def _known_words() -> frozenset[str]:
    named = " ".join(f"{one.name} {one.slug}" for one in taxonomy.labels().values())
    return _WORDS | frozenset(re.findall(r"[a-z]+", named.casefold()))


@dataclass(frozen=True)
class Told:
    """One place of a text that may tell who somebody is."""

    what: str
    text: str
    """The words themselves, as they stand there."""


def told_in(text: str) -> list[Told]:
    """What may tell who somebody is, in the order of its kinds; each place once."""
    left = _REMOVED.sub(lambda found: "\n" * len(found[0]), text)
    return list(dict.fromkeys(_found(left)))


def _found(text: str) -> Iterator[Told]:
    taken: list[tuple[int, int]] = []
    for what, form in _FORMS:
        for found in form.finditer(text):
            start, end = found.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            yield Told(what, " ".join(found[0].split())[:LONGEST])
