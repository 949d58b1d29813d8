"""The labels as pages offer them: the same list for every case."""

from __future__ import annotations

from collections.abc import Callable

from ml import atlas, synonyms, taxonomy


def palette(*, described: bool, is_point: Callable[[str], bool]) -> list[dict[str, str]]:
    """The labels in the order of the taxonomy; `is_point` says which are marked by a click on
    where they end.
    """
    return [
        {
            "slug": label.slug,
            "name": label.name,
            "mode": label.mode,
            "group": label.group,
            "sided": "yes" if label.is_sided else "",
            "variant": "yes" if label.is_variant else "",
            "point": "yes" if is_point(label.slug) else "",
            "description": atlas.summary(label.slug) if described else "",
            "short": synonyms.words()[label.slug].short,
            # One string, as all values of this list are.
            "synonyms": "|".join(synonyms.words()[label.slug].synonyms),
        }
        for label in taxonomy.labels().values()
    ]
