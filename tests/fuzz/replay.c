/* SPDX-License-Identifier: MIT */
/* Feeds each file of the folders on the command line to the fuzz target; replaying nothing is a failure. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { MOST_OCTETS = 1 << 20 };

static int replay_file(const char *path)
{
	/* Of its exact size, so that a reader that overruns is seen. */
	static uint8_t buffer[MOST_OCTETS];
	FILE *const file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		return 1;
	}
	const size_t size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	uint8_t *const exact = malloc(size == 0 ? 1 : size);
	if (exact == NULL)
		return 1;
	memcpy(exact, buffer, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

static int replay_folder(const char *folder, int *replayed)
{
	struct dirent **names = NULL;
	const int count = scandir(folder, &names, NULL, alphasort);
	int failed = count < 0;
	for (int i = 0; i < count; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.') {
			failed |= replay_file(path);
			(*replayed)++;
		}
		free(names[i]);
	}
	free(names);
	return failed;
}

int main(int argc, char **argv)
{
	int replayed = 0;
	int failed = 0;
	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i], &replayed);
	printf("%d inputs replayed\n", replayed);
	return failed || replayed == 0;
}
