# SPDX-License-Identifier: MIT
"""Rollovers by hand and in words: what people ask for is judged, shown before it happens, and explained after."""
import contextlib
import os
import re
import sqlite3
import unittest

from zs import World, ZONE

BEGIN = "2026-11-24T12:00:00Z"
LATER = "2026-11-28T12:00:00Z"  # the first keys are in all caches, the DS is awaited


class Rolls(World):
    def setUp(self):
        super().setUp()
        self.sign()
        self.now = LATER
        self.sign()
        self.keys = {key["role"]: key["tag"] for key in self.json("key", "list", "nl.test", code=0)["keys"]}

    def roles(self):
        return sorted(key["role"] for key in self.json("key", "list", "nl.test", code=0)["keys"])

    def revision(self):
        return self.json("plan", "nl.test", code=0)["revision"]

    def log(self):
        return self.z("log", "nl.test", code=0).out


class Words(Rolls):
    def test_status_says_first_what_a_person_must_do(self):
        out = self.z("status", "nl.test", code=0).out
        self.assertIn(f"an action for you. Waiting for the DS of KSK {self.keys['ksk']} at every parent server", out.splitlines()[0])
        self.assertIn("If nobody acts:", out)
        self.assertIn(f"zoneseal ds show nl.test. --key {self.keys['ksk']}", out)
        self.assertIn("1 zone needs you", self.z("status", code=0).out)
        zone = self.json("status", "nl.test", code=0)["zones"][0]
        self.assertTrue(zone["action_required"])
        self.assertEqual(zone["waits"][0]["who"], "you")

    def test_each_date_is_a_sum_with_its_terms(self):
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.sign()
        waits = self.json("status", "nl.test", code=0)["zones"][0]["waits"]
        sums = [wait["sum"] for wait in waits if wait["who"] == "zoneseal"]
        self.assertTrue(sums)
        for text in sums:
            self.assertRegex(text, r"^2026-11-28 12:00Z \+ .*TTL 1h \+ propagation 1h")

    def test_a_roll_is_listed_until_it_ends(self):
        plan = self.json("roll", "start", "nl.test", "--zsk", "--dry-run", code=0)["plan"]
        self.assertEqual(plan[-1]["what"], f"finds the DNSKEY of ZSK {self.keys['zsk']} gone from all caches")
        self.assertFalse([line for line in plan if "stops signing the zone with a new" in line["what"]])
        self.assertTrue([line for line in plan if "a new ZSK in all caches" in line["what"]])

    def test_since_of_a_removed_key_is_when_it_was_gone(self):
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        for self.now in ("2026-11-28T12:00:00Z", "2026-11-28T15:00:00Z", "2026-11-28T18:00:00Z", "2026-11-28T21:00:00Z"):
            self.sign()
        self.assertRegex(self.z("key", "list", "nl.test", code=0).out, rf"{self.keys['zsk']} +ZSK +removed +2026-11-28 21:00Z")

    def test_explain_tells_of_a_key_and_of_a_check(self):
        out = self.z("explain", str(self.keys["ksk"]), code=0).out
        self.assertIn("in every cache that holds this RRset", out)
        self.assertIn("waits for", out)
        self.assertIn("sig.valid", self.z("explain", "sig.valid", code=0).out)
        self.assertEqual(self.json("explain", "sig.valid", code=0)["severity"], "rfc")
        self.assertIn("no check of the gate and no key", self.z("explain", "sig.nonsense", code=66).err)

    def test_plan_looks_ahead_and_says_that_no_cache_is_hurt(self):
        out = self.z("plan", "nl.test", "--until", "2027-06-01T00:00Z", code=0).out
        self.assertIn("makes a new ZSK", out)
        self.assertIn("no cache can find the zone bogus", out)
        found = self.json("plan", "nl.test", "--until", "2027-06-01T00:00Z", code=0)
        self.assertTrue(found["safe"])
        whens = [line["when_epoch"] for line in found["plan"]]
        self.assertEqual(whens, sorted(whens))
        self.assertIn("never to take a DS", self.z("plan", "nl.test", "--ds-delay", "never", code=0).out)
        self.z("plan", "nl.test", "--until", "someday", code=2)

    def test_check_warns_of_a_rollover_that_waits_for_a_person(self):
        self.z("check", code=0)  # the first DS is said, not nagged about


