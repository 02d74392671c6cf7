/* SPDX-License-Identifier: MIT */
/* Lines of keys in a log, perhaps of a keystore from a backup: what is read goes forward and fits what it goes into. */
#include <stdlib.h>
#include <string.h>

#include "keystore/audit.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *const text = calloc(size + 1, 1);
	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	struct arena *const mem = arena_new(0);
	struct key key;
	for (const char *at = text, *before = at; store_event_key(&at, &key); before = at) {
		if (at <= before || at > text + strlen(text) || key.id <= 0 || key.role > KEY_CSK)
			abort();
		for (int record = 0; record < KEY_RECORDS; record++)
			if (key.state[record] > KEY_UNRETENTIVE)
				abort();
		/* What was read says the same when it is written and read again. */
		struct key again;
		const char *line = audit_key_line(&key, mem);
		if (!store_event_key(&line, &again) || *line != '\0' || again.id != key.id || again.role != key.role ||
		    again.tag != key.tag || memcmp(again.state, key.state, sizeof(key.state)) != 0)
			abort();
	}
	arena_free(mem);
	free(text);
	return 0;
}
