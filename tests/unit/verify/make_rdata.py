# SPDX-License-Identifier: MIT
"""Makes rdata.txt: type, text and wire form of records, the wire form from BIND's named-rrchecker, else from dnspython.

Names are written in lower case, so that wire form and canonical form are the same. Run by hand, commit the result.
"""
import os
import subprocess

import dns.rdata

LINES = """
A 192.0.2.1
NS ns.example.
MD md.example.
MF mf.example.
CNAME a\\.b.example.
SOA ns.example. host.example. 4294967295 1h 15m 1w2d 3600
MB mb.example.
MG mg.example.
MR mr.example.
WKS 192.0.2.1 6 25 80 443
WKS 192.0.2.1 TCP 25
PTR host.example.
HINFO "PC" "a \\"b\\" \\\\ \\065 \\200"
HINFO PC Linux
MINFO r.example. e.example.
MX 10 mail.example.
TXT "one" two "" "three four"
TXT \\000\\255
RP mbox.example. txt.example.
AFSDB 1 db.example.
X25 "311061700956"
ISDN "150862028003217" "004"
ISDN "150862028003217"
RT 65535 relay.example.
NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00
NSAP-PTR host.example.
SIG A 8 2 3600 20300101000000 20200101000000 1234 example. AAECAwQFBgcICQ==
KEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no
PX 10 map822.example. mapx400.example.
GPOS -22.6882 116.8652 250.0
AAAA 2001:db8::192.0.2.33
LOC 60 9 N 24 39 E 10 20 2000 20
LOC 60 9 0.123 S 24 39 59.999 W -99.99m 20m 2000m 20m
LOC 1 N 1 W 42849672.95m
NXT next.example. A MX NXT TXT
EID 12 89 ab
NIMLOC 12 89 ab
SRV 0 65535 53 srv.example.
ATMA +61200000000
ATMA 3.9.0.0
NAPTR 100 50 "s" "z3950+n2l+n2c" "!^.*$!x!" .
NAPTR 1 1 "" "" "" example.
NAPTR 1 1 "u" "E2U+sip" "!^.*$!sip:\\\\!@x!i" .
NAPTR 1 1 "u" "E2U+sip" "/^(a(b|c))[^])(x]*$/\\\\2\\\\1/" .
KX 10 kx.example.
CERT PKIX 12345 RSASHA256 AAECAwQFBgcICQ==
CERT 65534 65535 254 AAECAwQFBgcICQ==
A6 0 2001:db8::1
A6 64 ::1:2:3:4 prefix.example.
A6 65 ::1:2:3:4 prefix.example.
A6 128 prefix.example.
DNAME dname.example.
SINK 1 2 3 AAEC
APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00:0:0:0:0:0:0:0/8
APL 1:0.0.0.0/0
APL
DS 12345 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d
DS 12345 ECDSAP256SHA256 1 0123456789 0123456789 0123456789 0123456789
SSHFP 2 1 123456789abcdef67890123456789abcdef67890
IPSECKEY 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 10 2 2 2001:db8::1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 10 3 2 gw.example. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
RRSIG A 13 2 3600 20300101000000 20200101000000 1234 example. AAECAwQFBgcICQ==
RRSIG TYPE65534 ED25519 2 3600 1893456000 1577836800 1234 example. AAECAwQFBgcICQ==
NSEC host.example. A MX RRSIG NSEC TYPE1234
NSEC host.example. A TYPE65534 TYPE65535 TYPE300
DNSKEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no
DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG
NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr
NSEC3PARAM 1 0 12 aabbccdd
NSEC3PARAM 1 0 0 -
TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b9 7983a1d16e8a410e4561cb106618e971
SMIMEA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b9
HIP 2 200100107b1a74df365639cc39f1d578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D rvs1.example. rvs2.example.
HIP 2 200100107b1a74df365639cc39f1d578 AwEAAbdx
NINFO "one" "two"
RKEY 0 0 255 AAECAwQ=
TALINK a.example. b.example.
CDS 12345 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d
CDS 0 0 0 00
CDNSKEY 257 3 13 AAECAwQ=
CDNSKEY 0 3 0 AA==
OPENPGPKEY AAECAwQFBgcICQ==
CSYNC 66 3 A NS AAAA
CSYNC 0 0
ZONEMD 2018031500 1 1 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c279dd10f0edb1c56f8080211f8480ee306
SVCB 0 svc.example.
SVCB 16 foo.example. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1,192.0.2.2
SVCB 1 foo.example. key667="hello\\210qoo"
SVCB 1 foo.example. ipv6hint="2001:db8::1,2001:db8::53:1" port=53
SVCB 1 . key7=/dns-query{?dns}
HTTPS 1 . alpn="h2" no-default-alpn ech=AAECAwQ=
HTTPS 1 . alpn="f\\\\\\\\oo\\\\,bar,h2"
SPF "v=spf1 -all"
NID 10 0014:4fff:ff20:ee64
L32 10 10.1.2.0
L64 10 2001:0db8:1140:1000
LP 10 l64.example.
EUI48 00-00-5e-00-53-2a
EUI64 00-00-5e-ef-10-00-00-2a
URI 10 1 "ftp://ftp1.example.com/public"
CAA 0 issue "ca.example.net; policy=ev"
CAA 128 tbs ""
AVC "app-name:WOLFGANG|app-class:OAM"
DOA 1234567890 0 1 "" aHR0cHM6Ly93d3cuaXNjLm9yZy8=
AMTRELAY 10 0 3 amt.example.
AMTRELAY 10 1 1 192.0.2.1
AMTRELAY 0 0 2 2001:db8::1
AMTRELAY 0 0 0 .
TA 12345 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d
DLV 12345 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d
TYPE65280 \\# 4 0a000001
A \\# 4 0a000001
TYPE1 \\# 4 0a000001
MX \\# 7 000a 0161 0162 00
NULL \\# 3 010203
RESINFO qnamemin exterr=15,16,17 infourl=https://resolver.example.com/guide
WALLET BTC "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"
"""

# What neither judge reads by its name: written by hand from the RFC.
BY_HAND = [
    ("DSYNC CDS NOTIFY 5359 target.example.", "003b0114ef06746172676574076578616d706c6500", "RFC 9859 2"),
    ("DSYNC CSYNC 128 5300 target.example.", "003e8014b406746172676574076578616d706c6500", "RFC 9859 2"),
]


def from_bind(text):
    done = subprocess.run(["named-rrchecker", "-u"], input="IN " + text + "\n", capture_output=True, text=True, check=False)
    words = done.stdout.split()
    if done.returncode != 0 or "\\#" not in words:
        return None
    return "".join(words[words.index("\\#") + 2:]).lower()


def from_dnspython(text):
    rdtype, rest = text.split(" ", 1)
    try:
        return dns.rdata.from_text("IN", rdtype, rest).to_wire().hex()
    except Exception:  # noqa: BLE001  any refusal means: not from here
        return None


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "rdata.txt"), "w", encoding="ascii") as out:
        out.write("# Made by make_rdata.py: wire form, who says so, text.\n")
        for text in LINES.strip().splitlines():
            wire, judge = from_bind(text), "bind"
            if wire is None:
                wire, judge = from_dnspython(text), "dnspython"
            if wire is None:
                print("nobody reads:", text)
                continue
            out.write(f"{wire or '-'} {judge} {text}\n")
        for text, wire, why in BY_HAND:
            out.write(f"{wire} {why.replace(' ', '-')} {text}\n")


if __name__ == "__main__":
    main()
