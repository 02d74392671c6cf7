/* SPDX-License-Identifier: MIT */
#include "signer/denial/nsec.h"

#include "signer/dns/rrtype.h"

static const struct zone_name *next_name(const struct zone *zone, size_t index)
{
	for (size_t i = index + 1; i < zone->name_count; i++)
		if (zone_is_in_nsec_chain(&zone->names[i]))
			return &zone->names[i];
	return &zone->names[0];
}

size_t nsec_rdata(const struct zone *zone, size_t index, uint8_t out[NSEC_RDATA])
{
	const struct zone_name *const name = &zone->names[index];
	const size_t next_size = name_lower(next_name(zone, index)->owner, out);
	struct bitmap bitmap = bitmap_init(out + next_size);
	bitmap_add(&bitmap, RRTYPE_RRSIG);
	bitmap_add(&bitmap, RRTYPE_NSEC);
	for (size_t i = 0; i < name->rrset_count; i++) {
		const uint16_t type = zone->rrsets[name->first_rrset + i].type;
		/* At a cut, only what the parent's side holds (RFC 4035 2.3). */
		if (name->kind != ZONE_DELEGATION || type == RRTYPE_NS || type == RRTYPE_DS)
			bitmap_add(&bitmap, type);
	}
	return next_size + bitmap.size;
}
