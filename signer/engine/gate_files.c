/* SPDX-License-Identifier: MIT */
/* What the verifier is told to expect; the forms are those of signer/verify/verify.h. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/dns/name.h"
#include "signer/engine/expect.h"
#include "signer/engine/gate.h"

enum { PPM_ALL = 1000000000, PUBLIC_TEXT = (KEY_PUBLIC_MAX + 2) / 3 * 4 + 1 };

/* A key that left before caches could do without it, on an operator's demand; its successor is not in caches either. */
static bool is_being_dropped(const struct key *key)
{
	if (key->dropped.seconds == 0)
		return false;
	for (int r = 0; r < KEY_RECORDS; r++)
		if (key->state[r] == KEY_UNRETENTIVE)
			return true;
	return false;
}

static bool stands_in(const struct key *key, const struct key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].id == key->predecessor && is_being_dropped(&keys[i]))
			return true;
	return false;
}

static const char *uses_of(const struct key *key, const struct key keys[], size_t count, struct arena *mem)
{
	const bool publish = key_is_published(key), ksk = key_signs_keys(key),
		   zsk = key_signs_zone(key) || key_stays_on_zone(key);
	if (!publish && !ksk && !zsk)
		return is_being_dropped(key) ? " dropped" : NULL;
	return arena_printf(mem, "%s%s%s%s%s", publish ? " publish" : "", ksk ? " ksk" : "", zsk ? " zsk" : "",
	    publish ? key->standby && !zsk ? " standby" : "" : " old",
	    publish && stands_in(key, keys, count) ? " instead" : "");
}

char *gate_expected_keys(const struct key keys[], size_t count, struct arena *mem)
{
	char *out = arena_strdup(mem, "");
	for (size_t i = 0; i < count; i++) {
		const struct key *key = &keys[i];
		char text[PUBLIC_TEXT];
		const char *const uses = uses_of(key, keys, count, mem);
		if (uses == NULL)
			continue;
		bytes_to_base64((struct bytes){ key->public_key, key->public_size }, text);
		out = arena_printf(mem, "%s%u 3 %u %s%s\n", out, key_published_flags(key), key->algorithm, text, uses);
	}
	return out;
}

/* Whether the parent, or a cache of it, has the key's DS: surely, or, where no DS is sure because one takes the place
 * of another, perhaps. */
static bool ds_counts(const struct key *key, bool sure)
{
	const enum key_state ds = key->state[KEY_DS];
	return ds == KEY_OMNIPRESENT || (!sure && (ds == KEY_RUMOURED || ds == KEY_UNRETENTIVE));
}

/* The keys whose DS the zone is judged by: whether they are published is for the verifier to see. The DS of another
 * signer's key says nothing of ours as long as there is no DS of ours. */
static size_t anchor_keys(const struct key keys[], size_t count, const struct key *out[])
{
	bool sure = false, ours = false;
	size_t used = 0;
	for (size_t i = 0; i < count; i++)
		sure = sure || (!keys[i].foreign && ds_counts(&keys[i], true));
	for (size_t i = 0; i < count; i++) {
		if (!ds_counts(&keys[i], sure))
			continue;
		ours = ours || !keys[i].foreign;
		out[used++] = &keys[i];
	}
	return ours ? used : 0;
}

char *gate_trust_anchor(const struct key keys[], size_t count, const char *zone, const uint8_t *apex, struct arena *mem)
{
	enum { SHA_256 = 2 };
	const struct key **const anchors = arena_calloc(mem, count + 1, sizeof(*anchors));
	const size_t used = anchor_keys(keys, count, anchors);
	char *out = NULL;
	for (size_t i = 0; i < used; i++) {
		uint8_t rdata[DS_RDATA];
		char digest[2 * DS_RDATA + 1];
		size_t size = dnskey_ds(anchors[i], apex, name_size(apex), SHA_256, rdata);
		bytes_to_hex((struct bytes){ rdata + 4, size - 4 }, true, digest);
		out = arena_printf(mem, "%s%s 3600 IN DS %u %u %d %s\n", out != NULL ? out : "", zone, anchors[i]->tag,
		    anchors[i]->algorithm, SHA_256, digest);
	}
	return out;
}

