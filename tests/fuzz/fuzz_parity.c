/* SPDX-License-Identifier: MIT */
/* Snapshots of another site: what is taken as one lies within what was read, head before body before signature. */
#include <stdlib.h>

#include "signer/engine/parity.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parity_snapshot snapshot;
	struct error err;
	error_clear(&err);
	if (parity_parse((struct bytes){ data, size }, &snapshot, &err) != STATUS_OK)
		return err.code == STATUS_MALFORMED ? 0 : (abort(), 0);
	const uint8_t *const end = snapshot.covered.data + snapshot.covered.size;
	if (snapshot.covered.data != data || snapshot.covered.size >= size || snapshot.body.data < data ||
	    snapshot.body.data + snapshot.body.size != end)
		abort();
	return 0;
}
