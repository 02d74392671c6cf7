# SPDX-License-Identifier: MIT
"""Outages in which a signer wrote signatures that do not verify."""
import os

from stage import MISSING, NO, OK, REFUSED, SERIAL, ZONE, drill


@drill(".se", "2022-02-04", "`sig.valid` at the first bad file, with the proven cause if signatures were carried over")
def se_2022(stage):
    """The signing system of .se made wrong signatures over DS and NSEC. Six hourly zone files went out, and each carried
    on the bad signatures of the one before it, so that there were more and more: about 9,000 domains. The registry heard
    of it from outside, five hours after the first bad file. Here every signature is verified in each file, those that
    were kept from the file before as well."""
    stage.open()
    stage.tell("The hour's zone comes, and signatures over DS and NSEC go wrong.")
    for hour in (1, 2):
        stage.new_registration(SERIAL + hour)

        def fault(zone, hour=hour):
            for record in (zone.of("RRSIG", covers="DS") + zone.of("RRSIG", covers="NSEC"))[:6 * hour]:
                zone.spoil(record)
        with stage.broken_signer(fault):
            done = stage.z("run")
        stage.refused(done, "sig.valid", "sig.valid: signatures that do not verify with the published key",
                      cause=[f"sig.valid signatures that do not verify with the published key \\({6 * hour}\\)",
                             r"d\d+\.zs\.test\. (DS|NSEC) \(line \d+\)"])
    stage.tell("The refused file is not what the next one starts from: the signer is mended, and no bad signature is left.")
    stage.goes_on()
    stage.tell("Had an older gate let one out, the next file would carry it on.")

    def spoil(text):
        lines = text.split("\n")
        at = next(number for number, line in enumerate(lines) if "\tRRSIG\tDS " in line)
        lines[at] = lines[at][:-40] + ("A" if lines[at][-40] != "A" else "B") + lines[at][-39:]
        return "\n".join(lines)
    stage.let_out(spoil)
    stage.new_registration(SERIAL + 8)
    done = stage.z("run")
    stage.refused(done, "sig.valid", cause=[f"stand in the published zone, serial {SERIAL + 2}, octet for octet: bad "
                                            "signatures were carried over from it", "Do: zoneseal sign ZONE --anew"])
    done = stage.z("sign", ZONE, "--anew", code=OK)
    stage.says(done, r"published \(input changed\): \d+ records, (\d+) signatures \(\1 new\)")
    stage.assert_good()
    stage.says(stage.z("sign", ZONE, "--anew", code=OK), "all signatures are made anew")


