"""What attempts tell other apps; nobody here knows who listens."""

from django.dispatch import Signal

attempt_scored = Signal()
"""A result was stored for the first time, of any round. Sent inside the transaction that stores
it, with `result`."""
