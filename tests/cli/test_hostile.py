# SPDX-License-Identifier: MIT
"""Files made to cost much: refused in bounded time and memory, by the verifier and by the signer's reader.

Where a path grew with the square of the file's size, or a record cost what a thousand should, the file is so large that
it took more than the limit; HOSTILE_SCALE=20 makes all twenty times as large, and the limits with them.
"""
import base64
import hashlib
import os
import resource
import struct
import subprocess
import threading
import unittest

import zs
from zs import World

SCALE = int(os.environ.get("HOSTILE_SCALE", "1"))
SECONDS = 5       # of the processor; most take a tenth of one
MEGABYTES = 200   # resident, beyond that of the text itself
TIMES = "20261220000000 20261101000000"
HEAD = """nl.test. 3600 IN SOA ns1.nl.test. host.nl.test. 1 7200 3600 604800 3600
nl.test. 3600 IN NS ns1.nl.test.
ns1.nl.test. 3600 IN A 192.0.2.1
"""
DEEP = "a." * 119 + "nl.test."


def tag(rdata):
    total = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


def dnskey(algorithm, material, flags=256):
    """The record's line and its tag."""
    rdata = struct.pack("!HBB", flags, 3, algorithm) + material
    return f"nl.test. 3600 IN DNSKEY {flags} 3 {algorithm} {base64.b64encode(material).decode()}\n", tag(rdata)


def rrsig(owner, covered, algorithm, key_tag, number, size):
    value = base64.b64encode(struct.pack("!Q", number) + bytes(size - 8)).decode()
    labels = len(owner.split(".")) - 1
    return f"{owner} 3600 IN RRSIG {covered} {algorithm} {labels} 3600 {TIMES} {key_tag} nl.test. {value}\n"


def one_key(number=7, extra=b""):
    """Looks like Ed25519; words that add up to the same whatever the number give it always the same tag."""
    return dnskey(15, struct.pack("!HHH", number, 65535 - number, 0) + bytes(25) + b"\3" + extra)


def rsa_keys(count):
    """Different moduli that nobody has factored, as keys that all have one tag."""
    wanted, lines = None, []
    for number in range(count):
        modulus = b"\x81" + struct.pack("!IHH", 77, number, 65535 - number) + bytes(246) + b"\1"
        line, got = dnskey(8, b"\3\1\0\1" + modulus)
        wanted = got if wanted is None else wanted
        assert got == wanted
        lines.append(line)
    return "".join(lines), wanted


def keytrap(keys, signatures):
    """Hundreds of keys with one tag, hundreds of signatures at each of many names (CVE-2023-50387)."""
    lines, key_tag = rsa_keys(keys)
    names = signatures // 200
    return HEAD + lines + "".join(f"h{i}.nl.test. 3600 IN A 192.0.2.1\n" for i in range(names)) + "".join(
        rrsig(f"h{i // 200}.nl.test.", "A", 8, key_tag, i, 256) for i in range(signatures))


def long_exponent(signatures):
    odd = bytes([0x81]) + bytes(range(1, 255)) + b"\1"
    line, key_tag = dnskey(8, b"\0" + struct.pack("!H", len(odd)) + b"\x71" + odd[1:] + odd)
    return HEAD + line + "".join(f"h{i}.nl.test. 3600 IN A 192.0.2.1\n" + rrsig(f"h{i}.nl.test.", "A", 8, key_tag, i, 256)
                                 for i in range(signatures))


def many_cds(count):
    lines = "".join(one_key(i, bytes(500))[0] for i in range(400))
    key_tag = one_key(1, bytes(500))[1]
    return HEAD + lines + "".join(f"nl.test. 3600 IN CDS {key_tag} 15 2 {i:064x}\n" for i in range(count))


def signed_rrset(records, signatures):
    line, key_tag = one_key()
    return HEAD + line + "".join(f'www.nl.test. 3600 IN TXT "{i:020}"\n' for i in range(records)) + "".join(
        rrsig("www.nl.test.", "TXT", 15, key_tag, i, 64) for i in range(signatures))


def denied(param, nsec3, rest):
    return HEAD + one_key()[0] + f"nl.test. 0 IN NSEC3PARAM {param}\n" + nsec3 + rest


def nsec3(count, iterations):
    return denied(f"1 0 {iterations} AABB", "", "".join(
        f"h{i}.nl.test. 3600 IN A 192.0.2.1\n{i:032d}.nl.test. 3600 IN NSEC3 1 0 {iterations} AABB {'0' * 32} A RRSIG\n"
        for i in range(count)))


def deep_delegations(count, iterations):
    one = f"{'0' * 32}.nl.test. 3600 IN NSEC3 1 1 {iterations} AABB {'0' * 32} A RRSIG\n"
    return denied(f"1 0 {iterations} AABB", one, "".join(f"{i:07d}.{DEEP} 3600 IN NS x.test.\n" for i in range(count)))


