"""What accounts tell other apps; nobody here knows who listens."""

from django.dispatch import Signal

erasing = Signal()
"""An account is about to be deleted with all that hangs on it: what names the person and does not
hang on it is to go too. Sent inside the transaction, with `user`; an error undoes all of it."""
