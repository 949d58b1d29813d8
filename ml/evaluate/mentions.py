"""From a text to what it says of each finding: mentions of one finding become one.

A report says a finding in its findings and again in its impression; both must count
once. Two mentions are one finding when they name the same concept on the same side,
or one names no side, in zones that overlap.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ml import findings
from ml.evaluate.contradiction import contradicts
from ml.evaluate.location import compatible
from ml.evaluate.observation import BILATERAL, Observation, Span
from ml.evaluate.relations import UNNAMED, concept_of, is_wider
from ml.evaluate.significance import severity_levels
from ml.evaluate.summary import dismissed, named_in_impression
from ml.findings import normality
from ml.findings.model import Finding

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
NUMBERED_LABELS = {"fracture", "bone_lesion", "degenerative_spine"}
RIB = re.compile(r"\bribs?\b", re.IGNORECASE)
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
ORDINAL = re.compile(rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)|({'|'.join(ORDINALS)}))\b", re.IGNORECASE)
VERTEBRA = re.compile(r"\b[TL]\d{1,2}\b", re.IGNORECASE)
LONGEST_SENTENCE = 1_500
"""Characters after which a text without a full stop is cut, so that time stays linear."""
SENTENCE_END = re.compile(r"[.;!?](?=\s|$)|\n(?![ \t]*[a-zà-ÿ])")


@dataclass(frozen=True)
class Reading:
    """What one text says."""

    findings: tuple[Observation, ...]
    """Present or possible, each once, in the order of their first mention."""
    denied: frozenset[str]
    """Labels said to be absent and nowhere said to be present."""
    contradicted: frozenset[int] = frozenset()
    """Places in `findings` of what the text also denies without a word that limits the denial."""
    normal: bool = False
    """Whether it says of anything that it is normal, or denies a finding."""
    all_normal: bool = False
    """Whether it calls the whole study normal without an exception."""
    dismissed: frozenset[int] = frozenset()
    """Places in `findings` of what it says needs nothing to be done."""


def read(text: str, language: str = "en") -> Reading:
    """The findings of a text; control characters count as blanks, so spans stay true."""
    clean = UNPRINTABLE.sub(" ", text)
    found = findings.extract(clean, language)
    stated = [item for item in found if item.presence != "absent"]
    bounds = _sentence_bounds(clean)
    mentions = _chains([(item, _observed(item, clean, bounds)) for item in stated])
    merged = _shown(named_in_impression(_named(merge(mentions)), clean, language))
    present = {item.label for item in merged}
    absent = {item.label for item in found if item.presence == "absent"}
    contradicted = frozenset(
        place for place, item in enumerate(merged) if contradicts(item, found, clean, language)
    )
    return Reading(
        tuple(merged),
        frozenset(absent - present),
        contradicted,
        bool(absent) or normality.says_normal(clean, language),
        normality.calls_all_normal(clean, language),
        dismissed(merged, clean, language),
    )


def _named(merged: list[Observation]) -> list[Observation]:
    """Without "abnormal chest" where the text says what is abnormal."""
    named = [item for item in merged if item.concept != UNNAMED]
    return named or merged


def _shown(merged: list[Observation]) -> list[Observation]:
    """With what is only possible as more than that where its appearance is stated: an opacity."""
    sure = [item for item in merged if item.certain]
    return [
        replace(item, doubtful=False)
        if item.doubtful
        and any(is_wider(wide.label, item.label) and compatible(wide, item) for wide in sure)
        else item
        for item in merged
    ]


def _observed(item: Finding, text: str, bounds: Sequence[int]) -> Observation:
    """One extracted finding with the sentence around it."""
    start, end = item.span
    begin = bounds[bisect_right(bounds, start) - 1]
    after = bisect_right(bounds, end - 1)
    sentence = text[begin : bounds[after] if after < len(bounds) else len(text)]
    words = text[start:end]
    side = item.side or ""
    return Observation(
        concept=concept_of(item.label, words, start - begin, end - begin, sentence),
        label=item.label,
        sides=BILATERAL if side == "bilateral" else frozenset({side} - {""}),
        zones=frozenset({item.zone} if item.zone else ()),
        severities=(item.severity,) if item.severity else (),
        sizes_mm=(item.size_mm,) if item.size_mm else (),
        certain=item.presence == "present",
        changes=frozenset({item.change} if item.change else ()),
        descriptors=frozenset(item.descriptors),
        parts=parts_in(sentence) if item.label in NUMBERED_LABELS else frozenset(),
        places=frozenset({(side, item.zone)} if side and item.zone else ()),
        positions=frozenset(item.positions),
        words=words,
        spans=(item.span,),
        doubtful=item.certainty == "possible",
        sentence=sentence,
    )


def _sentence_bounds(text: str) -> list[int]:
    """Where each sentence begins."""
    bounds = [0]
    for end in (*(match.end() for match in SENTENCE_END.finditer(text)), len(text)):
        while end - bounds[-1] > LONGEST_SENTENCE:
            blank = text.rfind(" ", bounds[-1] + 1, bounds[-1] + LONGEST_SENTENCE)
            bounds.append(blank if blank > 0 else bounds[-1] + LONGEST_SENTENCE)
        bounds.append(end)
    return bounds[:-1] if len(bounds) > 1 else bounds


def _chains(mentions: Sequence[tuple[Finding, Observation]]) -> list[Observation]:
    """Mentions as single statements: an appearance with its explanation counts once.

    "Opacity suggesting pneumonia" and "scar or atelectasis" are one finding each, and so is one
    that is said to be in two places.
    """
    chains: dict[Span, list[tuple[Finding, Observation]]] = {}
    for item, mention in mentions:
        chains.setdefault(item.explains or item.span, []).append((item, mention))
    folded: list[Observation] = []
    for chain in chains.values():
        together: list[Observation] = []
        for item, mention in chain:
            for place, other in enumerate(together):
                if item.explains or other.concept == mention.concept:
                    together[place] = _folded(other, mention)
                    break
            else:
                together.append(mention)
        rivals = _rivals(chain)
        folded.extend(replace(item, rivals=rivals) if rivals else item for item in together)
    return folded


def _rivals(chain: Sequence[tuple[Finding, Observation]]) -> frozenset[tuple[str, str]]:
    """The alternatives of one statement; none where it commits to one of them."""
    hedged = {
        (mention.concept, mention.label)
        for item, mention in chain
        if item.certainty != "certain" and item.explains != item.span
    }
    return frozenset(hedged if len(hedged) > 1 else ())


def _folded(first: Observation, second: Observation) -> Observation:
    """Two names of one statement: the more certain one, then the more specific, leads."""
    lead, other = first, second
    wider = first.spans == second.spans
    if first.concept != second.concept and second.certain >= first.certain and not wider:
        lead, other = second, first
    return replace(
        _joined(lead, other),
        concept=lead.concept,
        label=lead.label,
        certain=lead.certain,
        words=lead.words,
        also=(lead.also | other.also | {other.concept}) - {lead.concept},
    )


@lru_cache(maxsize=64)
def parts_in(sentence: str) -> frozenset[str]:
    """Ribs and vertebrae named by number: ``rib 7``, ``T9``."""
    ribs = set()
    if RIB.search(sentence):
        for match in ORDINAL.finditer(sentence):
            number = match.group(1) or ORDINALS.index(match.group(2).lower()) + 1
            ribs.add(f"rib {number}")
    levels = {match.group().upper() for match in VERTEBRA.finditer(sentence)}
    return frozenset(ribs | levels)


def merge(mentions: Iterable[Observation]) -> list[Observation]:
    """Mentions of one finding joined, the result in the order of the text."""
    groups: dict[str, list[Observation]] = {}
    for mention in mentions:
        groups.setdefault(mention.concept, []).append(mention)
    merged = [item for group in groups.values() for item in _merge_group(group)]
    return sorted(merged, key=lambda item: (item.spans, item.concept))


def _merge_group(mentions: Sequence[Observation]) -> list[Observation]:
    """The most precise mentions first, so that a vague one joins the one it repeats."""
    clusters: list[Observation] = []
    for mention in sorted(_alike_joined(mentions), key=_precise_first):
        for place, cluster in enumerate(clusters):
            if _one_finding(cluster, mention):
                clusters[place] = _joined(cluster, mention)
                break
        else:
            clusters.append(mention)
    return _summed_up(clusters)


def _summed_up(clusters: Sequence[Observation]) -> list[Observation]:
    """A mention of both sides that only sums up a left and a right finding belongs to both."""
    one_sided = {
        side: [item for item in clusters if item.sides & BILATERAL == {side}] for side in BILATERAL
    }
    if not all(one_sided.values()):
        return list(clusters)
    kept = list(clusters)
    for summary in clusters:
        if summary.sides < BILATERAL or summary.zones or summary.sizes_mm or summary.parts:
            continue
        parts = [item for items in one_sided.values() for item in items]
        if all(set(summary.severities) <= set(item.severities) for item in parts):
            kept.remove(summary)
            kept = [_with_spans(item, summary) if item in parts else item for item in kept]
    return kept


def _with_spans(item: Observation, summary: Observation) -> Observation:
    return replace(item, spans=tuple(sorted({*item.spans, *summary.spans})))


def _alike_joined(mentions: Sequence[Observation]) -> list[Observation]:
    """Mentions that say the same of the same place as one: a text may repeat itself a lot."""
    if len(mentions) < 2:
        return list(mentions)
    groups: dict[Observation, list[Observation]] = {}
    for mention in mentions:
        key = replace(mention, words=mention.words.casefold(), spans=(), sentence="")
        groups.setdefault(key, []).append(mention)
    return [
        replace(
            group[0],
            spans=tuple(sorted({span for item in group for span in item.spans})),
            sentence=" ".join(sorted({item.sentence for item in group})),
        )
        for group in groups.values()
    ]


def _precise_first(mention: Observation) -> tuple[object, ...]:
    return (
        not mention.sides & BILATERAL,
        not mention.zones,
        not mention.sizes_mm,
        not mention.severities,
        tuple(sorted(mention.sides)),
        tuple(sorted(mention.zones)),
        mention.severities,
        mention.sizes_mm,
        not mention.certain,
        mention.doubtful,
        tuple(sorted(mention.changes)),
        tuple(sorted(mention.descriptors)),
        tuple(sorted(mention.also)),
        tuple(sorted(mention.parts)),
        tuple(sorted(mention.rivals)),
        tuple(sorted(mention.places)),
        tuple(sorted(mention.positions)),
        mention.words.casefold(),
    )


def _one_finding(first: Observation, second: Observation) -> bool:
    one, other = first.sides & BILATERAL, second.sides & BILATERAL
    if one and other and one != other:
        return False
    if first.parts and second.parts and not first.parts & second.parts:
        return False
    return compatible(first, second)


def _fewer(
    one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    """What is left open when two mentions are one: the impression may settle the findings.

    Two lists of which neither settles the other leave open what both name.
    """
    return min(one, other, key=len) if one <= other or other <= one else one | other


def _joined(first: Observation, second: Observation) -> Observation:
    levels = severity_levels()
    rivals = _fewer(first.rivals, second.rivals)
    settled = {concept for concept, _ in (first.rivals | second.rivals) - rivals}
    severities = sorted(
        {*first.severities, *second.severities}, key=lambda word: (levels.get(word, 0.0), word)
    )
    return replace(
        first,
        sides=first.sides | second.sides,
        zones=first.zones | second.zones,
        severities=tuple(severities),
        sizes_mm=tuple(sorted({*first.sizes_mm, *second.sizes_mm})),
        certain=first.certain or second.certain,
        changes=first.changes | second.changes,
        descriptors=first.descriptors | second.descriptors,
        parts=first.parts | second.parts,
        also=(first.also | second.also) - settled,
        rivals=rivals,
        places=first.places | second.places,
        positions=first.positions | second.positions,
        spans=tuple(sorted({*first.spans, *second.spans})),
        doubtful=first.doubtful and second.doubtful,
        sentence=" ".join(sorted({first.sentence, second.sentence})),
    )
