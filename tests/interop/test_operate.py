#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""contrib/doc/operate.md, command by command and in its order: clocked.py has the words of a block. BIND signs the zone that
is adopted and the parent that is validated, tokens are SoftHSM's."""

import configparser
import datetime
import glob
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from clocked import ADDRESS, BIN, Clocked, HEAD, ROOT, worded_blocks

UNITS = ROOT / "contrib/systemd"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
QUICK_RSA = {"LD_PRELOAD": os.environ.get("ZONESEAL_QUICK_RSA", os.path.join(BIN, "../tests/hsm/libquick_rsa.so"))}
KEK = bytes.fromhex("11" * 32)
PIN = "pin-4711"
SHIFTED_CLOCK = os.environ.get("ZONESEAL_SHIFTED_CLOCK", os.path.join(BIN, "../tests/cli/libshifted_clock.so"))
MAIN = "var/lib/zoneseal"


class Operate(Clocked):
    def setUp(self):
        super().setUp()
        self.virtual_from_the_start()
        shutil.copytree(ROOT / "policies/shipped", self.path("etc/zoneseal/policies"))
        self.program("systemd-sysusers", f"exec /usr/bin/systemd-sysusers --dry-run {UNITS}/zoneseal.sysusers")
        self.program("systemctl", self.systemctl())
        self.registry(2026112401, 600)
        self.parent_serves()
        server = f"{ADDRESS}@{self.parent.port}"
        self.names.update({
            "192.0.2.53 2001:db8::53 198.51.100.7@5353": server, "--policy tld": f"--parents {server} --policy tld",
            "clock accept": "clock accept --yes", "--remove-source": "--remove-source --yes",  # nobody can be asked here
            "@ns.parent.example": f"@{ADDRESS} -p {self.parent.port}", "/srv/signed/nl.test": self.signed()})
        for folder in ("srv/www/zones", "media/vault", "var/lib/prometheus/node-exporter"):
            os.makedirs(self.path(folder), mode=0o700)

    def systemctl(self):
        """Knows the units that are shipped and starts a service as its file says."""
        service = configparser.ConfigParser(strict=False, interpolation=None)
        service.optionxform = str
        service.read(UNITS / "zoneseal@.service.in")
        start = service["Service"]["ExecStart"].replace("@CMAKE_INSTALL_FULL_BINDIR@/", "").replace("%i", '"$zone"')
        return (f'for unit; do case $unit in zoneseal@*) zone=${{unit#*@}} kind=${{zone##*.}}\nzone=${{zone%.*}}\n'
                f'ls {UNITS}/zoneseal@.$kind*\n;; esac; done\n[ "$1 $kind" != "start service" ] || {start}')

    def registry(self, serial, count):
        """Delegations without glue: a purge of them passes one limit and no other."""
        self.write("srv/registry/nl.test", HEAD.format(serial) + "".join(f"d{i} NS ns1\n" for i in range(count)))

    # ---- what others do ----

    def before_upgraded(self):
        """What an upgrade leaves beside the database."""
        self.assertTrue(os.path.exists(self.signed()))
        database = self.path(MAIN, "keystore.db")
        shutil.copy(database, database + ".before-N")

    def before_purge(self):
        self.registry(2026112402, 530)
        self.shell("zoneseal run nl.test", "a purge that nobody announced", 1)

    def before_passed(self):
        self.quiet("zoneseal run nl.test")
        self.names["2026112501"] = self.last_but_one()

    def before_mended(self):
        self.assertIn("rolled back", self.quiet("zoneseal log nl.test"))
        self.registry(2026112403, 599)

    def before_ahead(self):
        """No virtual clock goes back: a keystore of the real time, and a run while the clock was 40 days ahead."""
        self.add_nothing("real")
        self.add_zone()
        self.quiet(f"LD_PRELOAD={SHIFTED_CLOCK} ZONESEAL_SHIFT={40 * 86400} zoneseal run")
        self.assertIn("clock guard", self.shell("zoneseal run nl.test", "the clock is right again", 3))

    def bind_signs(self, zone, path, keys):
        """With a KSK and a ZSK of its own, for a month from the page's time on."""
        if not os.path.exists(keys):
            os.makedirs(keys)
            for more in ([], ["-f", "KSK"]):
                self.tool("dnssec-keygen", "-q", "-K", keys, "-a", "13", *more, zone)
        begin, end = ((self.now + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%S") for days in (-1, 30))
        self.tool("dnssec-signzone", "-P", "-S", "-K", keys, "-o", zone, "-s", begin, "-e", end, "-f", path + ".signed", path)
        return path + ".signed"

    def parent_zone(self, ds):
        super().parent_zone(ds)
        keys = self.path("parent-keys")
        os.rename(self.bind_signs("test.", self.path("parent.zone"), keys), self.path("parent.zone"))
        ksk = next(name for name in glob.glob(f"{keys}/*.key") if " 257 " in pathlib.Path(name).read_text(encoding="ascii"))
        self.write("home/root.anchor", self.tool("dnssec-dsfromkey", "-2", ksk))

    def before_bind(self):
        """A zone that BIND signs, and an empty keystore."""
        self.add_nothing("adopting")
        unsigned = self.write("home/nl.test.zone", self.read("srv/registry/nl.test"))
        shutil.move(self.bind_signs("nl.test", unsigned, self.path("var/lib/bind/keys")), self.path("home/nl.test.signed"))

    def before_edited(self):
        text = (ROOT / "policies/shipped/tld.yaml").read_text(encoding="utf-8")
        self.write("home/tld.yaml", text.replace("lifetime: 90d", "lifetime: 60d"))
        self.state = MAIN
        self.learn(self.quiet("zoneseal policy diff nl.test ./tld.yaml || true"))

    def before_stolen(self):
        self.let_pass(3)
        self.names["20326"] = self.tag("KSK")
        self.parent_shows(self.names["20326"])
        self.let_pass(3)
        self.names["41001"] = self.tag("ZSK")

    def before_parent(self):
        self.add_nothing("new")

    def before_submitted(self):
        """A rollover of the KSK waits for the DS, and the parent shows it, but no run has asked since."""
        self.state = MAIN
        self.let_pass(9)
        self.quiet("zoneseal roll start nl.test --ksk")
        self.names["41001"] = self.tag("KSK")
        self.let_pass(1)
        self.parent_shows(self.names["20326"], self.names["41001"])

    def tokens(self, state):
        """As the page's stores.conf has them, with a key in each that opens what is wrapped."""
        self.add_nothing(state)
        conf = next(text for _, kind, _, text in worded_blocks("operate.md") if kind == "conf")
        self.write(f"{state}/keys/stores.conf", self.here(conf) + "extractable yes\n", 0o600)
        if "SOFTHSM2_CONF" in self.more:
            return
        os.makedirs(self.path("tokens"))
        self.more.update(QUICK_RSA)
        self.more["SOFTHSM2_CONF"] = self.write("softhsm.conf", f"directories.tokendir = {self.path('tokens')}\n")
        kek = self.path("kek")
        with open(kek, "wb") as file:
            file.write(KEK)
        for name in "ab":
            self.write(f"etc/zoneseal/pin-{name}", PIN + "\n", 0o600)
            self.tool("softhsm2-util", "--init-token", "--free", "--label", f"tld-{name}", "--pin", PIN, "--so-pin", "12345678")
            self.on_token(name, "--write-object", kek, "--type", "secrkey", "--key-type", "AES:32", "--label", "backup-kek",
                          "--id", "01", "--usage-wrap", "--private")

    def on_token(self, name, *argv):
        self.tool("pkcs11-tool", "--module", MODULE, "--token-label", f"tld-{name}", "--login", "--pin", PIN, *argv)

    def add_zone(self):
        self.quiet(f"zoneseal zone add nl.test -i {self.path('srv/registry/nl.test')} --parents {ADDRESS}@{self.parent.port}")

    def before_vault(self):
        self.tokens("hsm")
        self.quiet("zoneseal key doctor")
        self.add_zone()
        self.quiet("zoneseal run nl.test")
        self.names["41001"] = self.tag("KSK")
        self.names["+013+41001"] = f"+013+{self.tag('KSK'):>05}"  # in names of files a tag has five digits

    def before_second(self):
        self.tokens("hsm-new")
        self.add_zone()

    def before_elsewhere(self):
        self.on_token("a", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "zsk-2026", "--id", "33")

    def before_token(self):
        """Two keys that another program put into a token, and a zone that they sign."""
        self.add_nothing("other")
        self.add_zone()
        self.quiet("zoneseal run nl.test")
        for role, number in (("KSK", "a1"), ("ZSK", "a2")):
            folder = self.path(f"out-{role}")
            self.quiet(f"zoneseal key export nl.test {self.tag(role)} --format pem --yes -o {folder}")
            self.tool("softhsm2-util", "--import", *glob.glob(f"{folder}/*.pem"), "--token", "tld-b", "--label", role, "--id", number,
                      "--pin", PIN)
        shutil.copy(self.signed(), self.path("home/nl.test.signed"))
        shutil.copy(self.path("srv/registry/nl.test"), self.path("home/nl.test.zone"))
        self.tokens("taken")

    def before_moved(self):
        self.tokens(MAIN)
        self.names["41001"] = self.tag("ZSK")

    def add_nothing(self, state):
        self.go_to(state)
        if not os.path.exists(self.path(state, "keystore.db")):
            self.quiet("zoneseal init")

    def go_to(self, place):
        self.more["REAL_TIME"] = "1" if place == "real" else ""
        super().go_to(MAIN if place == "home" else place)
        self.names["/srv/signed/nl.test"] = self.signed()

    def tool(self, *argv):
        done = subprocess.run(argv, capture_output=True, env=self.environment(), cwd=self.path("home"), text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, f"{argv}\n{done.stdout}{done.stderr}")
        return done.stdout

    def learn(self, said):
        if found := re.search(r"--serial (\d+)", said):
            self.names["2026112502"] = found[1]
        if found := re.search(r"--expect-revision (\d+)|revision (\d+)", said):
            self.names["--expect-revision 7"] = f"--expect-revision {found[1] or found[2]}"

    def test_each_command_does_what_it_is_there_for(self):
        self.assertEqual(self.play("operate.md"), 24)
        self.assertIn("BEGIN:VEVENT", self.read("srv/www/zoneseal.ics"))
        self.assertIn("zoneseal_", self.read("var/lib/prometheus/node-exporter/zoneseal.prom"))
        self.assertIn("hsm-a,hsm-b", self.quiet(f"zoneseal key show nl.test {self.names['41001']}"))


if __name__ == "__main__":
    unittest.main()
