"""Says in sentences what is wrong with the installation."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from radgame.doctor import examine


class Command(BaseCommand):
    help = "Look at every part of the installation; say what is wrong and what to do about it."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        ill = 0
        for finding in examine():
            ill += not finding.is_well
            mark = "ok" if finding.is_well else "!!"
            self.stdout.write(f"{mark}  {finding.about:<12} {finding.sentence}")
            if not finding.is_well and finding.advice:
                self.stdout.write(f"    {'':<12} {finding.advice}")
        self.stdout.write("All is well." if not ill else f"{ill} of these need looking at.")
        if ill:
            sys.exit(1)
