/* SPDX-License-Identifier: MIT */
#include "signer/sign/sign_zone.h"

#include <stdlib.h>
#include <time.h>

#include "signer/base/arena.h"
#include "signer/base/workers.h"
#include "signer/denial/nsec3.h"
#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/apex.h"
#include "signer/sign/evidence.h"
#include "signer/sign/keyset.h"
#include "signer/sign/reuse.h"
#include "signer/sign/rows.h"
#include "signer/sign/rrsig.h"
#include "signer/sign/write_zone.h"
#include "signer/sign/zonemd.h"
#include "signer/sign/zonemd_input.h"
#include "signer/zone/zone.h"

enum { RANGE = 1 }; /* section that a worker takes at a time: the last ones are to end together */

/* All that lives for one call. */
struct signing {
	const struct sign_parameters *parameters;
	unsigned threads;
	unsigned signers; /* threads that sign: as many, or more where tokens work meanwhile */
	size_t batch;     /* signatures that each asks for at once */
	struct arena *mem;
	struct zone zone;
	bool nsec3;
	struct nsec3_parameters nsec3_parameters;
	struct nsec3_chain chain;
	struct keyset keyset;
	struct rows rows;
	struct reuse reuse;
	struct rrsig_policy policy;
	uint8_t *zonemd; /* where the digest goes, or NULL */
	struct sign_worker *workers;
	uint32_t input_serial;
	uint32_t negative_ttl, soa_expire;
};

struct sign_worker {
	const struct signing *signing;
	unsigned number;
	struct rrsig_maker *maker;
	struct rows_scratch scratch;
	struct rowhash *hash;
	struct reuse_cursor cursor;
	bool zonemd_only;
	uint64_t made;
	uint64_t kept;
};

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool sign_input_serial(const struct record records[], size_t count, const uint8_t *apex, uint32_t *out)
{
	for (size_t i = 0; i < count; i++) {
		if (records[i].type != RRTYPE_SOA || !name_equal(records[i].owner, apex))
			continue;
		*out = apex_soa_serial(&records[i]);
		return true;
	}
	return false;
}

static enum status name_row(const struct row *row, struct error *err)
{
	char owner[NAME_TEXT];
	char type[RRTYPE_TEXT];
	name_to_text(row->owner, owner);
	rrtype_to_text(row->type, true, type);
	return error_context(err, "signing %.200s %s", owner, type);
}

static enum status place_row(const struct signing *signing, const struct row *row, const struct keyset_key *key,
    uint8_t *slot, struct error *err)
{
	const struct sign_parameters *const parameters = signing->parameters;
	for (size_t i = 0; i < parameters->offline_count; i++) {
		const struct record *const record = &parameters->offline_signatures[i];
		if (rrsig_place(signing->zone.apex, row, key, record->rdata, record->rdata_size, slot))
			return STATUS_OK;
	}
	error_set(err, STATUS_KEY,
	    "%s %u is offline, and no signature of it for this RRset was brought here; see zoneseal status",
	    key_role_name(key->key->role), key->key->tag);
	return name_row(row, err);
}

/* In a roll that is spread over runs the old key's signature stays until the row's turn has come, if it can; whatever
 * is made anew for another reason is the new key's. */
static enum status choose_keys(struct sign_worker *worker, const struct row *row, const bool kept[KEYSET_MAX],
    bool empty[KEYSET_MAX], struct error *err)
{
	const struct keyset *const keyset = &worker->signing->keyset;
	for (size_t k = 0; k < keyset->count; k++) {
		const struct keyset_key *const key = &keyset->keys[k];
		uint32_t turn = 0;
		if (!key->comes)
			continue;
		if (kept[key->other] && !kept[k]) {
			const enum status status = rrsig_turn(worker->maker, row, key->key, &turn, err);
			if (status != STATUS_OK)
				return status;
		}
		empty[k] = kept[key->other] && !kept[k] && turn >= KEY_ALL_PPM - key->key->signatures_left;
		empty[key->other] = !empty[k];
	}
	return STATUS_OK;
}

