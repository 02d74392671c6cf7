# SPDX-License-Identifier: MIT
"""Mutations of NSEC, NSEC3 and of what they tell resolvers."""

from make_zones import word
from mutations import ANY, APEX, NSEC3, Record, mutation, nsec3_hash, relative
from zonemaker import base32hex

# --- denial: either ----------------------------------------------------------------------------------------------------

def bits(record):
    """(what comes before the types, the types) of an NSEC or NSEC3."""
    words = record.text.split()
    at = 1 if record.type == "NSEC" else 5
    return words[:at], words[at:]


def bitmap_checks(**how):
    """One class for NSEC, one for NSEC3: other checks find them."""
    def put(act):
        name = act.__name__.replace("_", "-")
        mutation("denial.nsec.bitmap", "denied", name=f"nsec-{name}", flavours=("nsec",), **how)(act)
        return mutation("denial.nsec3.bitmap", "denied", name=f"nsec3-{name}", flavours=NSEC3, **how)(act)
    return put


@bitmap_checks()
def type_missing(plot):
    """the type bitmap lacks a type that the name has"""
    record = plot.pick([r for r in plot.links() if set(bits(r)[1]) - {"NSEC", "RRSIG"}])
    head, types = bits(record)
    types.remove(plot.random.choice([t for t in types if t not in ("NSEC", "RRSIG")]))
    record.text = " ".join(head + types)


@bitmap_checks()
def type_extra(plot):
    """the type bitmap has a type that the name has not"""
    record = plot.pick(plot.links())
    head, types = bits(record)
    record.text = " ".join(head + types + [plot.random.choice(["SRV", "LOC", "TYPE300", "TYPE65534"])])


@bitmap_checks()
def rrsig_bit_missing(plot):
    """the type bitmap lacks RRSIG"""
    record = plot.pick([r for r in plot.links() if "RRSIG" in bits(r)[1]])
    head, types = bits(record)
    record.text = " ".join(head + [t for t in types if t != "RRSIG"])


@bitmap_checks()
def glue_in_bitmap(plot):
    """the type bitmap of a delegation has a type of the child's side"""
    record = plot.pick([r for r in plot.links() if "NS" in bits(r)[1] and "SOA" not in bits(r)[1]])
    head, types = bits(record)
    record.text = " ".join(head + ["A"] + types)


@bitmap_checks()
def ds_bit_missing(plot):
    """the type bitmap of a secure delegation lacks DS"""
    record = plot.pick([r for r in plot.links() if "DS" in bits(r)[1]])
    head, types = bits(record)
    record.text = " ".join(head + [t for t in types if t != "DS"])


@bitmap_checks(zonemd=True)
def zonemd_bit_missing(plot):
    """the type bitmap of the apex lacks ZONEMD"""
    record = plot.pick([r for r in plot.links() if "ZONEMD" in bits(r)[1]])
    head, types = bits(record)
    record.text = " ".join(head + [t for t in types if t != "ZONEMD"])


@mutation("denial.complete", "keys")
def no_denial(plot):
    """neither NSEC nor NSEC3"""
    plot.denial = []


@mutation("denial.one-scheme", "keys", policy=ANY)
def nsec_beside_nsec3(plot):
    """a complete NSEC chain and a complete NSEC3 chain"""
    plot.denial = ["nsec", "nsec3"]


@mutation("denial.idle-spans", "keys", policy=ANY, flavours=NSEC3)
def idle_chain_skips_a_name(plot):
    """an NSEC3 chain that no NSEC3PARAM names leaves out a name"""
    dropped = plot.pick(plot.authoritative())
    plot.later["denied"] = lambda: plot.zone.add_nsec3(salt=b"\xcc", param=False, drop=(dropped.to_text(),), **plot.nsec3)


@mutation("denial.ttl", "denied", policy=ANY)
def denial_ttl(plot):
    """an NSEC or NSEC3 has another TTL than RFC 9077 has it"""
    plot.pick(plot.links()).ttl = 600


