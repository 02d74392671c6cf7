#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""policy import: what another signer's policy says, ours says too, or the difference is said."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from zs import World

SAMPLES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "policies"

BIND = 'dnssec-policy "x" {\n%s\n};\n'
TWO_KEYS = "keys { ksk lifetime 1y algorithm 13; zsk lifetime 90d algorithm 13; };".replace("1y", "P1Y")
KNOT = "policy:\n  - id: x\n"


def values(yaml):
    """The lines of a policy that are no comments."""
    return [line for line in yaml.splitlines() if line and not line.lstrip().startswith("#")]


class Import(World):
    virtual = False

    def take(self, text, *args, code=0, name="other.conf"):
        return self.z("policy", "import", self.write(name, text), *args, code=code)

    def document(self, text, *args):
        return self.json("policy", "import", self.write("other.conf", text), *args)

    def differences(self, text, *args):
        return {(d["kind"], d["option"]): d for d in self.document(text, *args)["differences"]}

    def sample(self, name, policy):
        return self.json("policy", "import", str(SAMPLES / name), "--policy", policy)

    def effective(self, yaml):
        """All values, as policy show prints them."""
        path = self.write("effective.yaml", yaml)
        return self.z("policy", "show", path, code=0).out

    def has(self, yaml, *lines):
        for line in lines:
            self.assertIn(line, [value.strip() for value in values(yaml)])


