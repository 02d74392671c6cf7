/* SPDX-License-Identifier: MIT */
/* What the keystore knows about zones and keys, as the structs that reports are made of. */
#pragma once

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/report/report.h"

/* Whether a person who writes `text` means this key: its tag, also that which it has since it was revoked, or the
 * beginning of its fingerprint. */
bool facts_key_is_meant(const struct key *key, const char *text);

/* The one key of the zone that is meant: what cannot be taken back is named without doubt. */
enum status facts_find_key(struct store *store, const struct store_zone *zone, const char *wanted, struct arena *mem,
    struct key *out, struct error *err) MUST_CHECK;

enum status facts_keys(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct arena *mem, struct report_key **out, size_t *count, struct error *err) MUST_CHECK;

enum status facts_zone(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct arena *mem, struct report_zone *out, struct error *err) MUST_CHECK;

/* Whether later times than `now` are recorded, by more than runs that go on at the same time explain. */
enum status facts_clock_behind(struct store *store, struct utc now, bool *out, struct error *err) MUST_CHECK;

/* The keystore without its zones and its level. `by_clock`: `now` is what the clock tells; who asks how it was or will
 * be knows that the clock says something else. */
enum status facts_keystore(struct store *store, const char *state, struct utc now, bool by_clock, struct arena *mem,
    struct report_state *out, struct error *err) MUST_CHECK;

/* The worst of the keystore and of its zones as they are in `state`. */
enum report_level facts_level(const struct report_state *state, struct utc now);

/* The newest stored verdict as JSON: of the last run that had one, published or refused. */
enum status facts_verdict(struct store *store, const struct store_zone *zone, struct arena *mem, const char **json,
    struct error *err) MUST_CHECK;

/* What changed (from the audit) and how runs ended, in one order of time, the newest first; a run ends after what it
 * did. */
enum status facts_events(struct store *store, const struct store_zone *zone, size_t most, struct arena *mem,
    struct report_event **out, size_t *count, struct error *err) MUST_CHECK;

/* Is given each zone that is not removed, with all that is known of it, and may keep nothing that it points to: of a
 * thousand zones one at a time is in memory. */
struct facts_each {
	void (*take)(void *context, const struct report_zone *zone);
	void *context;
};

/* All zones that are not removed. `out` is whole but for its zones when the first is taken; of them it gets what stands
 * in a table: names, state, headline, command, serial and moments, and then the level is set. `each` may be NULL. */
enum status facts_state(struct store *store, const char *state, struct utc now, bool by_clock, struct arena *mem,
    const struct facts_each *each, struct report_state *out, struct error *err) MUST_CHECK;

/* Seconds for which a hook may want to be tried again before that is worth a warning. */
enum { FACTS_HOOK_PATIENCE = 600 };