# --- denial: NSEC ------------------------------------------------------------------------------------------------------

def nsec_only(checks, stage="denied", **how):
    return mutation(checks, stage, flavours=("nsec",), **how)


@nsec_only("denial.nsec.owners")
def nsec_missing(plot):
    """a name has no NSEC, and the one before it leads to it"""
    plot.remove(plot.pick([r for r in plot.links() if r.name != APEX]))


@nsec_only("denial.nsec.owners denial.nsec.chain")
def nsec_name_skipped(plot):
    """a name has no NSEC, and the one before it passes it by"""
    links = plot.links()
    gone = plot.pick(links[1:])
    before = links[links.index(gone) - 1]
    before.text = word(0, gone.text.split()[0])(before.text)
    plot.remove(gone)


@nsec_only("denial.nsec.owners")
def nsec_at_glue(plot):
    """an NSEC at glue"""
    record = plot.pick(plot.glue())
    plot.add((record.name, "NSEC", "zs.test. A RRSIG NSEC"))


@nsec_only("denial.nsec.owners")
def nsec_at_an_empty_non_terminal(plot):
    """an NSEC at an empty non-terminal"""
    plot.add((plot.pick(plot.empty(True)), "NSEC", "zs.test. RRSIG NSEC"))


@nsec_only("denial.nsec.chain")
def nsec_next_passes_by(plot):
    """an NSEC's next name is the one after the next"""
    links = plot.links()
    record = plot.pick(links[:-2])
    record.text = word(0, links[links.index(record) + 1].text.split()[0])(record.text)


@nsec_only("denial.nsec.chain")
def nsec_next_does_not_exist(plot):
    """an NSEC's next name does not exist"""
    record = plot.pick(plot.links()[:-1])
    record.text = word(0, f"\\000.{record.name}")(record.text)


@nsec_only("denial.nsec.chain")
def nsec_last_not_to_the_apex(plot):
    """the last NSEC does not lead to the apex"""
    record = plot.pick(plot.links()[-1:])
    record.text = word(0, f"zzz.{APEX}")(record.text)


@nsec_only("denial.nsec.chain", "signed")
def nsec_of_a_removed_name(plot):
    """a name is gone and the NSEC before it still leads to it"""
    gone = plot.pick([n for n in plot.authoritative() if n.labels[0].startswith(b"x")])
    plot.zone.records = [r for r in plot.zone.records if r.name != gone]


@nsec_only("response.wildcard")
def nsec_denies_a_wildcard(plot):
    """the NSEC before a wildcard passes it by, so that answers deny it"""
    links = plot.links()
    gone = plot.pick([r for r in links if r.name.labels[0] == b"*"])
    before = links[links.index(gone) - 1]
    before.text = word(0, gone.text.split()[0])(before.text)
    plot.remove(gone)


# --- denial: NSEC3 -----------------------------------------------------------------------------------------------------

def nsec3_only(checks, stage="denied", flavours=NSEC3, **how):
    return mutation(checks, stage, flavours=flavours, **how)


def without(plot, name):
    plot.nsec3["drop"] = (name.to_text(),)


@nsec3_only("denial.nsec3.names", "keys")
def nsec3_name_left_out(plot):
    """a name has no NSEC3, and the chain passes it by"""
    without(plot, plot.pick(plot.authoritative()))


@nsec3_only("denial.nsec3.names", "keys")
def nsec3_secure_delegation_left_out(plot):
    """a secure delegation has no NSEC3, and the chain passes it by"""
    without(plot, plot.pick(plot.cuts(secure=True)))


@nsec3_only("denial.nsec3.names", "keys")
def nsec3_empty_non_terminal_left_out(plot):
    """an empty non-terminal has no NSEC3, and the chain passes it by"""
    without(plot, plot.pick(plot.empty(bare=plot.kind.flavour == "nsec3")))


@nsec3_only("denial.nsec3.names response.wildcard", "keys", flavours=("nsec3",))
def nsec3_wildcard_left_out(plot):
    """a wildcard has no NSEC3, so that answers deny it"""
    without(plot, plot.pick([n for n in plot.authoritative() if n.labels[0] == b"*"]))