/* A DS that stands without its key, as in Double-DS (RFC 7583 3.3.2), beside another that leads to the zone. */
static bool has_lone_ds(const struct key keys[], size_t count, struct arena *mem)
{
	const struct key **const anchors = arena_calloc(mem, count + 1, sizeof(*anchors));
	const size_t used = anchor_keys(keys, count, anchors);
	for (size_t i = 0; i < used; i++)
		if (!key_is_published(anchors[i]))
			return true;
	return false;
}

/* Each key by its fingerprint, with all that changes in a key event. */
char *gate_memo_state(const struct key keys[], size_t count, struct arena *mem)
{
	uint8_t digest[32];
	char hex[2 * sizeof(digest) + 1];
	char *text = arena_strdup(mem, "");
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i];
		bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
		text = arena_printf(mem, "%s%s %d %u %u %d", text, hex, (int)key->role, key->algorithm,
		    key_published_flags(key), key->standby);
		for (int record = 0; record < KEY_RECORDS; record++)
			text = arena_printf(mem, "%s %d", text, (int)key->state[record]);
		text = arena_printf(mem, "%s\n", text);
	}
	bytes_sha256((struct bytes){ (const uint8_t *)text, strlen(text) }, digest);
	bytes_to_hex((struct bytes){ digest, sizeof(digest) }, false, hex);
	return arena_strdup(mem, hex);
}

static char *limit(const char *name, const struct policy_limit *limit, struct arena *mem)
{
	uint32_t ppm = limit->most_ppm == POLICY_UNLIMITED ? PPM_ALL : limit->most_ppm;
	return arena_printf(mem, "\"%s\": {\"ppm\": %" PRIu32 ", \"floor\": %" PRIu32 "}", name, ppm, limit->floor);
}

static bool is_used(const struct key *key)
{
	return key_is_published(key) || key_signs_keys(key) || key_signs_zone(key);
}

/* Of the policy and, in a rollover between policies, of the keys that are still in use. 0: none is RSA. */
static unsigned shortest_rsa(const struct policy *policy, const struct key keys[], size_t count)
{
	unsigned out = policy->ksk_bits;
	if (policy->zsk_bits != 0 && !policy->csk && policy->zsk_bits < policy->ksk_bits)
		out = policy->zsk_bits;
	for (size_t i = 0; i < count; i++) {
		const struct algorithm *algorithm = alg_by_number(keys[i].algorithm);
		if (!is_used(&keys[i]) || algorithm == NULL || algorithm->default_bits == 0)
			continue;
		out = out == 0 || keys[i].bits < out ? keys[i].bits : out;
	}
	return out;
}

/* The policy's, and those of keys that a rollover has not yet taken out. */
static char *algorithms(const struct policy *policy, const struct key keys[], size_t count, struct arena *mem)
{
	bool listed[256] = { false };
	listed[policy->algorithm] = true;
	char *out = arena_printf(mem, "%u", policy->algorithm);
	for (size_t i = 0; i < count; i++) {
		if (!is_used(&keys[i]) || listed[keys[i].algorithm])
			continue;
		listed[keys[i].algorithm] = true;
		out = arena_printf(mem, "%s, %u", out, keys[i].algorithm);
	}
	return out;
}

/* What registrants and their operators wrote and the registry cannot mend, and what opt-out leaves unproven: legal in a
 * zone, worth a word, and never a reason to keep all other changes from getting out. */
static const char only_warn[] =
    "\"warn\": [\"structure.cut\", \"structure.glue\", \"structure.name-doubled\", \"structure.ns-target\", "
    "\"delegation.ds-ttl\", \"delegation.ds-sha1\", \"response.opt-out-wildcard\"";

