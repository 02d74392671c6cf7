/* SPDX-License-Identifier: MIT */
#include "signer/engine/import.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keystore/algorithm.h"
#include "keystore/token.h"
#include "policies/policy_yaml.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/adopt_zone.h"
#include "signer/engine/folder.h"
#include "signer/engine/gate.h"
#include "signer/engine/lock.h"
#include "signer/engine/shared.h"

enum { FLAG_SEP = 1, FLAGS_ZONE = 256, TEXT_MOST = 65536 };

/* The text behind a $TTL line: the key files of other programs state none, and the zone's own is used anyway. */
static enum status open_with_ttl(const char *path, struct arena *mem, int *out, struct error *err)
{
	static const char ttl[] = "$TTL 3600\n";
	char *const text = arena_calloc(mem, sizeof(ttl) + TEXT_MOST, 1);
	memcpy(text, ttl, sizeof(ttl) - 1);
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set_errno(err, "%s", path);
	const ssize_t size = read(file, text + sizeof(ttl) - 1, TEXT_MOST);
	close(file);
	if (size < 0)
		return error_set_errno(err, "%s", path);
	if (size == TEXT_MOST || memchr(text, '\0', sizeof(ttl) - 1 + (size_t)size) != NULL)
		return error_set(err, STATUS_MALFORMED, "%s: no file with a DNSKEY record", path);
	return gate_text_file("dnskey", text, false, out, err);
}

/* The one DNSKEY of the file at the zone's name. */
static enum status read_public(const struct store_zone *zone, const struct import_request *request, struct arena *mem,
    struct key *out, struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *name;
	struct zonetext text;
	size_t found = 0;
	enum status status = folder_zone_name(zone->name, mem, &name, apex, err);
	if (status != STATUS_OK)
		return status;
	int file = -1;
	/* Not shown: there may be a PIN in it. */
	if (token_is_object(request->path))
		return error_set(err, STATUS_USAGE,
		    "a public half alone is taken from a file with a DNSKEY record, not from a token");
	status = open_with_ttl(request->path, mem, &file, err);
	if (status != STATUS_OK)
		return status;
	const struct zonetext_options options = { .name = request->path, .origin = apex };
	status = zonetext_read(file, &options, &text, err);
	for (size_t i = 0; status == STATUS_OK && i < text.count; i++) {
		if (text.records[i].type != RRTYPE_DNSKEY || !name_equal(text.records[i].owner, apex))
			continue;
		status = published_dnskey(&text.records[i], out, err);
		found++;
	}
	if (status == STATUS_OK && found != 1)
		status = error_set(err, STATUS_REFUSED, "%s: %zu DNSKEY records of %s, and one is wanted",
		    request->path, found, zone->name);
	zonetext_free(&text);
	close(file);
	if (status != STATUS_OK)
		return status;
	out->role = (out->flags & FLAG_SEP) != 0 ? KEY_KSK : KEY_ZSK;
	out->foreign = true;
	out->standby = true;
	out->goal_present = true;
	return STATUS_OK;
}

/* Looks at a private half, or takes it into the folder of keys. */
static enum status read_private(
    const struct import_request *request, bool take, struct arena *mem, struct key *key, struct error *err)
{
	struct token *token = NULL;
	enum status status =
	    token_open_soft(folder_path(request->state, "keys", mem), request->passphrase_file, &token, err);
	if (status == STATUS_OK)
		status =
		    take ? token_import(token, request->path, key, err) : token_matches(token, request->path, key, err);
	token_close(token);
	return status;
}

static enum status look_at_private(const struct import_request *request, const struct policy *policy, struct arena *mem,
    struct key *out, struct error *err)
{
	*out = (struct key){ .role = request->role,
		.algorithm = policy->algorithm,
		.flags = request->role == KEY_ZSK ? FLAGS_ZONE : FLAGS_ZONE | FLAG_SEP };
	return read_private(request, false, mem, out, err);
}

enum status import_key(struct store *store, const struct store_zone *zone, const struct import_request *request,
    struct arena *mem, struct key *out, struct error *err)
{
	struct policy policy;
	struct lock lock = LOCK_NONE;
	struct key key = { .id = 0 };
	enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status == STATUS_OK)
		status = lock_take(request->state, zone->name, "key import", request->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = request->public_only ? read_public(zone, request, mem, &key, err)
					      : look_at_private(request, &policy, mem, &key, err);
	/* A DNSKEY whose algorithm signs nothing is forbidden (RFC 4035 2.2), also beside keys that do. */
	if (status == STATUS_OK && key.algorithm != policy.algorithm)
		status = error_set(err, STATUS_REFUSED, "%s: a key of %s, and policy %s of %s wants %s", request->path,
		    alg_by_number(key.algorithm)->name, policy.name, zone->name, alg_by_number(policy.algorithm)->name);
	if (status == STATUS_OK)
		status = shared_check(store, zone, &policy, mem, &key, err);
	if (status == STATUS_OK)
		status = store_check_key(store, zone->id, &key, err);
	/* A key that is refused leaves no private half behind. */
	if (status == STATUS_OK && !request->public_only && !request->dry_run)
		status = read_private(request, true, mem, &key, err);
	if (status == STATUS_OK) {
		key_hide(&key, request->now);
		key.created = request->now;
		if (!request->dry_run)
			status = store_add_keys(store, zone->id, &key, 1, request->now, err);
	}
	lock_release(&lock);
	if (status == STATUS_OK)
		*out = key;
	return status;
}
