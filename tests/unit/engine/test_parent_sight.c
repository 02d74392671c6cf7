/* SPDX-License-Identifier: MIT */
/* From what addresses show to how a key stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/engine/parent_sight.h"

static const uint8_t apex[] = "\2nl\4test";

enum { ADDRESSES = 4 };

/* What an address says: S shows the key's DS, N shows none, A shows another key's, O the key's tag with a digest of
 * another type, ? is not known, - has no route. A letter in front is its group. */
struct scene {
	const char *title, *says; /* "aS aS b?" */
	enum parent_sight sight;
	size_t shows, lacks, unknown;
	bool differs, as_expected; /* for a key whose DS must be there */
};

static const struct scene scenes[] = {
	{ "every server shows it", "aS bS", PARENT_SIGHT_SEEN, 2, 0, 0, false, true },
	{ "no server shows it", "aN bN", PARENT_SIGHT_GONE, 0, 2, 0, true, false },
	{ "some show it", "aS bN", PARENT_SIGHT_MIXED, 1, 1, 0, true, false },
	{ "one is not known", "aS b?", PARENT_SIGHT_UNKNOWN, 1, 0, 1, false, false },
	{ "one is not known, the other lacks it", "aN b?", PARENT_SIGHT_UNKNOWN, 0, 1, 1, true, false },
	{ "nobody is known", "a? b?", PARENT_SIGHT_UNKNOWN, 0, 0, 2, false, false },
	{ "there is no server", "", PARENT_SIGHT_UNKNOWN, 0, 0, 0, false, false },
	{ "two addresses of one server agree", "aS aS", PARENT_SIGHT_SEEN, 1, 0, 0, false, true },
	{ "two addresses of one server differ", "aS aN", PARENT_SIGHT_MIXED, 0, 0, 1, true, false },
	{ "an address without route does not count beside one that answers", "aS a- bS", PARENT_SIGHT_SEEN, 2, 0, 0,
	    false, true },
	{ "an address that is late does count", "aS a? bS", PARENT_SIGHT_UNKNOWN, 1, 0, 1, false, false },
	{ "a server without any route is not known", "aS b-", PARENT_SIGHT_UNKNOWN, 1, 0, 1, false, false },
	{ "a stranger beside it", "aS bA", PARENT_SIGHT_MIXED, 1, 1, 0, true, false },
	{ "a digest type that we do not know", "aO bO", PARENT_SIGHT_UNKNOWN, 0, 0, 2, false, false },
};

static struct key some_key(void)
{
	struct key key = { .role = KEY_KSK, .algorithm = 15, .flags = 257, .public_size = 32, .goal_present = true };
	memset(key.public_key, 7, sizeof(key.public_key));
	key.state[KEY_DNSKEY] = key.state[KEY_KRRSIG] = KEY_OMNIPRESENT;
	key.state[KEY_DS] = KEY_RUMOURED;
	dnskey_identify(&key);
	return key;
}

static size_t servers_of(const char *says, const struct parent_ds *own, const struct parent_ds *stranger,
    const struct parent_ds *other, struct parent_server out[ADDRESSES])
{
	size_t count = 0;
	for (const char *at = says; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
		const char what = at[1];
		const struct parent_ds *const ds = what == 'S' ? own : what == 'A' ? stranger : other;
		const bool has_set = what == 'S' || what == 'A' || what == 'O';
		assert_true(count < ADDRESSES);
		out[count++] = (struct parent_server){ .group = (size_t)(at[0] - 'a'),
			.no_route = what == '-',
			.answer = has_set       ? PARENT_SHOWS
				  : what == 'N' ? PARENT_ABSENT
						: PARENT_NOT_KNOWN,
			.ds = has_set ? ds : NULL,
			.count = has_set ? 1 : 0,
			.ttl = 60 };
	}
	return count;
}

