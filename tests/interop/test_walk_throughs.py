#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Zones go from BIND, Knot and OpenDNSSEC to zoneseal by the commands of contrib/doc/migrate-*.md, with the real programs:
the other signer signs and serves the zone, and Unbound finds it secure before, between and after the commands. The README's
first zone and rehearsal, and the two sites of standby.md."""

import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

import servers
from opendnssec import OpenDnssec
from walk import ADDRESS, Page, ROOT, Validated, ZONE, blocks, free_port, plain, worded_blocks

SECRET = "em9uZXNlYWwgdGVzdCBrZXksIG5vIHNlY3JldCE="
WAIT_SECONDS = 60


def alike(text):
    return plain(re.sub(r"\S*/rehearsal/", "", text))


def blocks_at(page):
    """The blocks that say where they are typed, `at=NAME`, and the functions that they use."""
    return [block for block in worded_blocks(page) if block[1] == "sh"]


def wait_until(process, reached, said):
    """Until something is so; a daemon that ends meanwhile is noticed at once."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"it ends, or takes too long:\n{said()}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def is_signed(server):
    """RRSIG, NSEC and DNSKEY are there."""
    return {46, 47, 48} <= {kind for _, kind, _, _ in server.transfer("nl.test.")}


class Named(servers.Bind):
    """Signs nl.test as the page says; its files are below `root`."""

    def __init__(self, root):
        super().__init__(os.path.join(root, "bind"), {"nl.test.": ""})
        self.etc, self.control = os.path.join(root, "etc/bind"), free_port()

    def config(self):
        key = f'key "k" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'
        self.put("rndc.conf", f'{key}options {{ default-key "k"; default-server {ADDRESS}; default-port {self.control}; }};\n')
        text = super().config().split('zone "')[0].replace(
            "controls { };", f'controls {{ inet {ADDRESS} port {self.control} allow {{ {ADDRESS}; }} keys {{ "k"; }}; }};')
        self.put("named.conf", f'{key}{text}include "{self.etc}/nl.test.conf";\n')
        return f'include "{self.etc}/named.conf";\n'

    def put(self, name, text):
        with open(os.path.join(self.etc, name), "w", encoding="ascii") as file:
            file.write(text)

class FromBind(Validated):
    def setUp(self):
        super().setUp()
        self.write("var/lib/bind/nl.test.zone", ZONE)
        os.makedirs(self.path("var/lib/bind/keys"))
        self.before = self.here(self.shown_in("migrate-bind.md", "zone "))
        self.write("etc/bind/nl.test.conf", self.before)
        self.named = named = self.enterContext(Named(self.folder))
        wait_until(named.process, lambda: is_signed(named), named.said)
        self.program("rndc", f"exec /usr/sbin/rndc -c {self.path('etc/bind/rndc.conf')} \"$@\"")
        self.names.update({"@ns1.nl.test": f"@{ADDRESS} -p {named.port}",
                           "-k, /etc/bind/rndc.key": "-c, /etc/bind/rndc.conf"})
        keys = glob.glob(self.path("var/lib/bind/keys/*.key"))
        ds = "".join(subprocess.run(["dnssec-dsfromkey", "-2", path], capture_output=True, check=True, text=True).stdout
                     for path in keys)
        self.trust(ds, named.port)
        self.first = self.serial()

    def serial(self):
        return self.named.ask("nl.test.", "SOA").answer[0][0].serial

    def test_zone_goes_on_with_its_keys(self):
        self.walk("migrate-bind.md", self.assert_secure)
        self.assertGreater(self.serial(), self.first)
        self.assertEqual(os.listdir(self.path("var/lib/zoneseal/from-bind")), [])

    def test_turning_back_before_the_first_run_changes_nothing(self):
        said = self.walk("migrate-bind.md", self.assert_secure, until="--policy from-bind\n")
        self.assertIn("Adopted nl.test.", said[-1])
        self.write("etc/bind/nl.test.conf", self.before)
        self.shell("zoneseal zone remove nl.test --yes\nrndc reconfig\nrndc dnssec -status nl.test", "back")
        wait_until(self.named.process, lambda: is_signed(self.named), self.named.said)
        self.assert_secure()
        self.assertGreaterEqual(self.serial(), self.first)


