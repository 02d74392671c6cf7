/* SPDX-License-Identifier: MIT */
/* old_kernel landlock|seccomp|both PROGRAM [ARGUMENT...]: runs it as on a kernel that does not have these. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	const char *const lacks = argv[1];
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int failed = filter == NULL;
	if (failed == 0 && strcmp(lacks, "seccomp") != 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
	if (failed == 0 && strcmp(lacks, "landlock") != 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0);
	if (failed == 0)
		failed = seccomp_load(filter);
	if (failed != 0)
		return 3;
	execv(argv[2], argv + 2);
	return 4;
}
