"""The Open-I reports beside the repository, read from their archive."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ARCHIVE = DATA / "openi_reports_odd.tar.gz"


@dataclass(frozen=True)
class OpenIReport:
    """One report: its sections and its human coding."""

    id: str
    indication: str
    findings: str
    impression: str
    codes: tuple[str, ...]

    @property
    def text(self) -> str:
        """Findings and impression, one paragraph each."""
        return "\n".join(part for part in (self.findings, self.impression) if part)


def reports(archive: Path = ARCHIVE) -> Iterator[OpenIReport]:
    """Every report that has a text, in the order of the archive."""
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name.endswith(".xml") else None
            if stream is None:
                continue
            report = _report(ElementTree.fromstring(stream.read()))
            if report.text:
                yield report


def _report(root: ElementTree.Element) -> OpenIReport:
    sections = {
        element.get("Label", ""): re.sub(r"\s+", " ", element.text or "").strip()
        for element in root.iter("AbstractText")
    }
    identity = root.find("uId")
    return OpenIReport(
        id=identity.get("id", "") if identity is not None else "",
        indication=sections.get("INDICATION", ""),
        findings=sections.get("FINDINGS", ""),
        impression=sections.get("IMPRESSION", ""),
        codes=tuple((element.text or "").strip() for element in root.iter("major")),
    )
