/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "signer/engine/cached.h"

#define A "aa KSK 1 dnskey krrsig\n"
#define B "bb ZSK 2 dnskey zrrsig\n"
#define B_SIGNS_NO_MORE "bb ZSK 2 dnskey\n"
#define C "cc ZSK 3 dnskey zrrsig\n"
#define C_SIGNS_NOT_YET "cc ZSK 3 dnskey\n"
#define C_ONLY_SIGNS "cc ZSK 3 zrrsig\n"

/* All are about what was published an hour each after the other, the newest at 100 h; an hour of propagation. */
enum { HOUR = 3600, NEWEST = 100, MOST = 5 };

struct choice {
	const char *title;
	const char *keys;           /* of now */
	const char *versions[MOST]; /* newest first; NULL ends them */
	unsigned now;               /* hours */
	uint32_t ttl;               /* hours */
	const char *chosen;         /* numbers of versions, the newest is 0 */
};

static const struct choice choices[] = {
	{ "the newest is given anyway", A C, { A B }, 100, 10, "" },
	{ "others whose DNSKEY RRset is another than now", A C, { A B, A B, A C }, 100, 10, "1" },
	{ "none whose DNSKEY RRset is that of now, whatever its keys do", A C, { A B, A C_SIGNS_NOT_YET, A C }, 100, 10,
	    "" },
	{ "a key that only signs is not in the RRset", A C, { A B, A C_ONLY_SIGNS }, 100, 10, "1" },
	{ "of those with one list of keys the newest and the oldest", A C, { A B, A B, A B, A B, A B }, 100, 10,
	    "1 4" },
	{ "keys in other uses are another list", A C, { A B, A B, A B_SIGNS_NO_MORE, A B }, 100, 10, "1 2 3" },
	{ "what a step is about is no use of a key", A C,
	    { A B, A B "step ds-ttl 5\n", A B "step move 3 dnskey hidden\n" }, 100, 10, "1 2" },
	{ "until the largest TTL has passed since the last server had the next", A C, { A B, A B, A B }, 110, 10, "1" },
	{ "not at that moment itself", A C, { A B, A B, A B }, 111, 10, "" },
	{ "nothing before a version without DNSSEC", A C, { A C, A C, "", A B }, 100, 10, "" },
	{ "nor if a step is all that it tells of", A C, { A C, "step move 3 dnskey hidden\n", A B }, 100, 10, "" },
	{ "nor if it is the newest", A C, { "step move 3 dnskey hidden\n", A B }, 100, 10, "" },
};

static size_t make_versions(const struct choice *c, struct store_version versions[MOST])
{
	size_t count = 0;
	for (; count < MOST && c->versions[count] != NULL; count++)
		versions[count] = (struct store_version){ .id = NEWEST - (int64_t)count,
			.keys = c->versions[count],
			.published = { (NEWEST - (int64_t)count) * HOUR },
			.largest_ttl = c->ttl * HOUR };
	return count;
}

static void versions_that_caches_hold_are_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		const struct choice *const c = &choices[i];
		struct arena *const mem = arena_new(0);
		struct store_version versions[MOST];
		struct cached_version *chosen;
		char text[64] = "";
		const size_t count = make_versions(c, versions);
		const size_t found = cached_choose(versions, count, (struct utc){ (int64_t)c->now * HOUR },
		    (struct span){ HOUR }, c->keys, mem, &chosen);
		for (size_t k = 0; k < found; k++) {
			const size_t at = (size_t)(chosen[k].version - versions);
			const size_t used = strlen(text);
			snprintf(text + used, sizeof(text) - used, "%s%zu", k == 0 ? "" : " ", at);
			/* Replaced on the last server an hour after the next one was published. */
			assert_int_equal(chosen[k].replaced.seconds, versions[at - 1].published.seconds + HOUR);
		}
		if (strcmp(text, c->chosen) != 0)
			fail_msg("%s: chosen %s, not %s", c->title, text, c->chosen);
		arena_free(mem);
	}
}

static void an_intent_that_came_to_nothing_is_no_version(void **state)
{
	(void)state;
	const struct choice c = { "", A C, { A B, A B, A B }, 100, 10, "" };
	struct arena *const mem = arena_new(0);
	struct store_version versions[MOST];
	struct cached_version *chosen;
	const size_t count = make_versions(&c, versions);
	versions[0].abandoned = true;
	versions[1].published.seconds = 0;
	assert_int_equal(
	    cached_choose(versions, count, (struct utc){ 100 * HOUR }, (struct span){ HOUR }, c.keys, mem, &chosen), 0);
	arena_free(mem);
}

/* More than any gate takes: which are not compared is for the caller to say. */
static void none_is_left_out_for_being_one_of_many(void **state)
{
	(void)state;
	enum { MANY = 200 };
	struct arena *const mem = arena_new(0);
	struct store_version *const versions = arena_calloc(mem, MANY, sizeof(*versions));
	struct cached_version *chosen;
	for (int i = 0; i < MANY; i++)
		versions[i] = (struct store_version){ .id = MANY - i,
			.keys = arena_printf(mem, A "%d ZSK 9 dnskey zrrsig\n", i / 2),
			.published = { 1000 - i },
			.largest_ttl = HOUR };
	const size_t found = cached_choose(versions, MANY, (struct utc){ 1000 }, (struct span){ 0 }, A C, mem, &chosen);
	assert_int_equal(found, MANY - 1);
	for (size_t i = 0; i < found; i++)
		assert_ptr_equal(chosen[i].version, &versions[i + 1]);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_that_caches_hold_are_chosen),
		cmocka_unit_test(an_intent_that_came_to_nothing_is_no_version),
		cmocka_unit_test(none_is_left_out_for_being_one_of_many),
	};
	return cmocka_run_group_tests_name("cached", tests, NULL, NULL);
}
