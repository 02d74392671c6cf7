/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/engine/adopt_zone.h"

enum { LINE_MOST = 512 };

/* Ends with K<zone>+<algorithm>+<tag>.private, without regard to the zone: other zones' keys have other tags, and a tag
 * that is the same by chance tells the order of two keys at most. */
static bool is_file_of(const char *path, const struct key *key)
{
	char tail[64];
	const int size = snprintf(tail, sizeof(tail), ".+%03u+%05u.private", key->algorithm, key->tag);
	const size_t length = strlen(path);
	return length > (size_t)size && strcmp(path + length - (size_t)size, tail) == 0;
}

static void read_state(const char *path, struct adopted_key *key)
{
	char line[LINE_MOST];
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		key->told = true;
		if (strncmp(line, "GoalState: hidden", strlen("GoalState: hidden")) == 0)
			key->told_leaving = true;
		if (strncmp(line, "Predecessor: ", strlen("Predecessor: ")) == 0)
			key->told_predecessor = (uint16_t)strtoul(line + strlen("Predecessor: "), NULL, 10);
	}
	fclose(file);
}

void published_hear(struct published *published, const char *const files[], size_t count, struct arena *mem)
{
	for (size_t i = 0; i < published->count; i++)
		for (size_t f = 0; f < count; f++) {
			if (!is_file_of(files[f], &published->keys[i].key))
				continue;
			const int stem = (int)(strlen(files[f]) - strlen("private"));
			read_state(arena_printf(mem, "%.*sstate", stem, files[f]), &published->keys[i]);
		}
}
