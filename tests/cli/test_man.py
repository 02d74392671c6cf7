# SPDX-License-Identifier: MIT
"""The manual pages say what the programs do, and are good in form; each example in them is run."""
import os
import pathlib
import re
import shlex
import subprocess
import unittest

import zs
from zs import World

PAGES = pathlib.Path(os.environ["ZONESEAL_MAN"])
CHECKS = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "doc" / "checks.md"


def text(page):
    done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=200", PAGES / page], capture_output=True, check=True)
    return re.sub(r".\x08", "", done.stdout.decode())


def section(page, name):
    return re.search(rf"^{name}\n(.*?)(?=^\S)", text(page), re.M | re.S).group(1)


class Form(unittest.TestCase):
    def test_mandoc_finds_nothing(self):
        pages = sorted(PAGES.glob("*.[157]"))
        self.assertGreater(len(pages), 12)
        for page in pages:
            with self.subTest(page.name):
                done = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False)
                self.assertEqual(done.stdout + done.stderr, "")

    def test_pages_that_are_named_exist(self):
        for page in PAGES.glob("*.[157]"):
            for name, number in re.findall(r"(zoneseal(?:-[a-z]+)?)\(([157])\)", text(page.name).replace("-\n", "-")):
                self.assertTrue((PAGES / f"{name}.{number}").exists(), f"{page.name} names {name}({number})")

    def test_each_has_examples_or_commands_with_theirs(self):
        for page in PAGES.glob("*.[157]"):
            self.assertRegex(text(page.name), r"(?m)^(EXAMPLES$|\s+Examples:$)", page.name)


class Tables(World):
    def commands(self):
        listed = self.z("--help", code=0).out.split("\nCommands\n")[1]
        return re.findall(r"(?m)^  ((?:[a-z-]+ )?[a-z-]+)  ", listed)

    def test_each_command_has_its_place_in_one_page_with_all_its_options(self):
        pages = {page.name: text(page.name) for page in PAGES.glob("zoneseal-*.1")}
        common = set(re.findall(r"--[a-z-]+", section("zoneseal.1", "OPTIONS OF EVERY COMMAND")))
        changes = set(re.findall(r"--[a-z-]+", section("zoneseal.1", "OPTIONS OF COMMANDS THAT CHANGE STATE")))
        self.assertIn("--state", common)
        self.assertIn("--dry-run", changes)
        overview = section("zoneseal.1", "COMMANDS")
        for command in self.commands():
            with self.subTest(command):
                self.assertRegex(overview, rf"(?m)^ +{command}$")
                places = [re.search(rf"^   zoneseal {command}\n(.*?)(?=^ {{0,3}}\S)", page, re.M | re.S)
                          for page in pages.values()]
                places = [place.group(1) for place in places if place]
                self.assertEqual(len(places), 1, f"one page of contrib/man must have @command {command}@")
                own = set(re.findall(r"(?m)^ +(?:-[a-z], )?(--[a-z-]+)(?:=.*)?$", places[0]))
                out = self.z(*command.split(), "--help", code=0).out
                help_ = set(re.findall(r"(?m)^  (?:-[a-zA-Z], |    )(--[a-z-]+)", out))
                self.assertEqual(own, help_ - common - changes)
                self.assertEqual("It changes state" in places[0], "--dry-run" in help_)

    def test_the_options_of_the_verifier(self):
        done = subprocess.run([zs.VERIFY, "--help"], capture_output=True, text=True, check=True)
        options = set(re.findall(r"(?m)^  (--[a-z-]+)", done.stdout)) | {"--help"}
        self.assertEqual(set(re.findall(r"(?m)^ {7}(?:--version, )?(--[a-z-]+)", section("zoneseal-verify.1", "OPTIONS"))),
                         options - {"--version"})

    def test_all_checks_and_policy_fields(self):
        checks = text("zoneseal-checks.7")
        for check in re.findall(r"(?m)^\| `([a-z0-9.-]+)`", CHECKS.read_text(encoding="utf-8")):
            self.assertRegex(checks, rf"(?m)^ +{re.escape(check)} \(")
        shown = self.z("policy", "show", "default", code=0).out
        policy, path = text("zoneseal-policy.5"), []
        for line in shown.splitlines():
            found = re.match(r"( *)([a-z0-9-]+):(.*)", line)
            if not found or line.lstrip().startswith("#"):
                continue
            path = path[:len(found.group(1)) // 2] + [found.group(2)]
            if found.group(3).split("#")[0].strip():
                self.assertRegex(policy, rf"(?m)^ +{re.escape('.'.join(path))}: ")

    def test_the_policy_in_the_page_is_one(self):
        example = section("zoneseal-policy.5", "EXAMPLES").split("month:\n")[1]
        indent = min(len(line) - len(line.lstrip()) for line in example.splitlines() if line.strip())
        path = self.write("busy.yaml", "\n".join(line[indent:] for line in example.splitlines()) + "\n")
        self.z("policy", "check", path, code=0)


class Examples(World):
    """In a world of their own, in which little that they name exists: no example may be refused for how it is written."""

    virtual = False

    def words(self, line):
        line = re.split(r"\s{2,}\S", line.strip())[0] if not line.strip().endswith("\\") else line.strip()[:-1]
        words = shlex.split(line, posix=True)
        for stop in ("|", ">", "<", ";", "&&", "3<"):
            if stop in words:
                words = words[:words.index(stop)]
        return words

    def examples(self):
        for page in sorted(PAGES.glob("*.[157]")):
            inside = False
            for line in text(page.name).splitlines():
                if line.strip() in ("Examples:", "EXAMPLES"):
                    inside = True
                elif line.strip() and not line.startswith(" " * 8):
                    inside = inside and line.startswith(" " * 7) and page.suffix != ".1"
                elif inside and re.match(r" +(zoneseal|zoneseal-verify) \S", line):
                    yield page.name, line.strip()

    def test_each_is_understood(self):
        count = 0
        os.makedirs(self.path("home"))
        for page, line in self.examples():
            with self.subTest(page=page, line=line):
                words = self.words(line)
                program = {"zoneseal": zs.ZONESEAL, "zoneseal-verify": zs.VERIFY}[words[0]]
                done = subprocess.run([program, *words[1:]], capture_output=True, text=True, cwd=self.folder, check=False,
                                      timeout=60, stdin=subprocess.DEVNULL,
                                      env={**self.environment(), "HOME": self.path("home"), "SHELL": "/bin/sh"})
                if done.returncode == 2:
                    self.assertRegex(done.stderr, "nobody can be asked|is no parity key")
                count += 1
        self.assertGreater(count, 100)

    def test_those_of_the_first_page_do_what_they_say(self):
        lines = [line.strip() for line in section("zoneseal.1", "EXAMPLES").splitlines() if line.strip().startswith("zoneseal ")]
        self.assertEqual(len(lines), 4)
        for line in lines[:1] + lines[2:]:
            self.z(*shlex.split(line)[1:], code=0)
        self.assert_published_is_good(self.path("nl.test.signed"))
        lines = [line.strip() for line in section("zoneseal-verify.1", "EXAMPLES").splitlines() if line.strip()]
        for line in lines:
            done = subprocess.run([zs.VERIFY, *shlex.split(line)[1:]], cwd=self.folder, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
