# SPDX-License-Identifier: MIT
"""NSD, Knot, BIND and Unbound on loopback: each in the foreground, as the user who runs the test, in its own folder, on
a port that was free a moment ago. Another port is tried if it no longer is."""

import os
import re
import socket
import subprocess
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

ADDRESS = "127.0.0.1"
ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}  # where daemons are
START_SECONDS = 30  # on a busy machine; a ready server is noticed within 20 ms


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, socket.socket() as stream:
            datagram.bind((ADDRESS, 0))
            port = datagram.getsockname()[1]
            try:
                stream.bind((ADDRESS, port))
                return port
            except OSError:
                continue


class Server:
    """A daemon. Subclasses say what to write and what to run; `with` starts and stops it."""

    name = None
    wanted_port = None  # that of a server which this one takes over from

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.port = None
        self.process = None
        self.log = os.path.join(folder, "log")

    def config(self):
        raise NotImplementedError

    def command(self, path):
        raise NotImplementedError

    def probe(self):
        """A question to which any answer means "ready"."""
        raise NotImplementedError

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        for _ in range(5):
            self.port = self.wanted_port or free_port()
            path = self.path("config")
            with open(path, "w", encoding="ascii") as file:
                file.write(self.config())
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(self.command(path), stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=subprocess.STDOUT, cwd=self.folder, env=ENVIRONMENT)
            if self.wait_until_ready():
                return self
            ended = self.process.poll() is not None
            self.stop()
            if not ended:
                break
        raise AssertionError(f"{self.name} does not start:\n{self.said()}")

    def __exit__(self, *_):
        self.stop()

    def said(self):
        with open(self.log, errors="replace", encoding="utf-8") as log:
            return log.read()[-4000:]

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        question, patience = self.probe(), 0.01
        while time.monotonic() < deadline and self.process.poll() is None:
            patience = min(1.5 * patience, 0.5)  # a question that comes before the daemon listens is lost
            try:
                answer = dns.query.udp(question, ADDRESS, port=self.port, timeout=patience)
                if answer.rcode() == dns.rcode.NOERROR:
                    return True
                self.process.wait(0.02)  # instead of a sleep: returns at once if the daemon ends
            except (dns.exception.DNSException, OSError, subprocess.TimeoutExpired):
                pass
        return False

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def ask(self, name, kind, dnssec=True, timeout=20):
        question = dns.message.make_query(name, kind, want_dnssec=dnssec, payload=1232)
        answer, _ = dns.query.udp_with_fallback(question, ADDRESS, port=self.port, timeout=timeout)
        return answer


class Authoritative(Server):
    """Serves zones: {origin: path of the file}."""

    def __init__(self, folder, zones):
        super().__init__(folder)
        self.zones = zones

    def probe(self):
        return dns.message.make_query(next(iter(self.zones)), "SOA")

    def transfer(self, origin):
        """All records of a zone as it is served, by AXFR: (owner, type, ttl, rdata) in wire form, owners in lower case."""
        question = dns.message.make_query(origin, "AXFR")
        out, soas = [], 0
        with socket.create_connection((ADDRESS, self.port), timeout=60) as stream:
            dns.query.send_tcp(stream, question)
            while soas < 2:
                records = list(answers_of(receive_message(stream)))
                if not records:
                    raise AssertionError(f"{self.name} sends empty messages after {len(out)} records")
                soas += sum(kind == 6 for _, kind, _, _ in records)
                out += records
        return out


def receive_exactly(stream, size):
    out = b""
    while len(out) < size:
        part = stream.recv(size - len(out))
        if not part:
            raise AssertionError("transfer ended early")
        out += part
    return out


def receive_message(stream):
    return receive_exactly(stream, int.from_bytes(receive_exactly(stream, 2), "big"))


