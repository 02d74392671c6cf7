# SPDX-License-Identifier: MIT
"""What zoneseal-verify and the peers say of mutated zones (mutations.py)."""

import json
import os
import subprocess
import tempfile
from typing import NamedTuple

import mutations
import peers

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("ZONESEAL_BIN") or os.path.join(HERE, "../../build/release/bin")
ORIGIN = "zs.test."


class Said(NamedTuple):
    """A verdict of zoneseal-verify."""
    code: int
    failed: frozenset
    warned: frozenset
    text: str


def save(path, text):
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(text)
    return path


def verify(path, change, policy=None):
    """`policy`: members of the limits, or None for none."""
    command = [os.path.join(BIN, "zoneseal-verify"), "--json", "--now", mutations.now_text(), "--threads", "1"]
    if change and change.origin:
        command += ["--origin", ORIGIN]
    if policy is not None:
        limits = ", ".join(filter(None, ['"schema": "zoneseal.limits/1"', policy]))
        command += ["--policy", save(path + ".json", "{" + limits + "}")]
    done = subprocess.run([*command, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        return Said(done.returncode, frozenset(), frozenset(), (done.stdout + done.stderr)[-2000:])
    checks = json.loads(done.stdout)["checks"]
    named = lambda result: frozenset(one["id"] for one in checks if one["result"] == result)
    return Said(done.returncode, named("fail"), named("warn"), done.stdout[-3000:])


def fault(change, kind, seed, folder):
    """What zoneseal-verify gets wrong about one mutation at one place; None if nothing."""
    text, place = mutations.make(change, kind, seed)
    path = save(os.path.join(folder, "mutant.zone"), text)
    where = f"{change.name}, {kind}, seed {seed}: {place}"
    bare = verify(path, change)
    if not change.checks or change.policy is not None:
        if bare.code != 0:
            return f"{where}\n    refused though it is valid, exit {bare.code}: {sorted(bare.failed)} {bare.text[:300]}"
    if not change.checks:
        return None
    said = bare if change.policy is None else verify(path, change, change.policy)
    missing = [check for check in change.checks if not set(check.split("|")) & said.failed]
    if said.code != 1 or missing:
        return f"{where}\n    exit {said.code}, not found: {missing}; found: {sorted(said.failed)}, warned of: {sorted(said.warned)}"
    return None


def fault_of(job):
    """`fault` in a process of its own, in a folder that goes away."""
    number, kind, seed = job
    import mutation_classes
    with tempfile.TemporaryDirectory(prefix="zoneseal-mutation-") as folder:
        try:
            return fault(mutation_classes.CLASSES[number], kind, seed, folder)
        except Exception as failure:  # pylint: disable=broad-except  # a mutation that cannot be made is a fault too
            return f"{mutation_classes.CLASSES[number].name}, {kind}, seed {seed}: {failure!r}"


PATIENCE = 5  # seconds of processor time: a zone takes a peer a tenth of one
COLUMNS = ("bare", "policy", *peers.JUDGES)


def refusals_of(job):
    """Who refuses one mutated zone: the columns' names, those of the peers among them."""
    number, kind, seed = job
    import mutation_classes
    change = mutation_classes.CLASSES[number]
    with tempfile.TemporaryDirectory(prefix="zoneseal-mutation-") as folder:
        path = save(os.path.join(folder, "mutant.zone"), mutations.make(change, kind, seed)[0])
        commands = {"dnssec-verify": ["dnssec-verify", "-q", "-o", ORIGIN, path], "ldns-verify-zone": ["ldns-verify-zone", path],
                    "kzonecheck": ["kzonecheck", "-d", "on", "-o", ORIGIN, path]}
        said = {name: peers.judge(command, PATIENCE) for name, command in commands.items()}
        refusing = {name for name, (accepted, text) in said.items() if not accepted and text != "no end"}
        refusing |= {f"{name} has no end" for name, (_, text) in said.items() if text == "no end"}
        if verify(path, change).code != 0:
            refusing.add("bare")
        if verify(path, change, change.policy or "").code != 0:
            refusing.add("policy")
        return refusing
