/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/base/workers.h"
#include "signer/verify/vbitmap.h"
#include "signer/verify/vdenial.h"

/* Which chains there are, and the NSEC chain (RFC 4034 4, RFC 4035 2.3). NSEC3 is in vnsec3.c. */

static bool is_name(const struct vowner *owner)
{
	return owner->kind == VKIND_DATA || owner->kind == VKIND_CUT;
}

void vdenial_ttl(struct vrun *run, const struct vrecord *record)
{
	const struct vzone *const zone = &run->zone;
	const uint32_t wanted = zone->soa_ttl < zone->soa_minimum ? zone->soa_ttl : zone->soa_minimum;
	if (zone->soa != NULL && record->ttl != wanted)
		vreport_fail(run->report, VC_DENIAL_TTL, "NSEC or NSEC3 with a TTL that is not min(SOA TTL, MINIMUM)",
		    vplace_of(record), "TTL %u, wanted %u", record->ttl, wanted);
}

static const uint8_t *next_name(const struct vzone *zone, size_t after)
{
	for (size_t i = after + 1; i < zone->owner_count; i++)
		if (is_name(&zone->owners[i]))
			return zone->owners[i].name;
	return zone->apex;
}

/* What an NSEC says of its own name. False: it cannot be read. */
static bool check_types(struct vrun *run, const struct vowner *owner, const struct vrecord *nsec)
{
	const size_t next_size = vname_check(nsec->rdata, nsec->size);
	char detail[VBITMAP_TEXT];
	if (next_size == 0) {
		vreport_fail(
		    run->report, VC_NSEC_CHAIN, "malformed NSEC", vplace_of(nsec), "%u octets of RDATA", nsec->size);
		return false;
	}
	if (!vbitmap_matches(&run->zone, owner, false, nsec->rdata + next_size, nsec->size - next_size, detail))
		vreport_fail(run->report, VC_NSEC_BITMAP, "NSEC whose bitmap is not the set of types", vplace_of(nsec),
		    "%s", detail);
	return true;
}

static void check_link(struct vrun *run, size_t at, const struct vrecord *nsec)
{
	const struct vzone *const zone = &run->zone;
	char text[VNAME_TEXT];
	if (!check_types(run, &zone->owners[at], nsec))
		return;
	const uint8_t *const wanted = next_name(zone, at);
	if (!vname_equal(nsec->rdata, wanted)) {
		vname_format(wanted, text);
		vreport_fail(run->report, VC_NSEC_CHAIN, "NSEC that do not point to the next name", vplace_of(nsec),
		    "the next name is %s", text);
	}
	vdenial_ttl(run, nsec);
}

static void check_owner(struct vrun *run, size_t at)
{
	const struct vzone *const zone = &run->zone;
	const struct vowner *const owner = &zone->owners[at];
	const struct vset set = vzone_set(zone, owner, VTYPE_NSEC);
	if (!is_name(owner)) {
		if (set.count > 0)
			vreport_fail(run->report, VC_NSEC_OWNERS, "NSEC at names that have none", vplace_of(set.first),
			    "no authoritative data and no delegation here");
		return;
	}
	if (set.count == 0) {
		vreport_fail(run->report, VC_NSEC_OWNERS, "names without NSEC", vplace_owner(zone, owner), "no NSEC");
		return;
	}
	if (vzone_next(set.first, set.first + set.count) < set.first + set.count)
		vreport_fail(run->report, VC_NSEC_OWNERS, "names with more than one NSEC", vplace_of(set.first),
		    "%zu records", set.count);
	if (set.count + vzone_set(zone, owner, VTYPE_RRSIG).count == owner->count)
		vreport_fail(run->report, VC_NSEC_OWNERS, "names that hold nothing but their NSEC",
		    vplace_of(set.first), "an NSEC must not be the only RRset of a name (RFC 4035 2.3)");
	check_link(run, at, set.first);
}

static enum status check_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++)
		check_owner(context, i);
	return STATUS_OK;
}

static enum status check_nsec(struct vrun *run, struct error *err)
{
	const struct vzone *const zone = &run->zone;
	uint64_t names = 0;
	for (size_t i = 0; i < zone->owner_count; i++)
		names += is_name(&zone->owners[i]);
	const enum status status = workers_run(run->threads, zone->owner_count, 1024, check_owners, run, err);
	vreport_count(run->report, VC_NSEC_OWNERS, names);
	vreport_count(run->report, VC_NSEC_CHAIN, names);
	vreport_count(run->report, VC_NSEC_BITMAP, names);
	vreport_count(run->report, VC_DENIAL_TTL, names);
	return status;
}

/* Whether an NSEC at `from` that points to `to` denies `name`, in a circle of canonical order (RFC 4034 6.1). */
static bool denies(const uint8_t *from, const uint8_t *to, const uint8_t *name)
{
	const bool above = vname_compare(name, from) > 0;
	const bool below = vname_compare(name, to) < 0;
	return vname_compare(from, to) < 0 ? above && below : (above || below);
}

