# SPDX-License-Identifier: MIT
"""Validators whose caches are full of what was served before a step, and which then meet what is served after it.

At each step one Unbound validates what the server before it says, is then pointed to the one after it, and goes on. Two
more, which validate nothing, take data, DNSKEY and DS from servers of the oldest states that a cache may still have; then
they are pointed to the new one, and first all, then all but the DNSKEY or all but the DS, then neither of these is still
held: so each of old and new meets each, in a validator behind them. Signatures are held to the moment of the step.
"""

import contextlib
import os
import re
from typing import NamedTuple

import dns.rcode

import servers

ORIGINS = ["test.", "nl.test.", *(f"{letter}{n}.nl.test." for letter in "ab" for n in range(4))]
EXPIRES = (("", "DNSKEY", "DS"), ("DS",))  # what the first and the second cache hold no longer, one after the other


class Question(NamedTuple):
    name: str  # {} is 0 for what is in the cache, more for what is not
    kind: str
    rcode: str = "NOERROR"
    secure: bool = True
    opt_out: bool = True  # secure with opt-out too


QUESTIONS = (
    Question("www{}.nl.test.", "A"), Question("www{}.nl.test.", "AAAA"), Question("nl.test.", "TYPE6530{}"),
    Question("nope{}.nl.test.", "A", "NXDOMAIN", opt_out=False),
    Question("m{}.wild.nl.test.", "TXT", opt_out=False), Question("m{}.wild.nl.test.", "A", opt_out=False),
    Question("b{}.nl.test.", "DS"), Question("a{}.nl.test.", "DS", opt_out=False),
    Question("www.b{}.nl.test.", "A"), Question("www.a{}.nl.test.", "A", secure=False),
)
CHAIN_QUESTIONS = (Question("nl.test.", "DNSKEY"), Question("nl.test.", "SOA"))


class Bogus(AssertionError):
    """An answer that does not validate, or not as it should."""


class EmptyCache(AssertionError):
    """The cache did not hold what it was to hold: nothing was shown."""


class Steps:
    """Judges steps; counts what the caches held. `files` are the zones below; moments are lifetime.Moment."""

    def __init__(self, folder, anchor, files, opt_out=False):
        self.folder, self.anchor, self.files, self.opt_out = folder, anchor, files, opt_out
        self.count = self.validators = self.answers = self.held = 0

    def new_folder(self):
        self.count += 1
        return os.path.join(self.folder, f"step.{self.count}")

    def serve(self, moment, port=None):
        server = servers.Nsd(self.new_folder(), {"test.": moment.parent, "nl.test.": moment.zone, **self.files})
        server.wanted_port = port
        return server

    def resolver(self, when, port, **options):
        return servers.Unbound(self.new_folder(), self.anchor, ORIGINS, port, now=when.strftime("%Y%m%d%H%M%S"), **options)

    # ---- the validator that was there all the time ----

    def pass_by(self, when, before, after):
        """A step from one moment to the next."""
        with self.serve(before) as server:
            unbound = self.resolver(when, server.port).__enter__()
            try:
                self.ask(unbound, "the state before", 0, bool(before.ds))
                self.assert_full(unbound, before, before, before)
                server.stop()
                with self.serve(after, server.port):
                    for number in (0, 1):
                        self.ask(unbound, "the state before", number, bool(before.ds and after.ds))
            finally:
                unbound.stop()
        self.validators += 1

    # ---- those behind caches ----

    def mix(self, when, data, keys, ds, after):
        """A step at `when`; the first three are the moments that caches may still have data, DNSKEY and DS of."""
        with contextlib.ExitStack() as stack:
            port, caches = None, []
            for moment in sorted({data, keys, ds}, key=lambda moment: moment.begins):
                with self.serve(moment, port) as server:
                    if port is None:
                        port = server.port
                        caches = [stack.enter_context(self.resolver(when, port, validates=False)) for _ in EXPIRES]
                    for cache in caches:
                        self.fill(cache, moment is data, moment is keys, moment is ds)
            for cache in caches:
                self.assert_full(cache, data, keys, ds)
            stack.enter_context(self.serve(after, port))
            for cache, expires in zip(caches, EXPIRES):
                self.ask_through(cache, when, expires, bool(ds.ds and after.ds))

    def ask_through(self, cache, when, expires, signed):
        with self.resolver(when, cache.port, forwards=True) as unbound:
            for number, kind in enumerate(expires, 1):
                if kind:
                    cache.control(f"flush_type nl.test. {kind}")
                    unbound.forget()
                held = "old data, without old " + " and ".join(expires[:number]) if kind else "all that is old"
                for name in (0, number):
                    self.ask(unbound, held, name, signed)
                self.validators += 1

    @staticmethod
    def fill(cache, data, keys, ds):
        questions = [q.name.format(0) + " " + q.kind.format(0) for q in QUESTIONS if data]
        questions += ["nl.test. DNSKEY"] if keys else []
        questions += ["nl.test. DS"] if ds else []
        for text in questions:
            answer = cache.ask(*text.split())
            if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                raise AssertionError(f"{text}: {dns.rcode.to_text(answer.rcode())} of a server that should know")

    # ---- what all are asked ----

    def assert_full(self, unbound, data, keys, ds):
        """The DNSKEY RRset, the DS set and the signatures of those moments are there, and no other of their kind."""
        cache = unbound.control("dump_cache")
        found = set(re.findall(r"^nl\.test\.\t\d+\tIN\tDNSKEY\t(\d+) \d+ (\d+) .*?id = (\d+)", cache, re.MULTILINE))
        self.same("DNSKEY", found, {tuple(map(str, key)) for key in keys.chain.keys})
        found = set(re.findall(r"^nl\.test\.\t\d+\tIN\tDS\t(\d+) ", cache, re.MULTILINE))
        self.same("DS", found, set(map(str, ds.ds)))
        signature = r"^(?:www0|b0)\.nl\.test\.\t\d+\tIN\tRRSIG\t\S+ (\d+) \d+ \d+ \d+ \d+ (\d+) nl\.test\. "
        found = set(re.findall(signature, cache, re.MULTILINE))
        if not found or not found <= {(str(algorithm), str(tag)) for _, algorithm, tag in data.chain.data_by}:
            raise EmptyCache(f"signatures in the cache are by {sorted(found)}, not by {sorted(data.chain.data_by)}")
        self.held += len(re.findall(r"^\S+\t\d+\tIN\t(?:DNSKEY|DS|RRSIG)\t", cache, re.MULTILINE))

    @staticmethod
    def same(kind, found, expected):
        if found != expected:
            raise EmptyCache(f"{kind} in the cache: {sorted(found)}, not {sorted(expected)}")

    def ask(self, unbound, held, number, signed):
        """`signed`: the zone had a DS all the time. Without one nobody can tell."""
        for question in (*QUESTIONS, *CHAIN_QUESTIONS):
            name, kind = question.name.format(number), question.kind.format(number)
            answer = unbound.ask(name, kind)
            self.answers += 1
            where = f"with {held}: {name} {kind}: {dns.rcode.to_text(answer.rcode())}"
            if dns.rcode.to_text(answer.rcode()) != question.rcode:
                raise Bogus(f"{where}, not {question.rcode}: {unbound.why()}")
            secure = question.secure and (question.opt_out or not self.opt_out)
            if signed and servers.is_authentic(answer) != secure:
                raise Bogus(f"{where}, {'not ' if secure else ''}secure: {unbound.why()}")
