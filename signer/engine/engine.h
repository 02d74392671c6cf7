/* SPDX-License-Identifier: MIT */
/*
 * The order of effects: load, decide, sign, verify, publish, record. One place, one order (interface.md, "Publishing").
 *
 * lock; reconcile an open intent; guard the clock; read the input; sign into a temporary file in the output's folder;
 * fsync; verify that file by its descriptor; store the intent; keep the old version; rename; fsync the folder; confirm
 * the receipt; hook. A crash between any two steps is harmless: the next run finds the intent and compares bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/meter.h"
#include "signer/base/utc.h"
#include "signer/sign/sign_zone.h"

struct clock_asked;

/* Where things are and how this run behaves; made by cli from arguments and environment. */
struct engine_options {
	const char *state;           /* state folder */
	const char *config;          /* configuration folder */
	const char *command;         /* "sign" or "run": for the lock file and the messages of others */
	const char *input;           /* -i, or NULL: the zone's; "-" is stdin */
	const char *output;          /* -o, or NULL: the zone's; "-" is stdout, without receipt */
	const char *verifier;        /* path of zoneseal-verify, or NULL: beside this program, else the installed one */
	const char *passphrase_file; /* or NULL */
	struct utc now;              /* when the command began */
	struct utc (*clock)(void);   /* the real clock; NULL: time stands still at `now` */
	struct clock_asked *asked;   /* what time servers said, for all zones of the command; NULL: none is asked */
	unsigned threads;            /* 0: all cores */
	bool force;                  /* publish with a new serial even if nothing is due */
	bool anew;                   /* the same, and no signature of the last version is kept */
	bool replace;                /* an existing output that is not ours may be replaced */
	bool new_keys;               /* DNSKEY or RRSIG of foreign keys in input or output may be dropped */
	bool keep_alive; /* when the input is bad, the last published content is signed again before it expires */
	const uint32_t
	    *back_to; /* the content of this published version becomes the content again (rollback.h), or NULL */
	const char *back_reason; /* why, for the log */
	bool ignore_serial_date; /* an input serial that looks like a date of tomorrow or later is none */
	bool dry_run;
	bool run_hooks; /* with a virtual clock, hooks run only if asked for */
	bool all_type_names;
	int64_t lock_wait_seconds;
	struct meter *meter;                                /* how far a phase is, or NULL */
	void (*progress)(void *context, const char *phase); /* called when a phase begins, or NULL */
	void (*notice)(void *context, int number); /* SIGUSR1, or a signal that ends the process: signals.h; or NULL */
	void *progress_context;
};

enum engine_result {
	ENGINE_FAILED,
	ENGINE_PUBLISHED,
	ENGINE_UP_TO_DATE,    /* nothing due: nothing changed */
	ENGINE_KEPT_ALIVE,    /* the input is bad: the last good content was signed again; status is not OK */
	ENGINE_WRITTEN,       /* to stdout, no receipt */
	ENGINE_WOULD_PUBLISH, /* dry run */
};

struct engine_report {
	enum engine_result result;
	const char *zone;
	const char *output;
	const char *reason; /* why something was due: "input changed" */
	const char *policy; /* name */
	const char *phase;  /* how far the run came */
	uint32_t serial;    /* of this run's version */
	struct sign_result sign;
	const char *verdict; /* the verifier's JSON, or NULL */
	uint64_t checks;     /* that passed */
	uint64_t warnings;   /* findings of the verifier that refuse nothing */
	const char *changes; /* "against serial 7: delegations +3 -1; ...", or NULL: there is none to compare with */
	const char *not_compared; /* serials that caches may hold and the archive has not, or NULL */
	const char *memo;         /* which signatures the verifier knew from its memo, in words; NULL: it had none */
	bool memo_kept;           /* there is one for the next run */
	unsigned keys_made;
	unsigned keys_purged; /* private halves that the policy's keys.purge-after had destroyed */
	struct utc next;      /* when to look again */
	/* What is published when the run has ended. */
	bool has_published;
	uint32_t published_serial;
	struct utc published_at;
	struct utc valid_until;         /* first expiry of what is published now */
	struct utc input_failing_since; /* registrations are not getting out since then; 0: they are */
	const char *input_held;         /* why the zone's input is not read (rollback.h), or NULL: it is */
	bool unsettled;                 /* `serial` may be in place without a receipt; the next run finds out */
	const char *next_step;          /* what lets a refused zone pass if that is planned, or NULL */
	const char *rejected;           /* where the refused zone is, or NULL */
	const char *unsigned_not_asked; /* why the gate could not compare with the input, or NULL */
	/* What else was wrong with the input's text, "file:line:column: what" a line; the first error is `err`. */
	const char *const *input_errors;
	size_t input_error_count;
	bool virtual_clock;
	const char *clock; /* what time servers said of the clock, or why none was asked; or NULL */
	uint8_t audit_head[32];
	const char *
	    parent; /* what the parent's servers were found to show in this run, or why they could not be asked; NULL */
	const char *signatures_note; /* why signatures that stay were, or will be, read from the zone's text; or NULL */
	const char *offline_note;    /* how long the SKR still lasts, if it is time to ask for another; or NULL */
	/* Stores that failed and that the run went on without, one line for each key: what happened. */
	const char *const *left_out;
	size_t left_out_count;
	const char *hook_note; /* what a hook said when it failed, or NULL */
	double seconds_total, seconds_read, seconds_verify;
};

/* The pipeline for one zone. The report is filled as far as things went, also on failure; its strings live in `mem`.
 * Call it with one thread running: it watches for SIGTERM, SIGINT and SIGHUP meanwhile. */
enum status engine_sign(struct store *store, const char *zone, const struct engine_options *options, struct arena *mem,
    struct engine_report *report, struct error *err) MUST_CHECK;
