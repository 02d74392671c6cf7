# SPDX-License-Identifier: MIT
"""Every way to roll a key, end to end with the real program: each published version passes the verifier, no cache that
remembers what was served finds the zone bogus, and what happens when is what the timeline says."""
import copy
import os
import re
import unittest

from rolls import Rolling, epoch, seconds, tag_of

TIMELINES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "timelines")
LISTS = ("no-key-events",)

# What simulate says in one word for all keys, and what the real program tells the operator.
REFUSALS = {
    "the old key is already on its way out: a new roll is the only way back":
        r"past the point of no return: KSK \d+ is on its way out of caches already; only a new roll leads back",
    "the zone is held": r"key events are held since 2026-02-01T00:30:00Z: drill; .* end it with zoneseal release nl\.test",
    "an algorithm roll is under way": r"an algorithm roll is under way: [KZ]SK \d+ \(ECDSAP256SHA256\) has not left .* at (\S+Z) at the earliest",
    "no step waits for an operator": r"no step waits for an operator now; the earliest possible time is (\S+Z)",
}


class Timelines(Rolling):
    """The same files that simulate is held to."""

    def read_timeline(self, name):
        """Policy, world, commands, and what is expected."""
        policy, world, commands, expected = {}, {}, [], None
        with open(os.path.join(TIMELINES, name + ".timeline"), encoding="ascii") as file:
            for line in file:
                word, _, rest = line.strip().partition(" ")
                if word == "expect":
                    expected = []
                elif expected is not None:
                    expected.append(line.strip())
                elif word == "at":
                    commands.append(rest.split(None, 1))
                elif word in ("policy", "world"):
                    into = policy if word == "policy" else world
                    into.update(part.split() for part in rest.split(","))
        return policy, world, commands, expected

    def follow(self, name):
        """Returns the earliest times that refusals name."""
        policy, world, commands, expected = self.read_timeline(name)
        self.base = {"keys": {"algorithm": "ECDSAP256SHA256", "publish-safety": "0s", "retire-safety": "0s",
                              "zsk": {"lifetime": "unlimited"}}, "parent": {}}
        for path, value in policy.items():
            self.set_field(path, value)
        self.begin_at(world["start"], seconds(world["negative-ttl"]))
        self.ds_delay = None if world["ds-delay"] == "never" else seconds(world["ds-delay"])
        self.refused = {}
        self.cds_seen = set()
        self.add_zone(self.policy(**self.base))
        self.run_until_events(epoch(world["until"]), world, commands)
        return self.compare(world.get("show-from", "0"), expected)

    def compare(self, begins, expected):
        self.maxDiff = None
        last = expected[-1].split()[0]
        happened = [line for line in self.happened if begins <= line and line.split()[0] <= last]
        moves = [line for line in expected if line.split()[1] not in ("command", "refused")]
        self.assertEqual("\n".join(sorted(moves)), "\n".join(sorted(happened)))
        refusals = [line.split(None, 2) for line in expected if line.split()[1] == "refused"]
        self.assertEqual(sorted(f"{when} {text.partition(':')[0]}" for when, _, text in refusals), sorted(self.refused))
        earliest = []
        for when, _, text in refusals:
            command, _, reason = text.partition(": ")
            said = re.search(REFUSALS[reason], self.refused[f"{when} {command}"])
            self.assertTrue(said, self.refused[f"{when} {command}"])
            earliest += said.groups()
        return earliest

    def judge_published(self):
        """CDS and CDNSKEY too: those that the states of the keys want (RFC 7344 3, RFC 8078 4)."""
        super().judge_published()
        ds = [(tag_of(row), row["ds"]) for row in self.keys() if row["ds"] not in (None, "hidden")]
        changing = any(state != "omnipresent" for _, state in ds)
        wanted = {tag for tag, state in ds if state in ("rumoured", "omnipresent")}
        if self.base.get("zone", {}).get("dnssec") == "insecure" and changing:
            wanted = {0}
        when = self.base["parent"].get("cds", "none")
        if when == "none" or (when == "rollover" and not changing):
            wanted = set()
        found = [int(rdata.split()[0]) for _, _, rtype, rdata in self.records() if rtype == "CDS"]
        keys = sum(rtype == "CDNSKEY" for _, _, rtype, _ in self.records())
        self.assertEqual((sorted(found), keys), (sorted(wanted), len(wanted)), self.now_text())
        self.cds_seen.add(frozenset(found))

    def set_field(self, path, value):
        *groups, last = path.split(".")
        at = self.base
        for group in groups:
            at = at.setdefault(group, {})
        at[last] = f"[{value}]" if last in LISTS else value

    def run_until_events(self, end, world, commands):
        events = [(epoch(when), lambda text=text: self.command(text)) for when, text in commands]
        if "outage-from" in world:
            events.append((epoch(world["outage-from"]), lambda: self.sleep(epoch(world["outage-until"]))))
        for when, act in sorted(events, key=lambda event: event[0]):
            self.run_until(when)
            act()
        self.run_until(end)

    def run_once(self, code=0):
        """Where the policy wants a backup first, whoever reads the refusal makes one."""
        report = super().run_once(code=None if self.base["keys"].get("require-backup") else code)
        if self.base["keys"].get("require-backup") and any(not row["backed_up"] for row in self.keys()):
            self.z("backup", "--with-keys", self.path(f"backup-{self.clock}.tar"), code=0, now=self.now_text())
            self.z("key", "backup-done", "nl.test", "--all", "--reason", "drill", code=0, now=self.now_text())
            return super().run_once()
        return report

    def sleep(self, until):
        """Nothing is published, yet the parent answers when it would have."""
        if self.parent_acts < until:
            self.clock = max(self.clock, self.parent_acts)
            self.parent_answers()
        self.clock = until

    # ---- what an operator does ----

    def command(self, text):
        word, *rest = text.split()
        if word == "ds-delay":
            self.ask_anew(None if rest[0] == "never" else seconds(rest[0]))
        elif text.startswith("roll algorithm"):
            self.change(text, "keys.algorithm", rest[1])
        elif word == "scheme":
            self.change(text, "keys.scheme", rest[0])
        elif word == "goal":
            self.change(text, "zone.dnssec", rest[0])
        elif word == "roll":
            self.order(text, "roll", "start", "nl.test", "--" + rest[0])
        elif word == "abort":
            self.order(text, "roll", "abort", "nl.test", "--key", self.tag_in_use(rest[0], newest=True))
        elif text.startswith("emergency security-first"):
            tag = self.tag_in_use(rest[1])
            self.caches.given_up |= {name for name in self.names.values() if name[1] == int(tag)}
            self.order(text, "emergency", "nl.test", "--key", tag, "--plan", "security-first", "--reason", "drill")
        elif word == "emergency":
            self.order(text, "emergency", "nl.test", "--key", self.tag_in_use(rest[0]))
        elif word in ("hold", "release"):
            reason = ["--reason", "drill"] if word == "hold" else []
            self.order(text, word, "nl.test", *reason)
        elif word == "step":
            self.order(text, "roll", "step", "nl.test")
        else:
            self.fail(text)

    def order(self, text, *args):
        """Carried out, or refused with exit code 3 and a reason that is kept."""
        done = self.z(*args, now=self.now_text())
        self.assertIn(done.returncode, (0, 3), done.err)
        if done.returncode == 3:
            self.refused[f"{self.now_text()} {text}"] = done.err
        self.note_states()
        return done.returncode == 0

    def tag_in_use(self, role, newest=False):
        """Of the key that signs for a role, or of the one that is to replace it."""
        rows = [row for row in self.keys() if row["role"] == role.upper() and not row["standby"]]
        if newest:
            return str(tag_of(rows[-1]))
        record = "zrrsig" if role == "zsk" else "ds"
        return str(tag_of(next(row for row in rows if row[record] in ("rumoured", "omnipresent"))))

    def change(self, text, path, value):
        before = copy.deepcopy(self.base)
        self.set_field(path, value)
        if not self.order(text, "zone", "set-policy", "nl.test", self.policy(f"at-{self.clock}", **self.base)):
            self.base = before

    def test_zsk_pre_publication(self):
        self.follow("zsk_pre_publication")

    def test_zsk_in_parts(self):
        self.follow("zsk_in_parts")

    def test_zsk_double_signature(self):
        self.follow("zsk_double_signature")

    def test_zsk_double_rrsig(self):
        self.follow("zsk_double_rrsig")

    def test_ksk_double_ksk(self):
        self.follow("ksk_double_ksk")

    def test_cds_rollover(self):
        self.follow("cds_rollover")
        self.assertEqual({len(found) for found in self.cds_seen}, {0, 1})
        self.assertIn({0}, self.cds_seen)
        self.assertEqual(len(self.cds_seen), 4)  # none, each KSK alone, the removal

    def test_ksk_double_ds(self):
        self.follow("ksk_double_ds")

    def test_ksk_double_ds_margin(self):
        self.follow("ksk_double_ds_margin")

    def test_ksk_double_rrset(self):
        self.follow("ksk_double_rrset")

    def test_ksk_ds_never_seen(self):
        self.follow("ksk_ds_never_seen")

    def test_csk_pre_publication(self):
        self.follow("csk_pre_publication")

    def test_csk_double_signature(self):
        self.follow("csk_double_signature")

    def test_csk_single_signature(self):
        self.follow("csk_single_signature")

    def test_csk_double_ds(self):
        self.follow("csk_double_ds")

    def test_csk_double_rrset(self):
        self.follow("csk_double_rrset")

    def test_going_secure(self):
        self.follow("going_secure")

    def test_algorithm_conservative(self):
        self.caches.strict = True
        self.follow("algorithm_conservative")

    def test_algorithm_liberal(self):
        self.follow("algorithm_liberal")

    def test_algorithm_of_a_csk(self):
        self.caches.strict = True
        self.follow("algorithm_csk")

    def test_two_keys_become_one(self):
        self.follow("two_keys_to_csk")

    def test_one_key_becomes_two(self):
        self.follow("csk_to_two_keys")

    def test_going_insecure(self):
        self.follow("going_insecure")

    def test_going_insecure_after_days_without_a_run(self):
        self.follow("going_insecure_late")

    def test_going_secure_again_an_hour_after_going_insecure(self):
        self.follow("going_secure_again")

    def test_parent_without_ds(self):
        self.follow("parent_without_ds")

    def test_hold_and_release(self):
        self.follow("hold")

    def test_zsk_and_ksk_at_once(self):
        self.follow("overlap_roles")

    def test_outage(self):
        self.follow("outage")

    def test_going_secure_where_absence_is_cached_for_longer(self):
        self.follow("going_secure_negative")

    def test_a_second_algorithm_waits_for_the_first(self):
        self.caches.strict = True
        # The first counts with the parent that the policy expects, which takes a day; then the parent has answered.
        self.assertEqual(self.follow("algorithm_twice"), ["2026-02-05T03:20:00Z", "2026-02-04T05:20:00Z"])

    def test_ksk_and_a_parent_that_takes_a_month(self):
        self.follow("ksk_ds_late")

    def test_ds_seen_during_an_outage(self):
        self.follow("outage_ksk")

    def test_zsk_again_before_the_end(self):
        self.follow("overlap_again")

    def test_ksk_again_before_the_parent_answers(self):
        self.follow("overlap_ksk")

    def test_abort(self):
        self.follow("abort")

    def test_abort_too_late(self):
        self.follow("abort_too_late")

    def test_zsk_from_a_pool(self):
        self.follow("pool_zsk")

    def test_security_first_zsk(self):
        self.follow("emergency_security_first_zsk")

    def test_security_first_ksk(self):
        self.follow("emergency_security_first_ksk")

    def test_security_first_csk(self):
        self.follow("emergency_security_first_csk")

    def test_security_first_with_a_standby_ksk(self):
        self.follow("emergency_security_first_standby")

    def test_standby_ksk(self):
        self.follow("standby_ksk")

    def test_standby_zsk(self):
        self.follow("standby_zsk")

    def test_days_without_key_events(self):
        self.follow("windows")

    def test_a_person_takes_each_step(self):
        self.assertEqual(self.follow("manual"), ["2026-02-02T01:05:00Z"])

    def test_an_emergency_on_days_without_key_events(self):
        self.follow("windows_emergency")


if __name__ == "__main__":
    unittest.main()
