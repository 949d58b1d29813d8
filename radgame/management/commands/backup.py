"""Writes a backup: one file, while the game runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from radgame import backup

NAME = "radgame-%Y%m%d-%H%M%S.tar"


class Command(BaseCommand):
    help = "Write database, media and secret key to one file, while the game runs; check it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, help="a new file, or a folder for a dated one")
        parser.add_argument(
            "--without-media", action="store_true", help="leave out images (a bucket of its own)"
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="of the dated files in the folder keep the newest"
        )

    def handle(
        self, *, target: Path, without_media: bool, keep: int | None, **options: Any
    ) -> None:
        if keep is not None and (keep < 1 or not target.is_dir()):
            raise CommandError("--keep N needs a folder, and at least 1 that is kept.")
        path = target / datetime.now(UTC).strftime(NAME) if target.is_dir() else target
        try:
            backup.make(path.absolute(), with_media=not without_media)
            manifest = backup.check(path)
        except backup.BackupProblem as problem:
            raise CommandError(str(problem)) from None
        media = sum(name.startswith(backup.MEDIA) for name in manifest.digests)
        size = path.stat().st_size / 1e6
        self.stdout.write(
            f"{path}: {manifest.database} as of {manifest.made_at}, {media} files of images, "
            f"{size:.1f} MB; read again and found whole."
        )
        for old in sorted(target.glob("radgame-????????-??????.tar"))[:-keep] if keep else ():
            old.unlink()
            self.stdout.write(f"{old} is deleted.")
