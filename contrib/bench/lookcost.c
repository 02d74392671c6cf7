/* SPDX-License-Identifier: MIT */
/*
 * lookcost - what the rollovers of a zone cost a run, beside reading the zone.
 *
 *   lookcost STATE ZONE INPUT NOW [ROUNDS]
 *
 * Prints medians in microseconds: reading and parsing INPUT on one and on all cores; roll_look, which is all that a run
 * does about keys (rows of the keystore, the plan, the cache check with its veto), now and at the next moment at which
 * something is due; the plan alone; and the cache check alone, of the present versions and of three more that begin
 * now.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/dns/name.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/roll.h"
#include "signer/engine/setup.h"

enum { MOST_ROUNDS = 1000, CHECKS = 1000 };

static double microseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double one = *(const double *)a;
	const double two = *(const double *)b;
	return one < two ? -1 : one > two;
}

static double median(double times[], size_t count)
{
	qsort(times, count, sizeof(times[0]), compare);
	return times[count / 2];
}

static void must(enum status status, const struct error *err)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "lookcost: %s\n", err->message);
	exit(1);
}

struct work {
	struct store *store;
	const char *state;
	struct store_zone zone;
	size_t rounds;
	double times[MOST_ROUNDS];
};

static double look(struct work *work, struct utc now, struct arena *mem, struct roll_view *view)
{
	struct error err = { 0 };
	for (size_t i = 0; i < work->rounds; i++) {
		arena_reset(mem);
		const double begin = microseconds();
		must(roll_look(work->store, work->state, &work->zone, now, mem, view, &err), &err);
		work->times[i] = microseconds() - begin;
	}
	return median(work->times, work->rounds);
}

static double plan(struct work *work, const struct roll_view *view, struct utc now, struct arena *mem)
{
	struct rollover_plan made;
	struct error err = { 0 };
	for (size_t i = 0; i < work->rounds; i++) {
		const double begin = microseconds();
		must(rollover_plan(&view->rules, view->keys, view->count, &view->facts, now, mem, &made, &err), &err);
		work->times[i] = microseconds() - begin;
	}
	return median(work->times, work->rounds);
}

static double check(struct work *work, const struct roll_view *view, struct utc now)
{
	static struct history after; /* too large for a stack */
	struct cache_conflict conflict;
	struct error err = { 0 };
	after = *view->history;
	for (int class = 0; class < HISTORY_CLASSES; class ++)
		must(
		    history_begin(&after, (enum history_class) class, view->keys, view->count, 86400, now, &err), &err);
	bool good = true;
	for (size_t i = 0; i < work->rounds; i++) {
		const double begin = microseconds();
		for (int n = 0; n < CHECKS; n++)
			good = history_judge(&after, now, &conflict) && good;
		work->times[i] = (microseconds() - begin) / CHECKS;
	}
	fprintf(stderr, "versions in caches: DS %zu, DNSKEY %zu, data %zu; %s\n", after.count[HISTORY_DS],
	    after.count[HISTORY_DNSKEY], after.count[HISTORY_DATA], good ? "no conflict" : "in conflict");
	return median(work->times, work->rounds);
}

static double reading(const char *path, const char *zone, unsigned threads, size_t rounds)
{
	double times[MOST_ROUNDS];
	uint8_t origin[NAME_WIRE];
	struct error err = { 0 };
	size_t size;
	must(name_parse(zone, strlen(zone), NULL, origin, &size, &err), &err);
	const struct zonetext_options options = { .name = path, .origin = origin, .threads = threads };
	for (size_t i = 0; i < rounds; i++) {
		struct zonetext text = { 0 };
		const double begin = microseconds();
		const int file = open(path, O_RDONLY | O_CLOEXEC);
		must(zonetext_read(file, &options, &text, &err), &err);
		times[i] = microseconds() - begin;
		close(file);
		zonetext_free(&text);
	}
	return median(times, rounds);
}

int main(int argc, char **argv)
{
	static struct work work;
	struct error err = { 0 };
	struct roll_view view;
	struct utc now;
	if (argc < 5) {
		fputs("usage: lookcost STATE ZONE INPUT NOW [ROUNDS]\n", stderr);
		return 2;
	}
	work.state = argv[1];
	work.rounds = argc > 5 ? strtoul(argv[5], NULL, 10) : 21;
	if (work.rounds == 0 || work.rounds > MOST_ROUNDS)
		return 2;
	must(utc_parse(argv[4], &now, &err), &err);
	char path[4096];
	snprintf(path, sizeof(path), "%s/keystore.db", work.state);
	struct arena *const kept = arena_new(0);
	struct arena *const mem = arena_new(0);
	must(store_open(path, STORE_READ, "lookcost", &work.store, &err), &err);
	must(setup_find_zone(work.store, argv[2], kept, &work.zone, &err), &err);
	printf("%-46s %12.1f\n", "reading the input, one core", reading(argv[3], argv[2], 1, work.rounds));
	printf("%-46s %12.1f\n", "reading the input, all cores", reading(argv[3], argv[2], 0, work.rounds));
	printf("%-46s %12.1f\n", "roll_look now", look(&work, now, mem, &view));
	if (view.next.seconds != UTC_NEVER.seconds)
		printf("%-46s %12.1f\n", "roll_look when something is due", look(&work, view.next, mem, &view));
	printf("%-46s %12.1f\n", "the plan alone", plan(&work, &view, now, mem));
	printf("%-46s %12.3f\n", "the cache check alone", check(&work, &view, now));
	store_close(work.store);
	arena_free(mem);
	arena_free(kept);
	return 0;
}
