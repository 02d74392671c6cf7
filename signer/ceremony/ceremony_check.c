/* SPDX-License-Identifier: MIT */
#include "signer/ceremony/ceremony_check.h"

#include <inttypes.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/dns/rrtype.h"

struct text {
	char is[UTC_TEXT];
};

static struct text show(struct utc when)
{
	struct text text;
	utc_format(when, text.is);
	return text;
}

static struct span longer(struct span a, struct span b)
{
	return (struct span){ a.seconds + b.seconds };
}

static enum status in_bundle(const struct ceremony_bundle *bundle, struct error *err)
{
	return error_context(err, "bundle of %s", show(bundle->from).is);
}

const struct ceremony_bundle *ceremony_bundle_at(const struct ceremony_file *file, struct utc when)
{
	for (size_t i = 0; i < file->bundle_count; i++)
		if (!utc_before(when, file->bundles[i].from) && utc_before(when, file->bundles[i].until))
			return &file->bundles[i];
	return NULL;
}

/* ---- BIND's form ---- */

enum status ceremony_complete(
    struct ceremony_file *file, const struct policy *policy, struct utc until, struct arena *mem, struct error *err)
{
	if (file->form != CEREMONY_BIND)
		return STATUS_OK;
	struct ceremony_bundle *const last = &file->bundles[file->bundle_count - 1];
	file->until = last->until =
	    file->kind == CEREMONY_REQUEST ? until : utc_subtract(last->expiration, policy->refresh);
	if (!utc_before(last->from, last->until))
		return error_set(
		    err, STATUS_NO, "the last bundle begins at %s and ends before that", show(last->from).is);
	if (file->kind == CEREMONY_RESPONSE)
		return STATUS_OK;
	struct ceremony_bundle *const out = arena_calloc(mem, CEREMONY_BUNDLES, sizeof(*out));
	size_t count = 0;
	for (size_t i = 0; i < file->bundle_count; i++) {
		const struct ceremony_bundle *const whole = &file->bundles[i];
		for (struct utc at = whole->from; utc_before(at, whole->until); count++) {
			if (count == CEREMONY_BUNDLES)
				return error_set(
				    err, STATUS_NO, "more than %d bundles of ceremony.interval", (int)CEREMONY_BUNDLES);
			const struct utc end = utc_add(at, policy->skr_interval);
			out[count] = *whole;
			out[count].from = at;
			out[count].until = utc_before(end, whole->until) ? end : whole->until;
			out[count].inception = utc_subtract(at, policy->inception_offset);
			out[count].expiration = utc_add(out[count].until, policy->skr_overlap);
			at = out[count].until;
		}
	}
	file->bundles = out;
	file->bundle_count = count;
	return STATUS_OK;
}

/* ---- times ---- */

static enum status check_bundle_times(const struct ceremony_file *file, const struct ceremony_bundle *bundle,
    const struct policy *policy, struct error *err)
{
	const bool own = file->form == CEREMONY_OWN || file->kind == CEREMONY_REQUEST;
	const struct span overlap = own ? policy->skr_overlap : policy->refresh;
	const struct span most = longer(longer(policy->skr_interval, policy->skr_overlap), policy->inception_offset);
	char text[SPAN_TEXT];
	if (!utc_before(bundle->from, bundle->until))
		return error_set(err, STATUS_NO, "it ends (%s) before it begins", show(bundle->until).is);
	if (own && utc_before(utc_add(bundle->from, policy->skr_interval), bundle->until))
		return error_set(
		    err, STATUS_NO, "it lasts until %s, longer than ceremony.interval", show(bundle->until).is);
	if (utc_before(bundle->from, bundle->inception))
		return error_set(
		    err, STATUS_NO, "its signatures begin at %s, after it is in use", show(bundle->inception).is);
	if (utc_before(bundle->expiration, utc_add(bundle->until, overlap))) {
		span_format_exact(overlap, text);
		return error_set(err, STATUS_NO,
		    "its signatures end at %s, less than %s (%s) after the next bundle begins",
		    show(bundle->expiration).is, text, own ? "ceremony.overlap" : "signatures.refresh");
	}
	if (utc_before(utc_add(bundle->inception, most), bundle->expiration)) {
		span_format_exact(most, text);
		return error_set(err, STATUS_NO,
		    "its signatures are valid until %s, longer than %s = ceremony.interval + ceremony.overlap + "
		    "signatures.inception-offset",
		    show(bundle->expiration).is, text);
	}
	return STATUS_OK;
}