@drill(".be", "November 2018", "`sig.covered`, `denial.nsec.bitmap`, or whatever the new program gets wrong")
def be_2018(stage):
    """After an upgrade of the name server software a bug corrupted the DNSSEC data of .be. Every change went straight into
    the live zone; nothing looked at it before. DNS Belgium then built a step that generates, signs and checks a whole file
    before it is distributed. Here there is no other way to publish."""
    stage.open()
    stage.new_registration()

    def fault(zone):
        secure = zone.of("NSEC", "d20")
        secure[0].text = secure[0].text.replace(" DS", "")
        zone.sign_again(secure)
        zone.drop(zone.of("RRSIG", "d40", "DS"))
    stage.tell("The new version of the signer loses a bit of one bitmap and the signature of one DS.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "sig.covered", cause=["FAIL denial.nsec.bitmap", r"d40\.zs\.test\. DS"])
    stage.tell("The old version is put back.")
    stage.goes_on()


@drill(".au", "2022-03-22", "`sig.valid`, also if a part of the zone only is bad")
def au_2022(stage):
    """For two hours about 15,000 names of .au were bogus, and all others were good: whoever looked at the zone's apex, or
    at a few well-known names, saw nothing. Here no sample is taken: each signature of the zone is verified."""
    stage.open()
    stage.new_registration()
    with stage.broken_signer(lambda zone: [zone.spoil(r) for r in zone.of("RRSIG", covers="NSEC")[-40:]] and None):
        done = stage.z("run")
    stage.refused(done, "sig.valid", cause=[r"do not verify with the published key \(40\)", "key doctor|key test"])
    stage.goes_on()


@drill(".au", "2023-09-18", "`sig.valid` on the DNSKEY RRset, `key.expected`")
def au_2023(stage):
    """A re-signing process generated an incorrect record; for 47 minutes all of .au, four million names, was bogus. The
    record was one of the zone's own keys or the signature over them: on that one record all the others hang. Here the
    published keys must be those of the keystore, octet for octet."""
    stage.open(settled=True)
    stage.new_registration()

    def fault(zone):
        zsk = next(r for r in zone.of("DNSKEY") if r.text.startswith("256"))
        fields = zsk.text.split(None, 3)
        zsk.text = " ".join(fields[:3]) + " " + fields[3][:20] + ("A" if fields[3][20] != "A" else "B") + fields[3][21:]
    stage.tell("One letter of the ZSK's DNSKEY is another.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "key.expected", cause=["FAIL sig.valid|FAIL key.form|FAIL chain.self-signed"])
    stage.goes_on()


@drill("a zone of jpmens.net", "November 2022", "`sig.valid`; `zoneseal sign ZONE --anew` makes all signatures anew")
def jpmens_2022(stage):
    """One signature of a zone, over an NS RRset, did not compute. All servers agreed on the serial, so nothing looked
    wrong, and the signer had no command to make one signature anew. Here the file is refused, and
    there is a command that keeps none."""
    stage.open()
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.spoil(zone.of("RRSIG", "@", "NS")[0])):
        done = stage.z("run")
    stage.refused(done, "sig.valid", r"first: zs\.test\. NS", cause=[r"published key \(1\)", r"zs\.test\. NS \(line \d+\)"])
    stage.says(stage.z("sign", ZONE, "--anew", code=OK), r"(\d+) signatures \(\1 new\)")
    stage.assert_good()


@drill("eu.org", "2020-08-29", "the run goes on from the last good zone; a file made by hand is not taken")
def eu_org_2020(stage):
    """A race deleted the zone file. Every later run failed, because it read the serial from that file, and nobody noticed
    for six days. The fix by hand then published wrong signatures for five hours. Here a missing file fails loudly while
    what is published is kept alive, and what a person puts in its place is not built upon."""
    stage.open()
    stage.tell("The registry's file is gone.")
    os.unlink(stage.input)
    stage.stopped(stage.z("run"), MISSING, "registry.zone", "is untouched and valid until", "registrations are not getting out")
    stage.at("2026-11-30T12:00:00Z")
    stage.says(stage.z("check", code=1), "registrations are not getting out|input is bad")
    stage.at("2026-12-06T12:00:00Z")
    stage.tell("Signatures come due meanwhile: the last content is signed again.")
    stage.says(stage.z("run", code=MISSING), "keeps? the last content alive|signatures due, the input is bad")
    stage.keep()
    stage.tell("In a hurry somebody edits the published file by hand.")
    edited = stage.read().replace(b"192.0.2.1\n", b"192.0.2.9\n", 1)
    stage.state_that(edited != stage.kept, "nothing was edited")
    stage.write("hand.zone", edited)
    os.replace(stage.path("hand.zone"), stage.output)
    stage.registry(serial=SERIAL + 40, tail="newly NS ns1.elsewhere.example.\n")
    done = stage.z("run", code=REFUSED)
    stage.says(done, "zoneseal did not write this file")
    stage.tell("Taken back, the run signs again what the registry has.")
    os.unlink(stage.output)
    stage.goes_on()


@drill("no outage yet", "-", "`gate.same-bytes`: the verdict names the SHA-256 of what the signer wrote")
def bit_flip(stage):
    """A disk or a memory chip changes the file after it was signed and hashed. The verdict is then about other octets than
    those that the signer wrote, and is no verdict."""
    stage.open()
    stage.new_registration()
    with stage.broken_signer(lambda zone: zone.text().replace("192.0.2.7\n", "192.0.2.6\n", 1).encode(), honest=False):
        done = stage.z("run")
    stage.stopped(done, NO, "no verdict|must not be published", "is untouched and valid until")
    stage.goes_on()


@drill(".de", "2026-05-05", "no verdict is no")
def verifier_silent(stage):
    """Three tools checked the production zone of .de and saw the bad signatures; their alarms were not passed on, and the
    zone stayed out. Here the checker's word is what opens the gate: one that crashes, is killed, says nothing, says yes
    without proof, or belongs to another build keeps it shut."""
    stage.open()
    stage.new_registration()
    for what, script, words in (
            ("is killed, as by a lack of memory", "kill -9 $$", "killed|signal"),
            ("ends well and says nothing", "exit 0", "no verdict"),
            ("ends well and says yes in words", "echo PASS; exit 0", "no verdict"),
            ("is not there any more", "exit 127", "no verdict"),
            ("says yes of the last zone", f"exec {stage.verifier} --json --now {stage.now} {stage.output}", "no verdict")):
        stage.tell(f"The verifier {what}.")
        with stage.other_verifier(script):
            done = stage.z("run")
        stage.stopped(done, NO, "must not be published: no verdict", words, "is untouched and valid until")
    stage.z("check", code=2)
    stage.goes_on()
