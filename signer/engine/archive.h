/* SPDX-License-Identifier: MIT */
/* Published versions that are kept: archive/<zone>/<serial>-<version id>.zone in the state folder. */
#pragma once

#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/publish.h"

/* The path that a version has, or would have, in the archive. */
char *archive_path(const char *state, const char *zone, const struct store_version *version, struct arena *mem);

/* Opens the kept file of a published version, to be closed by the caller; -1: there is none, or a link. */
int archive_open(const char *state, const char *zone, const struct store_version *version, struct arena *mem);

/* The same, read to its end to see that it is whole; -1 as well if it is not. */
int archive_open_whole(const char *state, const char *zone, const struct store_version *version, struct arena *mem);

/* Keeps what is at the target of `publish` now as `version`, by link or by copy; nothing to do if it is kept already.
 * A target that does not exist is no error. */
enum status archive_keep(const char *state, const char *zone, const struct store_version *version,
    const struct publish *publish, struct arena *mem, struct error *err) MUST_CHECK;

/* Keeps a file that zoneseal did not write and that is about to be replaced: archive/<zone>/replaced-<hash>.zone. */
enum status archive_keep_foreign(const char *state, const char *zone, const uint8_t sha256[32],
    const struct publish *publish, struct arena *mem, struct error *err) MUST_CHECK;

/* Removes all but the newest `keep` versions (at least one stays) and those whose ids are in `spared`. What cannot be
 * removed is left. */
void archive_prune(
    const char *state, const char *zone, unsigned keep, const int64_t spared[], size_t spared_count, struct arena *mem);
