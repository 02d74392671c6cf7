# SPDX-License-Identifier: MIT
"""Outages in which the zone was perfectly signed, and its content was not the registry's."""
import os
import threading

from stage import BUSY, IO, MALFORMED, NO, OK, REFUSED, SERIAL, ZONE, delegations, drill


@drill(".de", "2010-05-12", "the reader at a cut record; `change.delegations` at a cut between records")
def de_2010(stage):
    """A copy of the zone file was interrupted, and what there was of it was distributed: 12 of 16 sites served 28 % of
    .de, and denied the rest. The file was valid as far as it went."""
    stage.open()
    whole = delegations(serial=SERIAL + 1)
    stage.tell("The copy stops after 28 %, in the middle of a record.")
    stage.registry(whole[:len(whole) * 28 // 100])
    stage.stopped(stage.z("run"), MALFORMED, r"registry\.zone:\d+:", "is untouched and valid until",
                  "registrations are not getting out since")
    stage.tell("It stops at the end of a record.")
    lines = whole.splitlines(True)
    stage.registry("".join(lines[:len(lines) * 28 // 100]))
    done = stage.z("run")
    stage.refused(done, "change.delegations", "change.(delegations|records)", cause=["FAIL change.records"])
    stage.registry(whole)
    stage.goes_on()


@drill(".se", "2009-10-12", "`change.ns`, `structure.dots-lost`, and the proven cause")
def se_2009(stage):
    """A new version of the zone generator lost the final dot, so every name server got ".se" once more at its end, and all
    of .se was gone. An alarm said that every domain had changed; a person looked, saw nothing wrong, and forced the file
    out. Here nobody can force it out."""
    stage.open(text=delegations().replace("NS ns.d", "NS ns.d").replace("NS ns1\n@", "NS ns1.zs.test.\n@"))
    text = delegations(serial=SERIAL + 1).splitlines(True)
    lost = [line.rstrip("\n") + ".zs.test\n" if " NS ns.d" in line else line for line in text]
    stage.registry("".join(lost))
    done = stage.z("run")
    stage.refused(done, "structure.dots-lost", "structure.dots-lost: .*; 200 of 202",
                  cause=["FAIL change.ns", "200 of 200", "the program that writes the zone lost the final dot"])
    stage.tell("Nor where there is no version before it to compare with.")
    other = stage.path("other")
    stage.init(state=other)
    stage.z("zone", "add", ZONE, "-i", stage.input, "--policy", "default", code=OK, state=other, quiet=True)
    stage.says(stage.z("run", code=NO, state=other), "must not be published: structure.dots-lost", "200 of 202",
               "nothing is published yet, and nothing was published now")
    stage.tell("Nor by force.")
    stage.stopped(stage.z("sign", ZONE, "--force"), NO, "must not be published")
    stage.new_registration()
    stage.goes_on()


@drill("65.in-addr.arpa", "2016-03-08", "the serial never goes back: refused under `zone.serial: keep`, counted on otherwise")
def arin_2016(stage):
    """A script reset the serial in ARIN's database. The distribution saw a lower serial than it had and transferred nothing
    more, in silence, until the signatures expired two weeks later."""
    stage.open("zone: {serial: keep}\n")
    stage.new_registration(serial=2026020101)
    done = stage.z("run")
    stage.stopped(done, REFUSED, "serial policy keep", "2026020101", str(SERIAL), "registrations are not getting out")
    stage.z("check", code=1)
    stage.tell("Nobody acts for twelve days. The signatures are renewed all the same, under a serial that goes on.")
    stage.at("2026-12-06T12:00:00Z")
    stage.z("run", code=REFUSED)
    stage.assert_good()
    stage.state_that(stage.serial() == SERIAL + 1, f"serial {stage.serial()}")
    stage.new_registration(serial=2026120601)
    stage.goes_on()
    stage.state_that(stage.serial() == 2026120601, f"serial {stage.serial()}")


@drill("no outage yet", "-", "the reader: no SOA, nothing to sign")
def empty_input(stage):
    """The registry's export fails and leaves an empty file, or one with nothing but comments."""
    stage.open()
    for text in ("", "; export of 2026-11-24\n", "$ORIGIN zs.test.\n$TTL 3600\n"):
        stage.registry(text)
        stage.stopped(stage.z("run"), MALFORMED, r"no SOA at zs\.test\.|the input (is empty|has no records)", "is untouched and valid until",
                      "registrations are not getting out since")
    stage.new_registration()
    stage.goes_on()


@drill("no outage yet", "-", "`change.delegations`, `change.records`")
def half_gone(stage):
    """A query of the registry's database loses half of its rows. The zone is complete in itself: SOA, name servers, line
    end, all is there; every second domain is missing."""
    stage.open()
    stage.registry("\n".join(line for line in delegations(serial=SERIAL + 1).split("\n")
                             if not (line.startswith(("d", "ns.d")) and line.split()[0][-1] in "13579")) + "\n")
    done = stage.z("run")
    stage.refused(done, "change.delegations", cause=["100"])
    stage.new_registration()
    stage.goes_on()


@drill("no outage yet", "-", "the serial and the limit that a planned change names; nothing else of the gate")
def purge(stage):
    """A registry deletes half of its domains on purpose, and the operator has said so beforehand. Whatever else is wrong
    that day must not get out under that cover."""
    stage.open("limits: {delegations-removed: 5%, size-change: unlimited, floor: 5}\n")
    stage.registry(count=100)
    done = stage.z("run")
    stage.refused(done, "change.delegations", f"zone expect-change {ZONE} --serial {SERIAL + 1} --limit removed")
    plan = ("zone", "expect-change", ZONE, "--limit", "removed", "--reason", "purge of expired domains", "--serial")
    stage.tell("The operator takes the serial from another ticket.")
    stage.z(*plan, str(SERIAL + 3), code=OK)
    stage.refused(stage.z("run"), "change.delegations", f"one was given for serial {SERIAL + 3}, this is {SERIAL + 1}")
    stage.z(*plan, str(SERIAL + 1), code=OK)
    stage.tell("That day one signature comes out wrong.")
    with stage.broken_signer(lambda zone: zone.spoil(zone.of("RRSIG", covers="SOA")[0])):
        stage.refused(stage.z("run"), "sig.valid", cause=["Expected: purge of expired domains"])
    stage.goes_on()
    stage.z("log", ZONE, code=OK)
    stage.keep()
    stage.tell("The next half is not covered by it.")
    stage.registry(count=50, serial=SERIAL + 2)
    stage.refused(stage.z("run"), "change.delegations", f"the one for serial {SERIAL + 1} was used at")


@drill("no outage yet", "-", "`rollback`, once it is out: the content of before under a higher serial, which no run undoes")
def taken_back(stage):
    """The half of the domains that a planned purge deleted was the wrong one. The operator had said that it may pass, the
    zone is well signed, and it is out. What secondaries have must become right again under a higher serial, while the
    registry's generator goes on to write the wrong zone every few minutes."""
    stage.open("limits: {delegations-removed: 5%, size-change: unlimited, floor: 5}\n")
    good, half = stage.serial(), SERIAL + 1
    stage.registry(count=100, serial=half)
    stage.z("zone", "expect-change", ZONE, "--serial", str(half), "--limit", "removed", "--reason", "purge", code=OK)
    stage.goes_on()
    mistake = stage.serial()
    stage.tell("The phones ring.")
    stage.z("rollback", ZONE, "--to", str(good), "--reason", "the wrong half", "--dry-run", code=OK)
    done = stage.z("rollback", ZONE, "--to", str(good), "--reason", "the wrong half", code=OK)
    stage.says(done, f"rolled back to serial {good}", "delegations [+]100,", "the input is held")
    stage.state_that(stage.serial() > mistake, "secondaries would not fetch this")
    stage.keep()
    stage.tell("The generator writes the wrong zone once more.")
    stage.registry(count=100, serial=SERIAL + 5)
    stage.stopped(stage.z("run"), OK, "the input is held", f"rollback {ZONE} --withdraw")
    stage.z("check", code=1)
    stage.says(stage.z("status", ZONE), "registrations are not getting out", "the wrong half", f"rollback {ZONE} --withdraw")
    stage.tell("The registry has mended it.")
    stage.new_registration(serial=SERIAL + 9)
    stage.z("rollback", ZONE, "--withdraw", code=OK)
    stage.goes_on()


@drill("no outage yet", "-", "`change.ds`")
def ds_gone(stage):
    """The interface through which registrars hand in DS records loses a table: all domains stay, none is signed any more.
    No resolver complains, and every signed domain has lost its protection."""
    stage.open("limits: {ds-removed: 10%, floor: 5}\n")
    stage.registry(secure=0)
    done = stage.z("run")
    stage.refused(done, "change.ds")
    stage.new_registration()
    stage.goes_on()


@drill("no outage yet", "-", "the zone's lock, and the owner of the published file")
def two_signers(stage):
    """Two signers work on one zone at once, each with keys and serials of its own idea: two runs of cron that overlap, or a
    standby machine that came to life while the first one lives."""
    stage.open()
    stage.new_registration()
    at_the_gate, leave = threading.Event(), threading.Event()

    def slow(zone):
        at_the_gate.set()
        leave.wait(60)
        return zone.source
    stage.tell("A first run is at the gate when cron starts the second.")
    with stage.broken_signer(slow):
        join = stage.in_background(lambda: stage.z("run", quiet=True))
        stage.state_that(at_the_gate.wait(60), "the first run did not come to the gate")
        done = stage.z("run")
        stage.stopped(done, BUSY, "is untouched and valid until", r"held by pid \d+ \(run, .* phase verify\); try later")
        leave.set()
        first = join()
    stage.state_that(first.code == OK, first.text)
    stage.keep()
    stage.tell("Another machine, with a keystore of its own, writes to the same place.")
    other = stage.path("other")
    stage.init(state=other)
    stage.z("zone", "add", ZONE, "-i", stage.input, "--policy", "default", code=OK, state=other, quiet=True)
    done = stage.z("sign", ZONE, "-o", stage.output, state=other)
    stage.stopped(done, REFUSED, "zoneseal did not write this file")
    done = stage.z("sign", ZONE, "-o", stage.output, "--replace", state=other)
    stage.stopped(done, REFUSED, "another signer's", "would turn the zone bogus")
    stage.new_registration(SERIAL + 5)
    stage.goes_on()


@drill("no outage yet", "-", "room is looked for before the first octet is written")
def disk_full(stage):
    """The file system of the published zone is full. A signer that writes into the published file leaves half of a zone."""
    stage.open()
    stage.new_registration()
    stage.tell("Somebody's logs fill the disk on which the published zone lies.")
    done = stage.on_a_full_disk("run")
    stage.stopped(done, IO, "its file system has [0-9]+ octets free, and this needs|No space left",
                  "is untouched and valid until", "still as it was: yes")
    stage.z("check", code=1)
    stage.tell("There is room again.")
    stage.goes_on()
