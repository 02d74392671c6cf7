/* SPDX-License-Identifier: MIT */
/* Making a keystore and putting zones into it: the state changes that are no publication. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/engine/policyfile.h"

/* Makes the state folder and an empty keystore in it. STATUS_REFUSED if there is one. */
enum status setup_init(
    const char *state, bool virtual_clock, struct utc now, const char *actor, struct error *err) MUST_CHECK;

/* Opens the keystore of a state folder. STATUS_MISSING says how to make one. */
enum status setup_open(
    const char *state, enum store_mode mode, const char *actor, struct store **out, struct error *err) MUST_CHECK;

/* A zone to add, as the command line says it. */
struct setup_zone {
	const char *name;           /* any case, final dot optional */
	const char *input, *output; /* paths, or NULL */
	const char *policy;         /* name or path, or NULL: "default" */
	const char *parents;        /* or NULL */
	const char *config_folder;
	const char *const *servers; /* name servers to ask, as servers_parse wrote them */
	size_t server_count;
};

/* Adds it, or brings it back. STATUS_REFUSED if it is there already, or its keys do not fit the policy; STATUS_BUSY
 * while a run has its lock. */
enum status setup_add_zone(struct store *store, const char *state, const struct setup_zone *zone, struct utc now,
    struct arena *mem, struct store_zone *out, struct error *err) MUST_CHECK;

/* The same for one that holds the zone's lock and has read name and policy. */
enum status setup_put_zone(struct store *store, const struct setup_zone *zone, const struct policyfile *policy,
    const char *name, struct utc now, struct arena *mem, struct store_zone *out, struct error *err) MUST_CHECK;

/* Its keys, history and what it published stay; memo and file of signatures go. A publication that a killed run left
 * open is settled before, or nothing is done. STATUS_BUSY while a run has its lock. */
enum status setup_remove_zone(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct error *err) MUST_CHECK;

/* STATUS_MISSING, with the zone that was meant, or how to add it. */
enum status setup_unknown_zone(struct store *store, const char *name, struct arena *mem, struct error *err) MUST_CHECK;

/* Finds a zone that is there and not removed; STATUS_MISSING names the command that adds it. */
enum status setup_find_zone(
    struct store *store, const char *name, struct arena *mem, struct store_zone *out, struct error *err) MUST_CHECK;

/* STATUS_REFUSED if the zone is at another revision than the one that was reviewed (0: any): something changed since.
 */
enum status setup_expect_revision(const struct store_zone *zone, int64_t revision, struct error *err) MUST_CHECK;

/* STATUS_REFUSED if a zone that was removed, and comes back, was published with keys that the policy would change:
 * other algorithm, other scheme of keys. */
enum status setup_check_policy(struct store *store, const struct store_zone *zone, const struct policy *next,
    struct arena *mem, struct error *err) MUST_CHECK;

/* Makes the keys that the zone's policy wants and that are missing; for a zone that was never published. With `role` >=
 * 0 one more key of that role, prepared: no publication takes it by itself; with `standby` it is published from the
 * next run on and signs nothing until a rollover takes it. `made` counts them; with `dry_run` those that would be made.
 */
enum status setup_generate_keys(struct store *store, const char *state, const char *passphrase_file,
    const struct store_zone *zone, int role, bool standby, bool dry_run, struct utc now, struct arena *mem,
    unsigned *made, struct error *err) MUST_CHECK;

/* No change to a real keystore at another time than the clock's, and no virtual clock that goes backward. */
enum status setup_check_clock(
    struct store *store, struct utc now, bool now_given, bool *is_virtual, struct error *err) MUST_CHECK;
