"""Decoding in processes of their own: whatever a file does, it costs its own case only."""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pydicom
import pytest
from django.core.management import CommandError
from django.db import connection
from PIL import Image as Picture
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from cases.imaging import Source
from cases.importers import ImportedCase, ImportedImage, Problem, pipeline
from cases.importers.base import each_of
from cases.importers.pipeline import AHEAD, Limits, prepared_cases
from cases.models import Case
from tests.cases.curious import SECRETS, Curious, Reaching, is_refused
from tests.cases.files import dicom, ramp, write_dicom, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import simulated, simulated_case
from tests.game import ROOT, migrated

pytestmark = pytest.mark.any_database

PATIENCE = 60
"""Seconds after which a process that should have ended counts as left over."""


def case_of(key, source):
    return ImportedCase(key, (ImportedImage(key, source),))


@pytest.fixture
def good(tmp_path):
    return Source((write_png(tmp_path / "good.png"),))


@pytest.fixture
def hanging(tmp_path):
    """A file that is never read to its end: a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "hanging.png")
    return Source((tmp_path / "hanging.png",))


class Deadly:
    """A source that kills the process that receives it, as a decoder's abort does."""

    def __reduce__(self):
        return os._exit, (1,)


def outcomes_of(*sources, jobs=1, limits=None):
    """Key → sentence of what was skipped, in order; empty for what can be stored."""
    items = [case_of(f"case {number}", source) for number, source in enumerate(sources)]
    outcomes = prepared_cases(items, lambda case: [], jobs=jobs, limits=limits)
    return [one.sentence if isinstance(one, Problem) else "" for one in outcomes]


@pytest.mark.pure
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_kills_its_process_takes_no_other_with_it(good, jobs):
    first, killed, *rest = outcomes_of(good, Deadly(), good, good, jobs=jobs)
    assert "crashed the decoder (1)" in killed
    assert [first, *rest] == ["", "", ""]


@pytest.mark.pure
def test_a_decoding_process_has_no_secret_and_may_do_little(tmp_path):
    assert any(name in os.environ for name in SECRETS)
    with socket.create_server(("127.0.0.1", 0)) as by_address, socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "listens"))
        one.listen()
        port = by_address.getsockname()[1]
        assert not is_refused(("127.0.0.1", port), socket.AF_INET), "others get there"
        assert not is_refused(str(tmp_path / "listens"), socket.AF_UNIX)
        [sentence] = outcomes_of(Curious(tmp_path, port))
    assert f"crashed the decoder ({128 + 0b1111111})" in sentence


@pytest.mark.pure
@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has for it")
def test_a_decoding_process_reaches_no_other_process_and_changes_no_file(tmp_path):
    there = tmp_path / "there"
    there.write_text("as it was")
    before = there.stat()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        [sentence] = outcomes_of(Reaching(os.getpid(), other.pid, tmp_path))
    assert sentence == "open:  The case was skipped."
    assert [one.name for one in tmp_path.iterdir()] == ["there"]
    assert there.read_text() == "as it was"
    for name in ("st_ino", "st_mode", "st_nlink", "st_mtime_ns", "st_ctime_ns"):
        assert getattr(there.stat(), name) == getattr(before, name)


CLOSED = """
import socket, subprocess, sys, threading
from cases import sandbox

def refused():
    try:
        socket.socket()
    except PermissionError:
        return True

go, found = threading.Event(), []
before = threading.Thread(target=lambda: go.wait() and found.append(refused()))
before.start()
ours, theirs = socket.socketpair()
assert sandbox.close_network()
go.set()
before.join()
assert found == [True], "a thread that was there before"
ours.sendall(b"x")
assert theirs.recv(1) == b"x", "what is open stays so"
child = "import socket; socket.socket()"
asked = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True)
assert "PermissionError" in asked.stderr, "what it starts"
print("closed")
"""


