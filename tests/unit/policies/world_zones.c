/* SPDX-License-Identifier: MIT */
/*
 * Plays a world with real keys: every version that its primary or its parent serves becomes a file, signed as the real
 * program signs. Which caches may hold what together, and whether they could validate it, is for the reader of the
 * timeline to find out (world_signatures.py).
 *
 *   world_zones SEED FAULT FOLDER     FAULT: a name (world_faults.c); "none": the engine as it is
 *   world_zones faults                lists the names
 *
 * Files are FOLDER/N.zone and FOLDER/N.ds. The timeline on standard output, times in seconds since 1970:
 *
 *   world strict|liberal PROPAGATION PARENT-PROPAGATION     seconds in which slow servers still serve what was before
 *   goal T signed|unsigned
 *   zone T FILE      the primary serves it from T on
 *   ds T FILE        the first parent server does
 *   complaint T TEXT the world's own caches found it bogus
 *   end T
 *
 * Exit 3: the world's own caches find nothing wrong with this fault, so there is nothing to show.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/keystore/fixture.h"
#include "tests/unit/policies/world_signer.h"

/* What was written last. */
struct player {
	struct world_signer *signer;
	const char *folder;
	struct version served[CLASSES];
	int64_t ttl[CLASSES];
	size_t parts;
	size_t files;
	bool begun, insecure;
};

static bool is_new(const struct player *player, const struct world *w, enum kind kind)
{
	return !player->begun || !same(&player->served[kind], &w->classes[kind].present) ||
	       player->ttl[kind] != w->classes[kind].ttl;
}

static const char *next_file(struct player *player, const char *suffix, char out[512])
{
	const int size = snprintf(out, 512, "%s/%zu.%s", player->folder, ++player->files, suffix);
	assert_true(size < 512);
	return out;
}

static void write_down(void *context, const struct world *w, int64_t when)
{
	struct player *const player = context;
	char path[512];
	if (!player->begun)
		printf("world %s %lld %lld\n", w->trial->strict ? "strict" : "liberal", (long long)w->propagation,
		    (long long)w->parent_propagation);
	if (!player->begun || player->insecure != w->policy.insecure)
		printf("goal %lld %s\n", (long long)when, w->policy.insecure ? "unsigned" : "signed");
	const bool due = when >= player->signer->refresh_due.seconds && when >= w->broken_until;
	const bool part = player->parts != w->story.parts;
	if (is_new(player, w, DNSKEY_SET) || is_new(player, w, DATA) || part || due) {
		world_signer_zone(player->signer, w, when, next_file(player, "zone", path));
		printf("zone %lld %s\n", (long long)when, path);
	}
	if (is_new(player, w, DS_SET)) {
		world_signer_ds(player->signer, w, next_file(player, "ds", path));
		printf("ds %lld %s\n", (long long)when, path);
	}
	for (int kind = 0; kind < CLASSES; kind++) {
		player->served[kind] = w->classes[kind].present;
		player->ttl[kind] = w->classes[kind].ttl;
	}
	player->parts = w->story.parts;
	player->insecure = w->policy.insecure;
	player->begun = true;
}

/* FAULTS: there is none of that name. */
static enum world_fault fault_of(const char *name)
{
	enum world_fault fault = FAULT_NONE;
	while (fault < FAULTS && strcmp(world_fault_name(fault), name) != 0)
		fault++;
	return fault;
}

static int list_faults(void)
{
	for (enum world_fault fault = FAULT_NONE + 1; fault < FAULTS; fault++)
		printf("%s\n", world_fault_name(fault));
	return 0;
}

int main(int argc, char **argv)
{
	static struct world_signer signer; /* too large for a stack */
	if (argc == 2 && strcmp(argv[1], "faults") == 0)
		return list_faults();
	if (argc != 4 || fault_of(argv[2]) == FAULTS) {
		fputs("usage: world_zones SEED FAULT FOLDER, or world_zones faults\n", stderr);
		return 2;
	}
	const uint64_t seed = strtoull(argv[1], NULL, 10);
	struct world_trial trial = world_random_trial(seed, WORLD_DECADE);
	trial.fault = fault_of(argv[2]);
	if (trial.fault != FAULT_NONE && world_live(&trial).bogus == NULL)
		return 3;
	world_signer_open(&signer, seed / 100 + seed);
	struct player player = { .signer = &signer, .folder = argv[3] };
	trial.watch = write_down;
	trial.watching = &player;
	const struct world_story story = world_live(&trial);
	if (story.bogus != NULL)
		printf("complaint %lld %s\n", (long long)(epoch + story.hour * HOUR), story.bogus);
	const int64_t past = story.bogus == NULL ? trial.hours : story.hour + WORLD_AFTERMATH;
	printf("end %lld\n", (long long)(epoch + (past < trial.hours ? past : trial.hours) * HOUR));
	world_signer_close(&signer);
	return 0;
}
