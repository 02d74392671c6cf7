/* SPDX-License-Identifier: MIT */
/* The side of the zone: a response is taken whole or not at all. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/store_ceremony.h"
#include "policies/offline.h"
#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony_check.h"
#include "signer/ceremony/ceremony_set.h"
#include "signer/engine/lock.h"
#include "signer/engine/offline.h"
#include "signer/engine/skr.h"

struct work {
	struct store *store;
	const struct skr_request *request;
	struct arena *mem;
	struct lock lock;
	struct roll_view view;
	uint8_t apex[NAME_WIRE];
	struct ceremony_file asked;
	struct ceremony_file previous;
	bool has_previous;
	struct ceremony_file file;
	struct key *fresh; /* KSKs that the response brings */
	size_t fresh_count;
};

static enum status begin(struct work *work, struct error *err)
{
	const struct skr_request *const request = work->request;
	struct store_zone zone;
	struct policy policy;
	size_t size;
	enum status status = skr_begin(work->store, request, "skr import", work->mem, &zone, &policy, &work->lock, err);
	if (status == STATUS_OK)
		status = roll_look(work->store, request->state, &zone, request->now, work->mem, &work->view, err);
	return status == STATUS_OK ? name_parse(zone.name, strlen(zone.name), NULL, work->apex, &size, err) : status;
}

static bool is_sha(const struct store_ceremony *row, const uint8_t sha256[32])
{
	return memcmp(row->sha256, sha256, 32) == 0;
}

/* The request that is to be answered is the last one. */
static enum status read_request(struct work *work, struct error *err)
{
	struct store_ceremony *rows;
	size_t count = 0;
	enum status status =
	    store_ceremonies(work->store, work->view.zone.id, STORE_CEREMONY_REQUEST, work->mem, &rows, &count, err);
	if (status == STATUS_OK && count == 0)
		return error_set(err, STATUS_NO, "it is foreign: no request was ever made here; zoneseal ksr create %s",
		    work->view.zone.name);
	if (status != STATUS_OK)
		return status;
	const struct store_ceremony *const last = &rows[count - 1];
	for (size_t i = 0; i + 1 < count && work->file.form == CEREMONY_OWN; i++) {
		char made[UTC_TEXT];
		utc_format(last->made, made);
		if (is_sha(&rows[i], work->file.request) && !is_sha(last, work->file.request))
			return error_set(err, STATUS_NO,
			    "it is stale: it answers request %" PRId64 ", and a newer request was made at %s",
			    rows[i].number, made);
	}
	return ceremony_read(
	    "the last KSR in the keystore", last->text, strlen(last->text), work->apex, work->mem, &work->asked, err);
}