@nsec3_only("denial.nsec3.opt-out-span", "keys", flavours=("nsec3",))
def nsec3_insecure_delegation_left_out(plot):
    """an insecure delegation has no NSEC3 in a chain without opt-out"""
    without(plot, plot.pick(plot.cuts(secure=False)))


@nsec3_only("denial.nsec3.opt-out-span response.referral", flavours=("opt-out",))
def opt_out_flag_cleared(plot):
    """the opt-out flag is clear where the span covers an insecure delegation"""
    cut = plot.pick([cut for cut in plot.cuts(secure=False) if plot.next_closer(cut) == cut])
    record = plot.covering(cut)
    record.text = word(1, "0")(record.text)


@nsec3_only("denial.nsec3.opt-out-span", flavours=("opt-out",))
def opt_out_flag_cleared_over_next_closer(plot):
    """the opt-out flag is clear over the next closer name of an insecure delegation, and set over its own"""
    record = None
    cut = plot.pick([cut for cut in plot.cuts(secure=False) if plot.next_closer(cut) != cut and
                     plot.covering(plot.next_closer(cut)) is not plot.covering(cut)])
    record = plot.covering(plot.next_closer(cut))
    record.text = word(1, "0")(record.text)


@nsec3_only("denial.nsec3.chain")
def nsec3_record_lost(plot):
    """an NSEC3 is gone, and the one before it leads to it"""
    plot.remove(plot.pick(plot.links()))


@nsec3_only("denial.nsec3.chain")
def nsec3_overlap(plot):
    """an NSEC3 leads past the next"""
    links = plot.links()
    record = plot.pick(links[:-2])
    record.text = word(4, links[links.index(record) + 1].text.split()[4])(record.text)


@nsec3_only("denial.nsec3.chain")
def nsec3_gap(plot):
    """an NSEC3 leads to a hash that is no name's"""
    record = plot.pick(plot.links())
    digest = int.from_bytes(nsec3_hash(relative(plot.label())), "big")
    record.text = word(4, base32hex(digest.to_bytes(20, "big")))(record.text)


@nsec3_only("denial.nsec3.chain")
def nsec3_other_salt(plot):
    """one NSEC3 of the chain has a salt of its own"""
    record = plot.pick(plot.links())
    record.text = word(3, "AB")(record.text)


@nsec3_only("denial.nsec3.chain")
def nsec3_other_iterations(plot):
    """one NSEC3 of the chain has iterations of its own"""
    record = plot.pick(plot.links())
    record.text = word(2, "1")(record.text)


@nsec3_only("denial.nsec3.extra", "records")
def nsec3_of_no_name(plot):
    """an NSEC3 of a name that does not exist, within the chain"""
    ghost = relative(plot.label())
    plot.add((ghost, "A", "192.0.2.1"))

    def leave():
        plot.zone.records = [r for r in plot.zone.records if r.name != ghost]
        plot.place = str(ghost)
    plot.later["denied"] = leave


@nsec3_only("denial.nsec3.extra", "records")
def nsec3_of_an_empty_non_terminal_left_over(plot):
    """an NSEC3 of an empty non-terminal that leads nowhere"""
    ghost = relative(f"{plot.label()}.{plot.label()}")
    plot.add((ghost, "A", "192.0.2.1"))

    def leave():
        gone = plot.link_of(ghost)
        before = plot.links()[plot.links().index(gone) - 1]
        before.text = word(4, gone.text.split()[4])(before.text)
        plot.zone.records = [r for r in plot.zone.records if r.name != ghost and r is not gone]
        plot.place = str(ghost.parent())
    plot.later["denied"] = leave


@nsec3_only("denial.nsec3.bitmap")
def nsec3_bitmap_of_an_empty_non_terminal(plot):
    """the NSEC3 of an empty non-terminal has a type"""
    record = plot.pick([r for r in plot.links() if not bits(r)[1]])
    record.text += " A"


