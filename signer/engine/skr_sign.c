/* SPDX-License-Identifier: MIT */
/* The side of the KSK: no zone is here, and no network is needed. */
#include <inttypes.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/store_ceremony.h"
#include "keystore/token.h"
#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony_check.h"
#include "signer/ceremony/ceremony_set.h"
#include "signer/dns/rrtype.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"
#include "signer/engine/skr.h"
#include "signer/engine/zonekeys.h"

enum { MOST_KSKS = 8, ALL_SUBSETS = 3, DS_SHA256 = 2 };

struct work {
	struct store *store;
	const struct skr_request *request;
	struct arena *mem;
	struct lock lock;
	struct token *token;
	struct store_zone zone;
	struct policy policy;
	struct key *keys;
	size_t key_count;
	struct ceremony_file asked;
	struct ceremony_file previous;
	bool has_previous;
	struct ceremony_file file;
	const struct key *ksks[MOST_KSKS]; /* that sign anything */
	struct token_signer *signers[MOST_KSKS];
	size_t ksk_count;
	struct skr_answer answer;
};

static enum status begin(struct work *work, struct error *err)
{
	const struct skr_request *const request = work->request;
	struct store_ceremony *rows;
	size_t count = 0;
	enum status status =
	    skr_begin(work->store, request, "skr sign", work->mem, &work->zone, &work->policy, &work->lock, err);
	if (status == STATUS_OK)
		status =
		    store_ceremonies(work->store, work->zone.id, STORE_CEREMONY_REQUEST, work->mem, &rows, &count, err);
	if (status == STATUS_OK && count > 0)
		status = error_set(err, STATUS_REFUSED,
		    "this keystore makes requests: it signs the zone, and the KSK is to be elsewhere");
	if (status == STATUS_OK)
		status = store_keys(work->store, work->zone.id, work->mem, &work->keys, &work->key_count, err);
	if (status == STATUS_OK)
		status = token_open_soft(
		    folder_path(request->state, "keys", work->mem), request->passphrase_file, &work->token, err);
	return status;
}

static enum status read_signed(
    struct work *work, const struct store_ceremony *row, struct ceremony_file *out, struct error *err)
{
	return ceremony_read(
	    "an SKR in the keystore", row->text, strlen(row->text), work->file.apex, work->mem, out, err);
}

/* Which response the request goes on from: the last one, or, if that was never taken and is asked for anew, the one
 * that it went on from as well. SIZE_MAX: none. */
static size_t base_of(const struct work *work, const struct store_ceremony rows[], size_t count)
{
	const struct ceremony_file *const asked = &work->asked;
	if (count == 0 || asked->form == CEREMONY_BIND || asked->number != rows[count - 1].number)
		return count == 0 ? SIZE_MAX : count - 1;
	for (size_t i = count; i-- > 0;)
		if (asked->has_previous && memcmp(rows[i].sha256, asked->previous, 32) == 0)
			return i;
	return asked->has_previous || asked->number != 1 ? count - 1 : SIZE_MAX;
}

/* The response before, and whether the request was answered already: that answer is given again. */
static enum status read_previous(struct work *work, struct error *err)
{
	struct store_ceremony *rows;
	size_t count = 0;
	struct ceremony_file last;
	enum status status =
	    store_ceremonies(work->store, work->zone.id, STORE_CEREMONY_SIGNED, work->mem, &rows, &count, err);
	if (status != STATUS_OK || count == 0)
		return status;
	status = read_signed(work, &rows[count - 1], &last, err);
	if (status != STATUS_OK)
		return status;
	if (memcmp(last.request, work->asked.sha256, 32) == 0) {
		work->answer.again = true;
		work->file = last;
		return STATUS_OK;
	}
	const size_t base = base_of(work, rows, count);
	if (base == SIZE_MAX)
		return STATUS_OK;
	work->has_previous = true;
	return read_signed(work, &rows[base], &work->previous, err);
}

