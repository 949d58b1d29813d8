"""Queries that pages ask every time: built once, then asked with other keys.

Most of what a small query costs is Django's building of it, over and over the same statement
(docs/decisions/062). What is asked here are rows of plain columns by keys of rows; whatever else
differs from one time to the next is no case for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import connection
from django.db.models import QuerySet

FIRST_MARK = 7_777_000_000_000_001
"""Stands for the first key while a statement is built; no table has so many rows."""


def prepared(
    build: Callable[..., QuerySet[Any, Any]],
) -> Callable[..., list[tuple[Any, ...]]]:
    """`build` takes keys, whole numbers, and gives a query of `values_list`; the answer asks it.

    Rows are as the database gives them: keys, numbers and texts, no times, truth values or JSON
    that some databases keep as something else; whether one is null can be asked of all.

    Raises:
        ValueError: a key is not among the statement's parameters, so it could not be replaced.
    """
    statements: dict[str, tuple[str, tuple[Any, ...]]] = {}

    @wraps(build)
    def asked(*keys: int) -> list[tuple[Any, ...]]:
        marks = range(FIRST_MARK, FIRST_MARK + len(keys))
        if connection.vendor not in statements:
            sql, parameters = build(*marks).query.sql_with_params()
            if missing := set(marks) - set(parameters):
                raise ValueError(f"{build.__name__}: {len(missing)} keys are in no parameter")
            statements[connection.vendor] = (sql, tuple(parameters))
        sql, parameters = statements[connection.vendor]
        given = dict(zip(marks, keys, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(one, one) for one in parameters])
            return cursor.fetchall()

    return asked
