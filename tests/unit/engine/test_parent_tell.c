/* SPDX-License-Identifier: MIT */
/* Hooks that tell the parent: run until they end with 0, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "signer/base/publish.h"
#include "signer/engine/parent_tell.h"

#define NOW ((struct utc){ 1796000000 })

struct world {
	char folder[64];
	struct arena *mem;
	struct store *store;
	struct store_zone zone;
	struct policy policy;
	struct key keys[2];
};

static const char *in(const struct world *world, const char *name)
{
	return arena_printf(world->mem, "%s/%s", world->folder, name);
}

static void ok(enum status status, const struct error *err)
{
	if (status != STATUS_OK)
		fail_msg("status %d: %s", (int)status, err->message);
}

static struct key ksk(uint8_t first)
{
	struct key key = { .role = KEY_KSK, .algorithm = 15, .flags = 257, .public_size = 32, .goal_present = true };
	memset(key.public_key, first, 32);
	snprintf(key.locator, sizeof(key.locator), "file:%064u.pem", (unsigned)first);
	key.state[KEY_DNSKEY] = key.state[KEY_KRRSIG] = KEY_OMNIPRESENT;
	key.state[KEY_DS] = KEY_HIDDEN;
	key.created = NOW;
	dnskey_identify(&key);
	return key;
}

static int setup(void **state)
{
	struct world *const world = calloc(1, sizeof(*world));
	struct error err;
	const struct store_zone zone = { .name = "nl.test.", .policy_name = "p", .policy_text = "", .parents = "" };
	bool found;
	snprintf(world->folder, sizeof(world->folder), "/tmp/zoneseal-tell-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	world->mem = arena_new(0);
	policy_defaults(&world->policy);
	ok(store_open(in(world, "keystore.db"), STORE_CREATE, "test", &world->store, &err), &err);
	ok(store_add_zone(world->store, &zone, NOW, &world->zone.id, &err), &err);
	ok(store_find_zone(world->store, "nl.test.", world->mem, &world->zone, &found, &err), &err);
	world->keys[0] = ksk(1);
	world->keys[1] = ksk(2);
	ok(store_add_keys(world->store, world->zone.id, world->keys, 2, NOW, &err), &err);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "keystore.db", "keystore.db-wal", "keystore.db-shm", "keystore.db.lock",
		"hook", "calls", "code" };
	struct world *const world = *state;
	store_close(world->store);
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(in(world, names[i]));
	rmdir(world->folder);
	arena_free(world->mem);
	free(world);
	return 0;
}

/* A hook that notes its name, zone and input, and ends with what the file "code" says. */
static void set_hooks(struct world *world, int code)
{
	struct error err;
	const char *const hook = in(world, "hook");
	const char *const script = arena_printf(world->mem,
	    "#!/bin/sh\necho \"$ZONESEAL_HOOK $ZONESEAL_ZONE $(cat)\" >> %s/calls\nexit $(cat %s/code)\n",
	    world->folder, world->folder);
	const char *const text = arena_printf(world->mem, "%d\n", code);
	ok(publish_file(hook, 0755, script, strlen(script), &err), &err);
	ok(publish_file(in(world, "code"), 0644, text, strlen(text), &err), &err);
	snprintf(world->policy.hook_ds_submit, POLICY_HOOK, "%s", hook);
	snprintf(world->policy.hook_ds_withdraw, POLICY_HOOK, "%s", hook);
}

static void move_ds(struct world *world, size_t index, enum key_state to)
{
	struct error err;
	world->keys[index].state[KEY_DS] = to;
	world->keys[index].since[KEY_DS] = (struct utc){ NOW.seconds + (int64_t)to };
	ok(store_update_keys(world->store, world->zone.id, world->keys, 2, "test", NOW, &err), &err);
}

static struct parent_told tell(struct world *world)
{
	static const uint8_t sha256[32];
	struct error err;
	struct parent_told told;
	const struct hook_facts facts = {
		.zone = "nl.test.", .file = "/f", .sha256 = sha256, .reason = "r", .run_id = "1"
	};
	ok(parent_tell(world->store, &world->zone, &world->policy, &facts, NOW, world->mem, &told, &err), &err);
	return told;
}

/* What the hook noted, terminated; "" if it never ran. */
static const char *calls(const struct world *world)
{
	char *const out = arena_calloc(world->mem, 1, 4096);
	const int file = open(in(world, "calls"), O_RDONLY);
	if (file < 0)
		return "";
	assert_true(read(file, out, 4095) >= 0);
	close(file);
	return out;
}

static void a_submission_is_told_once_with_its_ds_line(void **state)
{
	struct world *const world = *state;
	static const uint8_t apex[] = "\2nl\4test";
	set_hooks(world, 0);
	assert_int_equal(tell(world).done, 0);
	move_ds(world, 0, KEY_RUMOURED);
	assert_int_equal(tell(world).done, 1);
	assert_int_equal(tell(world).done, 0);
	assert_string_equal(calls(world), arena_printf(world->mem, "ds-submit nl.test. %s",
					      parent_ds_line(&world->keys[0], "nl.test.", apex, world->mem)));
}

static void a_hook_that_fails_is_told_again_and_holds_back_withdrawals(void **state)
{
	struct world *const world = *state;
	set_hooks(world, 75);
	move_ds(world, 0, KEY_UNRETENTIVE);
	move_ds(world, 1, KEY_RUMOURED);
	const struct parent_told told = tell(world);
	assert_int_equal(told.done, 0);
	assert_int_equal(told.failed, 1);
	assert_non_null(strstr(told.words, "ds-submit hook"));
	assert_non_null(strstr(told.words, "the next run tries it again"));
	assert_null(strstr(calls(world), "ds-withdraw"));
	set_hooks(world, 0);
	assert_int_equal(tell(world).done, 2);
	assert_non_null(strstr(calls(world), "ds-withdraw"));
	assert_int_equal(tell(world).done, 0);
}

static void what_the_parent_shows_already_is_not_told(void **state)
{
	struct world *const world = *state;
	set_hooks(world, 0);
	world->keys[0].ds_seen = NOW;
	move_ds(world, 0, KEY_RUMOURED);
	world->keys[1].ds_gone = NOW;
	move_ds(world, 1, KEY_UNRETENTIVE);
	assert_int_equal(tell(world).done, 0);
	assert_string_equal(calls(world), "");
}

static void a_later_change_of_the_same_key_is_told_again(void **state)
{
	struct world *const world = *state;
	set_hooks(world, 0);
	move_ds(world, 0, KEY_RUMOURED);
	assert_int_equal(tell(world).done, 1);
	world->keys[0].since[KEY_DS].seconds++;
	struct error err;
	ok(store_update_keys(world->store, world->zone.id, world->keys, 2, "again", NOW, &err), &err);
	assert_int_equal(tell(world).done, 1);
}

static void without_hooks_nothing_is_told(void **state)
{
	struct world *const world = *state;
	move_ds(world, 0, KEY_RUMOURED);
	const struct parent_told told = tell(world);
	assert_int_equal(told.done + told.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_submission_is_told_once_with_its_ds_line, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_hook_that_fails_is_told_again_and_holds_back_withdrawals, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_parent_shows_already_is_not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_later_change_of_the_same_key_is_told_again, setup, teardown),
		cmocka_unit_test_setup_teardown(without_hooks_nothing_is_told, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