# Types whose RDATA a server may compress (RFC 3597 4): offsets of the names in it, then what follows.
COMPRESSED = {2: (0, 1), 5: (0, 1), 6: (0, 2), 7: (0, 1), 8: (0, 1), 9: (0, 1), 12: (0, 1), 14: (0, 2), 15: (2, 1),
              # Not by the RFC, but BIND and NSD do for some of these (RFC 1183's and others).
              3: (0, 1), 4: (0, 1), 17: (0, 2), 18: (2, 1), 21: (2, 1), 26: (2, 2), 33: (6, 1), 36: (2, 1), 39: (0, 1)}


def read_name(message, at):
    """A possibly compressed name: its wire form and the offset behind it."""
    out, behind = b"", None
    while True:
        size = message[at]
        if size >= 0xC0:
            behind = behind or at + 2
            at = int.from_bytes(message[at:at + 2], "big") & 0x3FFF
        elif size:
            out += message[at:at + 1 + size]
            at += 1 + size
        else:
            return out + b"\0", behind or at + 1


def answers_of(message):
    """Records of the answer section of a message without TSIG. Read here, octet by octet, because dnspython drops
    records that are equal without case and knows some types no better than we do."""
    if message[3] & 15:
        raise AssertionError(f"transfer refused: rcode {message[3] & 15}")
    questions, answers = (int.from_bytes(message[at:at + 2], "big") for at in (4, 6))
    at = 12
    for _ in range(questions):
        at = read_name(message, at)[1] + 4
    for _ in range(answers):
        owner, at = read_name(message, at)
        kind = int.from_bytes(message[at:at + 2], "big")
        ttl = int.from_bytes(message[at + 4:at + 8], "big")
        size = int.from_bytes(message[at + 8:at + 10], "big")
        at += 10
        yield owner, kind, ttl, expand(message, at, size, kind)
        at += size


def expand(message, at, size, kind):
    end = at + size
    if kind not in COMPRESSED:
        return message[at:end]
    skip, names = COMPRESSED[kind]
    out, at = message[at:at + skip], at + skip
    for _ in range(names):
        name, at = read_name(message, at)
        out += name
    return out + message[at:end]


class Nsd(Authoritative):
    name = "NSD"

    def config(self):
        head = f"""\
server:
    server-count: 1
    ip-address: {ADDRESS}@{self.port}
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{self.folder}"
    pidfile: "{self.path('pid')}"
    zonelistfile: "{self.path('zone.list')}"
    xfrdfile: "{self.path('xfrd.state')}"
    xfrdir: "{self.folder}"
    rrl-ratelimit: 0
    verbosity: 1
remote-control:
    control-enable: no
"""
        return head + "".join(f"""\
zone:
    name: "{origin}"
    zonefile: "{path}"
    provide-xfr: {ADDRESS} NOKEY
""" for origin, path in self.zones.items())

    def command(self, path):
        return ["nsd", "-d", "-c", path]


class Knot(Authoritative):
    name = "Knot"

    def config(self):
        head = f"""\
server:
    rundir: "{self.folder}"
    listen: {ADDRESS}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "{self.folder}"
    journal-db-max-size: 64M
    kasp-db-max-size: 16M
    timer-db-max-size: 16M
acl:
  - id: transfer
    address: {ADDRESS}
    action: transfer
template:
  - id: default
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
    acl: transfer
zone:
"""
        return head + "".join(f"""\
  - domain: "{origin}"
    file: "{path}"
""" for origin, path in self.zones.items())

    def command(self, path):
        return ["knotd", "-c", path]


class Bind(Authoritative):
    name = "BIND"

    def config(self):
        head = f"""\
options {{
    directory "{self.folder}";
    managed-keys-directory "{self.folder}";
    listen-on port {self.port} {{ {ADDRESS}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile "{self.path('session.key')}";
    lock-file none;
    recursion no;
    notify no;
    dnssec-validation no;
    minimal-responses yes;
    allow-transfer {{ any; }};
    check-names primary ignore;
    check-integrity no;
    check-wildcard no;
    zone-statistics no;
    max-records-per-type 0;
    max-types-per-name 0;
}};
controls {{ }};
"""
        return head + "".join(f"""\
zone "{origin}" {{ type primary; file "{path}"; }};
""" for origin, path in self.zones.items())

    def command(self, path):
        return ["named", "-g", "-4", "-n", "1", "-c", path]


