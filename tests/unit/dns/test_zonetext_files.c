/* SPDX-License-Identifier: MIT */
/* Inputs as files and pipes: $INCLUDE and its walls, change while reading, junk, sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/dns/zonetext_source.h"
#include "tests/unit/dns/text.h"

enum { WHOLE = 1 << 20 };

static char folder[64];
static char inner[80];

static void write_file(const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *const file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/zonetext.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/zone", folder);
	assert_int_equal(mkdir(inner, 0700), 0);
	char path[128];
	snprintf(path, sizeof(path), "%s/zone/sub", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void expect(const char *text, const char *expected)
{
	for (size_t chunk = 1; chunk <= WHOLE; chunk = chunk < 64 ? chunk + 3 : WHOLE + (chunk == WHOLE)) {
		char *const got = text_read(text, strlen(text), chunk, (unsigned)(chunk % 3 + 1), inner);
		if (strcmp(got, expected) != 0)
			fail_msg("pieces of %zu\ngot:\n%s\nexpected:\n%s", chunk, got, expected);
		free(got);
	}
}

static void an_included_file_is_read_in_place_and_leaves_no_trace(void **state)
{
	(void)state;
	write_file("zone/a", "$ORIGIN x\n$TTL 7\nin A 192.0.2.2\n A 192.0.2.3");
	write_file("zone/sub/b", "@ 9 A 192.0.2.4\n");
	write_file("zone/c", "");
	expect("$TTL 1\none A 192.0.2.1\n$INCLUDE a ; comment\n A 192.0.2.5\n$INCLUDE \"sub/b\" deep\n$INCLUDE c\n"
	       " A 192.0.2.6\n$INCLUDE (\nsub/b\n)\ntwo A 192.0.2.7\n",
	    "one.example.\t1\tIN\tA\t192.0.2.1\n"
	    "in.x.example.\t7\tIN\tA\t192.0.2.2\n"
	    "in.x.example.\t7\tIN\tA\t192.0.2.3\n"
	    "one.example.\t1\tIN\tA\t192.0.2.5\n"
	    "deep.example.\t9\tIN\tA\t192.0.2.4\n"
	    "one.example.\t1\tIN\tA\t192.0.2.6\n"
	    "example.\t9\tIN\tA\t192.0.2.4\n"
	    "two.example.\t1\tIN\tA\t192.0.2.7\n");
}

static void an_included_file_starts_without_an_owner_and_with_the_ttl_before_it(void **state)
{
	(void)state;
	write_file("zone/ttl", "x A 192.0.2.1\n");
	expect("one 5 A 192.0.2.1\n$INCLUDE ttl\ntwo A 192.0.2.2\n", "one.example.\t5\tIN\tA\t192.0.2.1\n"
								     "x.example.\t5\tIN\tA\t192.0.2.1\n"
								     "two.example.\t5\tIN\tA\t192.0.2.2\n");
	write_file("zone/blank", " 1 A 192.0.2.1\n");
	expect("one 5 A 192.0.2.1\n$INCLUDE blank\n",
	    "blank:1:1: no owner: no record before this one states it (RFC 1035 5.1)\n");
}

static void errors_in_an_included_file_name_it(void **state)
{
	(void)state;
	write_file("zone/bad", "x 1 A 192.0.2.1\ny 1 A 1\n");
	expect("a 1 A 2\n$INCLUDE bad\nb 1 A 3\n", "zone:1:7: A: \"2\" is not an IPv4 address (RFC 1035 3.4.1)\n"
						   "bad:2:7: A: \"1\" is not an IPv4 address (RFC 1035 3.4.1)\n"
						   "zone:3:7: A: \"3\" is not an IPv4 address (RFC 1035 3.4.1)\n");
}

/* Nothing outside of the input's folder is opened, whatever the line says. */
static void include_cannot_leave_the_folder(void **state)
{
	(void)state;
	write_file("secret", "x 1 TXT \"secret\"\n");
	char path[128];
	snprintf(path, sizeof(path), "%s/zone/link", folder);
	assert_int_equal(symlink("../secret", path), 0);
	snprintf(path, sizeof(path), "%s/zone/up", folder);
	assert_int_equal(symlink("..", path), 0);
	snprintf(path, sizeof(path), "%s/zone/loop", folder);
	assert_int_equal(symlink("loop", path), 0);
	static const char *const names[] = { "../secret", "/etc/passwd", "link", "up/secret", "sub/../../secret",
		"loop", "/proc/self/fd/0" };
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[200];
		char expected[300];
		snprintf(text, sizeof(text), "$INCLUDE %s\n", names[i]);
		snprintf(expected, sizeof(expected),
		    "zone:1:1: $INCLUDE \"%s\" leads out of the input's folder: only files in or below it are read\n",
		    names[i]);
		expect(text, expected);
	}
}