static enum status read_request(struct work *work, struct error *err)
{
	const struct skr_request *const request = work->request;
	size_t size;
	enum status status = name_parse(work->zone.name, strlen(work->zone.name), NULL, work->file.apex, &size, err);
	if (status == STATUS_OK)
		status = ceremony_read(
		    request->name, request->text, request->size, work->file.apex, work->mem, &work->asked, err);
	if (status == STATUS_OK)
		status = read_previous(work, err);
	if (status != STATUS_OK || work->answer.again)
		return status;
	struct ceremony_file *const asked = &work->asked;
	if (asked->form == CEREMONY_BIND && asked->kind == CEREMONY_REQUEST) {
		const struct utc until = request->until.seconds != 0
					     ? request->until
					     : utc_add(asked->bundles[0].from, work->policy.skr_period);
		status = ceremony_complete(asked, &work->policy, until, work->mem, err);
		asked->number = work->has_previous ? work->previous.number + 1 : 1;
		asked->has_previous = work->has_previous;
		memcpy(asked->previous, work->previous.sha256, sizeof(asked->previous));
	}
	const struct ceremony_rules rules = { .policy = &work->policy,
		.now = request->now,
		.previous = work->has_previous ? &work->previous : NULL,
		.unproven = request->unproven };
	if (status == STATUS_OK)
		status = ceremony_check_request(asked, &rules, work->mem, err);
	return status == STATUS_OK ? status : error_context(err, "%s", request->name);
}

/* ---- KSKs ---- */

static enum status use_ksk(struct work *work, const struct key *key, struct error *err)
{
	for (size_t i = 0; i < work->ksk_count; i++)
		if (work->ksks[i]->id == key->id)
			return STATUS_OK;
	if (work->ksk_count == MOST_KSKS)
		return error_set(err, STATUS_NO, "more than %d KSKs", (int)MOST_KSKS);
	work->ksks[work->ksk_count] = key;
	return token_signer_new(work->token, key, &work->signers[work->ksk_count++], err);
}

/* A KSK that the request names must be here. */
static enum status use_named(struct work *work, const struct key *named, struct error *err)
{
	const struct ceremony_keys own = { work->keys, work->key_count };
	const struct key *const found = ceremony_find(&own, named);
	if (found == NULL || found->role != KEY_KSK || found->purged.seconds != 0)
		return error_set(err, STATUS_KEY,
		    "KSK %u, which the request names, is not in this keystore; nothing was signed", named->tag);
	return use_ksk(work, found, err);
}

static struct key *unused_ksk(const struct work *work)
{
	for (size_t i = 0; i < work->key_count; i++) {
		struct key *const key = &work->keys[i];
		if (key->role == KEY_KSK && !key->goal_present && key->active.seconds == 0 &&
		    key->purged.seconds == 0 && key->algorithm == work->policy.algorithm)
			return key;
	}
	return NULL;
}

/* One that was made ahead and never used, or a fresh one. */
static enum status new_ksk(struct work *work, struct error *err)
{
	struct key *key = unused_ksk(work);
	if (key == NULL && work->request->dry_run)
		return error_set(err, STATUS_REFUSED,
		    "a new KSK is wanted, and a dry run makes none; make it ahead: zoneseal key generate %s --ksk",
		    work->zone.name);
	if (key == NULL) {
		key = arena_calloc(work->mem, 1, sizeof(*key));
		const enum status status = zonekeys_generate(work->store, work->token, work->zone.id, &work->policy,
		    KEY_KSK, NULL, work->request->now, key, err);
		if (status != STATUS_OK)
			return status;
		work->answer.made_ksk = true;
	}
	work->answer.has_new_ksk = true;
	work->answer.new_ksk = key->tag;
	return use_ksk(work, key, err);
}

