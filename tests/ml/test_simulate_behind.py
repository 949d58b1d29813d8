"""What lies behind a simulated film: outlines with names, and the film without parts of it."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from ml.simulate import behind, contours, detector, layers, organs, run, store, vessels
from ml.simulate import document as documents
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import Sitting, generate, seen_vessels
from ml.simulate.plans import Plan
from ml.simulate.projector import Block
from ml.simulate.run import Job
from ml.simulate.standing import view_of
from tests.ml import phantom

pytestmark = [pytest.mark.pure, pytest.mark.usefixtures("few_tries")]
SIZE = 300
FINDINGS = documents.Wanted("findings", ct=True)


@cache
def made(*names):
    """The same film for all tests that ask for it: each takes a second, and none may change it."""
    case = generate(phantom.anatomy(), "one", Plan(names), 3, size=SIZE)
    for picture in case.pictures:
        picture.values.flags.writeable = False
    return case


def drawn(rings, shape):
    """The pixels within outlines of a document."""
    picture = Image.new("L", shape[::-1])
    for ring in rings:
        points = np.array(ring).reshape(-1, 2) / contours.UNIT * np.array(shape[::-1])
        ImageDraw.Draw(picture).polygon([tuple(p) for p in points.tolist()], fill=1)
    return np.asarray(picture) > 0


def test_an_outline_holds_what_its_organ_shadows():
    view = made().sitting.view
    document = contours.anatomy_of(phantom.anatomy(), view)
    by_name = {one["name"]: one for one in document["structures"]}
    found = drawn(by_name["heart"]["rings"], view.shape)
    (heart,) = [one for one in contours.structures(phantom.anatomy()) if one.name == "heart"]
    shadow = view.shadow(heart.block)
    assert (found & shadow).sum() / (found | shadow).sum() > 0.93


def test_ribs_have_numbers_sides_and_two_parts_that_lie_apart():
    names = {one.name: one for one in contours.structures(phantom.anatomy())}
    before, back = (names[f"5th rib {part}, left"] for part in ("anterior", "posterior"))
    assert before.depth_mm < back.depth_mm
    assert not any(name.startswith("13th") for name in names)
    assert {one.group for one in names.values()} <= set(contours.GROUPS)


def test_fissures_are_lines_where_lobes_meet():
    document = contours.anatomy_of(phantom.anatomy(), made().sitting.view)
    by_name = {one["name"]: one for one in document["structures"]}
    line = np.array(by_name["horizontal fissure"]["line"]).reshape(-1, 2)
    assert (line[0] == line[-1]).all()
    upper, middle = (
        np.array(by_name[f"right {lobe} lobe"]["rings"][0]).reshape(-1, 2)[:, 1]
        for lobe in ("upper", "middle")
    )
    assert middle.min() - 100 < line[:, 1].mean() < upper.max() + 100
    # The phantom's left lobes lie one above the other.
    assert "left oblique fissure" in by_name


def test_what_is_measured_may_be_off_a_little_when_a_film_is_made_anew(tmp_path):
    case = made("mass")
    said = json.loads(json.dumps(store.entry_of(case)))
    said["findings"][0]["measured"]["detectability"] *= 1.01
    behind.check(case, said)
    said["findings"][0]["measured"]["detectability"] *= 1.1
    with pytest.raises(behind.Unlike, match="other findings"):
        behind.check(case, said)


def test_the_patients_right_is_on_the_pictures_left():
    document = contours.anatomy_of(phantom.anatomy(), made().sitting.view)
    by_name = {one["name"]: one for one in document["structures"]}
    right, left = (np.mean(by_name[f"{s} upper lobe"]["rings"][0][::2]) for s in ("right", "left"))
    assert right < left


def test_crumbs_beside_a_structure_are_left_out():
    whole, crumb = [0, 0, 100, 0, 100, 100, 0, 100], [200, 0, 210, 0, 210, 10, 200, 10]
    half = [200, 0, 250, 0, 250, 100, 200, 100]
    assert contours.without_crumbs([whole, crumb, half]) == [whole, half]


def test_a_simplified_line_stays_near_the_line():
    angle = np.linspace(0, np.pi, 200)
    line = np.stack([50 * np.sin(angle), 50 * np.cos(angle)], axis=1)
    few = contours.simplified(line, 0.5)
    assert len(few) < 30
    radius = np.hypot(*((few[1:] + few[:-1]) / 2).T)
    assert (np.abs(radius - 50) < 0.6).all()


def added_of(layer, shape):
    """What a layer's file adds to the stored values, on the film's own grid."""
    with Image.open(io.BytesIO(layer.encoded())) as picture:
        grays = np.asarray(picture.convert("L")).astype(np.float32)
    rows, columns = shape
    box = layer.box * np.array([columns, rows, columns, rows])
    left, top, right, bottom = np.round(box).astype(int)
    values = Image.fromarray((grays - layers.ZERO) * np.float32(layer.scale))
    out = np.zeros(shape, np.float32)
    out[top:bottom, left:right] = values.resize((right - left, bottom - top), Image.BILINEAR)
    return out


def test_film_and_layer_are_the_film_without_the_finding_within_its_noise():
    case = made("mass")
    sitting = case.sitting
    (layer,) = layers.layers_of(phantom.anatomy(), sitting, ("mass",), peeled=False)
    healthy = Sitting(sitting.view, sitting.healthy, (), (), sitting.exposure)
    whole, without = (quiet(one, case.pictures[0].values.shape) for one in (sitting, healthy))
    added = added_of(layer, whole.shape)
    changed = np.abs(without - whole) > 0.25 * np.abs(without - whole).max()
    left = np.abs(whole + added - without)[changed].mean()
    assert left < 0.2 * np.abs(without - whole)[changed].mean()
    noise = case.pictures[0].values - whole
    assert left < 3 * np.std(noise - ndimage.gaussian_filter(noise, 2))


def quiet(sitting, shape, fine=0):
    """The film of a sitting, without noise and with `fine` alone of what is drawn at full
    resolution.
    """
    total = sitting.healthy + sum((p.added for parts in sitting.shown for p in parts), 0)
    exposure = replace(sitting.exposure, photons=1e12, electronics=0.0)
    large = detector.enlarged(np.clip(total, 0, None), shape) + np.float32(1) * fine
    values = detector.radiograph(large, exposure, np.random.default_rng(1))
    return values.astype(np.float32)


def test_with_less_without_vanishes_outside_the_finding():
    sitting = made("mass").sitting
    (layer,) = layers.layers_of(phantom.anatomy(), sitting, ("mass",), peeled=False)
    added = added_of(layer, sitting.view.shape)
    mask = np.any([part.mask for part in sitting.shown[0]], axis=0)
    far = ndimage.distance_transform_edt(~mask) > layers.REACH + 4 * layers.SOFT
    assert np.abs(added[mask]).mean() > 20 * np.abs(added[far]).mean()
    assert added[mask].mean() < 0  # without it the lung is darker


def test_the_integrals_of_the_layers_add_up_to_those_of_the_film():
    anatomy = phantom.anatomy()
    sitting = made("mass").sitting
    bones = layers._bones(anatomy, sitting)
    heart = layers._heart(anatomy, sitting.view)
    mass = sum(part.added for part in sitting.shown[0])
    rest = sitting.healthy - bones - heart
    assert rest.min() > -0.05  # nothing is taken off that is not there
    assert rest + bones + heart + mass == pytest.approx(sitting.healthy + mass, abs=1e-4)
    shadow = sitting.view.shadow(
        next(one.block for one in contours.structures(anatomy) if one.name == "heart")
    )
    assert heart[shadow].mean() > 10 * heart[~ndimage.binary_dilation(shadow, iterations=6)].mean()


def test_peeled_there_are_bones_heart_and_both():
    found = layers.layers_of(phantom.anatomy(), made("mass").sitting, ("mass",))
    assert [one.kind for one in found] == ["finding", "bones", "heart", "markings", "bare"]
    assert (found[0].label, found[1].label) == ("nodule_mass", "")
    bones, bare = (added_of(found[n], (SIZE, SIZE)) for n in (1, 4))
    assert bones.mean() < 0
    assert bare.mean() < bones.mean()


@pytest.mark.parametrize("name", ["osteopenia", "fracture", "bone-lesion"])
def test_what_is_of_bone_comes_off_with_the_bones(name):
    anatomy, sitting = phantom.anatomy(), made(name).sitting
    added = sum(part.added for parts in sitting.shown for part in parts)
    without = sitting.healthy + added - layers._bones(anatomy, sitting)
    healthy = replace(sitting, placed=(), shown=())
    assert np.abs(added).max() > 0.02
    assert np.allclose(without, sitting.healthy - layers._bones(anatomy, healthy), atol=1e-4)


def test_film_and_markings_are_the_film_without_the_lungs_vessels_within_its_noise():
    anatomy, case = phantom.anatomy(), made("mass")
    sitting, shape = case.sitting, case.pictures[0].values.shape
    found = layers.layers_of(anatomy, sitting, ("mass",))
    added = added_of(next(one for one in found if one.kind == "markings"), shape)
    fine = replace(sitting.view, shape=shape)
    grown = seen_vessels(vessels.shadow(anatomy, fine), sitting.placed, sitting.shown)
    whole, without = quiet(sitting, shape, grown), quiet(sitting, shape)
    changed = np.abs(without - whole) > 0.25 * np.abs(without - whole).max()
    left = np.abs(whole + added - without)[changed].mean()
    assert left < 0.35 * np.abs(without - whole)[changed].mean()
    noise = case.pictures[0].values - whole
    assert left < 3 * np.std(noise - ndimage.gaussian_filter(noise, 2))


def test_markings_are_what_is_dense_within_a_lung_and_not_its_border_or_grain():
    anatomy = phantom.anatomy()
    hu = anatomy.base.hu.copy()
    lung = anatomy.base.lung("left")
    down, back, left = (int(one) for one in ndimage.center_of_mass(lung))
    hu[down - 10 : down + 10, back - 2 : back + 2, left - 2 : left + 2] = 30  # a vessel
    found = layers._lung_markings(Anatomy(replace(anatomy.base, hu=hu)))
    start = tuple(int(mm) for mm in found.corner)
    assert found.values[down - start[0], back - start[1], left - start[2]] > 0.85
    assert found.values.sum() == pytest.approx(20 * 16 * (1.03 - layers.AIRY), rel=0.05)


def test_where_a_finding_took_the_lungs_place_no_markings_are_taken_off():
    values = np.ones((6, 6, 6), np.float32)
    share = np.zeros((2, 2, 2), np.float32)
    share[0] = 1
    layers._clear(values, (10.0, 0.0, 0.0), Block((12.0, -2.0, 4.0), share, 2.0))
    assert values.sum() == 6**3 - 2 * 2 * 2
    assert not values[2:4, 0:2, 4:6].any()


def test_several_devices_come_off_one_by_one_and_together():
    names = ("tracheal-tube", "stomach-tube")
    case = made(*names)
    found = layers.layers_of(phantom.anatomy(), case.sitting, names)
    by_kind = {one.kind: one for one in found if one.kind != "finding"}
    single = [added_of(one, (SIZE, SIZE)) for one in found if one.kind == "finding"]
    together = added_of(by_kind["devices"], (SIZE, SIZE))
    assert len(single) == 2
    strong = np.abs(together) > 0.3 * np.abs(together).max()
    assert np.corrcoef(together[strong], sum(single)[strong])[0, 1] > 0.9
    alone = layers.layers_of(phantom.anatomy(), made("mass").sitting, ("mass",))
    assert "devices" not in [one.kind for one in alone]


def test_what_lies_in_the_body_itself_cannot_be_taken_off():
    case = made("raised-left")
    found = layers.layers_of(phantom.anatomy(), case.sitting, ("raised-left",), peeled=False)
    assert found == []


def written(folder, *names):
    case = made(*names)
    store.write_case(folder, case, "recipe")
    return json.loads(json.dumps(store.entry_of(case)))


def test_made_anew_from_the_plan_it_lies_behind_the_film_that_is_there(tmp_path):
    entry = written(tmp_path, "mass")
    job = Job("one", Plan(("mass",)), 3, size=SIZE, gated=False)
    assert not behind.is_made(tmp_path, entry)
    behind.make(phantom.anatomy(), job, entry, tmp_path, FINDINGS)
    assert behind.is_made(tmp_path, entry, FINDINGS)
    document = documents.read(tmp_path, "one")
    assert [one["label"] for one in document["layers"]] == ["nodule_mass"]
    assert (tmp_path / "behind" / document["layers"][0]["file"]).is_file()
    volume = document["ct"]
    assert (volume["spots"][0]["label"], volume["file"]) == ("nodule_mass", "one-ct.webp")
    assert (tmp_path / "behind/one-ct.webp").is_file()
    first = documents.path_of(tmp_path, "one").read_bytes()
    behind.make(phantom.anatomy(), job, entry, tmp_path, FINDINGS)
    assert documents.path_of(tmp_path, "one").read_bytes() == first
    assert len(gzip.decompress(first)) < 200_000
    (tmp_path / entry["images"][0]["file"]).write_bytes(b"another film")
    assert not behind.is_made(tmp_path, entry)


@pytest.mark.parametrize("change", [{"age": 17}, {"measured": {"heart_ratio": 0.1}}])
def test_a_film_that_the_plan_does_not_give_gets_nothing(tmp_path, change):
    entry = written(tmp_path, "mass") | change
    job = Job("one", Plan(("mass",)), 3, size=SIZE, gated=False)
    with pytest.raises(behind.Unlike, match="one cannot be made anew"):
        behind.make(phantom.anatomy(), job, entry, tmp_path)
    assert documents.read(tmp_path, "one") == {}


def test_the_view_of_outlines_sees_what_the_film_sees():
    view = made().sitting.view
    small = view_of(phantom.anatomy(), view.body, view.kind, SIZE // 2)
    assert small.field == view.field


def test_every_named_organ_has_a_label():
    numbers = {*contours.VESSELS, *contours.BELLY}
    assert all(number in organs.NAMES for number in numbers)


def test_a_new_case_brings_what_lies_behind_its_film(tmp_path):
    job = Job("one", Plan(("mass",)), 3, size=SIZE, gated=False, behind=documents.Wanted("all"))
    assert run.make(phantom.anatomy(), job, tmp_path) == ()
    found = documents.read(tmp_path, "one")
    assert [one["kind"] for one in found["layers"]][:2] == ["finding", "bones"]
    assert documents.is_current(found, documents.film_mark(tmp_path, "images/one-0.jp2"))
    assert all((tmp_path / "behind" / one["file"]).is_file() for one in found["layers"])
    plain = replace(job, key="two", behind=None)
    assert run.make(phantom.anatomy(), plain, tmp_path) == ()
    assert documents.read(tmp_path, "two") == {}
    assert plain.recipe == job.recipe  # it is no other film


def test_where_the_disk_is_full_when_it_is_written_the_case_stands_without(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(documents, "_write_whole", full)
    job = Job("one", Plan(("mass",)), 3, size=SIZE, gated=False, behind=documents.Wanted("all"))
    assert run.make(phantom.anatomy(), job, tmp_path) == ()
    assert store.is_written(tmp_path, "one", job.recipe)
    assert documents.read(tmp_path, "one") == {}


def test_layers_that_a_document_lacks_are_added_to_those_that_it_names(tmp_path):
    entry = written(tmp_path, "mass")
    job = Job("one", Plan(("mass",)), 3, size=SIZE, gated=False)
    behind.make(phantom.anatomy(), job, entry, tmp_path, FINDINGS)
    first = documents.read(tmp_path, "one")["layers"]
    everything = documents.Wanted("all")
    assert not behind.is_made(tmp_path, entry, everything)
    behind.make(phantom.anatomy(), job, entry, tmp_path, everything)
    layers_now = documents.read(tmp_path, "one")["layers"]
    assert layers_now[:1] == first
    assert [one["kind"] for one in layers_now[1:]] == ["bones", "heart", "markings", "bare"]
    assert len({one["file"] for one in layers_now}) == 5
    assert behind.is_made(tmp_path, entry, everything)
