/* SPDX-License-Identifier: MIT */
/*
 * The verifier on any octets as a zone file: no verdict, or one that can be written down.
 *
 * Lines ";--" part the octets: the zone, then --policy, --expect-keys, --trust-anchor, --memo and another
 * --previous, that was replaced an hour ago, each left out if it is empty. Without such a line all of it is each of the
 * zones and the anchor. A zone that passes is judged again with the memo of its own verdict, which may not change it.
 */
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/verify/verify.h"
#include "tests/fuzz/fuzz.h"

enum { PARTS = 6, DIGEST = 32, MOST = 1 << 20 };

static const char border[] = "\n;--\n";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct verify_input input_of(struct bytes octets)
{
	return (struct verify_input){ octets.size == 0 ? NULL : "input", -1, octets.data, octets.size };
}

static size_t split(const uint8_t *data, size_t size, struct bytes parts[PARTS])
{
	const size_t width = sizeof(border) - 1;
	size_t count = 0, from = 0;
	for (size_t at = 0; at + width <= size && count < PARTS - 1; at++) {
		if (memcmp(data + at, border, width) != 0)
			continue;
		/* The first line end is the part's own. */
		parts[count++] = (struct bytes){ data + from, at == from ? 0 : at + 1 - from };
		from = at + width;
		at += width - 2;
	}
	parts[count] = (struct bytes){ data + from, size - from };
	return count + 1;
}

/* -1: no verdict. */
static int judge(const struct verify_options *options)
{
	struct verify_verdict *verdict = NULL;
	struct error err;
	if (verify_run(options, &verdict, &err) != STATUS_OK)
		return -1;
	const bool passed = verify_passed(verdict);
	free(verify_json(verdict));
	free(verify_text(verdict));
	verify_free(verdict);
	return passed;
}

/* The memo of the input, with a right digest so that it gets past it; then that of the verdict itself. */
static void judge_with_memos(struct verify_options *options, struct bytes memo)
{
	uint8_t *const sealed = malloc(memo.size + 1);
	must(sealed != NULL);
	if (memo.size > DIGEST) {
		memcpy(sealed, memo.data, memo.size);
		bytes_sha256((struct bytes){ sealed, memo.size - DIGEST }, sealed + memo.size - DIGEST);
		options->memo = input_of((struct bytes){ sealed, memo.size });
	}
	struct verify_octets written = { NULL, 0 };
	options->memo_out = &written;
	const int first = judge(options);
	options->memo_out = NULL;
	if (written.size > 0) {
		options->memo = input_of((struct bytes){ written.data, written.size });
		must(judge(options) == first);
	}
	free(written.data);
	free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes parts[PARTS] = { { NULL, 0 } };
	if (size > MOST)
		return 0;
	const bool whole = split(data, size, parts) == 1;
	const struct verify_input zone = { "input", -1, parts[0].data, parts[0].size };
	struct verify_options options = {
		.origin = "zs.test.",
		.zone = zone,
		.previous = { { .file = zone },
		    { .file = input_of(parts[5]), .was_replaced = true, .replaced = { 1768003200 - 3600 } } },
		.previous_count = parts[5].size == 0 ? 1 : 2,
		.unsigned_zone = zone,
		.policy = input_of(parts[1]),
		.expect_keys = input_of(parts[2]),
		.trust_anchor = whole ? zone : input_of(parts[3]),
		.times = { { 1768003200 }, { 1768103200 } },
		.time_count = 2,
		.threads = 1,
	};
	judge_with_memos(&options, parts[4]);
	return 0;
}
