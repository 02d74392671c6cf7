# SPDX-License-Identifier: MIT
"""Outages in which a zone denied what exists, or could not deny what does not."""
from stage import drill
from zonemaker import Record

NSEC3 = "denial: {type: nsec3}\n"
OPT_OUT = "denial: {type: nsec3, opt-out: true}\n"


def chain(zone):
    return sorted(zone.of("NSEC3"), key=lambda record: record.name.labels[0].lower())


@drill(".fr", "2011-02-12", "`sig.covered` for NSEC3 as for any other type")
def fr_2011(stage):
    """.fr became unreachable for every validating resolver, outside office hours. The defect was in its NSEC3 records, a
    type that the monitoring did not look at, so there was no alarm. Here denial is checked as all else is: NSEC3 without
    signature, and names without NSEC3."""
    stage.open(NSEC3)
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.drop(zone.of("RRSIG", covers="NSEC3")[:3])):
        done = stage.z("run")
    stage.refused(done, "sig.covered", cause=[r"\(3\)", "NSEC3"])

    def gap(zone):
        gone = chain(zone)[5]
        zone.drop([r for r in zone.records if r.name == gone.name])
    stage.tell("The same bug leaves a record out of the chain.")
    with stage.broken_signer(gap):
        done = stage.z("run")
    stage.refused(done, "denial.nsec3.chain", cause=["a gap or an overlap", "FAIL denial.nsec3.(names|opt-out-span)"])
    stage.goes_on()


@drill("slack.com", "2021-09-30", "`denial.nsec.bitmap` at the wildcard")
def slack_2021(stage):
    """The NSEC of a wildcard named too few types. Resolvers that asked for one type learned, with a valid signature, that
    the other did not exist, and kept that for a day; taking the DS away made it worse. Every signature was good: only
    comparing the bitmap with what is there finds it."""
    stage.open()
    stage.registry(tail="* A 192.0.2.8\n")

    def fault(zone):
        wildcard = zone.of("NSEC", "*")
        wildcard[0].text = wildcard[0].text.replace(" TXT", "")
        zone.sign_again(wildcard)
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "denial.nsec.bitmap", r"\*\.zs\.test\.", cause=[r"\*\.zs\.test\. NSEC"])
    stage.goes_on()


@drill("example.no", "March 2025", "`denial.nsec3.chain`: one circle, no overlap")
def example_no_2025(stage):
    """An NSEC3 chain was not updated wholly when a name was added: two records had the same next hash, so their spans
    overlapped. BIND refused answers from it, other programs did not."""
    stage.open(NSEC3)
    stage.new_registration()

    def fault(zone):
        records = chain(zone)
        first = records[7].text.split()
        first[4] = records[8].text.split()[4]
        records[7].text = " ".join(first)
        zone.sign_again([records[7]])
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "denial.nsec3.chain", cause=["NSEC3"])
    stage.goes_on()


@drill("a zone signed by OpenDNSSEC", "2015", "`denial.nsec3.one-set`, `denial.nsec3.parameters`")
def opendnssec_2015(stage):
    """After a new salt two NSEC3PARAM records were left in a zone, the second without a chain of its own."""
    stage.open(NSEC3)
    stage.new_registration()

    def fault(zone):
        zone.records.append(Record(zone.of("NSEC3PARAM")[0].name, zone.of("NSEC3PARAM")[0].ttl, "NSEC3PARAM", "1 0 0 ABCD"))
        zone.sign_again(zone.of("NSEC3PARAM"))
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "denial.nsec3.parameters", cause=["FAIL denial.nsec3.one-set"])
    stage.goes_on()


@drill("found with data of .de", "June 2015", "`denial.nsec3.one-set`, with the proven cause")
def mixed_salt(stage):
    """A verifier in wide use did not notice that the NSEC3 records of one zone had different salts, iterations and opt-out
    flags. No server can answer from such a chain."""
    stage.open(NSEC3)
    stage.new_registration()

    def fault(zone):
        for record in chain(zone)[10:20]:
            fields = record.text.split()
            fields[3] = "BEEF"
            record.text = " ".join(fields)
            zone.sign_again([record])
    stage.tell("Ten records come from a run with another salt.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "denial.nsec3.one-set", cause=["10 NSEC3 have other parameters than the NSEC3PARAM"])
    stage.goes_on()


@drill("secondaries with PowerDNS", "2021", "`denial.nsec3.opt-out`, `denial.nsec3.opt-out-span`")
def opt_out_mixed(stage):
    """A zone with the opt-out flag on some NSEC3 and not on others, which is legal, made secondaries give wrong answers.
    And where the flag is missing on a span that hides an unsigned delegation, the zone denies that delegation: then it is
    bogus everywhere."""
    stage.open(OPT_OUT)
    stage.new_registration()

    def fault(zone):
        for record in chain(zone)[::2]:
            record.text = record.text.replace("1 1 0", "1 0 0", 1)
            zone.sign_again([record])
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "denial.nsec3.opt-out-span", cause=["FAIL denial.nsec3.opt-out "])
    stage.goes_on()


@drill("a verifier's false alarm", "2012", "nothing stops it: the zone is right, and is published")
def false_alarm(stage):
    """A verifier wanted NSEC3 for empty non-terminals that lead to unsigned delegations only, which opt-out may leave out
    (RFC 5155 7.1), and whoever relied on it could not publish a right zone. A gate that refuses what is right gets
    switched off. The same held for two keys of one tag (2023), which validators must both try."""
    stage.open(OPT_OUT)
    stage.registry(tail="x.y.only-unsigned NS ns.elsewhere.example.\nz.also.signed NS ns.elsewhere.example.\n"
                   f"z.also.signed DS 1 13 2 {'ab' * 32}\n")
    stage.goes_on()
