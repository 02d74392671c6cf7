/* SPDX-License-Identifier: MIT */
/*
 * What zoneseal remembers, in SQLite: zones, keys, policies as applied, publication intents and receipts, runs, and a
 * hash-chained audit of every change. Each function is one transaction unless said otherwise; each change writes its
 * audit row in the same transaction.
 *
 * Database, -wal and -shm are 0600. STRICT tables, WAL, synchronous=FULL, foreign keys on. A database that is newer
 * than the program or damaged is looked at read-only first and not touched (STATUS_POLICY for newer, STATUS_IO for
 * damaged).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct store;

enum store_mode {
	STORE_READ,   /* for status, list, show: no change is possible */
	STORE_CHANGE, /* migrates first if the schema is older, after a copy of the database */
	STORE_CREATE, /* the file must not exist */
};

/* `path` is keystore.db in the state folder. `actor` names who changes things in the audit ("run", "operator root",
 * ...). STATUS_MISSING if there is none. STATUS_BUSY if another process migrates or restores it, or if it must be
 * migrated and another process has it open. STATUS_POLICY if it is newer than the program, or older and opened for
 * reading. An open keystore holds "<path>.lock" shared. */
enum status store_open(
    const char *path, enum store_mode mode, const char *actor, struct store **out, struct error *err) MUST_CHECK;
void store_close(struct store *store);

/* 32 hex digits that no other keystore has, but for copies and what is restored from a backup; "" if a keystore of an
 * older program has none. */
enum status store_identity(struct store *store, struct arena *mem, const char **out, struct error *err) MUST_CHECK;

/* Settings of the keystore as a whole. */
enum status store_is_virtual_clock(struct store *store, bool *out, struct error *err) MUST_CHECK;
enum status store_set_virtual_clock(
    struct store *store, struct utc now, struct error *err) MUST_CHECK; /* at init only */

/* The latest time at which anything was recorded; the clock guard compares with it. */
enum status store_last_time(struct store *store, struct utc *out, struct error *err) MUST_CHECK;

/* What was recorded at a time later than `now`, when a clock was ahead (or is behind now). */
struct store_future {
	struct utc last_time; /* what store_last_time tells */
	uint64_t keys, versions, events;
	struct utc first_event, last_event; /* of those events of the audit */
};

enum status store_future(struct store *store, struct utc now, struct store_future *out, struct error *err) MUST_CHECK;

/* `now` is right, whatever was recorded later, and the clock guard goes by it from here on. Waits and lifetimes that
 * began later begin now, the ends of waits that were told of later are forgotten (key_forget_future), and versions that
 * were published later are due to be signed again. Serials stay used. The audit keeps its rows and gets one with the
 * reason. */
enum status store_accept_clock(struct store *store, const char *reason, struct utc now, struct error *err) MUST_CHECK;

/* A restore marks the keystore: nothing is signed until store_reconciled. */
enum status store_is_restored(struct store *store, bool *out, struct error *err) MUST_CHECK;
enum status store_mark_restored(struct store *store, struct utc now, struct error *err) MUST_CHECK;
enum status store_reconciled(struct store *store, const char *reason, struct utc now, struct error *err) MUST_CHECK;

/* A zone. Strings live in the arena given to the call that returned it. */
struct store_zone {
	int64_t id;
	const char *name;   /* text in lower case with the final dot; "." for the root */
	const char *input;  /* path, or NULL */
	const char *output; /* path, or NULL: zones/<name>.zone in the state folder */
	const char *policy_name;
	const char
	    *policy_text;    /* the YAML as it was applied: an edited file changes nothing until it is applied again */
	const char *parents; /* addresses of parent servers, separated by spaces; "" if none */
	struct utc added;
	bool removed;
	struct utc input_failing_since; /* since when registrations are not getting out; 0: they are */
	const char *input_failure;      /* the reason, or NULL */
	int64_t
	    revision; /* counts up with every change of its keys, goals, policy and settings, and with nothing else */
	struct utc held_since; /* no key events since then, while signatures go on; 0: they happen */
	const char *held_reason;
	struct utc step_asked; /* an operator asked for the next step of a manual policy; 0: no. A record that becomes
				  RUMOURED or UNRETENTIVE takes it back */
	struct utc ds_checked; /* when the parent's servers were last asked; 0: never */
	const char *ds_found;  /* what they said, in words, or NULL */
	struct utc input_held_since; /* its input is not read since then (store_input.h); 0: it is */
	const char *input_held_reason;
};