static enum status sign_row(void *context, const struct row *row, struct error *err)
{
	struct sign_worker *const worker = context;
	const struct signing *const signing = worker->signing;
	const struct keyset *const keyset = &signing->keyset;
	if (row->slot == NULL || worker->zonemd_only != (row->at_apex && row->type == RRTYPE_ZONEMD))
		return STATUS_OK;
	bool kept[KEYSET_MAX] = { false };
	bool empty[KEYSET_MAX] = { false };
	if (!worker->zonemd_only)
		reuse_row(&worker->cursor, &signing->policy, keyset, signing->zone.apex, row, kept);
	enum status status = row->duty == KEYSET_ZONE ? choose_keys(worker, row, kept, empty, err) : STATUS_OK;
	uint8_t *slot = row->slot;
	for (size_t k = 0; k < keyset->count && status == STATUS_OK; k++) {
		const struct keyset_key *const key = &keyset->keys[k];
		if (!key->duty[row->duty])
			continue;
		const bool offline = key_is_offline(key->key);
		if (empty[k])
			keyset_empty_slot(slot);
		else if (offline)
			status = place_row(signing, row, key, slot, err);
		else if (!kept[k])
			status = rrsig_make(worker->maker, row, k, slot, err);
		worker->made += !offline && !kept[k] && !empty[k];
		worker->kept += kept[k] && !empty[k];
		slot += KEYSET_TIMES + key->signature_size;
	}
	return status;
}

static enum status sign_job(void *context, unsigned number, size_t first, size_t end, struct error *err)
{
	const struct signing *const signing = context;
	struct sign_worker *const worker = &signing->workers[number];
	worker->cursor = reuse_begin(&signing->reuse, worker->hash);
	for (size_t s = first; s < end; s++) {
		const uint64_t before = worker->made + worker->kept;
		enum status status = rows_each(&signing->rows, s, &worker->scratch, sign_row, worker, err);
		if (status == STATUS_OK)
			status = rrsig_finish(worker->maker, err);
		if (status != STATUS_OK)
			return status;
		meter_add(signing->parameters->meter, worker->made + worker->kept - before);
	}
	return STATUS_OK;
}

/* By the room for them: the keys of the DNSKEY RRset may have another size, which is a matter of a few. */
static uint64_t expected_signatures(const struct signing *signing)
{
	const struct keyset *const keyset = &signing->keyset;
	uint64_t each = 0;
	for (size_t k = 0; k < keyset->count; k++)
		each += keyset->keys[k].duty[KEYSET_ZONE] && !keyset->keys[k].goes;
	return each == 0 ? 0 : signing->rows.slots_size / keyset->slot_size[KEYSET_ZONE] * each;
}

/* Signs all but the ZONEMD, computes the digest of each section as soon as it is signed, and signs the ZONEMD (RFC 8976
 * 3.4). In an unsigned zone the digest is all that there is to do. */
static enum status sign_rows(struct signing *signing, struct error *err)
{
	const size_t sections = signing->rows.section_count;
	workers_job *const sign = signing->parameters->unsigned_output ? NULL : sign_job;
	enum status status = STATUS_OK;
	meter_begin(signing->parameters->meter, expected_signatures(signing), "signatures");
	if (signing->zonemd != NULL)
		status = zonemd_digest(&signing->rows, signing->signers, sign, signing, signing->zonemd, err);
	else if (sign != NULL)
		status = workers_run(signing->signers, sections, RANGE, sign, signing, err);
	meter_begin(signing->parameters->meter, 0, NULL);
	if (status != STATUS_OK || signing->zonemd == NULL)
		return status;
	struct sign_worker *const worker = &signing->workers[0];
	worker->zonemd_only = true;
	status = rows_each(&signing->rows, 0, &worker->scratch, sign_row, worker, err);
	return status == STATUS_OK ? rrsig_finish(worker->maker, err) : status;
}

static enum status check_ttls(const struct zone *zone, uint32_t max_ttl, const char *const files[], struct error *err)
{
	if (max_ttl == 0 || zone->largest_ttl <= max_ttl)
		return STATUS_OK;
	for (size_t i = 0; i < zone->rrset_count; i++) {
		const struct rrset *const rrset = &zone->rrsets[i];
		if (rrset->ttl <= max_ttl)
			continue;
		const struct record *const record = &rrset->records[0];
		char owner[NAME_TEXT];
		char type[RRTYPE_TEXT];
		name_to_text(record->owner, owner);
		rrtype_to_text(rrset->type, true, type);
		return error_set_at(err, STATUS_MALFORMED, files[record->file], record->line, 0,
		    "%.300s %s: TTL %u is larger than the policy's zone.max-ttl of %u, which all waits count on; lower "
		    "it, "
		    "or raise zone.max-ttl and run 'zoneseal zone set-policy'",
		    owner, type, rrset->ttl, max_ttl);
	}
	return STATUS_OK;
}

