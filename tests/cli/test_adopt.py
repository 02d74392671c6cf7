# SPDX-License-Identifier: MIT
"""Zones that other signers sign are taken over with their keys, and no cache notices."""
import glob
import os
import shutil
import subprocess
import unittest

import dns.zone

from zs import World, ZONE

SIGNED_AT = "20261120000000"  # four days before the world begins
ENDS_AT = "20270101000000"


def run(*argv, **more):
    done = subprocess.run(argv, capture_output=True, check=False, text=True, timeout=120, **more)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rrset(path, rtype):
    zone = dns.zone.from_file(path, origin="nl.test.", relativize=False)
    return sorted(str(rdata) for rdata in zone.get_rdataset("nl.test.", rtype))


class Adopt(World):
    def setUp(self):
        super().setUp()
        self.keys = self.path("foreign")
        os.mkdir(self.keys)

    def keygen(self, *args):
        name = run("/usr/bin/dnssec-keygen", "-q", "-K", self.keys, *args, "nl.test").strip()
        for path in glob.glob(os.path.join(self.keys, "*.private")):
            os.chmod(path, 0o600)
        return os.path.join(self.keys, name)

    def bind_signs(self, names, *args):
        """Signs the zone with these keys as dnssec-signzone does; the output stands where zoneseal will publish."""
        text = ZONE + "".join(f"$INCLUDE {name}.key\n" for name in names)
        source = self.write("bind.zone", text)
        run("/usr/bin/dnssec-signzone", "-q", "-P", "-o", "nl.test", "-d", self.folder, "-f", self.output, "-s", SIGNED_AT,
            "-e", ENDS_AT, *args, source, *names)
        return rrset(self.output, "DNSKEY")

    def adopt(self, *args, code=0, keys=None):
        return self.z("zone", "adopt", "nl.test", keys or self.keys, "--published", self.output, "-i", self.input, "-o",
                      self.output, *args, code=code)

    def assert_goes_on(self, before):
        serial = int(rrset(self.output, "SOA")[0].split()[2])
        self.sign()
        self.assertGreater(self.serial(), serial)
        self.assertEqual(rrset(self.output, "DNSKEY"), before)
        self.assert_published_is_good()

    def policy(self, **fields):
        lines = ["name: like-theirs", "keys:"] + [f"  {name}: {value}" for name, value in fields.items()]
        return self.write("like-theirs.yaml", "\n".join(lines) + "\n")

    def test_keys_of_bind_go_on_signing(self):
        names = [self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13")]
        before = self.bind_signs(names, "-x")
        self.adopt()
        self.assert_goes_on(before)

    def test_keys_of_a_dnssec_policy_go_on_signing(self):
        conf = self.write("named.conf", 'dnssec-policy "p" { keys { ksk lifetime unlimited algorithm 13; '
                          'zsk lifetime P90D algorithm 13; }; };\n')
        self.keygen("-k", "p", "-l", conf)
        names = sorted(path[:-len(".key")] for path in glob.glob(os.path.join(self.keys, "*.key")))
        self.assertEqual(len(names), 2)
        before = self.bind_signs(names)  # without -x the ZSK signs the DNSKEY RRset too
        self.adopt()
        self.assert_goes_on(before)
        roles = sorted(key["role"] for key in self.json("key", "list", "nl.test", code=0)["keys"])
        self.assertEqual(roles, ["ksk", "zsk"])

    def test_every_algorithm_can_come_along(self):
        for number, algorithm in ((8, "RSASHA256"), (10, "RSASHA512"), (14, "ECDSAP384SHA384"), (15, "ED25519"),
                                  (16, "ED448")):
            with self.subTest(algorithm):
                shutil.rmtree(self.state)
                shutil.rmtree(self.keys)
                os.mkdir(self.keys)
                self.z("init", "--virtual-clock", code=0)
                bits = ("-b", "2048") if number < 13 else ()
                names = [self.keygen("-a", str(number), *bits, "-f", "KSK"), self.keygen("-a", str(number), *bits)]
                before = self.bind_signs(names, "-x")
                self.adopt("--policy", self.policy(algorithm=algorithm))
                self.assert_goes_on(before)

    def test_a_combined_key_of_knot_comes_as_pem(self):
        """keymgr keeps PKCS#8 in PEM, as token-export writes OpenDNSSEC's keys."""
        config = self.write("knot.conf", f"database:\n  storage: {self.path('knot')}\n"
                            "policy:\n  - id: p\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n"
                            f"zone:\n  - domain: nl.test\n    storage: {self.folder}\n    file: knot.zone\n"
                            "    dnssec-policy: p\n    dnssec-signing: on\n")
        self.write("knot.zone", ZONE)
        os.mkdir(self.path("knot"))
        signed = self.path("knot-out")
        os.mkdir(signed)
        run("/usr/sbin/kzonesign" if os.path.exists("/usr/sbin/kzonesign") else "/usr/bin/kzonesign", "-c", config, "-o",
            signed, "-t", "1795500000", "nl.test")
        shutil.copy(os.path.join(signed, "knot.zone"), self.output)
        keys = self.path("knot", "keys", "keys")
        for path in glob.glob(os.path.join(keys, "*.pem")):
            os.chmod(path, 0o600)
        before = rrset(self.output, "DNSKEY")
        self.adopt("--policy", self.policy(scheme="csk"), keys=keys)
        self.assert_goes_on(before)
        self.assertEqual([key["role"] for key in self.json("key", "list", "nl.test", code=0)["keys"]], ["csk"])

    def test_dry_run_changes_nothing_and_says_the_same(self):
        names = [self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13")]
        self.bind_signs(names, "-x")
        before = self.tree()
        said = self.json("zone", "adopt", "nl.test", self.keys, "--published", self.output, "-i", self.input, "-o",
                         self.output, "--dry-run", code=0)
        self.assertEqual(self.tree(), before)
        real = self.json("zone", "adopt", "nl.test", self.keys, "--published", self.output, "-i", self.input, "-o",
                         self.output, code=0)
        said.pop("dry_run"), real.pop("dry_run")
        self.assertEqual(said, real)

    def test_a_key_that_signs_nothing_is_kept_ready(self):
        ksk, zsk, spare = self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13"), self.keygen("-a", "13")
        text = ZONE + "".join(f"$INCLUDE {name}.key\n" for name in (ksk, zsk, spare))
        run("/usr/bin/dnssec-signzone", "-q", "-P", "-x", "-o", "nl.test", "-d", self.folder, "-f", self.output, "-s", SIGNED_AT, "-e",
            ENDS_AT, self.write("bind.zone", text), ksk, zsk)
        before = rrset(self.output, "DNSKEY")
        self.assertEqual(len(before), 3)
        self.assertIn("standby", self.adopt().out)
        self.assert_goes_on(before)

    def test_what_cannot_be_taken_safely_is_refused(self):
        ksk, zsk, other = self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13"), self.keygen("-a", "13")
        self.bind_signs([ksk, zsk, other], "-x")
        self.assertIn("a rollover of the other signer", self.adopt(code=3).err)
        self.bind_signs([ksk, zsk], "-x")
        self.assertIn("keys.algorithm ECDSAP256SHA256", self.adopt("--policy", self.policy(algorithm="ED25519"),
                                                                   code=3).err)
        self.assertIn("keys.scheme ksk-zsk", self.adopt("--policy", self.policy(scheme="csk"), code=3).err)
        os.unlink(zsk + ".private")
        self.assertIn("no private half of ZSK", self.adopt(code=69).err)
        shutil.copy(self.input, self.output)
        self.assertIn("not signed", self.adopt(code=3).err)
        self.z("zone", "show", "nl.test", code=66)

    def test_a_zone_that_validators_refuse_is_not_adopted(self):
        names = [self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13")]
        self.bind_signs(names, "-x")
        text = self.read(self.output).replace(b"192.0.2.1", b"192.0.2.9")
        with open(self.output, "wb") as file:
            file.write(text)
        self.assertIn("the gate refuses", self.adopt(code=1).err)
        self.z("zone", "show", "nl.test", code=66)

    def test_an_open_private_key_is_refused_with_the_chmod(self):
        names = [self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13")]
        self.bind_signs(names, "-x")
        for name in names:
            os.chmod(name + ".private", 0o644)
        self.assertIn("chmod 0600", self.adopt(code=77).err)

    def test_a_last_version_of_a_signer_whose_zsk_signs_the_keys_too_is_replaced(self):
        names = [self.keygen("-a", "13", "-f", "KSK"), self.keygen("-a", "13")]
        self.bind_signs(names)
        self.adopt()
        before = self.bind_signs(names, "-j", "3600")
        self.assertIn("--replace", self.sign(code=3).err)
        self.sign("--replace")
        self.assertEqual(rrset(self.output, "DNSKEY"), before)
        self.bind_signs(names[:1], "-z")  # and the ZSK is gone from it
        refused = self.sign("--replace", code=3).err
        self.assertIn("this keystore says otherwise", refused)
        self.assertNotIn("--new-keys", refused)

    def test_a_zone_that_is_signed_here_already_is_not_adopted(self):
        self.sign()
        self.assertIn("here already", self.z("zone", "adopt", "nl.test", self.path("state", "keys"), "--published",
                                              self.output, code=3).err)


if __name__ == "__main__":
    unittest.main()
