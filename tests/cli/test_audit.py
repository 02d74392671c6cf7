# SPDX-License-Identifier: MIT
"""The log: whole, exported, and the keys made again from it."""
import collections
import glob
import json
import os
import re
import sqlite3
import unittest

import scenes
from ceremony import Ceremonies
from zs import World

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")

# Kinds of rows that carry keys, and where a replay follows one: a test below, or another file.
KEY_ROWS = {
    "key added": "scenes", "keys changed": "scenes", "key purge begun": "scenes", "key purged": "scenes",
    "key backed up": "scenes", "key moved": "tests/hsm/test_moves.py", "keys recorded": "tests/unit/keystore/test_migrate.c"}


class Audit(World):
    def setUp(self):
        super().setUp()
        self.z("sign", "nl.test", "-i", self.input, "-o", self.output, code=0)

    def sql(self, text):
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as database:
            database.executescript(text)
        database.close()

    def test_a_whole_log_says_so_with_its_head(self):
        out = self.z("audit", "verify", code=0).out
        self.assertIn("each fits the one before it", out)
        head = json.loads(self.z("audit", "verify", "--json", code=0).out)["head"]
        self.assertIn(head, out)
        self.assertIn(head[:16], self.z("sign", "nl.test", "-i", self.input, "-o", self.output, code=0).err)

    def test_an_edited_row_is_found_and_nothing_is_made_from_it(self):
        self.sql("DROP TRIGGER audit_is_not_changed;"
                 "UPDATE audit SET detail = replace(detail, 'rumoured', 'omnipresent') WHERE what = 'keys changed'")
        for command in ("verify", "replay"):
            self.assertIn("was altered", self.z("audit", command, code=1).err)

    def test_every_row_is_exported_as_one_object(self):
        lines = self.z("audit", "export", "--json", code=0).out.splitlines()
        rows = [json.loads(line) for line in lines]
        self.assertEqual([row["row"] for row in rows], list(range(1, len(rows) + 1)))
        self.assertEqual({row["schema"] for row in rows}, {"zoneseal.audit/1"})
        changed = [row for row in rows if row["what"] == "keys changed"]
        self.assertIn("DNSKEY published since", changed[0]["detail"])
        self.assertEqual(len(changed[0]["keys"].splitlines()), 2)
        text = self.z("audit", "export", "nl.test", code=0).out
        self.assertIn("dnskey rumoured@", text)
        self.assertEqual(self.z("audit", "export", "--since", "2030-01-01T00:00:00Z", code=0).out, "")
        self.z("audit", "export", "--since", "yesterday", code=2)
        self.z("audit", "export", "de.test", code=66)

    def test_what_an_intruder_wrote_does_not_reach_the_terminal(self):
        self.sql("DROP TRIGGER audit_is_not_changed;"
                 "UPDATE audit SET actor = char(27) || '[2J', detail = char(27) || hex(zeroblob(5000)) WHERE id = 1")
        out = self.z("audit", "export", code=0).out
        self.assertIn("\\027[2J", out)
        self.assertNotIn("\x1b", out)
        self.assertIn("0" * 10000, out)

    def test_the_log_makes_every_key_again(self):
        done = self.z("audit", "replay", code=0)
        self.assertEqual(done.out.count("dnskey rumoured@"), 2)
        self.assertIn("2 keys made again from the log", done.err)

    def test_a_key_that_was_edited_behind_the_log_is_named(self):
        self.sql("UPDATE keys SET dnskey = 'omnipresent' WHERE role = 'ZSK'")
        self.z("audit", "verify", code=0)
        done = self.z("audit", "replay", code=1)
        self.assertIn("PROBLEM: the keystore says otherwise than the log", done.out)
        self.assertIn("keystore: ZSK", done.out)
        self.assertIn("1 of 2 keys", done.err)
        report = json.loads(self.z("audit", "replay", "--json", code=1).out)
        self.assertEqual(report["problems"], 1)

    def test_the_log_of_a_zone_tells_of_keys_in_words(self):
        out = self.z("log", "nl.test", code=0).out
        self.assertIn("signs the zone since", out)
        self.assertNotIn("revoked-tag", out)

    def test_a_restored_keystore_brings_its_log_and_caches(self):
        backup = self.path("backup.tar")
        self.z("backup", "--with-keys", backup, code=0)
        self.state = self.path("other")
        self.z("restore", backup, code=0)
        self.z("audit", "verify", code=0)
        self.z("audit", "replay", code=0)


