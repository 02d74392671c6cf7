/* SPDX-License-Identifier: MIT */
#include "signer/verify/vsigner.h"

void vsigner_form(struct vrun *run, const struct vsignature *s, const struct vowner *owner)
{
	struct vreport *const report = run->report;
	if (!vname_equal(s->signer, run->zone.apex))
		vreport_fail(
		    report, VC_SIG_FORM, "the signer's name is not the apex", vplace_of(s->record), "tag %u", s->tag);
	if (s->labels != vsigned_labels(owner))
		vreport_fail(report, VC_SIG_FORM, "Labels is not the number of labels of the owner",
		    vplace_of(s->record), "Labels %u, the owner has %u", s->labels, vsigned_labels(owner));
}

void vsigner_ttl(struct vrun *run, const struct vsignature *s, const struct vset *set)
{
	const struct vrecord *const record = s->record;
	if (record->ttl == set->first->ttl && s->original_ttl == set->first->ttl)
		return;
	vreport_fail(run->report, VC_SIG_TTL, "TTLs of RRSIG, RRset and Original TTL differ", vplace_of(record),
	    "RRSIG %u, RRset %u, Original TTL %u", record->ttl, set->first->ttl, s->original_ttl);
}

bool vsigner_published(const struct vrun *run, const struct vsignature *s)
{
	for (size_t i = 0; i < run->published; i++) {
		const struct vkey *const key = &run->known.all[i];
		if (key->tag == s->tag && key->algorithm == s->algorithm && (key->flags & VKEY_ZONE) != 0)
			return true;
	}
	return false;
}

bool vsigner_expected(const struct vrun *run, const struct vsignature *s)
{
	for (size_t i = run->published; i < run->known.count; i++) {
		const struct vkey *const key = &run->known.all[i];
		if (run->expected[i] && key->key != NULL && key->tag == s->tag && key->algorithm == s->algorithm)
			return true;
	}
	return false;
}

void vsigner_never(struct vrun *run, const struct vsignature *s, struct vplace at)
{
	vreport_fail(run->report, VC_TIME_VALID, "signatures that end before they begin", at,
	    "inception %u, expiration %u: never valid in serial arithmetic", s->inception, s->expiration);
}

void vsigner_role(struct vrun *run, const struct vsignature *s, struct vplace at, uint16_t type)
{
	const struct vkey *const key = &run->known.all[s->key];
	const bool key_set = type == VTYPE_DNSKEY || type == VTYPE_CDS || type == VTYPE_CDNSKEY;
	if ((key->flags & VKEY_REVOKE) != 0 && type != VTYPE_DNSKEY)
		vreport_fail(run->report, VC_SIG_REVOKED, "a revoked key signs more than the DNSKEY RRset", at,
		    "tag %u", key->tag);
	if (!run->have_expected || !run->expected[s->key])
		return;
	vreport_count(run->report, VC_KEY_ROLE, 1);
	if ((key->uses & VKEY_KSK) != 0 && (key->uses & VKEY_ZSK) == 0 && !key_set)
		vreport_fail(run->report, VC_KEY_ROLE, "a KSK signs zone data", at, "tag %u", key->tag);
	if ((key->uses & (VKEY_KSK | VKEY_ZSK | VKEY_OLD)) == 0)
		vreport_fail(run->report, VC_KEY_ROLE,
		    (key->uses & VKEY_STANDBY) != 0 ? "a standby key signs" : "a key that should not be in use signs",
		    at, "tag %u", key->tag);
}