static enum status find_ksks(struct work *work, struct error *err)
{
	struct ceremony_file *const asked = &work->asked;
	enum status status = STATUS_OK;
	for (size_t b = 0; b < asked->bundle_count && status == STATUS_OK; b++) {
		struct ceremony_keys keys;
		status = ceremony_keys_of(&asked->bundles[b].keys, work->mem, &keys, err);
		for (size_t i = 0; status == STATUS_OK && i < keys.count; i++)
			if (keys.all[i].role == KEY_KSK)
				status = use_named(work, &keys.all[i], err);
	}
	/* BIND's form names no KSK: all that are in use sign. */
	for (size_t i = 0; i < work->key_count && status == STATUS_OK && asked->form == CEREMONY_BIND; i++)
		if (work->keys[i].role == KEY_KSK && work->keys[i].goal_present)
			status = use_ksk(work, &work->keys[i], err);
	if (status == STATUS_OK && asked->new_ksk.seconds == 0 && (work->request->new_ksk || work->ksk_count == 0))
		asked->new_ksk = asked->from;
	return status == STATUS_OK && asked->new_ksk.seconds != 0 ? new_ksk(work, err) : status;
}

/* ---- bundles ---- */

/* Which of the KSKs are in a bundle; bit by bit. */
static unsigned ksks_of(const struct work *work, const struct ceremony_bundle *asked, struct error *err)
{
	struct ceremony_keys named;
	unsigned out = 0;
	if (ceremony_keys_of(&asked->keys, work->mem, &named, err) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < work->ksk_count; i++) {
		const bool is_new = work->answer.has_new_ksk && i + 1 == work->ksk_count;
		const bool in = is_new
				    ? !utc_before(asked->from, work->asked.new_ksk)
				    : work->asked.form == CEREMONY_BIND || ceremony_find(&named, work->ksks[i]) != NULL;
		out |= in ? 1u << i : 0;
	}
	return out;
}

static enum status sign_set(struct work *work, struct ceremony_set *set, uint16_t type,
    const struct ceremony_bundle *bundle, unsigned ksks, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < work->ksk_count && status == STATUS_OK; i++)
		if ((ksks >> i & 1) != 0)
			status = ceremony_sign(set, type, work->file.apex, bundle->inception, bundle->expiration,
			    work->ksks[i], work->signers[i], work->mem, err);
	return status;
}

/* The records of a type, in canonical order, once all are there. */
static void put_sorted(struct work *work, struct ceremony_set *set, const struct ceremony_set *from, uint16_t type)
{
	const struct row row = ceremony_row(from, type, work->file.apex, work->mem);
	for (uint32_t i = 0; i < row.count; i++)
		ceremony_put(set, work->file.apex, work->file.dnskey_ttl, type, row.records[i].rdata,
		    row.records[i].rdata_size, work->mem);
}

/* CDNSKEY and CDS for a DS set of these KSKs. */
static enum status put_child(
    struct work *work, struct ceremony_bundle *bundle, unsigned ksks, unsigned wanted, struct error *err)
{
	struct ceremony_set *const child = &bundle->children[bundle->child_count++];
	struct ceremony_set plain = { .count = 0 };
	const uint8_t *const apex = work->file.apex;
	for (size_t i = 0; i < work->ksk_count; i++) {
		uint8_t rdata[DNSKEY_RDATA];
		if ((wanted >> i & 1) == 0)
			continue;
		size_t size = dnskey_rdata(work->ksks[i], rdata);
		ceremony_put(&plain, apex, work->file.dnskey_ttl, RRTYPE_CDNSKEY, rdata, size, work->mem);
		size = dnskey_ds(work->ksks[i], apex, name_size(apex), DS_SHA256, rdata);
		ceremony_put(&plain, apex, work->file.dnskey_ttl, RRTYPE_CDS, rdata, size, work->mem);
	}
	put_sorted(work, child, &plain, RRTYPE_CDNSKEY);
	enum status status = sign_set(work, child, RRTYPE_CDNSKEY, bundle, ksks, err);
	put_sorted(work, child, &plain, RRTYPE_CDS);
	return status == STATUS_OK ? sign_set(work, child, RRTYPE_CDS, bundle, ksks, err) : status;
}

static unsigned bits_of(unsigned set)
{
	unsigned count = 0;
	for (; set != 0; set &= set - 1)
		count++;
	return count;
}

