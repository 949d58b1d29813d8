"""Packs: out of one library and into another, the same; and nothing else gets in that way."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from cases import signing
from cases.imaging.render import pixels_of
from cases.models import Case, Dataset, Layer
from cases.packing import IMAGE, MANIFEST, SIGNATURE, write_pack
from cases.services import publish_case, set_status
from cases.truth import said_by_library
from tests.cases.files import ramp, write_dicom, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import findings_with, simulated, simulated_case
from tests.cases.test_behind import CT, TAKEN_OFF
from tests.cases.test_behind import write as write_behind
from tests.cases.test_simulated import earlier, was

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "pack.schema.json").read_text())


def library(folder):
    """A film with every shape of truth, a stack out of order, a held case, a normal one, and one
    with what its prior film shows.
    """
    shapes = [
        {"image": 0, "box": [0.1, 0.1, 0.2, 0.2]},
        {"image": 0, "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]},
        {"image": 0, "point": [0.3, 0.4], "path": [[0.1, 0.1], [0.3, 0.4]]},
    ]
    for number, place in enumerate((20, 0, 10)):
        write_dicom(
            folder / f"s{number}.dcm",
            (ramp() // (number + 1)).astype(np.int16) - 1000,
            Modality="CT",
            RescaleIntercept=0,
            RescaleSlope=1,
            ImagePositionPatient=[0, 0, place],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
    stack = {"stack": {"frames": ["s0.dcm", "s1.dcm", "s2.dcm"]}, "view": "CT"}
    on_a_slice = [{"image": 0, "frame": 2, "box": [0.1, 0.1, 0.2, 0.2]}]
    source = simulated(
        folder,
        simulated_case(findings=findings_with(regions=shapes)),
        simulated_case(key="ct", images=[stack], findings=findings_with(regions=on_a_slice)),
        simulated_case(key="held", findings=findings_with(label="Unicorn")),
        simulated_case(key="normal", findings=[], age=93, report=None),
        simulated_case(key="over-time", **earlier(was(side="left", sentence="Haze."))),
    )
    output = run("simulated", source)
    assert (table_row(output, "new"), table_row(output, "held for review")) == (5, 1), output
    Case.objects.filter(source_key="ct").update(split="held_out", explanation="Look at the apex.")
    return Dataset.objects.get()


def described(case):
    """All that a case holds, without what an installation makes by chance."""
    images = [
        {name: getattr(image, name) for name in (*IMAGE, "source_name", "bits", "width", "height")}
        for image in case.images.all()
    ]
    fields = (
        "status",
        "split",
        "explanation",
        "knows_findings",
        "has_truth_boxes",
        "review_reasons",
        "unmapped",
        "before",
    )
    return said_by_library(case), {name: getattr(case, name) for name in fields}, images


def pixels(case):
    return [
        pixels_of(default_storage.open(image.frame_path(frame)).read())
        for image in case.images.all()
        for frame in range(image.frames)
    ]


@pytest.fixture
def pack(tmp_path):
    library(tmp_path)
    path = tmp_path / "films.zip"
    call_command("export_pack", "demo", path, stdout=io.StringIO())
    return path


def behind_of():
    """What lies behind films, by case: all but what an installation makes by chance."""
    found = {}
    for layer in Layer.objects.order_by("image__case__source_key", "position"):
        fields = ("kind", "label", "side", "box", "scale", "details", "sha256")
        said = {name: getattr(layer, name) for name in fields}
        with default_storage.open(layer.file.name) as stream:
            found.setdefault(layer.image.case.source_key, []).append((said, stream.read()))
    return found


@pytest.fixture
def pack_with_layers(tmp_path):
    library(tmp_path)
    write_behind(tmp_path, TAKEN_OFF, ct=CT)
    run("simulated", tmp_path)
    path = tmp_path / "films.zip"
    call_command("export_pack", "demo", path, stdout=io.StringIO())
    return path


def emptied():
    Case.objects.all().delete()
    Dataset.objects.all().delete()


def rewritten(path, change=lambda name, content: content, **more):
    """The pack with members changed, left out (None) or added."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **more}.items():
            kept = change(name, content)
            if kept is not None:
                archive.writestr(name, kept)
    return path


def signed_anew(path, change):
    """A pack whose manifest somebody changed who has this installation's key."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    change(manifest)
    content = json.dumps(manifest).encode()
    signature = json.dumps(signing.signature_of(content)).encode()
    return rewritten(path, **{MANIFEST: content, SIGNATURE: signature})


def fitting(value, schema, at="manifest"):
    """That a value is what the schema says; of JSON Schema what the schema uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        assert value in schema["enum"], at
        return
    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
        "boolean": bool, "null": type(None),
    }  # fmt: skip
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, kinds[kind]) for kind in allowed), (at, value)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), at
        if schema.get("additionalProperties") is False:
            assert set(value) <= set(schema["properties"]), at
        for name, inner in value.items():
            if name in schema["properties"]:
                fitting(inner, schema["properties"][name], f"{at}.{name}")
    elif isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)), at
        for inner in value:
            fitting(inner, schema["items"], f"{at}[]")
    elif not isinstance(value, str | bool) and value is not None:
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), at


