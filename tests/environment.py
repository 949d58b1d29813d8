"""Loaded by pytest before Django's settings: a data folder and a Redis of this run's own."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

from radgame.embedded import embedded_redis

# What a shell starts in its background ignores Ctrl-C, and so does all that it starts in turn.
signal.signal(signal.SIGINT, signal.default_int_handler)

_data = tempfile.TemporaryDirectory(prefix="radgame-tests-")
os.environ["DATA_DIR"] = _data.name
os.environ.setdefault("SECRET_KEY", "only for tests, and long enough to pass the check")
for name in ("ENVIRONMENT", "DEBUG", "CELERY_BROKER_URL", "ALLOWED_HOSTS", "SIGNUP_OPEN"):
    os.environ.pop(name, None)
# What the processes of one run have in common: the first makes its folder and clears it away.
_common = "" if "TESTS_SHARE" in os.environ else tempfile.mkdtemp(prefix="radgame-shared-")
SHARED = Path(os.environ.setdefault("TESTS_SHARE", _common))
FIRST_GAME = SHARED / "first.json"
"""Tells of the game that others begin with a copy of (tests/library.py)."""
_redis = embedded_redis()
os.environ["REDIS_URL"], _ = _redis.__enter__()


def _close() -> None:
    if _common:
        if FIRST_GAME.exists():
            from tests.library import forget

            forget()
        shutil.rmtree(_common, ignore_errors=True)
    _redis.__exit__(None, None, None)
    _data.cleanup()


atexit.register(_close)
