"""Renditions as they are served: whole, in parts, as PNG, damaged; and old ones converted."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image as Picture

from cases import queries
from cases.imaging import htj2k
from cases.imaging.render import pixels_of, png_bytes
from cases.models import Image
from cases.ranges import NotSatisfiable, part_of
from tests import factories
from tests.cases.files import ramp, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import simulated, simulated_case

pytestmark = pytest.mark.any_database


@pytest.fixture
def film(nodule_case):
    """An image of a published case whose rendition is HTJ2K."""
    image = nodule_case.images.get()
    image.rendition.save("0000.jhc", ContentFile(htj2k.encode(ramp())))
    return image


def stack_of(folder, count=3):
    names = [f"{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        write_png(folder / name, ramp() // (number + 1))
    stack = {"frames": names, "hu_offset": -1024}
    return simulated(folder, simulated_case(images=[{"view": "CT", "stack": stack}]))


def made_old(image):
    """The image as an earlier release kept it: PNG."""
    for frame in range(image.frames):
        name = image.frame_path(frame)
        with default_storage.open(name) as stream:
            png = png_bytes(pixels_of(stream.read()))
        default_storage.delete(name)
        default_storage.save(name.replace(".jhc", ".png"), ContentFile(png))
    image.rendition.name = image.rendition.name.replace(".jhc", ".png")
    image.save()
    return image


def damage(image):
    path = Path(default_storage.path(image.rendition.name))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# Ranges


@pytest.mark.pure
@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, 100),
        ("bytes=-7", 93, 100),
        ("bytes=90-500", 90, 100),
        ("bytes=-500", 0, 100),
        ("bytes=0-99999999999999999999999", 0, 100),
    ],
)
def test_a_part_is_what_the_header_asks_for(header, first, end):
    assert part_of(header, 100) == slice(first, end)


@pytest.mark.pure
@pytest.mark.parametrize("header", ["", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b"])
def test_what_is_no_single_range_of_bytes_means_the_whole(header):
    assert part_of(header, 100) is None


@pytest.mark.pure
@pytest.mark.parametrize("header", ["bytes=100-", "bytes=9-3", "bytes=-0", "bytes=999-1000"])
def test_a_range_that_lies_has_no_part(header):
    with pytest.raises(NotSatisfiable):
        part_of(header, 100)


# Serving


@pytest.mark.django_db
def test_a_film_is_served_whole_and_in_parts(client_of, trainee, film):
    client, address = client_of(trainee), queries.image_url(film)
    assert address.endswith("/0.jhc")
    whole = client.get(address)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "image/jphc")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert np.array_equal(pixels_of(whole.content), ramp())
    size = len(whole.content)
    for asked, got in (("bytes=0-99", slice(0, 100)), ("bytes=50-", slice(50, size))):
        part = client.get(address, headers={"Range": asked, "If-Range": whole.headers["ETag"]})
        assert part.status_code == 206
        assert part.content == whole.content[got]
        assert part.headers["Content-Range"] == f"bytes {got.start}-{got.stop - 1}/{size}"
        assert part.headers["Content-Length"] == str(len(part.content))
    other = client.get(address, headers={"Range": "bytes=0-99", "If-Range": '"2"'})
    assert (other.status_code, len(other.content)) == (200, size)


@pytest.mark.django_db
def test_a_range_that_lies_is_refused(client_of, trainee, film):
    client, address = client_of(trainee), queries.image_url(film)
    size = len(client.get(address).content)
    refused = client.get(address, headers={"Range": f"bytes={size}-"})
    assert refused.status_code == 416
    assert refused.headers["Content-Range"] == f"bytes */{size}"
    assert "immutable" not in refused.headers.get("Cache-Control", "")


# Handed to the proxy


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["X-Accel-Redirect", "X-Sendfile"])
def test_the_proxy_is_told_which_file_to_send(client_of, trainee, film, settings, header):
    settings.HAND_FILES_TO = {"X-Accel-Redirect": "accel", "X-Sendfile": "sendfile"}[header]
    media = Path(default_storage.path(""))
    for address, name, kind in (
        (queries.image_url(film), film.rendition.name, "image/jphc"),
        (queries.viewer_image(film)["thumbnail"], film.thumbnail.name, "image/png"),
    ):
        response = client_of(trainee).get(address, headers={"Range": "bytes=5-"})
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["Content-Type"] == kind
        assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "ETag" not in response.headers, "the proxy tags what it sends"
        sent = response.headers[header]
        assert Path(sent.replace("/_media", str(media), 1)) == media / name


@pytest.mark.django_db
def test_the_proxy_is_told_of_no_film_that_may_not_be_seen_or_is_lost(
    client, client_of, trainee, film, settings
):
    settings.HAND_FILES_TO = "accel"
    address = queries.image_url(film)
    assert "X-Accel-Redirect" not in client.get(address).headers
    film.case.status = "draft"
    film.case.save()
    retired = client_of(trainee).get(address)
    assert (retired.status_code, "X-Accel-Redirect" in retired.headers) == (404, False)
    film.case.status = "published"
    film.case.save()
    default_storage.delete(film.rendition.name)
    assert client_of(trainee).get(address).status_code == 404


@pytest.mark.django_db
def test_what_has_to_be_made_is_sent_by_the_game_itself(client_of, trainee, film, settings):
    settings.HAND_FILES_TO = "accel"
    response = client_of(trainee).get(queries.image_url(film).replace(".jhc", ".png"))
    assert "X-Accel-Redirect" not in response.headers
    assert Picture.open(io.BytesIO(response.content)).format == "PNG"


@pytest.mark.django_db
def test_a_browser_without_the_codec_gets_the_same_pixels_as_png(client_of, trainee, film):
    address = queries.image_url(film).replace(".jhc", ".png")
    response = client_of(trainee).get(address)
    assert response.headers["Content-Type"] == "image/png"
    picture = Picture.open(io.BytesIO(response.content))
    assert np.array_equal(np.asarray(picture), ramp())
    assert "comment" not in picture.info


@pytest.mark.django_db
def test_an_image_of_an_earlier_release_is_served_as_it_is(client_of, trainee, nodule_case):
    image = nodule_case.images.get()
    client = client_of(trainee)
    assert queries.image_url(image).endswith("/0.png")
    assert client.get(queries.image_url(image)).status_code == 200
    assert client.get(queries.image_url(image).replace(".png", ".jhc")).status_code == 404


@pytest.mark.django_db
def test_a_damaged_film_is_told_in_words(client_of, trainee, film, caplog):
    damage(film)
    address = queries.image_url(film).replace(".jhc", ".png")
    response = client_of(trainee).get(address)
    assert response.status_code == 404
    assert "damaged in the media storage" in response.content.decode()
    assert "--force" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["jhc", "png"])
def test_no_kind_of_film_is_given_to_whom_its_case_is_not_open(client_of, trainee, film, kind):
    film.case.status = "draft"
    film.case.save()
    address = queries.image_url(film).replace(".jhc", f".{kind}")
    assert client_of(trainee).get(address).status_code == 404


# Imports within a bound


@pytest.mark.django_db
def test_a_bound_is_part_of_the_recipe(tmp_path, settings):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    exact = Image.objects.get()
    settings.RENDITION_MAX_ERROR = 4
    assert table_row(run("simulated", folder), "updated") == 1
    bounded = Image.objects.get()
    assert bounded.recipe == f"{exact.recipe}, error 4"
    assert bounded.token != exact.token
    with default_storage.open(bounded.frame_path(0)) as stream:
        assert np.abs(pixels_of(stream.read()).astype(int) - ramp()).max() <= 4
    assert table_row(run("simulated", folder), "unchanged") == 1


# Conversion


@pytest.mark.django_db
def test_old_renditions_are_converted_and_their_addresses_live_on(tmp_path, client_of, trainee):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    imported = Image.objects.get()
    digest = imported.rendition_sha256
    old = made_old(imported)
    address = queries.image_url(old)
    files = [old.frame_path(frame) for frame in range(3)]
    call_command("convert_renditions")
    image = Image.objects.get()
    assert (image.kind, image.token, image.rendition_sha256) == ("jhc", old.token, digest)
    for frame in range(3):
        with default_storage.open(image.frame_path(frame)) as stream:
            assert np.array_equal(htj2k.decode(stream.read()), ramp() // (frame + 1))
    assert not any(map(default_storage.exists, files))
    assert client_of(trainee).get(address).headers["Content-Type"] == "image/png"
    assert table_row(run("simulated", folder), "unchanged") == 1


@pytest.mark.django_db
def test_a_conversion_that_was_cut_off_goes_on(tmp_path):
    folder = stack_of(tmp_path)
    run("simulated", folder)
    old = made_old(Image.objects.get())
    other = factories.ImageFactory()
    default_storage.save(old.frame_name(1), ContentFile(b"half of a fi"))
    call_command("convert_renditions")
    assert {image.kind for image in Image.objects.all()} == {"jhc"}
    other.refresh_from_db()
    with default_storage.open(Image.objects.get(pk=old.pk).frame_path(1)) as stream:
        assert np.array_equal(htj2k.decode(stream.read()), ramp() // 2)


@pytest.mark.django_db
def test_a_file_that_cannot_be_converted_stays_and_is_named(capsys):
    lost, sound = factories.ImageFactory(), factories.ImageFactory()
    Path(default_storage.path(lost.rendition.name)).write_bytes(b"\x89PNG and no more")
    with pytest.raises(CommandError, match="1 of 2 images"):
        call_command("convert_renditions")
    lost.refresh_from_db()
    sound.refresh_from_db()
    assert (lost.kind, sound.kind) == ("png", "jhc")
    assert f"case {lost.case_id}" in capsys.readouterr().err