static void what_cannot_be_included_is_refused_with_the_reason(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof(path), "%s/zone/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect("$INCLUDE fifo\n", "zone:1:1: $INCLUDE \"fifo\" is no regular file\n");
	expect("$INCLUDE sub\n", "zone:1:1: $INCLUDE \"sub\" is no regular file\n");
	expect("$INCLUDE nowhere\n", "zone:1:1: $INCLUDE \"nowhere\": No such file or directory\n");
	expect("$INCLUDE\n", "zone:1:9: the record ends before a file name\n");
	expect("$INCLUDE \"\"\n", "zone:1:11: \"\" is not a file name\n");
	expect("$INCLUDE a\\000b\n", "zone:1:10: \"a\\092000b\" is not a file name\n");
	expect("$INCLUDE a b c\n", "zone:1:14: \"c\" after the end of the record\n");
	expect("$INCLUDE a b..c\n", "zone:1:12: the origin of the file: empty label in a name (RFC 1035 3.1)\n");
}

static void a_file_that_includes_itself_ends_at_the_depth_limit(void **state)
{
	(void)state;
	write_file("zone/self", "$INCLUDE self\n");
	expect("$INCLUDE self\n", "self:1:1: $INCLUDE is nested deeper than 10 files\n");
	/* Twice each time would be 2^10 files and errors: 20 errors end it. */
	write_file("zone/twice", "$INCLUDE twice\n$INCLUDE twice\n");
	char *const got = text_read("$INCLUDE twice\n", 15, WHOLE, 2, inner);
	size_t lines = 0;
	for (const char *at = got; *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, ZONETEXT_ERRORS);
	free(got);
}

static void too_many_files_are_refused(void **state)
{
	(void)state;
	write_file("zone/one", "x 1 A 192.0.2.1\n");
	char text[1200 * 14 + 1];
	for (size_t i = 0; i < 1200; i++)
		memcpy(text + i * 13, "$INCLUDE one\n", 14);
	char *const got = text_read(text, (size_t)1200 * 13, WHOLE, 2, inner);
	assert_non_null(strstr(got, "zone:1000:1: more than 1000 files are included\n"));
	free(got);
}

static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
	(void)state;
	write_file("zone/moving", "a 1 A 192.0.2.1\n");
	char path[128];
	snprintf(path, sizeof(path), "%s/zone/moving", folder);
	struct zonetext_source source = { .descriptor = open(path, O_RDONLY), .name = "moving" };
	struct error err = { 0 };
	assert_int_equal(zonetext_source_begin(&source, 8, &err), STATUS_OK);
	assert_int_equal(zonetext_source_fill(&source, &err), STATUS_OK);
	write_file("zone/moving", "a 1 A 192.0.2.22\n");
	assert_int_equal(zonetext_source_end(&source, &err), STATUS_BUSY);
	assert_string_equal(err.message, "moving changed while it was read: nothing was taken from it, try again");
	zonetext_source_free(&source);
	close(source.descriptor);
}

static void a_folder_is_no_zone(void **state)
{
	(void)state;
	const struct zonetext_options options = { .name = "dir", .origin = (const uint8_t *)"", .threads = 1 };
	struct zonetext zone;
	struct error err = { 0 };
	const int file = open(inner, O_RDONLY | O_DIRECTORY);
	assert_int_equal(zonetext_read(file, &options, &zone, &err), STATUS_MALFORMED);
	assert_string_equal(err.message, "dir is a folder");
	zonetext_free(&zone);
	close(file);
}

static void *feed(void *argument)
{
	const int file = *(const int *)argument;
	/* In small pieces, as a program at the other end of a pipe writes them. */
	for (int i = 0; i < 5000; i++)
		assert_int_equal(write(file, "a 1 A 192.0.2.1\n  TXT ( x\n y )\n", 31), 31);
	close(file);
	return NULL;
}

static void a_pipe_and_a_file_give_the_same(void **state)
{
	(void)state;
	int ends[2];
	pthread_t thread;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, feed, &ends[1]), 0);
	const struct zonetext_options options = { .name = "-", .origin = (const uint8_t *)"", .threads = 3 };
	struct zonetext zone;
	struct error err = { 0 };
	assert_int_equal(zonetext_read(ends[0], &options, &zone, &err), STATUS_OK);
	pthread_join(thread, NULL);
	close(ends[0]);
	assert_int_equal(zone.count, 10000);
	assert_int_equal(zone.text_size, 5000 * 31);
	assert_int_equal(zone.records[9999].line, 14999);
	static char text[5000 * 31];
	for (int i = 0; i < 5000; i++)
		memcpy(text + 31 * i, "a 1 A 192.0.2.1\n  TXT ( x\n y )\n", 31);
	uint8_t digest[32];
	bytes_sha256((struct bytes){ (const uint8_t *)text, sizeof(text) }, digest);
	assert_memory_equal(zone.sha256, digest, 32);
	zonetext_free(&zone);
}