static enum status check_times(const struct ceremony_file *file, const struct ceremony_rules *rules, struct error *err)
{
	const struct ceremony_bundle *const bundles = file->bundles;
	const size_t count = file->bundle_count;
	if (bundles[0].from.seconds != file->from.seconds || bundles[count - 1].until.seconds != file->until.seconds)
		return error_set(err, STATUS_NO, "its bundles do not last from %s to %s, as it says",
		    show(file->from).is, show(file->until).is);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && bundles[i].from.seconds != bundles[i - 1].until.seconds) {
			(void)error_set(err, STATUS_NO, "%s at %s between it and the one before",
			    utc_before(bundles[i].from, bundles[i - 1].until) ? "two bundles hold" : "a gap begins",
			    show(bundles[i - 1].until).is);
			return in_bundle(&bundles[i], err);
		}
		if (check_bundle_times(file, &bundles[i], rules->policy, err) != STATUS_OK)
			return in_bundle(&bundles[i], err);
	}
	if (!utc_before(rules->now, file->until))
		return error_set(err, STATUS_NO, "it is stale: it ended at %s", show(file->until).is);
	if (utc_before(utc_add(rules->now, rules->policy->skr_horizon), file->until))
		return error_set(err, STATUS_NO, "it reaches to %s, beyond ceremony.horizon (%s)", show(file->until).is,
		    show(utc_add(rules->now, rules->policy->skr_horizon)).is);
	return STATUS_OK;
}

/* ---- the chain ---- */

static bool share_zsk(const struct ceremony_keys *a, const struct ceremony_keys *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->all[i].role == KEY_ZSK && ceremony_find(b, &a->all[i]) != NULL)
			return true;
	return false;
}

/* Some ZSK goes on from what the last response has in use when this one begins. */
static enum status check_joint(
    const struct ceremony_file *file, const struct ceremony_file *previous, struct arena *mem, struct error *err)
{
	const struct ceremony_bundle *at = ceremony_bundle_at(previous, file->from);
	struct ceremony_keys before;
	struct ceremony_keys after;
	if (at == NULL)
		at = &previous->bundles[previous->bundle_count - 1];
	enum status status = ceremony_keys_of(&at->keys, mem, &before, err);
	if (status == STATUS_OK)
		status = ceremony_keys_of(&file->bundles[0].keys, mem, &after, err);
	if (status == STATUS_OK && !share_zsk(&before, &after))
		return error_set(
		    err, STATUS_NO, "no ZSK of its first bundle is in the last response: one of them must go on");
	return status;
}

static enum status check_chain(
    const struct ceremony_file *file, const struct ceremony_rules *rules, struct arena *mem, struct error *err)
{
	const struct ceremony_file *const previous = rules->previous;
	const int64_t expected = previous == NULL ? 1 : previous->number + 1;
	if (file->form == CEREMONY_OWN && previous != NULL && file->number < expected)
		return error_set(err, STATUS_NO,
		    "it is stale: it is number %" PRId64 ", and number %" PRId64 " was the last", file->number,
		    previous->number);
	if (file->form == CEREMONY_OWN &&
	    (file->has_previous != (previous != NULL) ||
		(previous != NULL && memcmp(file->previous, previous->sha256, sizeof(file->previous)) != 0)))
		return error_set(err, STATUS_NO,
		    "it is foreign: it does not go on from the last response known here (%s)",
		    previous == NULL ? "there is none" : "its SHA-256 is another");
	if (file->form == CEREMONY_OWN && file->number != expected)
		return error_set(
		    err, STATUS_NO, "it is number %" PRId64 ", and number %" PRId64 " is due", file->number, expected);
	if (previous == NULL)
		return STATUS_OK;
	if (utc_before(previous->until, file->from) && !file->emergency)
		return error_set(err, STATUS_NO, "a gap: the last response ends at %s, and it begins at %s",
		    show(previous->until).is, show(file->from).is);
	if (utc_before(file->from, previous->until) && !file->emergency && file->form == CEREMONY_OWN)
		return error_set(err, STATUS_NO,
		    "it begins at %s, before the last response ends (%s), and is no emergency", show(file->from).is,
		    show(previous->until).is);
	return check_joint(file, previous, mem, err);
}

/* ---- keys ---- */

static enum status check_size(const struct key *key, const struct policy *policy, struct error *err)
{
	const unsigned least = key->role == KEY_ZSK ? policy->zsk_bits : policy->ksk_bits;
	if (key->algorithm != policy->algorithm)
		return error_set(err, STATUS_NO, "%s %u is of algorithm %u, and the policy wants %u",
		    key_role_name(key->role), key->tag, key->algorithm, policy->algorithm);
	if (least != 0 && key->bits < least)
		return error_set(err, STATUS_NO, "%s %u has %u bits, and the policy wants %u", key_role_name(key->role),
		    key->tag, key->bits, least);
	return STATUS_OK;
}

