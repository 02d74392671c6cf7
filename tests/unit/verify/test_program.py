# SPDX-License-Identifier: MIT
"""zoneseal-verify as people and the engine call it: arguments, streams, exit codes. test_program.py PROGRAM"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ZONES = os.path.join(HERE, "..", "..", "zones")
GOOD = os.path.join(ZONES, "good", "nsec_zonemd.zone")
BAD = os.path.join(ZONES, "bad", "one_bit.zone")
PREVIOUS = os.path.join(ZONES, "bad", "previous.zone")
NOW = ["--now", "2026-01-10T00:00:00Z"]
PROGRAM = ""


def run(*arguments, now=True, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([PROGRAM, *(NOW if now else []), *arguments], stderr=subprocess.PIPE, check=False, timeout=60,
                          **options)


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as out:
            out.write(content)
        return path

    def expect(self, done, code, *said):
        text = (done.stdout or b"").decode() + done.stderr.decode()
        self.assertEqual(done.returncode, code, text)
        for part in said:
            self.assertIn(part, text)

    def test_a_good_zone_passes_on_one_screen(self):
        done = run(GOOD)
        self.expect(done, 0)
        self.assertTrue(done.stdout.startswith(b"PASS  zs.test. serial 2026010101"), done.stdout)
        self.assertLess(done.stdout.count(b"\n"), 24)
        self.assertEqual(done.stderr, b"")

    def test_a_bad_zone_is_refused_with_place_and_rule(self):
        done = run(BAD)
        self.expect(done, 1, "sig.valid", "mail.zs.test. MX (line ", "RFC 4035 5.3")
        self.assertTrue(done.stdout.startswith(b"FAIL"))

    def test_an_input_that_is_given_twice_is_no_call(self):
        for option in ("--unsigned", "--trust-anchor", "--expect-keys", "--policy", "--memo", "--memo-new"):
            done = run(option, PREVIOUS, option, GOOD, GOOD)
            self.expect(done, 2, f"{option}: given twice")
            self.assertEqual(done.stdout, b"")

    def test_versions_published_before_are_told_as_they_were_given(self):
        versions = [os.path.join(ZONES, "good", f"{name}.zone") for name in ("before_wrap", "after_wrap")]
        given = [word for version in versions for word in ("--previous", version)]
        done = run("--json", *given, os.path.join(ZONES, "good", "versions_newest_after_wrap.zone"))
        self.assertEqual(json.loads(done.stdout)["previous"], [4294967290, 5])
        self.assertEqual(json.loads(done.stdout)["changes"]["serial"], 5)
        self.assertEqual(json.loads(run("--json", GOOD).stdout)["previous"], [])

    def test_more_versions_than_are_read_are_no_call(self):
        self.expect(run(*["--previous", PREVIOUS] * 16, PREVIOUS), 0)
        self.expect(run(*["--previous", PREVIOUS] * 17, PREVIOUS), 2, "--previous: at most 16 files")

    def test_a_time_of_replacement_belongs_to_one_version(self):
        when = ["--replaced", "2026-01-09T00:00:00Z"]
        self.expect(run(*when, "--previous", PREVIOUS, PREVIOUS), 2, "follows the --previous")
        self.expect(run("--previous", PREVIOUS, *when, *when, PREVIOUS), 2, "follows the --previous")
        self.expect(run("--previous", PREVIOUS, "--replaced", "yesterday", PREVIOUS), 2, "yesterday")
        self.expect(run("--previous", PREVIOUS, *when, PREVIOUS), 0)

    def test_the_newest_version_can_be_a_pipe_only_where_it_is_named_first(self):
        older, newer = (os.path.join(ZONES, "good", f"step{number}.zone") for number in (1, 2))
        zone = os.path.join(ZONES, "good", "versions_signed_for_all.zone")
        for order, code in ((("-", older), 0), ((older, "-"), 74)):
            with open(newer, "rb") as text:
                given = [word for version in order for word in ("--previous", version)]
                done = subprocess.run([PROGRAM, *NOW, *given, zone], input=text.read(), capture_output=True, check=False)
            self.expect(done, code, *(["name it first"] if code else []))

    def test_standard_input_is_read_from_its_start(self):
        with open(GOOD, "rb") as zone:
            zone.seek(0, os.SEEK_END)
            self.expect(run("-", stdin=zone), 0)

    def test_a_pipe_is_read(self):
        with open(GOOD, "rb") as zone:
            done = subprocess.run([PROGRAM, *NOW, "-"], input=zone.read(), capture_output=True, check=False)
        self.expect(done, 0)

    def test_descriptors_that_are_handed_over_serve_as_files(self):
        with open(PREVIOUS, "rb") as previous:
            number = previous.fileno()
            self.expect(run("--previous", f"/dev/fd/{number}", PREVIOUS, pass_fds=[number]), 0)

    def test_usage_errors_are_two(self):
        self.expect(run(), 2, "one zone file")
        self.expect(run(GOOD, GOOD), 2)
        self.expect(run("--orign", "x", GOOD), 2, "did you mean --origin?")
        self.expect(run("--origin"), 2, "value is missing")
        self.expect(run("--threads", "0", GOOD), 2)
        self.expect(run("--now", "yesterday", GOOD), 2)
        self.expect(run("--origin", "a..b", GOOD), 2, "empty label")

    def test_what_cannot_be_opened_says_why(self):
        self.expect(run(os.path.join(self.folder.name, "none")), 66, "do not publish")
        self.expect(run(self.folder.name), 74)
        os.chmod(self.folder.name, 0o755)
        secret = self.file("secret", b"x")
        os.chmod(secret, 0)
        nobody = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        self.expect(run(secret, **nobody), 77)

    def test_what_is_no_zone_is_65(self):
        self.expect(run(self.file("empty", b"")), 65, "empty")
        self.expect(run(self.file("junk", bytes(range(256)) * 40)), 65)
        with open(GOOD, "rb") as zone:
            content = zone.read()
        self.expect(run(self.file("cut", content[:-30])), 65, "cut in the middle of a record")

    def test_an_error_is_told_as_json_too(self):
        done = run("--json", self.file("empty", b""))
        self.expect(done, 65)
        told = json.loads(done.stdout)
        self.assertEqual((told["verdict"], told["exit"]), ("none", 65))
        self.assertNotIn("complete", told)

    def test_the_json_names_the_bytes_that_were_judged(self):
        done = run("--json", GOOD)
        self.expect(done, 0)
        told = json.loads(done.stdout)
        with open(GOOD, "rb") as zone:
            content = zone.read()
        self.assertEqual(told["schema"], "zoneseal.verdict/1")
        self.assertEqual(told["sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual((told["size"], told["records"]), (len(content), content.count(b"\n")))
        self.assertEqual((told["verdict"], told["zone"], told["serial"]), ("pass", "zs.test.", 2026010101))
        self.assertEqual(list(told)[-1], "complete")
        self.assertIs(told["complete"], True)
        self.assertEqual(told["safe_until"], "2026-02-01T00:00:00Z")
        build = run("--version", now=False)
        self.assertIn(told["build"].encode(), build.stdout)

    def test_one_and_four_threads_tell_the_same(self):
        for zone in (GOOD, BAD, os.path.join(ZONES, "bad", "third_of_signatures.zone")):
            told = [json.loads(run("--json", "--threads", n, zone).stdout) for n in ("1", "4")]
            for one in told:
                del one["threads"], one["seconds"]
            self.assertEqual(*told)

    def test_a_cause_that_a_test_proves_is_told(self):
        done = run("--expect-keys", os.path.join(ZONES, "bad", "two.keys"),
                   os.path.join(ZONES, "bad", "third_of_signatures.zone"))
        self.expect(done, 1, "=> ", "several keys, or several tokens, sign under one tag")
        self.expect(run("--now", "2027-01-01T00:00:00Z", GOOD, now=False), 1, "old zone file, or a clock is wrong")
        self.expect(run("--now", "2025-01-01T00:00:00Z", GOOD, now=False), 1, "a clock is wrong")
        self.expect(run(os.path.join(ZONES, "bad", "new_algorithm_only.zone")), 1, "half signed")
        self.expect(run(os.path.join(ZONES, "bad", "lost_dot.zone")), 0, "lost the final dot")
        self.expect(run(os.path.join(ZONES, "bad", "cut_at_record_28.zone")), 1, "cut at the end of a record")
        self.expect(run(os.path.join(ZONES, "bad", "nsec3_other_salt.zone")), 1, "salts or iterations are mixed")

    def test_the_key_is_named_where_all_is_signed_by_one_that_is_not_published(self):
        for zone in ("orphan_key", "only_revoked_signs"):
            done = run(os.path.join(ZONES, "bad", f"{zone}.zone"))
            self.expect(done, 1, "sig.algorithms", "which is no zone key in the DNSKEY RRset")
            self.assertNotIn(b"half signed", done.stdout)

    def test_an_nsec3param_that_changed_alone_is_told(self):
        self.expect(run(os.path.join(ZONES, "bad", "nsec3param_changed.zone")), 1, "the NSEC3PARAM was changed and the chain was")

    def test_owner_names_with_a_lost_dot_are_told(self):
        self.expect(run(os.path.join(ZONES, "bad", "owner_lost_dot.zone")), 0, "child.zs.test.zs.test.", "lost the final dot")

    def test_a_cause_that_nothing_proves_is_not_told(self):
        """Near misses of each cause: the check fails, for another reason."""
        misses = {
            "half signed": ("unsigned_mail_nsec", "dnskey_one_algorithm", "orphan_key", "orphan_algorithm", "only_revoked_signs"),
            "cut at the end": ("nsec_last", "nsec_skips", "nsec3_missing_record", "nsec3_overlap"),
            "salts or iterations": ("nsec3_missing_record", "nsec3_overlap", "nsec3_extra"),
            "was changed and the chain": ("nsec3param_without_chain", "nsec3_other_salt", "nsec3param_flag"),
            "several keys, or several tokens": ("one_bit", "data_changed", "ds_changed", "bad_beside_good"),
            "the private key in use": ("one_bit", "data_changed"),
            "were made with that key": ("one_bit", "third_of_signatures"),
            "a clock is wrong": ("expires_this_second_is_fine_next_not", "not_yet", "dnskey_expired"),
            "lost the final dot": ("out_of_zone", "no_glue", "ns_is_alias"),
            "carried over": ("one_bit", "third_of_signatures"),
        }
        for cause, zones in misses.items():
            for zone in zones:
                done = run(os.path.join(ZONES, "bad", f"{zone}.zone"))
                self.assertIn(done.returncode, (0, 1), zone)
                self.assertNotIn(cause.encode(), done.stdout, zone)

    def test_a_small_file_cannot_ask_for_hours_of_hashing(self):
        """Deep names make empty non-terminals, each hashed 151 times a set: counted before, not begun."""
        head = ("zs.test. 60 IN SOA a. b. 1 2 3 4 5\nzs.test. 60 IN NS a.\nzs.test. 60 IN DNSKEY 257 3 15 " + "A" * 43 + "=\n"
                f"zs.test. 60 IN NSEC3PARAM 1 0 150 {'ab' * 255}\n")
        for sets in (1, 2):
            idle = "".join(f"{'0' * 31}{at}.zs.test. 60 IN NSEC3 1 1 150 {at}{at} {'V' * 32} A\n" for at in range(1, sets))
            text = head + idle + f"{'1' * 32}.zs.test. 60 IN NSEC3 1 1 150 {'ab' * 255} {'V' * 32} A\n" + "".join(
                f"{at}.{'x.' * 115}{at}.zs.test. 1 NS a.\n" for at in range(400))
            done = run(self.file("deep.zone", text.encode()), "--json")
            verdict = json.loads(done.stdout)
            found = [f for f in verdict["findings"] if "more hashing" in f["what"]]
            self.assertEqual([f["count"] for f in found], [sets], done.stdout)
            self.assertIn("names, 150 iterations: ", found[0]["examples"][0]["detail"])
            checked = {c["id"]: c["checked"] for c in verdict["checks"]}
            self.assertEqual(checked["denial.nsec3.names"], 0)

    def test_a_zone_without_signatures_passes_only_where_it_is_expected(self):
        zone = os.path.join(ZONES, "good", "unsigned.zone")
        self.expect(run(zone), 1, "the zone is not signed")
        self.expect(run("--expect-unsigned", zone), 0, "PASS", "UNSIGNED as asked")
        self.expect(run("--expect-unsigned", "--trust-anchor", os.path.join(ZONES, "good", "ksk.ds"), zone), 1,
                    "would be published unsigned")
        self.expect(run("--expect-unsigned", GOOD), 1, "unsigned.plain")
        self.assertIs(json.loads(run("--json", "--expect-unsigned", zone).stdout)["unsigned"], True)
        self.assertIs(json.loads(run("--json", GOOD).stdout)["unsigned"], False)

    def test_no_octet_of_the_zone_reaches_the_terminal(self):
        with open(GOOD, "rb") as zone:
            content = zone.read()
        for name in (b"a\\027[31mb", b"\x1b[31m", b"\\255\\000x"):
            hostile = self.file("hostile", content + name + b".zs.test. 5 IN MX 1 " + name + b".zs.test.\n")
            for options in ([], ["--json"]):
                done = run(*options, hostile)
                self.assertEqual(done.returncode, 1)
                self.assertTrue(all(32 <= c < 127 or c == 10 for c in done.stdout + done.stderr))

    def test_a_verdict_that_cannot_be_written_is_none(self):
        with open("/dev/full", "wb") as full:
            self.expect(run(GOOD, stdout=full), 74)

    def test_a_memo_saves_computing_and_a_bad_one_costs_nothing_else(self):
        old, new = (os.path.join(self.folder.name, name) for name in ("memo", "memo.new"))
        self.expect(run("--memo", old, "--memo-new", new, GOOD), 0, "MEMO    not used: there is none yet")
        os.rename(new, old)
        told = json.loads(run("--json", "--memo", old, "--memo-new", new, GOOD).stdout)
        every = told["signatures"]
        self.assertEqual(told["counts"], {"signatures": every, "computed": every, "from_memo": every, "sampled": every})
        self.assertEqual((told["memo"]["used"], told["memo"]["full"], told["memo"]["written"]), (True, None, True))
        self.assertEqual((os.stat(new).st_size, os.stat(new).st_mode & 0o777), (os.stat(old).st_size, 0o600))
        self.expect(run("--memo", old, BAD), 1, "sig.valid")
        with open(old, "r+b") as memo:
            memo.seek(-40, os.SEEK_END)
            memo.write(b"x")
        self.expect(run("--memo", old, GOOD), 0, "MEMO    not used: it is damaged")
        self.expect(run("--memo", old, "--memo-new", old, GOOD), 2, "are one file")
        self.expect(run("--memo-new", "/dev/full", GOOD), 0, "no new one is written")
        self.expect(run("--memo-new", os.path.join(self.folder.name, "none", "x"), GOOD), 0, "no new memo")

    def test_help_begins_with_examples(self):
        done = run("--help", now=False)
        self.expect(done, 0, "zoneseal-verify nl.test.zone", "--trust-anchor")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
