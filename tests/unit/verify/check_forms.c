/* SPDX-License-Identifier: MIT */
/* Prints contrib/doc/checks.md from the verifier's table of checks. */
#include <stdio.h>
#include <string.h>

#include "signer/verify/verify.h"

static const char head[] =
    "<!-- Made from the table in signer/verify/vchecks.c by build/release/bin/check_forms; do not edit. -->\n"
    "# What the gate checks\n"
    "\n"
    "Each check has an id, which verdicts, JSON and `zoneseal explain ID` use, and a short name from the design. What "
    "is "
    "*always* refused would make a zone invalid or a validator fail, or breaks what was given to compare with; what is "
    "refused *by policy* is legal and not wanted: `zoneseal run` always gives a policy (and only warns of what "
    "registrants alone can mend), and `zoneseal-verify` without "
    "`--policy` only warns of it. Decided by *file*: from the zone alone; by *comparison*: if what it compares with is "
    "given (`--previous`, `--unsigned`, `--trust-anchor`, `--expect-keys`, `--now`), and `zoneseal run` gives all that "
    "it has, else the verdict says \"not asked\", which is never ok; by *run*: by `zoneseal run`, whose row says *as "
    "said* what "
    "it refuses and what it does instead, and whose message has the id; *outside*: not by "
    "zoneseal. A check that had nothing to look at does not count as passed.\n";

/* The part of an id before its first dot. */
static size_t group_size(const char *id)
{
	return strcspn(id, ".");
}

static void print_group(const char *id)
{
	printf("\n## %.*s\n\n| check | refused | decided by | counts | meaning | RFC | outage |\n"
	       "|---|---|---|---|---|---|---|\n",
	    (int)group_size(id), id);
}

static void print_row(const struct verify_check *check)
{
	static const char *const homes[] = { [VERIFY_FILE] = "file",
		[VERIFY_GIVEN] = "comparison",
		[VERIFY_ENGINE] = "run",
		[VERIFY_OUTSIDE] = "outside" };
	printf("| `%s` (%s) | %s | %s | %s | %s | %s | %s |\n", check->id, check->alias,
	    check->severity == VERIFY_RFC  ? "always"
	    : check->home == VERIFY_ENGINE ? "as said"
					   : "by policy",
	    homes[check->home], check->counts, check->explain, check->rfc, check->outage != NULL ? check->outage : "");
}

int main(void)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	fputs(head, stdout);
	for (size_t i = 0; i < count; i++) {
		const size_t size = group_size(checks[i].id);
		if (i == 0 || size != group_size(checks[i - 1].id) ||
		    strncmp(checks[i].id, checks[i - 1].id, size) != 0)
			print_group(checks[i].id);
		print_row(&checks[i]);
	}
	return 0;
}
