"""Seeing through a simulated film: after the answer everything, before it no byte."""

from __future__ import annotations

import gzip
import json

import pytest
from django.core.files.base import ContentFile

from attempts import services
from attempts.series import start_series
from cases.models import Layer
from tests import factories
from tests.cases.test_behind import CT, HEART, SPOT, webp
from tests.learning.playing import answered
from tests.localize.test_feedback import play

pytestmark = pytest.mark.any_database


def add_layers(case):
    """Outlines and a picture without the nodule behind a case's image."""
    image = case.images.first()
    text = json.dumps({"version": 1, "unit": 10, "structures": [HEART]}).encode()
    described = {name: value for name, value in CT.items() if name != "file"}
    Layer.objects.create(
        **{"image": image, "position": 2, "kind": "ct", "details": described, "sha256": "2"},
        file=ContentFile(webp(90), "c.webp"),
    )
    Layer.objects.create(
        image=image, kind="anatomy", sha256="0", file=ContentFile(gzip.compress(text), "a.json.gz")
    )
    return Layer.objects.create(
        **{"image": image, "position": 1, "kind": "finding", "label": "nodule_mass"},
        **{"side": "left", "box": [0.1, 0.1, 0.2, 0.2], "scale": 2.0, "sha256": "1"},
        file=ContentFile(webp(), "b.webp"),
    )


@pytest.fixture
def layer(nodule_case):
    return add_layers(nodule_case)


@pytest.fixture
def client(client_of, trainee):
    return client_of(trainee)


def addresses(attempt, layer):
    here = f"/localize/attempts/{attempt.public_id}/behind"
    volume = layer.image.layers.get(kind="ct")
    return [here, f"{here}/{layer.public_id}", f"{here}/ct", f"{here}/{volume.public_id}"]


def test_it_works(client, trainee, nodule_case, layer):
    scored = play(trainee, nodule_case, [])
    told, picture, ct, volume = (client.get(address) for address in addresses(scored, layer))
    assert told.json()["structures"] == [HEART]
    assert told.json()["problem"] == ""
    (one,) = told.json()["layers"]
    assert one["name"] == "Without: Nodule / mass, left"
    assert one["url"] == addresses(scored, layer)[1]
    assert b"".join(picture) == webp()
    assert told.json()["ct"] == addresses(scored, layer)[2]
    assert ct.json()["url"] == addresses(scored, layer)[3]
    assert ct.json()["spots"] == [{**SPOT, "name": "Nodule / mass"}]
    assert ct.json()["beam"] == CT["beam"]
    assert b"".join(volume) == webp(90)
    answers = (told, picture, ct, volume)
    assert all("no-store" in answer.headers["Cache-Control"] for answer in answers)
    page = client.get(f"/localize/attempts/{scored.public_id}/").content.decode()
    assert "See through the film" in page


def test_a_report_is_followed_by_it_too_and_before_that_there_is_nothing(
    client, trainee, nodule_case, layer
):
    here = "/report/attempts/{}/behind"
    open_one = services.open_attempt(
        user=trainee, case=nodule_case, kind="report", mode="practice", rule="rules"
    )
    for name in ("", f"/{layer.public_id}", "/ct"):
        assert client.get(here.format(open_one.public_id) + name).status_code == 409
    page = client.get(f"/report/attempts/{open_one.public_id}/").content.decode()
    assert "See through" not in page and layer.public_id not in page
    scored = answered(open_one, text="Normal.", language="en")
    told = client.get(here.format(scored.public_id)).json()
    assert told["layers"][0]["url"].startswith(here.format(scored.public_id))
    assert b"".join(client.get(told["layers"][0]["url"])) == webp()
    assert "See through the film" in client.get(f"/report/attempts/{scored.public_id}/").text


