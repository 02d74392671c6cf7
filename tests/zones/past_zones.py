# SPDX-License-Identifier: MIT
"""Zones beside several versions that were published before. In options, "@TIME" after a version is --replaced TIME."""
from zonemaker import INCEPTION, NOW, Key, Record


def replaced(ago):
    """NOW of the cases is 2026-01-10T00:00:00Z; `ago` in seconds, less than a day."""
    return f"@2026-01-09T{(86400 - ago) // 3600:02}:{(86400 - ago) // 60 % 60:02}:{(86400 - ago) % 60:02}Z"


def key_steps(z):
    """A ZSK is replaced: pre-published, then it signs, then the old one goes. TTLs are 3600, that of "slow" is 14400."""
    slow = [Record("slow", 14400, "A", "192.0.2.7")]
    both = (z.KSK, z.ZSK, z.ZSK2)
    step = {1: z.signed(z.base(2026010101, slow)), 2: z.signed(z.base(2026010102, slow), published=both),
            3: z.signed(z.base(2026010103, slow), zsks=(z.ZSK2,), published=both),
            4: z.signed(z.base(2026010104, slow), zsks=(z.ZSK2,), published=(z.KSK, z.ZSK2)),
            5: z.signed(z.base(2026010104, slow), zsks=(z.ZSK, z.ZSK2), published=both)}
    for folder in ("good", "bad"):
        for number in (1, 2, 3):
            z.write(folder, f"step{number}.zone", step[number])
    z.good("versions_replaced_by_ttl", step[3], "previous=step2.zone previous=step1.zone" + replaced(3600))
    z.bad("versions_keys_in_caches", "cache.old-keys", step[3],
          "previous=step2.zone previous=step1.zone" + replaced(3599))
    z.bad("versions_key_not_in_all", "cache.key-prepublished", step[3], "previous=step1.zone previous=step2.zone")
    z.good("versions_key_gone_by_ttl", step[4],
           f"previous=step3.zone previous=step2.zone{replaced(14400)} previous=step1.zone{replaced(20000)}")
    z.bad("versions_sigs_in_caches", "cache.old-signatures", step[4],
          f"previous=step3.zone previous=step2.zone{replaced(14399)} previous=step1.zone{replaced(20000)}")
    z.bad("versions_sigs_of_the_oldest", "cache.old-signatures", step[4],
          f"previous=step1.zone{replaced(10000)} previous=step3.zone previous=step2.zone{replaced(20000)}")
    z.good("versions_signed_for_all", step[5], "previous=step2.zone previous=step1.zone previous=step3.zone")
    z.good("versions_of_no_cache", step[4], f"previous=step1.zone{replaced(86000)}")


def serials(z):
    """Limits go by the newest, whatever the order; the serial must be greater than each."""
    tight = "policy=limits_tight.json"
    more = [Record("n", 3600, "NS", "a.test.")]
    for folder in ("good", "bad"):
        z.write(folder, "fewer.zone", z.signed(z.base(2026010102)))
        z.write(folder, "more.zone", z.signed(z.base(2026010103, more)))
        z.write(folder, "before_wrap.zone", z.signed(z.base(4294967290)))
        z.write(folder, "after_wrap.zone", z.signed(z.base(5, more)))
    z.write("good", "limits_tight.json", '{"schema": "zoneseal.limits/1", "change": {"removed": {"ppm": 0, "floor": 0}, '
            '"added": {"ppm": 0, "floor": 0}, "records": {"ppm": 0, "floor": 0}}}\n')
    latest = z.signed(z.base(2026010104, more))
    z.good("versions_newest_first", latest, f"previous=more.zone previous=fewer.zone {tight}")
    z.good("versions_newest_last", latest, f"previous=fewer.zone previous=more.zone {tight}")
    z.good("versions_newest_after_wrap", z.signed(z.base(6, more)),
           f"previous=before_wrap.zone previous=after_wrap.zone {tight}")
    fewer = z.signed(z.base(2026010104))
    z.bad("versions_limit_by_newest", "change.delegations", fewer, f"previous=more.zone previous=fewer.zone {tight}")
    z.bad("versions_limit_by_newest_last", "change.delegations", fewer, f"previous=fewer.zone previous=more.zone {tight}")
    z.bad("versions_limit_after_wrap", "change.delegations", z.signed(z.base(6)),
          f"previous=after_wrap.zone previous=before_wrap.zone {tight}")
    z.bad("versions_serial_of_older", "serial.increases", fewer, "previous=fewer.zone previous=later.zone")
    z.write("bad", "later.zone", z.signed(z.base(2026010105)))
    z.bad("versions_serial_reused", "serial.content", z.signed(z.base(2026010103)),
          "previous=fewer.zone previous=more.zone")
    z.bad("versions_one_of_other_zone", "gate.counts", fewer, "previous=fewer.zone previous=other.zone")
    z.bad("versions_one_unreadable", "exit=65", fewer, "previous=fewer.zone previous=empty.zone")


