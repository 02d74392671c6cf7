# SPDX-License-Identifier: MIT
"""What simulate and plan foresee for a zone in the middle of its rollovers is what runs then do, to the second: for a
year, from its real keys, TTLs and served versions."""
import json
import unittest

from rolls import DAY, HOUR, ZONE, Rolling, epoch, rfc3339

KEYS = {"zsk": {"lifetime": "50d"}, "ksk": {"lifetime": "120d"}}
YEAR = 365 * DAY


class Foreseen(Rolling):
    def foresee(self, *args, code=0):
        """(when, role, ordinal, records) of each change of a key, as simulate says."""
        done = self.z("simulate", "nl.test", "--json", "--ds-delay", f"{self.ds_delay}s", *args, now=self.now_text(),
                      code=code)
        return [(step["time"], step["key"], step["records"]) for step in json.loads(done.out)["steps"] if step["key"]]

    def names_of_keys(self):
        return {row["id"]: f"{row['role'].upper()} {self.names[row['id']][1]}" for row in self.keys()}

    def assert_foreseen(self, *args, until=YEAR):
        self.note_states()  # a roll by hand has made a key that no run has seen yet
        known = self.names_of_keys()
        before = {known[id]: dict(states) for id, states in self.states.items()}
        begins = len(self.happened)
        foreseen = self.lines_of(before, self.foresee("--for", f"{until}s", *args))
        planned = self.plan(until)
        self.run_until(self.clock + until)
        happened = self.renamed(self.happened[begins:], known)
        self.maxDiff = None
        self.assertGreater(len(happened), 20)
        self.assertEqual("\n".join(sorted(happened)), "\n".join(sorted(foreseen)))
        self.assertTrue(planned)
        self.assertLessEqual(planned, {line.split()[0] for line in happened} | self.seen_at)
        return happened

    def plan(self, until):
        """The moments of a plan."""
        done = self.z("plan", "nl.test", "--json", "--ds-delay", f"{self.ds_delay}s", "--until",
                      rfc3339(self.clock + until), now=self.now_text(), code=0)
        return {line["when"] for line in json.loads(done.out)["plan"]}

    def tell_parent(self):
        super().tell_parent()
        self.seen_at.add(self.now_text())

    def setUp(self):
        self.seen_at = set()
        super().setUp()

    def lines_of(self, before, foreseen):
        """The same words as `happened` of the real runs, with new keys by number in their role."""
        out, counts, labels = [], {}, {label: label for label in before}
        states = {label: dict(records) for label, records in before.items()}
        for when, label, records in foreseen:
            if label not in labels:
                role = label.split()[0]
                counts[role] = counts.get(role, 0) + 1
                labels[label] = f"{role} new {counts[role]}"
                states[label] = {r: "hidden" for r in ("dnskey", "zrrsig", "krrsig", "ds")}
                out.append(f"{when} make {labels[label]}")
            for record, state in records.items():
                if states[label][record] != state:
                    out.append(f"{when} {labels[label]} {record.upper()} {state}")
                    states[label][record] = state
        return out

    def renamed(self, happened, known):
        out, counts, labels = [], {}, {}
        for line in happened:
            when, *words = line.split()
            at = 1 if words[0] == "make" else 0
            role, id = words[at].split("/")
            if int(id) in known:
                label = known[int(id)]
            else:
                if id not in labels:
                    counts[role] = counts.get(role, 0) + 1
                    labels[id] = f"{role} new {counts[role]}"
                label = labels[id]
            out.append(" ".join([when, *words[:at], label, *words[at + 1:]]))
        return out

    # ---- claims ----

    def test_simulation_that_starts_in_the_middle_of_rolls_goes_on_as_runs_do(self):
        self.add_zone(self.policy(keys=KEYS))
        self.run_until(epoch("2026-01-10T00:00:00Z"))
        for command in ("zsk", "ksk"):
            self.z("roll", "start", "nl.test", f"--{command}", now=self.now_text(), code=0)
            self.run_until(self.clock + 50 * 60)
        self.assert_foreseen()

    def test_simulation_waits_for_a_ttl_that_was_larger(self):
        self.add_zone(self.policy(keys={**KEYS, "dnskey-ttl": "20h"}))
        self.run_until(epoch("2026-02-01T00:00:00Z"))
        self.write("nl.test.zone", ZONE.replace("$TTL 86400", "$TTL 3600"))
        self.policy(keys={**KEYS, "dnskey-ttl": "10m"})
        self.z("policy", "apply", "nl.test", self.path("test.yaml"), "--yes", now=self.now_text(), code=0)
        self.run_until(self.clock + HOUR)
        self.z("roll", "start", "nl.test", "--zsk", now=self.now_text(), code=0)
        happened = self.assert_foreseen()
        # Runs with the TTLs of now would be here an hour after the start.
        arrives = [line for line in happened if "DNSKEY omnipresent" in line][0]
        self.assertGreater(epoch(arrives.split()[0]), epoch("2026-02-01T19:00:00Z"))

    def test_simulation_that_starts_while_the_parent_is_waited_for_counts_from_the_wish(self):
        self.ds_delay = 3 * DAY
        self.add_zone(self.policy(keys=KEYS))
        self.run_until(epoch("2026-02-01T00:00:00Z"))
        self.z("roll", "start", "nl.test", "--ksk", now=self.now_text(), code=0)
        self.run_until(self.clock + 2 * DAY)
        self.assertTrue([s for s in self.states.values() if s["ds"] == "rumoured"])
        self.assert_foreseen()

    def test_simulation_of_a_held_zone_begins_with_the_release(self):
        self.add_zone(self.policy(keys=KEYS))
        self.run_until(epoch("2026-02-19T00:00:00Z"))
        self.z("hold", "nl.test", "--reason", "audit", now=self.now_text(), code=0)
        status = self.z("status", "nl.test", now=self.now_text(), code=0).out
        first, effect = status.splitlines()[:2]
        self.assertIn("OK, but key events are held until somebody releases them: audit.", first)
        self.assertIn("If nobody acts: all keys stay as they are, signatures go on, and rollovers wait.", effect)
        self.assertIn("Do now:   zoneseal release nl.test", status)
        held = self.foresee("--for", "100d")
        self.assertEqual(held, [])
        text = self.z("simulate", "nl.test", "--for", "100d", now=self.now_text(), code=0).out
        self.assertIn("Key events are held: none happens before a release", text)
        foreseen = self.foresee("--for", "100d", "--at", "2026-02-25:release")
        self.assertTrue(foreseen)
        self.run_until(epoch("2026-02-25T00:00:00Z"))
        self.z("release", "nl.test", now=self.now_text(), code=0)
        begins = len(self.happened)
        self.run_until(epoch("2026-03-20T00:00:00Z"))
        real = {line.split()[0] for line in self.happened[begins:]}
        self.assertEqual(real, {when for when, _, _ in foreseen if when < "2026-03-20"} - (self.seen_at - real))

    def test_combined_key_that_is_being_replaced_goes_on_as_foreseen(self):
        self.add_zone(self.policy(keys={"scheme": "csk", "csk": {"lifetime": "90d"}}))
        self.run_until(epoch("2026-03-31T12:00:00Z"))
        self.assert_foreseen()


if __name__ == "__main__":
    unittest.main()