@nsec3_only("denial.nsec3.parameters")
def nsec3_unknown_flag(plot):
    """an NSEC3 has a flag that nobody knows"""
    record = plot.pick(plot.links())
    record.text = word(1, str(2 + int(record.text.split()[1])))(record.text)


@nsec3_only("denial.nsec3.parameters")
def nsec3param_flag(plot):
    """the NSEC3PARAM has the opt-out flag"""
    record = plot.of_type("NSEC3PARAM")[0]
    record.text = word(1, "1")(record.text)


@nsec3_only("denial.nsec3.parameters")
def nsec3param_algorithm(plot):
    """the NSEC3PARAM has a hash algorithm that nobody knows"""
    record = plot.of_type("NSEC3PARAM")[0]
    record.text = word(0, "2")(record.text)


@nsec3_only("denial.nsec3.parameters")
def nsec3param_without_chain(plot):
    """a second NSEC3PARAM that no chain follows"""
    plot.zone.records.append(Record(APEX, 0, "NSEC3PARAM", "1 0 0 AB"))


@nsec3_only("denial.complete", "keys")
def nsec3param_missing(plot):
    """no NSEC3PARAM"""
    plot.nsec3["param"] = False


@nsec3_only("denial.nsec3.parameters", "keys")
def iterations_151(plot):
    """151 iterations"""
    plot.nsec3["iterations"] = 151


@nsec3_only("denial.nsec3.iterations", "keys", policy=ANY)
def iterations_5(plot):
    """5 iterations"""
    plot.nsec3["iterations"] = 5


@nsec3_only("denial.nsec3.salt", "keys", policy=ANY)
def salt(plot):
    """a salt"""
    plot.nsec3["salt"] = b"\x0c\x0f"


@nsec3_only("denial.nsec3.one-set", "keys", policy=ANY)
def two_chains(plot):
    """two NSEC3PARAM, each with a complete chain"""
    plot.later["denied"] = lambda: plot.zone.add_nsec3(salt=b"\xaa", **plot.nsec3)


@nsec3_only("denial.nsec3.opt-out", policy=ANY, flavours=("opt-out",))
def flags_mixed(plot):
    """the opt-out flag is clear where the span covers no delegation"""
    needed = {id(plot.covering(name)) for cut in plot.cuts(secure=False) for name in (cut, plot.next_closer(cut))}
    record = plot.pick([r for r in plot.links() if id(r) not in needed])
    record.text = word(1, "0")(record.text)


# --- what resolvers are told -------------------------------------------------------------------------------------------

@mutation("response.positive", "signed")
def answer_not_signed(plot):
    """the answer at a wildcard or by a DNAME is not signed"""
    plot.remove(plot.pick([r for r in plot.signatures() if r.name.labels[0] == b"*" and not r.text.startswith("NSEC")]
                          + plot.signatures("DNAME")))


@mutation("response.nodata", "keys", flavours=("nsec3",))
def empty_non_terminal_denied(plot):
    """an empty non-terminal has no NSEC3, so that answers deny what is below it"""
    without(plot, plot.pick(plot.empty(bare=True)))


@mutation("response.nodata", "denied", flavours=("nsec",), name="nsec-type-denied")
def nsec_gone(plot):
    """a name has no NSEC that says which types it has"""
    aliases = {r.name for r in plot.of_type("CNAME")}  # which answer whatever is asked
    plot.remove(plot.pick([r for r in plot.links()[:-1] if r.name in plot.authoritative() and r.name not in aliases]))


@mutation("response.nxdomain", "denied", flavours=("nsec",))
def last_nsec_missing(plot):
    """the last name has no NSEC, so that nothing denies what follows it"""
    plot.remove(plot.pick(plot.links()[-1:]))


@mutation("response.opt-out-wildcard", "records", policy=ANY, flavours=("opt-out",))
def wildcard_above_bare_empty_non_terminal(plot):
    """a wildcard above an empty non-terminal of insecure delegations without NSEC3"""
    plot.add(("*", "TXT", '"any"'))
