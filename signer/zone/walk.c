/* SPDX-License-Identifier: MIT */
#include "signer/zone/walk.h"

#include <assert.h>

#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"
#include "signer/zone/order.h"

struct walk {
	struct zone *zone;
	size_t most_names;
	const char *const *files;
	const uint8_t *cut; /* the delegation or DNAME that the walk is at or below, or NULL */
	bool cut_is_dname;
	const uint8_t *last; /* the last name that is in the chain or leads to one */
};

/* What the types at a name say about it. */
struct types {
	const struct rrset *cname, *dname, *ns, *ds, *soa, *dnskey;
	bool only_addresses;
};

static struct types look(const struct rrset *rrsets, size_t count)
{
	struct types types = { .only_addresses = true };
	for (size_t i = 0; i < count; i++) {
		const struct rrset *const rrset = &rrsets[i];
		types.cname = rrset->type == RRTYPE_CNAME ? rrset : types.cname;
		types.dname = rrset->type == RRTYPE_DNAME ? rrset : types.dname;
		types.ns = rrset->type == RRTYPE_NS ? rrset : types.ns;
		types.ds = rrset->type == RRTYPE_DS ? rrset : types.ds;
		types.soa = rrset->type == RRTYPE_SOA ? rrset : types.soa;
		types.dnskey = rrset->type == RRTYPE_DNSKEY ? rrset : types.dnskey;
		types.only_addresses &= rrset->type == RRTYPE_A || rrset->type == RRTYPE_AAAA;
	}
	return types;
}

static enum status refuse(const struct walk *walk, const struct record *record, struct error *err, const char *what)
{
	char owner[NAME_TEXT];
	name_to_text(record->owner, owner);
	return error_set_at(
	    err, STATUS_MALFORMED, walk->files[record->file], record->line, 0, "%.400s: %s", owner, what);
}

/* RFC 2181 10.1 and RFC 4035 2.5: what may stand beside a CNAME. */
static enum status check_cname(
    const struct walk *walk, const struct rrset *rrsets, size_t count, const struct types *types, struct error *err)
{
	if (types->cname->count > 1)
		return refuse(walk, &types->cname->records[1], err, "two CNAME records at one name (RFC 2181 10.1)");
	for (size_t i = 0; i < count; i++) {
		const uint16_t type = rrsets[i].type;
		if (type != RRTYPE_CNAME && type != RRTYPE_KEY && type != RRTYPE_RRSIG && type != RRTYPE_NSEC) {
			/* The place of whichever was written later. */
			const struct record *const other = &rrsets[i].records[0];
			const struct record *const cname = &types->cname->records[0];
			return refuse(walk, other->line > cname->line ? other : cname, err,
			    "CNAME beside other data (RFC 2181 10.1, RFC 4035 2.5)");
		}
	}
	return STATUS_OK;
}

/* order_rrsets has found the largest already. */
static enum status check_sizes(const struct walk *walk, const struct rrset *rrsets, size_t count, struct error *err)
{
	for (size_t i = 0; i < count && walk->zone->largest_message > UINT16_MAX; i++)
		if (zone_message_size(&rrsets[i]) > UINT16_MAX)
			return refuse(walk, &rrsets[i].records[rrsets[i].count - 1], err,
			    "an RRset that no DNS message can carry: it needs over 65535 octets (RFC 1035 4.2.2)");
	return STATUS_OK;
}

static enum status check_apex(const struct walk *walk, const struct types *types, struct error *err)
{
	char apex[NAME_TEXT];
	name_to_text(walk->zone->apex, apex);
	if (types->soa == NULL)
		return error_set_at(err, STATUS_MALFORMED, walk->files[0], 0, 0,
		    "%.400s: no SOA record at the apex (RFC 1035 5.2); is this the right zone name?", apex);
	if (types->soa->count > 1)
		return refuse(walk, &types->soa->records[1], err, "two different SOA records (RFC 1035 5.2)");
	if (types->ns == NULL)
		return error_set_at(err, STATUS_MALFORMED, walk->files[0], 0, 0,
		    "%.400s: no NS record at the apex (RFC 1034 4.2.1)", apex);
	if (types->ds != NULL)
		return refuse(
		    walk, &types->ds->records[0], err, "DS at the apex; it belongs into the parent (RFC 4035 2.4)");
	return STATUS_OK;
}

static enum status check_name(const struct walk *walk, const struct rrset *rrsets, size_t count,
    const struct types *types, enum zone_kind kind, struct error *err)
{
	if (kind == ZONE_APEX) {
		const enum status status = check_apex(walk, types, err);
		if (status != STATUS_OK)
			return status;
	} else if (types->soa != NULL) {
		return refuse(walk, &types->soa->records[0], err, "SOA below the apex (RFC 1035 5.2)");
	}
	if (types->dname != NULL && types->dname->count > 1)
		return refuse(walk, &types->dname->records[1], err, "two DNAME records at one name (RFC 6672 2.4)");
	if (types->dname != NULL && kind == ZONE_DELEGATION)
		return refuse(walk, &types->dname->records[0], err,
		    "DNAME beside NS, which is only right at the apex (RFC 6672 2.3)");
	if (kind == ZONE_OCCLUDED && walk->cut_is_dname)
		return refuse(
		    walk, &rrsets[0].records[0], err, "data below a DNAME, where no record may be (RFC 6672 2.4)");
	if (kind == ZONE_AUTHORITATIVE && types->ds != NULL)
		return refuse(walk, &types->ds->records[0], err, "DS without NS (RFC 4035 2.4)");
	if (kind == ZONE_AUTHORITATIVE && types->dnskey != NULL)
		return refuse(
		    walk, &types->dnskey->records[0], err, "DNSKEY at a name that is no zone's (RFC 4034 2.1.1)");
	return types->cname == NULL ? STATUS_OK : check_cname(walk, rrsets, count, types, err);
}

