"""Identities that say nothing, and what models share."""

from __future__ import annotations

import secrets

from django.db import models

from ml import taxonomy


def new_public_id() -> str:
    """An opaque identifier (72 random bits) that says nothing of source or order."""
    return secrets.token_urlsafe(9)


def new_token() -> str:
    """48 random bits, for addresses that change with what they lead to."""
    return secrets.token_urlsafe(6)


def label_choices() -> list[tuple[str, str]]:
    """The taxonomy's slugs with their names, by name."""
    pairs = [(label.slug, label.name) for label in taxonomy.labels().values()]
    return sorted(pairs, key=lambda pair: pair[1].casefold())


class PublicIdModel(models.Model):
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)

    class Meta:
        abstract = True
