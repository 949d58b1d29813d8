"""`manage.py refit_difficulty`: learns how hard cases are from all attempts, and refolds skills."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from learning import difficulties, skills


class Command(BaseCommand):
    help = "Learn the difficulty of cases from all attempts. The same attempts, the same numbers."

    def handle(self, **options: object) -> None:
        difficulties.refit(self.stdout.write)
        learners = skills.rebuild()
        self.stdout.write(self.style.SUCCESS(f"Skills of {learners} learners and games are kept."))
