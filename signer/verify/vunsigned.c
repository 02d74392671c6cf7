/* SPDX-License-Identifier: MIT */
#include "signer/verify/vrun.h"
#include "signer/verify/vsum.h"

/*
 * A zone that is to be published without DNSSEC, because it was asked for (--expect-unsigned).
 *
 * Half a signed zone is the danger: it must hold no record that only a signed zone has. DS at a delegation is the
 * registrant's and stays: without a chain to this zone nobody follows it (RFC 4035 5.2).
 */

static bool is_of_signed_zones(uint16_t type)
{
	return vsum_made_by_signer(type, true) && type != VTYPE_ZONEMD;
}

static void check_records(struct vrun *run)
{
	const struct vzone *const zone = &run->zone;
	vreport_count(run->report, VC_UNSIGNED_PLAIN, zone->file.count);
	for (size_t i = 0; i < zone->file.count; i++)
		if (is_of_signed_zones(zone->records[i].type))
			vreport_fail(run->report, VC_UNSIGNED_PLAIN, "DNSSEC records in a zone that is to be unsigned",
			    vplace_of(&zone->records[i]), "a zone is signed as a whole or not at all");
}

/* Any anchor, also one that could not be used: somebody counts on signatures. */
static void check_anchor(struct vrun *run)
{
	if (run->options->trust_anchor.name == NULL)
		return;
	vreport_count(run->report, VC_CHAIN_SIGNED, 1);
	vreport_fail(run->report, VC_CHAIN_SIGNED, "a zone with a trust anchor would be published unsigned",
	    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, 0 },
	    "first the DS leaves the parent and all caches, then the signatures go (RFC 8078 4)");
}

void vunsigned_check(struct vrun *run)
{
	check_records(run);
	check_anchor(run);
}
