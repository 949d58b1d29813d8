"""Text to sentences of tokens, each token with its place in the text as given."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ml.findings import dictated, signs
from ml.findings.letters import plain

LONGEST_SENTENCE = 160
"""Tokens; longer runs without a period are cut, so that time stays linear in the text."""
LONGEST_WORD = 40
"""Characters; nothing longer is a word."""

FRACTIONS = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞↉"
BREAK = (
    r"</?(?:br|p|div|li|ul|ol|tr|td|h[1-6])\b[^<>]{0,200}>|[•●▪■]|\\\.br\\|\\[rn](?![a-z])"
    r"|(?<![\w(])(?:\d{1,2}|[a-h])\)(?=\s)"
)
"""What separates statements without a period: markup of blocks, bullets, HL7's line break."""
NUMBER = rf"\d*[{FRACTIONS}]|\d+(?:[.,]\d+)?|(?<![\w.,])\.\d+"
JOINED = r"(?<!\w)(?:[cs]/[wp]|c/f|w/(?:out|o)?|[crh]/o|b/l|f/u|n/a)(?!\w)|//+"
"""Short forms whose slash is part of the word."""
SIGN = r"[(\[]\s?[-–−+]\s?[)\]]|(?<!\w)[-–−+]ve(?!\w)"
"""An answer by sign: ``(-)``, ``-ve``."""
BOX = r"\[\s?[x✓✔]?\s?\]|[☐☑☒✓✔]"
"""A box to tick, before or behind what it asks for."""
CHOICES = (
    re.compile(
        rf"(?P<box>{BOX})[ \t]{{0,8}}(?P<one>[^\W\d_]{{1,12}})[ \t,/|]{{0,8}}"
        rf"(?:{BOX})[ \t]{{0,8}}(?P<other>[^\W\d_]{{1,12}})(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?P<one>[^\W\d_]{{1,12}})[ \t]{{0,8}}(?P<box>{BOX})[ \t,/|]{{0,8}}"
        rf"(?P<other>[^\W\d_]{{1,12}})[ \t]{{0,8}}(?:{BOX})",
        re.IGNORECASE,
    ),
)
"""Two answers with a box for each: ``[x] yes [ ] no``, ``yes [ ] no [x]``."""
CELL = r"\t+|(?<=[^\s.:;,]) {2,}|\||\.{2,}|…"
"""What may stand between a question and its answer in a form: a cell's border, blanks, dots."""
LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u00ad\u200b-\u200d\ufeff])"
WORD = rf"[^\W\d_]{LETTER}*(?:['’`´]{LETTER}+)*"
DASH = r"[-–—−]+>?|→|⇒"
TOKEN = re.compile(
    rf"(?P<break>{BREAK})|(?P<entity>&(?:amp|nbsp|lt|gt|quot|apos|#\d{{1,6}});)"
    rf"|(?P<sign>{SIGN})|(?P<box>{BOX})|(?P<cell>{CELL})|(?P<joined>{JOINED})|(?P<number>{NUMBER})"
    rf"|(?P<hyphenated>[^\W\d_]+[-‐‑\u00ad]\r?\n[ \t]*[a-zà-ÿ]+)|(?P<word>{WORD})"
    rf"|(?P<line>\r\n?|\n|\u2028|\u2029|\x0b|\x0c|\x85)|(?P<dash>{DASH})|(?P<mark>[^\s\w])",
    re.IGNORECASE,
)
ENDS = frozenset(".!?。")
DROPPED = frozenset("‐‑'’`´\"“”„«»*_‘")
"""Marks that say nothing."""
PERIOD_LAST = re.compile(r"\.\s*\Z")
NEXT_LINE = re.compile(r"[ \t\u00a0]*(\S*)[ \t\u00a0]*(\S*)")
LISTED = re.compile(r"[-–—•*#>]|\(?\d{1,2}[.)]$|[A-Za-z][.)]$")
"""The first word of a line that is an item of a list."""
SPAN = re.compile(r"[-–]\d{1,2}\.")
"""What follows the period of the first of two ordinals: German "4.-7. Rippe"."""
UPCOMING = re.compile(r" *(\w*)")
UNIT = re.compile(r"(?:mm|cm|mil+i?met|cent[ií]met)", re.IGNORECASE)
CONTRACTED = re.compile(r"(\w+?)n['’`´]?t$")
AUXILIARIES = frozenset(
    (
        *("is", "are", "was", "were", "has", "have", "had", "does", "do", "did"),
        *("could", "would", "should", "ca", "wo", "must", "need"),
    )
)
WHOLE = {"ca": "can", "wo": "will"}
POSSESSIVE = re.compile(r"['’`´]s$")
YES, NO, UNTICKED = "⊕", "⊖", "⊘"
"""The words of tokens for a sign or a ticked box, for their opposites, and for an empty box before
what it asks for."""
SIGNS = {"-": "negative", "+": "positive"}
BRACKETED = {"-": NO, "+": YES}
EMPTY_BOX = re.compile(r"\[\s*\]|☐")
SIGN_FIRST = re.compile(r"^[ \t*]*[(\[]\s?[-–−+]\s?[)\]][ \t]*[^\W\d_]", re.MULTILINE)
"""A sign at the beginning of a line: so it stands before what it answers."""
BOX_FIRST = re.compile(rf"^[ \t*-]*(?:{BOX})", re.IGNORECASE | re.MULTILINE)
ANSWER = re.compile(r"[ \t]*([^\W\d_]+)[ \t]*(?=[.,;!|\t\r\n]|$)")
REPLY = re.compile(r"[ \t]+([^\W_]+(?:,? [^\W_]+){0,6})[ \t]*(?=[.;!\r\n]|$)")
ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
MARKS = {
    **{">": "greater", "<": "smaller", "≥": "greater", "≤": "smaller", "[": "(", "]": ")"},
    **{"↑": "increased", "⬆": "increased", "↓": "decreased", "⬇": "decreased"},
}
QUERY = "¿"
"""The word of a token for a question mark before a finding: "? effusion"."""
ASKED = "‽"
"""The word of a token for a question mark at the end: "effusion?"."""
SEPARATOR = "–"
"""The word of a token for a dash between two statements or between a question and its answer."""
PUNCTUATION = frozenset((",", ";", ":", "(", ")", SEPARATOR, ASKED))


