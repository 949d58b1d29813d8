"""What other apps may want to know of cases; cases itself knows none of them."""

from django.dispatch import Signal

case_published = Signal()
"""A case is open for playing with images or a truth that were not published before.

Sent with `case`, before the transaction commits; it may come more than once for the same truth.
"""