class TooEarly(World):
    def test_a_roll_of_a_key_that_is_not_in_use_names_the_next_step(self):
        self.sign()
        early = self.z("roll", "start", "nl.test", "--zsk", code=3).err
        self.assertIn("its next step is due at 2026-11-24T15:00:00Z (zoneseal run nl.test.)", early)
        late = self.z("roll", "start", "nl.test", "--zsk", code=3, now=LATER).err
        self.assertIn("its next step comes with the next run (zoneseal run nl.test.)", late)


class FirstDs(World):
    def test_a_first_ds_waits_until_nothing_unsigned_is_cached(self):
        """The DNSKEY is everywhere after 3 h, the zone's answers without signatures are out of caches after a day."""
        self.write("nl.test.zone", ZONE.replace("$TTL 3600", "$TTL 86400"))
        self.sign()
        said = self.z("ds", "show", "nl.test", code=0).err
        self.assertIn("do not submit it before 2026-11-25 14:00Z", said)
        plan = self.json("plan", "nl.test", code=0)["plan"]
        self.assertEqual([line["when"] for line in plan if line["what"].startswith("publish the DS")][:1],
                         ["2026-11-25T14:00:00Z"])
        self.now = "2026-11-25T14:00:00Z"
        self.assertNotIn("do not submit", self.z("ds", "show", "nl.test", code=0).err)