/* One for each DS set that a rollover may want meanwhile; that of all KSKs is the last. */
static enum status put_children(struct work *work, struct ceremony_bundle *bundle, unsigned ksks, struct error *err)
{
	enum status status = STATUS_OK;
	const bool all = bits_of(ksks) <= ALL_SUBSETS;
	bundle->children = arena_calloc(work->mem, CEREMONY_CHILDREN, sizeof(*bundle->children));
	for (unsigned wanted = 1; wanted < ksks && status == STATUS_OK; wanted++)
		if ((wanted & ~ksks) == 0 && (all || bits_of(wanted) == 1))
			status = put_child(work, bundle, ksks, wanted, err);
	return status == STATUS_OK ? put_child(work, bundle, ksks, ksks, err) : status;
}

static enum status sign_bundle(
    struct work *work, const struct ceremony_bundle *asked, struct ceremony_bundle *bundle, struct error *err)
{
	struct ceremony_set plain = { .count = 0 };
	const unsigned ksks = ksks_of(work, asked, err);
	*bundle = (struct ceremony_bundle){ .from = asked->from,
		.until = asked->until,
		.inception = asked->inception,
		.expiration = asked->expiration };
	if (ksks == 0)
		return error_set(err, STATUS_NO, "%s: a bundle without a KSK", work->request->name);
	for (size_t i = 0; i < asked->keys.count; i++)
		ceremony_put(&plain, work->file.apex, work->file.dnskey_ttl, RRTYPE_DNSKEY,
		    asked->keys.records[i].rdata, asked->keys.records[i].rdata_size, work->mem);
	for (size_t i = 0; i < work->ksk_count && plain.count < CEREMONY_RECORDS; i++) {
		uint8_t rdata[DNSKEY_RDATA];
		const size_t size = dnskey_rdata(work->ksks[i], rdata);
		if ((ksks >> i & 1) != 0)
			ceremony_put(
			    &plain, work->file.apex, work->file.dnskey_ttl, RRTYPE_DNSKEY, rdata, size, work->mem);
	}
	put_sorted(work, &bundle->keys, &plain, RRTYPE_DNSKEY);
	const enum status status = sign_set(work, &bundle->keys, RRTYPE_DNSKEY, bundle, ksks, err);
	return status == STATUS_OK ? put_children(work, bundle, ksks, err) : status;
}

/* Each KSK of the first bundle, over all that is said. */
static enum status seal(struct work *work, struct error *err)
{
	struct ceremony_file *const file = &work->file;
	const unsigned ksks = ksks_of(work, &work->asked.bundles[0], err);
	enum status status = STATUS_OK;
	const char *const text = ceremony_seal_text(file, work->mem);
	file->seals.all = arena_calloc(work->mem, MOST_KSKS, sizeof(*file->seals.all));
	for (size_t i = 0; i < work->ksk_count && status == STATUS_OK; i++) {
		if ((ksks >> i & 1) == 0)
			continue;
		struct ceremony_signature *const own = &file->seals.all[file->seals.count++];
		own->tag = work->ksks[i]->tag;
		status = token_sign(work->signers[i], (const uint8_t *)text, strlen(text), own->data, &own->size, err);
	}
	return status;
}

static enum status answer(struct work *work, struct error *err)
{
	const struct ceremony_file *const asked = &work->asked;
	struct ceremony_file *const file = &work->file;
	enum status status = STATUS_OK;
	file->kind = CEREMONY_RESPONSE;
	file->number = asked->number;
	file->created = work->request->now;
	memcpy(file->request, asked->sha256, sizeof(file->request));
	file->has_previous = asked->has_previous;
	memcpy(file->previous, asked->previous, sizeof(file->previous));
	file->from = asked->from;
	file->until = asked->until;
	file->dnskey_ttl = work->policy.dnskey_ttl;
	file->emergency = asked->emergency;
	file->bundles = arena_calloc(work->mem, asked->bundle_count, sizeof(*file->bundles));
	for (size_t b = 0; b < asked->bundle_count && status == STATUS_OK; b++)
		status = sign_bundle(work, &asked->bundles[b], &file->bundles[file->bundle_count++], err);
	return status == STATUS_OK ? seal(work, err) : status;
}

