/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/verify/verdict.h"
#include "signer/verify/verify.h"

/* Each line of tests/zones/cases.txt: file, what must come of it, options. See tests/zones/make_zones.py.
 *
 * test_zones FOLDER judges other zones, and prints for each what each check came to: see test_flavours.py. */

enum { NOW = 1768003200 };

struct zone_case {
	char file[128];
	char expected[64];
	char silent[64]; /* a check that must find nothing, not even to warn of it */
	bool warns;      /* a breach of policy only: passes bare, is refused with a policy */
	int exit;        /* 0: there is a verdict */
	struct verify_options options;
	char paths[5][256];
	char previous[VERIFY_PREVIOUS][256];
	char *texts[5];
	char times[2][32];
	char origin[32];
};

static void open_at(char path[256], struct verify_input *input, const char *folder, const char *file)
{
	snprintf(path, 256, "%s/%s", folder, file);
	input->name = path;
	input->descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (input->descriptor < 0)
		fail_msg("%s: cannot be opened", path);
}

static void set_input(
    struct zone_case *c, unsigned slot, struct verify_input *input, const char *folder, const char *file)
{
	open_at(c->paths[slot], input, folder, file);
}

/* FILE, or FILE@TIME: replaced then. */
static void add_previous(struct zone_case *c, const char *folder, const char *value)
{
	const unsigned at = c->options.previous_count++;
	struct verify_previous *const previous = &c->options.previous[at];
	char file[128];
	struct error err;
	snprintf(file, sizeof(file), "%.*s", (int)strcspn(value, "@"), value);
	open_at(c->previous[at], &previous->file, folder, file);
	previous->was_replaced = value[strlen(file)] == '@';
	if (previous->was_replaced)
		assert_int_equal(utc_parse(value + strlen(file) + 1, &previous->replaced, &err), STATUS_OK);
}

static void set_option(struct zone_case *c, const char *folder, const char *word)
{
	const char *const value = strchr(word, '=') == NULL ? "" : strchr(word, '=') + 1;
	struct error err;
	if (strcmp(word, "warn") == 0)
		c->warns = true;
	else if (strcmp(word, "plain") == 0)
		c->options.expect_unsigned = true;
	else if (strncmp(word, "anchor=", 7) == 0)
		set_input(c, 1, &c->options.trust_anchor, folder, value);
	else if (strncmp(word, "previous=", 9) == 0)
		add_previous(c, folder, value);
	else if (strncmp(word, "unsigned=", 9) == 0)
		set_input(c, 3, &c->options.unsigned_zone, folder, value);
	else if (strncmp(word, "expect=", 7) == 0)
		set_input(c, 4, &c->options.expect_keys, folder, value);
	else if (strncmp(word, "policy=", 7) == 0)
		set_input(c, 4, &c->options.policy, folder, value);
	else if (strncmp(word, "silent=", 7) == 0)
		snprintf(c->silent, sizeof(c->silent), "%s", value);
	else if (strncmp(word, "origin=", 7) == 0)
		c->options.origin = strcpy(c->origin, value);
	else if (strncmp(word, "then=", 5) == 0)
		assert_int_equal(utc_parse(value, &c->options.times[c->options.time_count++], &err), STATUS_OK);
	else if (strncmp(word, "now=", 4) == 0)
		assert_int_equal(utc_parse(value, &c->options.times[0], &err), STATUS_OK);
	else
		fail_msg("unknown option %s", word);
}

static void read_case(char *line, const char *root, unsigned threads, struct zone_case *c)
{
	char folder[200];
	char *save = NULL;
	*c = (struct zone_case){ .options = { .threads = threads,
				     .time_count = 1,
				     .tables = threads > 1 ? VERIFY_TABLES_ALWAYS : VERIFY_TABLES_AUTO } };
	c->options.times[0].seconds = NOW;
	snprintf(c->file, sizeof(c->file), "%s", strtok_r(line, " \n", &save));
	snprintf(c->expected, sizeof(c->expected), "%s", strtok_r(NULL, " \n", &save));
	snprintf(folder, sizeof(folder), "%s/%.*s", root, (int)strcspn(c->file, "/"), c->file);
	if (strncmp(c->expected, "exit=", 5) == 0)
		c->exit = atoi(c->expected + 5);
	for (char *word = strtok_r(NULL, " \n", &save); word != NULL; word = strtok_r(NULL, " \n", &save))
		set_option(c, folder, word);
	set_input(c, 0, &c->options.zone, folder, strchr(c->file, '/') + 1);
}

static void close_case(struct zone_case *c)
{
	struct verify_input *const inputs[] = { &c->options.zone, &c->options.trust_anchor, &c->options.unsigned_zone,
		&c->options.expect_keys, &c->options.policy };
	for (unsigned i = 0; i < c->options.previous_count; i++)
		close(c->options.previous[i].file.descriptor);
	for (size_t i = 0; i < COUNT(inputs); i++)
		if (inputs[i]->name != NULL && inputs[i]->descriptor >= 0)
			close(inputs[i]->descriptor);
}

static void print_row(const struct zone_case *c, const struct verify_verdict *verdict)
{
	static const char *const words[] = { [VRESULT_OK] = "ok", [VRESULT_FAIL] = "fail", [VRESULT_WARN] = "warn" };
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	printf("%s %s", c->file, c->expected);
	for (size_t i = 0; i < count; i++) {
		const enum vresult result = verdict_result(verdict, (enum vcheck)i);
		if (result < COUNT(words))
			printf(" %s=%s", checks[i].id, words[result]);
	}
	printf("\n");
}

