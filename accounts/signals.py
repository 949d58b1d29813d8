"""What accounts tell other apps; nobody here knows who listens."""

from django.dispatch import Signal

erasing = Signal()
"""An account is about to be deleted with all that hangs on it: what names the person and does not
hang on it is to go too. Sent inside the transaction, with `user`; an error undoes all of it."""

work_shown = Signal()
"""The administration showed people's work to somebody. Sent with `viewer`, `learners` (their keys)
and `attempt` (the only one shown, with its answer; None where it was a list, or no answer)."""