def security_first(world):
    scenes.published(world)
    return ("emergency", "nl.test", "--key", scenes.tags(world, "ksk")[0], "--plan", "security-first", "--reason", "stolen",
            "--yes")


def backup_done(world):
    policy = world.write("backup.yaml", "name: backup\nkeys: {require-backup: true, pool-zsk: 2}\n")
    world.z("zone", "add", "nl.test", "-i", world.input, "-o", world.output, "--policy", policy, code=0)
    world.z("sign", "nl.test", "-i", world.input, "-o", world.output)
    return "key", "backup-done", "nl.test", "--all", "--reason", "in the safe"


def public_key_of_others(world):
    scenes.import_key(world)
    name = next(name for name in os.listdir(world.folder) if name.startswith("Knl.test") and name.endswith(".key"))
    return "key", "import", "nl.test", world.path(name), "--public-only"


def parent_asked(world):
    scenes.published(world)
    world.z("zone", "set-parents", "nl.test", "--parents", "127.0.0.1@1", code=0)
    return "sign", "nl.test", "-i", world.input, "-o", world.output


MORE = (security_first, backup_done, public_key_of_others, parent_asked)


class EveryChange(World):
    """Whatever changes keys, the log alone makes them again, at each moment and bit for bit."""

    def watch(self):
        """From now on the database itself notes each write to the table of keys, and after which row of the log."""
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            store.execute("CREATE TABLE written (key INTEGER, after INTEGER)")
            for what in ("INSERT", "UPDATE"):
                store.execute(f"CREATE TRIGGER note_{what} AFTER {what} ON keys BEGIN INSERT INTO written "
                              "SELECT NEW.id, coalesce(max(id), 0) FROM audit; END")
        store.close()

    def judge(self):
        """Each write is followed by a row that has the key; the kinds of those rows."""
        self.z("audit", "verify", code=0)
        self.z("audit", "replay", code=0)
        kinds = set()
        with sqlite3.connect(os.path.join(self.state, "keystore.db")) as store:
            rows = store.execute("SELECT id, what, detail FROM audit WHERE instr(detail, char(10)) > 0").fetchall()
            for key, after in store.execute("SELECT DISTINCT key, after FROM written").fetchall():
                told = [what for row, what, detail in rows if row > after and re.search(rf"(?m)^.* id {key} sha256 ", detail)]
                self.assertTrue(told, f"key {key}, written after row {after}, is in no later row")
                kinds.add(told[0])
        store.close()
        return kinds

    def test_after_each_command_the_log_makes_every_key_again(self):
        kinds = set()
        for scene in scenes.SCENES + MORE:
            with self.subTest(scene.__name__):
                world = EveryChange("judge")
                world.setUp()
                try:
                    world.watch()
                    world.z(*scene(world), code=0)
                    kinds |= world.judge()
                    world.z("sign", "nl.test", "-i", world.input, "-o", world.output)
                    kinds |= world.judge()
                finally:
                    world.doCleanups()
        self.assertEqual(kinds, {kind for kind, where in KEY_ROWS.items() if where == "scenes"})

    def test_no_column_of_a_key_is_outside_the_log(self):
        self.z("sign", "nl.test", "-i", self.input, "-o", self.output, code=0)
        store = sqlite3.connect(os.path.join(self.state, "keystore.db"), isolation_level=None)
        self.addCleanup(store.close)
        store.execute("PRAGMA ignore_check_constraints = ON")
        store.execute("PRAGMA foreign_keys = OFF")
        columns = [(name, kind) for _, name, kind, *_ in store.execute("PRAGMA table_info(keys)")]
        self.assertGreater(len(columns), 25)
        other = {"role": "CSK", "zone": 2, "goal_present": 0, "public_key": b"x" * 64, "fingerprint": b"x" * 32,
                 "locator": "file:other", **{record: "unretentive" for record in ("dnskey", "krrsig", "ds")},
                 "zrrsig": "hidden", "standby": 1, "is_foreign": 1, "flags": 256, "was_full": 15}
        store.execute("INSERT INTO zones SELECT 2, 'de.test.', " + ", ".join(
            name for _, name, *_ in store.execute("PRAGMA table_info(zones)").fetchall()[2:]) + " FROM zones WHERE id = 1")
        for name, _ in columns:
            with self.subTest(name):
                old, = store.execute(f"SELECT {name} FROM keys WHERE id = 1").fetchone()
                new = other[name] if name in other else (old or 0) + 7
                store.execute(f"UPDATE keys SET {name} = ? WHERE id = 1", (new,))
                done = self.z("audit", "replay")
                self.assertIn(done.returncode, (1, 74), f"{name} {old!r} -> {new!r}: {done.out}{done.err}")
                store.execute(f"UPDATE keys SET {name} = ? WHERE {name} IS ? AND (id = 1 OR ?)", (old, new, name == "id"))
        self.z("audit", "replay", code=0)