@pytest.mark.pure
def test_a_closed_network_is_closed_to_threads_and_children_and_leaves_open_what_is():
    asked = subprocess.run(
        [sys.executable, "-c", CLOSED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.stdout == "closed\n", asked.stderr


ENDED_BY_POLICY = """
import ctypes, platform, socket, struct
from cases import sandbox

seccomp, ends_the_process = sandbox.MACHINES[platform.machine()][1], 0x8000_0000
steps = [
    struct.pack("=HBBI", sandbox.LOAD, 0, 0, sandbox.NUMBER_AT),
    struct.pack("=HBBI", sandbox.EQUAL, 0, 1, seccomp),
    struct.pack("=HBBI", sandbox.RETURN, 0, 0, ends_the_process),
    struct.pack("=HBBI", sandbox.RETURN, 0, 0, sandbox.ALLOW),
]
libc, program = ctypes.CDLL(None), sandbox._Program(len(steps), b"".join(steps))
assert libc.prctl(sandbox.NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
print(sandbox.close_network())
socket.socket().close()
"""


@pytest.mark.pure
def test_a_policy_that_ends_who_asks_for_a_filter_costs_no_case():
    """As of a unit of systemd without `seccomp`: decoding goes on without the filter."""
    asked = subprocess.run(
        [sys.executable, "-c", ENDED_BY_POLICY], cwd=ROOT, capture_output=True, text=True
    )
    assert (asked.returncode, asked.stdout) == (0, "False\n"), asked.stderr


@pytest.mark.pure
@pytest.mark.parametrize(("system", "machine"), [("linux", "riscv64"), ("darwin", "arm64")])
def test_where_no_filter_is_known_nothing_is_claimed(system, machine):
    """In a process of its own: on Linux it may start no program that raises its rights after."""
    code = (
        "import platform, sys; from cases import sandbox; import socket\n"
        f"platform.machine = lambda: {machine!r}; sys.platform = {system!r}\n"
        "print(sandbox.close_network()); socket.socket().close()"
    )
    asked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout == "False\n", asked.stderr


class Swallowed:
    """A source whose process the kernel kills, as when memory runs out."""

    def __reduce__(self):
        return signal.raise_signal, (signal.SIGKILL,)


@pytest.mark.pure
def test_a_process_that_is_killed_is_told_from_one_that_crashed(good):
    first, killed, last = outcomes_of(good, Swallowed(), good)
    assert "killed its process, as when memory runs out" in killed
    assert (first, last) == ("", "")


def odd_files(folder):
    """Files that decoders were seen to trip over: by an exception, or by ending the process."""
    frames = dicom(np.stack([ramp(), ramp()]))
    del frames.NumberOfFrames
    pydicom.dcmwrite(folder / "frames-untold.dcm", frames, enforce_file_format=True)
    write_png(folder / "one-pixel.png", np.zeros((1, 1), np.uint8))
    jpeg = io.BytesIO()
    Picture.fromarray(ramp(top=255).astype(np.uint8)).save(jpeg, "JPEG")
    wide = dicom(ramp(top=255).astype(np.uint8), BitsAllocated=64)
    wide.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    wide.PixelData = encapsulate([jpeg.getvalue()])
    wide["PixelData"].is_undefined_length = True
    pydicom.dcmwrite(folder / "wide-jpeg.dcm", wide, enforce_file_format=True)
    return ["frames-untold.dcm", "one-pixel.png", "wide-jpeg.dcm"]


@pytest.mark.django_db
@pytest.mark.parametrize("jobs", [1, 2])
def test_odd_files_cost_no_more_than_themselves(tmp_path, jobs):
    names = [*odd_files(tmp_path), "a.png"]
    cases = [simulated_case(key=name, images=[{"file": name}]) for name in names]
    output = run("simulated", simulated(tmp_path, *cases), jobs=jobs)
    assert Case.objects.filter(source_key="a.png").exists()
    assert table_row(output, "new") + table_row(output, "skipped") == len(names)


@pytest.mark.pure
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_hangs_is_given_up_after_its_time(good, hanging, jobs):
    first, late, last = outcomes_of(good, hanging, good, jobs=jobs, limits=Limits(seconds=8))
    assert "Decoding case 1 took longer than 8 s" in late
    assert (first, last) == ("", "")


@pytest.mark.pure
def test_a_file_that_takes_too_much_memory_is_named_and_the_next_goes_in(tmp_path, good):
    large = Source((write_dicom(tmp_path / "large.dcm", ramp(7000, 7000)),))
    limits = Limits(memory=250 << 20)
    first, refused, last = outcomes_of(good, large, good, limits=limits)
    assert "takes more memory than allowed" in refused
    assert (first, last) == ("", "")


@pytest.mark.pure
def test_a_fault_of_a_decoder_costs_its_case_only(good):
    first, faulty, last = outcomes_of(good, Source((3,)), good)
    assert "could not be decoded (AttributeError" in faulty
    assert (first, last) == ("", "")


@pytest.mark.pure
def test_a_process_that_takes_no_task_is_ended_and_none_is_told_half_of_one(monkeypatch):
    monkeypatch.setattr(pipeline, "TELLING", 0.2)
    deaf = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,), daemon=True)
    deaf.start()
    ours, theirs = socket.socketpair()
    with theirs, pipeline._Pool(1, Limits()) as pool:
        pool._workers.append(pipeline._Worker(deaf, ours))
        large = Source((Path("x" * 20_000_000),))
        ticket = pool.submit(case_of("large", large), lambda case: ())
        assert not pool._workers
        assert not deaf.is_alive()
        assert pool.outcome(ticket).sentence == (
            "It could not be given to a process (timed out). The case was skipped."
        )


@pytest.mark.pure
@pytest.mark.parametrize("jobs", [1, 3])
def test_cases_are_read_only_a_few_ahead(good, jobs):
    read = []

    def items():
        for number in range(100):
            read.append(number)
            yield case_of(str(number), good)

    outcomes = prepared_cases(items(), lambda case: [], jobs=jobs)
    next(outcomes)
    assert len(read) == AHEAD * jobs + 1
    outcomes.close()


@pytest.mark.pure
def test_a_fault_of_an_importer_costs_its_record_only():
    (problem,) = each_of("case 7", lambda: [1 / 0])
    assert (problem.where, problem.kind) == ("case 7", "case")
    assert "ZeroDivisionError" in problem.sentence


