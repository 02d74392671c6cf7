/* SPDX-License-Identifier: MIT */
#include "signer/verify/vrun.h"

/* TTLs against validity periods (RFC 6781 4.4.1); single signatures are judged in vsig.c. */
void vtime_check(struct vrun *run)
{
	const struct vzone *const zone = &run->zone;
	vreport_count(run->report, VC_TIME_TTL, zone->file.count);
	const struct vrecord *worst = NULL;
	for (size_t i = 0; i < zone->file.count && worst == NULL; i++)
		if (zone->records[i].ttl == run->max_ttl)
			worst = &zone->records[i];
	if (worst == NULL)
		return;
	if (run->stats.validity_min != INT64_MAX && run->stats.validity_min <= run->max_ttl)
		vreport_fail(run->report, VC_TIME_TTL,
		    "the largest TTL is not shorter than the shortest validity period", vplace_of(worst),
		    "TTL %u s, validity %lld s", run->max_ttl, (long long)run->stats.validity_min);
	if (!run->limits.have_max_ttl)
		return;
	for (size_t i = 0; i < zone->file.count; i++)
		if (zone->records[i].ttl > run->limits.max_ttl)
			vreport_fail(run->report, VC_TIME_TTL, "TTLs above the policy's cap",
			    vplace_of(&zone->records[i]), "TTL %u s, cap %u s", zone->records[i].ttl,
			    run->limits.max_ttl);
}
