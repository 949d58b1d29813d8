"""The words of a sentence that may be said of its finding, without those of something else.

Rules that look for a word near a finding must not take the “calcified” of “next to the calcified
aorta” for the nodule's, nor the “stable” of a patient, the “chronic” of a cough, or the
“unchanged” of “otherwise unchanged”.
"""

from __future__ import annotations

import re
from functools import lru_cache

KEPT = 2000
"""Sentences kept: those of a report are asked for once a finding, and once a rule."""
STATE = (
    r"(?:calcified|cavit\w+|old|healed|chronic|remote|stable|unchanged|known|acute|new|recent"
    r"|prior)"
)
"""Words that change what a finding weighs, and that other things may have too."""
BETWEEN = r"(?:(?!(?:of|in|on|at|with|and|or|to|from)\b)[\w/-]+ ){0,2}?"
IS = r"(?:(?:is|are|was|were|remains?|appears?|looks?|has been|have been) )?(?:\w+ly )?"
PERSON = (
    r"(?:patients?|m[ae]n|wom[ae]n|males?|females?|boys?|girls?|child(?:ren)?|infants?|persons?"
    r"|gentlem[ae]n|lad(?:y|ies)|smokers?|drinkers?)"
)
COMPLAINT = (
    r"(?:cough\w*|pains?|backache|headaches?|dyspn\w+|shortness|breathless\w*|fevers?|wheez\w*"
    r"|hemoptysis|complaints?|symptoms?|smok(?:ing|er)|alcohol\w*|tobacco|asthma\w*|copd"
    r"|obstructive|bronchitis|sinusitis|renal|kidney|liver|hepat\w+|heart failure|anemia|dialysis"
    r"|disability|illness|steroids?|diabetes|hypertension|stroke|cancer|carcinoma|malignan\w+"
    r"|lymphoma|melanoma|hiv)"
)
OTHER_THING = (
    r"(?:aort\w*|granulomas?|granulomata|granulomatous|(?:lymph )?nodes?|adenopathy"
    r"|lymphadenopathy|plaques?|valves?|annulus|arter(?:y|ies)|vessels?|vasculature|cartilages?"
    r"|airways?|trachea|heart|cardi\w+|mediastin\w+|silhouette|diaphragms?|hemidiaphragms?"
    r"|effusions?|lines?|tubes?|catheters?|devices?|leads?|pacemakers?|clips?|wires?|sternotomy"
    r"|spine|arthritis|tendons?|breasts?|implants?|fractures?|surgery|injur(?:y|ies)|films?|study"
    r"|studies|exam\w*|radiographs?|chest)"
)
"""What may stand beside a finding with a word of its own."""
VERB = (
    r"(?:is|are|was|were|has|have|shows?|appears?|remains?|measur\w+|which|that|with|but|however"
    r"|although|while)"
)
UNSURE = re.compile(
    r"\b(?:possibly|perhaps|questionabl[ey]|may be|might be|partial(?:ly)?|partly"
    rf"|eccentric(?:ally)?) {STATE}\b",
    re.IGNORECASE,
)
"""What is not known of the finding, or is true of a part of it, makes it no lighter."""
NEXT_TO = re.compile(
    r"\b(?:next to|near(?:by)?|beside|besides|adjacent to|abut(?:s|ting)|along(?:side)?|close to"
    r"|in (?:the )?(?:vicinity|neighbou?rhood) of|overlying|over|behind|in front of|above|below"
    r"|beneath|under(?:neath)?|(?:post|ant|sup|inf)erior to|(?:medi|later|caud|crani)al to"
    r"|project(?:s|ing|ed) (?:over|on)|superimposed (?:on|over)|overlapping|against|touching"
    r"|around|surrounding|separate from|distinct from|than|unlike)\b(?! ?\d)"
    rf"(?: (?:the|an?|this|that|its|some|several|multiple|his|her))*(?: {STATE})*"
    rf"(?:(?! (?:{VERB}|unchanged|stable|since|new|and [\w-]+(?:[.;:,]|$))\b) [^\s.;:,]+)*",
    re.IGNORECASE,
)
"""A neighbor with all that is said of it, up to what is said of the finding again."""
EXCEPT = re.compile(
    r"\b(?:unchanged|stable)\b(?=[^.;]{0,40}?,? (?:apart|aside) from\b|[^.;]{0,40}?,? "
    r"(?:except|other than|but for|save for|besides)\b)|\b(?:(?:apart|aside) from|other than)\b",
    re.IGNORECASE,
)
"""The rest of the film, of which the finding is the exception."""
OTHERWISE = re.compile(
    r"\b(?:otherwise|elsewhere|the rest|(?:the )?remain(?:der|ing)|(?:the )?other)\b[^.;,]*"
    r"|\b(?:unchanged|stable)\b(?: [\w-]+){0,3} (?:otherwise|elsewhere)\b",
    re.IGNORECASE,
)
PATIENT = re.compile(
    rf"\b{STATE} (?:and \w+ )?{BETWEEN}{PERSON}\b"
    r"|\b(?:clinical|h[ae]*modynamical|vital|medical)ly stable\b"
    rf"|\b{PERSON}(?:'s)?(?: (?:condition|state|status|course))? {IS}(?:stable|unchanged|old)\b"
    rf"|\bin (?:an?|this|the|our) (?:[\w-]+ ){{0,4}}?{PERSON}\b"
    r"(?: (?:with|who|known|and)\b[^.;,]*)?",
    re.IGNORECASE,
)
HISTORY = re.compile(
    r"\b(?:history|hx|h/o|complain(?:s|ing|ed)?|present(?:s|ing|ed) with|indication|reason)\b"
    r"[^.;,]*",
    re.IGNORECASE,
)
OF_OTHERS = re.compile(
    rf"\b{STATE} {BETWEEN}(?P<after>{COMPLAINT}|{OTHER_THING})\b"
    rf"|\b(?P<before>{COMPLAINT}|{OTHER_THING})(?: (?:size|silhouette|contours?|position))? {IS}"
    r"(?:calcified|stable|unchanged|old|chronic|known)\b",
    re.IGNORECASE,
)


def own_words(text: str, finding: str) -> str:
    """The text without what it says of neighbors, the patient, the history, and the rest.

    `finding` is what the text calls the finding: a thing of that name is no neighbor.
    """
    named = finding.casefold()
    kept = [piece if not thing or thing in named else " " for piece, thing in _pieces(text)]
    return " ".join("".join(kept).split())


@lru_cache(maxsize=KEPT)
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """A text in pieces, each with the thing that it speaks of; empty where that is the finding."""
    kept = EXCEPT.sub(" ", " ".join(text.split()))
    for pattern in (UNSURE, OTHERWISE, PATIENT, HISTORY, NEXT_TO):
        kept = " ".join(pattern.sub(" ", kept).split())
    pieces, place = [], 0
    for found in OF_OTHERS.finditer(kept):
        thing = found["after"] or found["before"]
        pieces += [(kept[place : found.start()], ""), (found.group(), thing.casefold())]
        place = found.end()
    return (*pieces, (kept[place:], ""))