static enum status check_keys(const struct ceremony_bundle *bundle, const struct policy *policy, struct arena *mem,
    struct ceremony_keys *out, struct error *err)
{
	size_t zsks = 0;
	enum status status = ceremony_keys_of(&bundle->keys, mem, out, err);
	for (size_t i = 0; status == STATUS_OK && i < out->count; i++) {
		zsks += out->all[i].role == KEY_ZSK;
		status = check_size(&out->all[i], policy, err);
	}
	for (size_t i = 0; status == STATUS_OK && i < bundle->keys.count; i++)
		if (bundle->keys.records[i].ttl != policy->dnskey_ttl)
			status = error_set(err, STATUS_NO, "a TTL of %" PRIu32 ", and keys.dnskey-ttl is %" PRIu32,
			    bundle->keys.records[i].ttl, policy->dnskey_ttl);
	if (status == STATUS_OK && zsks == 0)
		status = error_set(err, STATUS_NO, "no ZSK in it: nothing would sign the zone");
	return status;
}

static bool is_proved(
    const struct ceremony_file *file, const struct ceremony_bundle *bundle, const struct key *key, struct arena *mem)
{
	const char *const text = ceremony_proof_text(file, bundle, mem);
	for (size_t i = 0; i < bundle->proofs.count; i++) {
		const struct ceremony_signature *const proof = &bundle->proofs.all[i];
		if (proof->tag == key->tag &&
		    dnskey_verify_by(key, (struct bytes){ (const uint8_t *)text, strlen(text) },
			(struct bytes){ proof->data, proof->size }))
			return true;
	}
	return false;
}

static enum status check_proofs(const struct ceremony_file *file, const struct ceremony_bundle *bundle,
    const struct ceremony_keys *keys, struct arena *mem, struct error *err)
{
	size_t proved = 0;
	for (size_t i = 0; i < keys->count; i++) {
		const struct key *const key = &keys->all[i];
		if (key->role != KEY_ZSK)
			continue;
		if (!is_proved(file, bundle, key, mem))
			return error_set(err, STATUS_NO,
			    "no proof that its maker holds ZSK %u: that key has not signed this bundle", key->tag);
		proved++;
	}
	return proved == bundle->proofs.count ? STATUS_OK
					      : error_set(err, STATUS_NO, "a proof of a key that is not in it");
}

enum status ceremony_check_request(
    const struct ceremony_file *file, const struct ceremony_rules *rules, struct arena *mem, struct error *err)
{
	if (file->kind != CEREMONY_REQUEST)
		return error_set(err, STATUS_NO, "it is a response (SKR), and a request (KSR) is wanted");
	if (file->form == CEREMONY_BIND && !rules->unproven)
		return error_set(err, STATUS_NO,
		    "BIND's form has no proof that its maker holds the ZSKs: compare them (zoneseal ksr show), then "
		    "say "
		    "--yes --reason WHY");
	struct arena *const scratch = arena_new(0);
	enum status status = check_times(file, rules, err);
	if (status == STATUS_OK)
		status = check_chain(file, rules, mem, err);
	for (size_t i = 0; status == STATUS_OK && i < file->bundle_count; i++) {
		const struct ceremony_bundle *const bundle = &file->bundles[i];
		struct ceremony_keys keys;
		arena_reset(scratch);
		status = check_keys(bundle, rules->policy, scratch, &keys, err);
		if (status == STATUS_OK && file->form == CEREMONY_OWN)
			status = check_proofs(file, bundle, &keys, scratch, err);
		if (status != STATUS_OK)
			(void)in_bundle(bundle, err);
	}
	arena_free(scratch);
	return status;
}

/* ---- responses ---- */

/* The same ZSKs as asked for, and no KSK less. */
static enum status check_answer(
    const struct ceremony_keys *keys, const struct ceremony_bundle *asked, struct arena *mem, struct error *err)
{
	struct ceremony_keys wanted;
	const enum status status = ceremony_keys_of(&asked->keys, mem, &wanted, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < wanted.count; i++)
		if (ceremony_find(keys, &wanted.all[i]) == NULL)
			return error_set(err, STATUS_NO, "%s %u was asked for and is not in it",
			    key_role_name(wanted.all[i].role), wanted.all[i].tag);
	for (size_t i = 0; i < keys->count; i++)
		if (keys->all[i].role == KEY_ZSK && ceremony_find(&wanted, &keys->all[i]) == NULL)
			return error_set(err, STATUS_NO, "ZSK %u is in it and was not asked for", keys->all[i].tag);
	return STATUS_OK;
}

static enum status check_child(const struct ceremony_file *file, const struct ceremony_bundle *bundle,
    const struct ceremony_set *child, const struct ceremony_keys *keys, struct arena *mem, struct error *err)
{
	static const uint16_t types[] = { RRTYPE_CDNSKEY, RRTYPE_CDS };
	enum status status = STATUS_OK;
	for (size_t t = 0; t < COUNT(types) && status == STATUS_OK; t++)
		if (ceremony_row(child, types[t], file->apex, mem).count > 0)
			status = ceremony_check_set(child, types[t], file->apex, bundle, keys, mem, err);
	return status;
}