/* Adding a zone that was removed before brings back its row, keys and history. A name that is there is STATUS_REFUSED.
 */
enum status store_add_zone(
    struct store *store, const struct store_zone *zone, struct utc now, int64_t *id, struct error *err) MUST_CHECK;

/* Finds removed zones too; store_zones leaves them out, store_zones_ever does not; both sort by name. */
enum status store_find_zone(struct store *store, const char *name, struct arena *mem, struct store_zone *out,
    bool *found, struct error *err) MUST_CHECK;
enum status store_zones(
    struct store *store, struct arena *mem, struct store_zone **out, size_t *count, struct error *err) MUST_CHECK;
enum status store_zones_ever(
    struct store *store, struct arena *mem, struct store_zone **out, size_t *count, struct error *err) MUST_CHECK;
/* The name of the zone with this id; STATUS_INTERNAL if there is none. */
enum status store_zone_name(
    struct store *store, int64_t zone_id, struct arena *mem, const char **out, struct error *err) MUST_CHECK;
enum status store_update_zone(struct store *store, const struct store_zone *zone, const char *what, const char *reason,
    struct utc now, struct error *err) MUST_CHECK; /* input, output, policy, parents; NULL: no reason was given */
enum status store_remove_zone(struct store *store, int64_t zone_id, struct utc now, struct error *err) MUST_CHECK;
enum status store_set_input_failure(struct store *store, int64_t zone_id, const char *reason, struct utc now,
    struct error *err) MUST_CHECK; /* NULL: the input is good again */

/* Holds the zone's key events, or releases them with NULL. Holding again is STATUS_REFUSED, as is releasing what is not
 * held. */
enum status store_hold(
    struct store *store, int64_t zone_id, const char *reason, struct utc now, struct error *err) MUST_CHECK;

/* Asks for the next step. Asking again before it is taken changes nothing. */
enum status store_ask_step(struct store *store, int64_t zone_id, struct utc now, struct error *err) MUST_CHECK;

/* The parent was asked; `found` says in words what its servers answered. An audit row only if that is new. */
enum status store_note_ds_checked(
    struct store *store, int64_t zone_id, const char *found, struct utc now, struct error *err) MUST_CHECK;

/* Something was done outside the keystore that is to be done once, e.g. a hook: an audit row with exactly these words,
 * and whether there is one. */
enum status store_note_done(struct store *store, int64_t zone_id, const char *what, const char *detail, struct utc now,
    struct error *err) MUST_CHECK;
enum status store_is_done(struct store *store, const char *zone, const char *what, const char *detail, bool *out,
    struct error *err) MUST_CHECK;

/* A key may be stolen: the calendar does not keep it any more. Told once, and the zone is another than it was. */
enum status store_note_stolen(
    struct store *store, int64_t zone_id, const struct key *key, struct utc now, struct error *err) MUST_CHECK;
enum status store_is_stolen(
    struct store *store, const char *zone, const struct key *key, bool *out, struct error *err) MUST_CHECK;

/* Changes that belong together as one transaction: all that is stored until store_group_end is there for others, and
 * after a crash, or nothing of it. `status` is what came of it; anything but STATUS_OK undoes all, and must be given
 * once a change in between has failed. No waiting for tokens, files or people in between. */
enum status store_group_begin(struct store *store, struct error *err) MUST_CHECK;
enum status store_group_end(struct store *store, enum status status, struct error *err) MUST_CHECK;

/* Keys of a zone, those that left it included, in order of id. */
enum status store_keys(struct store *store, int64_t zone_id, struct arena *mem, struct key **out, size_t *count,
    struct error *err) MUST_CHECK;

/* STATUS_REFUSED if the key cannot come into the zone: it, or one of its tags, is or was there, or in another zone. */
enum status store_check_key(struct store *store, int64_t zone_id, const struct key *key, struct error *err) MUST_CHECK;

/* Whether a tag (or revoked tag) was ever used in the zone by another key. */
enum status store_tag_is_used(
    struct store *store, int64_t zone_id, uint16_t tag, bool *out, struct error *err) MUST_CHECK;

/* Stores new keys in one transaction; each gets its id. A tag or revoked tag that the zone ever had is STATUS_REFUSED:
 * make another. */
