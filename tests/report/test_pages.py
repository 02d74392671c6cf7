# SPDX-License-Identifier: MIT
"""Pages of HTML as a browser shows them: no script, nothing loaded, nothing hidden, readable in both colour schemes."""
import json
import os
import re
import subprocess
import sys
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from browser import Browser  # noqa: E402
from zs import VERIFY, World  # noqa: E402

MARKUP = [
    "<script>document.title='run'</script>", "<img src=x onerror=\"document.title='run'\">", "\"><svg onload=document.title='run'>",
    "</table></main><h1>all is well</h1>", "&lt;&amp;&#39;", "javascript:alert(1)", "\u202Eevil\u202C", "\x1b[31mred\x07", "'\"`${7*7}",
]
# The least contrast of any text with what is behind it (WCAG 2.1, 1.4.3), and where.
CONTRAST = """
(() => {
	const part = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
	const light = c => .2126 * part(c[0]) + .7152 * part(c[1]) + .0722 * part(c[2]);
	const rgb = text => text.match(/[\\d.]+/g).map(Number);
	let least = [99, ''];
	for (const node of document.querySelectorAll('body *')) {
		if (![...node.childNodes].some(child => child.nodeType == 3 && child.data.trim()))
			continue;
		let behind = node, colour;
		do {
			colour = rgb(getComputedStyle(behind).backgroundColor);
			behind = behind.parentElement;
		} while (behind && colour.length == 4 && colour[3] == 0);
		const a = light(rgb(getComputedStyle(node).color)), b = light(colour);
		const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (contrast < least[0])
			least = [contrast, node.outerHTML.slice(0, 120)];
	}
	return least;
})()
"""


