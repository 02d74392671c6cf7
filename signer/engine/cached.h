/* SPDX-License-Identifier: MIT */
/*
 * Which published versions caches may still hold, beside the last, so that the gate judges by them as well.
 *
 * Each is in caches for its largest TTL after the last name server has replaced it: the publication that followed and
 * the policy's propagation. Where the DNSKEY RRset is the same as now every signature of then and now fits, so such a
 * version is not read: between key events none is. Of versions with the same keys in the same uses the newest, which is
 * the last to leave caches, and the oldest, which has most signatures of keys that retire, stand for those between.
 */
#pragma once

#include "signer/engine/attempt.h"
#include "signer/engine/gate.h"

struct cached_version {
	const struct store_version *version;
	struct utc replaced;
};

/* Newest first, in `mem`. `versions`: the zone's, newest first; the last published one is left out, and those with the
 * DNSKEY RRset of `keys` (zonekeys_list), unless that is NULL. Pure. */
size_t cached_choose(const struct store_version versions[], size_t count, struct utc now, struct span propagation,
    const char *keys, struct arena *mem, struct cached_version **out);

/* Opens those that the archive has, undamaged, and the gate takes; `missing` says which are not compared, or is NULL.
 */
struct cached_files {
	struct gate_version all[GATE_OLDER];
	size_t count;
	const char *missing;
};
enum status cached_open(const struct attempt *attempt, struct cached_files *out, struct error *err) MUST_CHECK;
void cached_close(struct cached_files *files);

/* Ids of the versions that later runs may ask for, whatever their keys; none if they cannot be read. */
size_t cached_wanted(struct run *run, const int64_t **out);
