"""What is odd of a case's truth, as a curator should know before it is published: a reason each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cases.curating import Draft, DraftFinding
from cases.duplicates import Twin
from cases.models import Case, Dataset, Image
from cases.queries import TINY
from cases.telling import told_in
from ml import findings as reader
from ml import taxonomy


@dataclass(frozen=True)
class Check:
    """One thing that is odd, and why; `finding` is the number of what it is about, from 1."""

    kind: str
    sentence: str
    finding: int | None = None
    address: str = ""


def checks_of(case: Case, draft: Draft, twins: Sequence[Twin] = ()) -> list[Check]:
    """All that is odd of a draft of a case's truth, the gravest first."""
    return [
        *_labels(draft),
        *_sides(draft),
        *_report(draft),
        *_places(draft),
        *(_twin(case, twin) for twin in twins),
        *_persons(draft, case),
        *_terms(case.dataset),
        *_unmapped(case),
    ]


def _name(finding: DraftFinding) -> str:
    known = taxonomy.labels().get(finding.label)
    return known.name if known else finding.label


def _labels(draft: Draft) -> Iterator[Check]:
    for number, finding in enumerate(draft.findings, start=1):
        if finding.label not in taxonomy.labels():
            sentence = f"The taxonomy has no label “{finding.label}”: learners could not name it."
            yield Check("label", sentence, number)


def _sides(draft: Draft) -> Iterator[Check]:
    for number, finding in enumerate(draft.findings, start=1):
        lies = sides_on(finding)
        if len(lies) != 1:
            continue
        [side] = lies
        said = finding.values.get("side", "")
        if said in ("left", "right") and said != side:
            sentence = f"{_name(finding)}: the side is {said}, and its place lies on the {side}."
            yield Check("side", sentence, number)
        spoken = _spoken_side(finding)
        if spoken and spoken != side:
            sentence = f"{_name(finding)}: its text says {spoken}, and it lies on the {side}."
            yield Check("side", sentence, number)


def sides_on(finding: DraftFinding) -> set[str]:
    """The patient's sides on which its places wholly lie; none where nobody can say."""
    found = set()
    for region in finding.regions:
        if region.image.view == Image.View.LATERAL or region.image.frames > 1:
            return set()
        x0, _, x1, _ = region.box
        if x0 < 0.5 < x1:
            return set()
        found.add(region.image.side_toward((x0 + x1) / 2 - 0.5))
    return found - {""}


def _spoken_side(finding: DraftFinding) -> str:
    """The one side that its sentence or location says of it; empty for none or both."""
    text = ". ".join(str(finding.values.get(name) or "") for name in ("location", "sentence"))
    words = {word.strip(".,;:()") for word in text.casefold().split()}
    said = {side for side in ("left", "right") if side in words}
    return said.pop() if len(said) == 1 else ""


def _report(draft: Draft) -> Iterator[Check]:
    """What the report states and the truth has not, and the reverse."""
    for report in draft.reports:
        language = report["language"]
        if language not in reader.LANGUAGES:
            yield Check("report", f"The report in “{language}” cannot be read: no such language.")
            continue
        text = f"{report['findings']}\n{report['impression']}"
        if not text.strip():
            continue
        read = reader.extract(text, language)
        stated = list(dict.fromkeys(one.label for one in read if one.presence == "present"))
        denied = {one.label for one in read if one.presence == "absent"} - set(stated)
        yield from _only_in_report(draft, stated)
        yield from _only_in_truth(draft, stated, denied)


def _only_in_report(draft: Draft, stated: Iterable[str]) -> Iterator[Check]:
    there = [finding.label for finding in draft.findings]
    for label in stated:
        if not any(_same(label, other) for other in there) and not taxonomy.is_variant(label):
            name = taxonomy.labels()[label].name
            yield Check("report", f"The report states {name}, and the truth has none.")


def _only_in_truth(draft: Draft, stated: Sequence[str], denied: set[str]) -> Iterator[Check]:
    for number, finding in enumerate(draft.findings, start=1):
        label = finding.label
        if label not in taxonomy.labels() or taxonomy.is_variant(label):
            continue
        if any(_same(other, label) for other in stated):
            continue
        if label in denied:
            yield Check("report", f"{_name(finding)}: the report says there is none.", number)
        else:
            yield Check("report", f"{_name(finding)}: the report does not mention it.", number)


def _same(one: str, other: str) -> bool:
    return (
        one == other
        or taxonomy.are_compatible(one, other)
        or taxonomy.clinical_group_of(one) == taxonomy.clinical_group_of(other)
    )


def _places(draft: Draft) -> Iterator[Check]:
    for number, finding in enumerate(draft.findings, start=1):
        known = taxonomy.labels().get(finding.label)
        if known and known.mode == "draw" and not finding.regions:
            sentence = f"{known.name} has no place: learners who box it get no credit for where."
            yield Check("place", sentence, number)
        for region in finding.regions:
            x0, y0, x1, y1 = region.box
            if region.shape != "point" and (x1 - x0) * (y1 - y0) < TINY:
                part = 100 * (x1 - x0) * (y1 - y0)
                sentence = f"{_name(finding)}: a place has {part:.3f} % of the image: a slip?"
                yield Check("tiny", sentence, number)


def _twin(case: Case, twin: Twin) -> Check:
    where = "the same data set" if twin.case.dataset_id == case.dataset_id else twin.case.dataset
    sentence = (
        f"An image looks like one of {twin.case.source_key} of {where} "
        f"({twin.bits} of 128 bits differ): the same film?"
    )
    return Check("twin", sentence, address=twin.case.public_id)


def _persons(draft: Draft, case: Case) -> Iterator[Check]:
    """What in free text may tell who the patient, or somebody who treated them, is."""
    earlier = (("A finding of the prior film", str(one["sentence"]), None) for one in case.before)
    unmapped = (
        ("A label that is not mapped", f"{one['label']}\n{one.get('sentence', '')}", None)
        for one in case.unmapped
    )
    for where, text, number in (*_texts(draft), *earlier, *unmapped):
        for told in told_in(text):
            sentence = f"{where} may hold {told.what}: “{told.text}”. Take it out if it is one."
            yield Check("person", sentence, number)


def _texts(draft: Draft) -> Iterator[tuple[str, str, int | None]]:
    """All free text of a draft: what it is called, and the number of the finding it is of."""
    for report in draft.reports:
        text = f"{report['findings']}\n{report['impression']}"
        yield f"The report in “{report['language']}”", text, None
    for name in ("indication", "comparison"):
        yield f"The {name}", str(draft.context.get(name) or ""), None
    yield "The explanation", draft.explanation, None
    for number, finding in enumerate(draft.findings, start=1):
        names = ("sentence", "location", "severity")
        said = (str(finding.values.get(name) or "") for name in names)
        yield f"{_name(finding)}: its text", "\n".join(said), number


def _terms(dataset: Dataset) -> Iterator[Check]:
    if dataset.access == Dataset.Access.OPEN and not dataset.may_be_open:
        yield Check(
            "terms",
            f"{dataset.title} is open to everybody, and its license ({dataset.licence}) does not "
            "allow public serving: an administrator can close it.",
        )
    if not dataset.licence and not dataset.simulated:
        yield Check("terms", f"{dataset.title} names no license: who may see its images?")


def _unmapped(case: Case) -> Iterator[Check]:
    names = ", ".join(dict.fromkeys(f"“{one['label']}”" for one in case.unmapped))
    if names:
        yield Check("label", f"Its source also names {names}, which nobody mapped yet.")
