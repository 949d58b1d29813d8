"""The writing game: what is taken, how it is scored, and what the feedback says."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from attempts import services, tasks
from attempts.models import Attempt, Outcome
from report.models import Contest, Macro
from report.review import segments
from tests import factories

REFERENCE = "Small right pleural effusion. The heart is enlarged. No pneumothorax."


@pytest.fixture
def case(db):
    case = factories.CaseFactory(status="published", indication="Shortness of breath.")
    image = factories.ImageFactory(case=case, view="PA")
    effusion = factories.FindingFactory(case=case, label="pleural_effusion", side="right")
    factories.RegionFactory(finding=effusion, image=image)
    factories.ReportFactory(case=case, findings=REFERENCE)
    return case


@pytest.fixture
def attempt(trainee, case):
    return services.open_attempt(
        user=trainee, case=case, kind="report", mode="practice", rule="rules"
    )


@pytest.fixture
def client(attempt, client_of):
    return client_of(attempt.user)


def url(attempt, name):
    return f"/report/attempts/{attempt.public_id}/{name}"


def save(client, attempt, text, version=0, **fields):
    body = {"version": version, "text": text, **fields}
    return client.put(url(attempt, "draft"), json.dumps(body), content_type="application/json")


def written(attempt, text, **fields):
    """The attempt submitted with this text and scored."""
    answer = {"text": text, **fields}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def feedback(client, attempt, text, **fields):
    written(attempt, text, **fields)
    assert attempt.state == "scored", attempt.problem
    return client.get(url(attempt, "result")).content.decode()


def words_of(page):
    """The page's words, without tags and runs of blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_it_works(client, attempt):
    page = feedback(client, attempt, "Small right pleural effusion. Cardiomegaly.")
    assert attempt.results.get().score == 100
    assert "Nothing of the reference was missed." in page


def test_a_missed_finding_and_a_wrong_side_are_told_and_highlighted(client, attempt):
    page = feedback(client, attempt, "Small left pleural effusion.")
    words = words_of(page)
    assert "It is on the right, not on the left." in words
    assert "Not in your report: cardiomegaly" in words
    assert re.search(r'<mark class="said said-attribute"[^>]*>pleural effusion</mark>', page)
    assert re.search(r'<mark class="said said-missing"[^>]*>[^<]*enlarged[^<]*</mark>', page)
    outcomes = Outcome.objects.filter(about="truth").values_list("label", "outcome")
    assert set(outcomes) == {("pleural_effusion", "misdescribed"), ("cardiomegaly", "missed")}


def test_an_invented_finding_costs_and_is_told(client, attempt):
    text = "Small right pleural effusion. Cardiomegaly. Large left pneumothorax."
    page = feedback(client, attempt, text)
    assert attempt.results.get().score < 100
    assert "The reference has no left pneumothorax" in words_of(page)


def test_a_report_that_contradicts_itself_is_told_so(client, attempt):
    text = "Small right pleural effusion. Cardiomegaly. There is no cardiomegaly."
    words = words_of(feedback(client, attempt, text))
    assert "Contradicted" in words
    assert "Your report contradicts itself" in words
    assert attempt.results.get().score < 100


def test_a_habit_to_change_is_not_ticked_like_a_region_that_was_covered(client, attempt):
    words = words_of(feedback(client, attempt, "the heart and lungs are normal without a mark"))
    assert "✗ no sentences" in words
    assert "✓ the lungs" in words


def test_a_word_that_was_not_understood_is_shown_softly(client, attempt):
    words = words_of(feedback(client, attempt, "Small right pleural effusion. CM."))
    assert "“CM” was not understood: write cardiomegaly or centimeters out" in words


def test_a_list_of_possibilities_is_explained(client, attempt):
    text = "Right effusion or pneumothorax or nodule. The heart is enlarged."
    words = words_of(feedback(client, attempt, text))
    assert "Yours leaves open whether it is" in words
    assert "each earns only its share" in words


@pytest.mark.parametrize("text", ["Lungs purple. Pleura banana.", "Blah blah.", "See above."])
def test_a_text_that_is_no_report_earns_nothing_and_is_told_why(client, attempt, text):
    words = words_of(feedback(client, attempt, text))
    assert attempt.results.get().score == 0
    assert "nothing in the text counts: 0" in words


