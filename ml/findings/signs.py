"""Signs before what they deny or state: "-ptx, -eff, +cm"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

SIGN = re.compile(r"(?:^|(?<=[\s,;:]))([-–−+])([ \t]?)(?=[^\W\d_])", re.MULTILINE)
BEHIND = re.compile(r"[-–−+](?=[ \t]{0,8}(?:[,;.\n\r]|$))|[+](?=[ \t])", re.MULTILINE)
ANSWER = re.compile(r"[^\W\d_]\)?[ \t]{0,8}:[ \t]{0,8}([-–−+])(?=[ \t]{0,8}(?:[,;.\n\r]|$))")
CLOSES = re.compile(r"[ \t]{0,8}(?:[,;.\n\r]|$)")
BEFORE = re.compile(r"[^\W\d_]{1,40}$")
SHORT = 4
"""Letters of a short form such as "eff", at most."""
WORD = re.compile(r"\w+")


def before_findings(text: str, describes: Callable[[str], bool]) -> frozenset[int]:
    """Where the signs stand that deny or state what follows them, two or more in a line.

    A dash with a blank behind it is such a sign only in a list with commas that has a plus or
    nothing but short forms ("- ptx, - eff"), as others are bullets ("- cardiomegaly, - effusion").
    Without a plus none is one where something is described ("-left effusion, -…"): `describes`
    tells whether a word says a side, place or degree.
    """
    found: list[int] = []
    line: list[re.Match[str]] = []
    for sign in (*SIGN.finditer(text), None):
        if sign and line and "\n" not in text[line[-1].end() : sign.start()]:
            line.append(sign)
            continue
        if len(line) > 1:
            found.extend(_of_line(text, line, describes))
        line = [sign] if sign else []
    return frozenset(found)


def behind_findings(text: str, describes: Callable[[str], bool]) -> frozenset[int]:
    """Where the signs stand that deny or state what is before them: "eff+ left, ptx-".

    There are two or more in a line, each before a comma, a period or the end of the line or
    attached to its word, which is no place ("upper-, middle- and lower lobe"). One behind a
    colon with nothing behind it is an answer alone ("Effusion: -").
    """
    found = [sign.start(1) for sign in ANSWER.finditer(text)]
    line: list[int] = []
    for sign in (*BEHIND.finditer(text), None):
        if sign and not _stands_behind(text, sign, describes):
            continue
        if sign and line and "\n" not in text[line[-1] : sign.start()]:
            line.append(sign.start())
            continue
        if len(line) > 1:
            found.extend(line)
        line = [sign.start()] if sign else []
    return frozenset(found)


def _stands_behind(text: str, sign: re.Match[str], describes: Callable[[str], bool]) -> bool:
    """Whether a sign stands behind a word that is no place, at most a blank away from it."""
    end = sign.start()
    if text[end - 1 : end] in (" ", "\t"):
        if not CLOSES.match(text, sign.end()):
            return False
        end -= 1
    word = BEFORE.search(text[max(0, end - 40) : end])
    return word is not None and not describes(word.group())


def _of_line(
    text: str, line: Sequence[re.Match[str]], describes: Callable[[str], bool]
) -> Iterator[int]:
    """The places of the signs of a line, none where its dashes only divide it."""
    before = [text[max(0, sign.start() - 3) : sign.start()].rstrip(" \t")[-1:] for sign in line]
    listed = [last in ("", "\n", "\r", *",;:") for last in before]
    attached = [not sign.group(2) for sign in line]
    if not listed[0] or not all(pair[0] or pair[1] for pair in zip(attached, listed, strict=True)):
        return
    stated = any(sign.group(1) == "+" for sign in line)
    last = text.find("\n", line[-1].end())
    ends = [sign.start() for sign in line[1:]] + [last if last >= 0 else len(text)]
    if not any(attached):
        if not any(last in (",", ";") for last in before[1:]):
            return
        words = WORD.findall(text, line[0].end(), ends[-1])
        if not stated and any(len(word) > SHORT for word in words):
            return
    for sign, end in zip(line, ends, strict=True) if not stated else ():
        if any(describes(word) for word in WORD.findall(text, sign.end(), end)):
            return
    yield from (sign.start() for sign in line)