/* ---- the end ---- */

/* What the other side will look at is looked at here first. */
static enum status check(struct work *work, const char *text, struct error *err)
{
	struct ceremony_file again;
	const struct ceremony_rules rules = { .policy = &work->policy,
		.now = work->request->now,
		.previous = work->has_previous ? &work->previous : NULL };
	enum status status = ceremony_read("the new SKR", text, strlen(text), work->file.apex, work->mem, &again, err);
	if (status == STATUS_OK)
		status = ceremony_check_response(&again, &work->asked, &rules, work->mem, err);
	return status == STATUS_OK ? status : error_context(err, "the response that was just made");
}

static enum status mark_ksks(struct work *work, struct error *err)
{
	struct key *const used = arena_calloc(work->mem, MOST_KSKS, sizeof(*used));
	size_t count = 0;
	for (size_t i = 0; i < work->ksk_count; i++) {
		used[count] = *work->ksks[i];
		used[count].goal_present = true;
		count += !work->ksks[i]->goal_present;
	}
	return count == 0 ? STATUS_OK
			  : store_update_keys(work->store, work->zone.id, used, count, "a key ceremony uses it",
				work->request->now, err);
}

static enum status remember(struct work *work, const char *text, struct error *err)
{
	const struct ceremony_file *const file = &work->file;
	struct store_ceremony row = { .kind = STORE_CEREMONY_SIGNED,
		.number = file->number,
		.begins = file->from,
		.ends = file->until,
		.made = work->request->now,
		.text = text };
	char hex[65];
	memcpy(row.sha256, file->sha256, sizeof(row.sha256));
	bytes_to_hex((struct bytes){ file->request, 32 }, false, hex);
	const enum status status = mark_ksks(work, err);
	if (status != STATUS_OK)
		return status;
	return store_add_ceremony(work->store, work->zone.id, &row, file->emergency,
	    arena_printf(work->mem, "SKR %" PRId64 ", %zu bundles, for the KSR with SHA-256 %s%s%s", file->number,
		file->bundle_count, hex, work->request->reason != NULL ? "; " : "",
		work->request->reason != NULL ? work->request->reason : ""),
	    work->request->now, err);
}

static enum status finish(struct work *work, struct error *err)
{
	struct ceremony_file *const file = &work->file;
	const char *const text = ceremony_write(file, work->mem);
	enum status status = STATUS_OK;
	bytes_sha256((struct bytes){ (const uint8_t *)text, strlen(text) }, file->sha256);
	if (!work->answer.again)
		status = check(work, text, err);
	if (status == STATUS_OK && !work->answer.again && !work->request->dry_run)
		status = remember(work, text, err);
	work->answer.file = *file;
	file->form = work->request->form;
	work->answer.text = file->form == CEREMONY_OWN ? text : ceremony_write(file, work->mem);
	return status;
}

enum status skr_sign(struct store *store, const struct skr_request *request, struct arena *mem, struct skr_answer *out,
    struct error *err)
{
	struct work *const work = arena_calloc(mem, 1, sizeof(*work));
	work->store = store;
	work->request = request;
	work->mem = mem;
	work->lock = LOCK_NONE;
	enum status status = begin(work, err);
	if (status == STATUS_OK)
		status = read_request(work, err);
	if (status == STATUS_OK && !work->answer.again)
		status = find_ksks(work, err);
	if (status == STATUS_OK && !work->answer.again)
		status = answer(work, err);
	if (status == STATUS_OK)
		status = finish(work, err);
	for (size_t i = 0; i < work->ksk_count; i++)
		token_signer_free(work->signers[i]);
	token_close(work->token);
	lock_release(&work->lock);
	if (status == STATUS_OK)
		*out = work->answer;
	return status;
}