def entries(z):
    """KSKs exchanged: with no key in common the parent's DS must lead to both, whoever the next key is."""
    new = {"ksks": (z.KSK2,)}
    after = lambda **o: z.signed(z.base(2026010102), **{**new, **o})
    ds = lambda *keys: "".join(f"zs.test. 3600 IN DS {key.ds()}\n" for key in keys)
    for folder in ("good", "bad"):
        z.write(folder, "old_ksk.zone", z.signed())
        z.write(folder, "old_csk.zone", z.signed(zsks=(z.KSK,), published=(z.KSK,)))
        z.write(folder, "old_and_new.ds", ds(z.KSK, z.KSK2))
        z.write(folder, "new.ds", ds(z.KSK2))
        z.write(folder, "two_signing.zone", z.signed(ksks=(z.KSK, z.KSK2)))
    z.bad("ksk_exchanged", "cache.entry-key", after(), "previous=old_ksk.zone")
    z.bad("ksk_exchanged_new_ds", "cache.entry-key", after(), "previous=old_ksk.zone anchor=new.ds")
    z.bad("ksk_exchanged_prepublished", "cache.entry-key", after(published=(z.KSK, z.KSK2, z.ZSK)), "previous=old_ksk.zone")
    z.bad("ksk_exchanged_of_newest", "cache.entry-key", z.signed(z.base(2026010103), **new),
          "previous=two_signing.zone previous=old_again.zone")
    z.write("bad", "old_again.zone", z.signed(z.base(2026010102)))
    z.write("bad", "twin_before.zone", z.signed(ksks=(z.twins[1],)))
    z.write("bad", "twin_newest.zone", z.signed(z.base(2026010102), ksks=(z.twins[0],)))
    z.bad("ksk_exchanged_for_an_older_with_its_tag", "cache.entry-key", z.signed(z.base(2026010103), ksks=(z.twins[1],)),
          "previous=twin_newest.zone previous=twin_before.zone")
    z.bad("csk_exchanged", "cache.entry-key", after(zsks=(z.KSK, z.KSK2), published=(z.KSK, z.KSK2)),
          "previous=old_csk.zone")
    z.bad("ksk_revoked_and_exchanged", "cache.entry-key", after(ksks=(z.KSK2, Key("ksk", 257 | 128))),
          "previous=old_ksk.zone")
    z.good("ksk_exchanged_double_ds", after(), "previous=old_ksk.zone anchor=old_and_new.ds", others=False)
    z.good("ksk_old_leaves", after(), "previous=two_signing.zone anchor=new.ds")
    z.good("ksk_new_signs_beside", after(ksks=(z.KSK, z.KSK2)), "previous=old_ksk.zone anchor=ksk.ds")
    z.good("ksk_of_older_left", z.signed(z.base(2026010103), **new), "previous=two_newer.zone previous=old_ksk.zone")
    z.write("good", "two_newer.zone", z.signed(z.base(2026010102), ksks=(z.KSK, z.KSK2)))
    z.good("csk_both_sign", after(ksks=(z.KSK, z.KSK2), zsks=(z.KSK, z.KSK2), published=(z.KSK, z.KSK2)),
           "previous=old_csk.zone")
    z.good("ksk_gives_way_to_zsk_that_signed_beside", z.signed(z.base(2026010102), ksks=(z.ZSK,), published=(z.ZSK,)),
           "previous=both_enter.zone", others=False)
    z.write("good", "both_enter.zone", z.signed(ksks=(z.KSK, z.ZSK), published=(z.KSK, z.ZSK)))
    z.good("ksk_exchanged_after_expired", after(),
           "previous=expired_ksk.zone", others=False)
    z.write("good", "expired_ksk.zone", z.signed(after=z.resign(
        "@", "DNSKEY", z.KSK, inception=INCEPTION - 86400 * 60, expiration=NOW - 60)))
    z.write("good", "stolen.keys", f"{z.KSK.text()} dropped\n{z.KSK2.text()} ksk\n{z.ZSK.text()} zsk\n")
    z.good("ksk_dropped", after(), "previous=old_ksk.zone expect=stolen.keys", others=False)
    z.good("ksk_of_a_zone_that_was_unsigned", z.signed(z.base(2026010105), **new), "previous=unsigned.zone")


def make(z):
    entries(z)
    key_steps(z)
    serials(z)
