/* SPDX-License-Identifier: MIT */
/*
 * Backup and restore of a keystore: one archive file (ustar, 0600) with a manifest, the database, and the private keys
 * if they are asked for.
 *
 * A restored keystore signs nothing until it is reconciled with what is published: a key or a serial that was used
 * after the backup must not be forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct backup_summary {
	bool private_keys; /* inside */
	size_t key_files;
	size_t zones;
	uint64_t size;
	const char *made; /* when, as text */
};

/* Writes the archive to `path`; a file that is there is replaced as a whole only if `replace`. */
enum status backup_make(struct store *store, const char *state, const char *path, bool with_keys, bool replace,
    struct utc now, struct arena *mem, struct backup_summary *out, struct error *err) MUST_CHECK;

/* Unpacks into a state folder without a keystore and marks it as restored. STATUS_MALFORMED if the archive is not
 * whole: then nothing has changed but for private keys that were written first. */
enum status backup_restore(const char *path, const char *state, const char *actor, struct utc now, bool now_given,
    struct arena *mem, struct backup_summary *out, struct error *err) MUST_CHECK;

/* Compares every zone with what is published and, if all agree, lets the keystore sign again. STATUS_REFUSED names the
 * first zone that does not agree. `dry_run` compares only. */
enum status backup_reconcile(struct store *store, const char *state, struct utc now, bool dry_run, struct arena *mem,
    size_t *zones, struct error *err) MUST_CHECK;