AUTHORITATIVE = {server.name: server for server in (Nsd, Knot, Bind)}


class Unbound(Server):
    """A validator that knows one trust anchor and asks one server."""

    name = "Unbound"

    def __init__(self, folder, anchor, origins, *ports, aggressive=False, validates=True, forwards=False, now=None):
        """Asks the servers at all of `ports`; if it forwards, they are caches. `now`, fourteen digits, is the only time
        that signatures are held to, and what does not validate at once never does."""
        super().__init__(folder)
        self.now = now
        self.anchor, self.origins, self.upstreams = anchor, origins, ports
        self.aggressive, self.validates = aggressive, validates
        self.kind = "forward" if forwards else "stub"

    def probe(self):
        return dns.message.make_query("ready.invalid.", "A")

    def config(self):
        # Unless asked for, every answer is proven anew: nothing is synthesised from what an earlier answer showed.
        head = f"""\
server:
    do-daemonize: no
    directory: "{self.folder}"
    chroot: ""
    username: ""
    pidfile: "{self.path('pid')}"
    logfile: ""
    use-syslog: no
    verbosity: 1
    val-log-level: 2
    num-threads: 1
    interface: {ADDRESS}@{self.port}
    do-ip6: no
    do-not-query-localhost: no
    module-config: "{'validator ' if self.validates else ''}iterator"
    trust-anchor-file: "{self.anchor}"
    local-zone: "test." nodefault
    local-zone: "invalid." static
    local-data: "ready.invalid. A 127.0.0.1"
    aggressive-nsec: {'yes' if self.aggressive else 'no'}
    qname-minimisation: no
    harden-below-nxdomain: no
    minimal-responses: no
    prefetch: no
    outgoing-range: 64
    msg-cache-size: 1m
    rrset-cache-size: 1m
{self.moment()}remote-control:
    control-enable: yes
    control-use-cert: no
    control-interface: "{self.path('control')}"
"""
        return head + "".join(f"""\
{self.kind}-zone:
    name: "{origin}"
""" + "".join(f"""\
    {self.kind}-addr: {ADDRESS}@{port}
""" for port in self.upstreams) for origin in self.origins)

    def moment(self):
        if self.now is None:
            return ""
        return f"""\
    val-override-date: "{self.now}"
    val-sig-skew-min: 0
    val-sig-skew-max: 0
    val-max-restart: 0
"""

    def command(self, path):
        return ["unbound", "-d", "-c", path]

    def control(self, command):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(20)
            stream.connect(self.path("control"))
            stream.sendall(f"UBCT1 {command}\n".encode())
            said = b""
            while part := stream.recv(1 << 16):
                said += part
        return said.decode(errors="replace")

    def forget(self):
        """Empties its caches, of messages, records, keys and servers."""
        for command in ("flush_zone .", "flush_infra all"):
            said = self.control(command)
            if not said.startswith("ok"):
                raise AssertionError(f"unbound: {command}: {said}")

    def cached(self, kind, start=""):
        """How many records of a type, whose text begins with `start`, it has in its cache."""
        return len(re.findall(rf"^[^;\s]+\t\d+\tIN\t{kind}\t{start}", self.control("dump_cache"),
                              re.MULTILINE | re.IGNORECASE))

    def why(self):
        """The last reason for which it found an answer bogus."""
        reasons = re.findall(r"info: validation failure (.*)", self.said())
        return reasons[-1] if reasons else ""


def is_authentic(answer):
    return bool(answer.flags & dns.flags.AD)
