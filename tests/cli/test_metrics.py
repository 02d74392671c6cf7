# SPDX-License-Identifier: MIT
"""`zoneseal metrics`, and the alerts and the dashboard on it, as Prometheus' own tool reads them."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from zs import World, ZONE, delegations

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "contrib" / "monitoring" / "zoneseal.rules.yml"
DASHBOARD = ROOT / "contrib" / "monitoring" / "grafana.json"
ALERTS = ROOT / "tests" / "cli" / "alerts_test.yml"
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9]+)')


def promtool(*words, **more):
    return subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, timeout=60, **more)


class Metrics(World):
    def samples(self, text=None):
        """{metric: [(labels, value)]}; promtool has read it before."""
        text = self.z("metrics", code=0).out if text is None else text
        done = promtool("check", "metrics", input=text)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        out = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.fullmatch(line).groups()
            labels = dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels or ""))
            out.setdefault(name, []).append((labels, int(value)))
        return out

    def value(self, name, samples=None, **labels):
        found = [value for have, value in (samples or self.samples())[name] if labels.items() <= have.items()]
        self.assertEqual(len(found), 1, (name, found))
        return found[0]

    def test_it_says_what_status_says(self):
        self.sign()
        got, zone = self.samples(), self.json("status")["zones"][0]
        for metric, field in (("last_publish_timestamp_seconds", "published_at_epoch"), ("published_serial", "serial"),
                              ("rrsig_earliest_expiry_timestamp_seconds", "valid_until_epoch"), ("records", "records"),
                              ("signatures", "signatures"), ("size_bytes", "size")):
            with self.subTest(metric):
                self.assertEqual(self.value("zoneseal_" + metric, got, zone="nl.test"), zone[field])
        self.assertEqual(self.value("zoneseal_next_event_timestamp_seconds", got, event="signatures"), zone["next_epoch"])
        self.assertEqual(self.value("zoneseal_zone_health", got, state="ok"), 1)
        self.assertEqual(self.value("zoneseal_zone_health", got, state="blocked"), 0)
        self.assertEqual(self.value("zoneseal_virtual_clock", got), 1)
        keys = {(labels["role"], labels["state"]) for labels, _ in got["zoneseal_key_state"]}
        self.assertEqual(keys, {("ksk", "publishing"), ("zsk", "active")})
        self.assertTrue(all(value == 1 for _, value in got["zoneseal_key_proven"]))

    def test_troubles(self):
        self.write("nl.test.zone", ZONE + delegations(300))
        self.sign()
        self.write("nl.test.zone", ZONE)
        self.now = "2026-11-26T18:00:00Z"
        self.sign(code=1)
        got = self.samples()
        self.assertEqual(self.value("zoneseal_publication_blocked", got), 1)
        self.assertEqual(self.value("zoneseal_action_required", got, action="verify"), 1)
        self.z("hold", "nl.test", "--reason", "x", code=0)
        self.assertEqual(self.value("zoneseal_key_events_stopped"), 1)

    def test_an_input_that_cannot_be_used(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.write("nl.test.zone", "junk\n")
        self.now = self.json("status")["zones"][0]["next"]
        self.z("run", code=65)
        self.assertGreater(self.value("zoneseal_input_failing_since_timestamp_seconds"), 1_700_000_000)

    def test_an_action_has_the_name_of_its_command(self):
        self.sign()
        self.now = "2026-12-02T00:00:00Z"
        self.sign()
        self.assertEqual(self.value("zoneseal_action_required", action="ds_show", urgent="no"), 1)
        # What a command of one word is given is no second one, also where it has small letters only.
        self.write("nl.zone", ZONE.replace("nl.test.", "nl."))
        self.z("sign", "nl", "-i", self.path("nl.zone"), "-o", self.path("nl.signed"), code=0)
        self.z("hold", "nl", "--reason", "x", code=0)
        self.assertEqual(self.value("zoneseal_action_required", zone="nl", action="release"), 1)

    def test_names_that_registrants_of_trouble_would_choose(self):
        self.z("zone", "add", r'a\"}\\\010b{.test', "-i", self.input, "-o", self.output, code=0)
        labels = {labels["zone"] for labels, _ in self.samples()["zoneseal_records"]}
        self.assertEqual(len(labels), 1)
        self.assertRegex(labels.pop(), r'^a.*\\\\010b.*\.test$')

    def test_a_file_is_replaced_as_a_whole_and_others_may_read_it(self):
        path = self.write("zoneseal.prom", "old\n", 0o600)
        self.z("metrics", "-o", path, code=0)
        text = self.read(path).decode()
        self.assertEqual(text, self.z("metrics", code=0).out)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
        self.z("metrics", "-o", self.path("nowhere", "x"), code=74)
        shutil.move(self.state, self.path("gone"))
        self.z("metrics", "-o", path, code=66)
        self.assertEqual(self.read(path).decode(), text)


class Unread(World):
    """On the machine's clock: nobody waits for timers on a virtual one."""
    virtual = False

    def look_was(self, seconds):
        """Puts the last look at the input so far back; other commands that take the lock hand it on."""
        path = os.path.join(self.state, "locks", "nl.test")
        holder, look = self.read(path).decode().splitlines()
        words, when = look.rsplit(" ", 1)
        self.write(path, f"{holder}\n{words} {int(when) - seconds}\n", 0o600)
        return int(when) - seconds

    def unread(self):
        found = re.search(r"(?m)^zoneseal_input_unread_since_timestamp_seconds\S* (\d+)$", self.z("metrics", code=0).out)
        return int(found[1])

    def test_a_changed_input_that_no_run_reads_is_told_after_two_hours(self):
        self.z("init", code=0)
        self.write("config/policies/p.yaml", "name: p\n")
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, "--policy", self.path("config/policies/p.yaml"),
               code=0)
        os.utime(self.input, (1, 1))
        self.z("check")
        self.z("run", code=0)
        self.look_was(-100)  # later than the input's last change, whatever second that was in
        self.assertEqual(self.unread(), 0)
        self.assertEqual(self.z("check").returncode, 0)
        when = self.look_was(100 + 7300)
        self.assertEqual(self.unread(), when)
        told = self.z("check", code=1)
        self.assertIn("the input has changed, and no run came to read it", told.out)
        self.assertIn("has changed since a run last looked at it", self.z("status", "nl.test", code=0).out)
        self.assertEqual(self.json("status")["zones"][0]["input_unread_since_epoch"], when)
        self.z("hold", "nl.test", "--reason", "x", code=0)
        self.z("release", "nl.test", "--reason", "x")
        self.z("key", "generate", "nl.test", "--zsk")
        self.assertEqual(self.unread(), when, "no look by commands that look at nothing")
        self.z("run", "--dry-run")
        self.assertEqual(self.unread(), when, "nor by one that does nothing")
        self.z("run", code=0)
        self.look_was(-100)
        self.assertEqual(self.unread(), 0)
        self.assertEqual(self.z("check").returncode, 0)
        when = self.look_was(100 + 3600)
        self.assertEqual(self.unread(), when)
        self.assertEqual(self.z("check").returncode, 0, "not yet")


