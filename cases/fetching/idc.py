"""The Imaging Data Commons: which series there are, by the index on this machine, and their files.

Fedorov et al., RadioGraphics 2023. The index comes with the package idc-index-data and is searched
without the network; the series lie in public buckets, one object an instance below the series' id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from cases.fetching.download import FetchProblem, Remote, get
from cases.fetching.recipes import OWN, Recipe

PACKAGES = (
    "The index of the Imaging Data Commons is not installed: run `make install-data` "
    "(about 150 MB), and fetch again."
)
AMAZON = "https://{bucket}.s3.amazonaws.com"
MEGABYTE = 1_000_000
COLUMNS = (
    *("SeriesInstanceUID", "StudyInstanceUID", "PatientID", "Modality", "license_short_name"),
    *("series_size_MB", "instanceCount", "aws_bucket", "crdc_series_uuid"),
)


@dataclass(frozen=True)
class Series:
    """One series of the index."""

    uid: str
    study: str
    patient: str
    modality: str
    licence: str
    size: int
    """Bytes, about."""
    instances: int
    bucket: str
    uuid: str


def chosen(
    recipe: Recipe,
    count: int | None = None,
    seed: int | None = None,
    *,
    beside: bool = False,
) -> list[Series]:
    """The series of a recipe, or `count` of them: the first ones, or by chance for a seed.

    Segmentations and reports of the same studies come with them where the recipe has a truth, and
    with `beside` other studies of the same persons where it names any.

    Raises:
        FetchProblem: the index is not installed.
    """
    condition = (
        "collection_id = $collection and analysis_result_id is null "
        "and Modality in (select unnest($modalities))"
    )
    order = "PatientID, SeriesInstanceUID"
    values: dict[str, Any] = {
        "collection": recipe.collection,
        "modalities": list(recipe.modalities),
    }
    count = recipe.usual if count is None else count
    values["count"] = count if count is not None and not recipe.by_study else 1 << 40
    if seed is not None:
        order, values["seed"] = "md5(concat($seed, SeriesInstanceUID))", str(seed)
    truths = _truths(recipe)
    if recipe.only_read:
        condition += " and StudyInstanceUID in (select unnest($read))"
        read = sorted({series.study for series in truths}, key=partial(_rank, seed))
        values["read"] = read[:count] if recipe.by_study else read
    found = _rows(f"{condition} order by {order} limit $count", values)
    studies = {series.study for series in found}
    found += [series for series in truths if series.study in studies]
    return found + (_beside(recipe, found) if beside else [])


def _beside(recipe: Recipe, found: Sequence[Series]) -> list[Series]:
    """Other studies of the same persons, with what is known of them."""
    persons = sorted({series.patient for series in found})
    condition = (
        "collection_id = $collection and analysis_result_id is null "
        "and Modality in (select unnest($kinds)) and PatientID in (select unnest($persons))"
    )
    values = {"collection": recipe.collection, "kinds": list(recipe.beside), "persons": persons}
    others = _rows(f"{condition} order by PatientID, SeriesInstanceUID", values)
    studies = {series.study for series in others}
    known = _truths(replace(recipe, truth=recipe.beside_truth))
    return others + [series for series in known if series.study in studies]


def _rank(seed: int | None, uid: str) -> str:
    """By what studies are taken in order: their UID, or by chance for a seed."""
    return uid if seed is None else hashlib.sha256(f"{seed}{uid}".encode()).hexdigest()


def _truths(recipe: Recipe) -> list[Series]:
    """All segmentations and reports of a recipe's truth."""
    if not recipe.truth:
        return []
    of = "analysis_result_id is null" if recipe.truth == OWN else "analysis_result_id = $truth"
    condition = f"collection_id = $collection and {of} and Modality in (select unnest($kinds))"
    values: dict[str, Any] = {"collection": recipe.collection, "kinds": list(recipe.truth_kinds)}
    if recipe.truth != OWN:
        values["truth"] = recipe.truth
    return _rows(f"{condition} order by SeriesInstanceUID", values)


def _rows(condition: str, values: dict[str, Any]) -> list[Series]:
    try:
        import duckdb
        import idc_index_data
    except ImportError:
        raise FetchProblem(PACKAGES) from None
    index = str(idc_index_data.IDC_INDEX_PARQUET_FILEPATH)
    # What stands in the text is this module's own; all values are parameters.
    query = f"select {', '.join(COLUMNS)} from read_parquet($index) where {condition}"  # noqa: S608
    with duckdb.connect() as connection:
        rows = connection.execute(query, {"index": index, **values}).fetchall()
    return [
        Series(uid, study, patient, kind, licence, round(size * MEGABYTE), instances, bucket, uuid)
        for uid, study, patient, kind, licence, size, instances, bucket, uuid in rows
    ]


def files_of(client: httpx.Client, series: Series, mirror: str = "") -> list[Remote]:
    """The objects of a series, as its bucket lists them.

    Raises:
        FetchProblem: the bucket cannot be listed, or has not as many as the index says.
    """
    base = (
        f"{mirror.rstrip('/')}/{series.bucket}" if mirror else AMAZON.format(bucket=series.bucket)
    )
    found: list[Remote] = []
    folder = Path(series.study) / series.uid
    for key, size, tag in _objects(client, base, f"{series.uuid}/"):
        name = key.rpartition("/")[2]
        if not name or name.startswith(".") or "\\" in name:
            continue
        md5 = tag if len(tag) == 32 and tag.isalnum() else ""
        found.append(Remote(f"{base}/{quote(key)}", folder / name, size, md5))
    if len(found) != series.instances:
        raise FetchProblem(
            f"{base} lists {len(found)} files of series {series.uid}, and the index says "
            f"{series.instances}: bring idc-index-data up to date, or try again later."
        )
    return found


def _objects(client: httpx.Client, base: str, prefix: str) -> Iterator[tuple[str, int, str]]:
    """Key, bytes and ETag of all objects below a prefix (ListObjectsV2 of Amazon S3)."""
    token = ""
    while True:
        query = {"list-type": "2", "prefix": prefix} | (
            {"continuation-token": token} if token else {}
        )
        try:
            root = SafeTree.fromstring(get(client, f"{base}/", query))
        except (ParseError, DefusedXmlException):
            raise FetchProblem(f"{base} does not answer as a bucket does.") from None
        for entry in _all(root, "Contents"):
            try:
                yield (
                    _text(entry, "Key"),
                    int(_text(entry, "Size")),
                    _text(entry, "ETag").strip('"'),
                )
            except ValueError:
                raise FetchProblem(f"{base} does not answer as a bucket does.") from None
        token = _text(root, "NextContinuationToken")
        if not token:
            return


def _all(root: Element, name: str) -> Sequence[Element]:
    return [one for one in root if one.tag.rpartition("}")[2] == name]


def _text(root: Element, name: str) -> str:
    return next((one.text or "" for one in _all(root, name)), "")
