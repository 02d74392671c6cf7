/* SPDX-License-Identifier: MIT */
#include "signer/engine/ksr.h"

#include <inttypes.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/store_ceremony.h"
#include "keystore/token.h"
#include "policies/offline.h"
#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony_check.h"
#include "signer/ceremony/ceremony_set.h"
#include "signer/dns/rrtype.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"
#include "signer/engine/offline.h"
#include "signer/engine/setup.h"
#include "signer/engine/zonekeys.h"

enum { ROUNDS = 6, MOST_MADE = 64 };

struct work {
	struct store *store;
	const struct ksr_request *request;
	struct arena *mem;
	struct lock lock;
	struct token *token;
	struct roll_view view;
	struct store_ceremony *responses;
	size_t response_count;
	struct offline_lane *lanes;
	size_t lane_count;
	struct ceremony_file file;
	unsigned made;
};

static const struct store_ceremony *last_response(const struct work *work)
{
	return work->response_count == 0 ? NULL : &work->responses[work->response_count - 1];
}

static enum status look(struct work *work, struct error *err)
{
	struct store_zone zone;
	const enum status status = setup_find_zone(work->store, work->request->zone, work->mem, &zone, err);
	return status == STATUS_OK ? roll_look(work->store, work->request->state, &zone, work->request->now, work->mem,
					 &work->view, err)
				   : status;
}

static enum status refuse(const struct work *work, struct error *err)
{
	const struct store_ceremony *const last = last_response(work);
	const char *const name = work->view.zone.name;
	struct store_ceremony *own;
	size_t own_count = 0;
	char ends[UTC_TEXT];
	if (!work->view.policy.offline_ksk)
		return error_set(err, STATUS_REFUSED, "%s: policy %s has keys.offline-ksk false: its KSK is here", name,
		    work->view.policy.name);
	const enum status status =
	    store_ceremonies(work->store, work->view.zone.id, STORE_CEREMONY_SIGNED, work->mem, &own, &own_count, err);
	if (status != STATUS_OK)
		return status;
	if (own_count > 0)
		return error_set(err, STATUS_REFUSED,
		    "%s: this keystore signs responses, so its KSK is here; requests are made where the zone is signed",
		    name);
	if (work->request->emergency && last == NULL)
		return error_set(err, STATUS_REFUSED,
		    "%s: no SKR was imported that an emergency could replace: zoneseal "
		    "ksr create %s",
		    name, name);
	if (last == NULL || work->request->emergency || utc_before(work->request->now, last->ends))
		return STATUS_OK;
	utc_format(last->ends, ends);
	return error_set(err, STATUS_REFUSED,
	    "%s: the last SKR ended at %s, so that the next one cannot begin where it ends: zoneseal ksr emergency %s",
	    name, ends, name);
}

static enum status begin(struct work *work, struct error *err)
{
	const struct ksr_request *const request = work->request;
	struct store_zone zone;
	enum status status = setup_find_zone(work->store, request->zone, work->mem, &zone, err);
	if (status == STATUS_OK && !request->dry_run)
		status = lock_take(request->state, zone.name, "ksr create", request->now, 0, &work->lock, err);
	if (status == STATUS_OK)
		status = look(work, err);
	if (status == STATUS_OK)
		status = store_ceremonies(work->store, zone.id, STORE_CEREMONY_RESPONSE, work->mem, &work->responses,
		    &work->response_count, err);
	if (status == STATUS_OK)
		status = refuse(work, err);
	if (status == STATUS_OK)
		status = token_open_soft(
		    folder_path(request->state, "keys", work->mem), request->passphrase_file, &work->token, err);
	return status;
}

static enum status put_head(struct work *work, struct error *err)
{
	const struct ksr_request *const request = work->request;
	const struct store_ceremony *const last = last_response(work);
	struct ceremony_file *const file = &work->file;
	size_t size;
	*file = (struct ceremony_file){ .kind = CEREMONY_REQUEST,
		.number = last == NULL ? 1 : last->number + 1,
		.created = request->now,
		.has_previous = last != NULL,
		.from = last == NULL || request->emergency ? request->now : last->ends,
		.dnskey_ttl = work->view.policy.dnskey_ttl,
		.emergency = request->emergency };
	if (last != NULL)
		memcpy(file->previous, last->sha256, sizeof(file->previous));
	file->until = utc_add(file->from, work->view.policy.skr_period);
	return name_parse(work->view.zone.name, strlen(work->view.zone.name), NULL, file->apex, &size, err);
}

/* ---- keys ---- */

static unsigned missing_zsks(const struct work *work)
{
	unsigned count = 0;
	for (size_t i = 0; i < work->lane_count; i++)
		count += work->lanes[i].made && work->lanes[i].role == KEY_ZSK &&
			 utc_before(work->lanes[i].from, work->file.until);
	return count;
}

