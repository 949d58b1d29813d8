"""Import what a curator uploaded; started by a worker, which has claimed it."""

from __future__ import annotations

import os
import sys
import threading

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from cases.importers.child import limit_memory
from cases.models import Upload
from cases.priority import stand_back
from cases.upload_import import run
from cases.uploading import MEGABYTE

NICE = 10


class Command(BaseCommand):
    help = "Import an upload that was claimed. Ends when its input ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("upload", help="the upload's public id")

    def handle(self, *, upload: str, **options: object) -> None:
        threading.Thread(target=_end_with_input, daemon=True).start()
        stand_back(NICE)
        limit_memory(settings.UPLOAD_MEMORY_MB * MEGABYTE)
        run(Upload.objects.get(public_id=upload, state=Upload.State.IMPORTING))


def _end_with_input() -> None:
    """Die when the worker dies, however it does: the pipe that it holds open is closed then."""
    while os.read(sys.stdin.fileno(), 1):  # no buffer's lock is held when the command ends
        pass
    os._exit(1)