def hash_of_apex(salt, iterations):
    digest = hashlib.sha1(b"\2nl\4test\0" + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return base64.b32hexencode(digest).decode().lower()


def alone(param, bitmap="NS SOA DNSKEY NSEC3PARAM", flags=1):
    """The chain whose only NSEC3 is that of the apex."""
    iterations, salt = param
    text, own = salt.hex() or "-", hash_of_apex(salt, iterations)
    return f"nl.test. 0 IN NSEC3PARAM 1 0 {iterations} {text}\n{own}.nl.test. 3600 IN NSEC3 1 {flags} {iterations} {text} {own} {bitmap}\n"


EIGHT = [(150, bytes([number]) * 255) for number in range(8)]


def deep_empty(count, chains, every=1):
    """Each of these delegations has empty non-terminals of its own right down to the apex; others may stand between."""
    deep = "".join(f"{'a.' * 116}d{i}.nl.test. 3600 IN NS x.test.\n" for i in range(count))
    between = "".join(f"d{i}-{j}.nl.test. 3600 IN NS x.test.\n" for i in range(count) for j in range(1, every))
    return HEAD + one_key()[0] + "".join(map(alone, chains)) + deep + between


def deep_claims(count, chains):
    """Names without NSEC3 below one that has it; its bitmap names hundreds of types."""
    types = " ".join(f"TYPE{i}" for i in range(2000, 2250))
    return HEAD + one_key()[0] + "".join(alone(chain, types, 0) for chain in chains) + f"$ORIGIN {DEEP}\n" + "".join(
        f"{i:07d} 3600 IN TYPE1999 \\# 0\n" for i in range(count))


def idle_nsecs(count):
    """All that stands before NSEC in their bitmaps is there, so each walks over all of them."""
    return denied("1 0 0 -", rrsig("nl.test.", "SOA", 15, 1, 1, 64), "".join(f"nl.test. 3600 IN NSEC h{i}.nl.test. NS SOA RRSIG NSEC DNSKEY\n" for i in range(count)))


def two_sets(count):
    return HEAD + "sub.nl.test. 3600 IN NS ns.sub.nl.test.\n" * count + "".join(
        f"ns.sub.nl.test. 3600 IN A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(count))


def rrsigs(count):
    return HEAD + one_key()[0] + "www.nl.test. 3600 IN A 192.0.2.1\n" + "".join(
        rrsig("www.nl.test.", "A", 15, one_key()[1], i, 64) for i in range(count))


def texts():
    """name: (text, what the verifier says, the exit code of each)."""
    n = lambda count: count * SCALE
    many = range(n(20000))
    return {
        "a million signatures on one name": (rrsigs(n(10000)), "more signatures than are judged", 1, 3),
        "a million records in one RRset": (signed_rrset(n(60000), 0), "no DNS message can carry", 1, 3),
        "many signatures over it": (signed_rrset(n(250000), 256), "more signatures than are judged", 1, 3),
        "a crowd of keys with one tag": (keytrap(60, n(12000)), "fit too many keys", 1, 3),
        "65,535 keys of one tag": (HEAD + "".join(one_key(i)[0] for i in range(n(6000))), "more keys of one tag", 1, 3),
        "exponents as long as the modulus": (long_exponent(n(4000)), "exponent is too long", 1, 3),
        "CDS that each may mean any key": (many_cds(n(30000)), "more CDS or CDNSKEY than are judged", 1, 3),
        "65,535 iterations": (nsec3(n(5000), 65535), "more iterations than validators take", 1, None),
        "150 iterations at each of 120 labels": (deep_delegations(n(6000), 150), "denial.nsec3", 1, None),
        "eight chains for delegations that each bring 117 names": (deep_empty(n(12), EIGHT), "denial.nsec3", 1, None),
        "the same without iterations": (deep_empty(n(200), [(0, bytes([i])) for i in range(8)]), "sig.form", 1, None),
        "one of many delegations that is deep": (deep_empty(n(50), EIGHT[:2], 49), "denial.nsec3", 1, None),
        "a bitmap full of types above names without any": (deep_claims(n(400), [(0, b""), (0, b"a")]), "denial.nsec3", 1, None),
        "NSEC that each walk over all": (idle_nsecs(n(100000)), "more NSEC at one name than are judged", 1, None),
        "names with all labels": (HEAD + "".join(f"{i:07d}.{DEEP} 3600 IN NS {i:07d}.{DEEP}\n" for i in range(n(5000))),
                                  "structure.glue", 1, None),
        "name servers without end": (HEAD + "".join(f"nl.test. 3600 IN NS {i:07d}.{DEEP}\n" for i in range(n(80000))),
                                     "no DNS message can carry", 1, 65),
        "copies that lead to a large set": (two_sets(n(100000)), "stand twice", 1, 65),
        "a chain of aliases": (HEAD + "".join(f"c{i}.nl.test. 3600 IN CNAME c{i + 1}.nl.test.\n" for i in many),
                               "key.present", 1, None),
        "lines that begin with a blank": (HEAD + "".join(f' 3600 IN TXT "{i}"\n' for i in many), "key.present", 1, 65),
        "deep parentheses": (HEAD + f"www.nl.test. 3600 IN A {'(' * n(200000)}192.0.2.1{')' * n(200000)}\n",
                             "key.present", 1, None),
        "parentheses that stay open": (HEAD + "www.nl.test. 3600 IN A " + "(" * n(200000), "cut in the middle", 65, 65),
        "nothing but NUL": ("\0" * n(1000000), "NUL octet", 65, 65),
        "$GENERATE": (HEAD + "$GENERATE 1-4294967295 h$ A 192.0.2.1\n", "$GENERATE", 65, 65),
        "$INCLUDE of itself": (HEAD + "$INCLUDE nl.test.zone\n", "$INCLUDE", 65, 65),
    }


def endless(kind, megabytes, out):
    """Writes until the reader goes away."""
    blocks = {"a line": b"a" * 1048576, "a comment": b";" * 1048576, "comments": b"; nothing\n" * 104858,
              "parentheses": b"(" * 1048576, "lines in parentheses": b"\n" * 1048576, "blank lines": b"\n" * 1048576}
    start = {"lines in parentheses": b"www.nl.test. 3600 IN A (", "a line": b"www.nl.test. 3600 IN TXT "}
    try:
        out.write(HEAD.encode() + start.get(kind, b""))
        for _ in range(megabytes):
            out.write(blocks[kind])
    except BrokenPipeError:
        pass
    finally:
        try:
            out.close()
        except BrokenPipeError:
            pass


class Hostile(World):
    @classmethod
    def setUpClass(cls):
        cls.texts = texts()

    def limited(self, argv, code, said, stream=None, grace=0):
        """Within the limits and with that exit code; None: any."""
        limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * SCALE, SECONDS * SCALE))
        with open(self.path("said"), "wb+") as out:
            run = subprocess.Popen(argv, stdin=subprocess.PIPE if stream else subprocess.DEVNULL, stdout=out, stderr=out,
                                   env={**self.environment(), "ASAN_OPTIONS": "quarantine_size_mb=1"},
                                   cwd=self.folder, preexec_fn=limit)
            if stream:
                feeder = threading.Thread(target=endless, args=(*stream, run.stdin))
                feeder.start()
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
            if stream:
                feeder.join()
                run.stdin = None
            out.seek(0)
            text = out.read().decode()
        self.assertGreaterEqual(run.returncode, 0, f"killed by signal {-run.returncode}: more than {SECONDS} s\n{text}")
        if code is not None:
            self.assertEqual(run.returncode, code, text)
        self.assertIn(said, text)
        self.assertLess(usage.ru_maxrss / 1024, MEGABYTES + grace, "resident megabytes")

    def test_the_verifier_judges_in_bounded_time_and_memory(self):
        for name, (text, said, code, _) in self.texts.items():
            with self.subTest(name):
                path = self.write("nl.test.zone", text)
                self.limited([zs.VERIFY, "--now", zs.NOW, "--origin", "nl.test.", path], code, said, grace=12 * len(text) >> 20)

    def test_the_signer_reads_in_bounded_time_and_memory(self):
        """Where the code is None the zone is legal, or was another signer's whose denial is dropped: then it is signed,
        which costs what it costs; here only what is refused."""
        for number, (name, (text, _, _, code)) in enumerate(self.texts.items()):
            if code is None:
                continue
            with self.subTest(name):
                self.write("nl.test.zone", text)
                self.limited([zs.ZONESEAL, "sign", "nl.test", "-i", self.input, "-o", self.path(f"out{number}"), "--state",
                              self.path(f"state{number}")], code, "nl.test.zone:", grace=12 * len(text) >> 20)

    def test_a_stream_without_end_is_left(self):
        for kind, code in (("a line", 65), ("a comment", 65), ("parentheses", 65), ("lines in parentheses", 65),
                           ("comments", 1), ("blank lines", 1)):
            with self.subTest(kind):
                self.limited([zs.VERIFY, "--now", zs.NOW, "--threads", "2", "-"], code, "", stream=(kind, 48 * SCALE))

    def test_the_signer_leaves_it_too(self):
        for kind in ("a line", "a comment", "parentheses", "lines in parentheses"):
            with self.subTest(kind):
                self.limited([zs.ZONESEAL, "sign", "nl.test", "-i", "/dev/stdin", "-o", self.output, "--now", zs.NOW], 65, "1 MiB",
                             stream=(kind, 48 * SCALE))


if __name__ == "__main__":
    unittest.main()
