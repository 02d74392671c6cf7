/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "signer/engine/folder.h"

static void zone_names_take_any_case_and_an_optional_dot(void **state)
{
	static const struct {
		const char *text, *name, *file;
	} cases[] = {
		{ "nl.test", "nl.test.", "nl.test" },
		{ "NL.Test.", "nl.test.", "nl.test" },
		{ ".", ".", "@" },
		{ "xn--p1ai", "xn--p1ai.", "xn--p1ai" },
		{ "a\\.b.test", "a\\046b.test.", "a%5C046b.test" },
		{ "_x.test", "_x.test.", "_x.test" },
	};
	(void)state;
	struct arena *mem = arena_new(0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name;
		uint8_t apex[NAME_WIRE];
		struct error err;
		error_clear(&err);
		if (folder_zone_name(cases[i].text, mem, &name, apex, &err) != STATUS_OK)
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_string_equal(name, cases[i].name);
		assert_string_equal(folder_zone_file(name, mem), cases[i].file);
	}
	arena_free(mem);
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const cases[] = { "", "a..b", "@", ".nl",
		"toolong0123456789012345678901234567890123456789"
		"0123456789012345678901234567890.test" };
	(void)state;
	struct arena *mem = arena_new(0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name;
		uint8_t apex[NAME_WIRE];
		struct error err;
		error_clear(&err);
		if (folder_zone_name(cases[i], mem, &name, apex, &err) != STATUS_USAGE)
			fail_msg("\"%s\"", cases[i]);
	}
	arena_free(mem);
}

static void no_name_leads_out_of_the_folder(void **state)
{
	static const char *const cases[] = { "../../etc/passwd.", "a/b.", "\001.", "-x." };
	(void)state;
	struct arena *mem = arena_new(0);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_null(strchr(folder_zone_file(cases[i], mem), '/'));
	arena_free(mem);
}

static void a_name_as_long_as_names_get_still_fits_a_file_name(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	char zone[NAME_TEXT];
	size_t at = 0;
	while (at < 240)
		at += (size_t)snprintf(zone + at, sizeof(zone) - at, "\\001\\002\\003a.");
	char *first = folder_zone_file(zone, mem);
	assert_true(strlen(first) < 200);
	zone[at - 2] = 'b';
	assert_string_not_equal(first, folder_zone_file(zone, mem));
	arena_free(mem);
}

static void only_paths_below_the_state_folder_are_held_by_it(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	assert_true(folder_holds("/srv/state", "/srv/state/zones/nl.zone", mem));
	assert_true(folder_holds("/srv/state/", "/srv/state/x", mem));
	assert_false(folder_holds("/srv/state", "/srv/state2/x", mem));
	assert_false(folder_holds("/srv/state", "/srv/state/../x", mem));
	assert_false(folder_holds("/srv/state", "/srv/out", mem));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zone_names_take_any_case_and_an_optional_dot),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(no_name_leads_out_of_the_folder),
		cmocka_unit_test(a_name_as_long_as_names_get_still_fits_a_file_name),
		cmocka_unit_test(only_paths_below_the_state_folder_are_held_by_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
