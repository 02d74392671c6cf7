/* SPDX-License-Identifier: MIT */
#include "signer/engine/cached.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/engine/archive.h"

enum { LOOKED_AT = 64, MOST_LOOKED_AT = 4096 };

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

/* That of `keys`, which is new if there was none; there is room for it. */
static struct group *group_of(struct group groups[], size_t *count, const char *keys)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(groups[i].keys, keys) == 0)
			return &groups[i];
	groups[*count] = (struct group){ .keys = keys };
	return &groups[(*count)++];
}

static int newest_first(const void *a, const void *b)
{
	const struct cached_version *const x = a, *const y = b;
	return (x->version->id < y->version->id) - (x->version->id > y->version->id);
}

static size_t list_groups(const struct group groups[], size_t count, struct arena *mem, struct cached_version **out)
{
	struct cached_version *const all = arena_calloc(mem, 2 * count + 1, sizeof(*all));
	size_t have = 0;
	for (size_t i = 0; i < count; i++) {
		all[have++] = groups[i].newest;
		if (groups[i].oldest.version != NULL)
			all[have++] = groups[i].oldest;
	}
	qsort(all, have, sizeof(*all), newest_first);
	*out = all;
	return have;
}

/* What the keys of a version say; most versions have those of the one after it. */
struct lists {
	const char *keys;      /* as recorded */
	const char *published; /* the DNSKEY RRset */
	const char *uses;
};

static void read_lists(const char *keys, struct lists *lists, struct arena *mem)
{
	if (lists->keys != NULL && strcmp(lists->keys, keys) == 0)
		return;
	*lists = (struct lists){ keys, key_lines(keys, " dnskey", false, mem), key_lines(keys, "", true, mem) };
}

size_t cached_choose(const struct store_version versions[], size_t count, struct utc now, struct span propagation,
    const char *keys, struct arena *mem, struct cached_version **out)
{
	struct group *const groups = arena_calloc(mem, count + 1, sizeof(*groups));
	const char *const set = keys == NULL ? NULL : key_lines(keys, " dnskey", false, mem);
	const struct store_version *newer = NULL;
	struct lists lists = { NULL, NULL, NULL };
	size_t group_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct store_version *const version = &versions[i];
		if (!is_public(version))
			continue;
		const struct store_version *const by = newer;
		newer = version;
		read_lists(version->keys, &lists, mem);
		/* Nobody is without DNSSEC while a DS may lead to the zone: what was before that is nothing to
		 * validators. */
		if (lists.published[0] == '\0')
			break;
		if (by == NULL)
			continue;
		const struct cached_version one = { version, utc_add(by->published, propagation) };
		if (!utc_before(now, utc_add(one.replaced, (struct span){ longest_ttl(version) })) ||
		    (set != NULL && strcmp(lists.published, set) == 0))
			continue;
		struct group *const group = group_of(groups, &group_count, lists.uses);
		*(group->newest.version == NULL ? &group->newest : &group->oldest) = one;
	}
	return list_groups(groups, group_count, mem, out);
}

/* A few tell in most zones: the last of them has left caches, and so have those before it. */
static enum status choose(
    struct run *run, const char *keys, struct cached_version **out, size_t *count, struct error *err)
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

enum status cached_open(const struct attempt *attempt, struct cached_files *out, struct error *err)
{
	struct run *const run = attempt->run;
	struct cached_version *wanted = NULL;
	size_t count = 0;
	*out = (struct cached_files){ .count = 0 };
	if (!run->has_last || run->output.previous < 0 || attempt->unsigned_output)
		return STATUS_OK;
	const char *const keys = zonekeys_list(attempt->keys, attempt->key_count, run->mem);
	const enum status status = choose(run, keys, &wanted, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		const struct store_version *const version = wanted[i].version;
		const int file = out->count == GATE_OLDER
				     ? -1
				     : archive_open_whole(run->options->state, run->zone.name, version, run->mem);
		if (file >= 0)
			out->all[out->count++] = (struct gate_version){ file, wanted[i].replaced };
		else
			out->missing = arena_printf(run->mem, "%s%s%" PRIu32, out->missing == NULL ? "" : out->missing,
			    out->missing == NULL ? "" : ", ", version->serial);
	}
	return status;
}

void cached_close(struct cached_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		close(files->all[i].file);
	files->count = 0;
}

size_t cached_wanted(struct run *run, const int64_t **out)
{
	struct cached_version *wanted = NULL;
	size_t count = 0;
	struct error ignored;
	error_clear(&ignored);
	if (choose(run, NULL, &wanted, &count, &ignored) != STATUS_OK)
		return 0;
	int64_t *const ids = arena_calloc(run->mem, count + 1, sizeof(*ids));
	for (size_t i = 0; i < count; i++)
		ids[i] = wanted[i].version->id;
	*out = ids;
	return count;
}