static void check_idle_owner(struct vrun *run, size_t at)
{
	const struct vowner *const owner = &run->zone.owners[at];
	const struct vset set = vzone_set(&run->zone, owner, VTYPE_NSEC);
	char text[VNAME_TEXT];
	if (!is_name(owner) || set.count == 0)
		return;
	const uint8_t *const next = next_name(&run->zone, at);
	/* Each is compared with all types of the name. */
	enum { MOST_NSEC = 16 };
	const size_t count = set.count < MOST_NSEC ? set.count : MOST_NSEC;
	if (set.count > MOST_NSEC)
		vreport_fail(run->report, VC_GATE_COUNTS, "more NSEC at one name than are judged",
		    vplace_of(&set.first[MOST_NSEC]), "%zu records, %d judged", set.count, MOST_NSEC);
	vreport_count(run->report, VC_NSEC_BITMAP, count);
	vreport_count(run->report, VC_DENIAL_IDLE, count);
	for (size_t i = 0; i < count; i++) {
		if (!check_types(run, owner, &set.first[i]) || vname_equal(next, owner->name) ||
		    !denies(owner->name, set.first[i].rdata, next))
			continue;
		vname_format(next, text);
		vreport_fail(run->report, VC_DENIAL_IDLE, "NSEC beside NSEC3PARAM that deny a name of the zone",
		    vplace_of(&set.first[i]), "%s", text);
	}
}

static enum status check_idle_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++)
		check_idle_owner(context, i);
	return STATUS_OK;
}

/* Beside an announced NSEC3 chain, NSEC records are one that comes or goes: servers use the other, and it may have gaps
 * (RFC 5155 10.4). Whoever has one can still show it to a validator: what it says of its name must be true, and what it
 * denies is told. */
static enum status check_idle_nsec(struct vrun *run, struct error *err)
{
	return workers_run(run->threads, run->zone.owner_count, 1024, check_idle_owners, run, err);
}

/* The first record of a type in the zone, or NULL. */
static const struct vrecord *first_of(const struct vzone *zone, uint16_t type)
{
	const struct vrecord *found = NULL;
	for (size_t i = 0; i < zone->file.count; i++)
		if (zone->records[i].type == type && (found == NULL || zone->records[i].line < found->line))
			found = &zone->records[i];
	return found;
}

static void check_scheme(struct vrun *run, const struct vrecord *nsec, const struct vrecord *nsec3)
{
	vreport_count(run->report, VC_DENIAL_SCHEME, 1);
	if (nsec != NULL && nsec3 != NULL)
		vreport_fail(run->report, VC_DENIAL_SCHEME, "both NSEC and NSEC3", vplace_of(nsec),
		    "legal only while one replaces the other");
	if (run->limits.denial == VDENIAL_NSEC && nsec == NULL)
		vreport_fail(run->report, VC_DENIAL_SCHEME, "no NSEC, which the policy wants",
		    (struct vplace){ run->zone.apex, VTYPE_NSEC, 0 }, "policy: nsec");
	if (run->limits.denial == VDENIAL_NSEC3 && nsec3 == NULL)
		vreport_fail(run->report, VC_DENIAL_SCHEME, "no NSEC3, which the policy wants",
		    (struct vplace){ run->zone.apex, VTYPE_NSEC3, 0 }, "policy: nsec3");
}

enum status vdenial_check(struct vrun *run, struct error *err)
{
	const struct vzone *const zone = &run->zone;
	const struct vplace apex = { zone->apex, 0, 0 };
	if (zone->top == NULL || run->published == 0)
		return STATUS_OK;
	const struct vrecord *const nsec = first_of(zone, VTYPE_NSEC);
	const struct vrecord *const nsec3 = first_of(zone, VTYPE_NSEC3);
	const bool announced = vzone_set(zone, zone->top, VTYPE_NSEC3PARAM).count > 0;
	vreport_count(run->report, VC_DENIAL_COMPLETE, 1);
	check_scheme(run, nsec, nsec3);
	if (nsec == NULL && nsec3 == NULL)
		vreport_fail(run->report, VC_DENIAL_COMPLETE, "no NSEC and no NSEC3", apex, "nothing can be denied");
	else if (nsec == NULL && !announced)
		vreport_fail(run->report, VC_DENIAL_COMPLETE, "NSEC3 without NSEC3PARAM, so no server uses them", apex,
		    "no chain is complete (RFC 5155 4)");
	if (nsec3 != NULL || announced) {
		const enum status status = vnsec3_check(run, err);
		if (status != STATUS_OK)
			return status;
	}
	if (nsec == NULL)
		return STATUS_OK;
	return announced ? check_idle_nsec(run, err) : check_nsec(run, err);
}