static enum status generate(struct work *work, unsigned count, struct error *err)
{
	enum status status = STATUS_OK;
	for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
		struct key key;
		status = zonekeys_generate(work->store, work->token, work->view.zone.id, &work->view.policy, KEY_ZSK,
		    NULL, work->request->now, &key, err);
		work->made += status == STATUS_OK;
	}
	return status == STATUS_OK ? look(work, err) : status;
}

/* The ZSKs of the whole period, so that none has to be made while no KSK is at hand. */
static enum status forecast(struct work *work, struct error *err)
{
	for (int i = 0; i < ROUNDS; i++) {
		const enum status status =
		    offline_forecast(&work->view.policy, &work->view.rules, work->view.keys, work->view.count,
			work->request->now, work->file.until, work->mem, &work->lanes, &work->lane_count, err);
		const unsigned missing = status == STATUS_OK ? missing_zsks(work) : 0;
		if (status != STATUS_OK || missing == 0)
			return status;
		if (work->request->dry_run) {
			work->made = missing;
			return STATUS_OK;
		}
		if (work->made + missing > MOST_MADE)
			return error_set(err, STATUS_POLICY,
			    "%u ZSKs for one period: keys.zsk.lifetime is too short for "
			    "ceremony.period",
			    work->made + missing);
		const enum status made = generate(work, missing, err);
		if (made != STATUS_OK)
			return made;
	}
	return error_set(err, STATUS_INTERNAL, "the plan for the period wants ever more ZSKs");
}

static bool waits_to_be_used(const struct key *key)
{
	return key_is_offline(key) && key_is_hidden(key) && key->active.seconds == 0 && key->purged.seconds == 0;
}

/* ---- bundles ---- */

static bool is_in(const struct work *work, const struct key *key, const struct ceremony_bundle *bundle)
{
	/* Half a bundle more: a run may be late, and what is removed late hurts nobody. */
	const struct span margin = { work->view.policy.skr_interval.seconds / 2 };
	for (size_t i = 0; i < work->lane_count; i++)
		if (!work->lanes[i].made && work->lanes[i].id == key->id &&
		    offline_in_bundle(&work->lanes[i], bundle->from, bundle->until, margin))
			return true;
	return waits_to_be_used(key);
}

static enum status put_keys(struct work *work, struct ceremony_bundle *bundle, struct error *err)
{
	const struct ceremony_file *const file = &work->file;
	struct ceremony_set set = { .count = 0 };
	unsigned zsks = 0;
	for (size_t i = 0; i < work->view.count; i++) {
		const struct key *const key = &work->view.keys[i].key;
		uint8_t rdata[DNSKEY_RDATA];
		if (!is_in(work, key, bundle))
			continue;
		if (set.count + 1 == CEREMONY_RECORDS)
			return error_set(err, STATUS_POLICY, "more keys than a bundle may have");
		const size_t size = dnskey_rdata(key, rdata);
		ceremony_put(&set, file->apex, file->dnskey_ttl, RRTYPE_DNSKEY, rdata, size, work->mem);
		zsks += key->role == KEY_ZSK;
	}
	if (zsks == 0 && !work->request->dry_run)
		return error_set(err, STATUS_INTERNAL, "a bundle without any ZSK");
	const struct row row = ceremony_row(&set, RRTYPE_DNSKEY, file->apex, work->mem);
	bundle->keys.count = row.count;
	bundle->keys.records = set.records;
	if (row.count > 0)
		memcpy(set.records, row.records, row.count * sizeof(*set.records));
	return STATUS_OK;
}

/* From which bundle on a KSK is wanted that does not exist yet. */
static void want_ksk(struct work *work)
{
	struct ceremony_file *const file = &work->file;
	if (work->request->new_ksk)
		file->new_ksk = file->from;
	for (size_t i = 0; i < work->lane_count && !work->request->new_ksk; i++) {
		const struct offline_lane *const lane = &work->lanes[i];
		if (!lane->made || lane->role != KEY_KSK || !utc_before(lane->from, file->until))
			continue;
		for (size_t b = 0; b < file->bundle_count; b++)
			if (utc_before(lane->from, file->bundles[b].until) &&
			    (file->new_ksk.seconds == 0 || utc_before(file->bundles[b].from, file->new_ksk))) {
				file->new_ksk = file->bundles[b].from;
				break;
			}
	}
}

static enum status put_bundles(struct work *work, struct error *err)
{
	struct ceremony_file *const file = &work->file;
	const struct policy *const policy = &work->view.policy;
	enum status status = STATUS_OK;
	file->bundles = arena_calloc(work->mem, CEREMONY_BUNDLES, sizeof(*file->bundles));
	for (struct utc at = file->from; utc_before(at, file->until) && status == STATUS_OK;) {
		struct ceremony_bundle *const bundle = &file->bundles[file->bundle_count++];
		const struct utc end = utc_add(at, policy->skr_interval);
		bundle->from = at;
		bundle->until = utc_before(end, file->until) ? end : file->until;
		bundle->inception = utc_subtract(at, policy->inception_offset);
		bundle->expiration = utc_add(bundle->until, policy->skr_overlap);
		status = put_keys(work, bundle, err);
		at = bundle->until;
	}
	want_ksk(work);
	return status;
}