def test_layers_are_listed_findings_first_then_what_is_peeled(client, trainee, nodule_case, layer):
    image = nodule_case.images.first()
    for position, kind in enumerate(("bare", "markings", "devices", "bones"), start=3):
        Layer.objects.create(
            **{"image": image, "position": position, "kind": kind, "box": [0, 0, 1, 1]},
            **{"scale": 1.0, "sha256": str(position)},
            file=ContentFile(webp(), "d.webp"),
        )
    scored = play(trainee, nodule_case, [])
    told = client.get(addresses(scored, layer)[0]).json()["layers"]
    kinds = [one["kind"] for one in told]
    assert kinds == ["finding", "devices", "bones", "markings", "bare"]
    assert told[3]["name"] == "Without the lungs' own vessels and airways"


def test_before_the_answer_there_is_nothing(client, trainee, nodule_case, layer):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    for address in addresses(attempt, layer):
        answer = client.get(address)
        assert answer.status_code == 409
        assert b"heart" not in answer.content and b"nodule" not in answer.content
    assert client.post(addresses(attempt, layer)[2]).status_code == 409
    page = client.get(f"/localize/attempts/{attempt.public_id}/").content.decode()
    assert "See through" not in page
    assert layer.public_id not in page


def test_in_a_test_not_before_all_of_it_is_told(client, trainee, nodule_case, layer):
    told = play(trainee, nodule_case, [])
    cases = [nodule_case, factories.ImageFactory().case]
    start_series(user=trainee, kind="localize", mode="test", cases=cases, rule="radgame")
    for address in addresses(told, layer):
        assert client.get(address).status_code == 409


def test_nobody_elses_attempt_and_no_other_cases_layer(
    client, client_of, instructor, trainee, nodule_case, layer
):
    scored = play(trainee, nodule_case, [])
    for address in addresses(scored, layer):
        assert client_of(instructor).get(address).status_code == 404
    other = add_layers(factories.ImageFactory().case)
    assert client.get(addresses(scored, other)[1]).status_code == 404
    outlines = nodule_case.images.first().layers.get(kind="anatomy")
    assert client.get(addresses(scored, outlines)[1]).status_code == 404
    for film in ("%00", "x%00", "..%2F", other.image.case.public_id, "9" * 5000):
        for address in addresses(scored, layer):
            assert client.get(f"{address}?film={film}").status_code == 404


def test_a_file_that_is_lost_costs_the_outlines_alone(client, trainee, nodule_case, layer):
    outlines = nodule_case.images.first().layers.get(kind="anatomy")
    outlines.file.storage.delete(outlines.file.name)
    scored = play(trainee, nodule_case, [])
    told = client.get(addresses(scored, layer)[0]).json()
    assert told["structures"] == []
    assert len(told["layers"]) == 1
    assert told["problem"].startswith("The outlines of this film are missing or damaged")


def test_a_real_film_has_no_such_control(client, trainee, nodule_case):
    scored = play(trainee, nodule_case, [])
    page = client.get(f"/localize/attempts/{scored.public_id}/").content.decode()
    assert "See through" not in page


def test_a_film_without_a_ct_that_cannot_get_one_says_so(client, trainee, nodule_case, layer):
    nodule_case.images.first().layers.get(kind="ct").delete()
    scored = play(trainee, nodule_case, [])
    here = f"/localize/attempts/{scored.public_id}/behind"
    assert client.get(here).json()["ct"] is None
    for answer in (client.get(f"{here}/ct"), client.post(f"{here}/ct")):
        assert answer.status_code == 404
        assert answer.json()["error"] == "There is no CT behind this film."


def test_a_ct_whose_file_is_lost_leaves_the_rest(client, trainee, nodule_case, layer):
    volume = nodule_case.images.first().layers.get(kind="ct")
    volume.file.storage.delete(volume.file.name)
    scored = play(trainee, nodule_case, [])
    here, picture, ct, lost = addresses(scored, layer)
    assert client.get(lost).status_code == 404
    assert all(client.get(address).status_code == 200 for address in (here, picture, ct))