/* What holds for a zone at the moment when it is signed. */
static char *limits_at_signing(const struct gate_rules *rules, struct arena *mem)
{
	static const char *const names[] = { [POLICY_SERIAL_INCREMENT] = "increment",
		[POLICY_SERIAL_UNIXTIME] = "unixtime",
		[POLICY_SERIAL_DATE_COUNTER] = "date-counter",
		[POLICY_SERIAL_KEEP] = "keep" };
	const struct policy *const policy = rules->policy;
	if (!rules->at_signing)
		return arena_strdup(mem, "");
	char *used = rules->serial_floor == NULL ? arena_strdup(mem, "")
						 : arena_printf(mem, ", \"floor\": %" PRIu32, *rules->serial_floor);
	return arena_printf(mem,
	    "\"serial\": {\"policy\": \"%s\"%s}, \"dnskey_ttl\": %" PRIu32 ", \"inception_offset\": %" PRId64
	    ", \"max_validity\": %" PRId64 ", ",
	    names[policy->serial], used, policy->dnskey_ttl, policy->inception_offset.seconds,
	    policy->validity.seconds);
}

/* The planned changes that hold for this zone, for the verifier to excuse and to tell. */
static char *expected_changes(const struct gate_rules *rules, struct arena *mem)
{
	json_t *const all = json_array();
	/* Under unixtime it names the serial of the input, which the verifier does not take for the zone's. */
	const bool by_input = rules->policy->serial == POLICY_SERIAL_UNIXTIME;
	for (int limit = 0; rules->expected != NULL && limit < VERIFY_LIMITS; limit++) {
		const struct store_expected *const one = rules->expected[limit];
		char given[UTC_TEXT], reason[4 * EXPECT_REASON + 1], actor[400];
		if (one == NULL)
			continue;
		json_t *const row = json_object();
		utc_format(one->given, given);
		error_escape(one->reason, strlen(one->reason), reason, sizeof(reason));
		error_escape(one->actor, strlen(one->actor), actor, sizeof(actor));
		json_object_set_new(row, "limit", json_string(one->limit));
		json_object_set_new(row, "serial", json_integer(by_input ? rules->serial : one->serial));
		json_object_set_new(row, "reason", json_string(reason));
		json_object_set_new(row, "who", json_string(actor));
		json_object_set_new(row, "given", json_string(given));
		json_array_append_new(all, row);
	}
	char *const text = json_dumps(all, JSON_COMPACT);
	char *const out = arena_printf(mem, "\"expected\": %s", text);
	free(text);
	json_decref(all);
	return out;
}

char *gate_limits(const struct gate_rules *rules, struct arena *mem)
{
	const struct policy *const policy = rules->policy;
	char salt[2 * POLICY_SALT + 1] = "";
	bool nsec3 = policy->denial == POLICY_NSEC3;
	bytes_to_hex((struct bytes){ policy->salt, policy->salt_size }, false, salt);
	char *denial =
	    nsec3 ? arena_printf(mem, "\"denial\": \"nsec3\", \"iterations\": %u, \"salt\": \"%s\", \"opt_out\": %s",
			policy->iterations, salt, policy->opt_out ? "true" : "false")
		  : arena_strdup(mem, "\"denial\": \"nsec\"");
	unsigned bits = shortest_rsa(policy, rules->keys, rules->key_count);
	char *rsa = bits > 0 ? arena_printf(mem, "\"rsa_min_bits\": %u, ", bits) : arena_strdup(mem, "");
	char *change = arena_printf(mem, "\"change\": {%s, %s, %s}", limit("records", &policy->size_change, mem),
	    limit("removed", &policy->delegations_removed, mem), limit("ds", &policy->ds_removed, mem));
	return arena_printf(mem,
	    "{\"schema\": \"zoneseal.limits/1\", \"cds_delete\": %s, \"max_ttl\": %" PRIu32
	    ", \"min_remaining\": %" PRId64 ", \"full_verify_every\": %" PRId64
	    ", \"algorithms\": [%s], %s%s, \"zonemd\": %s, %s%s%s, %s, %s%s]}\n",
	    rules->cds_delete ? "true" : "false", policy->max_zone_ttl, policy->refresh.seconds,
	    policy->full_verify_every.seconds, algorithms(policy, rules->keys, rules->key_count, mem), rsa, denial,
	    policy->zonemd ? "true" : "false", policy->require_sandbox ? "\"require_sandbox\": true, " : "",
	    limits_at_signing(rules, mem), change, expected_changes(rules, mem), only_warn,
	    has_lone_ds(rules->keys, rules->key_count, mem) ? ", \"chain.anchor-all\"" : "");
}
