# SPDX-License-Identifier: MIT
"""`report --html DIR`: pages as a browser shows them, and a folder that others have their hands in."""
import contextlib
import datetime
import fcntl
import os
import re
import resource
import sqlite3
import subprocess
import unittest

from test_pages import Pages
from zs import ZONE, ZONESEAL, delegations

# What stands on what in the pictures, and the least contrast of the two.
PICTURES = """
(() => {
	const part = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
	const light = text => { const c = text.match(/[\\d.]+/g).map(Number); return .2126 * part(c[0]) + .7152 * part(c[1]) + .0722 * part(c[2]); };
	const words = [...document.querySelectorAll('svg text:not(.whot)')].map(node => light(getComputedStyle(node).fill));
	const fills = [...document.querySelectorAll('svg rect')].map(node => getComputedStyle(node).fill).filter(fill => !fill.startsWith('url'));
	fills.push(getComputedStyle(document.body).backgroundColor);
	let least = 99;
	for (const behind of fills.map(light))
		for (const word of words)
			least = Math.min(least, (Math.max(word, behind) + .05) / (Math.min(word, behind) + .05));
	return [least, fills.length, words.length];
})()
"""
MARKUP = ["<script>x.test", "a\\\"onload=x.test", "&lt\\;b.test", "'\\;x.test", "\\027[2j.test"]