static void strict_end_wants_a_newline(void **state)
{
	(void)state;
	write_file("zone/cut", "a 1 A 192.0.2.1\na 1 A 192.0.2");
	write_file("zone/cut2", "a 1 A 192.0.2.1\na 1 A 192.0.2.2");
	char path[128];
	snprintf(path, sizeof(path), "%s/zone/cut2", folder);
	const struct zonetext_options options = {
		.name = "cut", .origin = (const uint8_t *)"", .threads = 1, .strict_end = true
	};
	struct zonetext zone;
	struct error err = { 0 };
	const int file = open(path, O_RDONLY);
	assert_int_equal(zonetext_read(file, &options, &zone, &err), STATUS_MALFORMED);
	assert_string_equal(err.message, "the last line has no newline: the input looks cut");
	assert_int_equal(err.line, 2);
	assert_int_equal(zone.count, 0);
	zonetext_free(&zone);
	close(file);
}

static char *repeat(const char *head, const char *part, size_t times, const char *tail, size_t *size)
{
	char *const text = malloc(strlen(head) + times * strlen(part) + strlen(tail) + 1);
	assert_non_null(text);
	char *at = stpcpy(text, head);
	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, part);
	at = stpcpy(at, tail);
	*size = (size_t)(at - text);
	return text;
}

/* RDATA of 65535 octets is the most there is; a record of a megabyte of text ends the reading. */
static void large_records_have_their_limits(void **state)
{
	(void)state;
	static const struct {
		const char *head, *part, *tail;
		size_t times;
		const char *expected;
	} cases[] = {
		{ "a 1 TYPE999 \\# 65535 ", "00", "\n", 65535, NULL },
		{ "a 1 TYPE999 \\# 65535 ", "00", "\n", 65536, "RDATA over 65535 octets (RFC 1035 3.2.1)\n" },
		{ "a 1 TXT ", "1234567 ", "\n", 8191, NULL },
		{ "a 1 TXT ", "1234567 ", "\n", 8192, "RDATA over 65535 octets (RFC 1035 3.2.1)\n" },
		{ "a 1 TXT ( ", "\n", "x )\n", 300000, NULL },
		{ "b 1 A 192.0.2.1\na 1 TXT ( ", "          \n", "x )\n", 300000,
		    "zone:2:1: a record over 1 MiB of text: is a parenthesis or a line left open here?\n" },
		{ "b 1 A 192.0.2.1\n;", "xxxxxxxxxx", "\n", 300000,
		    "zone:2:1: a record over 1 MiB of text: is a parenthesis or a line left open here?\n" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t size;
		char *const text = repeat(cases[i].head, cases[i].part, cases[i].times, cases[i].tail, &size);
		char *const got = text_read(text, size, i % 2 == 0 ? 4096 : WHOLE, 2, NULL);
		if (cases[i].expected == NULL)
			assert_memory_equal(got, "a.example.\t1\tIN\tT", 17);
		else if (strstr(got, cases[i].expected) == NULL)
			fail_msg("case %zu: %.300s", i, got);
		free(got);
		free(text);
	}
}

static void binary_junk_is_refused_with_printable_errors(void **state)
{
	(void)state;
	static char junk[300000];
	uint64_t seed = 88172645463325252U;
	for (size_t i = 0; i < sizeof(junk); i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		junk[i] = (char)(seed >> 40);
	}
	for (size_t chunk = 5000; chunk <= WHOLE; chunk += WHOLE - 5000) {
		char *const got = text_read(junk, sizeof(junk), chunk, 2, NULL);
		for (const char *at = got; *at != '\0'; at++)
			assert_true(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
		assert_non_null(strstr(got, "zone:1:"));
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_included_file_is_read_in_place_and_leaves_no_trace),
		cmocka_unit_test(an_included_file_starts_without_an_owner_and_with_the_ttl_before_it),
		cmocka_unit_test(errors_in_an_included_file_name_it),
		cmocka_unit_test(include_cannot_leave_the_folder),
		cmocka_unit_test(what_cannot_be_included_is_refused_with_the_reason),
		cmocka_unit_test(a_file_that_includes_itself_ends_at_the_depth_limit),
		cmocka_unit_test(too_many_files_are_refused),
		cmocka_unit_test(a_file_that_changes_while_it_is_read_is_refused),
		cmocka_unit_test(a_folder_is_no_zone),
		cmocka_unit_test(a_pipe_and_a_file_give_the_same),
		cmocka_unit_test(strict_end_wants_a_newline),
		cmocka_unit_test(large_records_have_their_limits),
		cmocka_unit_test(binary_junk_is_refused_with_printable_errors),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