enum status store_add_keys(struct store *store, int64_t zone_id, struct key keys[], size_t count, struct utc now,
    struct error *err) MUST_CHECK;

/* Stores what changes of keys: goal, record states, times and what the rollover engine remembers (not `purging` and
 * `purged`). */
enum status store_update_keys(struct store *store, int64_t zone_id, const struct key keys[], size_t count,
    const char *reason, struct utc now, struct error *err) MUST_CHECK;

/* The end of a key: store_purge_begin marks it, then its private half is destroyed, then store_purge_done says so. A
 * key that is marked and not done was interrupted. STATUS_REFUSED unless it is not wanted, each of its records is
 * HIDDEN, no cache may hold what it was in, and no interrupted publication names it. */
enum status store_purge_check(
    struct store *store, int64_t zone_id, int64_t key_id, struct utc now, struct error *err) MUST_CHECK;
enum status store_purge_begin(struct store *store, int64_t zone_id, int64_t key_id, const char *reason, struct utc now,
    struct error *err) MUST_CHECK;
enum status store_purge_done(
    struct store *store, int64_t zone_id, int64_t key_id, struct utc now, struct error *err) MUST_CHECK;

/* The zones that have or had a key with this public key, removed ones too. */
enum status store_key_zones(struct store *store, const uint8_t fingerprint[32], struct arena *mem,
    struct store_zone **out, size_t *count, struct error *err) MUST_CHECK;

/* The private half of the key, which is at key->locator, is at `locator` from now on, in every zone that has the key.
 */
enum status store_move_key(struct store *store, const struct key *key, const char *locator, const char *reason,
    struct utc now, struct error *err) MUST_CHECK;

/* A person says that a backup holds the private half of the key, which is neither foreign, nor marked for its end, nor
 * said to be in a backup already. */
enum status store_backup_done(struct store *store, int64_t zone_id, int64_t key_id, const char *reason, struct utc now,
    struct error *err) MUST_CHECK;

/* A version of a zone: as intended, and once confirmed, as published. */
struct store_version {
	int64_t id;
	uint32_t serial;
	uint8_t sha256[32];        /* of the file */
	uint8_t input_sha256[32];  /* of the unsigned input that it was made from */
	uint8_t config_sha256[32]; /* of policy and key set: with input_sha256 it tells whether anything is due */
	const char *path;          /* output path */
	const char *keys;          /* fingerprints with their uses, for people: one per line */
	const char *verdict;       /* the verifier's JSON */
	struct utc intended;
	struct utc published;    /* 0 while it is an intent */
	bool abandoned;          /* an intent whose bytes never reached the path */
	struct utc first_expiry; /* earliest signature expiration */
	struct utc refresh;      /* when the first signature is due */
	uint32_t largest_ttl;    /* seconds; feeds the TTL ledger */
	uint32_t dnskey_ttl;
	uint32_t negative_ttl;
	uint64_t records, signatures, size;
	uint32_t input_serial; /* of the unsigned input's SOA */
	/* "to serial 5 as serial 7: why", or NULL: from its publication on the input is held, "rolled back ...". */
	const char *rolled_back;
	/* Ids of the planned changes (store_expect.h) that an intent passes by; not filled in when it is read. */
	const int64_t *expected;
	size_t expected_count;
};

/* Stores an intent. The serial must be RFC 1982-greater than the zone's floor; a serial that the zone has used is
 * STATUS_REFUSED. */
enum status store_add_intent(
    struct store *store, int64_t zone_id, struct store_version *version, struct utc now, struct error *err) MUST_CHECK;

/* Turns an intent into a receipt: it is what caches see from `published` on. With it go, in the same transaction, the
 * key states that begin with this publication. */
enum status store_confirm(struct store *store, int64_t zone_id, int64_t version_id, struct utc published,
    const struct key keys[], size_t count, struct error *err) MUST_CHECK;

/* The bytes of an intent never reached the path. Its serial stays used. */
enum status store_abandon(
    struct store *store, int64_t zone_id, int64_t version_id, struct utc now, struct error *err) MUST_CHECK;

/* The open intent of a zone, if any; the last confirmed version, if any. */
enum status store_open_intent(struct store *store, int64_t zone_id, struct arena *mem, struct store_version *out,
    bool *found, struct error *err) MUST_CHECK;
