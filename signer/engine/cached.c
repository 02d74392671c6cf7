/* SPDX-License-Identifier: MIT */
#include "signer/engine/cached.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "signer/engine/archive.h"

enum { LOOKED_AT = 64, MOST_LOOKED_AT = 4096, GROUPS = 64 };

static bool is_public(const struct store_version *version)
{
	return version->published.seconds != 0 && !version->abandoned;
}

static uint32_t longest_ttl(const struct store_version *version)
{
	uint32_t ttl = version->largest_ttl;
	ttl = version->dnskey_ttl > ttl ? version->dnskey_ttl : ttl;
	return version->negative_ttl > ttl ? version->negative_ttl : ttl;
}

/* Of the lines that zonekeys_list writes those with `word`: all of them, or up to the uses of each key. */
static char *key_lines(const char *keys, const char *word, bool uses, struct arena *mem)
{
	char *out = arena_strdup(mem, "");
	for (const char *line = keys; *line != '\0';) {
		const size_t size = strcspn(line, "\n");
		char *const text = arena_strndup(mem, line, size);
		const char *const found = strstr(text, word);
		const bool revoked = strstr(text, " revoked") != NULL;
		if (found != NULL && strncmp(text, "step ", 5) != 0)
			out = arena_printf(mem, "%s%.*s%s\n", out, uses ? (int)size : (int)(found - text), text,
			    revoked ? " revoked" : "");
		line += size + (line[size] == '\n');
	}
	return out;
}

/* Versions with one list of keys. */
struct group {
	const char *keys;
	struct cached_version newest, oldest;
};

static struct group *group_of(struct group groups[GROUPS], size_t *count, const char *keys)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(groups[i].keys, keys) == 0)
			return &groups[i];
	if (*count == GROUPS)
		return NULL;
	groups[*count] = (struct group){ .keys = keys };
	return &groups[(*count)++];
}

static void put(struct cached_version out[GATE_OLDER], size_t *count, struct cached_version one)
{
	size_t at = *count;
	while (at > 0 && out[at - 1].version->id < one.version->id)
		at--;
	if (one.version == NULL || at == GATE_OLDER)
		return;
	const size_t last = *count < GATE_OLDER ? (*count)++ : GATE_OLDER - 1;
	memmove(&out[at + 1], &out[at], (last - at) * sizeof(*out));
	out[at] = one;
}

size_t cached_choose(const struct store_version versions[], size_t count, struct utc now, struct span propagation,
    const char *keys, struct arena *mem, struct cached_version out[GATE_OLDER])
{
	struct group *const groups = arena_calloc(mem, GROUPS, sizeof(*groups));
	const char *const set = keys == NULL ? NULL : key_lines(keys, " dnskey", false, mem);
	const struct store_version *newer = NULL;
	size_t group_count = 0;
	size_t chosen = 0;
	for (size_t i = 0; i < count; i++) {
		const struct store_version *const version = &versions[i];
		if (!is_public(version))
			continue;
		const struct store_version *const by = newer;
		newer = version;
		/* Nobody is without DNSSEC while a DS may lead to the zone: what was before that is nothing to
		 * validators. */
		if (key_lines(version->keys, " dnskey", false, mem)[0] == '\0')
			break;
		if (by == NULL)
			continue;
		const struct cached_version one = { version, utc_add(by->published, propagation) };
		if (!utc_before(now, utc_add(one.replaced, (struct span){ longest_ttl(version) })) ||
		    (set != NULL && strcmp(key_lines(version->keys, " dnskey", false, mem), set) == 0))
			continue;
		struct group *const group = group_of(groups, &group_count, key_lines(version->keys, "", true, mem));
		if (group == NULL)
			continue;
		*(group->newest.version == NULL ? &group->newest : &group->oldest) = one;
	}
	for (size_t i = 0; i < group_count; i++)
		put(out, &chosen, groups[i].newest);
	for (size_t i = 0; i < group_count; i++)
		if (groups[i].oldest.version != NULL)
			put(out, &chosen, groups[i].oldest);
	return chosen;
}

/* A few tell in most zones: the last of them has left caches, and so have those before it. */
static enum status choose(
    struct run *run, const char *keys, struct cached_version out[GATE_OLDER], size_t *count, struct error *err)
{
	struct store_version *versions = NULL;
	size_t have = 0;
	enum status status = STATUS_OK;
	for (size_t most = LOOKED_AT; status == STATUS_OK; most = MOST_LOOKED_AT) {
		status = store_versions(run->store, run->zone.id, most, run->mem, &versions, &have, err);
		const bool all = have < most || most == MOST_LOOKED_AT;
		const struct store_version *const last = have > 0 ? &versions[have - 1] : NULL;
		if (all || utc_before(utc_add(utc_add(last->intended, run->policy.zone_propagation),
					  (struct span){ 2 * (int64_t)longest_ttl(last) }),
			       run->now))
			break;
	}
	if (status == STATUS_OK)
		*count = cached_choose(versions, have, run->now, run->policy.zone_propagation, keys, run->mem, out);
	return status;
}

/* The kept file of a version, read to see that it is whole; -1: none. */
static int open_kept(const struct run *run, const struct store_version *version)
{
	uint8_t sha256[32];
	const int file =
	    open(archive_path(run->options->state, run->zone.name, version, run->mem), O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	if (file_sha256(file, sha256, NULL) == STATUS_OK && memcmp(sha256, version->sha256, sizeof(sha256)) == 0)
		return file;
	close(file);
	return -1;
}

enum status cached_open(const struct attempt *attempt, struct cached_files *out, struct error *err)
{
	struct run *const run = attempt->run;
	struct cached_version wanted[GATE_OLDER];
	size_t count = 0;
	*out = (struct cached_files){ .count = 0 };
	if (!run->has_last || run->output.previous < 0 || attempt->unsigned_output)
		return STATUS_OK;
	const char *const keys = zonekeys_list(attempt->keys, attempt->key_count, run->mem);
	const enum status status = choose(run, keys, wanted, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		const int file = open_kept(run, wanted[i].version);
		if (file >= 0)
			out->all[out->count++] = (struct gate_version){ file, wanted[i].replaced };
		else
			out->missing = arena_printf(run->mem, "%s%s%" PRIu32, out->missing == NULL ? "" : out->missing,
			    out->missing == NULL ? "" : ", ", wanted[i].version->serial);
	}
	return status;
}

void cached_close(struct cached_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		close(files->all[i].file);
	files->count = 0;
}

size_t cached_wanted(struct run *run, int64_t out[GATE_OLDER])
{
	struct cached_version wanted[GATE_OLDER];
	size_t count = 0;
	struct error ignored;
	error_clear(&ignored);
	if (choose(run, NULL, wanted, &count, &ignored) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < count; i++)
		out[i] = wanted[i].version->id;
	return count;
}