# The command, whatever happens


def two_cases(folder):
    cases = [simulated_case(key=key, images=[{"file": f"{key}.png"}]) for key in ("one", "two")]
    for key in ("one", "two"):
        write_png(folder / f"{key}.png")
    return simulated(folder, *cases)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the trigger is written for SQLite")
@pytest.mark.django_db
def test_a_case_the_database_refuses_costs_itself_only(tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON cases_case WHEN NEW.source_key = 'one' "
            "BEGIN SELECT RAISE(ABORT, 'database is not in the mood'); END"
        )
    output = run("simulated", two_cases(tmp_path))
    assert (table_row(output, "new"), table_row(output, "skipped")) == (1, 1)
    assert "one: The database refused it (database is not in the mood)" in output


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the trigger is written for SQLite")
@pytest.mark.django_db
def test_a_database_that_takes_nothing_ends_it_with_a_sentence_and_the_report(tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER full BEFORE INSERT ON cases_dataset "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(CommandError, match=r"cannot be used \(database or disk is full\); run it"):
        run("simulated", two_cases(tmp_path), report=tmp_path / "report.json")
    assert "disk is full" in json.loads((tmp_path / "report.json").read_text())["stopped"]


@pytest.mark.django_db
def test_a_storage_that_takes_no_file_is_told_and_the_report_written(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "renditions").write_text("a file where a folder should be")
    folder = two_cases(tmp_path)
    with pytest.raises(CommandError, match="Nothing could be imported"):
        run("simulated", folder, report=tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["skipped"] == 2
    assert "could not be written" in report["problems"][0]["sentence"]
    assert not Case.objects.exists()


@pytest.fixture
def started(tmp_path):
    """Start the real command on a hanging file; once a process reads it, give all processes."""
    environment = os.environ | {"DATA_DIR": str(migrated(tmp_path / "data"))}
    environment.pop("DATABASE_URL", None)
    manage = [sys.executable, "manage.py"]
    folder = tmp_path / "source"
    folder.mkdir()
    os.mkfifo(folder / "hanging.png")
    cases = [
        simulated_case(),
        *(simulated_case(key=f"h{n}", images=[{"file": "hanging.png"}]) for n in (1, 2)),
    ]
    arguments = ["import_cases", "simulated", simulated(folder, *cases), "--jobs", "2"]
    command = subprocess.Popen(
        [*manage, *map(str, arguments), "--report", str(tmp_path / "report.json")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with (folder / "hanging.png").open("wb"):  # opens when a process has begun to read it
        processes = psutil.Process(command.pid).children(recursive=True)
        yield command, processes
    end(command, processes)


def end(command, processes):
    """Leave nothing of a command that a failed test has left."""
    for process in (*processes, command):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    command.communicate()


@pytest.mark.pure
def test_a_command_that_is_killed_leaves_no_process_behind(started):
    command, processes = started
    assert len(processes) >= 2
    command.kill()
    command.wait(PATIENCE)
    assert not psutil.wait_procs(processes, PATIENCE)[1]


FROZEN = """
import sys
from cases.importers import ImportedCase, ImportedImage
from cases.importers.pipeline import prepared_cases

class Frozen:
    def __reduce__(self):
        begin = f"open({sys.argv[1]!r}).close()"
        return eval, (f"{begin} or __import__('ctypes').PyDLL(None).pause()",)

case = ImportedCase("frozen", (ImportedImage("frozen", Frozen()),))
list(prepared_cases([case], lambda case: [], jobs=1))
"""
"""Native code that never ends and lets no other thread of its process run."""


@pytest.mark.pure
def test_a_process_that_native_code_holds_ends_with_its_command_too(tmp_path):
    began = tmp_path / "began"
    os.mkfifo(began)
    command = subprocess.Popen(
        [sys.executable, "-c", FROZEN, str(began)], cwd=ROOT, stdout=subprocess.PIPE
    )
    began.open("w").close()  # until the process has come to the native code
    processes = psutil.Process(command.pid).children(recursive=True)
    command.kill()
    command.wait(PATIENCE)
    alive = psutil.wait_procs(processes, PATIENCE)[1]
    end(command, alive)
    assert len(processes) >= 2
    assert not alive


@pytest.mark.pure
def test_a_command_that_is_interrupted_tells_what_it_did(started, tmp_path):
    command, processes = started
    command.send_signal(signal.SIGINT)
    said, problem = command.communicate(timeout=PATIENCE)
    assert command.returncode == 130
    assert "Stopped by the keyboard; run it again to go on." in problem
    assert "Traceback" not in problem
    assert table_row(said, "new") <= 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["stopped"].startswith("Stopped")
    with sqlite3.connect(tmp_path / "data" / "radgame.sqlite3") as database:
        (stored,) = database.execute("SELECT COUNT(*) FROM cases_case").fetchone()
    assert stored == report["new"]
    assert not psutil.wait_procs(processes, PATIENCE)[1]
