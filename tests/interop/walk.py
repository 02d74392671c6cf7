# SPDX-License-Identifier: MIT
"""Carries out the commands of a page of contrib/doc: blocks of ```sh, in their order, as a person would type them. Names of
files are below a folder of the test, names of servers are addresses on loopback; nothing else is altered.

After each block resolvers that validate are asked: one with an empty cache, and one that has kept all it ever saw."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import dns.flags
import dns.rcode

from servers import ADDRESS, ENVIRONMENT, Nsd, Unbound, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / "contrib" / "doc"
BIN = os.path.abspath(os.environ.get("ZONESEAL_BIN", "build/release/bin"))
ZONE = """$ORIGIN nl.test.
$TTL 3600
@ IN SOA ns1 host 2026112401 7200 3600 604800 300
@ NS ns1
ns1 A 127.0.0.1
www A 192.0.2.80
a NS ns.a
ns.a A 192.0.2.2
b NS ns1
b DS 1234 13 2 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC0000
*.wild TXT "any"
"""


def blocks(page, section="", kind="sh"):
    """[(first line, text)] of the blocks of a kind, "sh" or "" of what they print, below a heading that begins so."""
    text = (DOC / page).read_text(encoding="utf-8")
    begin, end = 0, len(text)
    if section:
        begin = text.index(f"\n## {section}") + 1
        end = (text + "\n## ").index("\n## ", begin)
    return [(text.count("\n", 0, begin + found.start()) + 1, found[2])
            for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text[begin:end], re.MULTILINE | re.DOTALL) if found[1] == kind]


def worded_blocks(page):
    """[(first line, kind, {word: value}, text)] of the fenced blocks of a page, which may stand in a list."""
    text = (DOC / page).read_text(encoding="utf-8")
    for found in re.finditer(r"(?m)^( *)```(\w*)(.*)\n((?:.*\n)*?) *```$", text):
        yield (text.count("\n", 0, found.start()) + 1, found[2], dict(word.split("=", 1) for word in shlex.split(found[3])),
               re.sub(rf"(?m)^{found[1]}", "", found[4]))


def plain(text):
    """Without what is another number, hash, span or width each time."""
    text = re.sub(r"[^\S\n]+", " ", text)
    for what, instead in ((r"\b[0-9a-f]{16,}\b", "HASH"), (r"\d+[dhms]( \d+[hms])?\b", "TIME"), (r"\d+", "#")):
        text = re.sub(what, instead, text)
    return text.strip()


class Page(unittest.TestCase):
    """`names` are further words of the page and what they are here."""

    def setUp(self):
        # A short name: sockets of some daemons are in it.
        self.folder = tempfile.mkdtemp(prefix="zs-walk-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.names, self.more = {}, {}
        for name in ("bin", "etc/zoneseal", "var/lib/zoneseal", "srv", "home"):
            os.makedirs(self.path(name))
        self.program("runuser", 'shift 3\nexec "$@"')  # the tests run as one user
        self.program("chown", "exit 0")
        for name in ("zoneseal", "zoneseal-verify"):
            os.symlink(os.path.join(BIN, name), self.path("bin", name))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        return pathlib.Path(self.path(name)).read_text(encoding="utf-8")

    def program(self, name, script):
        """One that commands of the page find first."""
        self.write(os.path.join("bin", name), f"#!/bin/sh\n{script}\n", 0o755)

    def here(self, text):
        """A block of the page with the names of this test."""
        text = re.sub(r" -o [a-z]+ -g [a-z]+", "", text)
        for name, ours in sorted(self.names.items(), key=lambda pair: -len(pair[0])):
            text = text.replace(name, ours)
        text = text.replace("/usr/share/zoneseal/hooks/", f"{ROOT}/contrib/hooks/")
        # What has its place already may be below /var as well: this tree, and folders of tests.
        placed = "|".join(re.escape(f"{folder}/") for folder in (ROOT, tempfile.gettempdir()))
        return re.sub(rf"(?<![\w/.-])(?!{placed})/(etc|var|srv|media|run)/", rf"{self.folder}/\1/", text)

    @staticmethod
    def shown_in(page, begins):
        """The block that is no command and begins so."""
        text = (DOC / page).read_text(encoding="utf-8")
        return re.search(rf"^```\n({begins}.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]

    def environment(self):
        return {**ENVIRONMENT, "PATH": f"{self.path('bin')}:{ENVIRONMENT['PATH']}", "HOME": self.path("home"), "LC_ALL": "C",
                "ZONESEAL_STATE": self.path("var/lib/zoneseal"), "ZONESEAL_CONFIG": self.path("etc/zoneseal"), **self.more}

    def shell(self, script, title, code=0):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=self.environment(), cwd=self.path("home"),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120, check=False)
        if os.environ.get("WALK_SHOW"):
            sys.stderr.write(f"---- {title}\n{script}\n{done.stdout}")
        self.assertEqual(done.returncode, code, f"{title}\n{script}\n{done.stdout}")
        return done.stdout

    def assert_shown(self, shown, printed, title, alike=plain):
        """The lines of `shown` were printed in their order; "..." stands for what is left out."""
        told, at = alike(printed), 0
        for line in re.split(r"\n|\.\.\.", shown):
            if line.strip():
                found = told.find(alike(line), at)
                self.assertGreaterEqual(found, 0, f"{title}: {line}\n{told[at:at + 3000]}")
                at = found + 1
        return told

    def walk(self, page, after=lambda block: None, until=None, section=""):
        """Runs every block, or those up to the one that has the words `until`; `after` each one. What they printed, in order."""
        functions, said = "", []
        for line, block in blocks(page, section):
            block = self.here(block)
            if re.match(r"[a-z_]+\(\) \{", block):
                functions += block
                continue
            said.append(self.shell(functions + block, f"contrib/doc/{page}, line {line}"))
            after(block)
            if until and until in block:
                return said
        self.assertIsNone(until)
        self.assertGreater(len(said), 4)
        return said


class Validated(Page):
    """The resolvers. `trust` starts them with the DS records of nl.test and the port of its server."""

    def trust(self, ds, port):
        anchor = self.write("anchor", ds)
        self.parent(ds)
        self.count = 0
        self.resolvers = [self.enterContext(Unbound(self.path(name), anchor, ["nl.test."], port)) for name in ("full", "empty")]
        self.names["@resolver.example"] = f"@{ADDRESS} -p {self.resolvers[0].port}"
        self.assert_secure()

    def parent(self, ds):
        """Its server, which zoneseal asks for the DS."""
        zone = self.write("parent.zone", "$TTL 86400\ntest. SOA ns.test. host.test. 1 7200 3600 604800 600\n"
                          "test. NS ns.test.\nns.test. A 127.0.0.1\nnl.test. NS ns1.nl.test.\nns1.nl.test. A 127.0.0.1\n" + ds)
        server = self.enterContext(Nsd(self.path("parent"), {"test.": zone}))
        self.names["@ns.test"] = f"@{ADDRESS} -p {server.port}"
        self.names["--policy from-"] = f"--parents {ADDRESS}@{server.port} --policy from-"

    def assert_secure(self, block=""):
        """The first resolver remembers keys and data of each step, and is asked for what it has and for what it lacks."""
        self.count += 1
        self.resolvers[1].forget()
        for resolver in self.resolvers:
            for name, kind in (("nl.test.", "SOA"), ("nl.test.", "DNSKEY"), ("b.nl.test.", "DS"), ("a.nl.test.", "DS"),
                               (f"n{self.count}.wild.nl.test.", "TXT"), (f"no{self.count}.nl.test.", "A"),
                               (f"www{self.count}.nl.test.", "A")):
                answer = resolver.ask(name, kind)
                self.assertIn(answer.rcode(), (dns.rcode.NOERROR, dns.rcode.NXDOMAIN), f"{name} {kind}: {resolver.why()}\n{block}")
                self.assertTrue(answer.flags & dns.flags.AD, f"{name} {kind} is not secure after\n{block}")


__all__ = ["ADDRESS", "DOC", "Page", "ROOT", "Validated", "ZONE", "blocks", "free_port", "plain", "worded_blocks"]