def test_a_pack_gives_the_library_back(pack):
    before = {case.source_key: (described(case), pixels(case)) for case in Case.objects.all()}
    terms = Dataset.objects.values("slug", "title", "licence", "attribution", "access").get()
    emptied()
    assert table_row(run("pack", pack), "new") == 5
    assert (
        Dataset.objects.values("slug", "title", "licence", "attribution", "access").get() == terms
    )
    for case in Case.objects.all():
        said, values = before.pop(case.source_key)
        assert described(case) == said
        assert all(map(np.array_equal, pixels(case), values))
    assert not before


def test_a_pack_carries_what_lies_behind_its_films(pack_with_layers):
    before = behind_of()
    assert [said["kind"] for said, _ in before["case-1"]] == ["anatomy", "finding", "ct"]
    with zipfile.ZipFile(pack_with_layers) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    fitting(manifest, SCHEMA)
    assert not any("nodule" in one["name"] for one in manifest["cases"][0]["behind"])
    emptied()
    run("pack", pack_with_layers)
    assert behind_of() == before
    assert table_row(run("pack", pack_with_layers), "unchanged") == 5
    assert behind_of() == before


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_damaged_behind_a_film_is_left_out_and_the_case_stands(pack_with_layers, number):
    before = behind_of()["case-1"]
    with zipfile.ZipFile(pack_with_layers) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    lost = manifest["cases"][0]["behind"][number]["name"]
    emptied()
    run("pack", rewritten(pack_with_layers, lambda n, c: c[:-1] if n == lost else c))
    del before[number]
    assert behind_of()["case-1"] == before


@pytest.mark.parametrize("said", [None, "x", [], ["x"], [{"kind": "ct"}], [{"kind": "anatomy"}]])
def test_nonsense_behind_a_film_counts_as_none(pack_with_layers, said):
    emptied()
    change = signed_anew(pack_with_layers, lambda m: m["cases"][0].update(behind=said))
    assert table_row(run("pack", change), "new") == 5
    assert behind_of() == {}


def test_a_pack_is_as_its_schema_says(pack):
    with zipfile.ZipFile(pack) as archive:
        fitting(json.loads(archive.read(MANIFEST)), SCHEMA)
        assert "LICENSE.txt" in archive.namelist()


def test_a_pack_of_what_is_there_changes_nothing(pack):
    assert table_row(run("pack", pack), "unchanged") == 5


def test_a_lost_rendition_is_mended_from_a_pack(pack):
    image = Case.objects.get(source_key="case-1").images.get()
    default_storage.delete(image.rendition.name)
    output = run("pack", pack)
    assert (table_row(output, "updated"), table_row(output, "unchanged")) == (1, 4)
    assert default_storage.exists(Case.objects.get(source_key="case-1").images.get().rendition.name)


def test_a_case_whose_film_is_missing_is_left_out_and_told(tmp_path):
    library(tmp_path)
    default_storage.delete(Case.objects.get(source_key="ct").images.get().frame_path(1))
    out = io.StringIO()
    call_command("export_pack", "demo", tmp_path / "films.zip", stdout=out)
    assert "4 cases with 5 images" in out.getvalue()
    assert "1 cases whose renditions are missing" in out.getvalue()


def test_another_installations_pack_is_taken_when_its_key_is_trusted(pack, settings):
    emptied()
    key = signing.public_key()
    settings.SECRET_KEY = "another installation"
    with pytest.raises(CommandError, match=signing.fingerprint(key)):
        run("pack", pack)
    assert not Case.objects.exists()
    settings.PACK_SIGNERS = [key]
    assert table_row(run("pack", pack), "new") == 5


def forged(content):
    """Signed well by whoever made up a key of their own and says it is this installation's."""
    key = Ed25519PrivateKey.generate()
    return {
        "public_key": signing.public_key(),
        "signature": base64.b64encode(key.sign(content)).decode(),
    }


@pytest.mark.parametrize(
    ("change", "more", "sentence"),
    [
        (lambda n, c: c.replace(b"Cough", b"Fever") if n == MANIFEST else c, {}, "was changed"),
        (lambda n, c: None if n == SIGNATURE else c, {}, "is no pack"),
        (lambda n, c: None if n == MANIFEST else c, {}, "is no pack"),
        (lambda n, c: b"{}" if n == SIGNATURE else c, {}, "was changed"),
        (lambda n, c: b"[" if n == SIGNATURE else c, {}, "damaged"),
        (lambda n, c: json.dumps(forged(c)).encode() if n == SIGNATURE else c, {}, "was changed"),
        (lambda n, c: c, {"../evil.jhc": b"x"}, "leads out of it"),
        (lambda n, c: c, {"/etc/evil": b"x"}, "leads out of it"),
        (lambda n, c: c, {"bomb.jhc": bytes(20 << 20)}, "far too large"),
    ],
)
def test_a_pack_that_was_tampered_with_is_refused_as_a_whole(pack, change, more, sentence):
    emptied()
    with pytest.raises(CommandError, match=sentence):
        run("pack", rewritten(pack, change, **more))
    assert not Dataset.objects.exists()


