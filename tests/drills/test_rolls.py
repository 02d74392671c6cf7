# SPDX-License-Identifier: MIT
"""Every way to roll a key, end to end with the real program: each published version passes the verifier, no cache that
remembers what was served finds the zone bogus, and what happens when is what the timeline says."""
import os
import unittest

from rolls import Rolling, epoch, seconds

TIMELINES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "timelines")


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
        policy, world, commands, expected = self.read_timeline(name)
        self.base = {"keys": {"algorithm": "ECDSAP256SHA256", "publish-safety": "0s", "retire-safety": "0s",
                              "zsk": {"lifetime": "unlimited"}}, "parent": {}}
        for path, value in policy.items():
            self.set_field(path, value)
        self.ds_delay = None if world["ds-delay"] == "never" else seconds(world["ds-delay"])
        self.add_zone(self.policy(**self.base))
        self.run_until_events(epoch(world["until"]), world, commands)
        begins = world.get("show-from", "0")
        happened = [line for line in self.happened if line >= begins]
        self.maxDiff = None
        last = expected[-1].split()[0]
        happened = [line for line in happened if line.split()[0] <= last]
        expected = [line for line in expected if " command " not in line]
        self.assertEqual("\n".join(sorted(expected)), "\n".join(sorted(happened)))

    def set_field(self, path, value):
        *groups, last = path.split(".")
        at = self.base
        for group in groups:
            at = at.setdefault(group, {})
        at[last] = value

    def run_until_events(self, end, world, commands):
        events = [(epoch(when), lambda text=text: self.command(text)) for when, text in commands]
        if "outage-from" in world:
            def sleep():
                self.clock = epoch(world["outage-until"])
            events.append((epoch(world["outage-from"]), sleep))
        for when, act in sorted(events, key=lambda event: event[0]):
            self.run_until(when)
            act()
        self.run_until(end)

    def command(self, text):
        word, *rest = text.split()
        if word == "ds-delay":
            self.ds_delay = None if rest[0] == "never" else seconds(rest[0])
        elif text.startswith("roll algorithm"):
            self.change("keys.algorithm", rest[1])
        elif word == "scheme":
            self.change("keys.scheme", rest[0])
        elif word == "goal":
            self.change("zone.dnssec", rest[0])
        elif word == "roll":
            self.z("roll", "start", "nl.test", "--" + rest[0], code=0, now=self.now_text())
        elif word in ("hold", "release"):
            reason = ["--reason", "drill"] if word == "hold" else []
            self.z(word, "nl.test", *reason, code=0, now=self.now_text())
        elif word == "step":
            self.z("roll", "step", "nl.test", code=0, now=self.now_text())
        else:
            self.fail(text)

    def change(self, path, value):
        self.set_field(path, value)
        self.z("zone", "set-policy", "nl.test", self.policy(f"at-{self.clock}", **self.base), code=0,
               now=self.now_text())

    def test_zsk_pre_publication(self):
        self.follow("zsk_pre_publication")

    def test_zsk_double_signature(self):
        self.follow("zsk_double_signature")

    def test_zsk_double_rrsig(self):
        self.follow("zsk_double_rrsig")

    def test_ksk_double_ksk(self):
        self.follow("ksk_double_ksk")

    def test_ksk_double_ds(self):
        self.follow("ksk_double_ds")

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

    def test_parent_without_ds(self):
        self.follow("parent_without_ds")

    def test_hold_and_release(self):
        self.follow("hold")

    def test_zsk_and_ksk_at_once(self):
        self.follow("overlap_roles")

    def test_outage(self):
        self.follow("outage")


if __name__ == "__main__":
    unittest.main()
