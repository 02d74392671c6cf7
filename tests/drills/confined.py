# SPDX-License-Identifier: MIT
"""Starts programs under parts of what the shipped systemd unit, or a container, forbids them; needs no systemd."""

import ctypes
import errno
import pathlib
import re
import socket

UNIT = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "systemd" / "zoneseal@.service.in"
ALLOW, ERRNO, EQUAL = 0x7fff0000, 0x00050000, 4  # seccomp.h
FAMILIES = 46


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def filter_of(rules):
    """For preexec_fn: those calls fail. `rules` are (name of the system call, error number, first argument or None)."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ALLOW))
    for call, number, first in rules:
        where = [] if first is None else [Comparison(0, EQUAL, first, 0)]
        added = library.seccomp_rule_add_array(context, ERRNO | number, library.seccomp_syscall_resolve_name(call.encode()),
                                               len(where), (Comparison * max(1, len(where)))(*where))
        if added != 0:
            raise OSError(-added, call)

    def load():
        if library.seccomp_load(context) != 0:
            raise OSError("no filter")
    return load


def families_of_unit():
    """As RestrictAddressFamilies= does it: sockets of other families cannot be made."""
    allowed = re.search(r"^RestrictAddressFamilies=(.*)$", UNIT.read_text(encoding="ascii"), re.M)[1].split()
    numbers = {int(getattr(socket, name)) for name in allowed}
    return filter_of([("socket", errno.EAFNOSUPPORT, family) for family in range(FAMILIES) if family not in numbers])


def nothing_locked():
    """As systemd-nspawn does it without --system-call-filter=@memlock."""
    return filter_of([(name, errno.EPERM, None) for name in ("mlock", "mlock2", "mlockall")])
