#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every mutation of the code that signs is neutral, or is refused.

Makes one small change at a time in signer/sign, signer/denial and signer/zone, builds zoneseal with it, and lets it sign
three zones, each anew and then again with most signatures kept. The unchanged zoneseal-verify must refuse what comes out
(or the signer must fail by itself), unless it is what the unchanged signer writes, or a zone that the model finds
correct in every record and that has the unchanged signer's serial. Anything else is a hole in the verifier.

    test_mutants.py             a sample of INTEROP_MUTANTS (40), the same on every run; all with ZONESEAL_SOAK=1
    test_mutants.py FILE:LINE   the mutants of one line, with what became of each

ZONESEAL_BUILD is the build folder (build/release).
"""

import concurrent.futures
import json
import os
import queue
import random
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import NamedTuple

import interop_zone
import model
import signers

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "../.."))
BUILD = os.path.realpath(os.environ.get("ZONESEAL_BUILD") or os.path.join(ROOT, "build/release"))
SOAK = os.environ.get("ZONESEAL_SOAK")
SAMPLE = int(os.environ.get("INTEROP_MUTANTS") or 40)
ROOMS = ("signer/sign", "signer/denial", "signer/zone")
CPU_SECONDS, WALL_SECONDS = 4, 120

# --- mutants -------------------------------------------------------------------------------------------------------

# (what, pattern, replacement); patterns see code without comments and strings.
OPERATORS = (
    ("<", r" < ", " <= "), ("<=", r" <= ", " < "), (">", r" > ", " >= "), (">=", r" >= ", " > "),
    ("==", r" == ", " != "), ("!=", r" != ", " == "), ("&&", r" && ", " || "), ("||", r" \|\| ", " && "),
    ("+", r"(?<=[\w\])]) \+ (?=[\w(])", " - "), ("-", r"(?<=[\w\])]) - (?=[\w(])", " + "),
    ("++", r"\+\+(?=\))", "--"), ("!", r"(?<=[( ])!(?=[\w(])", ""), ("true", r"\btrue\b", "false"),
    ("false", r"\bfalse\b", "true"), ("&", r"(?<=\w) & (?=\w)", " | "), ("|", r"(?<=\w) \| (?=\w)", " & "),
    ("<<", r" << ", " >> "), (">>", r" >> ", " << "),
    ("number + 1", r"(?<![\w.])(\d+)(?=U?L*\b)(?![\w.]*x)", lambda found: str(int(found[1]) + 1)),
    ("continue", r"\bcontinue;", ";"), ("break", r"\bbreak;", ";"),
    ("call dropped", r"(?m)^\t+(?:\(void\))?\w+\([^;{}]*\);$", ";"),
    ("assignment dropped", r"(?m)^\t+[\w.>\[\]*()-]+ [|&+-]?= [^;{}]*;$", ";"),
    ("if never", r"\bif \((?=[^;{}]*\n)", "if (0 && "),
)
# A number may become itself, an assertion or message is no output, and a preprocessor line is no code.
IGNORED = re.compile(r"^\s*(?:#|assert\(|error_|return error_|/?\*|static const char|\}? ?else$)")


class Mutant(NamedTuple):
    file: str  # relative to the root
    line: int
    what: str
    start: int
    end: int
    replacement: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.what} -> {self.replacement.strip() or 'nothing'}"


def code_only(text):
    """The text with comments, strings and character constants blanked, so that offsets stay."""
    pattern = r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|' + r"'(?:[^'\\\n]|\\.)*'"
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", "\1", found[0]), text, flags=re.DOTALL)


def mutants_of(file):
    with open(os.path.join(ROOT, file), encoding="utf-8") as source:
        text = source.read()
    code = code_only(text)
    for what, pattern, replacement in OPERATORS:
        for found in re.finditer(pattern, code):
            line = code.count("\n", 0, found.start() + 1) + 1
            if IGNORED.match(code.splitlines()[line - 1]):
                continue
            new = replacement(found) if callable(replacement) else replacement
            yield Mutant(file, line, what, found.start(), found.end(), new)


def sources():
    for room in ROOMS:
        for name in sorted(os.listdir(os.path.join(ROOT, room))):
            if name.endswith(".c"):
                yield f"{room}/{name}"


def all_mutants():
    return [mutant for file in sources() for mutant in sorted(mutants_of(file))]


# --- building one ----------------------------------------------------------------------------------------------------

def compile_commands():
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        return {os.path.relpath(entry["file"], ROOT): entry["command"] for entry in json.load(file)}


def link_command(program):
    """What links zoneseal or zoneseal-verify, as a list."""
    lines = signers.run(["ninja", "-C", BUILD, "-t", "commands", f"bin/{program}"]).stdout.splitlines()
    line = next(line for line in reversed(lines) if f" -o bin/{program} " in line)
    return shlex.split(line.removeprefix(": && ").removesuffix(" && :"))


class Builder:
    """Builds mutants in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.commands = compile_commands()
        self.links = {program: link_command(program) for program in ("zoneseal", "zoneseal-verify")}
        os.makedirs(os.path.join(folder, "bin"), exist_ok=True)
        verifier = os.path.join(BUILD, "bin/zoneseal-verify")
        shutil.copy(verifier, os.path.join(folder, "bin/zoneseal-verify"))
        self.program = os.path.join(folder, "bin/zoneseal")

    def run(self, command):
        done = subprocess.run(command, cwd=BUILD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return None if done.returncode == 0 else done.stdout

    def compile(self, file, text, number=0):
        """Why a file cannot be compiled with that text, or None; and the object."""
        path, made = os.path.join(self.folder, f"mutant{number}.c"), os.path.join(self.folder, f"mutant{number}.o")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        dropped = re.compile(r"-O\d|-g|-W\w.*|-U_FORTIFY_SOURCE|-D_FORTIFY_SOURCE.*|-c|-o|.*\.c\.o|.*\.c")
        flags = [part for part in shlex.split(self.commands[file]) if not dropped.fullmatch(part)]
        return self.run([*flags, "-w", "-O1", "-c", path, "-o", made]), made

    def link(self, program, objects):
        """Objects come before the libraries, and stand for what these hold."""
        link = [part for part in self.links[program] if part != "-g"]
        at = link.index(f"bin/{program}")
        out = os.path.join(self.folder, "bin", program)
        if os.path.exists(out):
            os.unlink(out)
        return self.run([*link[:at], out, *objects, *link[at + 1:]])

    def build(self, mutant):
        """None, or why it cannot be built."""
        with open(os.path.join(ROOT, mutant.file), encoding="utf-8") as source:
            text = source.read()
        said, made = self.compile(mutant.file, text[:mutant.start] + mutant.replacement + text[mutant.end:])
        return said if said is not None else self.link("zoneseal", [made])


# --- signing with it -------------------------------------------------------------------------------------------------

TIMES = (1795000000, 1795000000 + 6 * 86400)  # signed anew, then again with signatures kept
CONFIGURATIONS = (("nsec", False), ("nsec3-opt-out", False), ("nsec3-salt", True))
ALGORITHM = 15  # Ed25519: the same octets on every run


def text_of(changed):
    """A zone with whatever the signer has to tell apart; `changed` is what the registry sends six days later."""
    zone = interop_zone.Zone(interop_zone.ORIGIN)
    for part in (interop_zone.apex, interop_zone.wildcards, interop_zone.empty_non_terminals, interop_zone.dnames,
                 interop_zone.mixed_case, interop_zone.hash_like, interop_zone.validation, interop_zone.cuts):
        part(zone)
    zone.add("ttl", "A", "192.0.2.1", 600)
    zone.add("ttl", "A", "192.0.2.2", 60)
    zone.add("ttl", "TXT", '"twice"')
    zone.add("ttl", "TXT", '"twice"')
    zone.add("generic", "TYPE65534", "\\# 2 0102")
    zone.cut("later-secure", ["ns1.name-servers.@"], secure=changed)
    zone.cut("later-insecure", ["ns1.name-servers.@"], secure=not changed)
    zone.add("changing", "A", "192.0.2.2" if changed else "192.0.2.1")
    zone.add("added" if changed else "removed", "A", "192.0.2.3")
    return "\n".join(zone.lines) + "\n"


class Bench:
    """One configuration in a folder: a keystore that is put back before each mutant."""

    def __init__(self, folder, flavour, csk):
        self.folder, self.flavour, self.csk = folder, signers.FLAVOURS[flavour], csk
        os.makedirs(folder)
        self.texts = (text_of(False), text_of(True))
        self.inputs = [signers.save(self.path(f"in{step}"), text) for step, text in enumerate(self.texts)]
        policy = signers.Zoneseal.policy(folder, self.flavour, ALGORITHM, csk)
        program = os.path.join(BUILD, "bin/zoneseal")
        state = ["--state", self.path("state"), "--now", str(TIMES[0])]
        origin = interop_zone.ORIGIN
        signers.run([program, "init", "--virtual-clock", *state])
        signers.run([program, "zone", "add", origin, *state, "--policy", policy, "-i", self.inputs[0], "-o", self.path("out")])
        signers.run([program, "key", "generate", origin, *state])
        shutil.copytree(self.path("state"), self.path("saved"))
        self.references = []
        self.start()
        for step in range(2):
            code, said = self.sign(program, step)
            if code != 0:
                raise AssertionError(f"the unchanged signer fails: {said}")
            self.references.append(self.output())

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        shutil.rmtree(self.path("state"), ignore_errors=True)
        shutil.copytree(self.path("saved"), self.path("state"))
        for name in os.listdir(self.folder):
            if name.startswith("out"):
                os.unlink(self.path(name))

    def sign(self, program, step):
        command = [program, "sign", interop_zone.ORIGIN, "--state", self.path("state"), "--now", str(TIMES[step]),
                   "-i", self.inputs[step], "-o", self.path("out"), "--force"]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WALL_SECONDS,
                                  errors="replace", text=True, preexec_fn=limit)
        except subprocess.TimeoutExpired:
            return -1, "no end"
        return done.returncode, done.stdout[-1500:]

    def output(self):
        with open(self.path("out"), encoding="ascii") as file:
            return file.read()

    def survives(self, program):
        """None if the mutant is refused or neutral so far, with True if refused; else what is wrong with its zone."""
        self.start()
        for step in range(2):
            code, _ = self.sign(program, step)
            if code != 0:
                return True, None
            output = self.output()
            if output == self.references[step]:
                continue
            wrong = self.wrong(output, step)
            if wrong:
                return False, f"{self.flavour.name}, step {step}: published, and wrong: " + "; ".join(wrong[:3])
        return False, None

    def wrong(self, output, step):
        try:
            signed = model.read(output)
        except Exception as failure:  # pylint: disable=broad-except  # whatever dnspython cannot read is wrong
            return [f"cannot be read: {failure}"]
        habits = signers.Zoneseal.habits
        expected = model.Expected(model.dns.name.from_text(interop_zone.ORIGIN).to_wire(), self.flavour, ALGORITHM,
                                  self.csk, now=TIMES[:step + 1], surplus=True, **habits)
        serials = [re.search(r"\tSOA\t\S+ \S+ (\d+) ", text)[1] for text in (output, self.references[step])]
        faults = model.faults(model.read(self.texts[step]), signed, expected)
        return faults + ([] if serials[0] == serials[1] else [f"serial {serials[0]} in place of {serials[1]}"])