static enum zone_kind classify(const struct walk *walk, size_t index, const struct types *types)
{
	if (index == 0)
		return ZONE_APEX;
	if (walk->cut != NULL)
		return types->only_addresses && !walk->cut_is_dname ? ZONE_GLUE : ZONE_OCCLUDED;
	return types->ns != NULL ? ZONE_DELEGATION : ZONE_AUTHORITATIVE;
}

static void add_name(
    struct walk *walk, const uint8_t *owner, size_t first_rrset, size_t rrset_count, enum zone_kind kind, bool secure)
{
	struct zone *const zone = walk->zone;
	assert(zone->name_count < walk->most_names);
	zone->names[zone->name_count++] = (struct zone_name){
		.owner = owner,
		.first_rrset = (uint32_t)first_rrset,
		.rrset_count = (uint16_t)rrset_count,
		.kind = (uint8_t)kind,
		.secure = secure,
	};
}

/* Adds the empty non-terminals between the last name of the chain and `owner`. */
static void enter_chain(struct walk *walk, const uint8_t *owner, size_t first_rrset)
{
	const unsigned labels = name_labels(owner);
	const unsigned apex_labels = walk->zone->apex_labels;
	const unsigned depth = labels - apex_labels;
	if (depth > 1) {
		const unsigned common = order_common_labels(walk->last, owner) - apex_labels;
		for (unsigned d = common + 1; d < depth; d++)
			add_name(walk, name_skip(owner, depth - d), first_rrset, 0, ZONE_EMPTY_NON_TERMINAL, false);
	}
	walk->last = owner;
}

static void count_name(
    struct zone *zone, const struct rrset *rrsets, size_t count, const struct types *types, enum zone_kind kind)
{
	if (kind == ZONE_DELEGATION) {
		zone->delegations++;
		zone->secure_delegations += types->ds != NULL ? 1U : 0U;
	}
	if (kind != ZONE_DELEGATION && kind != ZONE_OCCLUDED)
		return;
	for (size_t i = 0; i < count; i++) {
		const uint16_t type = rrsets[i].type;
		const bool belongs = kind == ZONE_DELEGATION && (type == RRTYPE_NS || type == RRTYPE_DS ||
								    type == RRTYPE_A || type == RRTYPE_AAAA);
		zone->occluded += belongs ? 0U : rrsets[i].count;
	}
}

static enum status visit(struct walk *walk, size_t first, size_t count, struct error *err)
{
	struct zone *const zone = walk->zone;
	const struct rrset *const rrsets = &zone->rrsets[first];
	const uint8_t *const owner = rrsets[0].records[0].owner;
	if (walk->cut != NULL && !name_is_within(owner, walk->cut))
		walk->cut = NULL;
	const struct types types = look(rrsets, count);
	const enum zone_kind kind = classify(walk, zone->name_count, &types);
	if (kind == ZONE_APEX && !name_equal(owner, zone->apex))
		return check_apex(walk, &(struct types){ 0 }, err);
	enum status status = check_sizes(walk, rrsets, count, err);
	if (status == STATUS_OK)
		status = check_name(walk, rrsets, count, &types, kind, err);
	if (status != STATUS_OK)
		return status;
	const bool secure = kind == ZONE_DELEGATION && types.ds != NULL;
	if (kind == ZONE_AUTHORITATIVE || kind == ZONE_DELEGATION)
		enter_chain(walk, owner, first);
	add_name(walk, owner, first, count, kind, secure);
	count_name(zone, rrsets, count, &types, kind);
	if (kind == ZONE_DELEGATION || (types.dname != NULL && kind != ZONE_OCCLUDED)) {
		walk->cut = owner;
		walk->cut_is_dname = kind != ZONE_DELEGATION;
	}
	return STATUS_OK;
}

enum status walk_names(struct zone *zone, size_t most_names, const char *const files[], struct error *err)
{
	struct walk walk = { .zone = zone, .most_names = most_names, .files = files, .last = zone->apex };
	zone->names = arena_alloc(zone->arena, most_names * sizeof(*zone->names));
	if (zone->rrset_count == 0)
		return check_apex(&walk, &(struct types){ 0 }, err);
	for (size_t i = 0; i < zone->rrset_count;) {
		const uint8_t *const owner = zone->rrsets[i].records[0].owner;
		size_t end = i + 1;
		while (end < zone->rrset_count && zone->rrsets[end].records[0].owner == owner)
			end++;
		const enum status status = visit(&walk, i, end - i, err);
		if (status != STATUS_OK)
			return status;
		i = end;
	}
	return STATUS_OK;
}