static void every_scene_is_judged(void **state)
{
	(void)state;
	uint8_t rdata[DS_RDATA];
	const struct key key = some_key();
	const size_t size = dnskey_ds(&key, apex, sizeof(apex), 2, rdata);
	const struct parent_ds own = { key.tag, key.algorithm, 2, rdata + 4, size - 4, 60 };
	const struct parent_ds stranger = { (uint16_t)(key.tag + 1), key.algorithm, 2, rdata + 4, size - 4, 60 };
	const struct parent_ds other = { key.tag, key.algorithm, 1, rdata + 4, 20, 60 };
	for (size_t i = 0; i < COUNT(scenes); i++) {
		const struct scene *const scene = &scenes[i];
		struct arena *const mem = arena_new(0);
		struct parent_server servers[ADDRESSES];
		struct parent_view view = { .servers = servers };
		view.server_count = servers_of(scene->says, &own, &stranger, &other, servers);
		for (size_t s = 0; s < view.server_count; s++)
			view.groups = servers[s].group + 1 > view.groups ? servers[s].group + 1 : view.groups;
		parent_sight(&view, apex, &key, 1, mem);
		const struct parent_key *const found = &view.keys[0];
		if (found->sight != scene->sight || found->shows != scene->shows || found->lacks != scene->lacks ||
		    found->unknown != scene->unknown || view.differs != scene->differs ||
		    view.as_expected != scene->as_expected)
			fail_msg("%s: %s, %zu shows, %zu lacks, %zu unknown, differs %d, as expected %d", scene->title,
			    parent_sight_name(found->sight), found->shows, found->lacks, found->unknown, view.differs,
			    view.as_expected);
		arena_free(mem);
	}
}

static void what_is_expected_follows_from_the_ds_state(void **state)
{
	(void)state;
	static const struct {
		enum key_state ds;
		bool goal_present;
		enum parent_wish wish;
	} cases[] = { { KEY_HIDDEN, true, PARENT_MAY }, { KEY_HIDDEN, false, PARENT_MUST_NOT },
		{ KEY_RUMOURED, true, PARENT_MUST }, { KEY_OMNIPRESENT, true, PARENT_MUST },
		{ KEY_OMNIPRESENT, false, PARENT_MUST }, { KEY_UNRETENTIVE, false, PARENT_MUST_NOT } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *const mem = arena_new(0);
		struct parent_view view = { .groups = 0 };
		struct key key = some_key();
		key.state[KEY_DS] = cases[i].ds;
		key.goal_present = cases[i].goal_present;
		parent_sight(&view, apex, &key, 1, mem);
		if (view.keys[0].wish != cases[i].wish)
			fail_msg("case %zu: %d", i, (int)view.keys[0].wish);
		arena_free(mem);
	}
}

/* The parent has put the new key's DS in the place of the old one's, before anybody noted either. */
static void a_swap_in_one_step_is_no_difference(void **state)
{
	(void)state;
	static const struct {
		enum key_state signs;
		bool old_stays, is_right;
	} cases[] = { { KEY_OMNIPRESENT, false, true }, { KEY_RUMOURED, false, false },
		{ KEY_OMNIPRESENT, true, false } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *const mem = arena_new(0);
		uint8_t rdata[DS_RDATA];
		struct key keys[] = { some_key(), some_key() };
		keys[0].state[KEY_DS] = KEY_OMNIPRESENT;
		keys[0].goal_present = cases[i].old_stays;
		memset(keys[1].public_key, 9, sizeof(keys[1].public_key));
		dnskey_identify(&keys[1]);
		keys[1].state[KEY_KRRSIG] = cases[i].signs;
		const size_t size = dnskey_ds(&keys[1], apex, sizeof(apex), 2, rdata);
		const struct parent_ds ds = { keys[1].tag, keys[1].algorithm, 2, rdata + 4, size - 4, 60 };
		struct parent_server server = { .answer = PARENT_SHOWS, .ds = &ds, .count = 1, .ttl = 60 };
		struct parent_view view = { .groups = 1, .servers = &server, .server_count = 1 };
		parent_sight(&view, apex, keys, COUNT(keys), mem);
		if (view.as_expected != cases[i].is_right || view.differs == cases[i].is_right)
			fail_msg("case %zu: differs %d, as expected %d", i, view.differs, view.as_expected);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_swap_in_one_step_is_no_difference),
		cmocka_unit_test(every_scene_is_judged),
		cmocka_unit_test(what_is_expected_follows_from_the_ds_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
