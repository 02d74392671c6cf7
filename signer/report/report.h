/* SPDX-License-Identifier: MIT */
/*
 * Wording of answers: plain structs in, words for people or JSON for programs out, with the same facts in both.
 *
 * The first line says the verdict and whether a person needs to act; every wait says for what, who ends it and when;
 * times are absolute UTC with the distance beside them (interface.md, "Outputs"). No octet of a zone reaches a terminal
 * unescaped: names come in master-file text, all else through error_escape.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "keystore/key.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* How to write: colours only where a terminal and the operator want them. */
struct report_style {
	bool colour;
	bool states; /* show the record states too */
	bool narrow; /* fewer columns than a table needs: what follows is wrapped by report_wrap */
	struct utc now;
};

/* What is known of a key on a store that it lives in (report_proof.c). */
struct report_proof {
	const char *store;
	bool known;        /* it was looked at */
	bool good;         /* it showed the key and signed with it; else `message` says what was wrong */
	unsigned shown;    /* bits: public key, tag, challenge, RRset */
	struct utc since;  /* it is so since then */
	struct utc tried;  /* last */
	struct utc proven; /* last; 0: never */
	const char *message;
};

struct report_key {
	struct key key;
	const char *zone;
	const char *word;      /* prepared, publishing, ready, active, retiring, removed */
	const char *waits_for; /* or "" */
	struct utc ready_at;   /* when its DNSKEY is in all caches; 0: not on its way */
	const struct report_proof
	    *proofs; /* one for each store that it lives in; none if its private half is not here */
	size_t proof_count;
};

/* How bad it is, the same in each output (report_level.h). Action: a person must act, and nobody suffers yet. */
enum report_level { REPORT_LEVEL_OK, REPORT_LEVEL_ACTION, REPORT_LEVEL_WARNING, REPORT_LEVEL_CRITICAL };

enum report_health { REPORT_OK, REPORT_NEW, REPORT_WARN, REPORT_BLOCKED, REPORT_EXPIRED };

struct report_wait;
struct report_roll;

/* Keys made ahead for the rollovers to come. */
struct report_pool {
	enum key_role role;
	unsigned have, wanted;
	unsigned waiting; /* of those that are there, for a backup that the policy wants */
};

/* A planned change that is neither used nor withdrawn nor expired. */
struct report_expected {
	uint32_t serial;
	const char *limit, *reason, *actor;
	struct utc given, expires;
};

/* A name server of the zone, as it was when it was last asked (report_server.c). */
struct report_server {
	const char *server;
	struct utc asked, answered; /* 0: not yet, never */
	bool has_serial;
	uint32_t serial;
	struct utc expires;       /* when the first signature that it showed ends; 0: none */
	struct utc behind_since;  /* 0: it is not */
	struct utc failing_since; /* 0: its answers are of use */
	const char *failure;      /* or NULL */
};

enum report_server_state {
	REPORT_SERVER_NEW,
	REPORT_SERVER_OK,
	REPORT_SERVER_BEHIND,
	REPORT_SERVER_AHEAD,
	REPORT_SERVER_FAILING
};

struct report_zone {
	const char *name, *policy, *input, *output, *parents;
	enum report_health health;
	const char *headline; /* after the name: "OK, nothing for you to do" */
	const char *effect;   /* what happens if nobody acts, or NULL */
	const char *command;  /* to paste, where a person must act, or NULL */
	bool published;
	uint32_t serial;
	struct utc published_at, valid_until, next;
	uint64_t records, signatures, size;
	unsigned checks;
	struct utc input_unread_since; /* it changed, and since this last look no run came; 0: it did not */
	struct utc input_failing_since;
	bool input_held; /* a person rolled back: that is why */
	const char *input_failure;
	struct utc last_failure; /* of a run newer than the publication; 0: none */
	const char *last_failure_message;
	struct utc hook_waiting_since; /* name servers may not know what was published since then; 0: they were told */
	const char *hook_failure;      /* its name, how it ended and what it printed first, the last time */
	bool hook_again;               /* the hook wants to be tried again; else it failed */
	struct span limit;             /* the policy's refresh: signatures have more left if runs happen */
	const struct report_key *keys;
	size_t key_count;
	/* Rollovers (report_roll.h). */
	const struct report_wait *waits; /* what people must do first */
	size_t wait_count;
	const struct report_roll *rolls; /* under way */
	size_t roll_count;
	struct utc ds_checked; /* when the parent's servers were last asked; 0: never */
	const char *ds_found;  /* what they said, or NULL */
	struct report_pool pool[3];
	size_t pool_count;
	const char *roll_word; /* "KSK step 3 of 5", or NULL */
	const char *roll_stop; /* why no key moves, or NULL */
	struct utc roll_next;  /* when zoneseal does something for keys; UTC_NEVER: only others move it */
	const struct report_expected *expected;
	size_t expected_count;
	const struct report_server *servers;
	size_t server_count;
	bool urgent; /* the zone suffers if nobody acts */
	enum report_level level;
};

struct report_state {
	const char *folder;
	bool virtual_clock, restored;
	bool standby;            /* fenced: another signer signs, this one does not before it is promoted */
	struct utc snapshot;     /* of a standby: when the one was made that it equals; 0: none since a restore */
	bool clock_behind;       /* later times are recorded than it is now: the clock guard lets nothing be signed */
	enum report_level level; /* the worst of it and its zones */
	const struct report_zone *zones;
	size_t zone_count;
	bool all; /* list every zone, not only those that need attention */
};

