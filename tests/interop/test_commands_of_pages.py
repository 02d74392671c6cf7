#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""README.md and contrib/doc: a command that a page shows is run by a test, or says why none can run it (```sh not-run="why").
What stands in the text between is at least a command with options that it has."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from clocked import BIN, Clocked, DOC, ROOT, played, worded_blocks
from test_walk_throughs import blocks_at
from walk import blocks

README = "../../README.md"
# Who runs which blocks: by the parsers that these tests themselves use.
RUN_BY = {
    README: {"readme_rehearsal": lambda page: blocks(page, "Try it"), "readme_first_zone": lambda page: blocks(page, "The first zone")},
    "ceremony.md": {"pages_tell_what_is_printed": played},
    "handover.md": {"pages_tell_what_is_printed": played},
    "handbook.md": {"handbook": played},
    "import.md": {"pages_tell_what_is_printed": played},
    "migrate-bind.md": {"walk_through_bind": blocks},
    "migrate-knot.md": {"walk_through_knot": blocks},
    "migrate-opendnssec.md": {"walk_through_opendnssec": blocks},
    "operate.md": {"operate": played},
    "rollovers.md": {"pages_tell_what_is_printed": played},
    "standby.md": {"walk_through_standby": blocks_at},
}
COMMANDS, SHOWN = ("sh", "console", "cron"), ("", "yaml", "conf")
LOOKS_LIKE_ONE = re.compile(r"\s*(\w*\$ \S|(sudo )?(zoneseal|zoneseal-verify|contrib/\S+|systemctl|install|runuser|dig|kdig|rndc|cd|cp|mv|rm|"
                            r"apt|cmake|ctest|chrt|curl|export)\s+[^\s:=])|\s*contrib/[\w/-]+$")


def pages():
    return [README] + sorted(path.name for path in DOC.glob("*.md"))


def text_of(page):
    return (DOC / page).read_text(encoding="utf-8")


def parts(page):
    """[(line number, words behind ``` or None outside of blocks, text)]: blocks whole, other lines one by one."""
    found, block = [], None
    for number, line in enumerate(text_of(page).splitlines(), 1):
        fence = re.match(r"\s*```(.*)", line)
        if fence and block is None:
            block = (number, fence[1].strip(), [])
        elif fence:
            found.append((block[0], block[1], "\n".join(block[2])))
            block = None
        elif block is not None:
            block[2].append(line)
        else:
            found.append((number, None, line))
    assert block is None, f"{page}: a block has no end"
    return found


def listed():
    """The commands that there are."""
    return [line[2:20].strip() for line in helped(f"{BIN}/zoneseal").split("\nCommands\n")[1].split("\n\n")[0].splitlines()]


def helped(*argv):
    return subprocess.run([*argv, "--help"], capture_output=True, text=True, timeout=60, check=False).stdout


