"""Which file a table's name finds: the one of the whole name, or none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.importers.folders import AmbiguousName, ImageFolders, UnsafeName

pytestmark = pytest.mark.pure


@pytest.fixture
def found(tmp_path):
    """What a name finds among some files of a folder, as a path inside it."""

    def find(name, *files):
        for file in files:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
        path = ImageFolders([tmp_path]).find(name)
        return path and path.relative_to(tmp_path).as_posix()

    return find


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a.png", "a.png"),
        ("a.png", "images_001/images/a.png"),
        ("p1/study1/view1.jpg", "p1/study1/view1.jpg"),
        ("p1/study1/view1.jpg", "unpacked/p1/study1/view1.jpg"),
        ("p1//study1/./view1.jpg", "p1/study1/view1.jpg"),
        ("p1/view1.jpg", "p1/view1.dcm"),
        ("a.png", "a.dcm"),
        ("a.PNG", "a.Dcm"),
        ("a", "a.jpeg"),
        ("a.dcm", "a"),
        ("1.2.840.99.3", "1.2.840.99.3"),
        ("1.2.840.99.3", "1.2.840.99.3.dcm"),
        ("1.2.840.99.3.dcm", "1.2.840.99.3"),
        ("A.png", "a.png"),
        ("IMG_7.JPG", "img_7.jpeg"),
        ("Film.png", "film.DCM"),
        ("p1/view.png", "P1/View.png"),
        ("STRASSE.png", "straße.png"),
    ],
)
def test_a_name_finds_the_file_of_the_whole_name(found, name, file):
    assert found(name, file, "other.png") == file


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("p1/study1/view1.jpg", "p2/study1/view1.jpg"),
        ("p1/study1/view1.jpg", "view1.jpg"),
        ("p1/study1/view1.jpg", "xp1/study1/view1.jpg"),
        ("data/train/p1/view1.jpg", "valid/p1/view1.jpg"),
        ("1.2.840.99.3", "1.2.840.99.1"),
        ("1.2.840.99.3", "1.2.840.99"),
        ("1.2.840.99", "1.2.840.99.1.dcm"),
        ("scan.2", "scan.1.png"),
        ("a.png", "a.b.png"),
        ("a.png", "a.json"),
        ("a", "a.csv"),
        ("B.png", "a.png"),
        ("P1/A.png", "p2/a.png"),
    ],
)
def test_another_files_picture_never_stands_in(found, name, other):
    assert found(name, other) is None


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.png", ("p1/a.png", "p2/a.png")),
        ("a.png", ("a.png", "old/a.png")),
        ("p1/a.png", ("p1/a.png", "old/p1/a.png")),
        ("a", ("a.png", "a.dcm")),
        ("a.png", ("a.jpg", "a.dcm")),
        ("1.2.3", ("x/1.2.3.dcm", "y/1.2.3.dcm")),
    ],
)
def test_a_name_of_two_files_is_refused_with_both_places(found, tmp_path, name, files):
    with pytest.raises(AmbiguousName) as problem:
        found(name, *files)
    for file in files:
        assert str(tmp_path / file) in str(problem.value)


def test_its_own_capitals_come_before_others(found):
    assert found("A.png", "a.png", "A.png") == "A.png"
    assert found("A.png", "sub/a.png", "A.dcm") == "A.png"


def test_two_files_in_other_capitals_are_neither(found):
    with pytest.raises(AmbiguousName):
        found("FILM.png", "film.png", "Film.png")


@pytest.mark.parametrize(
    "names",
    [("p/a.png", "p/A.png"), ("A.png", "a.png"), ("p/a.png", "P/a.png"), ("P/a.png", "p/a")],
)
def test_one_file_is_never_that_of_two_names(tmp_path, names):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.png").touch()
    images = ImageFolders([tmp_path])
    assert images.find(names[0]) == images.find(names[0]) == tmp_path / "p" / "a.png"
    with pytest.raises(AmbiguousName, match="in capital letters alone"):
        images.find(names[1])


@pytest.mark.parametrize(
    ("count", "more"), [(3, ""), (4, " and 1 more"), (1003, " and 1,000 more")]
)
def test_of_many_files_of_one_name_the_first_three_are_told(found, tmp_path, count, more):
    files = [f"{number:04}/a.png" for number in range(count)]
    named = " and ".join(str(tmp_path / file) for file in files[:3])
    with pytest.raises(AmbiguousName) as problem:
        found("a.png", *files)
    assert str(problem.value) == f"is that of several files ({named}{more})"


def test_a_path_tells_apart_files_of_one_name(found):
    assert found("p2/a.png", "p1/a.png", "p2/a.png") == "p2/a.png"


def test_the_whole_name_comes_before_another_suffix(found):
    assert found("a.png", "a.dcm", "a.png") == "a.png"


def test_a_table_may_name_the_images_folder_itself(tmp_path):
    (tmp_path / "set" / "train").mkdir(parents=True)
    file = tmp_path / "set" / "train" / "a.png"
    file.touch()
    assert ImageFolders([tmp_path / "set" / "train"]).find("set/train/a.png") == file


def test_a_file_reached_by_two_of_the_folders_is_one(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.png").touch()
    folders = ImageFolders([tmp_path, tmp_path / "inner"])
    assert folders.find("a.png") == tmp_path / "inner" / "a.png"


def test_accents_are_the_same_letters_composed_or_not(found):
    name = "Émile.png"
    assert found(name, unicodedata.normalize("NFD", name))


@given(st.text())
def test_no_name_finds_a_file_outside_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp() / "images"
    folder.mkdir(exist_ok=True)
    (folder / "a.png").touch()
    (folder.parent / "b.png").touch()
    try:
        found = ImageFolders([folder]).find(name)
    except UnsafeName:
        return
    assert found in (None, folder / "a.png")


def linked(link, target):
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target, target_is_directory=True)


def test_a_linked_folder_inside_is_followed_and_its_files_are_no_doubles(tmp_path):
    (tmp_path / "store" / "p1").mkdir(parents=True)
    (tmp_path / "store" / "p1" / "a.png").touch()
    linked(tmp_path / "by_name" / "anna", tmp_path / "store" / "p1")
    folders = ImageFolders([tmp_path])
    for name in ("anna/a.png", "p1/a.png", "a.png", "by_name/anna/a.dcm"):
        assert folders.find(name).samefile(tmp_path / "store" / "p1" / "a.png"), name
    assert folders.problems() == []


def test_a_link_out_of_the_folders_is_not_followed_and_named_once(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.png").touch()
    (tmp_path / "set").mkdir()
    linked(tmp_path / "set" / "more", tmp_path / "other")
    folders = ImageFolders([tmp_path / "set", tmp_path / "set"])
    assert folders.find("a.png") is None
    [problem] = folders.problems()
    assert problem.where == str(tmp_path / "set" / "more")
    assert "is a link out of the images folders" in problem.sentence
    both = ImageFolders([tmp_path / "set", tmp_path / "other"])
    assert both.find("more/a.png").samefile(tmp_path / "other" / "a.png")
    assert both.problems() == []


def test_links_in_a_circle_end(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "x.png").touch()
    linked(tmp_path / "a" / "up", tmp_path)
    linked(tmp_path / "a" / "b", tmp_path / "b")
    linked(tmp_path / "b" / "a", tmp_path / "a")
    folders = ImageFolders([tmp_path])
    assert folders.find("x.png").samefile(tmp_path / "a" / "x.png")
    assert folders.find("b/a/x.png").samefile(tmp_path / "a" / "x.png")


def test_a_folder_that_is_a_link_itself_is_what_it_leads_to(tmp_path):
    (tmp_path / "store" / "p1").mkdir(parents=True)
    (tmp_path / "store" / "p1" / "a.png").touch()
    linked(tmp_path / "images", tmp_path / "store")
    linked(tmp_path / "store" / "p2", tmp_path / "store" / "p1")
    folders = ImageFolders([tmp_path / "images"])
    assert folders.find("images/p2/a.png").samefile(tmp_path / "store" / "p1" / "a.png")
    assert folders.problems() == []
