# SPDX-License-Identifier: MIT
"""Outages in which another place held other keys: hardware stores that were to hold one key, and standby signers."""
import os
import shutil
import subprocess
import unittest

from collide import collide
from stage import KEY, OK, REFUSED, SERIAL, ZONE, Failed, drill

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4711-drill"
OTHERS = "holds DNSKEY or RRSIG of keys that are not in this keystore"


class Tokens:
    """Three SoftHSM tokens; `hold` says which of them hold the keys, as zoneseal is told."""

    def __init__(self, stage):
        if not os.path.exists(SOFTHSM):
            raise unittest.SkipTest("this needs softhsm2 (contrib/install-deps)")
        self.stage = stage
        os.mkdir(stage.path("tokens"))
        stage.environment["SOFTHSM2_CONF"] = stage.write(
            "softhsm.conf", f"directories.tokendir = {stage.path('tokens')}\nlog.level = ERROR\n")
        stage.write("pin", PIN + "\n", 0o600)
        for name in "abc":
            self.tool("softhsm2-util", "--init-token", "--free", "--label", f"zs-{name}", "--pin", PIN, "--so-pin", "12345678")

    def tool(self, *argv):
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False,
                              env={"PATH": "/usr/bin:/bin", **self.stage.environment})
        if done.returncode != 0:
            raise Failed(done.stdout.decode() + done.stderr.decode())

    def hold(self, names):
        stores = " ".join("hsm-" + name for name in names)
        text = "".join(f"store hsm-{name} pkcs11:token=zs-{name}?module-path={SOFTHSM}&pin-source=file:"
                       f"{self.stage.path('pin')}\n" for name in "abc")
        self.stage.write("state/keys/stores.conf", f"{text}keys ksk {stores}\nkeys zsk {stores}\n", 0o600)

    def keep(self):
        shutil.copytree(self.stage.path("tokens"), self.stage.path("tokens.kept"))

    def restore(self):
        shutil.rmtree(self.stage.path("tokens"))
        os.rename(self.stage.path("tokens.kept"), self.stage.path("tokens"))

    def replace(self, name, key, pem):
        """Another private key under the same CKA_ID and label."""
        for kind in ("privkey", "pubkey"):
            self.tool("pkcs11-tool", "--module", SOFTHSM, "--token-label", f"zs-{name}", "--login", "--pin", PIN,
                      "--delete-object", "--type", kind, "--id", key["fingerprint"])
        self.tool("softhsm2-util", "--import", self.stage.write("made.pem", pem, 0o600), "--token", f"zs-{name}", "--label",
                  "zsk", "--id", key["fingerprint"], "--pin", PIN)


@drill(".de", "2026-05-05", "each store shows the key's public half and signs, before any signature is used")
def de_2026(stage):
    """A program that was to make a ZSK and load it into all hardware stores made one in each: three pairs with one label, one
    identifier and one tag. The public half of one was published on 2 May; from 5 May on two thirds of the signatures were made
    by the others, and .de was bogus for three hours, unsigned names below it too. Here the three stores are real tokens, and the
    three pairs really have one tag."""
    stage.init("parent: {ds: by-hand}\n")
    tokens = Tokens(stage)
    tokens.hold("abc")
    stage.registry(serial=SERIAL)
    stage.z("zone", "add", ZONE, "-i", stage.input, "--policy", stage.policy, code=OK, quiet=True)
    stage.z("run", code=OK, quiet=True)
    stage.keep()
    key = next(key for key in stage.json("key", "list", ZONE)["keys"] if key["role"] == "zsk")
    tokens.keep()
    stage.tell(f"In stores b and c the ZSK is another pair from now on, with the same tag {key['tag']}, label and identifier.")
    for name, pem in zip("bc", collide(key["tag"], 2)):
        tokens.replace(name, key, pem)
    stage.new_registration()
    words = "store hsm-b: its public key is not that of ZSK", "made anew there, not copied", "is untouched and valid until"
    stage.stopped(stage.z("run"), KEY, *words)
    stage.says(stage.z("doctor"), words[0])
    stage.tell("Stores b and c are restored from their backups.")
    tokens.restore()
    stage.goes_on()


class lost:  # pylint: disable=invalid-name  # a verb in the drills
    """The active signer, away from here with its state; what it published is still there."""

    def __init__(self, stage):
        self.stage, self.place = stage, stage.path("site-a")
        os.rename(stage.state, self.place)
        os.makedirs(os.path.dirname(stage.output), 0o700)
        with open(stage.output, "wb") as file:
            file.write(stage.kept)

    def back(self):
        os.rename(self.stage.state, self.stage.path("site-b"))
        os.rename(self.place, self.stage.state)


def own_keys(stage):
    stage.init("parent: {ds: by-hand}\n")
    stage.z("zone", "add", ZONE, "-i", stage.input, "--policy", stage.policy, code=OK, quiet=True)
    stage.z("key", "generate", ZONE, code=OK, quiet=True)


@drill("reverse zones of APNIC", "2012-12-07", "a signer does not replace a zone that shows keys which it does not have")
def apnic_2012(stage):
    """The active signer was lost with a switch, and the standby signed with ZSKs of its own. Each zone was valid as it was
    published, and bogus for everyone whose caches held the keys of before: up to a day."""
    stage.open(settled=True)
    site = lost(stage)
    stage.tell("The active signer is gone; the standby has the zone, and keys that it made itself.")
    own_keys(stage)
    stage.new_registration()
    stage.stopped(stage.z("run"), REFUSED, "zoneseal did not write this file")
    stage.tell("The operator insists.")
    stage.stopped(stage.z("sign", ZONE, "--replace"), REFUSED, OTHERS, "replacing it would turn the zone bogus")
    stage.tell("The state of the active signer is put in place.")
    site.back()
    stage.goes_on()


@drill(".uk", "September 2010", "a restored keystore does not sign before what is published is what it remembers")
def uk_2010(stage):
    """Hardware of the signer failed, and the way over the standby published signatures by keys that the published key set and the
    caches did not have. Here the standby has a backup from before a roll of the ZSK that has ended since."""
    stage.open(settled=True)
    backup = stage.path("backup.tar")
    stage.z("backup", "--with-keys", backup, code=OK, quiet=True)
    stage.z("roll", "start", ZONE, "--zsk", code=OK, quiet=True)
    for day in ("11-30", "12-02", "12-06", "12-10", "12-14", "12-18", "12-22"):
        stage.at(f"2026-{day}T12:00:00Z")
        stage.z("run", code=OK, quiet=True)
    stage.keep()
    site = lost(stage)
    stage.tell("The signer's hardware fails. The standby restores the backup of before the roll.")
    stage.z("restore", backup, code=REFUSED)
    stage.new_registration()
    stage.stopped(stage.z("run"), REFUSED, "restore")
    stage.stopped(stage.z("restore", "--reconcile"), REFUSED, "is not the version that the backup remembers",
                  "restore a newer backup")
    stage.tell("The operator accepts the risk, and insists.")
    stage.z("restore", "--accept", "nobody has a newer one", "--yes", code=OK)
    stage.stopped(stage.z("run"), REFUSED, "zoneseal did not write this file")
    stage.stopped(stage.z("sign", ZONE, "--replace"), REFUSED, OTHERS)
    stage.tell("The state of before the failure is put in place.")
    site.back()
    stage.goes_on()