static enum status read_previous(struct work *work, struct error *err)
{
	struct store_ceremony *rows;
	size_t count = 0;
	enum status status =
	    store_ceremonies(work->store, work->view.zone.id, STORE_CEREMONY_RESPONSE, work->mem, &rows, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (is_sha(&rows[i], work->file.sha256))
			return error_set(err, STATUS_NO, "it is stale: it was imported before");
	if (status != STATUS_OK || count == 0)
		return status;
	const struct store_ceremony *const last = &rows[count - 1];
	status = ceremony_read("the last SKR in the keystore", last->text, strlen(last->text), work->apex, work->mem,
	    &work->previous, err);
	work->previous.number = last->number;
	work->previous.until = last->ends;
	work->has_previous = status == STATUS_OK;
	return status;
}

static enum status check(struct work *work, struct error *err)
{
	const struct skr_request *const request = work->request;
	struct ceremony_file *const file = &work->file;
	enum status status =
	    ceremony_read(request->name, request->text, request->size, work->apex, work->mem, file, err);
	if (status != STATUS_OK)
		return status;
	status = read_previous(work, err);
	if (status == STATUS_OK)
		status = read_request(work, err);
	if (status == STATUS_OK && file->kind == CEREMONY_RESPONSE)
		status = ceremony_complete(file, &work->view.policy, (struct utc){ 0 }, work->mem, err);
	if (file->form == CEREMONY_BIND) {
		file->number = work->asked.number;
		file->emergency = work->asked.emergency;
	}
	const struct ceremony_rules rules = { .policy = &work->view.policy,
		.now = request->now,
		.previous = work->has_previous ? &work->previous : NULL };
	if (status == STATUS_OK)
		status = ceremony_check_response(file, &work->asked, &rules, work->mem, err);
	return status == STATUS_OK ? status : error_context(err, "%s", request->name);
}

/* ---- keys that it brings ---- */

static bool is_known(const struct work *work, const struct key *key)
{
	for (size_t i = 0; i < work->view.count; i++)
		if (work->view.keys[i].key.algorithm == key->algorithm &&
		    memcmp(work->view.keys[i].key.fingerprint, key->fingerprint, 32) == 0)
			return true;
	for (size_t i = 0; i < work->fresh_count; i++)
		if (memcmp(work->fresh[i].fingerprint, key->fingerprint, 32) == 0)
			return true;
	return false;
}

static enum status find_fresh(struct work *work, struct error *err)
{
	enum { MOST = 8 };
	work->fresh = arena_calloc(work->mem, MOST, sizeof(*work->fresh));
	for (size_t b = 0; b < work->file.bundle_count; b++) {
		struct ceremony_keys keys;
		const enum status status = ceremony_keys_of(&work->file.bundles[b].keys, work->mem, &keys, err);
		if (status != STATUS_OK)
			return status;
		for (size_t i = 0; i < keys.count; i++) {
			if (is_known(work, &keys.all[i]))
				continue;
			if (work->fresh_count == MOST)
				return error_set(err, STATUS_NO, "%s: too many new KSKs", work->request->name);
			struct key *const key = &work->fresh[work->fresh_count++];
			char hex[65];
			*key = keys.all[i];
			key_hide(key, work->request->now);
			key->created = work->request->now;
			bytes_to_hex((struct bytes){ key->fingerprint, 32 }, false, hex);
			snprintf(key->locator, sizeof(key->locator), KEY_OFFLINE "%s", hex);
		}
	}
	return STATUS_OK;
}

/* A tag that the zone ever had names another key. */
static enum status check_tags(struct work *work, struct error *err)
{
	for (size_t i = 0; i < work->fresh_count; i++) {
		bool used = false;
		bool revoked_used = false;
		const struct key *const key = &work->fresh[i];
		enum status status = store_tag_is_used(work->store, work->view.zone.id, key->tag, &used, err);
		if (status == STATUS_OK)
			status =
			    store_tag_is_used(work->store, work->view.zone.id, key->revoked_tag, &revoked_used, err);
		if (status != STATUS_OK)
			return status;
		if (used || revoked_used)
			return error_set(err, STATUS_NO,
			    "%s: its new KSK has tag %u, which another key of the zone had; make another KSK",
			    work->request->name, key->tag);
	}
	return STATUS_OK;
}

/* ---- the whole period ---- */

static enum status prove_with(struct work *work, const struct rollover_key keys[], size_t count,
    const struct roll_offline *offline, struct span ds_delay, struct error *err)
{
	const struct roll_view *const view = &work->view;
	const size_t current =
	    offline_current(offline->bundles, offline->count, work->request->now, view->policy.refresh);
	struct offline_walk walk = { .rules = &view->rules,
		.keys = keys,
		.count = count,
		.facts = &view->facts,
		.history = view->history,
		.bundles = offline->bundles,
		.bundle_count = offline->count,
		.refresh = view->policy.refresh,
		.ds_delay = ds_delay,
		.now = work->request->now,
		.until = work->file.until };
	/* A first response may be for later; until then nothing is published. */
	if (current == SIZE_MAX && !work->has_previous)
		walk.now = utc_later(walk.now, work->file.from);
	return offline_prove(&walk, err);
}

static enum status prove(struct work *work, struct error *err)
{
	struct roll_view *const view = &work->view;
	struct roll_offline offline = *view->offline;
	const size_t count = view->count + work->fresh_count;
	struct rollover_key *const keys = arena_calloc(work->mem, count + 1, sizeof(*keys));
	int64_t last_id = 0;
	for (size_t i = 0; i < view->count; i++) {
		keys[i] = view->keys[i];
		last_id = keys[i].key.id > last_id ? keys[i].key.id : last_id;
	}
	for (size_t i = 0; i < work->fresh_count; i++) {
		keys[view->count + i].key = work->fresh[i];
		keys[view->count + i].key.id = ++last_id;
	}
	for (size_t i = 0; i < offline.count && work->file.emergency; i++)
		if (offline.bundles[i].dropped.seconds == 0)
			offline.bundles[i].dropped = work->file.from;
	offline_add(&offline, &work->file, (struct utc){ 0 }, work->mem);
	offline_fill(&offline, keys, count, work->mem);
	enum status status = prove_with(work, keys, count, &offline, (struct span){ -1 }, err);
	if (status == STATUS_OK)
		status = prove_with(work, keys, count, &offline, view->policy.registration, err);
	return status == STATUS_OK ? status : error_context(err, "%s", work->request->name);
}

/* ---- the end ---- */

static enum status take(struct work *work, struct error *err)
{
	const struct ceremony_file *const file = &work->file;
	const char *const text = arena_strndup(work->mem, work->request->text, work->request->size);
	struct store_ceremony row = { .kind = STORE_CEREMONY_RESPONSE,
		.number = file->number,
		.begins = file->from,
		.ends = file->until,
		.made = work->request->now,
		.text = text };
	char hex[65];
	char until[UTC_TEXT];
	memcpy(row.sha256, file->sha256, sizeof(row.sha256));
	bytes_to_hex((struct bytes){ file->sha256, 32 }, false, hex);
	utc_format(file->until, until);
	/* KSKs that nothing uses yet hurt nobody if this ends here. */
	enum status status = work->fresh_count == 0 ? STATUS_OK
						    : store_add_keys(work->store, work->view.zone.id, work->fresh,
							  work->fresh_count, work->request->now, err);
	if (status == STATUS_OK)
		status = store_add_ceremony(work->store, work->view.zone.id, &row, file->emergency,
		    arena_printf(work->mem, "SKR %" PRId64 "%s until %s, %zu bundles, SHA-256 %s", file->number,
			file->emergency ? " (emergency: replaces the one before)" : "", until, file->bundle_count, hex),
		    work->request->now, err);
	return status;
}

enum status skr_import(struct store *store, const struct skr_request *request, struct arena *mem,
    struct skr_answer *out, struct error *err)
{
	struct work *const work = arena_calloc(mem, 1, sizeof(*work));
	work->store = store;
	work->request = request;
	work->mem = mem;
	work->lock = LOCK_NONE;
	enum status status = begin(work, err);
	if (status == STATUS_OK)
		status = check(work, err);
	if (status == STATUS_OK)
		status = find_fresh(work, err);
	if (status == STATUS_OK)
		status = check_tags(work, err);
	if (status == STATUS_OK)
		status = prove(work, err);
	if (status == STATUS_OK && !request->dry_run)
		status = take(work, err);
	lock_release(&work->lock);
	if (status != STATUS_OK)
		return status;
	*out = (struct skr_answer){ .file = work->file, .has_new_ksk = work->fresh_count > 0 };
	if (out->has_new_ksk)
		out->new_ksk = work->fresh[0].tag;
	return STATUS_OK;
}