class Alerts(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="zoneseal-alerts-"))

    def alerts(self, changes):
        """Which alerts stand after ten hours with these series: those whose absence the tool denies."""
        shutil.copy(RULES, self.folder)
        names = [rule["alert"] for rule in yaml.safe_load(RULES.read_text(encoding="ascii"))["groups"][0]["rules"]]
        base = yaml.safe_load(ALERTS.read_text(encoding="ascii"))
        test = base["tests"][0]
        for series in test["input_series"]:
            series["values"] = changes.get(series["series"].split("{")[0], series["values"])
        test["alert_rule_test"] = [{"eval_time": "10h", "alertname": name, "exp_alerts": []} for name in names]
        path = os.path.join(self.folder, "test.yml")
        with open(path, "w", encoding="ascii") as out:
            yaml.safe_dump(base, out)
        done = promtool("test", "rules", path)
        raised = {name for name in names if re.search(rf"alertname: ?{name},", done.stdout + done.stderr)}
        self.assertEqual(bool(raised), done.returncode != 0, done.stdout + done.stderr)
        return raised

    def test_the_rules_are_good(self):
        done = promtool("check", "rules", str(RULES))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_healthy_zone_raises_nothing(self):
        self.assertEqual(self.alerts({}), set())

    def test_each_trouble_raises_its_alert(self):
        cases = [
            ({"zoneseal_metrics_timestamp_seconds": "0x600"}, {"ZonesealSilent"}),
            ({"zoneseal_publication_blocked": "1x600"}, {"ZonesealPublicationBlocked"}),
            ({"zoneseal_rrsig_earliest_expiry_timestamp_seconds": "30000x600"},
             {"ZonesealSignaturesExpired", "ZonesealSignaturesEnding", "ZonesealSignaturesNearlyExpired"}),
            ({"zoneseal_rrsig_earliest_expiry_timestamp_seconds": "800000x600"}, {"ZonesealSignaturesEnding"}),
            ({"zoneseal_next_event_timestamp_seconds": "20000x600"}, {"ZonesealRunOverdue"}),
            ({"zoneseal_next_event_timestamp_seconds": "20000x600", "zoneseal_standby": "1x600",
              "zoneseal_standby_snapshot_timestamp_seconds": "-60000x600"}, {"ZonesealStandbyBehind"}),
            ({"zoneseal_input_unread_since_timestamp_seconds": "20000x600"}, {"ZonesealInputUnread"}),
            ({"zoneseal_input_failing_since_timestamp_seconds": "20000x600"}, {"ZonesealInputFailing"}),
            ({"zoneseal_hook_failing_since_timestamp_seconds": "20000x600"}, {"ZonesealHookFailing"}),
            ({"zoneseal_key_proven": "0x600"}, {"ZonesealKeyNotProven"}),
            ({"zoneseal_served_behind_since_timestamp_seconds": "20000x600"}, {"ZonesealServedSerialBehind"}),
            ({"zoneseal_served_behind_since_timestamp_seconds": "35900x600",
              "zoneseal_served_asked_timestamp_seconds": "35950x600"}, set()),
            ({"zoneseal_served_failing_since_timestamp_seconds": "20000x600"}, {"ZonesealNameServerFailing"}),
            ({"zoneseal_served_asked_timestamp_seconds": "1x600"}, {"ZonesealNameServersNotAsked"}),
            ({"zoneseal_served_rrsig_earliest_expiry_timestamp_seconds": "400000x600"}, {"ZonesealServedSignaturesEnding"}),
            ({"zoneseal_restored": "1x600"}, {"ZonesealNotSigning"}),
            ({"zoneseal_clock_behind": "1x600"}, {"ZonesealNotSigning"}),
        ]
        for changes, expected in cases:
            with self.subTest(changes):
                self.assertEqual(self.alerts(changes), expected)

    def test_rules_and_dashboard_speak_of_metrics_that_are_written(self):
        written = set(re.findall(r'"(zoneseal_[a-z_]+)"', (ROOT / "signer/report/metrics.c").read_text(encoding="ascii")))
        rules = yaml.safe_load(RULES.read_text(encoding="ascii"))["groups"][0]["rules"]
        panels = json.loads(DASHBOARD.read_text(encoding="ascii"))["panels"]
        queries = [target["expr"] for panel in panels for target in panel["targets"]]
        for query in queries + [rule["expr"] for rule in rules]:
            self.assertLessEqual(set(re.findall(r"zoneseal_[a-z_]+", query)), written, query)
        served = {name for name in written if name.startswith("zoneseal_served_")}
        self.assertLessEqual(served, set(re.findall(r"zoneseal_[a-z_]+", " ".join(queries))), "served, and on no panel")
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
        self.assertEqual((len(set(places)), len({panel["id"] for panel in panels})), (len(panels), len(panels)))
        with open(os.path.join(self.folder, "panels.yml"), "w", encoding="ascii") as out:
            yaml.safe_dump({"groups": [{"name": "panels", "rules": [
                {"record": f"panel{i}", "expr": query.replace("$zone", ".*")} for i, query in enumerate(queries)]}]}, out)
        done = promtool("check", "rules", out.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_panels_of_name_servers_show_which_is_behind(self):
        queries = {panel["title"]: panel["targets"][0]["expr"].replace("$zone", ".*")
                   for panel in json.loads(DASHBOARD.read_text(encoding="ascii"))["panels"]}
        servers = {"a": (7, 0, 0, 9000), "b": (5, 2000, 0, 8000), "c": (7, 0, 1000, 0)}
        names = ("serial", "behind_since_timestamp_seconds", "failing_since_timestamp_seconds",
                 "rrsig_earliest_expiry_timestamp_seconds")
        series = {'zoneseal_published_serial{zone="z"}': 7}
        for server, values in servers.items():
            for name, value in (*zip(names, values), ("asked_timestamp_seconds", 3000)):
                series[f'zoneseal_served_{name}{{zone="z",server="{server}"}}'] = value
        shown = {"Served serial against the published one": {"a": 0, "b": -2, "c": 0},
                 "Name servers behind: for how long": {"a": 0, "b": 1000, "c": 0},
                 "Name servers without a good answer: for how long": {"a": 0, "b": 0, "c": 2000},
                 "Signatures as served: time left": {"a": 5400, "b": 4400}}
        tests = [{"expr": queries[title], "eval_time": "1h", "exp_samples": [
            {"labels": f'{{zone="z", server="{server}"}}', "value": value} for server, value in values.items()]}
            for title, values in shown.items()]
        path = os.path.join(self.folder, "served.yml")
        with open(path, "w", encoding="ascii") as out:
            yaml.safe_dump({"tests": [{"interval": "1m", "promql_expr_test": tests, "input_series": [
                {"series": name, "values": f"{value}x60"} for name, value in series.items()]}]}, out)
        done = promtool("test", "rules", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
