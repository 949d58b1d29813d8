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

from ml.simulate import behind, contours, detector, layers, organs, store
from ml.simulate.cases import Sitting, generate, view_of
from ml.simulate.plans import Plan
from ml.simulate.run import Job
from tests.ml import phantom

pytestmark = pytest.mark.pure
SIZE = 300
FINDINGS = behind.Wanted("findings", ct=True)


@pytest.fixture(autouse=True)
def few_tries(monkeypatch):
    monkeypatch.setattr("ml.simulate.cases.TRIES", 2)
    monkeypatch.setattr("ml.simulate.cases.PERSONS", 1)


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


def quiet(sitting, shape):
    """The film of a sitting, without noise and without what is drawn at full resolution."""
    total = sitting.healthy + sum((p.added for parts in sitting.shown for p in parts), 0)
    exposure = replace(sitting.exposure, photons=1e12, electronics=0.0)
    large = detector.enlarged(np.clip(total, 0, None), shape)
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
    bones = layers._bones(anatomy, sitting.view)
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
    assert [one.kind for one in found] == ["finding", "bones", "heart", "bare"]
    assert (found[0].label, found[1].label) == ("nodule_mass", "")
    bones, bare = (added_of(found[n], (SIZE, SIZE)) for n in (1, 3))
    assert bones.mean() < 0
    assert bare.mean() < bones.mean()


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
    document = behind.read(tmp_path, "one")
    assert [one["label"] for one in document["layers"]] == ["nodule_mass"]
    assert (tmp_path / "behind" / document["layers"][0]["file"]).is_file()
    volume = document["ct"]
    assert (volume["spots"][0]["label"], volume["file"]) == ("nodule_mass", "one-ct.webp")
    assert (tmp_path / "behind/one-ct.webp").is_file()
    first = behind.path_of(tmp_path, "one").read_bytes()
    behind.make(phantom.anatomy(), job, entry, tmp_path, FINDINGS)
    assert behind.path_of(tmp_path, "one").read_bytes() == first
    assert len(gzip.decompress(first)) < 200_000
    (tmp_path / entry["images"][0]["file"]).write_bytes(b"another film")
    assert not behind.is_made(tmp_path, entry)


@pytest.mark.parametrize("change", [{"age": 17}, {"measured": {"heart_ratio": 0.1}}])
def test_a_film_that_the_plan_does_not_give_gets_nothing(tmp_path, change):
    entry = written(tmp_path, "mass") | change
    job = Job("one", Plan(("mass",)), 3, size=SIZE, gated=False)
    with pytest.raises(behind.Unlike, match="one cannot be made anew"):
        behind.make(phantom.anatomy(), job, entry, tmp_path)
    assert behind.read(tmp_path, "one") == {}


def test_the_view_of_outlines_sees_what_the_film_sees():
    view = made().sitting.view
    small = view_of(phantom.anatomy(), view.body, view.kind, SIZE // 2)
    assert small.field == view.field


def test_every_named_organ_has_a_label():
    numbers = {*contours.VESSELS, *contours.BELLY}
    assert all(number in organs.NAMES for number in numbers)