/* Octets that the signatures of an RRset add to a message that carries it. */
static size_t signatures_size(const struct signing *signing, enum keyset_duty duty)
{
	enum { RECORD_FIXED = 12 };
	const struct keyset *const keyset = &signing->keyset;
	size_t size = 0;
	for (size_t k = 0; k < keyset->count; k++)
		if (keyset->keys[k].duty[duty])
			size +=
			    RECORD_FIXED + RRSIG_FIXED + name_size(signing->zone.apex) + keyset->keys[k].signature_size;
	return size;
}

/* What zone_build took may still be too large for a message once it is signed (RFC 1035 4.2.2). */
static enum status check_sizes(const struct signing *signing, const char *const files[], struct error *err)
{
	const struct zone *const zone = &signing->zone;
	const size_t more = signatures_size(signing, KEYSET_ZONE);
	if (zone->largest_message + more <= UINT16_MAX)
		return STATUS_OK;
	for (size_t n = 0; n < zone->name_count; n++) {
		const struct zone_name *const name = &zone->names[n];
		for (size_t i = 0; i < name->rrset_count; i++) {
			const struct rrset *const rrset = &zone->rrsets[name->first_rrset + i];
			const size_t size = zone_message_size(rrset) + more;
			if (!zone_is_signed(name, rrset->type) || size <= UINT16_MAX)
				continue;
			const struct record *const last = &rrset->records[rrset->count - 1];
			char owner[NAME_TEXT];
			char type[RRTYPE_TEXT];
			name_to_text(last->owner, owner);
			rrtype_to_text(rrset->type, true, type);
			return error_set_at(err, STATUS_MALFORMED, files[last->file], last->line, 0,
			    "%.300s %s: %zu octets with its signatures, and a DNS message carries 65535 (RFC 1035 "
			    "4.2.2): nobody could ask for it; the input needs fewer or shorter records there",
			    owner, type, size);
		}
	}
	return STATUS_OK;
}

/* Strips, sorts, and adds what the apex needs; from here on the zone is const. */
static enum status build(struct signing *signing, struct zonetext *input, const struct key keys[], size_t key_count,
    bool replace_foreign, struct sign_result *result, struct error *err)
{
	const struct sign_parameters *const parameters = signing->parameters;
	const char *const *const files = (const char *const *)input->files;
	const size_t kept = zone_strip(input->records, input->count, parameters->apex);
	result->stripped = input->count - kept;
	enum status status = STATUS_OK;
	if (!replace_foreign)
		status = keyset_check_foreign(
		    input->records + kept, input->count - kept, parameters->apex, files, keys, key_count, err);
	if (status == STATUS_OK)
		status =
		    zone_build(input->records, kept, parameters->apex, files, signing->threads, &signing->zone, err);
	if (status == STATUS_OK)
		status = zonemd_check_input(&signing->zone, input->records + kept, input->count - kept, files, err);
	if (status == STATUS_OK)
		status = check_ttls(&signing->zone, parameters->max_ttl, files, err);
	if (status != STATUS_OK)
		return status;
	const struct rrset *const soa = zone_rrset(&signing->zone, 0, RRTYPE_SOA);
	signing->input_serial = apex_soa_serial(&soa->records[0]);
	/* RFC 9077 3.1. */
	const uint32_t minimum = apex_soa_minimum(&soa->records[0]);
	signing->negative_ttl = soa->ttl < minimum ? soa->ttl : minimum;
	signing->soa_expire = apex_soa_expire(&soa->records[0]);
	signing->nsec3_parameters = (struct nsec3_parameters){ parameters->iterations, parameters->salt,
		parameters->salt_size, parameters->opt_out };
	const struct apex_parameters apex = {
		.serial = parameters->serial,
		.dnskey_ttl = parameters->dnskey_ttl,
		.nsec3 = parameters->nsec3 ? &signing->nsec3_parameters : NULL,
		.cds = parameters->cds,
		.cds_delete = parameters->cds_delete,
		.unsigned_output = parameters->unsigned_output,
		.zonemd = parameters->zonemd,
	};
	status = apex_make(&signing->zone, &apex, keys, key_count, signing->mem, &signing->zonemd, err);
	signing->nsec3 = parameters->nsec3 && !parameters->unsigned_output;
	if (status == STATUS_OK && signing->nsec3)
		status =
		    nsec3_build(&signing->zone, &signing->nsec3_parameters, signing->threads, &signing->chain, err);
	return status;
}

