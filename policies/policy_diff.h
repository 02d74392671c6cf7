/* SPDX-License-Identifier: MIT */
/* What an edit of a policy would change: waits first, since they decide what is safe, then fields, then what begins. */
#pragma once

#include <stddef.h>

#include "policies/policy.h"
#include "signer/base/arena.h"

/* A wait ("Ipub") or a field ("keys.dnskey-ttl"), as text. `before` or `after` is NULL where there is none. */
struct policy_change {
	const char *name, *what; /* what a wait means; NULL for a field */
	const char *before, *after;
};

struct policy_diff {
	struct policy_change *waits, *fields;
	size_t wait_count, field_count;
	const char **begins; /* sentences: "a rollover of all keys from RSASHA256 to ECDSAP256SHA256, ..." */
	size_t begin_count;
};

/* All in `mem`. */
void policy_diff(const struct policy *before, const struct policy *after, struct arena *mem, struct policy_diff *out);