class Samples(Import):
    def test_defaults_that_are_left_out_are_those_that_are_written_out(self):
        for name in ("bind-default.conf", "knot-default.conf"):
            with self.subTest(name):
                out, nothing = (self.sample(name, policy)["yaml"] for policy in ("written-out", "says-nothing"))
                self.assertEqual(values(out)[1:], values(nothing)[1:])

    def test_cascade_s_defaults_are_those_that_are_written_out(self):
        out = self.document((SAMPLES / "cascade-default.toml").read_text(encoding="ascii"))["yaml"]
        nothing = self.document('version = "v1"\n')["yaml"]
        self.assertEqual(values(out), values(nothing))

    def test_a_registry_s_cascade_policy(self):
        done = self.sample("cascade-tld.toml", "cascade-tld")
        self.has(done["yaml"], "scheme: ksk-zsk", "algorithm: RSASHA256", "bits: 2048", "lifetime: unlimited", "lifetime: 90d",
                 "dnskey-ttl: 1d", "purge-after: 30d", "validity: 21d", "validity-dnskey: 28d", "refresh: 9d", "jitter: 0s",
                 "inception-offset: 1d", "type: nsec3", "opt-out: true", "iterations: 0", "serial: unixtime", "ds: by-hand",
                 "cds: always")
        for said in ("key-manager.ksk.auto-start false, line 8: rolled by hand", "signer.key-roll-time 48h, line 31",
                     "publication-nameservers 192.0.2.1:53 192.0.2.2^key, line 13", "provide-xfr-to 192.0.2.1:53 key 192.0.2.2"):
            self.assertIn(said, done["yaml"])
        self.assertEqual([d for d in done["differences"] if d["kind"] == "unknown"], [])

    def test_a_registry_s_bind_policy(self):
        done = self.sample("bind-tld.conf", "TLD")
        self.has(done["yaml"], 'name: "tld"', "algorithm: RSASHA256", "bits: 2048", "lifetime: 730d", "lifetime: 93d",
                 "dnskey-ttl: 1d", "publish-safety: 2h", "purge-after: 30d", "validity: 21d", "validity-dnskey: 28d",
                 "refresh: 9d", "max-ttl: 2d", "propagation-delay: 1h30m", "ds-ttl: 1d", "propagation-delay: 12h",
                 "type: nsec3", "opt-out: true", "iterations: 0", 'salt: ""')
        self.assertIn("# keys zsk 1024, line 10: new keys are not made that small", done["yaml"])

    def test_a_registry_s_knot_policy(self):
        done = self.sample("knot-tld.conf", "tld")
        self.has(done["yaml"], "lifetime: 730d", "lifetime: 90d", "dnskey-ttl: 1d", "max-ttl: 2d", "purge-after: 30d",
                 "propagation-delay: 1h30m", "validity: 21d", "refresh: 9d", "opt-out: true", "cds: always", "ds: check",
                 "check-interval: 30m", "propagation-delay: 12h", "inception-offset: 1h30m", "jitter: 0s")
        self.assertIn("submission.timeout 14d, line 16: zoneseal never takes a DS for seen that no server shows",
                      done["yaml"])

    def test_a_registry_s_opendnssec_policy(self):
        done = self.sample("kasp-tld.xml", "tld")
        self.has(done["yaml"], "algorithm: RSASHA256", "bits: 2048", "lifetime: unlimited", "lifetime: 90d", "dnskey-ttl: 1d",
                 "publish-safety: 2h", "retire-safety: 2h", "purge-after: 30d", "validity: 21d", "validity-dnskey: 28d",
                 "refresh: 9d", "jitter: 12h", "inception-offset: 1h", "type: nsec3", "opt-out: true", "iterations: 0",
                 'salt: ""', "serial: date-counter", "max-ttl: 2d", "propagation-delay: 1h30m", "ds: by-hand", "ds-ttl: 1d",
                 "propagation-delay: 12h", "registration-delay: 0s", "cds: none")
        for said in ("Keys/KSK/ManualRollover , line 38: rolled by hand", "Signatures/Validity/Denial P14D, line 11: NSEC and",
                     "Signatures/InceptionOffset PT300S, line 15: at least an hour",
                     "Signatures/MaxZoneTTL P2D, line 16: OpenDNSSEC lowers a larger TTL"):
            self.assertIn(said, done["yaml"])

    def test_the_template_that_opendnssec_comes_with(self):
        template = "/usr/share/opendnssec/kasp.xml"
        done = self.json("policy", "import", template, "--policy", "default")
        self.has(done["yaml"], "bits: 2048", "lifetime: 365d", "lifetime: 90d", "iterations: 5", "serial: unixtime", "refresh: 3d",
                 "propagation-delay: 2h46m39s", "propagation-delay: 12h", "purge-after: 14d")
        self.assertEqual([d for d in done["differences"] if d["kind"] == "unknown"], [])
        lab = self.z("policy", "import", template, "--policy", "lab", code=78)
        self.assertIn("signatures.inception-offset: 1h is not below signatures.validity (1h)", lab.err)

    def test_the_result_is_accepted_by_policy_check_and_says_the_same_again(self):
        for name, policy in (("bind-tld.conf", "TLD"), ("knot-tld.conf", "tld"), ("knot-default.conf", "says-nothing"),
                             ("kasp-tld.xml", "tld"), ("cascade-tld.toml", "cascade-tld")):
            with self.subTest(name):
                made = self.path("made.yaml")
                self.z("policy", "import", str(SAMPLES / name), "--policy", policy, "-o", made, "--replace", code=0)
                self.z("policy", "check", made, code=0)
                self.assertEqual(self.read(made).decode(), self.sample(name, policy)["yaml"])