class Token(NamedTuple):
    """One word, number or mark of punctuation."""

    word: str
    """Lower case, without accents, with spelling set right; what patterns look at."""
    start: int
    end: int


def _unknown(word: str) -> bool:
    return False


@dataclass(frozen=True)
class Rules:
    """What a language says about where sentences end; see ``context.csv``."""

    continues: frozenset[str] = frozenset()
    """Words after which a line cannot end: no, of, the."""
    abbreviations: frozenset[str] = frozenset()
    """Words written with a period that ends nothing."""
    nouns: frozenset[str] = frozenset()
    """Abbreviations of findings, which often end a statement: "no eff. heart normal"."""
    going_on: frozenset[str] = frozenset()
    """Words with which a statement goes on after one of the `nouns`: in, is, and."""
    openers: frozenset[str] = frozenset()
    """Abbreviations that something always follows, capital or not: German "V. a. Pneumonie"."""
    ordinals: frozenset[str] = frozenset()
    """Words after which a number with a period is an ordinal: German "der 6. Rippe"."""
    counted: frozenset[str] = frozenset()
    """Words before which a number with a period is an ordinal: German "4. bis 7. Rippe"."""
    answers: frozenset[str] = frozenset()
    """Answers to a question: no, none, yes."""
    places: frozenset[str] = frozenset()
    """Words of places in the lung, which go on after an abbreviation: "re. Unterlappen"."""
    replies: frozenset[str] = frozenset()
    """Words that a reply to a question may be made of: its answers, degrees, sides and places."""
    dictation: dictated.Dictation = dictated.NONE
    """Words that stand for marks."""
    known: Callable[[str], bool] = _unknown
    """Whether a word is one of the lexicon, for words broken at a line's end."""


PLAIN = Rules()


