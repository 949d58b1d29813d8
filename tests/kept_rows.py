"""Rows that all tests of a file begin with: made once, and gone when the file is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def kept_rows(blocker: Any) -> Iterator[None]:
    """For a fixture of a wider scope that asks for `django_db_setup` and `django_db_blocker`.

    What the block makes stays until the fixture ends. Each test has its own transaction within
    this one, so that none sees what another changed; it has to ask for `db`.
    """
    with blocker.unblock():
        whole = transaction.atomic()
        whole._from_testcase = True  # as the one of a test: what must be outermost runs inside
        with whole:
            yield
            transaction.set_rollback(True)