/* ---- proofs ---- */

static enum status prove_key(struct work *work, const struct key *key, struct error *err)
{
	struct token_signer *signer = NULL;
	enum status status = token_signer_new(work->token, key, &signer, err);
	for (size_t b = 0; b < work->file.bundle_count && status == STATUS_OK; b++) {
		struct ceremony_bundle *const bundle = &work->file.bundles[b];
		struct ceremony_signatures *const proofs = &bundle->proofs;
		if (!is_in(work, key, bundle))
			continue;
		const char *const text = ceremony_proof_text(&work->file, bundle, work->mem);
		if (proofs->all == NULL)
			proofs->all = arena_calloc(work->mem, CEREMONY_RECORDS, sizeof(*proofs->all));
		struct ceremony_signature *const proof = &proofs->all[proofs->count++];
		proof->tag = key->tag;
		status = token_sign(signer, (const uint8_t *)text, strlen(text), proof->data, &proof->size, err);
	}
	token_signer_free(signer);
	return status == STATUS_OK ? status : error_context(err, "proof of ZSK %u", key->tag);
}

static enum status prove(struct work *work, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < work->view.count && status == STATUS_OK; i++) {
		const struct key *const key = &work->view.keys[i].key;
		bool used = false;
		for (size_t b = 0; b < work->file.bundle_count && !used; b++)
			used = key->role == KEY_ZSK && is_in(work, key, &work->file.bundles[b]);
		if (used)
			status = prove_key(work, key, err);
	}
	return status;
}

/* ---- the end ---- */

/* What the other side will find is found here first. */
static enum status check(struct work *work, struct error *err)
{
	const struct store_ceremony *const last = last_response(work);
	struct ceremony_file previous;
	struct ceremony_rules rules = { .policy = &work->view.policy, .now = work->request->now };
	enum status status = STATUS_OK;
	if (last != NULL) {
		status = ceremony_read(
		    "the last SKR", last->text, strlen(last->text), work->file.apex, work->mem, &previous, err);
		previous.number = last->number;
		previous.until = last->ends;
		rules.previous = &previous;
	}
	if (status == STATUS_OK)
		status = ceremony_check_request(&work->file, &rules, work->mem, err);
	return status == STATUS_OK ? status : error_context(err, "the request");
}

static enum status remember(struct work *work, const char *text, struct error *err)
{
	const struct ceremony_file *const file = &work->file;
	struct store_ceremony row = { .kind = STORE_CEREMONY_REQUEST,
		.number = file->number,
		.begins = file->from,
		.ends = file->until,
		.made = work->request->now,
		.text = text };
	char from[UTC_TEXT];
	char until[UTC_TEXT];
	utc_format(file->from, from);
	utc_format(file->until, until);
	memcpy(row.sha256, file->sha256, sizeof(row.sha256));
	return store_add_ceremony(work->store, work->view.zone.id, &row, false,
	    arena_printf(work->mem, "KSR %" PRId64 "%s from %s to %s, %zu bundles%s", file->number,
		file->emergency ? " (emergency)" : "", from, until, file->bundle_count,
		file->new_ksk.seconds != 0 ? ", asks for a new KSK" : ""),
	    work->request->now, err);
}

static enum status finish(struct work *work, struct ksr_answer *out, struct error *err)
{
	struct ceremony_file *const file = &work->file;
	enum status status = work->request->dry_run ? STATUS_OK : prove(work, err);
	const char *text = ceremony_write(file, work->mem);
	bytes_sha256((struct bytes){ (const uint8_t *)text, strlen(text) }, file->sha256);
	if (status == STATUS_OK && !work->request->dry_run)
		status = check(work, err);
	if (status == STATUS_OK && !work->request->dry_run)
		status = remember(work, text, err);
	file->form = work->request->form;
	if (file->form == CEREMONY_BIND)
		text = ceremony_write(file, work->mem);
	*out = (struct ksr_answer){ .text = text, .file = *file, .made = work->made };
	return status;
}

enum status ksr_create(struct store *store, const struct ksr_request *request, struct arena *mem,
    struct ksr_answer *out, struct error *err)
{
	struct work work = { .store = store, .request = request, .mem = mem, .lock = LOCK_NONE };
	enum status status = begin(&work, err);
	if (status == STATUS_OK)
		status = put_head(&work, err);
	if (status == STATUS_OK)
		status = forecast(&work, err);
	if (status == STATUS_OK)
		status = put_bundles(&work, err);
	if (status == STATUS_OK)
		status = finish(&work, out, err);
	token_close(work.token);
	lock_release(&work.lock);
	return status;
}