def sentences(text: str, rules: Rules = PLAIN) -> Iterator[list[Token]]:
    """The sentences of a text, without the marks that end them.

    A period ends a sentence unless it stands in a number or after a known abbreviation or
    single letter; so does an empty line, and a line break before a capital letter or an item
    of a list, unless the line ends in a word that cannot be the last one.
    """
    sentence: list[Token] = []
    boxes_first = BOX_FIRST.search(text) is not None
    signs_first = SIGN_FIRST.search(text) is not None
    describing = rules.replies - rules.answers
    signed = signs.before_findings(text, lambda word: plain(word) in describing)
    answering = signs.behind_findings(text, lambda word: plain(word) in describing)
    choices, chosen = _choices(text, rules), 0
    replaced = dictated.replaced(text, rules.dictation)
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        start, end = match.span()
        if start in choices:
            chosen, answer = choices[start]
            if sentence and sentence[-1].word != ":":
                sentence.append(Token(":", start, start + 1))
            sentence.append(Token(answer, start, chosen))
        if start < chosen:
            continue
        if start in replaced:
            chosen, words = replaced[start]
            sentence.extend([Token(word, start, chosen) for word in words if word != dictated.END])
            if words == (dictated.END,) and sentence:
                yield sentence
                sentence = []
            continue
        if start in answering:
            answer = YES if match.group() == "+" else NO
            if not sentence or sentence[-1].word != ":":
                sentence.append(Token(":", start, start + 1))
            sentence.append(Token(answer, start, end))
            continue
        if start in signed and kind in ("dash", "mark"):
            if sentence:
                yield sentence
            denied = match.group() != "+"
            sentence = [Token(UNTICKED, start, end)] if denied else []
            continue
        if kind == "word":
            if end - start <= LONGEST_WORD:
                sentence.extend([Token(word, start, end) for word in _words(match.group())])
                if len(sentence) >= LONGEST_SENTENCE:
                    yield sentence
                    sentence = []
            continue
        if kind == "mark" and (mark := match.group()) not in ENDS and mark != "/":
            if mark not in DROPPED and (word := plain(MARKS.get(mark, mark))):
                sentence.append(Token(word, start, end))
                if len(sentence) >= LONGEST_SENTENCE:
                    yield sentence
                    sentence = []
            continue
        if kind == "box" and boxes_first:
            if sentence:
                yield sentence
            empty = EMPTY_BOX.match(match.group())
            sentence = [Token(UNTICKED, start, end)] if empty else []
            continue
        if kind == "sign" and signs_first and match.group()[-1] in ")]":
            if sentence:
                yield sentence
            denied = "+" not in match.group()
            sentence = [Token(UNTICKED, start, end)] if denied else []
            continue
        if kind == "cell":
            if sentence and _asks(text, match, rules):
                sentence.append(Token(":", start, end))
            elif sentence and _divides(text, match):
                yield sentence
                sentence = []
            continue
        if kind in ("break", "line") or (kind == "mark" and match.group() in ENDS):
            if _ask(text, match, sentence, rules):
                continue
            if sentence and _ends(text, match, sentence, rules):
                yield sentence
                sentence = []
            continue
        sentence.extend(_tokens(text, match, sentence, rules))
        if len(sentence) >= LONGEST_SENTENCE:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _choices(text: str, rules: Rules) -> dict[int, tuple[int, str]]:
    """Where two boxes ask for one of two answers: where that begins, its end, and the answer."""
    found: dict[int, tuple[int, str]] = {}
    for pattern in CHOICES if "[" in text or "☐" in text else ():
        for match in pattern.finditer(text):
            answers = plain(match["one"]), plain(match["other"])
            if rules.answers.issuperset(answers) and answers[0] != answers[1]:
                chosen = answers[1 if EMPTY_BOX.match(match["box"]) else 0]
                found.setdefault(match.start(), (match.end(), chosen))
    return found


def _tokens(
    text: str, match: re.Match[str], sentence: Sequence[Token], rules: Rules
) -> Iterator[Token]:
    """The tokens of one piece of text: two for a contraction, none for a hyphen."""
    kind, piece, start, end = match.lastgroup, match.group(), match.start(), match.end()
    if len(piece) > LONGEST_WORD:
        return
    if kind == "number":
        yield Token(_number(piece), start, end)
    elif kind == "hyphenated":
        yield from _unbroken(piece, start, rules)
    elif kind == "dash":
        if _separates(text, match) and sentence:
            yield Token(SEPARATOR, start, end)
    elif kind == "sign":
        sign = "+" if "+" in piece else "-"
        answer = (SIGNS if piece[-1].isalpha() else BRACKETED)[sign]
        yield from (Token(":", start, start + 1), Token(answer, start, end))
    elif kind == "box":
        yield Token(":", start, start + 1)
        yield Token(NO if EMPTY_BOX.match(piece) else YES, start, end)
    else:
        mark = ENTITIES.get(piece.lower(), "" if kind == "entity" else piece)
        if mark == "/" and text[start - 1 : start].isspace() and text[end : end + 1].isspace():
            mark = SEPARATOR
        if mark and mark not in DROPPED and (word := plain(MARKS.get(mark, mark))):
            yield Token(word, start, end)


