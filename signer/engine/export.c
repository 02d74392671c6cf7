/* SPDX-License-Identifier: MIT */
#include "signer/engine/export.h"

#include <string.h>

#include "signer/base/bytes.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"

/* The K*.key file: the DNSKEY as it is published. */
static char *record_of(const struct store_zone *zone, const struct key *key, struct arena *mem)
{
	char *const base64 = arena_alloc(mem, bytes_base64_size(key->public_size) + 1);
	const size_t size = bytes_to_base64((struct bytes){ key->public_key, key->public_size }, base64);
	return arena_printf(mem, "; %s %u of %s, from zoneseal\n%s IN DNSKEY %u 3 %u %.*s\n", key_role_name(key->role),
	    key_published_tag(key), zone->name, zone->name, key_published_flags(key), key->algorithm, (int)size,
	    base64);
}

static enum status check(const struct store_zone *zone, const struct key *key, struct error *err)
{
	const char *why = key->foreign                ? "another signer's: its private half is not here"
			  : key->purging.seconds != 0 ? "destroyed, or about to be"
						      : NULL;
	return why == NULL ? STATUS_OK
			   : error_set(err, STATUS_REFUSED, "%s: %s %u is %s", zone->name, key_role_name(key->role),
				 key->tag, why);
}

static enum status write(const struct store_zone *zone, const struct key *key, const struct export_request *request,
    struct arena *mem, char name[TOKEN_EXPORT_NAME], struct error *err)
{
	struct token *token = NULL;
	const char *const file = folder_zone_file(zone->name, mem);
	const struct token_export wanted = { .zone = strcmp(file, "@") == 0 ? "" : file,
		.folder = request->folder,
		.form = request->form,
		.under = request->under,
		.record = record_of(zone, key, mem) };
	enum status status =
	    token_open_soft(folder_path(request->state, "keys", mem), request->passphrase_file, &token, err);
	if (status == STATUS_OK)
		status = token_export(token, key, &wanted, name, err);
	token_close(token);
	return status;
}

enum status export_key(struct store *store, const struct store_zone *zone, const struct key *key,
    const struct export_request *request, struct arena *mem, char name[TOKEN_EXPORT_NAME], struct error *err)
{
	struct lock lock = LOCK_NONE;
	name[0] = '\0';
	enum status status = lock_take(request->state, zone->name, "key export", request->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = check(zone, key, err);
	/* The row first: a key that left unseen is worse than one that did not leave. */
	if (status == STATUS_OK && !request->dry_run)
		status = store_note_done(store, zone->id, "key export",
		    arena_printf(mem, "%s %u to %s as %s%s%s", key_role_name(key->role), key->tag, request->folder,
			request->form == TOKEN_PEM       ? "PEM"
			: request->form == TOKEN_WRAPPED ? "a file wrapped for tokens"
							 : "files for BIND",
			request->reason != NULL ? "; " : "", request->reason != NULL ? request->reason : ""),
		    request->now, err);
	if (status == STATUS_OK && !request->dry_run)
		status = write(zone, key, request, mem, name, err);
	lock_release(&lock);
	return status;
}
