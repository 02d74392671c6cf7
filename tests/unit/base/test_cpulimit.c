/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/cpulimit.h"
#include "signer/base/error.h"
#include "signer/base/workers.h"

/* A file beneath the root, with the folders above it. */
static void put(const char *root, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

struct limit_case {
	const char *title;
	const char *membership;
	const char *files[3][2];
	unsigned expected;
};

static const struct limit_case cases[] = {
	{ "no quota is no limit", "0::/a\n", { { "/sys/fs/cgroup/a/cpu.max", "max 100000\n" } }, 0 },
	{ "two processors", "0::/a\n", { { "/sys/fs/cgroup/a/cpu.max", "200000 100000\n" } }, 2 },
	{ "a part of a processor counts as one", "0::/a\n", { { "/sys/fs/cgroup/a/cpu.max", "30000 100000\n" } }, 1 },
	{ "one and a half are two", "0::/\n", { { "/sys/fs/cgroup/cpu.max", "150000 100000\n" } }, 2 },
	{ "the group above may be narrower", "0::/a/b\n",
	    { { "/sys/fs/cgroup/a/b/cpu.max", "max 100000\n" }, { "/sys/fs/cgroup/a/cpu.max", "300000 100000\n" } },
	    3 },
	{ "the least of all counts", "0::/a/b\n",
	    { { "/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n" }, { "/sys/fs/cgroup/a/cpu.max", "100000 100000\n" } },
	    1 },
	{ "version 1 has two files", "5:memory:/x\n4:cpu,cpuacct:/a\n",
	    { { "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "500000\n" },
		{ "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n" } },
	    5 },
	{ "version 1 says -1 for no limit", "4:cpu:/a\n",
	    { { "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n" },
		{ "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n" } },
	    0 },
	{ "nonsense is no limit", "what\n0::\n", { { "/sys/fs/cgroup/cpu.max", "x y\n" } }, 0 },
};

static void limits_of_control_groups_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char root[] = "/tmp/zoneseal-cpulimit-XXXXXX";
		assert_non_null(mkdtemp(root));
		put(root, "/proc/self/cgroup", cases[i].membership);
		for (size_t k = 0; k < 3 && cases[i].files[k][0] != NULL; k++)
			put(root, cases[i].files[k][0], cases[i].files[k][1]);
		unsigned is = cpulimit_processors(root);
		if (is != cases[i].expected)
			fail_msg("%s: %u, not %u", cases[i].title, is, cases[i].expected);
		char command[64];
		snprintf(command, sizeof(command), "rm -rf %s", root);
		assert_int_equal(system(command), 0);
	}
}

static void without_control_groups_there_is_no_limit(void **state)
{
	(void)state;
	assert_int_equal(cpulimit_processors("/nowhere"), 0);
}

static void an_affinity_is_honoured(void **state)
{
	(void)state;
	cpu_set_t before, one;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_true(workers_default() <= (unsigned)CPU_COUNT(&before));
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(workers_default(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_of_control_groups_are_read),
		cmocka_unit_test(without_control_groups_there_is_no_limit),
		cmocka_unit_test(an_affinity_is_honoured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
