# SPDX-License-Identifier: MIT
"""No #include and no link crosses a boundary that layers.txt does not open: layers.py LINKS.TXT PROGRAM...

LINKS.TXT is written by CMake, a line per static library: "room: what it links". Each PROGRAM is an ELF file whose
needed libraries are compared with those of its room and all that this room sees.
"""
import fnmatch
import os
import re
import subprocess
import sys

import tree

# Outside headers that stand for a library, the library's CMake target, and its soname. Headers of libc are free.
LIBRARIES = {
    "crypto": (r"openssl/", "PkgConfig::CRYPTO", "libcrypto"),
    "seccomp": (r"seccomp\.h", "PkgConfig::SECCOMP", "libseccomp"),
    "threads": (r"pthread\.h", "Threads::Threads", "libpthread"),
    "sqlite": (r"sqlite3\.h", "PkgConfig::SQLITE", "libsqlite3"),
    "expat": (r"expat\.h", "PkgConfig::EXPAT", "libexpat"),
    "yaml": (r"yaml\.h", "PkgConfig::YAML", "libyaml"),
    "jansson": (r"jansson\.h", "PkgConfig::JANSSON", "libjansson"),
    "p11": (r"p11-kit/", "PkgConfig::P11", "libp11-kit"),
}
PROGRAM_ROOMS = {"zoneseal": "cli", "zoneseal-verify": "gate"}


class Room:
    def __init__(self, name, patterns):
        self.name, self.patterns = name, patterns
        self.sees, self.libraries, self.makes = [], [], []

    def rooms_seen(self):
        return [s for s in self.sees if "/" not in s]

    def headers_seen(self):
        return [s for s in self.sees if "/" in s]


def read_table(lines):
    rooms = {}
    room = None
    for line in lines:
        words = line.split("#")[0].split()
        if not words:
            continue
        if not line[0].isspace():
            room = rooms[words[0]] = Room(words[0], words[1:])
        else:
            getattr(room, words[0]).extend(words[1:])
    return rooms


def room_of(path, rooms):
    for room in rooms.values():
        if any(fnmatch.fnmatch(path, pattern) for pattern in room.patterns):
            return room
    return None


def reach(room, rooms):
    """The room itself and every room below it."""
    below = {room.name}
    for name in room.rooms_seen():
        below |= reach(rooms[name], rooms)
    return below


def include_fault(room, target, rooms):
    """Why `room` may not include our header `target`; None if it may."""
    if "/" not in target:
        return None if target in room.makes else f"{target} is not a path from the root"
    other = room_of(target, rooms)
    if other is None:
        return f"{target} belongs to no room"
    if other.name in reach(room, rooms) or target in room.headers_seen():
        return None
    return f"{room.name} may not see {other.name}"


def library_fault(room, target):
    for name, (pattern, _, _) in LIBRARIES.items():
        if re.match(pattern, target) and name not in room.libraries and name != "threads":
            return f"{room.name} may not use library {name}"
    return None


def faults_of_file(path, rooms):
    room = room_of(path, rooms)
    if room is None:
        return [f"{path}: belongs to no room of layers.txt"]
    faults = []
    for number, line in enumerate(tree.lines(path), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not match:
            continue
        own, target = match.group(1) == '"', match.group(2)
        fault = include_fault(room, target, rooms) if own else library_fault(room, target)
        if fault:
            faults.append(f"{path}:{number}: {line.strip()}: {fault}")
    return faults


def link_faults(line, rooms):
    """The CMake edges of one library against its row: none more, and of the rooms none fewer."""
    name, _, rest = line.partition(":")
    if name not in rooms:
        return [f"CMake library {name} is no room of layers.txt"]
    room, linked = rooms[name], set(rest.split()) - {"zoneseal_flags"}
    allowed = set(room.rooms_seen()) | {LIBRARIES[l][1] for l in room.libraries}
    allowed |= {room_of(header, rooms).name for header in room.headers_seen()}
    faults = [f"CMake links {name} to {other}, layers.txt does not" for other in sorted(linked - allowed)]
    missing = sorted(set(room.rooms_seen()) - linked)
    return faults + [f"layers.txt lets {name} see {other}, CMake does not link it" for other in missing]


def program_faults(path, rooms):
    room = rooms[PROGRAM_ROOMS[os.path.basename(path)]]
    below = reach(room, rooms)
    allowed = {library for name in below for library in rooms[name].libraries}
    dynamic = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(\S+)\]", dynamic)
    return [f"{path} needs {soname}, its rooms do not" for soname in needed
            for name, (_, _, prefix) in LIBRARIES.items() if soname.startswith(prefix) and name not in allowed]


def self_check(rooms):
    """The test can fail: edges that must never open are refused by the table as it stands."""
    forbidden = [("verify", "signer/dns/name.h"), ("verify", "keystore/key.h"), ("policy", "keystore/store.h"),
                 ("sign", "keystore/store.h"), ("dns", "signer/zone/zone.h"), ("gate", "signer/sign/sign_zone.h"),
                 ("policy", "policies/policy_yaml.h"), ("report", "keystore/token.h")]
    open_edges = [f"{name} sees {header}: the table has lost its point" for name, header in forbidden
                  if include_fault(rooms[name], header, rooms) is None]
    closed = ("sign", "keystore/token.h")
    if include_fault(rooms[closed[0]], closed[1], rooms) is not None:
        open_edges.append("sign no longer sees keystore/token.h: the test refuses everything")
    return open_edges


def main():
    rooms = read_table(tree.lines("tests/layers/layers.txt"))
    sources = tree.files(tree.PROGRAM_FOLDERS, (".c", ".h"))
    faults = self_check(rooms)
    for path in sources:
        faults += faults_of_file(path, rooms)
    with open(sys.argv[1], encoding="utf-8") as links:
        for line in links.read().splitlines():
            faults += link_faults(line, rooms)
    for program in sys.argv[2:]:
        faults += program_faults(program, rooms)
    tree.conclude("layers", len(sources), faults)


main()
