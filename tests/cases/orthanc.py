"""A real Orthanc with its DICOMweb plugin on this machine, empty, behind a password."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

PROGRAM = shutil.which("Orthanc") or shutil.which("/usr/sbin/Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "curator", "of the tests"
PATIENCE = 30.0
needs_orthanc = pytest.mark.skipif(
    PROGRAM is None or not PLUGIN.exists(),
    reason="needs Orthanc: apt-get install orthanc orthanc-dicomweb",
)


@contextmanager
def serving(folder: Path):
    """The address of its DICOMweb, while it runs; its studies lie in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = {
        "StorageDirectory": str(folder / "studies"),
        "IndexDirectory": str(folder / "studies"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(said))
    command = [str(PROGRAM), str(folder / "orthanc.json")]
    with (folder / "orthanc.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/dicom-web"
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "orthanc.log").read_text()[-2000:])
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/studies", auth=(USER, PASSWORD), timeout=5).ok
    except requests.RequestException:
        return False
