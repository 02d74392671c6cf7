# SPDX-License-Identifier: MIT
"""Pages whose commands are played on a virtual clock, with a real parent server. The words behind ```sh say what happens
before a block: `wait=3d` lets the timer run for so long, `exit=1` is the code that has to come (`exit=1,0`: of each line by
itself), `when=NAME` is what others do meanwhile (`before_NAME` of the page's test), `at=NAME` is another machine, and
`not-run="why"` is a block that no test can run, `run-by=TEST` one that another test runs: test_commands_of_pages.py."""

import contextlib
import datetime
import json
import os
import re
import signal
import subprocess

from servers import Nsd
from walk import ADDRESS, BIN, DOC, Page, ROOT, plain, worded_blocks

START = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.timezone.utc)
RUNS = 6  # of the timer in each wait
HEAD = """$ORIGIN nl.test.
$TTL 3600
@ IN SOA ns1 host {} 7200 3600 604800 300
@ NS ns1
ns1 A 192.0.2.1
"""


def played(page):
    """The blocks that Clocked.play runs."""
    return [block for block in worded_blocks(page) if block[1] in ("sh", "console", "cron") and not {"not-run", "run-by"} & set(block[2])]


class Clocked(Page):
    """The world of one signer: `now` is the virtual time, `state` its folder below the test's."""

    def setUp(self):
        super().setUp()
        self.state = "var/lib/zoneseal"
        self.now, self.ds, self.parent = START, {}, None
        os.unlink(self.path("bin/zoneseal"))
        self.program("zoneseal", f'exec {BIN}/zoneseal "$@" --now "$(cat {self.path("clock")})"')
        for folder in ("srv/registry", "srv/signed", "media/usb", "var/lib/zoneseal-backup"):
            os.makedirs(self.path(folder))
        self.tick(datetime.timedelta())

    def parent_serves(self):
        self.parent_zone("")
        self.parent = self.enterContext(Nsd(self.path("parent"), {"test.": self.path("parent.zone")}))

    def virtual_from_the_start(self):
        """`zoneseal init` of the page makes a keystore on the virtual clock, except while REAL_TIME is not empty."""
        self.more["REAL_TIME"] = ""
        self.program("zoneseal", f'[ -z "$REAL_TIME" ] || exec {BIN}/zoneseal "$@"\n[ "$1" != init ] || set -- "$@" --virtual-clock\n'
                     f'exec {BIN}/zoneseal "$@" --now "$(cat {self.path("clock")})"')

    def tick(self, span):
        self.now += span
        self.write("clock", self.now.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def let_pass(self, days):
        for _ in range(RUNS):
            self.tick(datetime.timedelta(days=days) / RUNS)
            self.quiet("zoneseal run -q nl.test")

    def environment(self):
        return {**super().environment(), "ZONESEAL_STATE": self.path(self.state)}

    def quiet(self, command):
        return self.shell(command, "between blocks")

    def registry(self, serial, count):
        self.write("srv/registry/nl.test", HEAD.format(serial) + "".join(f"d{i} NS ns.d{i}\nns.d{i} A 192.0.2.9\n"
                                                                         for i in range(count)))

    def add(self, state, more=""):
        self.state = state
        self.quiet("zoneseal init --virtual-clock && zoneseal zone add nl.test "
                   f"-i {self.path('srv/registry/nl.test')} {more}")
        self.names["/srv/signed/nl.test"] = self.signed()

    def signed(self):
        """A rehearsal publishes below its state folder alone."""
        return self.path(self.state, "zones", "nl.test.zone")

    def parent_zone(self, ds):
        self.write("parent.zone", "$TTL 86400\ntest. SOA ns.test. host.test. 1 7200 3600 604800 600\n"
                   "test. NS ns.test.\nns.test. A 127.0.0.1\nnl.test. NS ns1.nl.test.\nns1.nl.test. A 127.0.0.1\n" + ds)

    def parent_shows(self, *tags):
        shown = self.quiet("zoneseal ds show nl.test")
        self.ds.update({found[2]: found[1] for found in re.finditer(r"(?m)^(nl\.test\. (?:\d+ )?IN DS (\d+) .*\n)", shown)})
        self.parent_zone("".join(self.ds[tag] for tag in tags))
        self.parent.process.send_signal(signal.SIGHUP)  # reads files that are newer
        for _ in range(500):
            answer = self.parent.ask("nl.test.", "DS").answer
            if {str(record.key_tag) for rrset in answer for record in rrset if record.rdtype == 43} == set(tags):
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.parent.process.wait(0.02)
        self.fail(self.parent.said())

    def tag(self, role):
        """Of the newest key of a role."""
        said = self.quiet("zoneseal key list nl.test --json 2>/dev/null")
        keys = [key for key in json.loads(said)["keys"] if key["role"] == role.lower()]
        return str(max(keys, key=lambda key: key["created_epoch"])["tag"])

    def last_but_one(self):
        """The serial that was published before the present one."""
        serials = re.findall(r" published: serial (\d+)", self.quiet("zoneseal log nl.test"))
        return sorted(serials, key=int)[-2]

    # ---- the page ----

    def go_to(self, place):
        """Another machine, or another state folder of this one."""
        self.state = place

    def learn(self, said):
        """Numbers of the page that stand for others here."""

    def run_block(self, script, words, title):
        """What it printed. Each line of a block may have an exit code of its own."""
        codes = [int(code) for code in words.get("exit", "0").split(",")]
        lines = [script] if len(codes) == 1 else script.splitlines()
        self.assertEqual(len(lines), len(codes), title)
        return "".join(self.shell(line, title, code) for line, code in zip(lines, codes))

    def before_command(self, command):
        """What one line of a transcript says of itself."""

    def here_shown(self, text):
        """What a page shows, with the numbers of this test."""
        for name, ours in self.names.items():
            text = text.replace(name, ours)
        return text

    @staticmethod
    def alike(text):
        """Without what is another number, hash, span or width each time."""
        return plain(text)

    def run_transcript(self, block, title):
        """What stands below each `$ command`, "..." for what is left out, is printed by it in that order."""
        for place, command, shown in re.findall(r"(?m)^(\w*)\$ (.*)\n((?:(?!\w*\$ ).*\n)*)", block):
            if place:
                self.go_to(place)
            self.before_command(command)
            printed = self.shell(self.here(command), f"{title}: {command}")
            self.learn(printed)
            self.assert_shown(self.here_shown(shown), printed, f"{title}: {command}", self.alike)

    def play(self, page):
        """Runs every block of commands in its order; how many there were."""
        functions, count = "", 0
        for line, kind, words, block in played(page):
            title = f"contrib/doc/{page}, line {line}"
            if re.match(r"[a-z]+\(\) \{", block):
                functions = block
                continue
            if kind == "cron":
                block = re.sub(r"(?m)^(?:\S+ +){5}\w+ +", "", block)
            if "when" in words:
                getattr(self, f"before_{words['when']}")()
            if "at" in words:
                self.go_to(words["at"])
            if "wait" in words:
                self.let_pass(int(words["wait"].rstrip("d")))
            count += 1
            if kind == "console":
                self.run_transcript(block, title)
                continue
            said = self.run_block(functions + self.here(block), words, title)
            self.assertNotIn("bogus now", said)
            self.learn(said)
        return count


__all__ = ["ADDRESS", "BIN", "Clocked", "DOC", "HEAD", "ROOT", "played", "worded_blocks"]
