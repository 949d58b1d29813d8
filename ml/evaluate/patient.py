"""The patient's age, sex and indication from what callers have of them."""

from __future__ import annotations

import re
from typing import Any

from ml.evaluate.significance import Patient
from ml.jsonl import finite

OLDEST = 130.0
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
AGE = re.compile(r"\s*(\d{1,4}(?:\.\d+)?)\s*([YMWD]?)[a-z]*\s*", re.IGNORECASE)
LONGEST_INDICATION = 20_000


def age_in_years(value: Any) -> float | None:
    """Years from a number, a string of one, or DICOM's age string such as ``082Y`` or ``015M``.

    None and an empty string are an unknown age. ValueError for anything else, and for
    ages above 130 years or below zero.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        match = AGE.fullmatch(value)
        if match is None:
            raise ValueError(f"age must be a number of years or like 082Y, got {value!r}")
        years = float(match.group(1)) * YEARS[match.group(2).upper() or "Y"]
    else:
        years = finite(value, "age")
    if not 0 <= years <= OLDEST:
        raise ValueError(f"age must be from 0 to {OLDEST:g} years, got {value!r}")
    return years


def patient_of(age: Any, sex: Any, indication: Any) -> Patient:
    """A checked Patient; ValueError names what does not fit."""
    for name, value in (("sex", sex), ("indication", indication)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} must be a string, got {type(value).__name__}")
    text = (indication or "")[:LONGEST_INDICATION]
    return Patient(age_in_years(age), (sex or "").strip(), text)
