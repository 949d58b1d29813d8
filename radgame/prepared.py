"""Queries that pages ask every time: built once, then asked with other keys.

Most of what a small query costs is Django's building of it, over and over the same statement
(docs/decisions/062). What is asked here are rows by keys or names of rows; whatever else differs
from one time to the next is no case for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

FIRST_MARK = 7_777_000_000_000_001
"""Stands for the first key while a statement is built; no table has so many rows."""


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

    def rows(self, keys: Sequence[Any]) -> list[tuple[Any, ...]]:
        given = [
            one if place is None else keys[place]
            for one, place in zip(self.parameters, self.places, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            return cursor.fetchall()


def _marks(keys: Sequence[int | str]) -> list[int | str]:
    """Something of the kind of each key that is no key."""
    return [
        f"key {number} of a statement" if isinstance(key, str) else FIRST_MARK + number
        for number, key in enumerate(keys)
    ]


def _plain(keys: Sequence[int | str]) -> list[int | str]:
    """Choices as the text that is stored."""
    return [str(key) if isinstance(key, str) else key for key in keys]


def prepared(
    build: Callable[..., QuerySet[Any, Any]],
) -> Callable[..., list[tuple[Any, ...]]]:
    """`build` takes keys, whole numbers or texts, and gives a query of `values_list`; the answer
    asks it.

    Rows are as the database gives them: keys, numbers and texts, no times, truth values or JSON
    that some databases keep as something else; whether one is null can be asked of all.

    Raises:
        ValueError: a key is not among the statement's parameters, so it could not be replaced.
    """
    statements: dict[str, _Statement] = {}

    @wraps(build)
    def asked(*keys: int | str) -> list[tuple[Any, ...]]:
        if connection.vendor not in statements:
            marks = _marks(keys)
            sql, parameters = build(*marks).query.sql_with_params()
            statements[connection.vendor] = _Statement.of(build.__name__, marks, sql, parameters)
        return statements[connection.vendor].rows(_plain(keys))

    return asked


Reader = Callable[[tuple[Any, ...]], Any]


def prepared_models(build: Callable[..., QuerySet[M]]) -> Callable[..., list[M]]:
    """`prepared` for whole rows: `build` gives a query of a model, the answer a list of instances,
    each with the rows of other models that `select_related` names of its own foreign keys.

    Raises:
        ValueError: as in `prepared`, or `select_related` goes on from a row to further ones.
    """
    kept: dict[str, tuple[_Statement, Reader]] = {}

    @wraps(build)
    def asked(*keys: int | str) -> list[M]:
        if connection.vendor not in kept:
            marks = _marks(keys)
            compiler = build(*marks).query.get_compiler(connection=connection)
            sql, parameters = compiler.as_sql()
            statement = _Statement.of(build.__name__, marks, sql, parameters)
            kept[connection.vendor] = statement, _reader(build.__name__, compiler)
        statement, read = kept[connection.vendor]
        return [read(row) for row in statement.rows(_plain(keys))]

    return asked


@dataclass(frozen=True)
class _Part:
    """Which columns of a row make an instance of a model."""

    model: type[Model]
    names: list[str]
    columns: list[int]
    key: int
    """Of the columns the one of the primary key."""

    @classmethod
    def of(cls, columns: Any, info: dict[str, Any]) -> _Part:
        fields = [columns[number][0].target for number in info["select_fields"]]
        names = [field.attname for field in fields]
        own_key = info["model"]._meta.pk.attname
        return cls(info["model"], names, info["select_fields"], names.index(own_key))

    def instance(self, row: Sequence[Any]) -> Any:
        values = [row[number] for number in self.columns]
        if values[self.key] is None:
            return None
        return self.model.from_db(connection.alias, self.names, values)


def _reader(name: str, compiler: Any) -> Reader:
    """Makes an instance of a row, as Django's own iteration over a query set would."""
    info = compiler.klass_info
    own = _Part.of(compiler.select, info)
    others = []
    for related in info.get("related_klass_infos", []):
        if related["reverse"] or related.get("related_klass_infos"):
            raise ValueError(f"{name}: select_related goes beyond the row's own keys")
        setters = related["local_setter"], related["remote_setter"]
        others.append((_Part.of(compiler.select, related), *setters))
    converters = compiler.get_converters([column for column, *_ in compiler.select])

    def read(row: tuple[Any, ...]) -> Any:
        values = list(row)
        for number, (steps, expression) in converters.items():
            for convert in steps:
                values[number] = convert(values[number], expression, connection)
        made = own.instance(values)
        for part, keep, keep_back in others:
            other = part.instance(values)
            keep(made, other)
            if other is not None:
                keep_back(other, made)
        return made

    return read