def _number(piece: str) -> str:
    """Digits with a decimal point: ``1½`` is 1.5 and ``.8`` is 0.8."""
    if piece[-1] in FRACTIONS:
        whole = float(piece[:-1] or 0) + unicodedata.numeric(piece[-1])
        return f"{whole:.4g}" if whole < 10_000 else piece[:-1]
    return f"0{piece}" if piece.startswith(".") else piece


@lru_cache(maxsize=100_000)
def _words(piece: str) -> tuple[str, ...]:
    """The words of one run of letters: "hasn't" is has not, "heart's" is heart."""
    if piece.isascii() and piece.isalpha() and not piece.endswith(("nt", "NT")):
        return (piece.lower(),)
    if piece.isalpha() and (word := plain(piece)).isalpha() and not word.endswith("nt"):
        return (word,)
    word = plain(POSSESSIVE.sub("", piece).translate(INVISIBLE))
    contracted = CONTRACTED.match(word)
    if contracted and contracted.group(1) in AUXILIARIES:
        base = contracted.group(1)
        return ("cannot",) if base == "ca" else (WHOLE.get(base, base), "not")
    return tuple(part for part in re.split(r"['’`´\s]+", word) if part)


SHARED_HEAD = re.compile(r"\s+(?:and|or|to|und|oder|bis|et|ou|y|o|a|e)\b", re.IGNORECASE)
"""What follows the hyphen of a word whose other half comes later: "mid- and lower zones"."""
SHARED_TAIL = re.compile(r"(?<!\w)(?:und|oder|bzw\.?|u\.?)\s$", re.IGNORECASE)
"""What stands before the hyphen of a word whose first half came before: "und -sklerose"."""
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff"))


def _unbroken(piece: str, start: int, rules: Rules) -> Iterator[Token]:
    """A word broken at the end of a line, or two words where joining makes none."""
    first, second = re.split(r"[-‐‑\u00ad]\s+", piece)
    if rules.known(plain(first + second)):
        yield Token(plain(first + second), start, start + len(piece))
        return
    yield Token(plain(first), start, start + len(first))
    yield Token(plain(second), start + len(piece) - len(second), start + len(piece))


def _separates(text: str, match: re.Match[str]) -> bool:
    """Whether a dash stands between blanks, or is an arrow; one inside a word is a hyphen."""
    if match.group()[-1] in ">→⇒":
        return True
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if not after.isspace():
        shared = SHARED_TAIL.search(text, max(0, match.start() - 10), match.start())
        return before.isspace() and after.isalpha() and not shared
    return before.isspace() or not SHARED_HEAD.match(text, match.end())


def _ask(text: str, match: re.Match[str], sentence: list[Token], rules: Rules) -> bool:
    """Keep a question mark as a word; whether the sentence goes on after it.

    Before what it doubts ("?effusion") it opens the doubt; with its answer ("Effusion? No.") it
    is a colon; at the end it doubts what stands before it.
    """
    if match.group() != "?":
        return False
    after = match.end()
    if sentence and sentence[-1].word == "(" and text[after : after + 1] == ")":
        sentence[-1] = Token(ASKED, match.start(), after)
        return True
    apart = not sentence or text[match.start() - 1 : match.start()].isspace()
    if text[after : after + 1].isalpha() or (apart and text[after : after + 1] == " "):
        sentence.append(Token(QUERY, match.start(), after))
        return True
    if not sentence:
        return False
    answered = _answered(text, after, rules) or _replied(text, after, rules)
    if answered and (asked := [n for n, token in enumerate(sentence) if token.word == QUERY]):
        del sentence[asked[-1]]  # "¿Derrame? Sí." doubts nothing.
    sentence.append(Token(":" if answered else ASKED, match.start(), after))
    return answered


