"""Every way to log in, in a game that has all of them: by school, by code, by letter."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import Browser, Page, expect

from tests.accounts import provider as providers
from tests.accounts.test_addresses import mail_server  # noqa: F401  (a fixture)
from tests.browser.accessibility import grave_problems
from tests.browser.conftest import opened
from tests.game import Game, migrated, started

pytestmark = pytest.mark.browser

ANNA = {"sub": "1", "preferred_username": "anna", "email": "anna@a.example", "email_verified": True}
NEW = "quite-another-one-7"


@pytest.fixture(scope="module")
def school() -> Iterator[providers.Provider]:
    with providers.running() as provider:
        provider.claims = dict(ANNA)
        yield provider


@pytest.fixture(scope="module")
def game(school, mail_server, tmp_path_factory) -> Iterator[Game]:  # noqa: F811
    with started(
        "--no-demo",
        data_dir=migrated(tmp_path_factory.mktemp("accounts")),
        OIDC_ISSUER=school.address,
        OIDC_CLIENT_ID=providers.CLIENT,
        OIDC_CLIENT_SECRET=providers.SECRET,
        OIDC_NAME="Example School",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(mail_server[1]),
        EMAIL_ENCRYPTION="none",
        SIGNUP_OPEN="true",
    ) as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with opened(chromium) as page:
        page.set_default_timeout(30_000)
        yield page


def give_password(game: Game, page: Page, name: str, password: str = "") -> None:
    page.goto(f"{game.address}/account/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password or game.passwords[name])
    page.click("button.primary")


def test_a_first_visit_by_the_schools_log_in(game, chromium):
    """In a context of its own: the page leaves the game's server for the provider's."""
    context = chromium.new_context()
    page = context.new_page()
    try:
        page.goto(f"{game.address}/account/login/?next=/progress/")
        expect(page.get_by_role("link", name="Have a link sent")).to_be_visible()
        expect(page.get_by_role("link", name="Make an account")).to_be_visible()
        assert grave_problems(page) == []
        page.get_by_role("link", name="Log in with Example School").click()
        page.wait_for_url("**/progress/")
        expect(page.locator(".account")).to_contain_text("anna")
    finally:
        context.close()


def test_a_school_that_is_down_is_told_of(game, page, school):
    school.fails = True
    try:
        page.goto(f"{game.address}/account/login/")
        page.get_by_role("link", name="Log in with Example School").click()
        expect(page.locator("main")).to_contain_text("Example School does not answer")
        assert grave_problems(page) == []
    finally:
        school.fails = False
        page.complaints.clear()  # the browser reports the 503


def test_the_second_step_is_turned_on_and_asked_for(game, page):
    give_password(game, page, "instructor")
    page.goto(f"{game.address}/account/second-step/")
    expect(page.locator("svg.qr")).to_be_visible()
    assert grave_problems(page) == []
    secret = page.locator("code").inner_text().replace(" ", "")
    step = int(time.time()) // 30
    page.fill("[name=code]", totp.format_hotp_value(totp.hotp_value(secret, step)))
    page.fill("[name=password]", game.passwords["instructor"])
    page.click("button.primary")
    expect(page.locator("li code")).to_have_count(10)
    assert grave_problems(page) == []
    recovery = page.locator("li code").first.inner_text()
    page.goto(f"{game.address}/account/second-step/")
    assert grave_problems(page) == []
    page.get_by_role("button", name="Log out").click()
    give_password(game, page, "instructor")
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    assert grave_problems(page) == []
    page.fill("[name=code]", "000000")
    page.keyboard.press("Enter")
    expect(page.locator("[role=alert]")).to_contain_text("wrong or was used already")
    assert grave_problems(page) == []
    page.fill("[name=code]", recovery)
    page.keyboard.press("Enter")
    page.wait_for_url("**/classes/")


def test_an_account_proves_its_address_and_helps_itself_by_letters(game, page, mail_server):  # noqa: F811
    letters = mail_server[0].letters
    letters.clear()
    page.goto(f"{game.address}/account/sign-up/")
    assert grave_problems(page) == []
    for name, value in (("username", "newcomer"), ("email", "new@example.org")):
        page.fill(f"[name={name}]", value)
    for name in ("password1", "password2"):
        page.fill(f"[name={name}]", "quite-a-long-one-9")
    page.click("button.primary")
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    page.goto(game.address + path_of(letters[0]))
    assert grave_problems(page) == []
    page.click("button.primary")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_role("link", name="Have a link sent").click()
    assert grave_problems(page) == []
    page.fill("[name=email]", "new@example.org")
    page.click("button.primary")
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    page.goto(game.address + path_of(letters[1]))
    assert grave_problems(page) == []
    page.fill("[name=new_password1]", NEW)
    page.fill("[name=new_password2]", NEW)
    page.click("button.primary")
    expect(page.get_by_role("heading", name="Your new password is set")).to_be_visible()
    give_password(game, page, "newcomer", NEW)
    page.wait_for_url("**/home/")


def path_of(letter) -> str:
    return re.search(r"http://[^/]+(/\S+)", letter.get_payload(decode=True).decode())[1]
