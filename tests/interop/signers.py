# SPDX-License-Identifier: MIT
"""Who signs: zoneseal, or dnssec-signzone as a stand-in that shows the tests themselves to be right.

INTEROP_SIGNER=zoneseal (default) or peer; ZONESEAL_BIN names the folder of the two programs.
"""

import glob
import os
import shutil
import string
import subprocess
from typing import NamedTuple

import zonefile

HERE = os.path.dirname(os.path.abspath(__file__))
ALGORITHMS = (8, 10, 13, 14, 15, 16)


class Flavour(NamedTuple):
    """How absence is proven. The policies are policies/<name>.yaml."""
    name: str
    nsec3: bool = False
    opt_out: bool = False
    salt: str = ""  # hex
    iterations: int = 0


FLAVOURS = {flavour.name: flavour for flavour in (
    Flavour("nsec"),
    Flavour("nsec3", nsec3=True),
    Flavour("nsec3-salt", nsec3=True, salt="c0ffee", iterations=5),
    Flavour("nsec3-opt-out", nsec3=True, opt_out=True),
)}


class Signed(NamedTuple):
    path: str
    origin: str
    anchor: str  # path of a file with DS records


def run(command, **options):
    """Runs to success, or raises with what the program said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def save(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


class Zoneseal:
    """The signer under test: one state folder for each zone."""

    name = "zoneseal"
    # What the policies leave at its default: policies/shipped/default.yaml.
    habits = {"zonemd": True, "validity": 21 * 86400, "jitter": 12 * 3600, "inception_offset": 3600,
              "all_empty": True}

    def __init__(self):
        self.folder = os.environ.get("ZONESEAL_BIN") or os.path.join(HERE, "../../build/release/bin")

    def program(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def policy(folder, flavour, algorithm, csk):
        template = string.Template(read(os.path.join(HERE, "policies", flavour.name + ".yaml")))
        text = template.substitute(algorithm=algorithm, scheme="csk" if csk else "ksk-zsk")
        return save(os.path.join(folder, "policy.yaml"), text)

    def sign(self, text, origin, flavour, algorithm=13, csk=False, folder=None):
        os.makedirs(folder, exist_ok=True)
        source = save(os.path.join(folder, "unsigned.zone"), text)
        out = os.path.join(folder, "signed.zone")
        state = ["--state", os.path.join(folder, "state")]
        policy = self.policy(folder, flavour, algorithm, csk)
        run([self.program("zoneseal"), "sign", origin, *state, "--policy", policy, "-i", source, "-o", out])
        anchor = run([self.program("zoneseal"), "ds", "show", origin, *state, "--format", "bind"]).stdout
        return Signed(out, origin, save(os.path.join(folder, "anchor"), anchor))


class Peer:
    """dnssec-signzone, its output rewritten with one record a line in forms that all peers read."""

    name = "peer"
    habits = {"zonemd": False, "validity": 30 * 86400, "jitter": 3600, "inception_offset": 3600,
              "all_empty": False}

    @staticmethod
    def keys(folder, origin, algorithm, csk):
        size = ["-b", "2048"] if algorithm in (8, 10) else []
        for flags in (["-f", "KSK"],) if csk else (["-f", "KSK"], []):
            run(["dnssec-keygen", "-q", "-a", str(algorithm), *size, *flags, "-K", folder, origin])

    def sign(self, text, origin, flavour, algorithm=13, csk=False, folder=None):
        keys = os.path.join(folder, "keys")
        shutil.rmtree(keys, ignore_errors=True)
        os.makedirs(keys)
        self.keys(keys, origin, algorithm, csk)
        source = save(os.path.join(folder, "unsigned.zone"), text)
        out = os.path.join(folder, "signed.zone")
        options = ["-3", flavour.salt or "-", "-H", str(flavour.iterations)] if flavour.nsec3 else []
        options += ["-A"] if flavour.opt_out else []
        options += ["-z"] if csk else ["-x"]
        run(["dnssec-signzone", "-q", "-S", "-K", keys, "-d", folder, *options, "-o", origin, "-f", out + ".bind", source])
        zonefile.write(out, zonefile.load(out + ".bind", origin))
        ksk, = (path for path in glob.glob(os.path.join(keys, "*.key")) if " 257 3 " in read(path))
        anchor = run(["dnssec-dsfromkey", "-2", ksk]).stdout
        return Signed(out, origin, save(os.path.join(folder, "anchor"), anchor))


def chosen():
    return Peer() if os.environ.get("INTEROP_SIGNER") == "peer" else Zoneseal()
