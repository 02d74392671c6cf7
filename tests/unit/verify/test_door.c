/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "signer/verify/verify.h"
#include "signer/verify/vlimits.h"

/* From here on, whoever opens a file is killed. */
static void close_door(void)
{
	const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	assert_non_null(filter);
	assert_int_equal(seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), 0), 0);
	assert_int_equal(seccomp_load(filter), 0);
}

static void read_and_write_json(void)
{
	static const char limits_text[] = "{\"schema\": \"zoneseal.limits/1\", \"max_ttl\": 5}";
	struct vlimits limits = vlimits_default();
	struct error err;
	error_clear(&err);
	const enum status status = vlimits_parse("limits", limits_text, sizeof(limits_text) - 1, &limits, &err);
	char *const text = verify_json_error(&err);
	const bool good = status == STATUS_OK && text != NULL;
	free(text);
	_exit(good ? 0 : 1);
}

static int outcome_of_child(bool prepare)
{
	const pid_t child = fork();
	int state;
	if (child == 0) {
		if (prepare)
			verify_prepare();
		close_door();
		read_and_write_json();
	}
	assert_int_equal(waitpid(child, &state, 0), child);
	return state;
}

static void json_opens_nothing_once_prepared(void **state)
{
	(void)state;
	const int unprepared = outcome_of_child(false);
	assert_true(WIFSIGNALED(unprepared)); /* or this test says nothing any more */
	const int prepared = outcome_of_child(true);
	assert_true(WIFEXITED(prepared) && WEXITSTATUS(prepared) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(json_opens_nothing_once_prepared) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