class OfflineKeys(Ceremonies):
    def test_both_keystores_of_a_ceremony_replay(self):
        self.ceremony()
        for _ in range(10):
            self.publish()
            self.go(days=7)
        self.z("audit", "replay", code=0)
        self.k("audit", "replay", code=0)


class Kinds(unittest.TestCase):
    """The program's source: what is written into the log with keys, and by whom."""

    def sources(self):
        for path in sorted(glob.glob(os.path.join(ROOT, "keystore/*.c"))):
            with open(path, encoding="utf-8") as file:
                yield os.path.basename(path), file.read()

    @staticmethod
    def calls(text, name):
        """The arguments of each call, as text."""
        for found in re.finditer(rf"\b{name}\(", text):
            depth, start, at, out, quoted = 1, found.end(), found.end(), [], False
            while depth > 0:
                if text[at] == '"' and text[at - 1] != "\\":
                    quoted = not quoted
                elif not quoted and text[at] in "([{":
                    depth += 1
                elif not quoted and text[at] in ")]}":
                    depth -= 1
                if not quoted and ((text[at] == "," and depth == 1) or depth == 0):
                    out.append(text[start:at].strip())
                    start = at + 1
                at += 1
            yield out

    def test_every_kind_of_row_with_keys_is_one_that_a_replay_was_seen_to_follow(self):
        kinds = set()
        for _, text in self.sources():
            for args in self.calls(text, "audit_append_keys"):
                kinds |= set(re.findall(r'"([^"]+)"', args[3]))
            for args in self.calls(text, "store_set_key_time"):  # which hands its kind on
                kinds |= set(re.findall(r'"([^"]+)"', args[4]))
        self.assertEqual(kinds, set(KEY_ROWS))
        for where in set(KEY_ROWS.values()) - {"scenes"}:
            with open(os.path.join(ROOT, where), encoding="utf-8") as file:
                self.assertRegex(file.read(), r'"audit", "replay"|store_audit_replay')

    def test_whoever_writes_a_key_writes_its_line(self):
        """The files with SQL that changes the table of keys are those that tell the log of keys."""
        writes = {name for name, text in self.sources() if re.search(r"\b(UPDATE|INTO|DELETE FROM) keys\b", text)}
        tells = {name for name, text in self.sources()
                 if any(True for _ in self.calls(text, "audit_append_keys")) and not name.startswith("audit")}
        self.assertEqual(writes, tells)
        self.assertGreaterEqual(len(writes), 3)
        for folder in ("signer", "policies"):
            for path in glob.glob(os.path.join(ROOT, folder, "**/*.c"), recursive=True):
                with open(path, encoding="utf-8") as file:
                    self.assertNotRegex(file.read(), r"\b(UPDATE|INTO|DELETE FROM) keys\b", path)


if __name__ == "__main__":
    unittest.main()
