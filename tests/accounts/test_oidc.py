"""The log-in by a school's identity provider, against a real one on loopback."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken

from accounts import addresses, identities
from accounts.models import User
from accounts.oidc import Identity
from radgame import doctor, rates
from tests import factories
from tests.accounts import provider as providers

pytestmark = pytest.mark.django_db

ANNA = {
    "sub": "p-anna",
    "preferred_username": "anna.li",
    "email": "Anna.Li@school.example",
    "email_verified": True,
}


@pytest.fixture(scope="module")
def server():
    with providers.running() as provider:
        yield provider


@pytest.fixture
def school(server, settings):
    """A provider where Anna logs in, and the settings that name it."""
    address, key = server.address, server.key
    server.__init__(key=key, address=address, claims=dict(ANNA))
    app = {
        "provider_id": address,
        "name": "Example School",
        "client_id": providers.CLIENT,
        "secret": providers.SECRET,
        "settings": {"server_url": address, "scope": ["openid", "profile", "email"]},
    }
    settings.OIDC_ENABLED, settings.OIDC_ISSUER, settings.OIDC_NAME = True, address, app["name"]
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = providers.CLIENT, providers.SECRET
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
    }
    return server


def go_there(client, where="/account/school/"):
    """The address that the provider sends back to, without following it."""
    there = client.get(where)
    assert there.status_code == 302, there.content.decode()
    return httpx.get(there.headers["Location"]).headers["Location"]


def come_back(client, address):
    place = urlsplit(address)
    return client.get(f"{place.path}?{place.query}")


def log_in(client, where="/account/school/"):
    return come_back(client, go_there(client, where))


def refused(answer, sentence, status=403):
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert "_auth_user_id" not in answer.wsgi_request.session
    return True


def test_it_works(client, school, settings):
    page = client.get("/account/login/?next=/progress/").content.decode()
    assert "Log in with Example School" in page
    assert 'href="/account/school/?next=/progress/"' in page
    answer = log_in(client, "/account/school/?next=/progress/")
    assert answer.headers["Location"] == "/progress/"
    made = User.objects.get()
    assert (made.username, made.role, made.email) == (
        "anna.li",
        "trainee",
        "anna.li@school.example",
    )
    assert made.is_guest, "no list says who belongs here"
    assert not made.is_staff and not made.has_usable_password()
    assert addresses.is_proved(made)
    assert client.get("/home/").status_code == 200
    kept = SocialAccount.objects.get()
    assert (kept.provider, kept.uid, kept.extra_data) == (school.address, "p-anna", {"made": True})
    assert not SocialToken.objects.exists()


def test_what_is_asked_for_is_bound_to_this_log_in(client, school):
    log_in(client)
    [query] = school.asked
    assert query["redirect_uri"] == "http://testserver/account/school/back/"
    assert set(query["scope"].split()) == {"openid", "profile", "email"}
    assert len(query["nonce"]) >= 20 and len(query["state"]) >= 16


def test_who_comes_again_gets_the_same_account(client, school):
    log_in(client)
    client.post("/account/logout/")
    school.claims["preferred_username"] = "renamed"
    log_in(client)
    assert User.objects.get().username == "anna.li"


def test_next_leads_to_no_other_site(client, school):
    answer = log_in(client, "/account/school/?next=https://evil.example/")
    assert answer.headers["Location"] == "/"


def test_without_a_provider_there_is_no_button(client):
    assert "/account/school/" not in client.get("/account/login/").content.decode()


# What is not believed


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "of another log-in"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another application"},
        {"aud": [providers.CLIENT, "another"], "azp": "another"},
        {"exp": 1_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "s" * 192},
    ],
    ids=lambda wrong: "-".join(f"{name}={value}"[:30] for name, value in wrong.items()),
)
def test_a_token_with_a_wrong_claim_logs_nobody_in(client, school, wrong):
    school.token = wrong
    assert refused(log_in(client), "cannot be believed")
    assert not User.objects.exists()


def test_a_token_signed_by_another_key_logs_nobody_in(client, school):
    school.signs_with = providers.new_key()
    assert refused(log_in(client), "cannot be believed")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_no_key_of_the_provider_signed_logs_nobody_in(client, school, algorithm):
    school.algorithm, school.signs_with = algorithm, providers.SECRET * 2
    assert refused(log_in(client), "cannot be believed")


def test_a_provider_that_calls_itself_another_logs_nobody_in(client, school):
    school.calls_itself = "https://evil.example"
    assert refused(client.get("/account/school/"), "cannot be believed")


def test_a_code_without_its_verifier_is_worth_nothing(client, school):
    address = go_there(client)
    for query in school.codes.values():
        query["code_challenge"] = "of another log-in"
    assert refused(come_back(client, address), "cannot be believed")


def test_who_did_not_begin_does_not_come_in(client, school, client_of):
    address = go_there(client)
    other = client.__class__()
    assert refused(come_back(other, address), "begun in another window")


def test_the_same_return_works_once(client, school):
    address = go_there(client)
    assert come_back(client, address).status_code == 302
    client.post("/account/logout/")
    assert refused(come_back(client, address), "begun in another window")


def test_who_says_no_there_is_told_so(client, school):
    school.denies = True
    assert refused(log_in(client), "Example School did not log you in.")


def test_a_provider_that_is_down_is_told_of(client, school, settings):
    address = go_there(client)
    school.fails = True
    for answer in (client.get("/account/school/"), come_back(client, address)):
        assert refused(answer, "Example School does not answer at the moment", 503)
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["provider_id"] = app["settings"]["server_url"] = settings.OIDC_ISSUER
    assert refused(client.get("/account/school/"), "does not answer at the moment", 503)


def test_the_provider_is_not_asked_without_end(client, school, monkeypatch):
    monkeypatch.setitem(rates.OF_ADDRESS, "accounts:oidc", "2/minute")
    statuses = [client.get("/account/school/").status_code for _ in range(3)]
    assert statuses == [302, 302, 429]


# Whose account


def test_an_address_that_is_not_proved_there_counts_for_nothing(client, school, settings):
    local = factories.UserFactory(email=ANNA["email"].lower())
    addresses.give(local, local.email, is_proved=True)
    school.claims["email_verified"] = False
    log_in(client)
    made = User.objects.exclude(pk=local.pk).get()
    assert made.email == "" and SocialAccount.objects.get().user == made
    settings.OIDC_DOMAINS = ["school.example"]
    assert refused(log_in(client.__class__()), "gave no such address of yours")


def test_nobody_takes_over_an_account_by_its_address(client, school):
    """Not even where both sides proved it: its owner connects it."""
    local = factories.UserFactory(username="anna", role="instructor", email=ANNA["email"].lower())
    addresses.give(local, local.email, is_proved=True)
    assert refused(log_in(client), "Log in with its name and password, then connect it")
    assert User.objects.get() == local


def test_an_account_is_connected_by_its_owner_and_disconnected(client_of, school, client):
    local = factories.UserFactory(role="instructor")
    own = client_of(local)
    page = own.post("/account/school/connect/").content.decode()
    there = page.split('button primary" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = come_back(own, httpx.get(there).headers["Location"])
    assert answer.headers["Location"] == "/account/"
    log_in(client)
    assert client.get("/account/").wsgi_request.user == local
    local.refresh_from_db()
    assert local.role == "instructor", "the provider gives roles to accounts it made alone"
    assert "Disconnect from Example School" in client.get("/account/").content.decode()
    client.post("/account/school/disconnect/")
    assert not SocialAccount.objects.exists()


def test_no_other_account_can_be_connected_to_the_same_person(client, client_of, school):
    log_in(client)
    other = client_of(factories.UserFactory())
    page = other.post("/account/school/connect/").content.decode()
    there = page.split('button primary" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = come_back(other, httpx.get(there).headers["Location"])
    assert answer.status_code == 403
    assert "Another account here is connected" in answer.content.decode()


def test_a_connection_that_another_began_is_refused(client_of, school):
    """The way back of somebody else's form connects nothing to one's own account."""
    thief, victim = client_of(factories.UserFactory()), client_of(factories.UserFactory())
    page = thief.post("/account/school/connect/").content.decode()
    there = page.split('button primary" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = come_back(victim, httpx.get(there).headers["Location"])
    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()


def test_who_has_no_password_cannot_disconnect_and_erases_without_one(client, school):
    log_in(client)
    client.post("/account/school/disconnect/")
    assert SocialAccount.objects.exists()
    assert "Your password" not in client.get("/account/erase/").content.decode()
    client.post("/account/erase/", {"typed": "anna.li"})
    assert not User.objects.exists() and not SocialAccount.objects.exists()


def test_a_closed_account_stays_closed(client, school):
    log_in(client)
    User.objects.update(is_active=False)
    assert refused(log_in(client.__class__()), "Your account here is closed")


def test_a_name_that_is_taken_gets_a_number(client, school):
    factories.UserFactory(username="anna.li")
    log_in(client)
    made = SocialAccount.objects.get().user
    assert made.username != "anna.li" and made.username.startswith("anna.li")


def test_an_identity_of_another_issuer_is_somebody_else(client, school):
    log_in(client)
    other = Identity("https://other.example", "p-anna", "", "anna.li", None)
    assert identities.account_of(other) != User.objects.get(username="anna.li")


# Who belongs here, and as what


def test_a_list_of_domains_lets_in_its_members_alone(client, school, settings):
    settings.OIDC_DOMAINS = ["school.example"]
    log_in(client)
    assert not User.objects.get().is_guest
    school.claims.update(sub="p-2", email="anna@school.example.evil.example")
    sentence = "This server lets in people with an address at school.example only"
    assert refused(log_in(client.__class__()), sentence)
    assert User.objects.count() == 1


def test_groups_give_a_role_where_a_claim_is_named_and_no_other_right(client, school, settings):
    school.claims["groups"] = ["staff", "curators"]
    log_in(client)
    user = User.objects.get()
    assert user.role == "trainee", "nothing is given unless it is set"
    settings.OIDC_ROLE_CLAIM = "groups"
    settings.OIDC_INSTRUCTORS, settings.OIDC_CURATORS = ["teachers"], ["curators"]
    for groups, role in ((["curators"], "curator"), ("teachers", "instructor"), ([], "trainee")):
        school.claims["groups"] = groups
        log_in(client.__class__())
        user.refresh_from_db()
        assert user.role == role
        assert not user.is_staff and not user.is_superuser


def test_claims_are_fetched_where_the_token_has_none(client, school):
    school.only_userinfo = {name: school.claims.pop(name) for name in ("email", "email_verified")}
    log_in(client)
    assert User.objects.get().email == "anna.li@school.example"


# What the doctor says


def said_by_doctor():
    return [(one.is_well, f"{one.sentence} {one.advice}") for one in doctor._identity_provider()]


def test_the_doctor_says_that_it_answers(school):
    assert said_by_doctor() == [(True, f"{school.address} answers. ")]


def test_the_doctor_names_what_is_missing_of_half_a_provider(settings):
    assert said_by_doctor() == []
    settings.OIDC_ISSUER = "https://id.example"
    [(well, told)] = said_by_doctor()
    assert not well and "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET missing" in told


def test_the_doctor_tells_of_roles_by_half_and_of_a_provider_that_is_away(school, settings):
    settings.OIDC_ROLE_CLAIM = "groups"
    school.fails = True
    told = said_by_doctor()
    assert [well for well, _ in told] == [False, False]
    assert "OIDC_INSTRUCTORS" in told[0][1] and "does not answer" in told[1][1]
