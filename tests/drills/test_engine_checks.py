#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each check that is decided by run has a refusal with its id, in text and in JSON, and explain knows it; the one that
refuses nothing does what its row says."""
import json
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "outages"))
import stage  # noqa: E402
import keys  # noqa: E402
from fakedns import FakeServer, shows  # noqa: E402

BIN = os.path.abspath(os.environ.get("ZONESEAL_BIN", "build/release/bin"))
PAGE = os.path.join(HERE, "../../contrib/doc/checks.md")
ED25519 = keys.ED25519


def page_ids():
    """The ids whose row says that run decides."""
    with open(PAGE, encoding="utf-8") as page:
        return re.findall(r"^\| `([^`]+)` \([A-Z0-9]+\) \| [^|]+ \| run \|", page.read(), re.MULTILINE)


class EngineChecks(unittest.TestCase):
    def setUp(self):
        self.stage = stage.Stage(BIN)
        self.addCleanup(self.stage.close)

    def refused(self, check, code):
        """The run says no with that id, in both forms, and what is published stays."""
        before = self.stage.read() if os.path.exists(self.stage.output) else None
        done = self.stage.z("run", "--json", code=code)
        answer = json.loads(done.text[done.text.index("{"):done.text.rindex("}") + 1])
        error = answer["error"] if "error" in answer else answer["zones"][0]["error"]
        self.assertEqual(error["check"], check, error)
        self.assertIn(check + ": ", error["message"])
        self.stage.says(self.stage.z("run", code=code), re.escape(check) + ": ")
        self.stage.says(self.stage.z("explain", check, code=0), re.escape(check))
        self.assertEqual(self.stage.read() if before is not None else None, before)

    def key_hsm_identical(self):
        self.stage.open(ED25519)
        self.stage.new_registration()
        other = keys.ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).private_bytes(
            keys.serialization.Encoding.PEM, keys.serialization.PrivateFormat.PKCS8,
            keys.serialization.NoEncryption()).decode()
        keys.hide(self.stage, "zsk", other)
        self.refused("key.hsm-identical", stage.KEY)

    def key_proof(self):
        self.stage.open(ED25519)
        self.stage.new_registration()
        keys.hide(self.stage, "zsk")
        self.refused("key.proof", stage.KEY)

    def parent_ds_equal(self):
        said = [None, None]
        servers = [FakeServer(lambda question, octets, i=i: said[i](question, octets)) for i in range(2)]
        for server in servers:
            self.stage.leave.callback(server.stop)
        nothing = f"{stage.ZONE} 3600 DS 1 15 2 {'ab' * 32}"
        said[:] = [shows(nothing)] * 2
        self.stage.open(ED25519.replace("ds: by-hand", "ds: check"), parents=" ".join(s.address for s in servers))
        first = self.stage.json("ds", "show", stage.ZONE)["ds"][0]
        said[0] = shows(f"{stage.ZONE} 3600 DS {first['tag']} 15 2 {first['digest']}")
        for day, serial in (("2026-11-27", 5), ("2026-11-28", 9)):
            self.stage.at(day + "T12:00:00Z")
            self.stage.new_registration(stage.SERIAL + serial)
            done = self.stage.z("run", "--json", code=stage.OK)
        answer = json.loads(done.text[done.text.index("{"):done.text.rindex("}") + 1])
        self.assertIn("parent.ds-equal: ", answer["zones"][0]["parent"])
        self.stage.assert_good()
        self.assertEqual(self.stage.serial(), stage.SERIAL + 9)
        self.stage.says(self.stage.z("ds", "check", stage.ZONE, code=stage.NO), "parent.ds-equal: ")
        self.stage.says(self.stage.z("explain", "parent.ds-equal", code=0), "A run is never refused for it")

    def clock_sane(self):
        self.stage.open(ED25519)
        self.stage.new_registration()
        self.stage.at("2026-11-24T11:00:00Z")
        self.refused("clock.sane", stage.REFUSED)
        self.stage.at("2026-11-24T12:00:00Z")
        self.stage.registry(serial=2026112700)
        self.refused("clock.sane", stage.REFUSED)

    def time_offline_ksk(self):
        self.stage.init("keys: {algorithm: ED25519, offline-ksk: true, zsk: {lifetime: 60d}}\nparent: {ds: by-hand}\n")
        self.stage.registry()
        self.stage.z("zone", "add", stage.ZONE, "-i", self.stage.input, "--policy", self.stage.policy, code=stage.OK)
        self.refused("time.offline-ksk", stage.KEY)

    def gate_same_bytes(self):
        self.stage.open(ED25519)
        self.stage.new_registration()
        with self.stage.broken_signer(lambda zone: zone.text().replace("192.0.2.7\n", "192.0.2.6\n", 1).encode(),
                                      honest=False):
            self.refused("gate.same-bytes", stage.NO)


SCENES = {"key.hsm-identical": EngineChecks.key_hsm_identical, "key.proof": EngineChecks.key_proof,
          "parent.ds-equal": EngineChecks.parent_ds_equal, "clock.sane": EngineChecks.clock_sane,
          "time.offline-ksk": EngineChecks.time_offline_ksk, "gate.same-bytes": EngineChecks.gate_same_bytes}


def scene_of(check):
    def test(self):
        self.assertIn(check, SCENES, "a check that run decides has no refusal here")
        SCENES[check](self)
    test.__doc__ = check
    return test


for one in page_ids():
    setattr(EngineChecks, "test_" + re.sub("[.-]", "_", one), scene_of(one))


class Rows(unittest.TestCase):
    def test_the_page_has_rows_that_run_decides(self):
        self.assertEqual(sorted(page_ids()), sorted(SCENES))


if __name__ == "__main__":
    unittest.main()
