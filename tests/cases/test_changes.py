"""The desk's log of all cases."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import services
from tests import factories

pytestmark = pytest.mark.django_db


def shown(client, **narrowed):
    return client.get(reverse("cases:changes"), narrowed).content.decode()


def test_what_was_done_is_told_with_who_and_why(client_of, curator):
    desk = client_of(curator)
    assert "Nothing of this kind" in shown(desk)
    one, other = factories.CaseFactory(source_key="one"), factories.CaseFactory(source_key="other")
    services.set_status(case=one, status="retired", by=curator, why="Not a chest")
    services.set_status(case=other, status="retired", why="Gone <b>at its source</b>")
    page = shown(desk)
    assert "Not a chest" in page and "Gone &lt;b&gt;at its source" in page
    assert page.index(">other</a>") < page.index(">one</a>")
    assert "Not a chest" not in shown(desk, by="-")
    assert "at its source" not in shown(desk, by=curator.username)
    assert "Not a chest" in shown(desk, what="status", dataset=one.dataset.slug)
    assert "Nothing of this kind" in shown(desk, what="truth")
    assert "Nothing of this kind" in shown(desk, by="\0nobody", page="x")


def test_a_long_log_has_pages_at_the_same_number_of_queries(
    client_of, curator, django_assert_num_queries
):
    desk = client_of(curator)
    case = factories.CaseFactory()
    for status in ("draft", "review") * 2:
        services.set_status(case=case, status=status, by=curator)
    shown(desk)
    with CaptureQueriesContext(connection) as few:
        shown(desk)
    for status in ("draft", "review") * 30:
        services.set_status(case=case, status=status, by=curator)
    with django_assert_num_queries(len(few)):
        assert "Page 1 of 2" in shown(desk)
