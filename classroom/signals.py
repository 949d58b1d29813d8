"""What classes tell whoever listens."""

from __future__ import annotations

from django.dispatch import Signal

wrong_code = Signal()
"""A code was tried that no invitation has; `request` is by whom."""