class Requests(Rolls):
    def test_a_dry_run_shows_the_plan_of_the_real_run(self):
        before = self.tree()
        said = self.json("roll", "start", "nl.test", "--zsk", "--dry-run", code=0)
        self.assertEqual(self.tree(), before)
        real = self.json("roll", "start", "nl.test", "--zsk", "--expect-revision", str(said["revision"]), code=0)
        strip = lambda plan: [(line["when"], line["who"]) for line in plan]  # noqa: E731  # tags are not known before
        self.assertEqual(strip(said["plan"]), strip(real["plan"]))
        self.assertTrue(said["dry_run"])
        self.assertGreater(real["made_tag"], -1)

    def test_a_roll_by_hand_runs_to_its_end(self):
        made = self.json("roll", "start", "nl.test", "--zsk", "--reason", "exercise", code=0)["made_tag"]
        self.assertIn("exercise", self.log())
        self.assertIn("ZSK rollover", self.z("roll", "list", code=0).out)
        for when in ("2026-11-28T12:01:00Z", "2026-11-28T18:00:00Z", "2026-11-29T00:00:00Z", "2026-11-29T12:00:00Z"):
            self.now = when
            self.sign()
            self.assert_published_is_good()
        keys = {key["tag"]: key["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]}
        self.assertEqual(keys[made], "active")
        self.assertEqual(keys[self.keys["zsk"]], "removed")
        self.assertNotIn("ZSK rollover", self.z("roll", "list", code=0).out)

    def words(self):
        return {key["tag"]: key["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]}

    def test_a_key_that_is_to_be_replaced_is_active_as_long_as_it_signs(self):
        """RFC 7583 3.1: a ZSK is retired once it signs no RRset any more, a KSK once its successor's DS is there."""
        old = self.keys["zsk"]
        made = self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]
        seen = set()
        for when in ("2026-11-28T12:01:00Z", "2026-11-28T18:00:00Z", "2026-11-28T19:00:00Z"):
            self.now = when
            self.sign()
            signers = {int(line.split()[10]) for line in self.read(self.output).decode().splitlines()
                       if line.split()[3:5] == ["RRSIG", "SOA"]}
            words = self.words()
            for tag in (old, made):
                self.assertEqual(words[tag] == "active", tag in signers, (when, tag, words))
            seen.add(words[old])
            row, = [line for line in self.z("status", "nl.test", code=0).out.splitlines() if re.match(rf"{old} +ZSK", line)]
            self.assertIn(words[old], row)
            if words[old] == "active":
                self.assertIn(f"retires once ZSK {made}", row)
            self.now = when[:-3] + "01Z"  # a band is drawn once it has lasted a while
            lane, = [lane for lane in self.json("timeline", "nl.test", code=0)["zones"][0]["lanes"] if lane["label"] == f"ZSK {old}"]
            now = [band["state"] for band in lane["bands"] if not band["planned"]][-1]
            self.assertEqual(now, words[old])
        self.assertEqual(seen, {"active", "retiring"})

    def test_an_old_ksk_is_active_until_the_new_ds_is_there(self):
        old = self.keys["ksk"]
        self.z("ds", "seen", "nl.test", "--key", str(old), code=0)
        self.now = "2026-11-30T12:00:00Z"
        self.sign()
        made = self.json("roll", "start", "nl.test", "--ksk", code=0)["made_tag"]
        for when in ("2026-11-30T12:01:00Z", "2026-11-30T18:00:00Z"):
            self.now = when
            self.sign()
            self.assertEqual(self.words()[old], "active")
        self.assertEqual(self.words()[made], "ready")
        line = rf"(?m)^{old} +KSK +active .* retires once the DS of KSK {made} is seen at the parent"
        self.assertRegex(self.z("status", "nl.test", code=0).out, line)
        self.z("ds", "seen", "nl.test", "--key", str(made), code=0)
        self.now = "2026-11-30T19:00:00Z"
        self.sign()
        self.assertEqual(self.words()[old], "retiring")
        self.assertRegex(self.z("status", "nl.test", code=0).out, rf"(?m)^{old} +KSK +retiring .*still signs the DNSKEY RRset")

    def test_a_publication_that_was_left_open_is_settled_first(self):
        """As a run that was killed after its file had its name leaves it."""
        self.sign("--force")
        database = os.path.join(self.state, "keystore.db")
        def open_ones(change=None):
            with contextlib.closing(sqlite3.connect(database)) as store, store:
                if change:
                    store.execute(change)
                return store.execute("SELECT count(*) FROM versions WHERE published = 0 AND abandoned = 0").fetchone()[0]
        again = "UPDATE versions SET published = 0 WHERE id = (SELECT max(id) FROM versions)"
        for command in (("roll", "start", "nl.test", "--zsk"), ("roll", "abort", "nl.test"), ("key", "generate", "nl.test", "--zsk"),
                        ("zone", "set-policy", "nl.test", "tld")):
            self.assertEqual(open_ones(again), 1)
            self.z(*command, "--dry-run")
            self.assertEqual(open_ones(), 1)
            self.z(*command)
            self.assertEqual(open_ones(), 0, command)

    def test_what_was_reviewed_is_what_runs(self):
        revision = self.revision()
        self.z("hold", "nl.test", "--reason", "freeze", code=0)
        self.z("release", "nl.test", code=0)
        done = self.z("roll", "start", "nl.test", "--zsk", "--expect-revision", str(revision), code=3)
        self.assertIn("something changed since", done.err)
        self.z("roll", "start", "nl.test", "--zsk", "--expect-revision", "soon", code=2)

    def test_a_second_roll_waits_until_the_first_ones_key_is_in_use(self):
        self.z("roll", "start", "nl.test", "--zsk", code=0)
        self.assertIn("a roll can start once", self.z("roll", "start", "nl.test", "--zsk", code=3).err)
        self.z("roll", "start", "nl.test", code=2)
        self.z("roll", "start", "nl.test", "--csk", code=3)

    def test_a_roll_can_be_turned_back_while_the_old_key_is_whole(self):
        made = self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]
        self.sign()
        self.assertIn("stays", self.z("roll", "abort", "nl.test", "--dry-run", code=0).out)
        self.z("roll", "abort", "nl.test", "--key", str(made), code=0)
        for when in ("2026-11-28T13:00:00Z", "2026-11-29T12:00:00Z", "2026-11-30T12:00:00Z"):
            self.now = when
            self.sign()
            self.assert_published_is_good()
        keys = {key["tag"]: key["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]}
        self.assertEqual(keys[self.keys["zsk"]], "active")
        self.assertNotEqual(keys[made], "active")
        self.z("roll", "abort", "nl.test", code=3)

    def test_past_the_point_of_no_return_there_is_no_way_back(self):
        made = self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]
        for when in ("2026-11-28T12:01:00Z", "2026-11-28T18:00:00Z"):
            self.now = when
            self.sign()
        self.assertIn("no return", self.z("roll", "abort", "nl.test", "--key", str(made), code=3).err)

    def test_a_hold_stops_keys_and_no_signatures(self):
        self.z("hold", "nl.test", code=2)
        self.z("hold", "nl.test", "--reason", "holidays", code=0)
        self.assertIn("holidays", self.z("status", "nl.test", code=0).out)
        self.assertIn("holidays", self.z("roll", "start", "nl.test", "--zsk", code=3).err)
        self.sign("--force")
        self.assert_published_is_good()
        self.z("release", "nl.test", code=0)
        self.z("release", "nl.test", code=3)
        self.z("roll", "start", "nl.test", "--zsk", code=0)

    def test_an_emergency_shows_both_plans_and_takes_the_safe_one(self):
        done = self.z("emergency", "nl.test", "--key", str(self.keys["zsk"]), code=0)
        self.assertIn("availability first: safe", done.err)
        self.assertIn("validators would FAIL", done.err)
        self.assertEqual(self.roles(), ["ksk", "zsk", "zsk"])
        self.z("emergency", "nl.test", code=2)
        self.z("emergency", "nl.test", "--key", "1", code=66)

    def test_security_first_is_asked_for_by_its_name_and_with_a_reason(self):
        tag = str(self.keys["zsk"])
        self.assertIn("--reason", self.z("emergency", "nl.test", "--key", tag, "--plan", "security-first", code=2).err)
        self.assertIn("--plan", self.z("emergency", "nl.test", "--key", tag, "--plan", "fast", code=2).err)
        self.assertEqual(self.roles(), ["ksk", "zsk"])

    def test_security_first_says_for_whom_and_until_when_and_drops_the_key_with_the_next_run(self):
        tag = str(self.keys["zsk"])
        args = ("emergency", "nl.test", "--key", tag, "--plan", "security-first", "--reason", "token stolen")
        dry = self.z(*args, "--dry-run", code=0)
        self.assertEqual(self.roles(), ["ksk", "zsk"])
        self.assertIn("validators would FAIL from", dry.err)
        self.assertIn("a validator may hold", dry.err)
        self.assertNotIn("at the parent", dry.err)
        self.z(*args, code=0)
        self.assertIn("token stolen", self.z("log", "nl.test", code=0).out)
        self.sign()
        keys = {key["tag"]: key for key in self.json("key", "list", "nl.test", code=0)["keys"]}
        self.assertEqual(keys[int(tag)]["records"]["dnskey"]["state"], "unretentive")
        self.assertEqual(keys[int(tag)]["records"]["zrrsig"]["state"], "unretentive")
        self.z("audit", "replay", code=0)
        self.assertIn("has left the zone already", self.z(*args, code=3).err)

    def test_security_first_for_a_ksk_tells_what_must_happen_at_the_parent(self):
        done = self.z("emergency", "nl.test", "--key", str(self.keys["ksk"]), "--plan", "security-first", "--reason",
                      "token stolen", "--dry-run", code=0)
        self.assertIn("zoneseal ds show nl.test", done.err)
        self.assertIn("the last validator recovers at", done.err)

    def test_no_step_where_the_policy_is_not_manual(self):
        self.assertIn("keys.manual", self.z("roll", "step", "nl.test", code=3).err)

    def test_nothing_is_rolled_before_the_first_publication(self):
        self.z("zone", "add", "new.test", "-i", self.input, code=0)
        self.assertIn("not published yet", self.z("roll", "start", "new.test", "--zsk", code=3).err)


class Stops(Rolls):
    """What keeps every key where it is, while signatures go on where they can."""

    def start_roll(self):
        return self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]

    def states(self):
        return {key["tag"]: key["records"]["dnskey"]["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]}

    def test_a_missing_private_key_stops_the_rollover_loudly_and_makes_no_new_one(self):
        made = self.start_roll()
        self.sign()
        row = next(key for key in self.json("key", "list", "nl.test", code=0)["keys"] if key["tag"] == made)
        path = self.path("state", "keys", row["locator"].removeprefix("file:"))
        os.rename(path, self.path("kept"))
        before = self.states()
        for self.now in ("2026-11-28T18:00:00Z", "2026-11-29T18:00:00Z"):
            self.assertIn(str(made), self.sign(code=69).err)
        self.assertEqual(self.states(), before)
        self.assertIn("private", self.z("status", "nl.test", code=0).out.splitlines()[0])
        self.z("check", code=2)
        self.z("roll", "start", "nl.test", "--ksk", code=3)
        os.rename(self.path("kept"), path)
        self.sign()
        self.assertEqual(self.states()[made], "omnipresent")

    def hide(self, tag):
        """The private half is no longer here."""
        row = next(key for key in self.json("key", "list", "nl.test", code=0)["keys"] if key["tag"] == tag)
        path = self.path("state", "keys", row["locator"].removeprefix("file:"))
        os.rename(path, self.path(f"kept-{tag}"))
        return lambda: os.rename(self.path(f"kept-{tag}"), path)

    def emergency(self, tag, *args, code, plan="security-first"):
        return self.z("emergency", "nl.test", "--key", str(tag), "--plan", plan, "--reason", "stolen", *args, code=code)

    def published(self, kind):
        return [line for line in self.read(self.output).decode().splitlines() if f"\tIN\t{kind}\t" in line]

    def test_a_stolen_key_that_is_no_longer_here_leaves_at_once(self):
        for role in ("zsk", "ksk"):
            with self.subTest(role):
                tag = self.keys[role]
                self.hide(tag)
                self.sign(code=69)
                self.assertIn("--plan security-first", self.emergency(tag, plan="availability-first", code=3).err)
                self.emergency(tag, "--dry-run", code=0)
                self.emergency(tag, code=0)
                self.sign()
                self.assertEqual(self.states()[tag], "unretentive")
                self.assertNotIn(str(tag), [line.split()[10] for line in self.published("RRSIG")])
                self.assert_published_is_good()
                self.z("audit", "replay", code=0)

    def test_a_missing_key_that_signs_nothing_keeps_no_stolen_one(self):
        self.z("key", "generate", "nl.test", "--zsk", "--standby", code=0)
        self.sign()
        standby = next(tag for tag in self.states() if tag not in self.keys.values())
        back = self.hide(standby)
        self.sign(code=69)
        self.emergency(self.keys["zsk"], code=0)
        self.sign(code=69)  # what is missing is said as before
        self.assertEqual((self.states()[self.keys["zsk"]], self.states()[standby]), ("unretentive", "rumoured"))
        self.assertEqual(len(self.published("DNSKEY")), 3)
        self.assert_published_is_good()
        back()
        self.sign()

    def test_a_missing_key_that_others_need_is_put_back_first(self):
        before = self.states()
        back = self.hide(self.keys["ksk"])
        done = self.emergency(self.keys["zsk"], code=3)
        self.assertIn(f"the private half of KSK {self.keys['ksk']} is missing, and without its signatures", done.err)
        self.emergency(self.keys["zsk"], "--dry-run", code=3)
        self.assertEqual(self.states(), before)
        back()
        self.emergency(self.keys["zsk"], code=0)

    def test_a_long_night_without_runs_skips_and_doubles_no_step(self):
        made = self.start_roll()
        self.sign()
        for self.now in ("2026-12-19T12:00:00Z", "2026-12-19T12:00:01Z", "2026-12-20T12:00:00Z", "2026-12-21T12:00:00Z"):
            self.sign()
            self.assert_published_is_good()
        keys = {key["tag"]: key["state"] for key in self.json("key", "list", "nl.test", code=0)["keys"]}
        self.assertEqual(keys[made], "active")
        self.assertEqual(keys[self.keys["zsk"]], "removed")


class Veto(Rolls):
    """The planner's rules let a step through; what caches may hold does not."""

    def test_a_step_that_some_cache_could_not_follow_does_not_happen(self):
        made = self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]
        self.sign()
        with sqlite3.connect(f"{self.state}/keystore.db") as database:
            # A week-long TTL that nobody knew of: a DNSKEY RRset without the new key stays in caches.
            database.execute("UPDATE served SET ttl = 604800 WHERE class = 'dnskey' AND until IS NOT NULL")
        database.close()
        self.now = "2026-11-29T12:00:00Z"
        self.sign("--force")
        self.assertEqual(self.zrrsig(made), "hidden")
        self.assertIn("the cache check refuses", self.z("status", "nl.test", code=0).out)
        self.assert_published_is_good()
        foreseen = self.json("simulate", "nl.test", "--for", "60d", code=0)["steps"]
        safe = "2026-12-05T13:00:00Z"
        waits = [step for step in foreseen if f"its next step waits, until {safe}" in step["what"]]
        signs = [step for step in foreseen if "; signs the zone" in step["what"]]
        self.assertEqual([(step["key"], step["time"]) for step in waits], [(f"ZSK {made}", self.now)])
        self.assertEqual([(step["key"], step["time"]) for step in signs], [(f"ZSK {made}", safe)])
        self.assertIn(f"waits with ZSK {made}: from", self.z("plan", "nl.test", code=0).out)
        for self.now, state in (("2026-12-05T12:59:59Z", "hidden"), (safe, "rumoured")):
            self.sign("--force")
            self.assertEqual(self.zrrsig(made), state)
        self.assert_published_is_good()

    def zrrsig(self, tag):
        keys = self.json("key", "list", "nl.test", code=0)["keys"]
        return next(key["records"]["zrrsig"]["state"] for key in keys if key["tag"] == tag)


class BadInput(World):
    def test_no_step_is_taken_while_the_input_is_bad(self):
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        for self.now in (BEGIN, LATER):
            self.z("run", code=0)
        made = self.json("roll", "start", "nl.test", "--zsk", code=0)["made_tag"]
        self.z("run", code=0)
        self.write("nl.test.zone", "junk\n")
        self.now = "2026-12-05T12:00:00Z"  # signatures are due, and so is the next step
        self.assertIn("the input is bad", self.z("run", code=65).err)
        states = {key["tag"]: key["records"]["zrrsig"]["state"] for key in self.json("key", "list", "nl.test")["keys"]
                  if key["role"] == "zsk"}
        self.assertEqual(states[made], "hidden")
        self.write("nl.test.zone", ZONE)
        self.z("run", code=0)
        states = {key["tag"]: key["records"]["zrrsig"]["state"] for key in self.json("key", "list", "nl.test")["keys"]
                  if key["role"] == "zsk"}
        self.assertEqual(states[made], "rumoured")


if __name__ == "__main__":
    unittest.main()
