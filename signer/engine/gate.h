/* SPDX-License-Identifier: MIT */
/*
 * The gate: executes zoneseal-verify on the very bytes that are to be published and reads its verdict.
 *
 * Whatever happens, only exit 0 with a complete verdict "pass" of the same build about the same zone, serial, size and
 * SHA-256 opens it. The program is found beside this one, else where it was installed, never by $PATH.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/store_expect.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/sign/sign_zone.h"
#include "signer/verify/verify.h"

/* A file that $INCLUDE lines of the unsigned input name. */
struct gate_include {
	const char *name; /* as such a line has it */
	int file;
};

enum { GATE_INCLUDES = 300 };

/* A version that was published before the last one and that caches may still hold. */
struct gate_version {
	int file;
	struct utc replaced; /* on the last name server */
};

enum { GATE_OLDER = VERIFY_PREVIOUS - 1 };

/* The proof memo that the verifier works with (memo.h). */
struct gate_memo {
	int old;             /* -1: none, */
	const char *refused; /* because of this, or NULL */
	int fresh;           /* a file of ours to write, or -1 */
	const char *problem; /* why there is no such file, or NULL */
	uint64_t most;       /* octets of it */
};

struct gate {
	const char *verifier;             /* path, or NULL: found as said above */
	const char *zone;                 /* text, absolute */
	const uint8_t *apex;              /* the same in wire form */
	int file;                         /* the signed zone */
	int previous;                     /* the last published zone, or -1 */
	const struct gate_version *older; /* those before it; at most GATE_OLDER */
	size_t older_count;
	int unsigned_input;                  /* the unsigned input, a regular file, or -1 */
	const struct gate_include *includes; /* at most GATE_INCLUDES */
	size_t include_count;
	const struct key *keys;
	size_t key_count;
	const struct policy *policy;
	uint32_t serial;
	bool unsigned_output;         /* the zone is to have no DNSSEC: every DS of it is gone everywhere */
	bool cds_delete;              /* it asks the parent to drop all DS (RFC 8078 4) */
	const uint32_t *serial_floor; /* the greatest serial that was used before; NULL: none was */
	const struct store_expected *const
	    *expected;                         /* VERIFY_LIMITS planned changes that hold for this zone, or NULL */
	const struct sign_result *signed_zone; /* SHA-256, size, counts as the signer knows them */
	const struct gate_memo *memo;          /* NULL: all signatures are computed */
	struct utc now;
	unsigned threads;
	struct span timeout; /* 0: by the file's size */
};

/* The moments at which the signatures must hold, beside now: all caches have what is published, the first signatures
 * are replaced and all caches have that, and a secondary that was cut off has stopped answering.
 *
 * A planned step of the keys that comes before the second of them needs none of its own: a signature that holds now and
 * then holds in between, and what the step changes is judged when it is published. The third is asked only where it
 * fits into the policy's refresh: a signature that is kept has no more left (RFC 6781 4.4.1 only advises that SOA
 * expire is shorter), and a zone that was published so before must not stop being signed. */
enum { GATE_MOMENTS = 3 };
size_t gate_moments(const struct gate *gate, struct utc out[GATE_MOMENTS]);

struct gate_verdict {
	const char *json;    /* as it came, or NULL if there was no complete verdict */
	bool refused;        /* a complete verdict "fail": the zone is bad, or the limits say no */
	const char *summary; /* what it refused, or why there is no verdict */
	struct utc safe_until;
	const char *changes; /* what is new against the last version in one line, or NULL */
	uint64_t checks, warnings;
	bool by_limits;               /* refused, and by change limits alone */
	bool stopped;                 /* no verdict: somebody ended the verifier, as a service manager does */
	bool refusing[VERIFY_LIMITS]; /* the change limits that refused */
	bool needed[VERIFY_LIMITS];   /* those that a planned change let it pass */
	bool memo_written;            /* the new memo is whole */
	const char *memo;             /* what came of the memo, in words; NULL: there was none, or no verdict */
};

/* STATUS_OK if the zone may be published; STATUS_NO if not, with the first finding, or "no verdict: ...".
 * STATUS_REFUSED, without asking, if a zone is to be unsigned while a key may still have a DS at the parent. */
enum status gate_ask(
    const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err) MUST_CHECK;

/* The path of zoneseal-verify. STATUS_MISSING if there is none. */
enum status gate_verifier(const char *given, struct arena *mem, char **path, struct error *err) MUST_CHECK;

/* The files that tell the verifier what is expected: texts in `mem`. */
char *gate_expected_keys(const struct key keys[], size_t count, struct arena *mem);
/* The DS that the parent has by the key states, also of a key that is not published, as records: those that are sure,
 * or, while one takes the place of another, both. NULL: none. */
char *gate_trust_anchor(
    const struct key keys[], size_t count, const char *zone, const uint8_t *apex, struct arena *mem);

/* What the limits are made from. */
struct gate_rules {
	const struct policy *policy;
	const struct key *keys; /* of the zone: those in use bring their algorithms and sizes */
	size_t key_count;
	bool cds_delete;
	bool at_signing; /* also what holds only at the moment of signing: which serial the policy makes of the input's,
			  * and when signatures begin and end */
	const uint32_t *serial_floor;                 /* as in struct gate */
	const struct store_expected *const *expected; /* as in struct gate */
	uint32_t serial;                              /* of the zone that they are for */
};

char *gate_limits(const struct gate_rules *rules, struct arena *mem);

/* What stands for the states of the keys: a memo that was made while it was another is not used. */
char *gate_memo_state(const struct key keys[], size_t count, struct arena *mem);

/* An unnamed, sealed file with this text; `inherited` by a program that this one executes. */
enum status gate_text_file(const char *name, const char *text, bool inherited, int *out, struct error *err) MUST_CHECK;
