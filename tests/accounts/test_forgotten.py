"""A forgotten password: whom to ask, and by letter where the server sends mail."""

from __future__ import annotations

import re

import pytest

OLD, NEW = "a long test password", "quite-another-one-7"


@pytest.fixture
def by_mail(settings):
    settings.EMAIL_HOST = "mail.example.org"


@pytest.fixture
def addressed(trainee):
    trainee.email = "trainee@example.org"
    trainee.save()
    return trainee


def log_in(client, user, password):
    form = {"username": user.username, "password": password}
    return client.post("/account/login/", form).status_code


def ask(client, address):
    page = client.post("/account/forgotten/", {"email": address}, follow=True).content.decode()
    return page.split("<main")[1]


def link_in(letter):
    return re.search(r"http://testserver(\S+)", letter.body)[1]


def test_it_works(client, addressed, by_mail, mailoutbox):
    assert 'href="/account/forgotten/"' in client.get("/account/login/").content.decode()
    assert "a link to set a new password is on its way" in ask(client, addressed.email)
    [letter] = mailoutbox
    assert letter.to == [addressed.email] and addressed.username in letter.body
    form = {"new_password1": NEW, "new_password2": NEW}
    opened = client.get(link_in(letter), follow=True)
    page = client.post(opened.redirect_chain[-1][0], form, follow=True).content.decode()
    assert "Your new password is set" in page
    assert log_in(client, addressed, OLD) == 200
    assert log_in(client, addressed, NEW) == 302


def test_without_mail_the_log_in_page_says_whom_to_ask(client, db):
    page = client.get("/account/login/").content.decode()
    assert "Ask your instructor for a new one" in page
    assert "/account/forgotten/" not in page


def test_who_is_locked_out_is_told_as_well(client, trainee, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page = client.post("/account/login/", {"username": trainee.username, "password": "wrong"})
    assert "Ask your instructor for a new one" in page.content.decode()


def test_an_address_of_nobody_gets_the_same_answer_and_no_letter(
    client, addressed, by_mail, mailoutbox
):
    assert ask(client, "nobody@example.org") == ask(client, addressed.email)
    assert len(mailoutbox) == 1


def test_a_link_works_once(client, addressed, by_mail, mailoutbox):
    ask(client, addressed.email)
    link = link_in(mailoutbox[0])
    opened = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(opened, {"new_password1": NEW, "new_password2": NEW})
    page = client.get(link).content.decode()
    assert "This link does not work any more" in page and "new_password1" not in page


def test_a_letter_opens_what_wrong_passwords_had_locked(
    client, addressed, by_mail, mailoutbox, settings
):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, addressed, "wrong")
    ask(client, addressed.email)
    opened = client.get(link_in(mailoutbox[0]), follow=True).redirect_chain[-1][0]
    client.post(opened, {"new_password1": NEW, "new_password2": NEW})
    assert log_in(client, addressed, NEW) == 302


# The address


@pytest.fixture
def own(client_of, trainee, by_mail):
    return client_of(trainee)


def test_an_address_is_kept_for_who_gives_the_password(own, trainee):
    assert 'href="/account/address/"' in own.get("/account/").content.decode()
    form = {"email": "me@example.org", "password": OLD}
    page = own.post("/account/address/", form, follow=True).content.decode()
    assert "Your address is kept." in page
    trainee.refresh_from_db()
    assert trainee.email == "me@example.org"
    own.post("/account/address/", {"email": "", "password": OLD})
    trainee.refresh_from_db()
    assert trainee.email == ""


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"email": "me@example.org", "password": "wrong"}, "This is not your password."),
        ({"email": "me@example.org"}, "This field is required."),
        ({"email": "no address", "password": OLD}, "Enter a valid email address."),
    ],
)
def test_an_address_is_refused_in_words(own, trainee, form, sentence):
    page = own.post("/account/address/", form).content.decode()
    assert sentence in page
    trainee.refresh_from_db()
    assert trainee.email == ""


def test_without_mail_no_address_is_asked_for(client_of, trainee):
    client = client_of(trainee)
    assert "/account/address/" not in client.get("/account/").content.decode()
    assert client.get("/account/address/").status_code == 404
