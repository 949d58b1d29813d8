"""`manage.py rebuild_figures`: makes the figures of all pages anew from results and outcomes."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from learning import columns, records, skills


class Command(BaseCommand):
    help = "Make the figures that pages show anew from the stored results. Safe while people play."

    def handle(self, **options: object) -> None:
        done = records.rebuild(lambda count: self.stdout.write(f"{count} results …"))
        packed = columns.rebuild()
        self.stdout.write(f"Figures of {packed} learners, games and rules are packed.")
        learners = skills.rebuild()
        self.stdout.write(f"Skills of {learners} learners and games are kept.")
        self.stdout.write(self.style.SUCCESS(f"Figures of {done} results are kept."))