class Knotd(servers.Knot):
    def __init__(self, root):
        super().__init__(os.path.join(root, "knot"), {"nl.test.": ""})
        self.root = root

    def config(self):
        head = super().config().split("template:")[0].replace(
            f'storage: "{self.folder}"', f'storage: "{self.root}/var/lib/knot"')
        return f"{head}template:\n  - id: default\n    acl: transfer\n    semantic-checks: off\ninclude: {self.root}/etc/knot/nl.test.conf\n"


class FromKnot(Validated):
    def test_zone_goes_on_with_its_keys(self):
        self.write("var/lib/knot/nl.test.zone", ZONE)
        self.write("etc/knot/nl.test.conf", self.here(self.shown_in("migrate-knot.md", "policy:")))
        knotd = self.enterContext(Knotd(self.folder))
        wait_until(knotd.process, lambda: is_signed(knotd), knotd.said)
        for name in ("knotc", "keymgr"):
            self.program(name, f"exec /usr/sbin/{name} -c {knotd.path('config')} \"$@\"")
        self.names.update({"@ns1.nl.test": f"@{ADDRESS} -p {knotd.port}",
                           "hooks/knot]": f"hooks/knot, -c, {knotd.path('config')}]"})
        said = self.shell("keymgr nl.test ds", "")
        self.trust(re.sub(r"(?m)^nl\.test\. DS \d+ \d+ [14] .*\n", "", said), knotd.port)
        serial = knotd.ask("nl.test.", "SOA").answer[0][0].serial
        self.walk("migrate-knot.md", self.assert_secure)
        self.assertGreater(knotd.ask("nl.test.", "SOA").answer[0][0].serial, serial)
        self.assertEqual(os.listdir(self.path("var/lib/zoneseal/from-knot")), [])


class Nsd(servers.Nsd):
    def __init__(self, root):
        super().__init__(os.path.join(root, "nsd"), {"nl.test.": ""})
        self.root = root

    def config(self):
        return super().config().split("zone:")[0].replace(
            "control-enable: no", f"control-enable: yes\n    control-interface: \"{self.path('control')}\"") + \
            f'include: "{self.root}/etc/nsd/nsd.conf.d/nl.test.conf"\n'


class FromOpenDnssec(Validated):
    page = "migrate-opendnssec.md"

    def test_zone_goes_on_with_its_keys(self):
        ods = OpenDnssec(self.path("ods"), ZONE, 13, 256)
        self.names.update({"/var/lib/opendnssec/signed/nl.test": ods.signed,
                           "/var/lib/opendnssec/unsigned/nl.test": ods.path("unsigned"),
                           "/etc/opendnssec": ods.path(""),
                           "/usr/share/doc/zoneseal": f"{ROOT}/contrib/opendnssec"})
        self.more = {"SOFTHSM2_CONF": ods.path("softhsm2.conf")}
        os.makedirs(self.path("var/lib/opendnssec"))
        self.write("etc/nsd/nsd.conf.d/nl.test.conf", self.here(self.shown_in(self.page, "zone:")))
        self.program("ods-enforcer", f"exec /usr/sbin/ods-enforcer -s {ods.path('e.sock')} \"$@\"")
        # ods-signerd takes its time over being told to stop; all that it wrote is there.
        self.program("ods-control", f"exec kill -KILL $(cat {ods.path('enforcerd.pid')} {ods.path('signerd.pid')})")
        with ods:
            _, ds = ods.settle()
            nsd = self.enterContext(Nsd(self.folder))
            self.program("nsd-control", f"exec /usr/sbin/nsd-control -c {nsd.path('config')} \"$@\"")
            self.names.update({"@ns1.nl.test": f"@{ADDRESS} -p {nsd.port}", "/etc/nsd/nsd.conf]": f"{nsd.path('config')}]"})
            self.trust(f"nl.test. IN DS {ds}\n", nsd.port)
            serial = nsd.ask("nl.test.", "SOA").answer[0][0].serial
            self.walk(self.page, self.assert_secure)
            wait_until(nsd.process, lambda: nsd.ask("nl.test.", "SOA").answer[0][0].serial > serial, nsd.said)
            self.assert_secure()
        self.assertEqual(os.listdir(self.path("var/lib/zoneseal/from-ods")), [])