static enum status prepare(struct signing *signing, struct zonetext *previous, const char *const files[],
    const struct key keys[], size_t key_count, struct token *token, struct error *err)
{
	const struct sign_parameters *const parameters = signing->parameters;
	signing->policy = (struct rrsig_policy){
		.now = parameters->now,
		.inception_offset = parameters->inception_offset,
		.jitter = parameters->jitter,
		.refresh = parameters->refresh,
		.validity = { [KEYSET_KEYS] = parameters->validity_dnskey,
		    [KEYSET_CHILD] = parameters->validity_dnskey,
		    [KEYSET_ZONE] = parameters->validity },
	};
	enum status status = STATUS_OK;
	if (!parameters->unsigned_output) {
		status = keyset_open(keys, key_count, token, signing->signers, &signing->keyset, err);
		reuse_init(previous, parameters->kept, parameters->apex, signing->threads, &signing->reuse);
	}
	if (status == STATUS_OK)
		status = evidence_show(&signing->zone, &signing->keyset, &signing->policy, token, err);
	if (status == STATUS_OK)
		status = check_sizes(signing, files, err);
	if (status == STATUS_OK)
		status = rows_open(&signing->zone, signing->nsec3 ? &signing->chain : NULL, &signing->keyset,
		    signing->negative_ttl, signing->signers, &signing->rows, err);
	if (status != STATUS_OK)
		return status;
	signing->workers = memory_calloc(signing->signers, sizeof(*signing->workers));
	for (unsigned i = 0; i < signing->signers; i++) {
		signing->workers[i].signing = signing;
		signing->workers[i].number = i;
		signing->workers[i].maker =
		    rrsig_maker_new(&signing->policy, &signing->keyset, i, signing->batch, signing->zone.apex);
		signing->workers[i].hash = rowhash_new();
	}
	return STATUS_OK;
}

static void report(const struct signing *signing, const struct write_counts *counts, struct sign_result *result)
{
	const struct zone *const zone = &signing->zone;
	for (size_t i = 0; i < sizeof(result->sha256); i++)
		result->sha256[i] = counts->sha256[i];
	result->size = counts->size;
	result->records = counts->records;
	result->signatures = counts->signatures;
	result->denial_records = counts->denial_records;
	for (unsigned i = 0; i < signing->signers; i++) {
		result->signatures_made += signing->workers[i].made;
		result->signatures_kept += signing->workers[i].kept;
	}
	result->delegations = zone->delegations;
	result->secure_delegations = zone->secure_delegations;
	result->duplicates = zone->duplicates;
	result->ttl_lowered = zone->ttl_lowered;
	result->occluded = zone->occluded;
	result->input_serial = signing->input_serial;
	result->largest_ttl = zone->largest_ttl;
	result->negative_ttl = signing->negative_ttl;
	result->soa_expire = signing->soa_expire;
	result->first_expiry = counts->first_expiry;
	result->refresh_due =
	    counts->signatures == 0 ? UTC_NEVER : utc_subtract(counts->first_expiry, signing->parameters->refresh);
}

static void close_signing(struct signing *signing)
{
	for (unsigned i = 0; signing->workers != NULL && i < signing->signers; i++) {
		rrsig_maker_free(signing->workers[i].maker);
		rowhash_free(signing->workers[i].hash);
	}
	free(signing->workers);
	rows_close(&signing->rows);
	keyset_close(&signing->keyset);
	nsec3_free(&signing->chain);
	zone_free(&signing->zone);
	arena_free(signing->mem);
}

enum status sign_zone(struct zonetext *input, struct zonetext *previous, const struct key keys[], size_t key_count,
    struct token *token, bool replace_foreign, const struct sign_parameters *parameters, struct publish *out,
    struct sign_result *result, struct error *err)
{
	struct signing signing = { .parameters = parameters, .mem = arena_new(0) };
	signing.threads = parameters->threads == 0 ? workers_default() : parameters->threads;
	const struct token_plan plan = token_plan_of(token_sessions(token), signing.threads);
	signing.signers = plan.threads;
	signing.batch = plan.batch;
	struct sign_result found = { 0 };
	struct write_counts counts;
	const double start = seconds();
	enum status status = build(&signing, input, keys, key_count, replace_foreign, &found, err);
	if (status == STATUS_OK)
		status = prepare(&signing, previous, (const char *const *)input->files, keys, key_count, token, err);
	const double built = seconds();
	if (status == STATUS_OK)
		status = sign_rows(&signing, err);
	const double signed_at = seconds();
	if (status == STATUS_OK)
		status = write_zone(&signing.rows, parameters->now, parameters->all_type_names, signing.threads, out,
		    parameters->draft, &counts, err);
	if (status == STATUS_OK) {
		report(&signing, &counts, &found);
		found.seconds_build = built - start;
		found.seconds_sign = signed_at - built;
		found.seconds_write = seconds() - signed_at;
		*result = found;
	}
	close_signing(&signing);
	return status;
}
