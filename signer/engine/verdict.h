/* SPDX-License-Identifier: MIT */
/* Reads the verdict that zoneseal-verify wrote ("zoneseal.verdict/1") and compares it with what the signer knows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/utc.h"
#include "signer/verify/verify.h"

/* What it says of the proof memo. */
struct verdict_memo {
	bool there;       /* it was asked to use one */
	const char *full; /* why it was not used; NULL: it was */
	struct utc last_full;
	uint64_t known, computed; /* signatures */
	bool written;             /* the new one is whole */
	const char *problem;      /* why not, or NULL */
};

struct verdict {
	bool pass;
	bool judged_unsigned; /* as a zone that is to have no DNSSEC */
	const char *zone, *build, *sha256;
	uint32_t serial;
	uint64_t size, records, signatures;
	size_t previous;       /* versions that it compared with */
	uint64_t warnings;     /* findings that refuse nothing */
	uint64_t checks;       /* rows with result "ok" or "warn" that looked at something */
	struct utc safe_until; /* 0 if it says nothing */
	const char *changes;   /* what is new in one line, "delegations +3 -1 ~2, ..."; NULL: nothing to compare with */
	const char *finding;   /* the first refusing finding in one line, or NULL */
	bool by_limits;        /* each refusing finding is of a change limit, and there is one */
	bool refusing[VERIFY_LIMITS]; /* those */
	bool needed[VERIFY_LIMITS];   /* the limits that a planned change let it pass */
	struct verdict_memo memo;
};

/* False with the reason in `why` if the text is not one complete verdict of our schema. */
bool verdict_read(const char *text, size_t size, struct arena *mem, struct verdict *out, const char **why);
