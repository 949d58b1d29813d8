"""What a process can take from itself, so that whoever takes it over gets little: Linux.

No new socket, no change to a file, no other process, by filters that the kernel keeps (seccomp,
Landlock) and by what it shows of a process (dumpable). Only what a process may do to itself without
rights is used, so it works for every user of Linux on x86-64 and ARM64, in containers too. It
imports nothing of the project and cannot be undone. `python -m cases.sandbox` tries it on real
processes and prints a word for each thing that is still open; nothing when all is closed.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of prctl(2); without it only root may set a filter."""
DUMPABLE = 4
"""PR_SET_DUMPABLE."""
SET_MODE_FILTER = 1
ALL_THREADS = 1
"""SECCOMP_FILTER_FLAG_TSYNC: threads that libraries have started are held as well."""
OTHER_CALLS = 0x4000_0000
"""Where the numbers of x86-64's x32 interface begin, which would lead around the filter."""

# By machine: the kernel's name for it and the number of seccomp(2).
MACHINES = {"x86_64": (0xC000_003E, 317), "aarch64": (0xC000_00B7, 277)}

# System calls by their numbers on x86-64 and ARM64, 0 where a machine has none of the name.
SOCKETS = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
}
"""What leads to a socket, by reaching into other processes too."""
OTHERS = {
    **{"connect": (42, 203), "bind": (49, 200), "kcmp": (312, 272), "process_madvise": (440, 440)},
    **{"pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "tkill": (200, 130)},
    **{"rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)},
    **{"perf_event_open": (298, 241), "setpriority": (141, 140), "ioprio_set": (251, 30)},
    **{"sched_setscheduler": (144, 119), "sched_setparam": (142, 118)},
    **{"sched_setaffinity": (203, 122)},
    **{"shmctl": (31, 195), "semctl": (66, 191), "semop": (65, 193), "semtimedop": (220, 192)},
    **{"msgctl": (71, 187), "msgsnd": (69, 189), "msgrcv": (70, 188)},
    **{"sched_setattr": (314, 274), "migrate_pages": (256, 238), "move_pages": (279, 239)},
    **{"fork": (57, 0), "vfork": (58, 0), "execve": (59, 221), "execveat": (322, 281)},
    **{"unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "userfaultfd": (323, 282)},
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186)},
    **{"mq_open": (240, 180), "mq_unlink": (241, 181)},
}
"""What leads to other processes and programs, or to parts of the kernel that no decoder needs."""
FILES = {
    **{"creat": (85, 0), "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47)},
    **{"rename": (82, 0), "renameat": (264, 38), "renameat2": (316, 276)},
    **{"link": (86, 0), "linkat": (265, 37), "symlink": (88, 0), "symlinkat": (266, 36)},
    **{"unlink": (87, 0), "unlinkat": (263, 35), "rmdir": (84, 0)},
    **{"mkdir": (83, 0), "mkdirat": (258, 34), "mknod": (133, 0), "mknodat": (259, 33)},
    **{"chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452)},
    **{"chown": (92, 0), "fchown": (93, 55), "lchown": (94, 0), "fchownat": (260, 54)},
    **{"utime": (132, 0), "utimes": (235, 0), "futimesat": (261, 0), "utimensat": (280, 88)},
    **{"setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7)},
    **{"removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16)},
    **{"setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469)},
    **{
        "flock": (73, 32),
        "mount": (165, 40),
        "umount2": (166, 39),
        "pivot_root": (155, 41),
        "chroot": (161, 51),
    },
    **{"open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
    **{"mount_setattr": (442, 442), "open_by_handle_at": (304, 265)},
}
"""What changes or locks files and folders, beside opening one to be written."""
UNKNOWN = {"clone3": (435, 435), "openat2": (437, 437)}
"""What a filter cannot look into: as if the kernel did not have it, so that libraries use the
older call."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
A_THREAD = 0x1_0000
"""CLONE_THREAD: what is started is a thread of this process."""
TO_OTHERS = (8, 10, 15, 6, 7, 37, 38, 1024)
"""Commands of fcntl(2): F_SETOWN, F_SETOWN_EX and F_SETSIG, by which the kernel sends signals, and
all that lock a file or lease it, which would hold up who writes it (a SQLite database)."""
OF_DESCRIPTORS = (0x5401, 0x5450, 0x5451, 0x5421, 0x541B)
"""TCGETS, FIONCLEX, FIOCLEX, FIONBIO and FIONREAD, all of ioctl(2) that is left: others name who
gets signals (FIOSETOWN), put into a terminal what counts as typed, or change a file's flags."""

SET_OWNER = 0x8901
"""FIOSETOWN of ioctl(2)."""

# Operations of the kernel's filter programs (linux/bpf_common.h).
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ANSWER = 0x7FFF_0000, 0x0005_0000
REFUSE = ANSWER | errno.EPERM
NUMBER_AT, MACHINE_AT, ARGUMENTS_AT = 0, 4, 16

# Landlock (linux/landlock.h): the rights of its first version that change files or folders.
CREATE_RULESET, RESTRICT_SELF = 444, 446
CHANGES = 0b1_1111_1111_0010

CAPABILITIES = 0x2008_0522
"""Version 3 of capset(2)."""
READ_ALL = 1 << 2
"""CAP_DAC_READ_SEARCH, which root keeps: files that it may read now it may read then."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _step(what: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", what, yes, no, value)


def _always(number: int, answer: int = REFUSE) -> list[bytes]:
    return [_step(EQUAL, number, 0, 1), _step(RETURN, answer)]


def _by_argument(
    number: int, position: int, tests: Sequence[tuple[int, int]], *, then: int, otherwise: int
) -> list[bytes]:
    """A call's answer when the low half of an argument passes any of the tests, and else."""
    asked = [
        step for what, value in tests for step in (_step(what, value, 0, 1), _step(RETURN, then))
    ]
    load = _step(LOAD, ARGUMENTS_AT + 8 * position)  # both machines are little-endian
    body = [load, *asked, _step(RETURN, otherwise)]
    return [_step(EQUAL, number, 0, len(body)), *body]


def _of(calls: dict[str, tuple[int, int]]) -> list[int]:
    """The numbers of these calls on this machine."""
    column = [*MACHINES].index(platform.machine())
    return [numbers[column] for numbers in calls.values() if numbers[column]]


def _steps(rules: Sequence[bytes]) -> list[bytes]:
    """A whole filter: calls of another machine's kind are refused, then the rules, then all go."""
    machine, _ = MACHINES[platform.machine()]
    return [
        _step(LOAD, MACHINE_AT),
        _step(EQUAL, machine, 1, 0),
        _step(RETURN, REFUSE),
        _step(LOAD, NUMBER_AT),
        _step(AT_LEAST, OTHER_CALLS, 0, 1),
        _step(RETURN, REFUSE),
        *rules,
        _step(RETURN, ALLOW),
    ]


def _no_socket() -> list[bytes]:
    return [step for number in _of(SOCKETS) for step in _always(number)]


def _nothing_else() -> list[bytes]:
    """No other process, no program, no change to a file."""
    refused = [step for number in _of(OTHERS | FILES) for step in _always(number)]
    absent = [step for number in _of(UNKNOWN) for step in _always(number, ANSWER | errno.ENOSYS)]
    own = [(EQUAL, os.getpid())]
    allowed = partial(_by_argument, then=ALLOW, otherwise=REFUSE)
    denied = partial(_by_argument, then=REFUSE, otherwise=ALLOW)
    rules: list[tuple[dict[str, tuple[int, int]], Callable[[int], list[bytes]]]] = [
        ({"kill": (62, 129), "tgkill": (234, 131)}, lambda n: allowed(n, 0, own)),
        ({"prlimit64": (302, 261)}, lambda n: allowed(n, 0, [*own, (EQUAL, 0)])),
        ({"clone": (56, 220)}, lambda n: allowed(n, 0, [(ANY_BIT, A_THREAD)])),
        ({"open": (2, 0)}, lambda n: denied(n, 1, [(ANY_BIT, WRITES)])),
        ({"openat": (257, 56)}, lambda n: denied(n, 2, [(ANY_BIT, WRITES)])),
        ({"fcntl": (72, 25)}, lambda n: denied(n, 1, [(EQUAL, one) for one in TO_OTHERS])),
        (
            {"ioctl": (16, 29)},
            lambda n: allowed(n, 1, [(EQUAL, one) for one in OF_DESCRIPTORS]),
        ),
    ]
    looked_into = [step for calls, rule in rules for number in _of(calls) for step in rule(number)]
    return [*refused, *absent, *looked_into]


def close_network() -> bool:
    """Refuse this process, its threads and its children every new socket; False where it cannot.

    What is open already, such as the pipe to its parent, stays usable. On any Linux the process
    starts no program with more rights than its own from then on.
    """
    return _filtered(_no_socket)


def hide() -> bool:
    """Keep what other processes of the same user could read or change of this one from them:
    its memory, its variables, its descriptors (`/proc/PID`, ptrace). It leaves no core then.

    A program that it starts is not hidden; a fork is. False where it cannot.
    """
    return sys.platform == "linux" and ctypes.CDLL(None).prctl(DUMPABLE, 0, 0, 0, 0) == 0


def confine() -> bool:
    """Take all from this process, for good, but to read files and to use what is open already.

    It gets no socket and no other process, starts no process or program, changes no file, and
    keeps no right of root but to read. To be called while it has one thread. What a policy forbids
    is left out; False where the filter for system calls is.
    """
    hide()
    if sys.platform != "linux":
        return False
    _drop_rights()
    if _survives(_landlock):
        _landlock()
    return _filtered(lambda: [*_no_socket(), *_nothing_else()])


def _filtered(rules: Callable[[], list[bytes]]) -> bool:
    if sys.platform != "linux" or not _no_new_privileges():
        return False
    if platform.machine() not in MACHINES or sys.maxsize < 2**32:
        return False
    steps = _steps(rules())
    return _survives(partial(_set_filter, steps)) and _set_filter(steps)


def _no_new_privileges() -> bool:
    return ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0


def _set_filter(steps: Sequence[bytes]) -> bool:
    libc = ctypes.CDLL(None)
    program = _Program(len(steps), b"".join(steps))
    number = ctypes.c_long(MACHINES[platform.machine()][1])
    mode, flags = ctypes.c_long(SET_MODE_FILTER), ctypes.c_long(ALL_THREADS)
    return bool(libc.syscall(number, mode, flags, ctypes.byref(program)) == 0)


def _landlock() -> None:
    """No file or folder may be changed, and no process outside looked into, by `/proc` either."""
    libc = ctypes.CDLL(None)
    if not _no_new_privileges():
        return
    changes = ctypes.c_uint64(CHANGES)
    size = ctypes.c_long(ctypes.sizeof(changes))
    ruleset = libc.syscall(
        ctypes.c_long(CREATE_RULESET), ctypes.byref(changes), size, ctypes.c_long(0)
    )
    if ruleset >= 0:  # a kernel before 5.13, or one that was started without it, has none
        libc.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_long(ruleset), ctypes.c_long(0))
        os.close(ruleset)


def _drop_rights() -> None:
    """Of root: without rights over other processes, `hide` holds against it too."""
    with suppress(OSError, IndexError):
        status = Path("/proc/self/status").read_text()
        has = int(status.split("CapPrm:")[1].split()[0], 16)
        if has & ~READ_ALL:
            keeps = has & READ_ALL
            head = struct.pack("=II", CAPABILITIES, 0)
            rights = struct.pack("=6I", keeps, keeps, 0, 0, 0, 0)
            ctypes.CDLL(None).capset(head, rights)


def _survives(act: Callable[[], object]) -> bool:
    """Whether something may be done: a policy such as a unit's of systemd can end who does.

    It is done by a process of its own.
    """
    try:
        trial = os.fork()
    except OSError:  # no more processes are allowed
        return False
    if trial == 0:
        try:
            act()
        finally:
            os._exit(0)
    return os.waitpid(trial, 0)[1] == 0


# Trying it


def still_open(parent: int, other: int, folder: str) -> list[str]:
    """What this process can still do to a hidden process, another one and a folder; in words."""
    ways: dict[str, Callable[[], object]] = {
        "network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "parent": lambda: os.close(os.open(f"/proc/{parent}/mem", os.O_RDONLY)),
        "processes": lambda: Path(f"/proc/{other}/environ").read_bytes(),
        "signals": lambda: os.kill(other, 0),
        "owner": lambda: own_by_ioctl(other),
        "files": lambda: Path(folder, "made").mkdir(),
    }
    return [word for word, way in ways.items() if _is_open(way)]


def own_by_ioctl(other: int) -> None:
    """Have the kernel signal another process of what comes on a line of this one."""
    ours, theirs = os.pipe()
    try:
        fcntl.ioctl(ours, SET_OWNER, struct.pack("i", other))
    finally:
        os.close(ours)
        os.close(theirs)


def _is_open(way: Callable[[], object]) -> bool:
    try:
        way()
    except OSError:
        return False
    return True


def _told_by_child() -> bytes:
    """What a confined child of this hidden process finds open, in words."""
    reads, writes = os.pipe()
    hide()
    parent = os.getpid()
    with tempfile.TemporaryDirectory(prefix="radgame-sandbox-") as folder:
        waits = [sys.executable, "-c", "input()"]
        with subprocess.Popen(waits, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
            child = os.fork()
            if child == 0:
                confine()
                found = still_open(parent, other.pid, folder)
                os.write(writes, " ".join(found).encode() or b"-")
                os._exit(0)
            os.close(writes)
            told = b"".join(iter(partial(os.read, reads, 1000), b""))
            os.waitpid(child, 0)
    return told


def main() -> int:
    """Print a word for each thing that a confined process can still do; 1 where there is any."""
    found = _told_by_child().decode()
    print("" if found == "-" else found or "ended")
    return int(found != "-")


if __name__ == "__main__":
    sys.exit(main())