class Pages(World):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def verdict(self, path):
        done = subprocess.run([VERIFY, "--json", "--now", self.now, path], capture_output=True, check=False)
        return json.loads(done.stdout)

    def page(self, verdict, name="page.html"):
        source = self.write("verdict.json", json.dumps(verdict))
        self.z("report", source, "-o", self.path(name), code=0)
        return self.path(name)

    def bad(self):
        self.sign()
        lines = self.read(self.output).decode().split("\n")
        last = max(i for i, line in enumerate(lines) if "\tRRSIG\tSOA" in line)
        lines[last] = lines[last][:-8] + "AAAAAA=="
        return self.verdict(self.write("bad.zone", "\n".join(lines)))

    def test_a_browser_that_says_nothing_is_not_waited_for_without_end(self):
        mute = self.write("chromium-headless-shell", "#!/bin/sh\nexec /bin/cat <&3 >/dev/null\n", 0o755)
        with unittest.mock.patch.dict(os.environ, PATH=os.path.dirname(mute)):
            with self.assertRaisesRegex(AssertionError, "did not answer within 0.1 s"):
                Browser(patience=0.1)

    def assert_quiet(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual({url.split(":")[0] for url in self.browser.requests()} - {"file", "data"}, set())
        self.assertEqual(len([url for url in self.browser.requests() if url.startswith("file:")]), 1)

    def assert_readable(self, path):
        for dark in (False, True):
            for width in (360, 1000):
                self.browser.open(path, width=width, dark=dark)
                self.assert_quiet()
                self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), width)
                contrast, where = self.browser.value(CONTRAST)
                self.assertGreaterEqual(contrast, 4.5, where)
            self.assertNotEqual(self.browser.value("getComputedStyle(document.body).backgroundColor"),
                                "rgb(255, 255, 255)" if dark else "rgb(20, 23, 26)")

    def test_a_good_verdict(self):
        self.sign()
        path = self.page(self.verdict(self.output))
        self.assert_readable(path)
        text = self.browser.value("document.body.innerText")
        self.assertIn("PASS: serial 2026112401 is safe to publish", text)
        self.assertIn("sig.valid", text)
        self.assertNotIn("Findings", text)

    def test_a_bad_one_with_cause_and_places(self):
        verdict = self.bad()
        self.assert_readable(self.page(verdict))
        text = self.browser.value("document.body.innerText")
        self.assertIn("FAIL: serial 2026112401 must not be published", text)
        finding = verdict["findings"][0]
        for part in (finding["id"], finding["what"], str(finding["examples"][0]["line"]), "What this check wants"):
            self.assertIn(part, text)

    def test_markup_is_text(self):
        verdict = self.bad()
        for text in MARKUP:
            with self.subTest(text):
                verdict["zone"] = text
                finding = verdict["findings"][0]
                finding.update(what=text, cause=text, advice=text, id=text)
                finding["examples"] = [{"owner": text, "type": text, "line": 1, "detail": text}]
                verdict["checks"][0].update(id=text, result=text)
                path = self.page(verdict)
                self.browser.open(path)
                self.assert_quiet()
                self.assertNotEqual(self.browser.value("document.title"), "run")
                self.assertEqual(self.browser.value("document.querySelectorAll('script,img,svg,iframe,object,form,input').length"), 0)
                self.assertEqual(self.browser.value("document.querySelectorAll('h1').length"), 1)
                shown = "".join(chr(octet) if 0x20 <= octet < 0x7f else f"\\{octet:03}" for octet in text.encode())
                self.assertIn(shown, self.browser.value("document.querySelector('td code').textContent"))

    def test_no_script_would_run(self):
        """The policy stands even if a mistake of ours let markup through."""
        path = self.page(self.bad())
        html = self.read(path).decode().replace("</main>", "<script>document.title='run'</script><img src='data:,'></main>")
        self.browser.open(self.write("broken.html", html))
        self.assertNotEqual(self.browser.value("document.title"), "run")
        self.assertIn("Content Security Policy", json.dumps(self.browser.complaints()))

    def test_a_page_stays_small_whatever_a_verdict_says(self):
        verdict = self.bad()
        finding = verdict["findings"][0]
        long = "<&\x01" * 130
        finding.update(what=long, cause=long, advice=long)
        finding["examples"] = [{"owner": long, "type": "A", "line": 1, "detail": long}] * 5
        verdict["findings"] = [finding] * 200
        path = self.page(verdict)
        self.assertLess(os.path.getsize(path), 100_000)
        self.assert_readable(path)
        self.assertRegex(self.browser.value("document.body.innerText"), r"and \d+ more")

    def test_a_page_stays_small_whatever_a_document_says(self):
        verdict = self.bad()
        finding, checks = verdict["findings"][0], verdict["checks"]
        dear = '"' * 1000
        places = [{"owner": dear, "type": dear, "line": 1, "detail": dear}] * 30
        for name, change in (("places", {"findings": [{**finding, "what": dear, "cause": dear, "advice": dear, "examples": places}] * 9}),
                             ("checks", {"checks": checks * 60}), ("dear checks", {"checks": [{**checks[0], "id": dear, "result": dear}] * 90}),
                             ("texts", {name: dear for name in ("zone", "sha256", "build", "time", "safe_until")})):
            with self.subTest(name):
                page = self.read(self.page({**verdict, **change})).decode()
                self.assertLess(len(page), 100_000)
                self.assertTrue(page.endswith("</html>\n"))
                self.assertEqual("more.</p>" in page, "checks" in name)
        everything = {name: dear for name in ("zone", "sha256", "build", "time", "safe_until")}
        everything.update(findings=[{**finding, "what": dear, "cause": dear, "advice": dear, "examples": places}] * 9,
                          checks=[{**checks[0], "id": dear, "result": dear}] * 90)
        self.assertLess(os.path.getsize(self.page({**verdict, **everything})), 100_000)

    def test_signatures_known_from_an_earlier_run_are_not_called_computed(self):
        self.sign()
        verdict = self.verdict(self.output)
        self.browser.open(self.page(verdict))
        self.assertIn("all computed in this run", self.browser.value("document.body.innerText"))
        verdict["counts"] = {"signatures": 6214981, "computed": 4000, "from_memo": 6211000, "sampled": 19}
        self.browser.open(self.page(verdict))
        text = self.browser.value("document.body.innerText")
        self.assertIn("4 000 computed in this run, 6 211 000 known from an earlier one", text)
        self.assertNotIn("all computed", text)

    def test_a_pass_that_is_not_complete_is_none(self):
        self.sign()
        verdict = self.verdict(self.output)
        failed = [{**verdict["checks"][0], "result": "fail"}, *verdict["checks"][1:]]
        for change in ({"complete": False}, {"complete": 1}, {"checks": failed}):
            with self.subTest(list(change)):
                html = self.read(self.page({**verdict, **change})).decode()
                self.assertIn("NO VERDICT, and that means no", html)
                self.assertNotIn("PASS", html)
                self.assertNotIn("banner good", html)
                self.assertIn("<title>none: nl.test.</title>", html)
        del verdict["complete"]
        self.assertNotIn("PASS", self.read(self.page(verdict)).decode())

    def test_it_prints(self):
        self.browser.open(self.page(self.bad()))
        self.assertGreater(len(self.browser.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]), 10_000)

    def test_a_run_without_a_verdict_means_no(self):
        verdict = self.verdict(self.write("empty.zone", ""))
        self.assertEqual(verdict["verdict"], "none")
        self.browser.open(self.page(verdict))
        self.assertIn("NO VERDICT, and that means no", self.browser.value("document.body.innerText"))

    def test_a_zone_shows_its_last_verdict_and_what_is_public(self):
        self.sign()
        self.z("report", "nl.test", "-o", self.path("zone.html"), code=0)
        self.browser.open(self.path("zone.html"))
        self.assertIn("Published is serial 2026112401", self.browser.value("document.body.innerText"))
        self.assertEqual(os.stat(self.path("zone.html")).st_mode & 0o777, 0o644)

    def test_bad_input(self):
        old = self.write("old.html", "old")
        for text in ("", "{", "[]", "{}", '{"schema":"zoneseal.verdict/2","verdict":"pass"}', '{"schema":"zoneseal.verdict/1"}'):
            with self.subTest(text):
                self.assertIn("no verdict", self.z("report", self.write("x.json", text), "-o", old, code=65).err)
        self.z("report", self.path("nowhere.json"), code=66)
        self.z("report", "no.test", code=66)
        self.sign()
        self.z("report", "nl.test", "-o", self.path("no", "folder.html"), code=74)
        os.symlink("/dev/full", self.path("full.html"))
        self.z("report", "nl.test", "-o", self.path("full.html"), code=74)
        self.assertEqual(self.read(old), b"old")

    def test_standard_streams(self):
        self.sign()
        done = subprocess.run([VERIFY, "--json", "--now", self.now, self.output], capture_output=True, check=False)
        out = self.z("report", "-", stdin=done.stdout, code=0).out
        self.assertTrue(re.match(r"<!DOCTYPE html>", out))


if __name__ == "__main__":
    unittest.main()
