/* SPDX-License-Identifier: MIT */
/* One run of the pipeline for one zone, as engine.c, attempt.c and output.c share it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"
#include "keystore/token.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/publish.h"
#include "signer/dns/name.h"
#include "signer/engine/engine.h"
#include "signer/engine/lock.h"
#include "signer/engine/roll.h"
#include "signer/engine/signals.h"
#include "signer/engine/zonekeys.h"

/* What stands at the output path before the run. */
struct output {
	const char *path; /* absolute; for stdout: the last version's, or NULL */
	bool to_stdout;
	bool exists;
	bool is_last;            /* it is the last published version, octet by octet */
	bool is_ours;            /* it is some version of this zone */
	bool by_stamp;           /* it was not read: its stamp is that of when it was */
	struct file_stamp stamp; /* of what exists */
	uint8_t sha256[32];
	bool has_serial; /* of a file that is not ours and is to be replaced */
	uint32_t serial;
	int previous; /* the last published version, open for reading, or -1 */
};

struct run {
	struct store *store;
	const struct engine_options *options;
	struct arena *mem;
	struct engine_report *report;
	struct signals *signals;
	struct lock lock;
	struct token *token;
	struct store_zone zone;
	uint8_t apex[NAME_WIRE];
	struct policy policy;
	const char *policy_text, *policy_name; /* what it was made from; NULL: not yet */
	struct zonekeys keys;
	struct output output;
	bool virtual_clock;
	struct utc now;     /* of the run: what signatures, serial and decisions are made for */
	int64_t distance;   /* of that clock from the one that nobody sets, at the same moment (clock_sources.h) */
	bool clock_doubted; /* what it says is not recorded */
	bool has_last;
	struct store_version last;
	struct store_version back; /* what is rolled back to, if back_file is open */
	int back_file;             /* its kept file, or -1 */
	bool not_begun;            /* what it was asked for cannot be: no failed run, and no record of one */
	struct roll_view roll;     /* how its keys stand, and what is due for them */
	bool has_roll;
	const char *key_problem; /* why a guard stopped the keys' moves in this run; NULL: none did */
	bool roll_is_current;    /* nothing was stored, and nothing stopped, since it was looked at */
	struct utc last_seen;    /* the latest time of an earlier run, as far as it left a trace; 0: none */
	bool hook_done;          /* for what is published now */
	double started;          /* monotonic seconds */
	char id[40];
};

/* Says in lock file, report and progress line what happens now. */
void run_phase(struct run *run, const char *phase);

/* Monotonic seconds. */
double run_clock(void);

/* run->policy from run->zone's text, unless it is that already. */
enum status run_read_policy(struct run *run, struct error *err) MUST_CHECK;

/* The clock as it is now; a virtual clock stands still. */
struct utc run_now(const struct run *run);

/* STATUS_REFUSED if the clock was set since run->now was taken. */
enum status run_check_step(struct run *run, struct error *err) MUST_CHECK;

/* Fills run->output and refuses a file that is not ours (STATUS_REFUSED) unless options say otherwise. */
enum status output_look(struct run *run, struct error *err) MUST_CHECK;
/* The same without relying on its stamp, before anything is made that will replace it. */
enum status output_look_again(struct run *run, struct error *err) MUST_CHECK;
void output_close(struct output *output);

/* STATUS_REFUSED if the input is the very file that is to be replaced. */
enum status output_is_not_input(
    const struct output *output, const struct file_stamp *input, struct error *err) MUST_CHECK;

/* STATUS_BUSY if the target of `publish` is not what output_look saw: somebody else writes there. */
enum status output_unchanged(const struct output *output, const struct publish *publish, struct error *err) MUST_CHECK;

/* Reads, signs, verifies and publishes; `keep_alive`: the last published content instead of the input. STATUS_OK also
 * if nothing was due. `input_is_bad` tells failures that are the input's (keep-alive helps) from others. */
enum status attempt_publish(struct run *run, bool keep_alive, bool *input_is_bad, struct error *err) MUST_CHECK;
