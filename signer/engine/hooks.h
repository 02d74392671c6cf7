/* SPDX-License-Identifier: MIT */
/*
 * Runs an operator's program after publication, or when the parent has a DS to change: an argument vector, no shell, an
 * environment of our own making.
 *
 * Its exit code: 0 done, 75 try again with the next run, all else failed. Its output goes to the run record.
 */
#pragma once

#include <stdint.h>

#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

/* What the program gets as ZONESEAL_ZONE, _SERIAL, _FILE, _SHA256, _REASON, _RUN_ID. */
struct hook_facts {
	const char *zone;
	uint32_t serial;
	const char *file;
	const uint8_t *sha256;
	const char *reason;
	const char *run_id;
};

/* What the record of a run tells of the hook. */
enum hook_record {
	HOOK_NOT_TOLD,
	HOOK_DONE,
	HOOK_AGAIN, /* it wants to be tried again */
	HOOK_FAILED,
};

enum hook_record hook_record_of(const struct store_run *run);

/* "publish hook /usr/...: exit code 1: what it printed first", where the record tells of one that was not done. */
const char *hook_record_words(const struct store_run *run);

/* Whether the policy has a publish hook. */
bool hook_is_set(const struct policy *policy);

/* Runs the publish hook. STATUS_BUSY if it wants to be tried again, STATUS_IO if it failed; the message says what it
 * printed first. */
enum status hook_publish(
    const struct policy *policy, const struct hook_facts *facts, struct arena *mem, struct error *err) MUST_CHECK;

/* What the parent is to do with a DS. */
enum hook_ds { HOOK_DS_SUBMIT, HOOK_DS_WITHDRAW };

const char *hook_ds_name(enum hook_ds which); /* "ds-submit", "ds-withdraw" */
bool hook_ds_is_set(const struct policy *policy, enum hook_ds which);

/* Runs it with the DS lines on its standard input; otherwise as hook_publish. */
enum status hook_ds(const struct policy *policy, enum hook_ds which, const struct hook_facts *facts, const char *lines,
    struct arena *mem, struct error *err) MUST_CHECK;
