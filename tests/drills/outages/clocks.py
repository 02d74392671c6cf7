# SPDX-License-Identifier: MIT
"""Outages by time: signatures that ran out, clocks that were wrong."""
import datetime

from stage import KEY, MALFORMED, OK, REFUSED, SERIAL, ZONE, delegations, drill


def days(first, last, step):
    """Noon of each `step`th day."""
    day = datetime.date.fromisoformat(first)
    while day <= datetime.date.fromisoformat(last):
        yield f"{day}T12:00:00Z"
        day += datetime.timedelta(step)


@drill("arin.net, .mm, e164.arpa, .zm", "2015 to 2019", "`zoneseal check` days before; the first run that works again")
def stale_2019(stage):
    """Signatures simply ran out, because the signer had not run: .zm in December 2015, .mm for 22 hours in June 2016,
    e164.arpa in June 2017, arin.net in January 2019."""
    stage.open()
    stage.tell("The signer's machine is down. Monitoring asks from elsewhere, on a copy of the keystore.")
    stage.at("2026-12-07T12:00:00Z")
    stage.says(stage.z("check", code=1), "WARNING")
    stage.at("2026-12-11T12:00:00Z")
    stage.says(stage.z("check", code=2), "CRITICAL")
    stage.tell("It comes back after the signatures have run out, while the registry's file is broken as well.")
    stage.at("2026-12-20T12:00:00Z")
    stage.registry("half a reco")
    stage.says(stage.z("run", code=MALFORMED), "signatures due, the input is bad")
    stage.assert_good()
    stage.tell("What was published is signed anew from the archive, with the content of before, and then the registry's.")
    stage.new_registration()
    stage.goes_on()


@drill(".com and .net, some sites", "2023-07-09", "`change.expire`: SOA expire fits into what signatures have left")
def com_2023(stage):
    """Some sites of .com were cut off from new zones and went on serving old ones, until the signatures in them had
    expired. A server that is cut off stops to answer when SOA expire has passed: that must come first."""
    stage.open()
    stage.registry(delegations(serial=SERIAL + 1).replace("604800", "1900800"))
    stage.tell("The registry raises SOA expire from 7 to 22 days.")
    done = stage.z("run")
    stage.refused(done, "change.expire", cause=["a secondary that is cut off would go on serving signatures that have expired",
                                                "Do: lower the expire in the input.s SOA"])
    stage.new_registration()
    stage.goes_on()


@drill("no outage yet", "-", "the clock guard, before anything is signed")
def clock_back(stage):
    """The signer's clock jumps back, as after an empty battery: signatures would begin in the past and end too early, and
    rollovers would wait for the wrong moments."""
    stage.open()
    stage.new_registration()
    stage.at("2026-11-20T12:00:00Z")
    stage.stopped(stage.z("run"), REFUSED, "clock guard", "the last run was at 2026-11-24T12:00:00Z")
    stage.at("2026-11-24T13:00:00Z")
    stage.goes_on()


@drill("no outage yet", "-", "`time.valid`, with the proven cause; a dated serial from tomorrow is refused by the clock guard")
def clock_off(stage):
    """The clock of a signer is wrong: its signatures are valid for nobody. A signer that checks its own work by its own
    clock sees nothing."""
    stage.open()
    stage.new_registration()

    def fault(zone):
        times = {name: seconds + 2 * 86400 for name, seconds in zone.times.items()}
        for records in zone.sets().values():
            if [r for r in zone.of("RRSIG", covers=records[0].type) if r.name == records[0].name]:
                zone.sign_again(records, **times)
        zone.times = times
    stage.tell("The signing machine is two days ahead of the one that checks.")
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "time.valid", cause=["nearly all signatures begin after 2026-11-24T12:00:00Z: a clock is wrong"])
    stage.tell("The whole machine is two days behind, and the registry numbers its zones by date.")
    stage.new_registration(2026112700)
    stage.stopped(stage.z("run"), REFUSED, "clock guard: the input's serial 2026112700 is a date more than a day after")
    stage.new_registration()
    stage.goes_on()


@drill(".zm", "2018-10-14", "the ceremony's alarm a month before; `run` says so with exit 69 when it is over")
def zm_2018(stage):
    """The signature of the KSK over the DNSKEY RRset expired, while all others were renewed day by day: the KSK is used
    rarely and by hand, and nobody had counted the days."""
    vault = stage.path("vault")
    stage.init("keys: {offline-ksk: true, zsk: {lifetime: 60d}}\nparent: {cds: always, ds: by-hand}\n")
    stage.registry(delegations(20))
    stage.z("zone", "add", ZONE, "-i", stage.input, "--policy", stage.policy, code=OK, quiet=True)
    stage.z("init", "--virtual-clock", code=OK, state=vault, quiet=True)
    stage.z("zone", "add", ZONE, "--policy", stage.policy, code=OK, state=vault, quiet=True)
    stage.z("ksr", "create", ZONE, "-o", stage.path("1.ksr"), code=OK)
    stage.z("skr", "sign", ZONE, "-i", stage.path("1.ksr"), "-o", stage.path("1.skr"), code=OK, state=vault)
    stage.z("skr", "import", ZONE, "-i", stage.path("1.skr"), code=OK)
    stage.z("run", code=OK, quiet=True)
    for day in days("2026-11-28", "2027-01-22", 5):
        stage.at(day)
        stage.z("run", code=OK, quiet=True)
    stage.tell("A month before the last signature of that ceremony begins to run out, run and status say so.")
    stage.at("2027-01-25T12:00:00Z")
    stage.says(stage.z("run", code=OK), "warning: .*(SKR|ceremony|ksr create)")
    stage.tell("Nobody reads it, and the period ends.")
    for day in days("2027-01-27", "2027-02-22", 5):
        stage.at(day)
        stage.z("run", code=OK, quiet=True)
    stage.keep()
    stage.at("2027-02-23T12:00:00Z")
    done = stage.z("run", code=KEY)
    stage.says(done, "the last SKR ended at", "the zone then turns bogus: zoneseal ksr emergency")
    stage.tell("The signatures of the ceremony hold two weeks longer; a version that outlives them is not published.")
    stage.keep()
    stage.at("2027-03-07T12:00:00Z")
    stage.registry(text=delegations(21, serial=SERIAL + 90))
    stage.stopped(stage.z("run"), KEY, "is untouched and valid until")
    stage.z("check", code=2)
    stage.tell("The next ceremony.")
    stage.z("ksr", "emergency", ZONE, "-o", stage.path("2.ksr"), code=OK)
    stage.z("skr", "sign", ZONE, "-i", stage.path("2.ksr"), "-o", stage.path("2.skr"), code=OK, state=vault)
    stage.z("skr", "import", ZONE, "-i", stage.path("2.skr"), code=OK)
    stage.goes_on()


@drill(".zm, by a fault of the signer", "2018-10-14", "`time.valid` for the DNSKEY RRset")
def dnskey_expired(stage):
    """The same, seen from the zone file: every signature is fresh, only the one over the keys has run out."""
    stage.open()
    stage.new_registration()

    def fault(zone):
        zone.sign_again(zone.of("DNSKEY"), expiration=zone.times["inception"] + 600, inception=zone.times["inception"] - 864000)
    with stage.broken_signer(fault):
        done = stage.z("run")
    stage.refused(done, "time.valid", r"zs\.test\. DNSKEY", cause=[r"signatures that have expired \(1\)"])
    stage.goes_on()