def limit():
    """For the mutant alone: it may loop or eat memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))


class Workplace:
    """What one worker needs."""

    def __init__(self, folder):
        self.builder = Builder(os.path.join(folder, "build"))
        self.benches = [Bench(os.path.join(folder, f"{flavour}"), flavour, csk) for flavour, csk in CONFIGURATIONS]

    def judge(self, mutant):
        """(verdict, detail): refused, neutral, not built, or SURVIVES."""
        said = self.builder.build(mutant)
        if said is not None:
            return "not built", said
        for bench in self.benches:
            refused, wrong = bench.survives(self.builder.program)
            if wrong:
                return "SURVIVES", wrong
            if refused:
                return "refused", ""
        return "neutral", ""


def judge_all(mutants, workers):
    """(mutant, verdict, detail) of each."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="zoneseal-mutants-", dir=shared) as folder:
        places = queue.SimpleQueue()
        for number in range(workers):
            places.put(Workplace(os.path.join(folder, str(number))))

        def one(mutant):
            place = places.get()
            try:
                return (mutant, *place.judge(mutant))
            finally:
                places.put(place)

        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            yield from pool.map(one, mutants)


class Mutants(unittest.TestCase):

    def test_no_mutant_of_the_signer_publishes_a_wrong_zone(self):
        mutants = all_mutants()
        self.assertGreater(len(mutants), 500)
        if not SOAK:
            mutants = random.Random(8976).sample(mutants, SAMPLE)
        counts, survivors = {}, []
        for mutant, verdict, detail in judge_all(mutants, os.cpu_count()):
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict == "SURVIVES":
                survivors.append(f"{mutant}\n    {detail}")
        print(counts)
        self.assertFalse(survivors, "\n".join(survivors))
        self.assertGreater(counts.get("refused", 0), len(mutants) // 4)


def main():
    if len(sys.argv) > 1 and not sys.argv[1].startswith(("-", "Mutants")):
        wanted = [mutant for mutant in all_mutants() if f"{mutant.file}:{mutant.line}:".startswith(sys.argv[1])]
        for mutant, verdict, detail in judge_all(wanted, 1):
            print(verdict, mutant, detail, sep="\t", flush=True)
    else:
        unittest.main()


if __name__ == "__main__":
    main()
