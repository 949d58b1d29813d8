"""No network for a process: the kernel refuses its system calls that lead there (seccomp).

Only what a process may do to itself without rights is used, so it works for every user of Linux on
x86-64 and ARM64, in containers too. It imports nothing of the project and cannot be undone.
`python -m cases.sandbox` tries it in a process of its own: 0 when the network is closed there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of prctl(2); without it only root may set a filter."""
SET_MODE_FILTER = 1
IS_KNOWN = 2
"""SECCOMP_GET_ACTION_AVAIL: a question that changes nothing."""
ALL_THREADS = 1
"""SECCOMP_FILTER_FLAG_TSYNC: threads that libraries have started are held as well."""
OTHER_CALLS = 0x4000_0000
"""Where the numbers of x86-64's x32 interface begin, which would lead around the filter."""

# By machine: the kernel's name for it, seccomp(2), and what is refused. Beside socket(2) these lead
# to a socket: io_uring_setup, and what reaches into other processes (ptrace, process_vm_readv,
# process_vm_writev, pidfd_getfd).
MACHINES = {
    "x86_64": (0xC000_003E, 317, (41, 425, 101, 310, 311, 438)),
    "aarch64": (0xC000_00B7, 277, (198, 425, 117, 270, 271, 438)),
}

# Operations of the kernel's filter programs (linux/bpf_common.h).
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EPERM
NUMBER_AT, MACHINE_AT = 0, 4


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _steps(machine: int, refused: tuple[int, ...]) -> list[bytes]:
    """The filter: calls of another machine's kind and the refused are answered by EPERM."""
    tests = [(AT_LEAST, OTHER_CALLS), *((EQUAL, number) for number in refused)]
    jumps = [(what, value, len(tests) - place) for place, (what, value) in enumerate(tests)]
    return [
        struct.pack("=HBBI", LOAD, 0, 0, MACHINE_AT),
        struct.pack("=HBBI", EQUAL, 0, len(tests) + 2, machine),
        struct.pack("=HBBI", LOAD, 0, 0, NUMBER_AT),
        *(struct.pack("=HBBI", what, far, 0, value) for what, value, far in jumps),
        struct.pack("=HBBI", RETURN, 0, 0, ALLOW),
        struct.pack("=HBBI", RETURN, 0, 0, REFUSE),
    ]


def close_network() -> bool:
    """Refuse this process, its threads and its children every new socket; False where it cannot.

    What is open already, such as the pipe to its parent, stays usable. On any Linux the process
    starts no program with more rights than its own from then on.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    if platform.machine() not in MACHINES or sys.maxsize < 2**32:
        return False
    machine, seccomp, refused = MACHINES[platform.machine()]
    number = ctypes.c_long(seccomp)
    if not _survives(libc, number):
        return False
    steps = _steps(machine, refused)
    program = _Program(len(steps), b"".join(steps))
    mode, flags = ctypes.c_long(SET_MODE_FILTER), ctypes.c_long(ALL_THREADS)
    return bool(libc.syscall(number, mode, flags, ctypes.byref(program)) == 0)


def _survives(libc: ctypes.CDLL, number: ctypes.c_long) -> bool:
    """Whether seccomp(2) may be called: a policy such as a unit's of systemd can end who does."""
    try:
        trial = os.fork()
    except OSError:  # no more processes are allowed
        return False
    if trial == 0:
        try:
            action = ctypes.c_uint32(ALLOW)
            libc.syscall(number, ctypes.c_long(IS_KNOWN), ctypes.c_long(0), ctypes.byref(action))
        finally:
            os._exit(0)
    return os.waitpid(trial, 0)[1] == 0


def _is_closed() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except PermissionError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(0 if close_network() and _is_closed() else 1)