struct report_event {
	struct utc when;
	const char *actor, *zone, *what, *detail;
	uint8_t hash[32];
};

/* The word for what a key does: prepared, publishing, ready, active, retiring, removed (RFC 7583 3.1). A key that is to
 * be replaced stays active as long as it is in use. `no_ds`: the parent takes none. */
const char *report_key_word(const struct key *key, bool no_ds);

/* Since when it is used, or made if it is not yet; of one that is "removed", since when no cache has any of it. */
struct utc report_key_since(const struct key *key, const char *word);

const char *report_health_name(enum report_health health);

/* Zones by what they want of a person. */
struct report_tally {
	size_t expired, blocked, acting, fresh, fine;
	bool stopped; /* nothing is signed at all, so that nothing is fine */
};

void report_tally_add(struct report_tally *tally, enum report_health health, bool needs_person);

/* "1 zone needs you, 1 publication is BLOCKED, 10 fine." */
const char *report_tally_words(const struct report_tally *tally, struct arena *mem);

/* Text for people. */
void report_status_text(FILE *out, const struct report_state *state, const struct report_style *style);
/* The first line where nothing is signed at all: a standby, after a restore, behind a clock. Nothing elsewhere. */
void report_stopped_text(FILE *out, const struct report_state *state, const struct report_style *style);
void report_zone_text(
    FILE *out, const struct report_zone *zone, const struct report_state *state, const struct report_style *style);
void report_keys_text(FILE *out, const struct report_key keys[], size_t count, const struct report_style *style);
void report_events_text(FILE *out, const struct report_event events[], size_t count);

/* The text with lines of at most `width` columns, broken at spaces; a word that is longer, and a command to paste, stay
 * whole. */
void report_wrap(FILE *out, const char *text, unsigned width);

/* A stored verdict; false if it cannot be read. `silent`: only `pass` is filled in. */
bool report_verdict_text(FILE *out, const char *json, bool silent, bool *pass);

/* "2026-11-24 21:00Z (21m ago)", "... (in 9d 20h)". */
char *report_when(struct utc when, struct utc now, struct arena *mem);

/* JSON: an object under construction. Names come out in the order in which they went in; a time goes in twice, as RFC
 * 3339 and as NAME_epoch. */
struct report;

struct report *report_new(const char *schema); /* NULL: an inner object, without "schema" */
struct report *report_list(void);
void report_free(struct report *report);
void report_text(struct report *report, const char *name, const char *value); /* NULL value: null */
void report_texts(struct report *report, const char *name, const char *const values[], size_t count);
void report_number(struct report *report, const char *name, int64_t value);
void report_real(struct report *report, const char *name, double value);
void report_bool(struct report *report, const char *name, bool value);
void report_time(struct report *report, const char *name, struct utc value); /* 0 and never: null */
void report_hex(struct report *report, const char *name, const uint8_t *data, size_t size);
void report_json(struct report *report, const char *name, const char *json);      /* JSON text as it is; NULL: null */
void report_child(struct report *report, const char *name, struct report *child); /* takes the child */
void report_append(struct report *list, struct report *child);                    /* takes the child */
/* "error": {...}; `check`: the id of the check that refused, or NULL. */
void report_error(struct report *report, const struct error *err, enum status status, const char *check);

/* Writes it and a newline; frees it. STATUS_IO if `out` cannot take it. */
enum status report_print(FILE *out, struct report *report, struct error *err) MUST_CHECK;
enum status report_print_line(FILE *out, struct report *report, struct error *err) MUST_CHECK; /* on one line */

/* "257 3 13 base64": the DNSKEY RDATA, as another signer of the zone publishes it. */
char *report_dnskey(const struct key *key, struct arena *mem);

/* "proven on 3/3 stores 2m ago", or which store did not, since when, and why. "" if there is nothing to prove. */
char *report_proof_words(const struct report_key *key, struct utc now, struct arena *mem);

/* "public key, tag, challenge" for the bits of report_proof.shown. */
char *report_proof_shown(unsigned shown, struct arena *mem);

/* One line for all keys that are proven, one for each store that is not. */
void report_proofs_text(FILE *out, const struct report_key keys[], size_t count, struct utc now);

/* The same as a list, "shown". */
void report_shown(struct report *report, unsigned shown);

/* The list of a key's stores. */
struct report *report_of_proofs(const struct report_key *key);

enum report_server_state report_server_state(const struct report_zone *zone, const struct report_server *server);
const char *report_server_state_name(enum report_server_state state); /* "behind" */

/* "BEHIND by 2 since ..., serial 7, its first signature ends ...; asked ...": escaped. */
char *report_server_words(
    const struct report_zone *zone, const struct report_server *server, struct utc now, struct arena *mem);

/* A line for each name server. */
void report_servers_text(FILE *out, const struct report_zone *zone, struct utc now, struct arena *mem);
struct report *report_of_servers(const struct report_zone *zone);

struct report *report_of_key(const struct report_key *key);
struct report *report_of_zone(const struct report_zone *zone);
/* Takes `zones`, a list of what report_of_zone makes. */
struct report *report_of_state(const struct report_state *state, struct report *zones, struct utc now);
struct report *report_of_events(const struct report_event events[], size_t count);

const char *report_status_name(enum status status); /* "malformed" */