class Site(Pages):
    def setUp(self):
        super().setUp()
        self.site = self.path("site")

    def days(self, count):
        self.now = (datetime.datetime(2026, 11, 24, 12) + datetime.timedelta(count)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def rolling(self):
        """A zone in the middle of a KSK rollover."""
        self.z("sign", "nl.test", "-i", self.input, code=0)
        for day in (1, 2, 3, 4):
            self.days(day)
            self.z("run", code=0)
            if day == 2:
                tag = next(key["tag"] for key in self.json("key", "list", "nl.test")["keys"] if key["role"] == "ksk")
                self.z("ds", "seen", "nl.test", "--key", str(tag), code=0)
        self.days(5)
        self.z("roll", "start", "nl.test", "--ksk", code=0)
        for day in (6, 7, 8, 9):
            self.days(day)
            self.z("run", code=0)

    def report(self, *args, code=0, **more):
        return self.z("report", "--html", self.site, *args, code=code, **more)

    def names(self):
        return sorted(os.listdir(self.site))

    def assert_pictures_are_readable(self, path):
        for dark in (False, True):
            self.browser.open(path, dark=dark)
            contrast, fills, words = self.browser.value(PICTURES)
            self.assertGreaterEqual(contrast, 4.5)
            self.assertGreater(min(fills, words), 10)

    def test_a_zone_in_a_rollover(self):
        self.rolling()
        self.report()
        self.assertEqual(self.names(), ["index.html", "zone-nl.test.html"])
        path = os.path.join(self.site, "zone-nl.test.html")
        self.assert_readable(path)
        self.assert_pictures_are_readable(path)
        self.assertLess(os.path.getsize(path), 40_000)
        self.browser.value("document.querySelector('details').open = true")
        text = self.browser.value("document.body.innerText")
        status = self.z("status", "nl.test", code=0).out
        self.assertIn(status.split("  ")[1].split("\n")[0].strip(), text)
        for part in ("Do now: zoneseal ds show nl.test.", "If nobody acts: the old key stays", "KSK rollover ", "PASS: serial",
                     "needs a person", "signed by 2 keys", "VIRTUAL CLOCK", "keys changed"):
            self.assertIn(part, text)
        zone, = self.json("timeline", "nl.test", code=0)["zones"]
        bands = sum(len(lane["bands"]) for lane in zone["lanes"])
        self.assertEqual(self.browser.value("document.querySelectorAll('svg .b').length"), bands)
        self.assertEqual(self.browser.value("document.querySelectorAll('details tbody tr').length"), bands)
        self.assertEqual(self.browser.value("document.querySelectorAll('svg .b.p').length"),
                         sum(band["planned"] for lane in zone["lanes"] for band in lane["bands"]))
        self.assertEqual(self.browser.value("document.querySelectorAll('svg .who').length"),
                         sum(lane["needs_person"] for lane in zone["lanes"]))
        self.assertEqual(self.browser.value("document.querySelectorAll('script,style[nonce],link,img,[style]').length"), 0)
        self.assertGreater(len(self.browser.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]), 10_000)
        self.browser.value("document.querySelector('footer a').focus()")
        self.assertNotEqual(self.browser.value("getComputedStyle(document.activeElement).outlineStyle"), "none")

    def test_what_changed_last_is_counted(self):
        self.write("nl.test.zone", delegations(200))
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.report()
        path = os.path.join(self.site, "zone-nl.test.html")
        self.assertNotIn(b"What changed last", self.read(path))  # a first version changes nothing
        self.write("nl.test.zone", delegations(203, 2026112402).replace("b NS ns1\nb DS", "c NS ns1\nc DS"))
        self.days(1)
        self.z("run", code=0)
        self.report()
        self.browser.open(path)
        rows = self.browser.value("[...document.querySelectorAll('h2')].find(h => h.innerText == 'What changed last')"
                                  ".parentNode.innerText")
        self.assertRegex(rows, r"Serial \d+ against \d+: \d+ records, \d+ before\.")
        self.assertRegex(rows, r"delegations\t4\t1\t0")
        self.assertRegex(rows, r"DS\t1\t1\t0")
        self.write("nl.test.zone", delegations(0, 2026112403))
        self.days(2)
        self.z("run", code=1)
        self.report()
        self.assertIn(b", which was refused, against", self.read(path))

    def test_twelve_months_have_what_is_planned_and_who_acts(self):
        self.rolling()
        self.report()
        self.browser.open(os.path.join(self.site, "zone-nl.test.html"))
        rows = self.browser.value("[...document.querySelectorAll('.year tbody tr')].map(row => row.innerText)")
        self.assertEqual(len(rows), 12)
        self.assertEqual([rows[0].split("\t")[0], rows[1].split("\t")[0], rows[11].split("\t")[0]],
                         ["December 2026", "January 2027", "November 2027"])
        plan = [act for act in self.json("plan", "nl.test", code=0)["plan"] if act["when"] and act["when"] < "2027-12-01"]
        self.assertGreater(len(plan), 5)
        self.assertEqual(sum(len(row.split("\t")[1].split("\n")) for row in rows if not row.endswith("\t-")), len(plan))
        for act in plan:
            self.assertIn(act["what"], "".join(rows))

    def test_the_signatures_have_a_lane(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.report()
        zone = self.json("status", "nl.test", code=0)["zones"][0]
        self.browser.open(os.path.join(self.site, "zone-nl.test.html"))
        titles = self.browser.value("[...document.querySelectorAll('svg .sg title, svg .se title')].map(t => t.textContent)")
        minute = {name: zone[name][:16] + "Z" for name in ("published_at", "next", "valid_until")}
        self.assertEqual(titles, [f"signatures: valid, {minute['published_at']} to {minute['next']}",
                                  "signatures: to be made anew; the first ends at the end, "
                                  f"{minute['next']} to {minute['valid_until']}"])
        self.assertIn(f"the first ends {minute['valid_until'].replace('T', ' ')}", self.browser.value("document.body.innerText"))

    def test_pages_of_zones_that_are_gone_go_and_no_other_file_does(self):
        for name in ("a.test", "b.test"):
            self.z("zone", "add", name, "-i", self.input, code=0)
        self.report()
        own = self.read(os.path.join(self.site, "zone-b.test.html"))
        foreign = {"zone-mine.html": b"<p>mine</p>", "notes.html": own, "zone-b.test.html.bak": own, "index-9.html": b"x"}
        for name, text in foreign.items():
            with open(os.path.join(self.site, name), "wb") as file:
                file.write(text)
        self.write("elsewhere", own)
        os.symlink(self.path("elsewhere"), os.path.join(self.site, "zone-link.html"))
        os.mkdir(os.path.join(self.site, "zone-folder.html"))
        with open(os.path.join(self.site, "index-2.html"), "wb") as file:
            file.write(own)
        self.z("zone", "remove", "b.test", "--yes", code=0)
        self.report()
        self.assertEqual(self.names(), sorted(["index.html", "zone-a.test.html", "zone-link.html", "zone-folder.html", *foreign]))
        self.assertEqual({name: self.read(os.path.join(self.site, name)) for name in foreign}, foreign)
        self.assertEqual(self.read(self.path("elsewhere")), own)

    def pages(self):
        return {name: self.read(os.path.join(self.site, name)) for name in self.names()}

    def test_pages_of_another_keystore_are_neither_replaced_nor_removed(self):
        self.z("zone", "add", "a.test", "-i", self.input, code=0)
        self.report()
        before, own = self.pages(), self.state
        for others in ((), ("a.test",), ("b.test",)):  # begun in the same second
            self.state = self.path("other" + "".join(others))
            self.z("init", "--virtual-clock", code=0)
            for name in others:
                self.z("zone", "add", name, "-i", self.input, code=0)
            err = self.report(code=3).err
            self.assertRegex(err, r"site/(index|zone-a\.test)\.html: is a page of another keystore")
            self.assertIn(f"zoneseal report --html {self.site}-2", err)
            self.assertEqual(self.pages(), before)
            self.z("report", "--html", f"{self.site}-{''.join(others)}", code=0)
        self.state = self.path("new")
        for command in (["init"], ["report", "--html", self.site]):  # nor with an empty log
            done = subprocess.run([ZONESEAL, *command], env=self.environment(), check=False, capture_output=True)
        self.assertEqual((done.returncode, self.pages()), (3, before), done.stderr)
        self.state = own
        self.z("backup", self.path("backup.tar"), code=0)
        self.report()
        self.state = self.path("restored")
        self.z("restore", self.path("backup.tar"), code=0)
        self.report()  # it is the same keystore

    def test_pages_that_do_not_say_whose_they_are_are_taken_over(self):
        self.z("zone", "add", "a.test", "-i", self.input, code=0)
        self.report()
        page = self.pages()["index.html"]
        for name in ("index.html", "zone-gone.test.html"):
            self.write(os.path.join(self.site, name), re.sub(rb"<meta name=.zoneseal-keystore[^>]*>\n", b"", page))
            self.assertNotIn(b"zoneseal-keystore", self.pages()[name])
        self.report()
        self.assertEqual(self.names(), ["index.html", "zone-a.test.html"])
        marks = {re.search(rb'(?s)^.{,200}<meta name="zoneseal-keystore" content="([0-9a-f]{32})">', page)[1]
                 for page in self.pages().values()}
        self.assertEqual(len(marks), 1)

    def test_the_arithmetic_of_a_date_is_shown(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.report()
        waits = [wait for wait in self.json("plan", "nl.test", code=0)["waits"] if wait["sum"]]
        self.browser.open(os.path.join(self.site, "zone-nl.test.html"))
        text = self.browser.value("document.body.innerText")
        self.assertTrue(waits)
        for wait in waits:
            self.assertIn(f"The date = {wait['sum']}", text)

    def test_a_refused_zone_is_red_and_says_why(self):
        self.write("nl.test.zone", delegations(200))
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.write("nl.test.zone", delegations(0, 2026112402))
        self.days(1)
        self.z("run", code=1)
        self.report()
        self.browser.open(os.path.join(self.site, "zone-nl.test.html"))
        self.assertEqual(self.browser.value("document.querySelectorAll('.banner.bad').length"), 1)
        text = self.browser.value("document.body.innerText")
        self.assertIn("FAIL: serial", text)
        self.assertIn("change.delegations", text)
        self.browser.open(os.path.join(self.site, "index.html"))
        self.assertIn("1 publication is BLOCKED", self.browser.value("document.body.innerText"))

    def test_names_that_are_markup_are_names(self):
        for name in MARKUP:
            self.z("zone", "add", name, "-i", self.write("in", ZONE.replace("nl.test", name)), code=0)
        self.z("run", code=None)
        self.report()
        self.assertEqual(len(self.names()), len(MARKUP) + 1)
        self.assertTrue(all(re.fullmatch(r"[a-z0-9%A-F_.-]+", name) for name in self.names()), self.names())
        self.browser.open(os.path.join(self.site, "index.html"))
        self.assert_quiet()
        links = self.browser.value("[...document.querySelectorAll('td a')].map(a => a.href)")
        self.assertEqual(len(links), len(MARKUP))
        for link in links:
            self.browser.open(link[len("file://"):])
            self.assert_quiet()
            self.assertEqual(self.browser.value("document.querySelectorAll('h1').length"), 1)
            self.assertEqual(self.browser.value("document.querySelectorAll('script,img,[onload],[onerror]').length"), 0)
            self.assertRegex(self.browser.value("document.title"), r"\.test\. (ok|new|warning|BLOCKED)$")

    def test_many_zones_make_more_than_one_page_of_index(self):
        label = "\\001" * 60
        for number in range(55):
            self.z("zone", "add", f"{label}.{label}.{label}.z{number}.test", "-i", self.path("none"), code=0)
        self.report()
        indexes = [name for name in self.names() if name.startswith("index")]
        self.assertGreater(len(indexes), 0)
        self.assertEqual(len(self.names()) - len(indexes), 55)
        links = []
        for name in indexes:
            self.assertLess(os.path.getsize(os.path.join(self.site, name)), 100_000)
            links += re.findall(r'<td><a href="([^"]+)"', self.read(os.path.join(self.site, name)).decode())
        self.assertEqual(len(set(links)), 55)
        for name in self.names():
            self.assertLess(os.path.getsize(os.path.join(self.site, name)), 100_000, name)

    def test_a_folder_that_is_a_link_or_none_is_refused(self):
        os.mkdir(self.path("real"))
        os.symlink(self.path("real"), self.site)
        for name in (self.site, self.site + "/", self.site + "//"):
            self.assertIn("link", self.z("report", "--html", name, code=74).err)
        self.assertEqual(os.listdir(self.path("real")), [])
        self.z("report", "--html", self.input, code=74)
        self.z("report", "--html", self.path("no", "where"), code=74)
        self.z("report", "--html", "", code=2)
        for args in ((), ("nl.test", "--html", self.path("x")), ("--html", self.path("x"), "-o", self.path("y"))):
            self.z("report", *args, code=2)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_a_web_server_may_enter_a_folder_that_was_made_and_no_other_is_opened(self):
        self.report()
        self.assertEqual(os.stat(self.site).st_mode & 0o777, 0o755)
        os.chmod(self.site, 0o750)
        self.report()
        self.assertEqual(os.stat(self.site).st_mode & 0o777, 0o750)
        self.assertEqual(os.stat(os.path.join(self.site, "index.html")).st_mode & 0o777, 0o644)

    def test_links_within_the_folder_are_replaced_and_not_followed(self):
        self.z("zone", "add", "nl.test", "-i", self.input, code=0)
        os.mkdir(self.site)
        victim = self.write("victim", "untouched")
        for name in ("index.html", "zone-nl.test.html", ".index.html.tmp"):
            os.symlink(victim, os.path.join(self.site, name))
        self.report()
        self.assertEqual(self.read(victim), b"untouched")
        self.assertEqual(self.names(), ["index.html", "zone-nl.test.html"])
        for name in self.names():
            info = os.lstat(os.path.join(self.site, name))
            self.assertEqual(info.st_mode, 0o100644)

    def test_a_full_disk_leaves_the_old_pages(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        self.report()
        before = {name: self.read(os.path.join(self.site, name)) for name in self.names()}
        self.days(1)
        with contextlib.closing(sqlite3.connect(os.path.join(self.state, "keystore.db"))) as other:
            other.execute("SELECT count(*) FROM zones").fetchall()  # what SQLite shares is there already, and is not written anew
            done = self.report(code=74, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000)))
        self.assertIn("zone-nl.test.html", done.err)
        self.assertEqual({name: self.read(os.path.join(self.site, name)) for name in self.names()}, before)
        self.report()
        self.assertNotEqual(self.read(os.path.join(self.site, "index.html")), before["index.html"])

    def test_two_at_once_do_not_mix(self):
        os.mkdir(self.site)
        folder = os.open(self.site, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.assertIn("another command", self.report(code=75).err)
        os.close(folder)
        self.report()

    def test_it_changes_nothing_in_the_keystore(self):
        self.z("sign", "nl.test", "-i", self.input, code=0)
        before = self.tree()
        self.report()
        self.assertEqual(self.tree(), before)
        subprocess.run([ZONESEAL, "status", "--now", self.now], env=self.environment(), check=True, capture_output=True)


# The tests of the verdict's page are in their own file.
for inherited in [name for name in dir(Pages) if name.startswith("test_")]:
    if inherited not in Site.__dict__:
        setattr(Site, inherited, None)
del Pages


if __name__ == "__main__":
    unittest.main()
