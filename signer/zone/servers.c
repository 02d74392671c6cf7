/* SPDX-License-Identifier: MIT */
#include "signer/zone/servers.h"

#include <string.h>

#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"

/* The wildcard at a name, or SIZE_MAX. */
static size_t find_wildcard(const struct zone *zone, const uint8_t *encloser)
{
	uint8_t wildcard[NAME_WIRE] = { 1, '*' };
	const size_t size = name_size(encloser);
	if (size + 2 > NAME_WIRE)
		return SIZE_MAX;
	memcpy(wildcard + 2, encloser, size);
	return zone_find(zone, wildcard);
}

/* Where the zone answers for a name of its own: the name, or the wildcard at the closest encloser (RFC 4592 3.3.1);
 * SIZE_MAX: with NXDOMAIN. False: a delegation answers. */
static bool find_answer(const struct zone *zone, const uint8_t *name, size_t *out)
{
	const unsigned below = name_labels(name) - zone->apex_labels;
	for (unsigned up = 0; up <= below; up++) {
		size_t at = zone_find(zone, name_skip(name, up));
		if (at == SIZE_MAX)
			continue;
		const bool encloser_is_ours =
		    zone_is_in_nsec3_chain(&zone->names[at], false) && zone->names[at].kind != ZONE_DELEGATION;
		if (encloser_is_ours && up > 0)
			at = find_wildcard(zone, name_skip(name, up));
		*out = at;
		return encloser_is_ours && (at == SIZE_MAX || zone->names[at].kind != ZONE_DELEGATION);
	}
	*out = SIZE_MAX;
	return true;
}

/* As a name becomes that has lost its final dot, where "@" is the zone's name. */
static bool ends_twice(const struct zone *zone, const uint8_t *server)
{
	const unsigned labels = name_labels(server);
	const size_t apex = name_size(zone->apex) - 1;
	uint8_t tail[NAME_WIRE];
	if (apex == 0 || labels < 2 * zone->apex_labels)
		return false;
	name_lower(name_skip(server, labels - 2 * zone->apex_labels), tail);
	return memcmp(tail, tail + apex, apex) == 0;
}

static const char *judge(const struct zone *zone, const uint8_t *server)
{
	size_t at;
	if (!name_is_within(server, zone->apex) || !find_answer(zone, server, &at))
		return NULL;
	if (at != SIZE_MAX && zone_rrset(zone, at, RRTYPE_CNAME) != NULL)
		return "is an alias in this zone; name the server itself";
	if (at != SIZE_MAX && (zone_rrset(zone, at, RRTYPE_A) != NULL || zone_rrset(zone, at, RRTYPE_AAAA) != NULL))
		return NULL;
	return ends_twice(zone, server)
		   ? "has no address, and ends in the zone's name twice: has it lost its final dot?"
		   : "has no address, and this zone is where it would be; add its A or AAAA, or the final dot that it "
		     "lost";
}

enum status servers_check(const struct zone *zone, const char *const files[], struct error *err)
{
	const struct rrset *const ns = zone_rrset(zone, 0, RRTYPE_NS);
	for (uint32_t i = 0; i < ns->count; i++) {
		const struct record *const record = &ns->records[i];
		const char *const what = judge(zone, record->rdata);
		if (what == NULL)
			continue;
		char server[NAME_TEXT];
		name_to_text(record->rdata, server);
		return error_set_at(err, STATUS_MALFORMED, files[record->file], record->line, 0,
		    "the zone's name server %.300s %s (RFC 2181 10.3)", server, what);
	}
	return STATUS_OK;
}
