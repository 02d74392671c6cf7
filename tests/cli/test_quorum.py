#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Further verifiers of the policy: required ones must say yes, and whatever they do, only the octets judged get out."""
import json
import os
import re
import select
import signal
import subprocess
import time
import unittest

from zs import World, ZONESEAL

TEXT = {"first": "/usr/bin/dnssec-verify, -o, \"{origin}\", \"{file}\"",
        "second": "/usr/bin/ldns-verify-zone, -t, \"{time}\", \"{file}\"",
        "third": "/usr/bin/kzonecheck, -o, \"{origin}\", -t, \"{time}\", \"{file}\""}


class Quorum(World):

    def policy(self, *verifiers, denial="nsec"):
        lines = ["name: quorum", f"denial: {{type: {denial}}}", "verifiers:"]
        for slot, (command, more) in zip(TEXT, verifiers):
            lines.append(f"  {slot}: {{command: [{command}]{more}}}")
        return self.write("quorum.yaml", "\n".join(lines) + "\n")

    def program(self, body, name="verifier"):
        return self.write(name, "#!/bin/sh\n" + body + "\n", mode=0o755)

    def last(self):
        return json.loads(self.z("verify", "--last", "nl.test", "--json").out)

    def assert_refuses(self, body, *said, more=""):
        done = self.sign("--policy", self.policy((self.program(body), more)), code=1)
        for part in said:
            self.assertIn(part, done.err)
        self.assertFalse(os.path.exists(self.output))
        last = self.last()
        self.assertEqual((last["verdict"], last["verifiers"][0]["yes"]), ("fail", False))
        text = self.z("verify", "--last", "nl.test", code=1).out
        self.assertTrue(text.startswith("FAIL"), text)
        self.assertIn("  NO   " + self.path("verifier"), text)
        self.assertIsNone(re.search("[^ -~\n]", text), text)
        return last["verifiers"][0]

    def test_each_reads_the_published_octets_and_all_is_kept(self):
        copy = self.program('exec sha256sum "$1"')
        env = self.program('env; ls /proc/$$/fd; cat >/dev/null', "env")
        path = self.policy((copy + ', "{file}"', ""), (env, ""))
        self.sign("--policy", path)
        one, two = self.last()["verifiers"]
        digest = subprocess.run(["sha256sum", self.output], capture_output=True, check=True).stdout.split()[0].decode()
        self.assertEqual(one["output"], [digest + "  /dev/stdin"])
        self.assertEqual((one["yes"], one["required"], one["ending"]), (True, True, "exit code 0"))
        names = {line.split("=")[0] for line in two["output"] if "=" in line}
        self.assertLessEqual(names, {"PATH", "LC_ALL", "PWD", "OLDPWD", "_", "SHLVL"})
        # 10 is the script, which the shell has open.
        self.assertLessEqual({line for line in two["output"] if line.isdigit()}, {"0", "1", "2", "3", "10"})
        self.assertIn("  yes  " + copy, self.z("verify", "--last", "nl.test", code=0).out)

    def test_they_run_at_the_same_time(self):
        # Each waits for the other: one after the other, both would time out.
        a, b = self.path("a"), self.path("b")
        os.mkfifo(a)
        os.mkfifo(b)
        one = self.program(f"echo x >{a}; read y <{b}", "one")
        two = self.program(f"read y <{a}; echo x >{b}", "two")
        self.sign("--policy", self.policy((one, ", timeout: 20s"), (two, ", timeout: 20s")))

    def test_a_no_keeps_the_zone_back(self):
        said = self.assert_refuses("echo 'bad zone' >&2; exit 1", "says no: exit code 1: bad zone")
        self.assertEqual(said["output"], ["bad zone"])
        self.assertIn("says no", self.z("log", "nl.test").out)
        self.assertIn("says no", self.z("status", "nl.test").out)

    def test_what_they_have_started_ends_with_the_run(self):
        """The grandchild holds the pipe's other end: only its own end gives us an end of file."""
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        child = self.program(f"exec 3>{pipe}; echo begun >&3; exec sleep 300", "child")
        path = self.policy((self.program(f"{child} </dev/null >/dev/null 2>&1 & wait"), ", timeout: 200s"))
        argv = [ZONESEAL, "sign", "nl.test", "-i", self.input, "-o", self.output, "--policy", path, "--now", self.now]
        for number in (signal.SIGTERM, signal.SIGINT):
            with subprocess.Popen(argv, cwd=self.folder, env=self.environment(), stderr=subprocess.PIPE) as run:
                with open(pipe, encoding="ascii") as file:
                    self.assertEqual(file.readline(), "begun\n")
                    run.send_signal(number)
                    self.assertTrue(select.select([file], [], [], 60)[0], "the grandchild goes on")
                    self.assertEqual(file.read(), "")
                run.communicate(timeout=60)
                self.assertEqual(run.returncode, -number)

    def test_a_crash_is_no(self):
        self.assert_refuses("kill -SEGV $$", "killed by signal 11")

    def test_a_program_that_is_not_there_is_no(self):
        done = self.sign("--policy", self.policy((self.path("nowhere"), "")), code=1)
        self.assertIn("could not be started", done.err)

    def test_one_that_ignores_sigterm_and_hangs_is_killed_with_all_that_it_started(self):
        self.assert_refuses("trap '' TERM; sleep 600 & echo $! >&2; echo $! ; wait; wait; sleep 600",
                            "timed out after 5s", more=", timeout: 5s")
        pid = int(self.last()["verifiers"][0]["output"][0])
        self.assert_ends(pid)

    def assert_ends(self, pid):
        """It was killed; its new parent may be slow to notice."""
        end = time.monotonic() + 20
        while self.lives(pid):
            self.assertLess(time.monotonic(), end, f"{pid} lives")
            os.sched_yield()

    @staticmethod
    def lives(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except FileNotFoundError:
            return False

    def test_what_is_left_running_after_a_yes_is_killed(self):
        self.sign("--policy", self.policy((self.program("sleep 600 >/dev/null 2>&1 & echo $!"), "")))
        self.assert_ends(int(self.last()["verifiers"][0]["output"][0]))

    def test_a_flood_of_output_is_cut(self):
        self.sign("--policy", self.policy((self.program("head -c 20000000 /dev/zero | tr '\\0' x"), "")))
        self.assertLess(len("".join(self.last()["verifiers"][0]["output"])), 4097)

    def test_escapes_reach_no_terminal(self):
        self.assert_refuses("printf '\\033[2J\\007\\n\\302\\233x\\n'; exit 1")

    def test_a_verifier_can_write_no_file(self):
        self.write("victim", "")
        self.assert_refuses(f"echo x >{self.path('victim')}; exit 0", "killed by signal 25")
        self.assertEqual(self.read(self.path("victim")), b"")

    def test_a_zone_that_a_verifier_cuts_is_not_published(self):
        path = self.policy((self.program("truncate -s 100 /dev/stdin; exit 0"), ", verdict: advisory"))
        done = self.sign("--policy", path, code=1)
        self.assertIn("the signed zone changed while the policy's verifiers read it", done.err)
        self.assertFalse(os.path.exists(self.output))
        self.assertEqual(self.last()["verdict"], "fail")

    def test_an_advisory_no_is_told_and_refuses_nothing(self):
        path = self.policy((self.program("echo hm; exit 3"), ", verdict: advisory"))
        done = self.sign("--policy", path)
        self.assertIn("1 remark that refuses nothing", done.err)
        self.assert_published_is_good()
        self.assertIn("  no   " + self.path("verifier") + " (advisory): exit code 3",
                      self.z("verify", "--last", "nl.test", code=0).out)


class Peers(World):
    """The three that Debian has, by the commands that contrib/doc/operate.md shows; they want the real time."""
    virtual = False

    def test_three_peers_agree_on_a_good_zone_and_refuse_a_bad_one(self):
        with open(os.path.join(os.path.dirname(__file__), "..", "..", "contrib", "doc", "operate.md"),
                  encoding="utf-8") as page:
            shown = page.read()
        for denial in ("nsec", "nsec3"):
            path = Quorum.policy(self, *((command, "") for command in TEXT.values()), denial=denial)
            self.output = self.path(denial)
            self.state = self.path("state-" + denial)
            self.sign("--policy", path)
            told = json.loads(self.z("verify", "--last", "nl.test", "--json").out)["verifiers"]
            self.assertEqual([one["yes"] for one in told], [True] * 3, told)
            for number, command in enumerate(TEXT.values()):
                self.assertTrue(f"command: [{command}]" in shown, command)
                self.refuses(command, number)

    def refuses(self, command, number):
        zone = self.read(self.output).decode()
        record = next(line for line in zone.splitlines() if "\tRRSIG\tNS " in line)
        broken = record[:-4] + ("AAAA" if not record.endswith("AAAA") else "BBBB")
        cut = re.sub(r"[^\n]*\tRRSIG\tNS [^\n]*\n", "", zone)
        for bad in (zone.replace(record, broken), cut):
            path = self.write("bad.zone", bad)
            words = [word.strip('"') for word in command.split(", ")]
            time = subprocess.run(["date", "-u", "+%Y%m%d%H%M%S"], capture_output=True, check=True).stdout.decode()
            fill = {"{file}": "/dev/stdin", "{origin}": "nl.test.", "{time}": time.strip()}
            with open(path, "rb") as file:
                done = subprocess.run([fill.get(word, word) for word in words], stdin=file, capture_output=True,
                                      check=False, timeout=60)
            self.assertNotEqual(done.returncode, 0, (number, done))


if __name__ == "__main__":
    unittest.main()
