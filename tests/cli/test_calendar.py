# SPDX-License-Identifier: MIT
"""`zoneseal plan --format ics`, as a program that reads calendars reads it."""
import unittest

import icalendar

from ceremony import Ceremonies
from zs import World


def events(text):
    calendar = icalendar.Calendar.from_ical(text)
    return [{"uid": str(event["UID"]), "when": event["DTSTART"].dt, "what": str(event["SUMMARY"]),
             "who": event["CATEGORIES"].to_ical().decode(), "alarms": len(list(event.walk("VALARM")))}
            for event in calendar.walk("VEVENT")]


class Calendar(World):
    def calendar(self, *args, code=0):
        text = self.z("plan", *args, "--format", "ics", code=code).stdout
        lines = text.split(b"\r\n")
        self.assertEqual(lines.pop(), b"")
        self.assertLessEqual(max(map(len, lines)), 75)
        self.assertTrue(all(0x20 <= octet < 0x7f for line in lines for octet in line))
        return events(text)

    def setUp(self):
        super().setUp()
        self.z("sign", "nl.test", "-i", self.input, code=0)

    def test_it_has_each_act_of_the_plan_once(self):
        plan = self.json("plan", "nl.test", code=0)["plan"]
        got = self.calendar("nl.test")
        self.assertGreater(len(got), 5)
        self.assertEqual([(int(event["when"].timestamp()), event["what"]) for event in got],
                         [(line["when_epoch"], f"nl.test. {'YOU: ' if line['who'] == 'you' else ''}{line['what']}") for line in plan])
        self.assertEqual(len({event["uid"] for event in got}), len(got))

    def test_what_a_person_must_do_rings(self):
        for event in self.calendar("nl.test"):
            self.assertEqual(event["alarms"], 2 if event["who"] == "YOU" else 0, event)

    def test_an_act_that_moves_keeps_its_uid(self):
        before = {event["what"]: event for event in self.calendar("nl.test")}
        self.now = "2026-11-26T12:00:00Z"
        after = {event["what"]: event for event in self.calendar("nl.test", "--ds-delay", "30d")}
        same = [what for what in before if what in after]
        self.assertGreater(len(same), 5)
        self.assertTrue(any(before[what]["when"] != after[what]["when"] for what in same))
        for what in same:
            self.assertEqual(before[what]["uid"], after[what]["uid"])

    def test_all_zones_in_one_and_none_that_was_removed(self):
        for name in ("se.test", "gone.test", r"semi\;colon\,x.test"):
            self.z("zone", "add", name, "-i", self.input, code=0)
        self.z("zone", "remove", "gone.test", "--yes", code=0)
        self.assertEqual({event["what"].split()[0] for event in self.calendar()},
                         {"nl.test.", "se.test.", r"semi\059colon\044x.test."})

    def test_ics_is_short_for_that_format(self):
        for zones in (("nl.test",), ()):
            long = self.z("plan", *zones, "--format", "ics", code=0).stdout
            self.assertIn(b"BEGIN:VCALENDAR", long)
            self.assertEqual(self.z("plan", *zones, "--ics", code=0).stdout, long)

    def test_what_it_does_not_take(self):
        self.assertIn("--format: ics", self.z("plan", "nl.test", "--format", "xml", code=2).err)
        self.assertIn("which zone?", self.z("plan", code=2).err)
        self.z("plan", "no.test", "--format", "ics", code=66)


class WithCeremonies(Ceremonies):
    def test_the_next_ceremony_is_in_plan_and_calendar(self):
        skr = self.answer(self.request())
        self.z("skr", "import", "nl.test", "-i", skr, code=0)
        self.z("run", code=0)
        plan = [line for line in self.json("plan", "nl.test", code=0)["plan"] if "hold a key ceremony" in line["what"]]
        self.assertEqual([line["who"] for line in plan], ["you"])
        self.assertIn("zoneseal ksr create nl.test.", plan[0]["what"])
        text = self.z("plan", "--format", "ics", code=0).stdout
        ceremony, = [event for event in events(text) if "ceremony" in event["what"]]
        self.assertEqual(int(ceremony["when"].timestamp()), plan[0]["when_epoch"])
        self.now = plan[0]["when"]
        self.z("run", code=0)
        self.assertIn("hold a key ceremony", self.z("status", "nl.test", code=0).out)


if __name__ == "__main__":
    unittest.main()
