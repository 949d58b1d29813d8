"""Queries that pages ask every time: built once, then asked with other keys.

Most of what a small query costs is Django's building of it, over and over the same statement
(docs/decisions/062). What is asked here are rows by keys or names of rows; whatever else differs
from one time to the next is no case for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.models.sql import UpdateQuery

M = TypeVar("M", bound=Model)

Key = int | str | UUID | date
FIRST_MARK = 7_777_000_000_000_001
"""Stands for the first key while a statement is built; no table has so many rows. Columns of small
numbers cannot be asked by: PostgreSQL has none so large in them, as Django knows.
"""
FIRST_TIME = datetime(9000, 1, 1, tzinfo=UTC)
"""The same for a time."""


@dataclass(frozen=True)
class _Statement:
    """A statement, and which of the keys is in which place among its parameters."""

    sql: str
    parameters: tuple[Any, ...]
    """As they were built."""
    places: tuple[int | None, ...]
    """Of each parameter the number of the key that takes its place, if one does."""

    @classmethod
    def of(cls, name: str, marks: Sequence[Any], sql: str, parameters: Iterable[Any]) -> _Statement:
        """Raises ValueError where a mark is not among the parameters."""
        built = tuple(parameters)
        places = tuple(marks.index(one) if one in marks else None for one in built)
        if missing := len(set(range(len(marks))) - set(places)):
            raise ValueError(f"{name}: {missing} keys are in no parameter")
        return cls(sql, built, places)

    def rows(self, here: BaseDatabaseWrapper, keys: Sequence[Any]) -> list[tuple[Any, ...]]:
        with here.cursor() as cursor:
            cursor.execute(self.sql, self._given(here, keys))
            return cursor.fetchall()

    def changed(self, here: BaseDatabaseWrapper, keys: Sequence[Any]) -> int:
        """How many rows it changed."""
        with transaction.mark_for_rollback_on_error(here.alias), here.cursor() as cursor:
            cursor.execute(self.sql, self._given(here, keys))
            return cursor.rowcount

    def _given(self, here: BaseDatabaseWrapper, keys: Sequence[Any]) -> list[Any]:
        stored = _plain(here, keys)
        return [
            one if place is None else stored[place]
            for one, place in zip(self.parameters, self.places, strict=True)
        ]


def _here() -> BaseDatabaseWrapper:
    """This thread's connection itself: `django.db.connection` looks it up for whatever it is asked,
    which adds up over the columns of rows.
    """
    return connections[DEFAULT_DB_ALIAS]


def _marks(keys: Sequence[Key]) -> list[Key]:
    """Something of the kind of each key that is no key."""
    return [_mark(number, key) for number, key in enumerate(keys, FIRST_MARK)]


def _mark(number: int, key: Key) -> Key:
    if isinstance(key, UUID):
        return UUID(int=number)
    if isinstance(key, datetime):
        return FIRST_TIME + timedelta(microseconds=number - FIRST_MARK)
    if isinstance(key, date):
        return FIRST_TIME.date() + timedelta(days=number - FIRST_MARK)
    return f"key {number} of a statement" if isinstance(key, str) else number


def _plain(here: BaseDatabaseWrapper, keys: Sequence[Key]) -> list[Key]:
    """As they are stored: choices as texts; UUIDs and times, too, where the database has none."""
    return [_stored(here, key) for key in keys]


def _stored(here: BaseDatabaseWrapper, key: Key) -> Key:
    if isinstance(key, UUID):
        return key if here.features.has_native_uuid_field else key.hex
    if isinstance(key, datetime):
        return here.ops.adapt_datetimefield_value(key)  # type: ignore[return-value]
    if isinstance(key, date):
        return here.ops.adapt_datefield_value(key)  # type: ignore[return-value]
    return str(key) if isinstance(key, str) else key


def prepared(
    build: Callable[..., QuerySet[Any, Any]],
) -> Callable[..., list[tuple[Any, ...]]]:
    """`build` takes keys (whole numbers, texts, UUIDs, days, times) and gives a query of
    `values_list`; the answer asks it.

    Rows are as the database gives them: keys, numbers and texts, no times, truth values or JSON
    that some databases keep as something else; whether one is null can be asked of all.

    Raises:
        ValueError: a key is not among the statement's parameters, so it could not be replaced.
    """
    statements: dict[str, _Statement] = {}

    @wraps(build)
    def asked(*keys: Key) -> list[tuple[Any, ...]]:
        here = _here()
        if here.vendor not in statements:
            marks = _marks(keys)
            sql, parameters = build(*marks).query.sql_with_params()
            kept = _Statement.of(build.__name__, _plain(here, marks), sql, parameters)
            statements[here.vendor] = kept
        return statements[here.vendor].rows(here, keys)

    return asked


def prepared_update(
    build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]],
) -> Callable[..., int]:
    """`prepared` for `QuerySet.update`: `build` gives the rows and what is written to them, both
    by the keys; the answer writes it, and says how many rows there were.

    Raises:
        ValueError: as in `prepared`.
    """
    statements: dict[str, _Statement] = {}

    @wraps(build)
    def written(*keys: Key) -> int:
        here = _here()
        if here.vendor not in statements:
            marks = _marks(keys)
            rows, values = build(*marks)
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(values)
            sql, parameters = query.get_compiler(connection=here).as_sql()
            kept = _Statement.of(build.__name__, _plain(here, marks), sql, parameters)
            statements[here.vendor] = kept
        return statements[here.vendor].changed(here, keys)

    return written


def keep_related(one: Model, name: str, rows: Sequence[Model]) -> None:
    """Have an instance know what refers to it, as `prefetch_related` would."""
    known = getattr(one, name).get_queryset()
    known._result_cache, known._prefetch_done = list(rows), True
    vars(one).setdefault("_prefetched_objects_cache", {})[name] = known


Reader = Callable[[BaseDatabaseWrapper, tuple[Any, ...]], Any]


def prepared_models(build: Callable[..., QuerySet[M]]) -> Callable[..., list[M]]:
    """`prepared` for whole rows: `build` gives a query of a model, the answer a list of instances,
    each with the rows of other models that `select_related` names, by foreign keys.

    Raises:
        ValueError: as in `prepared`, or `select_related` goes against a foreign key.
    """
    kept: dict[str, tuple[_Statement, Reader]] = {}

    @wraps(build)
    def asked(*keys: Key) -> list[M]:
        here = _here()
        if here.vendor not in kept:
            marks = _marks(keys)
            compiler = build(*marks).query.get_compiler(connection=here)
            sql, parameters = compiler.as_sql()
            statement = _Statement.of(build.__name__, _plain(here, marks), sql, parameters)
            kept[here.vendor] = statement, _reader(build.__name__, compiler)
        statement, read = kept[here.vendor]
        return [read(here, row) for row in statement.rows(here, keys)]

    return asked


@dataclass(frozen=True)
class _Part:
    """Which columns of a row make an instance of a model, and those that it refers to."""

    model: type[Model]
    names: list[str]
    columns: list[int]
    key: int
    """Of the columns the one of the primary key."""
    others: list[tuple[_Part, Callable[..., None], Callable[..., None]]]
    """With what keeps the other in this one, and this one in the other."""

    @classmethod
    def of(cls, name: str, columns: Any, info: dict[str, Any]) -> _Part:
        fields = [columns[number][0].target for number in info["select_fields"]]
        names = [field.attname for field in fields]
        own_key = info["model"]._meta.pk.attname
        others = []
        for related in info.get("related_klass_infos", []):
            if related["reverse"]:
                raise ValueError(f"{name}: select_related goes against a foreign key")
            other = cls.of(name, columns, related)
            others.append((other, related["local_setter"], related["remote_setter"]))
        return cls(info["model"], names, info["select_fields"], names.index(own_key), others)

    def instance(self, alias: str, row: Sequence[Any]) -> Any:
        values = [row[number] for number in self.columns]
        if values[self.key] is None:
            return None
        made = self.model.from_db(alias, self.names, values)
        for part, keep, keep_back in self.others:
            other = part.instance(alias, row)
            keep(made, other)
            if other is not None:
                keep_back(other, made)
        return made


def _reader(name: str, compiler: Any) -> Reader:
    """Makes an instance of a row, as Django's own iteration over a query set would."""
    whole = _Part.of(name, compiler.select, compiler.klass_info)
    converters = compiler.get_converters([column for column, *_ in compiler.select])

    def read(here: BaseDatabaseWrapper, row: tuple[Any, ...]) -> Any:
        values = list(row)
        for number, (steps, expression) in converters.items():
            for convert in steps:
                values[number] = convert(values[number], expression, here)
        return whole.instance(here.alias, values)

    return read