def test_the_score_is_shown_with_its_arithmetic_and_engine(client, attempt):
    words = words_of(feedback(client, attempt, "Small right pleural effusion."))
    assert re.search(r"CRIMSON 0\.50: \(0\.50 credit − 0 false\) / 1 to find = 0\.50", words)
    assert "Rules engine" in words


def test_a_missed_finding_has_its_box_of_its_side_on_the_image(client, attempt, case):
    other = factories.FindingFactory(case=case, label="pleural_effusion", side="left")
    factories.RegionFactory(finding=other, image=case.images.get(), x0=0.1, x1=0.2)
    page = feedback(client, attempt, "Cardiomegaly.")
    boxes = json.loads(re.search(r'id="review-boxes"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert [box["kind"] for box in boxes] == ["missing"]
    assert boxes[0]["text"] == "right pleural effusion"
    assert boxes[0]["label"] == "Pleural effusion"  # as the CT behind a film names its findings
    assert boxes[0]["box"] == [0.6, 0.2, 0.7, 0.3]


def test_a_missed_device_is_shown_with_its_tip_and_the_way_to_it(client, attempt, case):
    way = [[0.6, 0.0], [0.65, 0.25]]
    case.findings.get(label="pleural_effusion").regions.update(shape="point", points=way)
    page = feedback(client, attempt, "Cardiomegaly.")
    (place,) = json.loads(re.search(r'id="review-boxes"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert (place["point"], place["path"]) == ([0.65, 0.25], way)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("", "The report is empty."),
        ("   \n ", "The report is empty."),
        ("Effusion", "The report is very short."),
        (REFERENCE, "The report is the reference, word for word."),
        ("😀 😀 😀", "The report is empty."),
    ],
)
def test_an_odd_text_is_scored_with_a_clear_remark(client, attempt, text, remark):
    assert remark in words_of(feedback(client, attempt, text))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> Small right pleural effusion.",
        "Small right pleural effusion.\x00\x07\x1b[31m",
        "<b>Cardiomegaly</b> & more \ud800",
        "Effusion. " * 1999,
    ],
)
def test_text_of_any_kind_is_scored_and_shown_as_text(client, attempt, text):
    page = feedback(client, attempt, text)
    assert "<script>alert" not in page
    assert "<b>Cardiomegaly" not in page


def test_a_very_long_report_is_kept_and_a_longer_one_refused_in_words(client, attempt):
    assert save(client, attempt, "The lungs are clear. " * 950).status_code == 200
    response = save(client, attempt, "x" * 20_001, version=1)
    assert response.status_code == 422
    assert "20,001 characters; at most 20,000" in response.json()["error"]
    attempt.refresh_from_db()
    assert attempt.answer["text"].startswith("The lungs are clear.")


@pytest.mark.parametrize("fields", [{"text": 7}, {"text": "x", "language": "tlh"}])
def test_what_is_no_answer_is_refused_in_words(client, attempt, fields):
    text = fields.pop("text")
    response = save(client, attempt, text, **fields)
    assert response.status_code == 422
    assert response.json()["error"].endswith(".")


def test_the_draft_says_which_regions_it_covers(client, attempt):
    regions = save(client, attempt, "The lungs are clear.").json()["regions"]
    covered = {region["what"]: region["covered"] for region in regions}
    assert covered["lungs"]
    assert not covered["pleura"]


def test_a_case_without_a_reference_cannot_be_written_about(client_of, trainee):
    case = factories.CaseFactory(status="published")
    response = client_of(trainee).get(f"/report/cases/{case.public_id}/")
    assert response.status_code == 404
    assert "cannot be played in Report" in response.content.decode()


def test_a_spanish_reference_is_played_in_spanish(client, attempt, case):
    factories.ReportFactory(
        case=case, language="es", findings="Cardiomegalia. Sin derrame pleural."
    )
    page = client.get(f"/report/cases/{case.public_id}/").content.decode()
    assert "Español" in page
    feedback(client, attempt, "Cardiomegalia.", language="es")
    assert attempt.results.get().score == 100


def test_the_page_holds_no_word_of_the_reference(client, attempt, case):
    page = client.get(f"/report/cases/{case.public_id}/").content.decode()
    for secret in ("right pleural effusion", "heart is enlarged", case.source_key):
        assert secret not in page


def test_a_draft_comes_back(client, attempt, case):
    save(client, attempt, "Half a sentence about <the> heart")
    page = client.get(f"/report/cases/{case.public_id}/").content.decode()
    assert "Half a sentence about &lt;the&gt; heart" in page