class Pages(unittest.TestCase):
    maxDiff = None

    def faults(self, find):
        self.assertEqual([f"{os.path.basename(page)}:{fault}" for page in pages() for fault in find(page)], [])

    def test_every_block_of_commands_is_run_or_says_why_not(self):
        def unrun(page):
            lines = {block[0] for runs in RUN_BY.get(page, {}).values() for block in runs(page)}
            for line, info, text in parts(page):
                kind = (info or "").split(" ", 1)[0]
                if info is None:
                    continue
                if kind in COMMANDS and line not in lines and not re.search(r'not-run="[^"]{10,}"|run-by=\w', info):
                    yield f'{line}: no test runs this block; add it to one, or say why none can: ```sh not-run="why"'
                elif kind in SHOWN and any(LOOKS_LIKE_ONE.match(one) for one in text.splitlines()):
                    yield f"{line}: it holds commands; label it ```sh (or console, cron) and have a test run it"
                elif kind not in COMMANDS + SHOWN:
                    yield f"{line}: nothing is known of blocks that are ```{kind}"
        self.faults(unrun)

    def test_no_command_stands_in_indented_lines_where_no_test_looks(self):
        def indented(page):
            for line, info, text in parts(page):
                if info is None and re.match(r"( {4,}|\t)", text) and LOOKS_LIKE_ONE.match(text):
                    yield f"{line}: a command as an indented line; put it into a block: {text.strip()}"
        self.faults(indented)

    def test_the_tests_that_run_them_are_registered(self):
        registered = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/*/CMakeLists.txt"))
        names = set(re.findall(r"add_test\(NAME (\w+)", registered))
        for macro, prefix in (("walk_through", "walk_through_"), ("interop", "interop_")):
            names |= {prefix + name for name in re.findall(rf"zoneseal_{macro}\((\w+)", registered)}
        wanted = {test for runs in RUN_BY.values() for test in runs}
        for page in pages():
            for _, _, words, _ in worded_blocks(page):
                if name := words.get("run-by"):
                    wanted.add(name)
                    source = ROOT / f"tests/interop/test_{name.removeprefix('interop_')}.py"
                    self.assertIn(page, source.read_text(encoding="utf-8"))
        self.assertEqual(wanted - names, set())


def commands_in_text(known):
    """{a command as the text has it: its page}: with all its words, not left open by dots or alternatives."""
    found = {}
    for page in pages():
        text = re.sub(r"(?ms)^ *```.*?^ *```$", "", text_of(page))
        for span in re.findall(r"(?<!`)`(zoneseal [^`|]+)`(?!`)", text):
            for one in re.split(r"&&|;|\d?[<>]", re.sub(r"\s+", " ", span)):
                words = one.split()
                name = next((name for name in (" ".join(words[1:3]), " ".join(words[1:2])) if name in known), None)
                if name and words[0] == "zoneseal" and len(words) > 1 + len(name.split()) and "..." not in one:
                    found.setdefault(one.strip(), os.path.basename(page))
    return found


class InText(Clocked):
    """Commands with all their words in the text are typed, each at a signer of its own; they may fail there, but are understood."""

    words = {"ZONE": "nl.test", "POLICY": "default", "STORE": "files", "CHECK": "sig.valid", "ID": "sig.valid", "WORD": "held"}

    def test_each_is_understood(self):
        self.registry(2026112401, 4)
        self.add(".signer", "--parents 127.0.0.1@1")
        self.quiet("zoneseal run")
        self.names.update({"41001": self.tag("ZSK")})
        words = {**self.words, "TAG": self.tag("ZSK"), "KEY": self.tag("ZSK")}
        faults = []
        typed = commands_in_text(listed())
        for text, page in typed.items():
            argv = self.here(re.sub(r"\b[A-Z]{2,}\b", lambda found: words.get(found[0], found[0]), re.sub(r"[][]", "", text)))
            self.state = "copy"
            shutil.copytree(self.path(".signer"), self.path("copy"))
            done = subprocess.run(["bash", "-c", argv], env=self.environment(), cwd=self.path("home"), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60, check=False)
            shutil.rmtree(self.path("copy"))
            if done.returncode == 2 and "say it with --yes" not in done.stderr:
                faults.append(f"{page}: `{text}`: {done.stderr}")
        self.assertEqual(faults, [])
        self.assertGreater(len(typed), 50)


class Words(unittest.TestCase):
    """Commands that are not run have their options looked up; `zoneseal COMMAND --help` says which there are."""

    @classmethod
    def setUpClass(cls):
        cls.known = dict.fromkeys(listed())
        cls.groups = {name.split()[0] for name in cls.known}
        cls.verify = helped(f"{BIN}/zoneseal-verify")
        assert len(cls.known) > 50 and "--now" in cls.verify

    def help_of(self, command):
        if self.known[command] is None:
            self.known[command] = helped(f"{BIN}/zoneseal", *command.split())
        return self.known[command]

    def wrong(self, text):
        """What is wrong with a command line, or None; text that is no command is not wrong."""
        try:
            words = shlex.split(text, comments=True)
        except ValueError:
            words = text.split()
        while words and (re.match(r"\w+=", words[0]) or words[0] in ("sudo", "chrt", "-r", "50")):
            words = words[1:]
        if not words:
            return None
        options = {word.split("=")[0] for word in words if re.match(r"--[a-z]", word)}
        if words[0].startswith("contrib/"):
            path = ROOT / words[0]
            if path.suffix or not path.is_file():
                return None if path.exists() else f"there is no {words[0]}"
            if not os.access(path, os.X_OK):
                return f"{words[0]} is no program"
            said = path.read_text(encoding="utf-8")
            return next((f"{words[0]} knows no {one}" for one in sorted(options) if not re.search(rf"{one}\b", said)), None)
        if words[0] == "zoneseal-verify":
            return next((f"zoneseal-verify knows no {one}" for one in sorted(options) if one not in self.verify), None)
        if words[0] == "zoneseal":
            words = words[1:]
            if words and not words[0].startswith("-") and words[0] not in self.groups:
                return f"zoneseal has no command {words[0]}"
            two = " ".join(words[:2])
            if len(words) > 1 and words[0] not in self.known and two not in self.known and not words[1].startswith("-"):
                return f"zoneseal has no command {two}"
        command = next((name for name in (" ".join(words[:2]), words[0] if words else "") if name in self.known), None)
        if command is None:
            return None
        return next((f"{command} has no option {one}" for one in sorted(options)
                     if not re.search(rf"(?m){re.escape(one)}\b", self.help_of(command))), None)

    def test_what_no_test_runs_has_its_programs_and_options(self):
        count = 0
        for page in pages():
            for line, kind, words, text in worded_blocks(page):
                if "not-run" not in words:
                    continue
                count += 1
                for one in re.split(r"\n|&&|\|\|?|;", text.replace("\\\n", " ")):
                    one = one.strip().removeprefix("$ ")
                    self.assertIsNone(self.wrong(one), f"{page}, line {line}")
                    program = next((word for word in one.split() if not re.match(r"\w+=", word)), None)
                    if program and "/" not in program and program != "zoneseal":
                        self.assertIsNotNone(shutil.which(program), f"{page}, line {line}: {program}")
        self.assertGreater(count, 3)

    def test_what_stands_in_the_text_are_commands_with_options_that_they_have(self):
        count, faults = 0, []
        for page in pages():
            text = re.sub(r"(?ms)^ *```.*?^ *```$", "", text_of(page))
            for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", text):
                for one in re.split(r"&&|\|\|?|;", re.sub(r"\s+", " ", span)):
                    count += "zoneseal" in one
                    if fault := self.wrong(one.strip()):
                        faults.append(f"{os.path.basename(page)}: `{span}`: {fault}")
        self.assertEqual(faults, [])
        self.assertGreater(count, 200)

    def test_each_policy_and_each_list_of_stores_is_read(self):
        with tempfile.TemporaryDirectory(prefix="zs-pages-") as folder:
            path = pathlib.Path(folder, "p.yaml")
            environment = {"PATH": "/usr/bin:/bin", "ZONESEAL_STATE": folder + "/state", "ZONESEAL_CONFIG": folder + "/config"}
            subprocess.run([f"{BIN}/zoneseal", "init"], env=environment, capture_output=True, check=True)
            for page in pages():
                for line, kind, _, text in worded_blocks(page):
                    if kind == "yaml":
                        path.write_text(text if "name:" in text else "name: p\n" + text, encoding="utf-8")
                        argv, code = ["policy", "check", str(path)], 0
                    elif kind == "conf":
                        stores = pathlib.Path(folder, "state/keys/stores.conf")
                        stores.write_text(text, encoding="utf-8")
                        stores.chmod(0o600)
                        argv, code = ["key", "doctor"], 1  # its tokens are not here
                    else:
                        continue
                    done = subprocess.run([f"{BIN}/zoneseal", *argv], env=environment, capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, code, f"{page}, line {line}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    unittest.main()
