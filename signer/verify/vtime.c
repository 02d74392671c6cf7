/* SPDX-License-Identifier: MIT */
#include "signer/base/bytes.h"
#include "signer/verify/vrun.h"

/* All but what a KSK signs: its signatures may have been made beforehand. */
static void check_window(struct vrun *run, const struct vrecord *rrsig)
{
	const struct vlimits *const limits = &run->limits;
	struct cursor in = cursor_init((struct bytes){ rrsig->rdata, rrsig->size });
	const uint16_t covered = cursor_u16(&in);
	cursor_take(&in, 6);
	const int64_t left = (int32_t)(cursor_u32(&in) - run->now);
	const int64_t begun = (int32_t)(run->now - cursor_u32(&in));
	if (in.failed || covered == VTYPE_DNSKEY || covered == VTYPE_CDS || covered == VTYPE_CDNSKEY)
		return;
	vreport_count(run->report, VC_TIME_WINDOW, 1);
	if (limits->have_inception_offset && begun < limits->inception_offset)
		vreport_fail(run->report, VC_TIME_WINDOW, "signatures that begin too late for slow clocks",
		    vplace_of(rrsig), "%lld s ago, %lld s wanted", (long long)begun,
		    (long long)limits->inception_offset);
	if (limits->have_max_validity && left > limits->max_validity)
		vreport_fail(run->report, VC_TIME_WINDOW, "signatures that are valid for longer than the policy says",
		    vplace_of(rrsig), "%lld s left, at most %lld s wanted", (long long)left,
		    (long long)limits->max_validity);
}

static void check_windows(struct vrun *run)
{
	if (!run->limits.have_inception_offset && !run->limits.have_max_validity)
		return;
	for (size_t i = 0; i < run->zone.file.count; i++)
		if (run->zone.records[i].type == VTYPE_RRSIG)
			check_window(run, &run->zone.records[i]);
}

static void check_key_ttl(struct vrun *run)
{
	if (!run->limits.have_dnskey_ttl || run->zone.top == NULL)
		return;
	const struct vset keys = vzone_set(&run->zone, run->zone.top, VTYPE_DNSKEY);
	if (keys.count == 0)
		return;
	vreport_count(run->report, VC_KEY_TTL, 1);
	if (keys.first->ttl != run->limits.dnskey_ttl)
		vreport_fail(run->report, VC_KEY_TTL, "a DNSKEY RRset with another TTL than the policy's",
		    vplace_of(keys.first), "TTL %u, policy %lld", keys.first->ttl, (long long)run->limits.dnskey_ttl);
}

/* TTLs against validity periods (RFC 6781 4.4.1); single signatures are judged in vsig.c. */
void vtime_check(struct vrun *run)
{
	const struct vzone *const zone = &run->zone;
	check_windows(run);
	check_key_ttl(run);
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
	if (!run->limits.have_max_ttl || run->max_ttl <= run->limits.max_ttl)
		return;
	for (size_t i = 0; i < zone->file.count; i++)
		if (zone->records[i].ttl > run->limits.max_ttl)
			vreport_fail(run->report, VC_TIME_TTL, "TTLs above the policy's cap",
			    vplace_of(&zone->records[i]), "TTL %u s, cap %u s", zone->records[i].ttl,
			    run->limits.max_ttl);
}