def test_the_page_costs_few_queries(client, attempt, case, django_assert_max_num_queries):
    with django_assert_max_num_queries(15):
        assert client.get(f"/report/cases/{case.public_id}/").status_code == 200


def test_a_reference_changed_later_does_not_change_what_was_scored(client, attempt, case):
    feedback(client, attempt, "Cardiomegaly.")
    case.reports.update(findings="The lungs are clear.")
    page = client.get(url(attempt, "")).content.decode()
    assert "Small right" in page


def test_scoring_twice_leaves_one_result(attempt):
    written(attempt, "Cardiomegaly.")
    Attempt.objects.update(state="submitted")
    tasks.score_attempt(attempt.pk)
    assert attempt.results.count() == 1


def test_a_note_is_contested_once_with_both_texts(client, attempt):
    feedback(client, attempt, "Cardiomegaly.")
    form = {"note": "n1", "why": "It says so in the impression."}
    assert client.post(url(attempt, "contest"), form).status_code == 200
    client.post(url(attempt, "contest"), {**form, "why": "Second thought."})
    kept = Contest.objects.get()
    assert kept.why == "Second thought."
    assert kept.learner_text == "Cardiomegaly."
    assert kept.reference_text == REFERENCE
    assert "You contested this." in client.get(url(attempt, "result")).content.decode()


@pytest.mark.parametrize("form", [{"note": "n1", "why": " "}, {"note": "n99", "why": "x"}])
def test_an_empty_or_misplaced_contest_is_told(client, attempt, form):
    feedback(client, attempt, "Cardiomegaly.")
    response = client.post(url(attempt, "contest"), form)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Contest.objects.exists()


def test_contested_notes_are_listed_for_curators(client, attempt, client_of, curator):
    feedback(client, attempt, "Cardiomegaly.")
    client.post(url(attempt, "contest"), {"note": "n1", "why": "Look again, please."})
    curator.is_staff = True
    curator.save()
    page = client_of(curator).get("/admin/report/contest/").content.decode()
    assert "Look again, please." in page


def macro(client, method="post", **fields):
    send = getattr(client, method)
    return send("/report/macros/", json.dumps(fields), content_type="application/json")


def test_macros_are_kept_changed_and_deleted(client):
    macro(client, name="normal", text="The lungs are clear.")
    response = macro(client, name="normal", text="Both lungs are clear.")
    assert response.json() == {"macros": [{"name": "normal", "text": "Both lungs are clear."}]}
    assert macro(client, "delete", name="normal").json() == {"macros": []}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "text": "x"},
        {"name": "two words", "text": "x"},
        {"name": "n" * 41, "text": "x"},
        {"name": "long", "text": "x" * 2001},
    ],
)
def test_a_bad_macro_is_refused_in_words(client, fields):
    response = macro(client, **fields)
    assert response.status_code == 422
    assert response.json()["error"].endswith(".")
    assert not Macro.objects.exists()


def test_macros_of_others_are_neither_seen_nor_changed(client, client_of, instructor):
    macro(client, name="normal", text="Mine.")
    other = client_of(instructor)
    assert other.get("/report/macros/").json() == {"macros": []}
    macro(other, "delete", name="normal")
    assert Macro.objects.get().text == "Mine."


def test_segments_lose_no_letter_and_the_graver_kind_wins():
    text = "Small effusion on the left."
    spans = [(0, 14, "n0", "matched"), (6, 27, "n1", "attribute"), (100, 120, "n2", "false")]
    found = segments(text, spans)
    assert "".join(part.text for part in found) == text
    assert [(part.text, part.notes, part.kind) for part in found] == [
        ("Small ", "n0", "matched"),
        ("effusion", "n0 n1", "attribute"),
        (" on the left.", "n1", "attribute"),
    ]
    assert segments("", []) == []


@pytest.mark.parametrize(
    ("findings", "text", "said"),
    [
        ("Small left pleural effusion.", "Large left pleural effusion.", "stands above"),
        ("Small left pleural effusion.", "Cardiomegaly.", "Nothing was matched."),
        ("The lungs are clear.", "The lungs are clear.", "There was nothing to match."),
    ],
)
def test_where_no_match_is_listed_the_page_says_why(client, attempt, case, findings, text, said):
    case.reports.update(findings=findings)
    assert said in feedback(client, attempt, text)