class Peers(Import):
    """The programs whose files these are accept the samples, and what they print is read as the same policy."""

    def test_named_checkconf_accepts_the_samples_and_prints_what_was_read(self):
        for name, policy in (("bind-default.conf", "written-out"), ("bind-tld.conf", "TLD")):
            with self.subTest(name):
                done = subprocess.run(["named-checkconf", "-p", SAMPLES / name], capture_output=True, check=True)
                again = self.document(done.stdout.decode(), "--policy", policy)
                self.assertEqual(values(again["yaml"]), values(self.sample(name, policy)["yaml"]))

    def test_dnssec_keygen_makes_the_keys_that_were_read(self):
        """By the policy, as named would: the sizes, lifetimes and TTL are those that the import names."""
        subprocess.run(["dnssec-keygen", "-q", "-k", "TLD", "-l", SAMPLES / "bind-tld.conf", "-K", self.folder, "tld.test"],
                       check=True, capture_output=True)
        states = [path.read_text(encoding="ascii") for path in sorted(pathlib.Path(self.folder).glob("*.state"))]
        keys = {re.search(r"^KSK: (\w+)", state, re.M).group(1): state for state in states}
        self.assertIn("Lifetime: 63072000\n", keys["yes"])
        self.assertIn("Lifetime: 8035200\n", keys["no"])
        self.assertIn("Algorithm: 8\nLength: 2048\n", keys["yes"])
        self.assertIn("Algorithm: 8\nLength: 1024\n", keys["no"])
        for key in pathlib.Path(self.folder).glob("*.key"):
            self.assertIn(" 86400 IN DNSKEY ", key.read_text(encoding="ascii"))
        yaml = self.sample("bind-tld.conf", "TLD")["yaml"]
        self.has(yaml, f"lifetime: {63072000 // 86400}d", f"lifetime: {8035200 // 86400}d", "algorithm: RSASHA256", "dnskey-ttl: 1d")

    def test_named_does_by_default_what_the_import_says_of_it(self):
        """A policy that says nothing: the keys, the first wait and the signatures of a real named."""
        self.write("zone", "$TTL 300\n@ SOA a a 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n")
        self.write("root", "$TTL 300\n. SOA a. a. 1 2 3 4 5\n. NS a.\na. A 192.0.2.1\n")
        zones = "".join(f'zone "{name}" {{ type primary; file "{file}"; {more} }};\n' for name, file, more in (
            (".", "root", ""), ("n.test", "zone", 'dnssec-policy "says-nothing"; inline-signing yes;')))
        conf = self.write("named.conf", f'options {{ directory "{self.folder}"; listen-on {{ none; }}; listen-on-v6 {{ none; }}; '
                          "pid-file none; session-keyfile none; recursion no; dnssec-validation no; };\ncontrols { };\n"
                          f'dnssec-policy "says-nothing" {{ }};\n{zones}')
        said = []
        with subprocess.Popen(["/usr/sbin/named", "-g", "-n", "1", "-c", conf], stderr=subprocess.PIPE, text=True) as named:
            for line in named.stderr:
                said.append(line)
                if "next key event" in line:
                    break
            named.terminate()
        log = "".join(said)
        self.assertRegex(log, r"ECDSAP256SHA256/\d+ \(CSK\) created for policy says-nothing")
        created = re.search(r"(\d\d):(\d\d):(\d\d)\.\d+ DNSKEY n.test/\S+ \(CSK\) is now active", log)
        event = re.search(r"next key event: \S+ (\d\d):(\d\d):(\d\d)", log)
        seconds = [int(hour) * 3600 + int(minute) * 60 + int(second) for hour, minute, second in
                   (found.groups() for found in (created, event))]
        # dnskey-ttl 1h + publish-safety 1h + zone-propagation-delay 5m
        self.assertIn((seconds[1] - seconds[0]) % 86400, (7500, 7501, 7499), log)
        done = self.json("policy", "import", str(SAMPLES / "bind-default.conf"), "--policy", "says-nothing")
        self.has(done["yaml"], "scheme: csk", "algorithm: ECDSAP256SHA256", "dnskey-ttl: 1h", "publish-safety: 1h",
                 "propagation-delay: 5m")

    def test_knotc_accepts_the_samples_and_exports_what_was_read(self):
        for name, policy in (("knot-default.conf", "written-out"), ("knot-tld.conf", "tld")):
            with self.subTest(name):
                subprocess.run(["/usr/sbin/knotc", "-c", SAMPLES / name, "conf-check"], check=True, capture_output=True)
                base, out = self.path("base"), self.path("exported.conf")
                for words in (("conf-import", SAMPLES / name), ("conf-export", out)):
                    subprocess.run(["/usr/sbin/knotc", "-C", base, *words], check=True, capture_output=True)
                again = self.json("policy", "import", out, "--policy", policy)
                self.assertEqual(values(again["yaml"]), values(self.sample(name, policy)["yaml"]))
                shutil.rmtree(base)


    def test_ods_kaspcheck_accepts_the_sample(self):
        done = subprocess.run(["ods-kaspcheck", "-c", "/usr/share/opendnssec/conf.xml", "-k", SAMPLES / "kasp-tld.xml"],
                              capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.assertIn(f"The XML in {SAMPLES / 'kasp-tld.xml'} is valid", said)
        self.assertEqual([line for line in said.splitlines() if "ERROR" in line and "kasp-tld" in line], [])


class Differences(Import):
    def test_an_unknown_option_is_said_and_named_in_the_yaml(self):
        done = self.take(BIND % "frobnicate 12;")
        self.assertIn("line 2: frobnicate 12: not known to this importer", done.err)
        self.assertIn("# - frobnicate 12, line 2: not known", done.out)
        done = self.take(KNOT + "    frobnicate: 12\n")
        self.assertIn("line 3: frobnicate 12: not known to this importer", done.err)

    def test_iterations_are_kept_as_far_as_policies_allow_and_said(self):
        for rounds, kept in (("5", "5"), ("50", "50"), ("51", "0"), ("150", "0")):
            with self.subTest(rounds):
                found = self.differences(BIND % f"nsec3param iterations {rounds} optout no salt-length 8;")
                self.assertEqual(found["changed", "nsec3param iterations"]["ours"], kept)
                self.assertIn("RFC 9276", found["changed", "nsec3param iterations"]["why"])
                self.assertEqual(found["changed", "nsec3param salt-length"]["ours"], '""')
        self.assertNotIn(("changed", "nsec3param iterations"),
                         self.differences(BIND % "nsec3param iterations 0 optout no salt-length 0;"))

    def test_what_knot_turns_off_for_safety_stays_on(self):
        found = self.differences(KNOT + "    unsafe-operation: [no-update-nsec, no-check-keyset]\n")
        self.assertEqual(found["no-counterpart", "unsafe-operation"]["theirs"], "no-update-nsec no-check-keyset")

    def test_delete_dnssec_does_not_make_a_zone_insecure(self):
        document = self.document(KNOT + "    cds-cdnskey-publish: delete-dnssec\n")
        self.has(document["yaml"], "cds: none")
        self.assertIn("dnssec: signed", self.effective(document["yaml"]))
        self.assertIn("while zone.dnssec is", document["yaml"])

    def test_a_submission_that_is_not_there_is_said(self):
        found = self.differences(KNOT + "    ksk-submission: gone\n")
        self.assertIn("no submission of that name", found["no-counterpart", "ksk-submission"]["why"])

    def test_a_policy_of_several_is_chosen_by_name(self):
        two = BIND % "" + (BIND % "").replace('"x"', '"y"')
        self.assertIn("choose one with --policy: x, y", self.take(two, code=2).err)
        self.assertIn('has no policy "z"; there are: x, y', self.take(two, "--policy", "z", code=2).err)
        self.assertEqual(self.document(two, "--policy", "y")["policy"], "y")

    def test_the_yaml_goes_to_the_file_and_never_over_one_unasked(self):
        out = self.path("out.yaml")
        self.assertEqual(self.take(BIND % "", "-o", out).out, "")
        self.assertIn("--replace writes over it", self.take(BIND % "dnskey-ttl 5;", "-o", out, code=3).err)
        self.assertIn("dnskey-ttl: 1h", self.read(out).decode())
        self.take(BIND % "dnskey-ttl 5;", "-o", out, "--replace")
        self.assertIn("dnskey-ttl: 5s", self.read(out).decode())
        self.assertEqual(self.take(BIND % "", "-q").err, "")

    def test_durations_of_all_forms(self):
        for text, seconds in (("P1Y", "365d"), ("P1M", "31d"), ("P1W", "7d"), ("PT1M", "1m"), ("P1DT2H3M4S", "1d2h3m4s"),
                              ("1w2d", "9d"), ("1H", "1h"), ("0090", "1m30s")):
            with self.subTest(text):
                found = self.document(BIND % f"purge-keys {text};")
                self.has(found["yaml"], f"purge-after: {seconds}")
        for text in ("P", "PT", "P1H", "PT1D", "P1D2", "1x", "1d-", "P-1D", "P99999Y", "99999999999999999999", "unlimited", '""'):
            with self.subTest(text):
                self.assertIn("is no duration of at most 100 years", self.take(BIND % f"purge-keys {text};", code=78).err)


class Timing(Import):
    def moments(self, document):
        return {(m["role"], m["number"], m["step"]): (m["theirs"], m["ours"]) for m in document["timing"]}

    def test_bind_s_rollovers_beside_ours(self):
        day, hour = 86400, 3600
        options = TWO_KEYS + "dnskey-ttl 1h; publish-safety 2h; zone-propagation-delay 3h; retire-safety 4h; max-zone-ttl 1d; " \
            "signatures-validity 14d; signatures-refresh 5d; parent-ds-ttl 1d; parent-propagation-delay 5h;"
        moments = self.moments(self.document(BIND % options))
        # RFC 7583 3.2.1: published Ipub early, and gone Iret later. BIND lets signatures run out, zoneseal does not.
        self.assertEqual(moments["ZSK", 2, "published"], (90 * day - 6 * hour, 90 * day - 6 * hour))
        self.assertEqual(moments["ZSK", 2, "signs"], (90 * day, 90 * day))
        retire = day + 3 * hour + 4 * hour
        self.assertEqual(moments["ZSK", 2, "predecessor-leaves"], (90 * day + retire + 9 * day, 90 * day + retire))
        self.assertEqual(moments["ZSK", 3, "signs"], (180 * day, 180 * day))
        # parent.registration-delay is a day: zoneseal hands in the DS so much earlier.
        self.assertEqual(moments["KSK", 2, "ds-wanted"], (365 * day, 364 * day))
        parent = day + day + 5 * hour + 4 * hour
        self.assertEqual(moments["KSK", 2, "predecessor-leaves"], (365 * day + parent, 364 * day + parent))

    def test_knot_s_rollovers_beside_ours(self):
        day, hour = 86400, 3600
        moments = self.moments(self.document(KNOT + "    dnskey-ttl: 2h\n    zone-max-ttl: 1d\n    propagation-delay: 3h\n"))
        # Knot starts when the lifetime ends; ours keeps an hour of publish-safety.
        self.assertEqual(moments["ZSK", 2, "published"], (30 * day, 30 * day - 6 * hour))
        self.assertEqual(moments["ZSK", 2, "signs"], (30 * day + 5 * hour, 30 * day))
        self.assertEqual(moments["ZSK", 2, "predecessor-leaves"], (30 * day + 5 * hour + day + 3 * hour, 31 * day + 4 * hour))
        self.assertEqual(moments["ZSK", 3, "published"], (60 * day + 5 * hour, 60 * day - 6 * hour))
        # A KSK's lifetime counts from its creation. parent.registration-delay and ds-ttl are a day each.
        for asks, parent in (("", 5 * hour), ("    ksk-submission: s\nsubmission:\n  - id: s\n    parent-delay: 4h\n", 28 * hour)):
            moments = self.moments(self.document(KNOT + "    dnskey-ttl: 2h\n    propagation-delay: 3h\n    ksk-lifetime: 365d\n" + asks))
            self.assertEqual(moments["KSK", 2, "published"][0], 365 * day)
            self.assertEqual(moments["KSK", 2, "ds-wanted"], (365 * day + 5 * hour, 364 * day))
            self.assertEqual(moments["KSK", 2, "predecessor-leaves"][0], 365 * day + 5 * hour + day + parent)
            self.assertEqual(moments["KSK", 3, "published"][0], 730 * day)

    def test_opendnssec_s_rollovers_beside_ours(self):
        day, hour = 86400, 3600
        moments = self.moments(self.sample("kasp-tld.xml", "tld"))
        ready = day + 2 * hour + 3 * hour // 2
        self.assertEqual(moments["ZSK", 2, "published"], (90 * day, 90 * day - ready))
        self.assertEqual(moments["ZSK", 2, "signs"], (90 * day + ready, 90 * day))
        # MaxZoneTTL + PropagationDelay + Jitter + Validity + Resign - Refresh, and retire-safety with ours.
        theirs = 2 * day + 3 * hour // 2 + 12 * hour + 21 * day + hour - 9 * day
        ours = 2 * day + 3 * hour // 2 + 2 * hour
        self.assertEqual(moments["ZSK", 2, "predecessor-leaves"], (90 * day + ready + theirs, 90 * day + ours))
        self.assertEqual(moments["ZSK", 3, "published"][0], 180 * day)
        self.assertFalse([moment for moment in moments if moment[0] == "KSK"])

    def test_cascade_s_rollovers_beside_ours(self):
        day, hour = 86400, 3600
        moments = self.moments(self.sample("cascade-default.toml", "cascade-default"))
        self.assertEqual(moments["ZSK", 2, "published"], (30 * day, 30 * day - 3 * hour))
        self.assertEqual(moments["ZSK", 2, "signs"], (30 * day + 2 * hour, 30 * day))
        # max-ttl and propagation-delay are ours, key-roll-time is theirs, retire-safety ours.
        self.assertEqual(moments["ZSK", 2, "predecessor-leaves"], (33 * day + 3 * hour, 32 * day + 2 * hour))
        self.assertEqual(moments["KSK", 3, "published"][0], 730 * day)

    def test_what_simulate_says_is_what_is_compared(self):
        document = self.document(BIND % TWO_KEYS)
        path = self.write("made.yaml", document["yaml"])
        said = self.z("simulate", path, "--start", "2026-01-01", "--for", "100d", code=0).out
        ours = self.moments(document)["ZSK", 2, "published"][1]
        self.assertEqual(ours, 90 * 86400 - 2 * 3600 - 300)
        self.assertRegex(said, r"2026-03-31 21:55.*ZSK")


class Refusals(Import):
    def refused(self, text, *says, code=78, args=()):
        out = self.path("never.yaml")
        done = self.take(text, "-o", out, *args, code=code)
        for words in says:
            self.assertIn(words, done.err)
        self.assertFalse(os.path.exists(out))
        self.assertEqual(done.out, "")

    def test_what_policy_check_would_refuse_is_refused_with_its_reason(self):
        says = "zoneseal policy check would not accept it: signatures.refresh: 1d is not above zone.max-ttl + zone.propagation-delay"
        self.refused(BIND % "max-zone-ttl 2d;\nsignatures-refresh 1d;", "other.conf:3: signatures-refresh 1d: " + says)
        self.refused(BIND % "max-zone-ttl 6d;\n", "other.conf: signatures-refresh 5d (the default): zoneseal policy check would")
        self.refused(KNOT + "    zsk-lifetime: 2h\n", "other.conf:3: zsk-lifetime 2h: zoneseal policy check would not accept it: "
                     "keys.zsk.lifetime: 2h is not above what a rollover takes")

    def test_a_value_out_of_bounds_is_refused_at_its_line(self):
        self.refused(BIND % "dnskey-ttl 1h;\nmax-zone-ttl 5w;", "other.conf:3: max-zone-ttl 5w: zone.max-ttl: ")

    def test_algorithms_and_key_sets_that_zoneseal_has_not(self):
        self.refused(BIND % "keys { csk lifetime unlimited algorithm nsec3rsasha1; };", "makes no keys of that algorithm")
        self.refused(KNOT + "    algorithm: rsasha1\n", "other.conf:3: algorithm rsasha1: zoneseal makes no keys")
        self.refused(BIND % ("keys { ksk lifetime 0 algorithm 13; ksk lifetime 0 algorithm 8; zsk lifetime 0 algorithm 13; };"),
                     "a second ksk")
        self.refused(BIND % "keys { ksk lifetime 0 algorithm 13; };", "neither one csk nor one ksk and one zsk")
        self.refused(BIND % "keys { ksk lifetime 0 algorithm 13; zsk lifetime 0 algorithm 8; };", "different algorithms")

    def test_an_option_given_twice(self):
        self.refused(BIND % "dnskey-ttl 1h;\ndnskey-ttl 2h;", "other.conf:3: dnskey-ttl is given twice; the first is in line 2")
        self.refused(KNOT + "    manual: on\n    manual: off\n", "manual is given twice")

    def test_broken_named_conf(self):
        for text, says in (('dnssec-policy "x" {', "do not fit"), ("dnssec-policy x { /* ", "never closed"),
                           ('dnssec-policy "x\n', "a string that is never closed"), ("dnssec-policy ;", "dnssec-policy NAME"),
                           ("dnssec-policy x { a }", "do not fit"), ("dnssec-policy x { keys { a; } } ;", "do not fit"),
                           ("dnssec-policy x { keys { zsk; }; };", "without an algorithm"), ("options { ", "end is not found"),
                           ("dnssec-policy x { nsec3param iterations; };", "without its value")):
            with self.subTest(text):
                self.refused(text, says, args=("--format", "bind"))

    def test_broken_knot_conf(self):
        for text, says in (("policy:\n  - algorithm: x\n", "begin with its id"), ("policy: {id: x}\n", "a section is a list"),
                           ("policy:\n  - x\n", "an element without options"), ("policy:\n  - id: &a x\n", "anchors"),
                           ("policy:\n  - id: x\n    manual: {a: b}\n", "neither a word nor a list"),
                           ("policy:\n  - id: x\n    manual: [[a]]\n", "list of something but words"),
                           ("policy:\n  - id: x\n   manual: on\n", "not YAML"), ("policy:\n", "holds no policy")):
            with self.subTest(text):
                self.refused(text, says, args=("--format", "knot"))

    def kasp(self, inside):
        return '<?xml version="1.0"?>\n<KASP><Policy name="x">' + inside + "</Policy></KASP>\n"

    def test_broken_kasp_xml(self):
        key = "<Algorithm>8</Algorithm><Lifetime>P1Y</Lifetime>"
        two = f"<Keys><KSK>{key}</KSK><ZSK>{key}</ZSK></Keys>"
        bombs = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + self.kasp("&b;").split("\n", 1)[1]
        for text, says in ((bombs, "document type"), ("<KASP>", "not XML"), ("<x/>", "does not begin with <KASP>"),
                           ("<KASP><x/></KASP>", "something but <Policy>"), ("<KASP><Policy/></KASP>", "without a name"),
                           (self.kasp("<a>" * 20 + "</a>" * 20), "more than 12 levels"), (self.kasp("&lol;"), "not XML"),
                           (self.kasp("<a>" + "x" * 1001 + "</a>"), "more than 1000 octets"),
                           (self.kasp("<" + "a" * 201 + "/>"), "more than 200 octets"),
                           (self.kasp(two.replace(f"<ZSK>{key}</ZSK>", "")), "neither one CSK nor one KSK and one ZSK"),
                           (self.kasp(two.replace(key, key.replace("8", "13"), 1)), "different algorithms"),
                           (self.kasp(two.replace(f"<KSK>{key}</KSK>", f"<KSK>{key}{key}</KSK>")), "is given twice"),
                           (self.kasp(two.replace("8", "5")), "makes no keys of that algorithm"),
                           (self.kasp(two.replace("<Lifetime>P1Y</Lifetime>", "")), "Lifetime is not given"),
                           (self.kasp("<Passthrough/>" + two), "is not signed"),
                           (self.kasp("<Denial><NSEC3><Hash><Algorithm>2</Algorithm></Hash></NSEC3></Denial>" + two),
                            "one hash algorithm")):
            with self.subTest(text):
                self.refused(text, says, args=("--format", "opendnssec"))

    def test_broken_cascade_toml(self):
        head = 'version = "v1"\n'
        for text, says in (('version = "v2"\n', "version is not"), ("", "version is not"), (head + "[[a]]\n", "array of tables"),
                           (head + 'a = """x"""\n', "over several lines"), (head + 'a = "x\n', "never closed"),
                           (head + 'a = "\\q"\n', "an escape"), (head + "a\n", 'without "="'), (head + "a = \n", "no value"),
                           (head + "= 1\n", "without a name"), (head + "a = 1 2\n", "something after the value"),
                           (head + "[a\n", 'without "]"'), (head + "a = [1 2]\n", "without commas"), (head + "a = [1,", "no value"),
                           (head + "a = {b = 1 c = 2}\n", "without commas"), (head + "a = " + "[" * 20 + "\n", "more than 8 levels"),
                           (head + "a." * 150 + "a = 1\n", "more than 198 octets"), (head + 'a = "' + "x" * 1001 + '"\n', "more than 1000"),
                           (head + "[signer]\nsignature-lifetime = 1d\nsignature-lifetime = 2d\n", "other.conf:4: signer.signature-"
                            "lifetime is given twice; the first is in line 3"),
                           (head + 'signer.denial.type = "x"\n', "neither nsec nor nsec3"),
                           (head + 'signer.signature-remain-time = "13d"\n', "above nine tenths of"),
                           (head + "key-manager.zsk.auto-start = maybe\n", "neither yes nor no")):
            with self.subTest(text):
                self.refused(text, says, args=("--format", "cascade"))

    def test_toml_in_its_forms(self):
        document = self.document('version = "v1"\r\nsigner = { "denial".type = \'nsec3\', denial . opt-out = true }\r\n[ key-manager ]\n'
                                 'zsk.validity = "forever" # never\nksk = {}\ngeneration.use-csk = false\nauto-remove = false\n'
                                 'what = [ [1, 2], { a = "\\"" , b = 1.5 }, ]\n')
        self.has(document["yaml"], "type: nsec3", "opt-out: true", "purge-after: 0s")
        self.assertEqual([d["theirs"] for d in document["differences"] if d["kind"] == "unknown"], ['1 2 " 1.5'])

    def test_a_kasp_xml_that_says_little_is_filled_in_and_each_value_is_said(self):
        key = "<Algorithm>13</Algorithm><Lifetime>P1Y</Lifetime><Repository>x</Repository>"
        document = self.document(self.kasp(f"<Signatures><Refresh>PT0S</Refresh></Signatures><Keys><CSK>{key}"
                                           "<CskRollType>CskDoubleDS</CskRollType></CSK><ShareKeys/></Keys><Denial><NSEC3/></Denial>"))
        self.has(document["yaml"], "scheme: csk", "method: double-ds", "shared: true", "refresh: 18d21h36m", "type: nsec3",
                 "jitter: 0s", "validity: 21d")
        self.assertIn("nine tenths of the validity", document["yaml"])
        self.assertEqual(document["timing"], [])
        self.assertEqual([d for d in document["differences"] if d["kind"] == "unknown"], [])

    def test_a_file_that_is_too_long_or_not_there_or_of_no_known_form(self):
        self.refused("#" * (1 << 20) + "\n" + BIND % "", "octets; a policy has at most 1048576", args=("--format", "bind"))
        self.refused("hello\n", "cannot be told which signer", code=2)
        self.refused(BIND % "", 'is none of bind, knot, opendnssec, cascade', code=2, args=("--format", "powerdns"))
        self.assertIn("No such file", self.z("policy", "import", self.path("gone"), code=66).err)

    def test_bounds(self):
        self.refused(BIND % "".join(f"o{i} 1;" for i in range(201)), "more than 200 options")
        self.refused(BIND % ("purge-keys " + "9" * 1001 + ";"), "more than 1000 octets")
        self.refused("".join(f'dnssec-policy "p{i}" {{ }};\n' for i in range(1001)), "more than 1000 policies")

    def test_an_included_file_is_named_as_not_read(self):
        self.refused('include "policies.conf";\n', "holds no policy; the file that line 1 includes is not read",
                     args=("--format", "bind"))

    def test_no_octet_of_a_file_reaches_the_terminal_or_the_yaml_raw(self):
        name = 'dnssec-policy "caf\xc3\xa9" { "option \xc3\xa9" "value \xc3\xa9"; };'.encode("latin-1")
        done = self.take(name)
        self.assertRegex((done.stdout + done.stderr).decode("latin-1"), r"\A[\n -~]*\Z")
        self.assertIn(r"caf\195\169", done.out)
        for bad in (b"\x1b[31m", b"\x00", b"\xff"):
            done = self.take(b'dnssec-policy "' + bad + b'" { };', code=78)
            self.assertRegex((done.stdout + done.stderr).decode("latin-1"), r"\A[\n -~]*\Z")


class Page(unittest.TestCase):
    def test_the_page_names_every_option_that_is_read(self):
        root = SAMPLES.parents[2]
        page = (root / "contrib" / "doc" / "import.md").read_text(encoding="ascii")
        for source in sorted((root / "policies").glob("import_map_*.c")):
            for option in re.findall(r'\{ "([^"]+)", (?:"[^"]+"|NULL), IMPORT_TAKE|import_given\(map, "([^"]+)"', source.read_text()):
                name = option[0] or option[1]
                tails = [name] + [name[found.end():] for found in re.finditer(r"[./]", name)]
                with self.subTest(name):
                    self.assertTrue(any(f"`{tail}`" in page for tail in tails))


if __name__ == "__main__":
    unittest.main()