def _answered(text: str, place: int, rules: Rules) -> bool:
    """Whether an answer (no, none, yes) and nothing more stands at a place."""
    answer = ANSWER.match(text, place, place + 40)
    return answer is not None and plain(answer.group(1)) in rules.answers


def _replied(text: str, place: int, rules: Rules) -> bool:
    """Whether a reply without a finding of its own stands at a place: "Small on the left"."""
    reply = REPLY.match(text, place, place + 80)
    words = [word.strip("0123456789,") for word in reply.group(1).split()] if reply else []
    said = [plain(word) for word in words if word and not UNIT.match(word)]
    return bool(said) and all(word in rules.replies for word in said)


def _asks(text: str, match: re.Match[str], rules: Rules) -> bool:
    """Whether a cell's border, blanks or dots stand before an answer, or inside a table's row."""
    if _answered(text, match.end(), rules):
        return text[: match.start()].rstrip(" \t")[-1:] != ":"
    if match.group() != "|" or text.find("|", match.end()) < 0:
        return False
    line = text[max(0, match.start() - 400) : match.start()].rpartition("\n")[2]
    return line.lstrip().startswith("|")


def _divides(text: str, match: re.Match[str]) -> bool:
    """Whether a border or a row of dots ends a statement; dots before a small letter do not."""
    if match.group()[0] in ".…":
        return not text[match.end() : match.end() + 2].lstrip()[:1].islower()
    return match.group() == "|"


def _ends(text: str, match: re.Match[str], sentence: Sequence[Token], rules: Rules) -> bool:
    last = sentence[-1].word
    if match.lastgroup == "line":
        return _line_ends(text, match.end(), sentence, rules)
    if match.group() != "." or match.lastgroup == "break":
        return True
    following = text[match.end() : match.end() + 3].lstrip(" \t\r")
    after = text[match.end() : match.end() + 1]
    if last in rules.openers and following:
        return False
    if last in rules.nouns and _next_word(text, match.end()) in rules.going_on:
        return False
    if last.isdigit() and following and any(t.word in rules.ordinals for t in sentence[-2:-1]):
        return False
    if last.isdigit() and (
        _next_word(text, match.end()) in rules.counted or SPAN.match(text, match.end())
    ):
        return False
    if last in rules.abbreviations and _next_word(text, match.end()) in rules.places:
        return False
    if last in rules.abbreviations and (following[:1].islower() or following[:1].isdigit()):
        return False
    return not after or not (after.isalnum() and not after.isupper())


def _next_word(text: str, place: int) -> str:
    upcoming = UPCOMING.match(text, place, place + LONGEST_WORD)
    return plain(upcoming.group(1)) if upcoming else ""


def _line_ends(text: str, after: int, sentence: Sequence[Token], rules: Rules) -> bool:
    """Whether a line break ends the statement, by its last word and the next line's first."""
    following = NEXT_LINE.match(text, after, after + 400)
    word, second = following.groups() if following else ("", "")
    if not word:
        return True
    if LISTED.match(word) and not UNIT.match(second):
        return True
    last = sentence[-1].word
    answered = last in rules.answers and sentence[-2:-1] and sentence[-2].word in (":", SEPARATOR)
    if (last in rules.continues and not answered) or last == ",":
        return word.endswith(":") and (last == "," or word[0].isupper())
    if word[0].isdigit() and UNIT.match(word.lstrip("0123456789.,") or second):
        return sentence[0].word[0].isdigit()  # A list of sizes, and not a size in the next line.
    if word[0].islower():
        return word.endswith(":")
    return not _wrapped_capitals(text, sentence, word)


def _wrapped_capitals(text: str, sentence: Sequence[Token], word: str) -> bool:
    """Whether a line of capitals goes on in the next: capitals say nothing there, periods do."""
    line = text[sentence[0].start : sentence[-1].end]
    return (
        line.isupper()
        and word.isupper()
        and len(word) > 1
        and ":" not in line + word
        and PERIOD_LAST.search(text, max(0, len(text) - 400)) is not None
        and not any(token.word == SEPARATOR for token in sentence)
    )