/* True if the case came out as it must; else says why. */
static bool judge_case(struct zone_case *c, bool with_policy, bool rows)
{
	static const char limits[] = "{\"schema\": \"zoneseal.limits/1\"}";
	struct verify_verdict *verdict = NULL;
	struct error err;
	error_clear(&err);
	if (with_policy)
		c->options.policy = (struct verify_input){ "limits", -1, (const uint8_t *)limits, sizeof(limits) - 1 };
	const enum status status = verify_run(&c->options, &verdict, &err);
	if (c->exit != 0 || status != STATUS_OK) {
		if ((int)status == c->exit)
			return true;
		print_error("%s: status %d (%s), expected %s\n", c->file, status, err.message, c->expected);
		verify_free(verdict);
		return false;
	}
	if (rows)
		print_row(c, verdict);
	const bool good = strcmp(c->expected, "pass") == 0;
	const bool passes = good || (c->warns && !with_policy);
	const bool right = verify_passed(verdict) == passes && (good || verify_found(verdict, c->expected)) &&
			   (c->silent[0] == '\0' || !verify_found(verdict, c->silent));
	if (!right) {
		char *const text = verify_text(verdict);
		print_error("%s (%s%s):\n%s\n", c->file, c->expected, with_policy ? ", with policy" : "", text);
		free(text);
	}
	verify_free(verdict);
	return right;
}

static unsigned judge_folder(const char *root, unsigned threads, bool with_policy, bool rows)
{
	char line[512];
	char path[256];
	unsigned wrong = 0;
	unsigned count = 0;
	snprintf(path, sizeof(path), "%s/cases.txt", root);
	FILE *const list = fopen(path, "r");
	assert_non_null(list);
	while (fgets(line, sizeof(line), list) != NULL) {
		struct zone_case c;
		if (line[0] == '#')
			continue;
		read_case(line, root, threads, &c);
		if (!with_policy || c.warns) {
			wrong += !judge_case(&c, with_policy, rows);
			count++;
		}
		close_case(&c);
	}
	fclose(list);
	assert_true(count > 10);
	return wrong;
}

static unsigned judge_all(unsigned threads, bool with_policy)
{
	return judge_folder(TEST_ROOT "/zones", threads, with_policy, false);
}

static void good_zones_pass_and_bad_ones_are_found(void **state)
{
	(void)state;
	assert_int_equal(judge_all(1, false), 0);
}

static void three_threads_judge_as_one(void **state)
{
	(void)state;
	assert_int_equal(judge_all(3, false), 0);
}

static void breaches_of_policy_refuse_when_a_policy_is_given(void **state)
{
	(void)state;
	assert_int_equal(judge_all(1, true), 0);
}

/* The zone's file goes through a pipe: what cannot be read again is not compared by its text (vpieces.h). */
static void turn_to_pipe(struct verify_input *zone)
{
	enum { ROOM = 1 << 20 };
	int ends[2];
	char *const text = malloc(ROOM);
	assert_true(text != NULL && pipe(ends) == 0 && fcntl(ends[1], F_SETPIPE_SZ, ROOM) >= 0);
	const ssize_t size = read(zone->descriptor, text, ROOM);
	assert_true(size >= 0 && size < ROOM && write(ends[1], text, (size_t)size) == size);
	close(zone->descriptor);
	close(ends[1]);
	zone->descriptor = ends[0];
	free(text);
}

/* The verdict as JSON but for its seconds, or the error. To be freed. */
static char *verdict_of(const char *row, bool by_pipe)
{
	char line[512];
	struct zone_case c;
	struct verify_verdict *verdict = NULL;
	struct error err;
	error_clear(&err);
	snprintf(line, sizeof(line), "%s", row);
	read_case(line, TEST_ROOT "/zones", 2, &c);
	if (by_pipe)
		turn_to_pipe(&c.options.zone);
	const enum status status = verify_run(&c.options, &verdict, &err);
	char *out = NULL;
	if (status == STATUS_OK) {
		out = verify_json(verdict);
		char *const seconds = strstr(out, "\"seconds\"");
		assert_non_null(seconds);
		const char *const rest = seconds + strcspn(seconds, ",}");
		memmove(seconds, rest, strlen(rest) + 1);
	} else {
		assert_true(asprintf(&out, "%d %s:%llu:%llu %s", (int)status, err.file, (unsigned long long)err.line,
				(unsigned long long)err.column, err.message) > 0);
	}
	verify_free(verdict);
	close_case(&c);
	return out;
}

static void verdicts_are_the_same_whether_text_is_compared_or_parsed(void **state)
{
	char line[512];
	unsigned count = 0;
	FILE *const list = fopen(TEST_ROOT "/zones/cases.txt", "r");
	(void)state;
	assert_non_null(list);
	while (fgets(line, sizeof(line), list) != NULL) {
		if (line[0] == '#' || (strstr(line, " previous=") == NULL && strstr(line, " unsigned=") == NULL))
			continue;
		char *const compared = verdict_of(line, false);
		char *const parsed = verdict_of(line, true);
		if (strcmp(compared, parsed) != 0)
			fail_msg("%s\ncompared: %s\nparsed: %s", line, compared, parsed);
		free(compared);
		free(parsed);
		count++;
	}
	fclose(list);
	assert_true(count > 100);
}

int main(int argc, char *argv[])
{
	if (argc == 2)
		return judge_folder(argv[1], 1, false, true) != 0;
	const struct CMUnitTest tests[] = { cmocka_unit_test(good_zones_pass_and_bad_ones_are_found),
		cmocka_unit_test(three_threads_judge_as_one),
		cmocka_unit_test(breaches_of_policy_refuse_when_a_policy_is_given),
		cmocka_unit_test(verdicts_are_the_same_whether_text_is_compared_or_parsed) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
