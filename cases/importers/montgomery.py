"""The tuberculosis sets of Montgomery County and Shenzhen: films with a reading in words.

Jaeger et al., Quant Imaging Med Surg 2014. A film's name ends in 0 where it is normal, in 1 where
it shows tuberculosis; what it shows stands in words only, so that its findings are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cases.imaging import Source
from cases.importers.base import (
    DatasetInfo,
    ImportedCase,
    ImportedImage,
    ImportedReport,
    Importer,
    Item,
    Problem,
    SourceProblem,
    age_of,
    cleaned,
    each_of,
)

FILM = re.compile(r"((?:MCU|CHN)CXR_\d{4}_([01]))\.png", re.I)
SEX = re.compile(r"Sex:\s*([FM])\b|\b(female|male)\b", re.I)
AGE = re.compile(r"Age:\s*0*(\d{1,3})\s*Y|\b(\d{1,3})\s*y", re.I)
LONGEST = 20_000
"""Bytes of a reading."""
ATTRIBUTION = (
    "National Library of Medicine, National Institutes of Health, Bethesda, MD, USA, and {} "
    "(Jaeger et al., Quant Imaging Med Surg 2014;4(6):475-477)"
)


def describe(path: Path) -> DatasetInfo:
    is_shenzhen = any(name.upper().startswith("CHN") for name in _films(path))
    place = "Shenzhen" if is_shenzhen else "Montgomery"
    whose = (
        "Shenzhen No. 3 People's Hospital, Guangdong Medical College, Shenzhen, China"
        if is_shenzhen
        else "the Department of Health and Human Services of Montgomery County, Maryland"
    )
    return DatasetInfo(
        slug=place.lower(),
        title=f"{place}: chest films for tuberculosis",
        licence="For research and teaching, with attribution",
        attribution=ATTRIBUTION.format(whose),
        url="https://lhncbc.nlm.nih.gov/LHC-downloads/downloads.html#tuberculosis-image-data-sets",
        access="open",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each film.

    Raises:
        SourceProblem: no film of these sets is there.
    """
    films = _films(path)
    if not films:
        raise SourceProblem(f"{path} holds no films called MCUCXR_0001_0.png or CHNCXR_0001_0.png.")
    readings = {
        one.stem.upper(): one
        for one in sorted(path.rglob("*.txt"))
        if one.parent.name != "__MACOSX"
    }
    for name, film in films.items():
        yield from each_of(name, partial(_case, name, film, readings.get(name.upper())))


def _films(path: Path) -> dict[str, Path]:
    """The films by their names; masks lie in folders of their own."""
    found: dict[str, Path] = {}
    for one in sorted(path.rglob("*.png")) if path.is_dir() else ():
        match = FILM.fullmatch(one.name)
        if match and not any("mask" in part.lower() for part in one.relative_to(path).parts[:-1]):
            found.setdefault(match[1], one)
    return found


def _case(name: str, film: Path, reading: Path | None) -> Iterator[Item]:
    is_normal = name.endswith("0")
    text = _text(reading) if reading else ""
    problems = [] if text else [Problem(name, "It has no reading.")]
    words = [
        line.strip()
        for line in text.splitlines()
        if line.strip() and not (SEX.search(line) or AGE.search(line))
    ]
    said = " ".join(words)
    if is_normal and said and not re.search(r"\bnormal\b", said, re.I):
        problems.append(Problem(name, "Its name says normal, and its reading does not."))
    sex, age = SEX.search(text), AGE.search(text)
    yield ImportedCase(
        key=name,
        images=(ImportedImage(film.name, Source((film,), view="FRONTAL")),),
        reports=(ImportedReport("en", said),) if said else (),
        age=age_of(age[1] or age[2]) if age else None,
        sex=(sex[1] or sex[2])[0].upper() if sex else "",
        problems=tuple(problems),
        knows_findings=is_normal,
    )


def _text(path: Path) -> str:
    return cleaned(path.read_bytes()[:LONGEST].decode("utf-8", "replace"))


IMPORTER = Importer(name="montgomery", describe=describe, read=read)