static enum status check_answer_bundle(const struct ceremony_file *file, const struct ceremony_bundle *bundle,
    const struct ceremony_file *request, const struct ceremony_rules *rules, struct arena *mem, struct error *err)
{
	struct ceremony_keys keys;
	size_t ksks = 0;
	const struct ceremony_bundle *const asked = ceremony_bundle_at(request, bundle->from);
	if (asked == NULL)
		return error_set(err, STATUS_NO, "the request has no bundle for that time");
	if (file->form == CEREMONY_OWN &&
	    (asked->from.seconds != bundle->from.seconds || asked->until.seconds != bundle->until.seconds ||
		asked->inception.seconds != bundle->inception.seconds ||
		asked->expiration.seconds != bundle->expiration.seconds))
		return error_set(err, STATUS_NO, "its times are not those that were asked for");
	enum status status = check_keys(bundle, rules->policy, mem, &keys, err);
	if (status == STATUS_OK)
		status = check_answer(&keys, asked, mem, err);
	for (size_t i = 0; status == STATUS_OK && i < keys.count; i++)
		ksks += keys.all[i].role == KEY_KSK;
	if (status == STATUS_OK && ksks == 0)
		status = error_set(err, STATUS_NO, "no KSK in it");
	if (status == STATUS_OK)
		status = ceremony_check_set(&bundle->keys, RRTYPE_DNSKEY, file->apex, bundle, &keys, mem, err);
	for (size_t i = 0; status == STATUS_OK && i < bundle->child_count; i++)
		status = check_child(file, bundle, &bundle->children[i], &keys, mem, err);
	return status;
}

/* Each seal is by a KSK of some bundle, and the first KSK has one. */
static enum status check_seals(const struct ceremony_file *file, struct arena *mem, struct error *err)
{
	const char *const text = ceremony_seal_text(file, mem);
	const struct bytes data = { (const uint8_t *)text, strlen(text) };
	struct ceremony_keys keys;
	if (file->seals.count == 0)
		return error_set(err, STATUS_NO, "no KSK has sealed it");
	for (size_t i = 0; i < file->seals.count; i++) {
		const struct ceremony_signature *const seal = &file->seals.all[i];
		bool good = false;
		for (size_t b = 0; b < file->bundle_count && !good;
		     b += file->bundle_count > 1 ? file->bundle_count - 1 : 1) {
			if (ceremony_keys_of(&file->bundles[b].keys, mem, &keys, err) != STATUS_OK)
				return err->code;
			for (size_t k = 0; k < keys.count && !good; k++)
				good = keys.all[k].role == KEY_KSK && keys.all[k].tag == seal->tag &&
				       dnskey_verify_by(&keys.all[k], data, (struct bytes){ seal->data, seal->size });
		}
		if (!good)
			return error_set(err, STATUS_NO, "the seal of KSK %u is wrong", seal->tag);
	}
	return STATUS_OK;
}

enum status ceremony_check_response(const struct ceremony_file *file, const struct ceremony_file *request,
    const struct ceremony_rules *rules, struct arena *mem, struct error *err)
{
	if (file->kind != CEREMONY_RESPONSE)
		return error_set(err, STATUS_NO, "it is a request (KSR), and a response (SKR) is wanted");
	struct arena *const scratch = arena_new(0);
	enum status status = check_chain(file, rules, mem, err);
	if (status == STATUS_OK && file->form == CEREMONY_OWN &&
	    memcmp(file->request, request->sha256, sizeof(file->request)) != 0)
		status = error_set(
		    err, STATUS_NO, "it is foreign: it answers another request than the one that was made here");
	if (status == STATUS_OK)
		status = check_times(file, rules, err);
	if (status == STATUS_OK && file->form == CEREMONY_OWN &&
	    (file->from.seconds != request->from.seconds || file->until.seconds != request->until.seconds ||
		file->bundle_count != request->bundle_count))
		status = error_set(err, STATUS_NO, "it does not answer every bundle of the request");
	for (size_t i = 0; status == STATUS_OK && i < file->bundle_count; i++) {
		arena_reset(scratch);
		status = check_answer_bundle(file, &file->bundles[i], request, rules, scratch, err);
		if (status != STATUS_OK)
			(void)in_bundle(&file->bundles[i], err);
	}
	arena_reset(scratch);
	if (status == STATUS_OK && file->form == CEREMONY_OWN)
		status = check_seals(file, scratch, err);
	arena_free(scratch);
	return status;
}
