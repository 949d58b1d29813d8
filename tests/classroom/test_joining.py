"""Classes: made, joined by link, code, address and hand, left, seen by whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from classroom import seen, services
from classroom.inviting import invite_addresses, read_list
from classroom.models import Cohort, Invitation, Membership, WorkView
from classroom.problems import Refused
from classroom.tasks import send_invitations
from radgame import rates
from tests import factories

JOINS = {"agrees": "on", "consent": "", "training": "pgy2"}
PASSWORD = "a long test password"


@pytest.fixture
def cohort(instructor):
    return services.create_cohort(instructor, name="Chest")


@pytest.fixture
def link(cohort):
    return cohort.invitations.get()


def address(invitation):
    return f"/classes/join/{invitation.code}/"


def test_an_instructor_makes_a_class_and_gets_a_link(client_of, instructor):
    form = {"name": "Chest", "time_zone": "Europe/Berlin", "consent": ""}
    answer = client_of(instructor).post("/classes/new/", form, follow=True)
    made = Cohort.objects.get()
    assert list(made.instructors.all()) == [instructor]
    page = answer.content.decode()
    assert made.invitations.get().code in page
    assert "<svg" in page


def test_a_time_zone_that_there_is_not_is_refused(client_of, instructor):
    form = {"name": "Chest", "time_zone": "Europe/Atlantis"}
    page = client_of(instructor).post("/classes/new/", form).content.decode()
    assert 'id="id_time_zone_error"' in page
    assert not Cohort.objects.exists()


def test_a_learner_joins_by_the_link_and_says_their_training(client_of, trainee, cohort, link):
    client = client_of(trainee)
    assert "Join Chest" in client.get(address(link)).content.decode()
    assert client.post(address(link), JOINS).status_code == 302
    membership = cohort.memberships.get()
    assert (membership.user, membership.training) == (trainee, "pgy2")
    link.refresh_from_db()
    assert link.used == 1


def test_who_has_no_account_makes_one_while_joining(client, cohort, link):
    form = {
        **JOINS,
        "new-username": "newcomer",
        "new-password1": PASSWORD,
        "new-password2": PASSWORD,
    }
    answer = client.post(address(link), form, follow=True)
    assert "You are in the class “Chest” now." in answer.content.decode()
    made = User.objects.get(username="newcomer")
    assert made.role == "trainee" and not made.is_guest
    assert cohort.learners.get() == made


def test_no_account_is_made_where_joining_fails(client, cohort, link):
    Cohort.objects.update(consent="Read this.")
    form = {
        **JOINS,
        "new-username": "newcomer",
        "new-password1": PASSWORD,
        "new-password2": PASSWORD,
    }
    client.post(address(link), form)
    assert not User.objects.filter(username="newcomer").exists()


def test_the_text_that_was_agreed_to_is_kept(client_of, trainee, cohort, link):
    Cohort.objects.update(consent="We look at your reports\ntogether.")
    page = client_of(trainee).get(address(link)).content.decode()
    assert "We look at your reports" in page
    refused = client_of(trainee).post(address(link), {**JOINS, "consent": "Nothing."}, follow=True)
    assert "was changed. Please read it again." in refused.content.decode()
    read = {**JOINS, "consent": "We look at your reports\r\ntogether."}
    client_of(trainee).post(address(link), read)
    membership = cohort.memberships.get()
    assert membership.consent == "We look at your reports\ntogether."
    assert membership.consented_at


def test_nobody_joins_without_agreeing(client_of, trainee, cohort, link):
    page = client_of(trainee).post(address(link), {"training": ""}).content.decode()
    assert "agree to the text above" in page
    assert not cohort.memberships.exists()


def test_joining_twice_is_joining_once(client_of, trainee, cohort, link):
    client = client_of(trainee)
    for _ in range(2):
        client.post(address(link), JOINS)
    page = client.get(address(link), follow=True).content.decode()
    assert "You are in the class “Chest” already." in page
    assert cohort.memberships.count() == 1
    link.refresh_from_db()
    assert link.used == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"expires_at": timezone.now() - timedelta(days=1)}, "has expired"),
        ({"revoked_at": timezone.now()}, "was taken back"),
        ({"places": 1, "used": 1}, "All places"),
        ({"is_personal": True, "used": 1}, "was used already"),
    ],
)
def test_an_invitation_that_is_over_says_why(client_of, trainee, cohort, link, changes, sentence):
    Invitation.objects.update(**changes)
    for answer in (client_of(trainee).get(address(link)), client_of(trainee).post(address(link))):
        assert answer.status_code == 410
        assert sentence in answer.content.decode()
    assert not cohort.memberships.exists()


def test_a_code_is_read_however_it_is_typed(client_of, trainee, link):
    typed = f" {link.code.upper().replace('-', ' ')} "
    answer = client_of(trainee).post("/classes/join/", {"code": typed})
    assert answer.headers["Location"] == address(link)


def test_guessing_codes_is_slowed_down_before_a_right_one_is_found(client_of, trainee, link):
    client = client_of(trainee)
    for _ in range(20):
        assert client.get("/classes/join/abcd-abcd/").status_code == 404
    assert client.get(address(link)).status_code == 429
    assert client.post("/classes/join/", {"code": link.code}).status_code == 429
    rates._limiter().storage.reset()
    assert client.get(address(link)).status_code == 200


def test_a_list_of_addresses_names_its_bad_and_double_lines(cohort, instructor):
    lines = ["name;e-mail", "A;one@example.org", "B;nobody", "", "C;ONE@example.org"]
    text = "\n".join([*lines, "D;two@@example.org", "E;three@example.org"])
    came = invite_addresses(cohort, instructor, text, "http://x/")
    assert [one.email for one in came.made] == ["one@example.org", "three@example.org"]
    assert came.problems == [
        "Line 3: “B” is no e-mail address.",
        "Line 5: “ONE@example.org” again, as in line 2.",
        "Line 6: “two@@example.org” is no e-mail address.",
    ]
    again = invite_addresses(cohort, instructor, "one@example.org", "http://x/")
    assert again.problems == ["Line 1: “one@example.org” has an invitation already."]


@pytest.mark.parametrize("text", ["", "\n\n", "e-mail"])
def test_a_list_without_an_address_is_refused(cohort, instructor, text):
    with pytest.raises(Refused, match="no address"):
        invite_addresses(cohort, instructor, text, "http://x/")


@pytest.mark.parametrize(
    "data", ["é@example.org".encode(code) for code in ("utf-8", "utf-8-sig", "utf-16", "latin-1")]
)
def test_a_list_is_read_as_any_program_saves_it(data):
    assert read_list(data) == "é@example.org"


def test_a_file_that_is_no_text_is_refused(client_of, instructor, cohort, tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(b"\x00\x01\x02")
    with file.open("rb") as stream:
        answer = client_of(instructor).post(
            f"/classes/{cohort.public_id}/invitations/",
            {"do": "addresses", "file": stream},
            follow=True,
        )
    assert "This file is no text" in answer.content.decode()


def test_letters_go_out_once_and_lead_to_the_class(cohort, instructor):
    made = invite_addresses(cohort, instructor, "one@example.org", "http://x/").made
    for _ in range(2):
        send_invitations([one.pk for one in made], "http://x/classes/join/")
    [letter] = mail.outbox
    assert f"http://x/classes/join/{made[0].code}/" in letter.body
    assert letter.to == ["one@example.org"]


def test_a_personal_code_lets_one_in(client_of, trainee, cohort, instructor):
    [code] = services.invite_persons(cohort, instructor, 1)
    client_of(trainee).post(address(code), JOINS)
    other = client_of(factories.UserFactory()).get(address(code))
    assert other.status_code == 410
    assert cohort.memberships.count() == 1


def test_the_sheet_has_each_unused_code(client_of, instructor, cohort):
    codes = services.invite_persons(cohort, instructor, 3)
    Invitation.objects.filter(pk=codes[0].pk).update(used=1)
    page = client_of(instructor).get(f"/classes/{cohort.public_id}/invitations/sheet/")
    words = page.content.decode()
    assert codes[0].code not in words
    assert all(code.code in words for code in codes[1:])
    assert words.count('class="qr"') == 2


def test_the_page_lists_codes_that_are_for_nobody_yet(client_of, instructor, cohort):
    url = f"/classes/{cohort.public_id}/invitations/"
    words = client_of(instructor).post(url, {"do": "codes", "count": "2"}, follow=True).content
    codes = cohort.invitations.filter(is_personal=True).values_list("code", flat=True)
    assert len(codes) == 2
    assert all(code in words.decode() for code in codes)
    assert words.decode().count("whoever has the code") == 2


def test_a_new_class_is_in_utc_until_somebody_chooses(client_of, instructor):
    page = client_of(instructor).get("/classes/new/").content.decode()
    assert '<option value="UTC" selected>' in page


def test_the_key_of_a_class_without_learners_was_not_taken(client_of, instructor):
    empty = factories.CohortFactory(instructors=[instructor], is_pseudonymous=True)
    page = client_of(instructor).get(f"/classes/{empty.public_id}/key/").content.decode()
    assert "nobody to name" in page
    assert "was taken" not in page


def test_who_has_an_account_is_asked_and_not_put_in(client_of, instructor, trainee, cohort):
    form = {"names": trainee.username}
    page = client_of(instructor).post(f"/classes/{cohort.public_id}/members/", form)
    assert "Asked to join" in page.content.decode()
    assert not cohort.memberships.exists()
    own = client_of(trainee)
    assert "You are invited to the class" in own.get("/home/").content.decode()
    asked = cohort.invitations.get(user=trainee)
    assert client_of(factories.UserFactory()).post(address(asked), JOINS).status_code == 302
    assert not cohort.memberships.exists(), "it is for nobody else"
    own.post(f"/classes/join/{asked.code}/decline/")
    assert "You are invited" not in own.get("/home/").content.decode()


def test_a_guest_who_is_invited_is_one_no_more(client_of, link):
    guest = factories.UserFactory(is_guest=True)
    client_of(guest).post(address(link), JOINS)
    guest.refresh_from_db()
    assert not guest.is_guest


def test_who_leaves_and_comes_back_has_the_same_code(client_of, trainee, cohort, link):
    client = client_of(trainee)
    client.post(address(link), JOINS)
    before = cohort.memberships.get()
    client.post(f"/classes/{cohort.public_id}/leave/")
    assert client.get(f"/classes/{cohort.public_id}/").status_code == 404
    client.post(address(link), JOINS)
    after = cohort.memberships.get()
    assert (after.pk, after.code, after.left_at) == (before.pk, before.code, None)
    assert after.joined_at > before.joined_at


def test_the_last_instructor_stays(client_of, instructor, cohort):
    other = factories.UserFactory(role="instructor")
    url = f"/classes/{cohort.public_id}/instructors/"
    client = client_of(instructor)
    page = client.post(url, {"name": instructor.username, "remove": "1"}, follow=True)
    assert "one instructor at least" in page.content.decode()
    client.post(url, {"name": other.username})
    assert client_of(other).get(f"/classes/{cohort.public_id}/").status_code == 200
    client.post(url, {"name": instructor.username, "remove": "1"})
    assert client.get(f"/classes/{cohort.public_id}/").status_code == 404


def test_an_instructor_who_is_one_no_more_teaches_nothing(client_of, instructor, cohort):
    User.objects.filter(pk=instructor.pk).update(role="trainee")
    assert client_of(instructor).get(f"/classes/{cohort.public_id}/").status_code == 404


def test_no_page_of_a_pseudonymous_class_names_a_learner(client_of, instructor, cohort):
    Cohort.objects.update(is_pseudonymous=True)
    learner = factories.UserFactory(username="realname", email="real@example.org")
    code = services.enroll(cohort, learner).code
    cohort.refresh_from_db()
    made = factories.AssignmentFactory(
        cohort=cohort, cases=[factories.ImageFactory().case], publish=True
    )
    client, base = client_of(instructor), f"/classes/{cohort.public_id}/"
    pages = [base, f"{base}members/{code}/", f"{base}members/{code}/password/"]
    pages += [f"{base}invitations/", f"/classes/work/{made.public_id}/"]
    pages += [f"/classes/work/{made.public_id}/time/{code}/"]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert "realname" not in answer.content.decode()
        assert "real@example.org" not in answer.content.decode()
    assert code in client.get(base).content.decode()


def test_the_key_is_given_out_once_and_the_learner_sees_by_whom(client_of, instructor, cohort):
    Cohort.objects.update(is_pseudonymous=True)
    learner = factories.UserFactory(username="realname")
    code = services.enroll(cohort, learner).code
    client, url = client_of(instructor), f"/classes/{cohort.public_id}/key/"
    first = client.post(url).content.decode()
    assert first.splitlines() == ["code,name,email", f"{code},realname,"]
    later = services.enroll(cohort, factories.UserFactory(username="late")).code
    assert client.post(url).content.decode().splitlines()[1:] == [f"{later},late,"]
    page = client_of(learner).get("/classes/seen/").content.decode()
    assert instructor.username in page and "Your name behind your code" in page


def test_names_are_not_shown_later_to_who_joined_under_codes(client_of, instructor, cohort):
    Cohort.objects.update(is_pseudonymous=True)
    services.enroll(cohort, factories.UserFactory())
    form = {"name": "Chest", "time_zone": "UTC", "consent": ""}
    page = client_of(instructor).post(f"/classes/{cohort.public_id}/settings/", form)
    assert "their names cannot be shown now" in page.content.decode()
    assert Cohort.objects.get().is_pseudonymous


def test_an_archived_class_lets_nobody_in_and_can_be_looked_at(client_of, instructor, cohort, link):
    client, url = client_of(instructor), f"/classes/{cohort.public_id}/"
    client.post(f"{url}archive/")
    assert client.get(url).status_code == 200
    assert client_of(factories.UserFactory()).get(address(link)).status_code == 410
    client.post(f"{url}archive/")
    assert client_of(factories.UserFactory()).get(address(link)).status_code == 200


def test_looks_within_half_an_hour_are_one(instructor, trainee, cohort):
    for _ in range(3):
        seen.note_view(instructor, trainee, WorkView.What.FIGURES, cohort=cohort)
    seen.note_view(trainee, trainee, WorkView.What.FIGURES, cohort=cohort)
    assert seen.views_of(trainee).count() == 1
    WorkView.objects.update(viewed_at=timezone.now() - timedelta(hours=1))
    seen.note_view(instructor, trainee, WorkView.What.FIGURES, cohort=cohort)
    assert seen.views_of(trainee).count() == 2
    instructor.delete()
    assert {view.viewer_name for view in seen.views_of(trainee)} == {instructor.username}


def test_the_page_of_a_class_costs_the_same_for_many(
    client_of, instructor, cohort, django_assert_num_queries
):
    services.enroll(cohort, factories.UserFactory())
    client, url = client_of(instructor), f"/classes/{cohort.public_id}/"
    with django_assert_num_queries(8):
        client.get(url)
    for _ in range(20):
        services.enroll(cohort, factories.UserFactory())
    with django_assert_num_queries(8):
        assert client.get(url).content.decode().count('<td class="long"><a') == 21
    assert Membership.objects.count() == 21


def test_a_cell_longer_than_any_address_costs_its_line_alone(cohort, instructor):
    lines = [f"one@example.org,{'a' * 200_000}", "two@example.org"]
    came = invite_addresses(cohort, instructor, "\n".join(lines), "http://x/")
    assert [one.email for one in came.made] == ["two@example.org"]
    assert len(came.problems) == 1 and came.problems[0].endswith("is no e-mail address.")


def test_an_address_whose_invitation_is_over_is_invited_anew(cohort, instructor, trainee):
    def invite(address: str = "One@example.org") -> list[str]:
        return invite_addresses(cohort, instructor, address, "http://x/").problems

    assert invite() == []
    Invitation.objects.filter(is_personal=True).update(expires_at=timezone.now())
    assert invite("one@example.org") == []
    [now] = cohort.invitations.filter(is_personal=True, revoked_at=None)
    member = services.join(trainee, now)
    assert invite() == ["Line 1: “One@example.org” has an invitation already."]
    services.leave(member)
    assert invite() == []


@pytest.mark.parametrize("name", ["+cmd", "-1", "@SUM"])
def test_no_name_in_the_key_is_a_formula(client_of, instructor, cohort, name):
    Cohort.objects.update(is_pseudonymous=True)
    code = services.enroll(cohort, factories.UserFactory(username=name)).code
    key = client_of(instructor).post(f"/classes/{cohort.public_id}/key/").content.decode()
    assert key.splitlines()[1] == f"{code},'{name},"
