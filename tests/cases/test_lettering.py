"""Letters in pixels are found, and what a person blacks out is gone for good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from cases import blackouts
from cases.blackouts import ChangedMeanwhile, black_out
from cases.imaging import Source, htj2k, text_doubt
from cases.imaging.lettering import text_boxes
from cases.imaging.render import pixels_of
from cases.importers import child
from cases.importers.base import ImportedCase, ImportedImage
from cases.models import BlackOut, Case, Image, new_token
from cases.renditions import _joined, known_images, lettering_of
from cases.services import publish_case
from tests.cases import formats
from tests.cases.files import REAL_DATA, needs_real_data, write_dicom
from tests.cases.importing import run, table_row
from tests.cases.sources import padchest, sentence, simulated, simulated_case, study

DEMO = Path(__file__).parents[2] / "cases" / "demo" / "images"
NAME = "DOE^JANE 12.03.1961"


def film(seed=0):
    """A smooth film with noise and a bright wire, in 12 bits."""
    y, x = np.mgrid[0:700, 0:900] / 800
    values = 1800 + 900 * np.sin(5 * x) * np.cos(4 * y)
    values += np.random.default_rng(seed).normal(0, 40, values.shape)
    values[300:600, 450:454] = 4000
    return np.clip(values, 0, 4095).astype(np.uint16)


def lettered(values, text=NAME, at=(40, 30), size=24, gray=4095):
    """The film with a text burned in, and the box of it in pixels."""
    canvas = Picture.new("L", values.shape[::-1])
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size)
    pen.text(at, text, fill=255, font=font)
    mask = np.asarray(canvas) > 127
    return np.where(mask, gray, values).astype(values.dtype), pen.textbbox(at, text, font=font)


@pytest.mark.pure
@pytest.mark.parametrize("size", [14, 24, 48])
@pytest.mark.parametrize("gray", [0, 4095])
@pytest.mark.parametrize("text", [NAME, "Patient: Smith", "2025-03-10 14:22"])
def test_a_line_of_letters_is_boxed(size, gray, text):
    values, box = lettered(film(), text, size=size, gray=gray)
    rows, columns = values.shape
    found = text_boxes(values)
    assert found
    x0, y0 = min(one[0] for one in found) * columns, min(one[1] for one in found) * rows
    x1, y1 = max(one[2] for one in found) * columns, max(one[3] for one in found) * rows
    assert x0 <= box[0] + size
    assert x1 >= box[2] - size
    assert y0 <= box[1] + 3
    assert y1 >= box[3] - 3


@pytest.mark.pure
@pytest.mark.parametrize("gray", [0, 4095])
def test_letters_are_found_wherever_the_numbers_of_a_film_begin(gray):
    values, _ = lettered(film(), gray=gray)
    assert text_boxes(values + np.uint16(40_000)) == text_boxes(values) != []


@pytest.mark.pure
def test_a_film_without_letters_and_a_single_one_for_the_side_have_none():
    assert text_boxes(film()) == []
    assert text_boxes(lettered(film(), "L", size=48)[0]) == []
    assert text_boxes(np.zeros((50, 50), np.uint8)) == []


@pytest.mark.pure
@needs_real_data
def test_real_films_raise_no_false_alarm():
    for path in sorted((REAL_DATA / "images").iterdir()):
        dicom = path.suffix == ".dcm"
        values = pydicom.dcmread(path).pixel_array if dicom else np.asarray(Picture.open(path))
        assert text_boxes(values if values.ndim == 2 else values[..., 0]) == [], path.name


@pytest.mark.django_db
def test_a_film_with_letters_waits_until_a_person_has_looked(tmp_path, settings):
    values, _ = lettered(film())
    write_dicom(tmp_path / "a.dcm", values, BurnedInAnnotation="NO")
    (tmp_path / "facts.csv").write_text("File,Findings\na.dcm,normal\n")
    output = run("dicom", tmp_path)
    case = Case.objects.get()
    assert (case.status, table_row(output, "held for review")) == ("review", 1)
    assert "Letters seem to be burned into its pixels" in str(case.review_reasons)
    assert table_row(run("dicom", tmp_path), "unchanged") == 1
    case.refresh_from_db()
    assert case.status == "review", "the same file says the same again"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["siim", "padchest-gr", "simulated"])
def test_a_file_that_says_it_has_text_burned_in_waits_whatever_the_format(tmp_path, name):
    made = {
        "padchest-gr": lambda folder: padchest(folder, study(sentence())),
        "simulated": lambda folder: simulated(folder, simulated_case()),
    }
    (made | formats.MADE)[name](tmp_path)
    for path in tmp_path.rglob("*.png"):
        write_dicom(path, film(), BurnedInAnnotation="YES")
    run(name, tmp_path)
    assert Case.objects.exists()
    for case in Case.objects.all():
        assert case.status == "review" and "Letters seem" in str(case.review_reasons)
    Image.objects.update(doubt=None)  # of a library from before it was looked at
    run(name, tmp_path)
    assert "Letters seem" in Image.objects.first().doubt


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["coco", "cvat", "label-studio"])
def test_letters_are_looked_for_in_films_that_annotation_tools_name(tmp_path, name):
    formats.MADE[name](tmp_path)
    for path in tmp_path.rglob("*.png"):
        Picture.fromarray((lettered(film())[0] >> 4).astype(np.uint8)).save(path)
    run(name, tmp_path)
    [case] = Case.objects.all()
    assert case.status == "review" and "Letters seem" in str(case.review_reasons)


@pytest.mark.django_db
def test_a_film_without_letters_is_published(tmp_path):
    write_dicom(tmp_path / "a.dcm", film(), BurnedInAnnotation="NO")
    (tmp_path / "facts.csv").write_text("File,Findings\na.dcm,normal\n")
    run("dicom", tmp_path)
    assert Case.objects.get().status == "published"


def shown(image):
    return pixels_of(default_storage.open(image.frame_path(0)).read())


@pytest.mark.django_db
def test_what_is_blacked_out_is_gone_for_good_and_no_import_brings_it_back(
    tmp_path, curator, settings
):
    values, box = lettered(film())
    write_dicom(tmp_path / "a.dcm", values, BurnedInAnnotation="NO")
    (tmp_path / "facts.csv").write_text("File,Findings\na.dcm,normal\n")
    run("dicom", tmp_path)
    image = Case.objects.get().images.get()
    before, old = shown(image), image.frame_path(0)
    assert before[box[1] : box[3], box[0] : box[2]].max() == 4095
    boxes = lettering_of(image)
    image = black_out(image=image, boxes=boxes, by=curator)
    after = shown(image)
    assert after[box[1] : box[3], box[0] : box[2]].max() < 4095
    assert (after[400:] == before[400:]).all()
    assert lettering_of(image) == []
    assert old != image.frame_path(0)
    publish_case(case=image.case)
    for options in ({}, {"force": True}, {"force": True, "overwrite_corrections": True}):
        run("dicom", tmp_path, **options)
        image.refresh_from_db()
        assert (shown(image) == after).all(), options
    assert Case.objects.get().images.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_files_of_before_go_with_the_commit(tmp_path, curator, settings):
    write_dicom(tmp_path / "a.dcm", lettered(film())[0])
    run("dicom", tmp_path)
    image = Case.objects.get().images.get()
    old = [image.frame_path(0), image.thumbnail.name]
    image = black_out(image=image, boxes=[(0, 0, 0.5, 0.2)], by=curator)
    assert not any(default_storage.exists(name) for name in old)
    assert default_storage.exists(image.thumbnail.name)
    assert image.case.edited_by == curator


def while_encoding(monkeypatch, happens):
    """Have something happen once, when the first frame is encoded for a black-out."""
    encode, left = htj2k.encode, [happens]

    def encoded(pixels):
        if left:
            left.pop()()
        return encode(pixels)

    monkeypatch.setattr(blackouts.htj2k, "encode", encoded)


@pytest.mark.django_db(transaction=True)
def test_frames_are_encoded_and_searched_for_letters_outside_of_any_transaction(
    tmp_path, curator, monkeypatch
):
    write_dicom(tmp_path / "a.dcm", lettered(film())[0])
    run("dicom", tmp_path)
    image = Case.objects.get().images.get()
    boxes, held, search = lettering_of(image), [], blackouts.text_boxes

    def searched(pixels):
        held.append(connection.in_atomic_block)
        return search(pixels)

    while_encoding(monkeypatch, lambda: held.append(connection.in_atomic_block))
    monkeypatch.setattr(blackouts, "text_boxes", searched)
    black_out(image=image, boxes=boxes, by=curator)
    assert held == [False, False]


@pytest.mark.django_db(transaction=True)
def test_two_curators_at_once_both_have_their_box_taken_out(tmp_path, curator, monkeypatch):
    write_dicom(tmp_path / "a.dcm", film())
    run("dicom", tmp_path)
    image = Case.objects.get().images.get()
    lower, upper = (0, 0.8, 1, 1), (0, 0, 1, 0.2)
    while_encoding(monkeypatch, lambda: black_out(image=image, boxes=[lower], by=curator))
    black_out(image=image, boxes=[upper], by=curator)
    image.refresh_from_db()
    pixels = shown(image)
    assert not pixels[:140].any()
    assert not pixels[560:].any()
    assert pixels[200:500].any()
    assert BlackOut.objects.get().boxes == [[*lower], [*upper]]
    folder = Path(default_storage.path(image.frame_path(0))).parent
    assert len(list(folder.iterdir())) == 2, "what the first try wrote is gone"


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_that_comes_in_meanwhile_loses_the_box_too(tmp_path, curator, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dataset.json").write_text(f'{{"slug": "{name}"}}')
    write_dicom(tmp_path / "one" / "a.dcm", film())
    (tmp_path / "other" / "a.dcm").write_bytes((tmp_path / "one" / "a.dcm").read_bytes())
    run("dicom", tmp_path / "one")
    while_encoding(monkeypatch, lambda: run("dicom", tmp_path / "other"))
    image = Case.objects.get().images.get()
    black_out(image=image, boxes=[(0, 0, 1, 0.2)], by=curator)
    assert Case.objects.count() == 2
    for case in Case.objects.all():
        assert not shown(case.images.get())[:140].any()


@pytest.mark.django_db(transaction=True)
def test_an_image_that_changes_all_the_time_is_left_alone_with_a_sentence(
    tmp_path, curator, client_of, monkeypatch
):
    write_dicom(tmp_path / "a.dcm", film())
    run("dicom", tmp_path)
    case = Case.objects.get()
    image = case.images.get()
    encode = htj2k.encode

    def encoded(pixels):
        Image.objects.filter(pk=image.pk).update(token=new_token())
        return encode(pixels)

    monkeypatch.setattr(blackouts.htj2k, "encode", encoded)
    with pytest.raises(ChangedMeanwhile):
        black_out(image=image, boxes=[(0, 0, 1, 0.2)], by=curator)
    body = {"image": image.public_id, "boxes": [[0, 0, 1, 0.2]]}
    url = f"/cases/{case.public_id}/black-out"
    answer = client_of(curator).post(url, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (422, str(ChangedMeanwhile()))
    assert not BlackOut.objects.exists()
    assert shown(image)[:140].any()


@pytest.mark.django_db
@pytest.mark.parametrize("boxes", [[], [(0.5, 0, 0.2, 1)], [(0, 0, 2, 2)]])
def test_a_box_that_cannot_be_changes_nothing(tmp_path, curator, boxes):
    write_dicom(tmp_path / "a.dcm", film())
    run("dicom", tmp_path)
    image = Case.objects.get().images.get()
    with pytest.raises(ValueError, match=r"box|reversed|outside"):
        black_out(image=image, boxes=boxes, by=curator)
    assert image.token == Case.objects.get().images.get().token


def two_films(folder, **elements):
    """A study of one film with letters; where its letters lie."""
    values, box = lettered(film())
    study = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", **elements}
    write_dicom(folder / "a.dcm", values, InstanceNumber=2, ViewPosition="PA", **study)
    return study, box


@pytest.mark.django_db
def test_a_film_that_moves_to_another_place_stays_black_and_the_new_one_is_left_alone(
    tmp_path, curator
):
    study, box = two_films(tmp_path)
    run("dicom", tmp_path)
    case = Case.objects.get()
    black_out(image=case.images.get(), boxes=lettering_of(case.images.get()), by=curator)
    other = film()[::-1].copy()
    write_dicom(tmp_path / "0.dcm", other, InstanceNumber=1, ViewPosition="PA", **study)
    run("dicom", tmp_path, overwrite_corrections=True)
    first, moved = case.images.order_by("position")
    inside = np.s_[box[1] : box[3], box[0] : box[2]]
    assert shown(moved)[inside].max() < 4095
    assert moved.recipe == "blacked out"
    assert (shown(first)[inside] > 0).any()
    run("dicom", tmp_path, force=True, overwrite_corrections=True)
    assert shown(case.images.get(position=1))[inside].max() < 4095


@pytest.mark.django_db
def test_the_same_picture_in_another_case_loses_it_too(tmp_path, curator):
    for name, prior in (("one", "1.2.3"), ("other", "1.2.4")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dataset.json").write_text(f'{{"slug": "{name}"}}')
        two_films(tmp_path / name, SOPInstanceUID="1.2.9", StudyInstanceUID=prior)
        if name == "other":  # the very same bytes
            (tmp_path / name / "a.dcm").write_bytes((tmp_path / "one" / "a.dcm").read_bytes())
        run("dicom", tmp_path / name)
    one, other = Case.objects.order_by("pk")
    box = lettering_of(one.images.get())
    black_out(image=one.images.get(), boxes=box, by=curator)
    for case in (one, other):
        assert lettering_of(case.images.get()) == []
        case.refresh_from_db()
        assert "Letters seem" not in str(case.review_reasons)
        assert case.changes.filter(why__startswith="Blacked out").count() == 1


@pytest.mark.django_db
def test_files_that_did_not_change_are_not_decoded_to_look_for_letters(
    tmp_path, curator, monkeypatch
):
    two_films(tmp_path)
    run("dicom", tmp_path)
    [known] = known_images(Case.objects.get().dataset, imported_of(Case.objects.get()))
    assert "Letters seem" in known.doubt
    monkeypatch.setattr(child, "text_doubt", lambda source: pytest.fail("it was decoded"))
    source = Source((tmp_path / "a.dcm",), look_for_text=True)
    assert child.prepare_or_keep(source, known).doubt == known.doubt


@pytest.mark.pure
@pytest.mark.parametrize("looked_for", [True, False])
def test_letters_are_looked_for_where_it_is_asked(tmp_path, looked_for):
    values, _ = lettered(film())
    source = Source((write_dicom(tmp_path / "a.dcm", values),), look_for_text=looked_for)
    assert bool(text_doubt(source)) is looked_for


@pytest.mark.pure
def test_places_that_overlap_are_one():
    chain = [(0.3, 0, 0.5, 0.1), (0.1, 0, 0.2, 0.1), (0.15, 0.05, 0.35, 0.1)]
    assert _joined([*chain, (0.8, 0.8, 0.9, 0.9)]) == [(0.1, 0, 0.5, 0.1), (0.8, 0.8, 0.9, 0.9)]
    assert _joined([]) == []


def imported_of(case):
    image = ImportedImage("a", Source(()))
    return ImportedCase(case.source_key, (image,))


@pytest.mark.django_db
def test_a_curator_blacks_out_at_the_desk_and_nobody_else(tmp_path, curator, client_of, trainee):
    two_films(tmp_path)
    run("dicom", tmp_path)
    case = Case.objects.get()
    desk = client_of(curator)
    found = desk.get(f"/cases/{case.public_id}/lettering").json()["boxes"]
    assert found
    body = {"image": found[0]["image"], "boxes": [one["box"] for one in found]}
    url = f"/cases/{case.public_id}/black-out"
    assert client_of(trainee).post(url, body, content_type="application/json").status_code == 403
    for wrong in ({}, {"image": "x"}, {**body, "boxes": [[0, 0]]}, {**body, "boxes": [None]}):
        answer = desk.post(url, wrong, content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["error"].endswith(".")
    assert desk.post(url, body, content_type="application/json").status_code == 200
    assert desk.get(f"/cases/{case.public_id}/lettering").json() == {"boxes": []}
