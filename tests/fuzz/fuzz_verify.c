/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "signer/verify/verify.h"
#include "tests/fuzz/fuzz.h"

/* The verifier on any octets as a zone file: no verdict, or one that can be written down. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verify_verdict *verdict = NULL;
	struct error err;
	const struct verify_options options = {
		.origin = "zs.test.",
		.zone = { "input", -1, data, size },
		.previous = { "input", -1, data, size },
		.unsigned_zone = { "input", -1, data, size },
		.trust_anchor = { "input", -1, data, size },
		.times = { { 1768003200 }, { 1768103200 } },
		.time_count = 2,
		.threads = 1,
	};
	if (verify_run(&options, &verdict, &err) != STATUS_OK)
		return 0;
	free(verify_json(verdict));
	free(verify_text(verdict));
	verify_free(verdict);
	return 0;
}
