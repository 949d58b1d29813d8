"""Pictures of a case on class pages: any film as a browser draws it, stacks slice by slice."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Picture

from cases.imaging import htj2k
from classroom.items import chosen_slices
from learning.models import CaseRecord
from tests import factories
from tests.classroom.keeping import kept

FRAMES = 20
RULE = "?rule=clinical"


@pytest.fixture
def stack(db):
    """Twenty slices of 16 bits, a nodule on the fifth."""
    gray = np.full((64, 64), 2000, np.uint16)
    image = factories.ImageFactory(
        view="CT",
        bits=16,
        max_value=4095,
        frames=FRAMES,
        window_center=2000,
        window_width=400,
        rendition=ContentFile(htj2k.encode(gray), f"0000{htj2k.SUFFIX}"),
    )
    for frame in range(1, FRAMES):
        default_storage.save(image.frame_path(frame), ContentFile(htj2k.encode(gray)))
    finding = factories.FindingFactory(case=image.case)
    factories.RegionFactory(finding=finding, image=image, frame=4)
    return image


def wrong(image, frame: int, x: float = 0.1) -> dict:
    place = {"image": image.public_id, "frame": frame, "box": [x, 0.1, x + 0.1, 0.2]}
    return {"id": f"m{frame}", "label": "nodule_mass", "outcome": "false", **place}


@pytest.fixture
def answered(stack, trainee, cohort):
    """One learner marked slices 10 and 11 at one place, and slice 18."""
    record: CaseRecord = kept(trainee, stack.case)
    marks = [wrong(stack, 9), wrong(stack, 10), wrong(stack, 17, x=0.7)]
    record.result.data = {"marks": marks, "truths": []}
    record.result.save()
    return stack


@pytest.fixture
def page(client_of, instructor, cohort, answered):
    """The words of a class page of the stack, at an address's query."""

    def fetch(name: str = "item", query: str = RULE) -> str:
        own = [cohort.public_id, answered.case.public_id]
        return (
            client_of(instructor)
            .get(reverse(f"classroom:{name}", args=own) + query)
            .content.decode()
        )

    return fetch


def shown_at(words: str) -> str:
    return re.search(r'<image href="([^"]+)"', words).group(1)


def test_a_film_of_16_bits_is_given_as_a_browser_draws_it(page, client_of, instructor):
    address = shown_at(page())
    answer = client_of(instructor).get(address)
    assert answer.headers["Content-Type"] == "image/webp"
    drawn = Picture.open(io.BytesIO(answer.content))
    assert drawn.size == (64, 64)
    assert abs(drawn.convert("L").getpixel((32, 32)) - 128) <= 2, "the middle of its window"


def test_the_slice_with_most_wrong_marks_near_is_shown_first(page):
    words = page()
    assert "Slice 10 of 20" in words
    assert words.count("places-heat") == 16, "both marks at one place, of a grid of 32"
    assert "2 at most" in words


@pytest.mark.parametrize(
    ("number", "heat", "truths"),
    [(12, True, 0), (13, True, 0), (14, False, 0), (5, False, 1), (18, True, 0)],
)
def test_of_a_chosen_slice_the_wrong_marks_near_it_are_shown(page, answered, number, heat, truths):
    words = page(query=f"{RULE}&slice={answered.public_id}.{number}")
    assert f"Slice {number} of {FRAMES}" in words
    assert ("places-heat" in words) == heat
    assert words.count("places-truth") == truths


def test_slices_with_wrong_marks_are_told_and_can_be_chosen(page, answered):
    words = page()
    for number in (10, 11, 18):
        assert f'value="{answered.public_id}.{number}"' in words
    assert '<input type="hidden" name="rule" value="clinical">' in words, "the filters stay"


@pytest.mark.parametrize(
    "key", ["x", "{}.0", "{}.21", "{}.-1", "{}.999999999999", "{}.²", ".", "{}."]
)
def test_a_slice_that_there_is_not_is_as_none_chosen(page, answered, key):
    assert "Slice 10 of 20" in page(query=f"{RULE}&slice={key.format(answered.public_id)}")


def test_the_projector_shows_a_stack_by_slices_and_its_truth_when_asked(page, answered):
    words = page("discuss")
    assert "Slice 10 of 20" in words and words.count("places-mark") == 2
    chosen = f"{RULE}&slice={answered.public_id}.5"
    assert "places-truth" not in page("discuss", chosen)
    words = page("discuss", f"{chosen}&truth")
    assert words.count("places-truth") == 1
    assert f"slice={answered.public_id}.5" in words, "hiding the truth keeps the slice"


def test_a_film_has_no_slices(client_of, instructor, cohort, trainee):
    film = factories.ImageFactory()
    kept(trainee, film.case)
    own = [cohort.public_id, film.case.public_id]
    words = client_of(instructor).get(reverse("classroom:item", args=own) + RULE).content.decode()
    assert "Slice " not in words
    assert client_of(instructor).get(shown_at(words)).status_code == 200


def test_slices_are_read_from_addresses():
    assert chosen_slices(["abc.3", "abc", "x.y", "d-e_f.12"]) == {"abc": 2, "d-e_f": 11}


def test_a_frame_that_there_is_not_is_a_404(stack, client_of, instructor):
    address = reverse("cases:shown", args=[stack.public_id, stack.token, FRAMES])
    assert client_of(instructor).get(address).status_code == 404
