"""Files of the media storage as answers: whole, in parts, or handed to the proxy to be sent.

Whoever calls has checked already that the file may be seen.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified

from cases.ranges import NotSatisfiable, part_of

FOREVER = "private, max-age=31536000, immutable"
TAG = '"1"'
"""Of all that is served here: the address changes with the content."""
INTERNAL = "/_media/"
"""The proxy's own address of the media folder, which nobody can ask it for from outside."""
MISSING = "The image's file is missing from the media storage."


def file_answer(
    request: HttpRequest, name: str, kind: str, change: Callable[[bytes], bytes] | None = None
) -> HttpResponse:
    """A file of the media storage, or the part of it that is asked for.

    `change` makes something else of its bytes. Without it, and where `HAND_FILES_TO` says so, the
    answer is a header by which the proxy sends the file itself, ranges and its own tag included.
    Raises Http404 where the file is lost.
    """
    if change is None and settings.HAND_FILES_TO != "none":
        return _handed_over(name, kind)
    # "identity" keeps the gzip middleware off what is compressed already.
    headers = {"Cache-Control": FOREVER, "Content-Encoding": "identity", "Accept-Ranges": "bytes"}
    if request.headers.get("If-None-Match") == TAG:
        return HttpResponseNotModified(headers=headers)
    headers["ETag"] = TAG
    try:
        with default_storage.open(name) as stream:
            source = io.BytesIO(change(stream.read())) if change else stream
            size = source.seek(0, io.SEEK_END)
            part = _part(request, size)
            source.seek(part.start if part else 0)
            body = source.read(part.stop - part.start if part else size)
    except FileNotFoundError:
        raise Http404(MISSING) from None
    except NotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if part:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return HttpResponse(body, status=206 if part else 200, content_type=kind, headers=headers)


def _handed_over(name: str, kind: str) -> HttpResponse:
    if not default_storage.exists(name):
        raise Http404(MISSING)
    if settings.HAND_FILES_TO == "accel":
        header = {"X-Accel-Redirect": INTERNAL + quote(name)}
    else:
        header = {"X-Sendfile": default_storage.path(name)}
    return HttpResponse(content_type=kind, headers={"Cache-Control": FOREVER, **header})


def _part(request: HttpRequest, size: int) -> slice | None:
    if request.headers.get("If-Range", TAG) != TAG:
        return None
    return part_of(request.headers.get("Range", ""), size)
