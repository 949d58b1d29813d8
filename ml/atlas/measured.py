"""What a report measured, found in its words: the numbers that decide are told again."""

from __future__ import annotations

import re

RATIO = re.compile(r"\b(?:cardiothoracic\s+ratio|ctr)\b\D{0,20}?(0?[.,]\d{2})", re.IGNORECASE)
TIP = re.compile(r"\b(\d+(?:[.,]\d)?)\s*(cm|mm)\s+(above|below)\s+the\s+carina", re.IGNORECASE)


def measured_in(sentence: str) -> str:
    """“a cardiothoracic ratio of 0.58”, “the tip 3.9 cm above the carina”; else empty."""
    if ratio := RATIO.search(sentence):
        return f"a cardiothoracic ratio of 0{ratio[1].lstrip('0').replace(',', '.')}"
    if tip := TIP.search(sentence):
        number, unit, way = tip[1].replace(",", "."), tip[2].lower(), tip[3].lower()
        return f"the tip {number} {unit} {way} the carina"
    return ""
