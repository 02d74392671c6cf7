# SPDX-License-Identifier: MIT
"""One record of every type, in the text form that BIND 9.18 reads, or in that of RFC 3597 where BIND has no name for it.

Names in RDATA carry upper case on purpose: RFC 4034 6.2 (with RFC 6840 5.1) lowers them for some types and not for
others, and a signature shows which was done. Where a peer gets that wrong, the upper case is in interop_zone.DISPUTED.
"""

HASH20 = "2BB183AF5F22588179A53B0A98631FAD1A292118"
HASH32 = "2BB183AF5F22588179A53B0A98631FAD1A2921182BB183AF5F22588179A53B0A"
KEY = "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk="

# type, RDATA. `@` at the end of a name stands for the zone's origin with its final dot.
NAMED = (
    ("A", "192.0.2.53"),
    ("MB", "MailBox.Host.@"),
    ("MG", "MailGroup.Host.@"),
    ("MR", "MailRename.Host.@"),
    ("WKS", "192.0.2.1 6 21 25 53"),
    ("PTR", "Pointer.Host.@"),
    ("HINFO", '"Mixed Case CPU" "OS"'),
    ("MINFO", "Responsible.Host.@ Errors.Host.@"),
    ("MX", "10 Mail.Host.@"),
    ("TXT", r'"a string" "with \"quotes\" and \255\000 octets" ""'),
    ("RP", "Person.Host.@ Text.Host.@"),
    ("AFSDB", "1 Cell.Host.@"),
    ("X25", '"311061700956"'),
    ("ISDN", '"150862028003217" "004"'),
    ("RT", "10 Relay.Host.@"),
    ("NSAP", "0x47000580005a0000000001e133ffffff00016100"),
    ("KEY", "512 3 8 " + KEY),
    ("PX", "10 Map822.Host.@ MapX400.Host.@"),
    ("GPOS", '"-22.6882" "116.8652" "250.0"'),
    ("AAAA", "2001:db8::53"),
    ("LOC", "60 9 0.000 N 24 39 0.000 E 10.00m 20m 2000m 20m"),
    ("NXT", "Next.Host.@ A TXT NXT"),
    ("EID", "E32C6F78163A9348"),
    ("NIMLOC", "32251A030067"),
    ("SRV", "1 2 5060 Sip.Host.@"),
    ("NAPTR", '100 50 "s" "http" "" _Http._Tcp.Host.@'),
    ("KX", "10 Exchange.Host.@"),
    ("CERT", "PGP 0 0 " + KEY),
    ("A6", "64 ::1 prefix.host.@"),
    ("APL", "1:192.0.2.0/24 !1:192.0.2.64/28 2:2001:db8::/32"),
    ("SSHFP", "1 1 " + HASH20),
    ("IPSECKEY", "10 3 2 gateway.host.@ " + KEY),
    ("DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),
    ("TLSA", "3 1 1 " + HASH32),
    ("SMIMEA", "3 1 1 " + HASH32),
    ("HIP", "2 200100107B1A74DF365639CC39F1D578 " + KEY + " Rendezvous.Host.@"),
    ("NINFO", '"status" "green"'),
    ("RKEY", "0 3 8 " + KEY),
    ("TALINK", "Previous.Host.@ Following.Host.@"),
    ("OPENPGPKEY", KEY),
    ("CSYNC", "66 3 A NS AAAA"),
    ("SVCB", '1 service.host.@ alpn="h2,h3" port=8004 ipv4hint=192.0.2.1'),
    ("HTTPS", '1 . alpn="h3" ech=AQID ipv6hint=2001:db8::1'),
    ("SPF", '"v=spf1 -all"'),
    ("TYPE101", r"\# 4 00000001"),
    ("TYPE102", r"\# 4 00000002"),
    ("NID", "10 0014:4fff:ff20:ee64"),
    ("L32", "10 10.1.2.0"),
    ("L64", "10 2001:0db8:1140:1000"),
    ("LP", "10 locator.host.@"),
    ("EUI48", "00-00-5e-00-53-2a"),
    ("EUI64", "00-00-5e-ef-10-00-00-2a"),
    ("URI", '10 1 "ftp://ftp.example/Public"'),
    ("CAA", '0 issue "ca.example; policy=ev"'),
    ("AVC", '"app-name:WOLFGANG" "x"'),
    ("DOA", '1234567890 1234567890 1 "image/gif" R0lGODlhKAAZAOMCAGZmZgBmmf///zOZzMz//5nM/zNmmWbM'),
    ("AMTRELAY", "10 1 3 Amt.Host.@"),
    ("TA", "4711 8 2 " + HASH32),
    ("DLV", "4711 8 2 " + HASH32),
)

# Types without a name in BIND 9.18, all in generic form (RFC 3597 5): number, octets in hex.
GENERIC = (
    (10, "00ff00ff"),  # NULL: no text form (RFC 1035 3.3.10)
    (103, "DEADBEEF00"),
    (261, "076e6f7465733d31"),  # RESINFO
    (262, "07426974636f696e0431417a39"),  # WALLET
    (263, "0954432d434c412d3132"),  # CLA
    (264, "0000000000000001"),  # IPN
    (65280, ""),  # private use, no octets
    (65534, "0102030405060708090a0b0c0d0e0f"),
)

# Types that stand alone at their owner, or need company: they have their own owners.
ALONE = (
    ("CNAME", "Canonical.Host.@"),
    ("DNAME", "Target.Host.@"),
)


def records(origin):
    """(type, rdata) of all types above, names completed with `origin`."""
    for kind, rdata in NAMED + ALONE:
        yield kind, rdata.replace("@", origin)
    for number, octets in GENERIC:
        size = len(octets) // 2
        yield f"TYPE{number}", f"\\# {size} {octets}".rstrip()