enum status store_last_version(struct store *store, int64_t zone_id, struct arena *mem, struct store_version *out,
    bool *found, struct error *err) MUST_CHECK;
enum status store_versions(struct store *store, int64_t zone_id, size_t most, struct arena *mem,
    struct store_version **out, size_t *count, struct error *err) MUST_CHECK; /* newest first */

/* Whether some version of the zone, intended or published, had these octets. */
enum status store_has_version(
    struct store *store, int64_t zone_id, const uint8_t sha256[32], bool *out, struct error *err) MUST_CHECK;

/* The highest serial (RFC 1982) of intents and receipts; `found` is false if there is none. */
enum status store_serial_floor(
    struct store *store, int64_t zone_id, uint32_t *out, bool *found, struct error *err) MUST_CHECK;

/* Whether an intent or a receipt of the zone ever had the serial: after a wrap (RFC 1982) a greater one may have. */
enum status store_serial_is_used(
    struct store *store, int64_t zone_id, uint32_t serial, bool *out, struct error *err) MUST_CHECK;

/* A run of the pipeline for one zone, as it ended. */
struct store_run {
	int64_t id;
	struct utc started;
	struct utc ended;
	enum status status;
	const char *message; /* the summary or the error */
	const char *verdict; /* the verifier's JSON if there was one, also when it refused */
	uint32_t serial;
};

enum status store_add_run(
    struct store *store, int64_t zone_id, const struct store_run *run, struct error *err) MUST_CHECK;
enum status store_runs(struct store *store, int64_t zone_id, size_t most, struct arena *mem, struct store_run **out,
    size_t *count, struct error *err) MUST_CHECK; /* newest first */

/* Audit: every row carries the SHA-256 over the row before it and its own content. */
struct store_event {
	int64_t id;
	struct utc when;
	const char *actor;
	const char *zone;   /* or "" */
	const char *what;   /* "zone added", "key made", ... */
	const char *detail; /* in words */
	const char *keys;   /* each key that changed as it is from then on, one a line (audit.h), or "" */
	uint8_t hash[32];
};

enum status store_events(struct store *store, const char *zone, size_t most, struct arena *mem,
    struct store_event **out, size_t *count, struct error *err) MUST_CHECK; /* newest first; zone NULL: all */

/* Reads the line of an event's keys at *at and moves *at behind it: a key as it was from then on, without its public
 * key and where its private half is. False at the end, or for what is no such line. */
bool store_event_key(const char **at, struct key *out);

/* The last row's hash: the head, printed in each run's summary. All zeros if there is no row. */
enum status store_audit_head(struct store *store, uint8_t out[32], struct error *err) MUST_CHECK;

/* Recomputes the chain; STATUS_NO with the first bad row. */
enum status store_audit_check(struct store *store, uint64_t *rows, struct error *err) MUST_CHECK;

/* Every row from `since` on, oldest first, of one zone or (NULL) of all; `tell` returns false to end it. */
enum status store_each_event(struct store *store, const char *zone, struct utc since,
    bool (*tell)(const struct store_event *event, void *context), void *context, struct error *err) MUST_CHECK;

/* A key, or a planned change by its id, as the log alone makes it, beside what the table says; the lines are those of
 * audit.h. */
struct store_replayed {
	int64_t key;
	const char *zone;
	int64_t row;         /* the last row of the log that tells of it; 0: none does */
	const char *logged;  /* or NULL */
	const char *stored;  /* or NULL */
	const char *problem; /* in words, or NULL: both are the same */
};

/* Makes every key's state again from the log, in order of key id. STATUS_NO if the chain is broken. */
enum status store_audit_replay(struct store *store, struct arena *mem, struct store_replayed **out, size_t *count,
    size_t *problems, struct error *err) MUST_CHECK;

/* Puts a copy that store_copy made in the place of the keystore at `path`, migrated if it is older, and marked as
 * restored. What was there is kept as "<path>.before-restore-N". All or nothing: a process that is killed leaves
 * either. STATUS_BUSY while another process has the keystore open. */
enum status store_restore(
    const char *from, const char *path, const char *actor, struct utc now, struct error *err) MUST_CHECK;

/* Online copy of the database to a new file (0600, fsynced; complete under its name or not there). */
enum status store_copy(struct store *store, const char *path, struct error *err) MUST_CHECK;