class FirstZone(Validated):
    """The README's first zone: unsigned before, secure at the end."""

    def test_unsigned_zone_is_signed_and_served(self):
        self.write("srv/registry/nl.test", ZONE)
        self.write("etc/nsd/nsd.conf.d/nl.test.conf",
                   f'zone:\n    name: "nl.test"\n    zonefile: "{self.path("srv/registry/nl.test")}"\n')
        nsd = self.enterContext(Nsd(self.folder))
        self.program("nsd-control", f"exec /usr/sbin/nsd-control -c {nsd.path('config')} \"$@\"")
        self.names.update({"@ns1.nl.test": f"@{ADDRESS} -p {nsd.port}", "/etc/nsd/nsd.conf]": f"{nsd.path('config')}]"})
        for name in ("usermod", "journalctl"):  # the rights that it gives are tried in contrib/chroot-check
            self.program(name, "exit 0")
        self.program("systemctl", 'test "$*" != "start zoneseal@nl.test.service" || exec zoneseal run nl.test')
        said = self.walk("../../README.md", section="The first zone")
        self.assertIn("would publish", said[2])
        self.assertIn(f'ReadWritePaths="{self.path("srv/signed")}"',
                      self.read("etc/systemd/system/zoneseal@nl.test.service.d/output.conf"))
        wait_until(nsd.process, lambda: nsd.ask("nl.test.", "DNSKEY").answer, nsd.said)
        self.trust("".join(re.findall(r"(?m)^nl\.test\. .* DS .*\n", said[-1])), nsd.port)


class Rehearsal(Page):
    """What a newcomer tries on a virtual clock, with BIND as the parent."""

    def stop(self):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(self.read("home/rehearsal/named.pid")), signal.SIGTERM)

    def test_the_readme_shows_what_its_commands_print(self):
        shutil.copytree(ROOT / "policies/shipped", self.path("etc/zoneseal/policies"))
        self.names.update({"/usr/share/doc/zoneseal/examples": f"{ROOT}/contrib/sample", "5300": str(free_port())})
        self.addCleanup(self.stop)
        said = "".join(self.walk("../../README.md", section="Try it"))
        shown = "".join(block for _, block in blocks("../../README.md", "Try it", ""))
        said = self.assert_shown(shown, said, "README.md", alike)
        self.assertEqual(len(re.findall("# KSK removed", said)), 2, said)


class Standby(Page):
    """Two signers that have the same paths: the folders of the one that a block is not typed at are out of the way."""
    parts = ("var", "etc", "srv/signed")

    def setUp(self):
        super().setUp()
        self.at, self.key = "a", None
        self.output = self.path("srv/signed/nl.test")
        self.write("srv/registry/nl.test", ZONE)
        for part in self.parts:
            os.makedirs(self.path(part), exist_ok=True)
            shutil.copytree(self.path(part), self.path("b", part))
        self.shell(f"zoneseal init && zoneseal zone add nl.test -i {self.path('srv/registry/nl.test')} -o {self.output} "
                   "&& zoneseal run", "at site A, long before")

    def go_to(self, site):
        """What the commands need of the other signer, and what it published, comes along."""
        if site == self.at:
            return
        shutil.copytree(self.path("srv/signed"), self.path(site, "srv/signed"), dirs_exist_ok=True)
        for part in self.parts:
            for source, target in ((self.path(part), self.path(self.at, part)), (self.path(site, part), self.path(part))):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.rename(source, target)
        self.at = site

    def state(self):
        return "standby" if os.path.exists(self.path("var/lib/zoneseal/standby")) else "active"

    def test_each_command_at_its_site_there_and_back(self):
        functions, sites = "", []
        for line, _, words, block in blocks_at("standby.md"):
            site = words.get("at", "")
            if site == "":
                functions += block
                continue
            self.go_to(site)
            block = block.replace("PARITY-KEY", self.key or "PARITY-KEY").replace("parity promote", "parity promote --yes")
            if "promote" in block:
                self.assertIn("standby signer", self.shell("zoneseal run", "before it is promoted", code=3))
            said = self.shell(functions + self.here(block), f"standby.md, line {line}, at {site}")
            if found := re.search(r"parity key of this signer: (\S+)", said):
                self.key = found[1]
            sites.append((site, self.state()))
        self.assertEqual(sites, [("a", "active"), ("b", "standby"), ("a", "active"), ("b", "standby"), ("b", "active"),
                                 ("b", "active"), ("a", "standby")])
        self.assertIn("standby signer", self.shell("zoneseal sign nl.test --force", "site A is back", code=3))
        self.go_to("b")
        self.shell("zoneseal sign nl.test --force", "and site B goes on")


if __name__ == "__main__":
    unittest.main()
