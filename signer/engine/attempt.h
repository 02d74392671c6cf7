/* SPDX-License-Identifier: MIT */
/* One attempt of a run to publish one content: attempt.c brings it to a signed temporary file, commit.c takes it on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/publish.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/memo.h"
#include "signer/engine/run.h"
#include "signer/sign/sigfile.h"
#include "signer/sign/sigfile_write.h"

struct attempt {
	struct run *run;
	bool keep_alive;    /* what was published is the content, not the input: the last version, or run->back */
	bool held;          /* so it is on a person's demand: keys move, and the policy counts, as with an input */
	int file;           /* the input, a regular file (a pipe's copy) */
	const char *name;   /* of the input in messages */
	const char *folder; /* for $INCLUDE; NULL: a pipe */
	struct file_stamp stamp;
	struct zonetext input, previous; /* empty once they are signed */
	bool has_previous;
	struct sigfile kept; /* in place of `previous`, if has_kept */
	bool has_kept;
	struct sigfile_draft draft;         /* the same of what is made now */
	struct zonetext_included *included; /* what the input includes; open until the end */
	size_t included_count;
	uint8_t input_sha256[32], config_sha256[32];
	uint32_t input_serial, serial;
	uint32_t serial_floor; /* the greatest one that was used before */
	bool has_serial_floor;
	bool input_is_bad;  /* it could not be read, or is refused as it is */
	const char *reason; /* why something is due */
	struct key *keys;   /* as they are once this is published */
	size_t key_count;
	bool cds_delete;      /* the parent is asked to drop all DS */
	bool unsigned_output; /* the zone goes without DNSSEC */
	struct publish publish;
	struct file_stamp judged; /* of the temporary file, when the gate was asked */
	const int64_t *expected;  /* ids of the planned changes by which it passes */
	size_t expected_count;
	bool proofs_stand; /* refused by change limits alone, or not judged to the end: nothing against a signature */
	struct memo memo;
};

/* The gate. STATUS_NO: the temporary file is now <output>.rejected, or there was no verdict. */
enum status attempt_verify(struct attempt *attempt, struct error *err) MUST_CHECK;

/* Intent, old version kept, rename, receipt, hook. */
enum status attempt_commit(struct attempt *attempt, struct error *err) MUST_CHECK;

/* The verified octets to stdout. */
enum status attempt_write_stdout(struct attempt *attempt, struct error *err) MUST_CHECK;
