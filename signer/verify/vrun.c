/* SPDX-License-Identifier: MIT */
#include "signer/verify/vrun.h"

bool vrun_zone_key(const struct vkey *key)
{
	return key->fault == NULL && (key->flags & VKEY_ZONE) != 0 && (key->flags & VKEY_REVOKE) == 0;
}

int64_t vrun_remaining_floor(const struct vrun *run)
{
	return run->limits.have_min_remaining ? run->limits.min_remaining
					      : (int64_t)run->zone.soa_expire + run->max_ttl;
}

void vrun_add_stats(struct vsig_stats *sum, const struct vsig_stats *part)
{
	sum->signatures += part->signatures;
	sum->verified += part->verified;
	sum->proven += part->proven;
	sum->recalled += part->recalled;
	sum->sampled += part->sampled;
	sum->tried += part->tried;
	if (part->remaining_min < sum->remaining_min)
		sum->remaining_min = part->remaining_min;
	if (part->validity_min < sum->validity_min)
		sum->validity_min = part->validity_min;
	sum->foreign_total += part->foreign_total;
	for (size_t i = 0; i < VKEYS_MAX; i++) {
		sum->good[i] += part->good[i];
		sum->bad[i] += part->bad[i];
		sum->replaced[i] += part->replaced[i];
		sum->signs_keys[i] = sum->signs_keys[i] || part->signs_keys[i];
		sum->signs_cds[i] = sum->signs_cds[i] || part->signs_cds[i];
		sum->signs_cdnskey[i] = sum->signs_cdnskey[i] || part->signs_cdnskey[i];
		sum->foreign[i] += part->foreign[i];
	}
}
