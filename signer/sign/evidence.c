/* SPDX-License-Identifier: MIT */
#include "signer/sign/evidence.h"

#include "signer/dns/rrtype.h"

static enum status show(const struct zone *zone, uint16_t type, const struct key *key, struct token_signer *signer,
    const struct rrsig_policy *policy, struct token *token, struct error *err)
{
	const struct rrset *const rrset = zone_rrset(zone, 0, type);
	struct zonetext_buffer octets = { .data = NULL };
	if (rrset == NULL)
		return error_set(err, STATUS_INTERNAL, "the apex has no RRset for the proof");
	const struct row row = {
		.owner = zone->apex, .records = rrset->records, .count = rrset->count, .ttl = rrset->ttl, .type = type
	};
	const struct rrsig_times times = { rrsig_serial_time(policy->now),
		rrsig_serial_time(utc_add(policy->now, policy->validity[KEYSET_KEYS])) };
	rrsig_input(&row, key, zone->apex, times, &octets);
	const enum status status =
	    token_signer_prove(token, key, signer, (struct bytes){ (const uint8_t *)octets.data, octets.size }, err);
	zonetext_buffer_free(&octets);
	return status;
}

enum status evidence_show(const struct zone *zone, const struct keyset *keyset, const struct rrsig_policy *policy,
    struct token *token, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t k = 0; k < keyset->count && status == STATUS_OK; k++) {
		const struct keyset_key *const key = &keyset->keys[k];
		struct token_signer *const signer = keyset_signer(keyset, 0, k);
		if (signer != NULL && key->duty[KEYSET_KEYS])
			status = show(zone, RRTYPE_DNSKEY, key->key, signer, policy, token, err);
		if (signer != NULL && key->duty[KEYSET_ZONE] && status == STATUS_OK)
			status = show(zone, RRTYPE_SOA, key->key, signer, policy, token, err);
	}
	return status;
}