def test_a_film_that_is_not_the_signed_one_costs_its_case(pack):
    emptied()
    other = "images/000001/0000.jhc"
    with zipfile.ZipFile(pack) as archive:
        wrong = archive.read("images/000002/0001.jhc")
    output = run("pack", rewritten(pack, lambda n, c: wrong if n == other else c))
    assert (table_row(output, "new"), table_row(output, "skipped")) == (4, 1)
    assert "is not the one that was signed" in " ".join(output.split())


def test_a_film_of_a_pack_that_cannot_be_decoded_costs_its_case(pack):
    emptied()
    name, broken = "images/000001/0000.jhc", b"no film"

    def signs_it(manifest):
        images = [image for case in manifest["cases"] for image in case["images"]]
        (member,) = [one for image in images for one in image["files"] if one["name"] == name]
        member["sha256"] = hashlib.sha256(broken).hexdigest()

    broken_pack = rewritten(signed_anew(pack, signs_it), lambda n, c: broken if n == name else c)
    output = run("pack", broken_pack)
    assert (table_row(output, "new"), table_row(output, "skipped")) == (4, 1)
    assert "cannot be decoded" in " ".join(output.split())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: m["cases"][0]["images"][0].pop("window_width"), "is not described"),
        (lambda m: m["cases"][0]["images"][0].update(frame_order=[7]), "frames are not all there"),
        (lambda m: m["cases"][0]["images"][0].update(max_value=1), "not as the pack describes"),
        (lambda m: m["cases"][0]["images"][0].update(window_width=-1), "a number of it cannot be"),
        (lambda m: m["cases"].append("x"), "not an object with a key"),
        (lambda m: m["cases"].append(m["cases"][0]), "occurs a second time"),
    ],
)
def test_a_case_that_cannot_be_is_told_and_the_rest_goes_in(pack, change, sentence):
    emptied()
    output = run("pack", signed_anew(pack, change))
    assert sentence in " ".join(output.split())
    assert table_row(output, "new") >= 3


@pytest.mark.parametrize("size", [0, 10, 400])
def test_a_pack_that_is_cut_off_is_refused(pack, size):
    emptied()
    pack.write_bytes(pack.read_bytes()[:size])
    with pytest.raises(CommandError, match="is no pack, or damaged"):
        run("pack", pack)


def test_a_newer_pack_and_another_zip_are_told_apart(pack):
    with pytest.raises(CommandError, match="use a newer release"):
        run("pack", signed_anew(pack, lambda manifest: manifest.update(version=2)))
    with pytest.raises(CommandError, match="no pack of this game"):
        run("pack", signed_anew(pack, lambda manifest: manifest.update(format="x")))


def test_an_unknown_data_set_and_a_place_that_cannot_be_written_are_told(tmp_path):
    library(tmp_path)
    with pytest.raises(CommandError, match="There is no data set other; there are demo"):
        call_command("export_pack", "other", tmp_path / "x.zip")
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("export_pack", "demo", tmp_path / "nowhere" / "x.zip")


def test_a_png_of_an_earlier_release_goes_into_a_pack_too(pack, tmp_path):
    image = Case.objects.get(source_key="case-1").images.get()
    name = image.rendition.name.replace(".jhc", ".png")
    values = pixels(image.case)[0]
    default_storage.save(name, io.BytesIO(write_png(tmp_path / "old.png", values).read_bytes()))
    image.rendition.name = name
    image.save()
    call_command("export_pack", "demo", tmp_path / "old.zip", stdout=io.StringIO())
    emptied()
    run("pack", tmp_path / "old.zip")
    assert np.array_equal(pixels(Case.objects.get(source_key="case-1"))[0], values)


def test_what_somebody_put_in_review_stays_there_in_another_library(tmp_path):
    dataset = library(tmp_path)
    set_status(case=dataset.cases.get(source_key="normal"), status="review")
    write_pack(tmp_path / "a.zip", dataset)
    Case.objects.all().delete()
    run("pack", tmp_path / "a.zip")
    case = Case.objects.get(source_key="normal")
    assert (case.status, case.review_reasons) == ("review", [])
    publish_case(case=case)
    run("pack", tmp_path / "a.zip")
    case.refresh_from_db()
    assert case.status == "published", "what a person decided stays"
