"""What a pack's manifest says and how much of it is kept, up to the limit of each value."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import astuple, replace

import pytest

from cases import signing
from cases.imaging import Window
from cases.importers import DatasetInfo, ImportedCase, ImportedReport, SourceProblem, pack
from cases.packing import FORMAT, MANIFEST, SIGNATURE, VERSION
from cases.patients import pseudonym

pytestmark = pytest.mark.pure

IMAGE = {
    **{"name": "a.png", "files": [{"name": "f/1", "sha256": "1" * 64}], "frame_order": [0]},
    **{"source_width": 60, "source_height": 40, "max_value": 4095, "source_sha256": "a" * 64},
    **{"window_center": 2000, "window_width": 4000, "pixel_aspect": 1, "value_offset": 0},
    **{"row_spacing": 0.2, "column_spacing": 0.1, "value_scale": 2.5, "recipe": "2"},
    **{"view": "PA", "orientation": "LF", "study": "prior", "study_label": "2 years ago"},
}
PLACE = {"image": 0, "frame": 0, "box": [0.1, 0.1, 0.2, 0.2], "reader": "R1", "alternate": True}
FINDING = {
    **{"label": "nodule_mass", "source_label": "Nodule", "side": "left", "location": "apex"},
    **{"size_mm": 12.5, "severity": "mild", "progression": "stable", "significance": "minor"},
    **{"sentence": "A nodule.", "conspicuity": 3.2, "position": "wrong", "regions": [PLACE]},
}
CASE = {
    **{"key": "case-1", "images": [IMAGE], "findings": [FINDING], "age": 60, "sex": "F"},
    **{"indication": "Cough.", "comparison": "None.", "knows_findings": True, "split": "held_out"},
    "reports": [{"language": "de", "findings": "Rundherd.", "impression": "Herd."}],
    "unmapped": [{"label": "Unicorn", "sentence": "It is one.", "regions": [PLACE]}],
    "before": [
        {
            **{"label": "edema", "side": "right", "size_mm": 9.5, "sentence": "Haze."},
            **{"change": "gone", "regions": [PLACE]},
        }
    ],
    **{"explanation": "Look at the apex.", "status": "review"},
    "review_reasons": ["case-1: It is held.", "Doubtful."],
}


def packed(folder, *cases, **dataset):
    said = {"slug": "demo", "title": "Demo", **dataset}
    manifest = {"format": FORMAT, "version": VERSION, "dataset": said, "cases": [*cases]}
    content = json.dumps(manifest).encode()
    path = folder / "films.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, content)
        archive.writestr(SIGNATURE, json.dumps(signing.signature_of(content)))
    return path


def items_of(folder, *cases):
    return list(pack.read(packed(folder, *cases), ()))


def only(folder, **fields):
    [item] = items_of(folder, CASE | fields)
    return item


def test_the_terms_of_a_pack_are_kept_to_the_length_that_a_data_set_has(tmp_path):
    said = {
        **{"slug": "s" * 51, "title": "t" * 201, "version": "v" * 51, "licence": "l" * 201},
        **{"attribution": "Somebody", "url": "u" * 201, "access": "credentialed"},
    }
    kept = DatasetInfo(
        *("s" * 50, "t" * 200, "v" * 50, "l" * 200, "Somebody", "u" * 200, "credentialed"), True
    )
    assert pack.describe(packed(tmp_path, simulated=True, **said)) == kept
    other = packed(tmp_path, simulated=1, **said | {"access": "anybody"})
    assert pack.describe(other) == replace(kept, access="private", simulated=False)
    with pytest.raises(SourceProblem, match=r"^films\.zip does not name its data set\.$"):
        pack.describe(packed(tmp_path, slug=""))


def test_all_that_a_pack_says_of_a_case_is_read(tmp_path):
    case = only(tmp_path)
    assert (case.key, case.age, case.sex) == ("case-1", 60, "F")
    assert (case.indication, case.comparison) == ("Cough.", "None.")
    assert (case.knows_findings, case.offered, case.is_held) == (True, "held_out", True)
    assert case.explanation == "Look at the apex."
    assert case.reports == (ImportedReport("de", "Rundherd.", "Herd."),)
    assert [(one.where, one.sentence) for one in case.problems] == [
        ("case-1", "It is held."),
        ("Doubtful.", "Doubtful."),
    ]
    [finding] = case.findings
    assert astuple(finding)[:11] == (
        *("nodule_mass", "Nodule", "left", "apex", 12.5, "mild", "stable", "minor"),
        *("A nodule.", 3.2, "wrong"),
    )
    [unmapped] = case.unmapped
    assert (unmapped.label, unmapped.source_label) == ("", "Unicorn")
    assert unmapped.sentence == "It is one."
    [was] = case.before
    assert (was.label, was.side, was.size_mm, was.sentence, was.progression) == (
        *("edema", "right", 9.5, "Haze."),
        "gone",
    )
    for one in (finding, unmapped, was):
        [region] = one.regions
        assert (region.box, region.reader, region.alternate) == (
            *((0.1, 0.1, 0.2, 0.2), "R1"),
            True,
        )


def test_all_that_a_pack_says_of_an_image_is_read(tmp_path):
    [image] = only(tmp_path).images
    assert (image.name, image.study, image.study_label) == ("a.png", "prior", "2 years ago")
    assert (image.source.view, image.source.paths) == ("PA", ())
    of = image.source.packed
    assert (of.members, of.digests, of.sha256) == (("f/1",), ("1" * 64,), "a" * 64)
    assert (of.recipe, of.source_width, of.source_height) == ("2", 60, 40)
    assert (of.max_value, of.window, of.spacing_mm) == (4095, Window(2000, 4000), (0.2, 0.1))
    assert (of.pixel_aspect, of.orientation, of.value_scale) == (1, "LF", 2.5)
    assert (of.value_offset, of.frame_order) == (0, (0,))


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        *(("knows_findings", False, False), ("knows_findings", None, True)),
        *(("split", "train", ""), ("status", "published", False), ("patient", "Doe", "")),
    ],
)
def test_what_a_case_of_a_pack_leaves_out_is_taken_for_the_usual(tmp_path, name, said, kept):
    case = only(tmp_path, **{name: said})
    field = {"split": "offered", "status": "is_held"}.get(name, name)
    assert getattr(case, field) == kept


def test_a_patient_of_a_pack_is_one_where_it_is_a_pseudonym(tmp_path):
    known = pseudonym("demo", "P-17")
    assert only(tmp_path, patient=known).patient == known
    assert only(tmp_path, patient=known[:-1]).patient == ""


def test_long_words_of_an_image_are_cut(tmp_path):
    long = {"name": "n" * 301, "source_sha256": "b" * 65, "recipe": "r" * 101}
    more = {"study_label": "x" * 61, "study": "next", "view": "none", "row_spacing": None}
    [image] = only(tmp_path, images=[IMAGE | long | more]).images
    of = image.source.packed
    assert (image.name, of.sha256, of.recipe) == ("n" * 300, "b" * 64, "r" * 100)
    assert (image.study_label, image.study, image.source.view) == ("x" * 60, "current", "")
    assert of.spacing_mm is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        *(({name: 0}, "a number of it cannot be") for name in ("source_width", "window_width")),
        *(({name: 0}, "a number of it cannot be") for name in ("source_height", "max_value")),
        *(({"pixel_aspect": one}, "a number of it cannot be") for one in (0.001, 1000)),
        ({"max_value": 65536}, "a number of it cannot be"),
        ({"orientation": "LFA"}, "its orientation is none"),
        ({"orientation": "LX"}, "its orientation is none"),
        ({"files": []}, "its frames are not all there"),
        ({"frame_order": [1]}, "its frames are not all there"),
        ({"frame_order": [1 << 31]}, "names 2147483648, which is not a whole number from 0 up"),
        ({"window_center": True}, "True is no number"),
    ],
)
def test_an_image_of_a_pack_that_cannot_be_costs_its_case(tmp_path, said, why):
    problem, case = items_of(tmp_path, CASE | {"images": [IMAGE | said]}, CASE | {"key": "other"})
    expected = f"An image of it is not described ({why}); it was skipped."
    assert astuple(problem) == ("case-1", expected, "case", 1)
    assert case.key == "other"


@pytest.mark.parametrize(
    "said",
    [
        *({name: 1} for name in ("source_width", "window_width", "source_height", "max_value")),
        *({"pixel_aspect": one} for one in (0.0011, 999)),
        *({"max_value": 65535}, {"orientation": ""}, {"window_width": 0.1}),
    ],
)
def test_an_image_of_a_pack_may_go_to_the_limit(tmp_path, said):
    assert isinstance(only(tmp_path, images=[IMAGE | said]), ImportedCase)


def test_entries_of_a_pack_that_are_no_cases_are_told(tmp_path):
    *problems, _ = items_of(tmp_path, 3, {"key": ""}, CASE)
    nameless = "It is not an object with a key; the case was skipped."
    assert [astuple(one) for one in problems] == [
        (f"{MANIFEST}, case 1", nameless, "case", 1),
        (f"{MANIFEST}, case 2", nameless, "case", 1),
    ]
    _, again = items_of(tmp_path, CASE, CASE)
    said = "The key occurs a second time; the case was skipped."
    assert astuple(again) == ("case-1", said, "case", 1)


@pytest.mark.parametrize(
    ("place", "shape"),
    [
        ({"shape": "polygon", "points": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}, "polygon"),
        ({"shape": "point", "points": [[0.1, 0.1], [0.5, 0.1]]}, "point"),
        ({"shape": "point", "points": []}, "box"),
        ({"shape": "polygon", "points": [[0.1, 0.1]]}, "is not 3 to 5,000 points"),
        ({"image": -1}, "names -1, which is not a whole number from 0 up"),
        ({"frame": 1.0}, "names 1.0, which is not a whole number from 0 up"),
    ],
)
def test_the_shapes_of_a_pack_and_those_that_cannot_be(tmp_path, place, shape):
    finding = FINDING | {"regions": [PLACE | place, PLACE]}
    case = only(tmp_path, findings=[finding], unmapped=[], before=[], review_reasons=[])
    if shape in ("box", "polygon", "point"):
        assert [one.shape for one in case.findings[0].regions] == [shape, "box"]
        assert not case.problems
    else:
        assert [one.shape for one in case.findings[0].regions] == ["box"]
        said = f"A region of it {shape}; it was left out."
        assert [(one.where, one.sentence) for one in case.problems] == [("case-1", said)]


def archive_with(name, *, size=1, packed_in=1, flags=0):
    stream = io.BytesIO()
    zipfile.ZipFile(stream, "w").close()
    archive = zipfile.ZipFile(stream)
    member = zipfile.ZipInfo(name)
    member.file_size, member.compress_size, member.flag_bits = size, packed_in, flags
    archive.filelist.append(member)
    return archive


@pytest.mark.parametrize(
    ("name", "limit"), [("a.png", 64 << 20), (MANIFEST, 512 << 20), (SIGNATURE, 512 << 20)]
)
def test_a_member_of_a_pack_may_be_so_large_and_no_larger(name, limit):
    pack._check_members(archive_with(name, size=limit, packed_in=limit), "films.zip")
    with pytest.raises(SourceProblem) as problem:
        pack._check_members(archive_with(name, size=limit + 1, packed_in=limit), "films.zip")
    said = f"films.zip holds “{name}”, which is encrypted or far too large."
    assert str(problem.value) == said


def test_a_member_of_a_pack_may_unfold_to_so_much_and_no_more():
    most = 200 * (1000 + 1024)
    pack._check_members(archive_with("a", size=most, packed_in=1000), "films.zip")
    for archive in (archive_with("a", size=most + 1, packed_in=1000), archive_with("a", flags=1)):
        with pytest.raises(SourceProblem, match="encrypted or far too large"):
            pack._check_members(archive, "films.zip")


def test_a_pack_may_have_so_many_members_and_no_more(monkeypatch):
    monkeypatch.setattr(pack, "MOST_MEMBERS", 1)
    pack._check_members(archive_with("a"), "films.zip")
    archive = archive_with("a")
    archive.filelist.append(zipfile.ZipInfo("b"))
    with pytest.raises(SourceProblem, match=r"^films\.zip holds too many files"):
        pack._check_members(archive, "films.zip")
