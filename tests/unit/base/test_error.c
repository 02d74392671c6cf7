/* SPDX-License-Identifier: MIT */
#include "signer/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void message_names_place_subject_and_cause(void **state)
{
	(void)state;
	struct error err;
	char text[1200];
	assert_int_equal(
	    error_set_at(&err, STATUS_MALFORMED, "test.zone", 12, 7, "TTL %u is too large", 5u), STATUS_MALFORMED);
	assert_int_equal(error_context(&err, "zone %s", "test"), STATUS_MALFORMED);
	error_format(&err, text, sizeof(text));
	assert_string_equal(text, "test.zone:12:7: zone test: TTL 5 is too large");
}

static void parts_of_the_place_that_are_unknown_are_left_out(void **state)
{
	(void)state;
	struct error err;
	char text[1200];
	error_set_at(&err, STATUS_MALFORMED, "a", 3, 0, "bad");
	error_format(&err, text, sizeof(text));
	assert_string_equal(text, "a:3: bad");
	error_set_at(&err, STATUS_MALFORMED, "a", 0, 0, "bad");
	error_format(&err, text, sizeof(text));
	assert_string_equal(text, "a: bad");
	error_set_at(&err, STATUS_MALFORMED, NULL, 3, 4, "bad");
	error_format(&err, text, sizeof(text));
	assert_string_equal(text, "bad");
}

static void system_errors_become_the_right_exit_code(void **state)
{
	(void)state;
	static const struct {
		int number;
		enum status status;
	} cases[] = {
		{ ENOENT, STATUS_MISSING },
		{ EACCES, STATUS_PERMISSION },
		{ EPERM, STATUS_PERMISSION },
		{ ENOSPC, STATUS_IO },
		{ EFBIG, STATUS_IO },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err;
		errno = cases[i].number;
		assert_int_equal(error_set_errno(&err, "open %s", "x"), cases[i].status);
		assert_int_equal(err.code, cases[i].status);
		assert_int_equal(strncmp(err.message, "open x: ", 8), 0);
		errno = cases[i].number;
		assert_int_equal(error_set_errno(NULL, "open"), cases[i].status);
	}
}

static void no_octet_of_a_hostile_name_reaches_a_terminal(void **state)
{
	(void)state;
	struct error err;
	char all[256];
	char text[1200];
	for (size_t i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	error_set_at(&err, STATUS_MALFORMED, all, 1, 1, "%s", all);
	error_context(&err, "%s", "\x1b[31m");
	error_format(&err, text, sizeof(text));
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
}

static void escapes_are_three_digits_and_never_cut(void **state)
{
	(void)state;
	char out[32];
	assert_int_equal(error_escape("a\\b\0\xff ", 6, out, sizeof(out)), 15);
	assert_string_equal(out, "a\\092b\\000\\255 ");
	assert_int_equal(error_escape("\x01\x02", 2, out, 6), 4);
	assert_string_equal(out, "\\001");
	assert_int_equal(error_escape("abc", 3, out, 1), 0);
	assert_string_equal(out, "");
}

static void endless_messages_are_cut_and_terminated(void **state)
{
	(void)state;
	struct error err;
	char text[5000];
	char small[10];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, STATUS_NO, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	error_context(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	error_format(&err, small, sizeof(small));
	assert_int_equal(strlen(small), sizeof(small) - 1);
}

static void a_caller_without_interest_gets_the_code(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, STATUS_BUSY, "x"), STATUS_BUSY);
	assert_int_equal(error_set_at(NULL, STATUS_BUSY, "f", 1, 1, "x"), STATUS_BUSY);
}

static void parts_of_an_error_may_go_into_its_next_message(void **state)
{
	(void)state;
	struct error err;
	error_set_at(&err, STATUS_MALFORMED, "zone", 7, 2, "bad TTL");
	error_set_at(&err, STATUS_NO, err.file, err.line, 3, "again: %s", err.message);
	char text[64];
	error_format(&err, text, sizeof(text));
	assert_string_equal(text, "zone:7:3: again: bad TTL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_names_place_subject_and_cause),
		cmocka_unit_test(parts_of_the_place_that_are_unknown_are_left_out),
		cmocka_unit_test(system_errors_become_the_right_exit_code),
		cmocka_unit_test(no_octet_of_a_hostile_name_reaches_a_terminal),
		cmocka_unit_test(escapes_are_three_digits_and_never_cut),
		cmocka_unit_test(endless_messages_are_cut_and_terminated),
		cmocka_unit_test(a_caller_without_interest_gets_the_code),
		cmocka_unit_test(parts_of_an_error_may_go_into_its_next_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
