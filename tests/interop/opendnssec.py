# SPDX-License-Identifier: MIT
"""OpenDNSSEC with its keys on a SoftHSM token: ods-enforcerd and ods-signerd in the foreground, as the user who runs the
test, in a folder of their own."""

import contextlib
import os
import re
import subprocess
import time

from servers import ENVIRONMENT

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
LABEL, PIN = "OpenDNSSEC", "ods-pin-4711"
SCHEMA = "/usr/share/opendnssec/schema.sqlite"
WAIT_SECONDS = 60

CONF = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
<RepositoryList><Repository name="SoftHSM"><Module>{module}</Module><TokenLabel>{label}</TokenLabel><PIN>{pin}</PIN>
{extraction}</Repository></RepositoryList>
<Common><Logging><Verbosity>3</Verbosity></Logging><PolicyFile>{d}/kasp.xml</PolicyFile>
<ZoneListFile>{d}/zonelist.xml</ZoneListFile></Common>
<Enforcer><Datastore><SQLite>{d}/kasp.db</SQLite></Datastore><AutomaticKeyGenerationPeriod>P1D</AutomaticKeyGenerationPeriod>
<PidFile>{d}/enforcerd.pid</PidFile><SocketFile>{d}/e.sock</SocketFile><WorkingDirectory>{d}/enforcer</WorkingDirectory></Enforcer>
<Signer><PidFile>{d}/signerd.pid</PidFile><SocketFile>{d}/s.sock</SocketFile><WorkingDirectory>{d}/signer</WorkingDirectory>
<WorkerThreads>1</WorkerThreads></Signer>
</Configuration>
"""
KASP = """<?xml version="1.0" encoding="UTF-8"?>
<KASP><Policy name="default"><Description>the shipped one, with NSEC and the TTLs of the tests</Description>
<Signatures><Resign>PT2H</Resign><Refresh>P3D</Refresh><Validity><Default>P14D</Default><Denial>P14D</Denial></Validity>
<Jitter>PT12H</Jitter><InceptionOffset>PT3600S</InceptionOffset><MaxZoneTTL>P1D</MaxZoneTTL></Signatures>
<Denial><NSEC/></Denial>
<Keys><TTL>PT3600S</TTL><RetireSafety>PT3600S</RetireSafety><PublishSafety>PT3600S</PublishSafety><Purge>P14D</Purge>
<KSK><Algorithm length="{length}">{algorithm}</Algorithm><Lifetime>P1Y</Lifetime><Repository>SoftHSM</Repository></KSK>
<ZSK><Algorithm length="{length}">{algorithm}</Algorithm><Lifetime>P90D</Lifetime><Repository>SoftHSM</Repository></ZSK></Keys>
<Zone><PropagationDelay>PT1H</PropagationDelay>
<SOA><TTL>PT900S</TTL><Minimum>PT900S</Minimum><Serial>counter</Serial></SOA></Zone>
<Parent><PropagationDelay>PT1H</PropagationDelay><DS><TTL>P1D</TTL></DS>
<SOA><TTL>P1D</TTL><Minimum>PT600S</Minimum></SOA></Parent>
</Policy></KASP>
"""
ZONELIST = """<?xml version="1.0" encoding="UTF-8"?>
<ZoneList><Zone name="nl.test"><Policy>default</Policy>
<SignerConfiguration>{d}/signconf/nl.test.xml</SignerConfiguration>
<Adapters><Input><Adapter type="File">{d}/unsigned</Adapter></Input><Output><Adapter type="File">{d}/signed</Adapter></Output></Adapters>
</Zone></ZoneList>
"""


class OpenDnssec:
    """Signs nl.test. `with` starts and stops the daemons; `settle` brings the zone to where no roll is under way."""

    def __init__(self, folder, zone, algorithm, length, extractable=True):
        self.folder = folder
        for name in ("", "tokens", "enforcer", "signer", "signconf"):
            os.makedirs(self.path(name), exist_ok=True)
        self.environment = {**ENVIRONMENT, "SOFTHSM2_CONF": self.path("softhsm2.conf"), "LC_ALL": "C"}
        fields = {"d": folder, "module": SOFTHSM, "label": LABEL, "pin": PIN, "algorithm": algorithm, "length": length,
                  "extraction": "<AllowExtraction/>" if extractable else "<SkipPublicKey/>"}
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\nlog.level = ERROR\n")
        for name, text in (("conf.xml", CONF), ("kasp.xml", KASP), ("zonelist.xml", ZONELIST)):
            self.write(name, text.format(**fields))
        self.write("unsigned", zone)
        self.write("pin", PIN + "\n")
        self.signed = self.path("signed")
        self.run("softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "12345678")
        # As ods-enforcer-db-setup does, which knows one place only.
        self.run("sqlite3", self.path("kasp.db"), f".read {SCHEMA}", "INSERT INTO databaseVersion (version) VALUES (1)")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(text)

    def run(self, *argv):
        done = subprocess.run(argv, env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=120,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"{argv}: {done.stdout}{done.stderr}\n{self.said()}")
        return done.stdout

    def said(self):
        out = ""
        for name in ("ods-enforcerd.log", "ods-signerd.log"):
            if os.path.exists(self.path(name)):
                with open(self.path(name), encoding="ascii", errors="replace") as file:
                    out += file.read()[-3000:]
        return out

    def __enter__(self):
        self.daemons = contextlib.ExitStack()
        try:
            self.enforcerd = self.start("ods-enforcerd", "e.sock")
            self.enforcer("policy", "import")
            self.enforcer("zonelist", "import", "--file", self.path("zonelist.xml"))
        except BaseException:
            self.daemons.close()
            raise
        return self

    def __exit__(self, *_):
        self.daemons.close()

    def start(self, name, socket):
        environment = {**self.environment, "LD_PRELOAD": os.environ["ZONESEAL_UNCHECKED_XML"]}
        with open(self.path(name + ".log"), "wb") as log:
            process = subprocess.Popen([name, "-d", "-c", self.path("conf.xml")], env=environment,
                                       cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.daemons.callback(self.stop, process)
        self.wait(process, lambda: os.path.exists(self.path(socket)))
        return process

    @staticmethod
    def stop(process):
        process.kill()  # ods-signerd takes its time over SIGTERM, and all that it wrote is there
        process.wait()

    def wait(self, process, done):
        """Until something is so; a daemon that ends meanwhile is noticed at once."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not done():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"OpenDNSSEC ends, or takes too long:\n{self.said()}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)

    def enforcer(self, *command):
        return self.run("ods-enforcer", "-s", self.path("e.sock"), *command)

    def takes_ds(self, tag):
        """Without a command to submit the DS with, it notes by itself, a little later, that the DS was submitted."""
        done = subprocess.run(["ods-enforcer", "-s", self.path("e.sock"), "key", "ds-seen", "--zone", "nl.test", "--keytag",
                               tag], env=self.environment, capture_output=True, timeout=60, check=False)
        return done.returncode == 0

    def keys(self):
        """[(role, state, CKA_ID, tag)]"""
        listed = self.enforcer("key", "list", "--verbose")
        return [(found[1], found[2], found[3], int(found[4])) for found in re.finditer(
            r"^nl\.test\s+(\S+)\s+(\S+)\s+.*\s([0-9a-f]{32})\s+SoftHSM\s+(\d+)\s*$", listed, re.MULTILINE)]

    def state(self, role):
        return [state for found, state, _, _ in self.keys() if found == role]

    def leap_until(self, reached):
        """The enforcer's clock leaps from task to task."""
        for _ in range(40):
            if reached():
                return
            self.enforcer("time", "leap", "--attach")
        raise AssertionError(f"does not come: {self.enforcer('key', 'list', '--verbose')}{self.said()}")

    def settle(self):
        """The parent shows the DS, and KSK and ZSK are active; the DS as the enforcer gives it to the parent."""
        self.wait(self.enforcerd, lambda: len(self.keys()) == 2)
        self.leap_until(lambda: self.state("KSK") == ["ready"])
        cka, tag = next(key[2:] for key in self.keys() if key[0] == "KSK")
        ds = self.enforcer("key", "export", "--zone", "nl.test", "--cka_id", cka, "--ds")
        self.wait(self.enforcerd, lambda: self.takes_ds(str(tag)))
        self.leap_until(lambda: self.state("KSK") == ["active"] and self.state("ZSK") == ["active"])
        signerd = self.start("ods-signerd", "s.sock")
        self.wait(signerd, lambda: os.path.exists(self.signed))
        rdata = re.search(r"^nl\.test\.\s.*\sDS\s+(\d+ \d+ 2 [0-9a-f]+)", ds, re.MULTILINE | re.IGNORECASE)[1]
        return tag, rdata
