/* SPDX-License-Identifier: MIT */
/* Verifiers that lie, die, hang and stammer: the gate opens for none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/build.h"
#include "signer/engine/gate.h"

struct fixture {
	char folder[64], script[96], zone[96];
	struct arena *mem;
	struct policy policy;
	struct sign_result result;
	bool unsigned_output;
	struct key key; /* the zone's only one */
};

static const char sha[] = "abababababababababababababababababababababababababababababababab";

static int make_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/zoneseal-gate-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->script, sizeof(fixture->script), "%s/verifier", fixture->folder);
	snprintf(fixture->zone, sizeof(fixture->zone), "%s/zone", fixture->folder);
	int file = open(fixture->zone, O_CREAT | O_WRONLY, 0600);
	assert_true(file >= 0 && write(file, "zone\n", 5) == 5);
	close(file);
	fixture->mem = arena_new(0);
	policy_defaults(&fixture->policy);
	memset(fixture->result.sha256, 0xab, 32);
	fixture->result.size = 5;
	fixture->result.signatures = 7;
	fixture->result.records = 3;
	fixture->key.state[KEY_DS] = KEY_HIDDEN;
	*state = fixture;
	return 0;
}

static int drop_fixture(void **state)
{
	struct fixture *fixture = *state;
	unlink(fixture->script);
	unlink(fixture->zone);
	rmdir(fixture->folder);
	arena_free(fixture->mem);
	free(fixture);
	return 0;
}

static void write_script(const struct fixture *fixture, const char *body)
{
	FILE *file = fopen(fixture->script, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", body);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(fixture->script, 0700), 0);
}

static enum status ask(struct fixture *fixture, struct gate_verdict *verdict, struct error *err)
{
	int file = open(fixture->zone, O_RDONLY);
	const struct gate gate = { .verifier = fixture->script,
		.zone = "nl.test.",
		.file = file,
		.previous = -1,
		.unsigned_input = -1,
		.policy = &fixture->policy,
		.keys = &fixture->key,
		.key_count = fixture->unsigned_output ? 1 : 0,
		.unsigned_output = fixture->unsigned_output,
		.serial = 42,
		.signed_zone = &fixture->result,
		.now = { 1795478400 },
		.timeout = { 2 } };
	error_clear(err);
	enum status status = gate_ask(&gate, fixture->mem, verdict, err);
	close(file);
	return status;
}

/* A verdict with one part replaced; @B, @S stand for our build and SHA-256. */
struct part {
	const char *build, *zone, *sha256, *serial, *size, *signatures, *verdict, *complete, *checks, *records, *plain,
	    *previous;
};

static char *verdict_text(const struct part *part, struct arena *mem)
{
	return arena_printf(mem,
	    "{\"schema\":\"zoneseal.verdict/1\",\"build\":\"%s\",\"zone\":\"%s\",\"serial\":%s,\"verdict\":\"%s\","
	    "\"sha256\":\"%s\",\"size\":%s,\"records\":%s,\"signatures\":%s%s,"
	    "\"checks\":[{\"id\":\"sig.valid\",\"result\":\"%s\",\"checked\":7}],"
	    "\"findings\":[{\"id\":\"sig.valid\",\"count\":1,\"what\":\"bad signature\",\"examples\":[{\"owner\":"
	    "\"a.nl.test.\",\"type\":\"A\",\"line\":3,\"detail\":\"no\"}]}],\"previous\":%s%s}",
	    part->build != NULL ? part->build : build_id(), part->zone != NULL ? part->zone : "nl.test.",
	    part->serial != NULL ? part->serial : "42", part->verdict != NULL ? part->verdict : "pass",
	    part->sha256 != NULL ? part->sha256 : sha, part->size != NULL ? part->size : "5",
	    part->records != NULL ? part->records : "3", part->signatures != NULL ? part->signatures : "7",
	    part->plain != NULL ? part->plain : ",\"unsigned\":false", part->checks != NULL ? part->checks : "ok",
	    part->previous != NULL ? part->previous : "[]",
	    part->complete != NULL ? part->complete : ",\"complete\":true");
}

struct gate_case {
	const char *title;
	struct part part;
	int exit_code;
	enum status expected;
	const char *message; /* part of it */
};

static const struct gate_case gate_cases[] = {
	{ "a complete verdict opens", { 0 }, 0, STATUS_OK, "" },
	{ "case and final dot of the zone do not matter", { .zone = "NL.test" }, 0, STATUS_OK, "" },
	{ "another build", { .build = "0123" }, 0, STATUS_NO, "no verdict: it is from another build" },
	{ "another zone", { .zone = "de.test." }, 0, STATUS_NO, "no verdict: it is about zone" },
	{ "another SHA-256", { .sha256 = "00" }, 0, STATUS_NO,
	    "no verdict: gate.same-bytes: it is about other octets" },
	{ "another number of versions", { .previous = "[41]" }, 0, STATUS_NO,
	    "no verdict: it compares with 1 versions, not with the 0" },
	{ "another serial", { .serial = "43" }, 0, STATUS_NO, "no verdict: it is about serial 43" },
	{ "another size", { .size = "6" }, 0, STATUS_NO,
	    "no verdict: gate.same-bytes: it is about a file of another size" },
	{ "fewer signatures than were made", { .signatures = "6" }, 0, STATUS_NO, "verified 6 signatures of 7" },
	{ "no signature", { .signatures = "0" }, 0, STATUS_NO, "it checked nothing" },
	{ "fewer records than were written", { .records = "2" }, 0, STATUS_NO, "saw 2 records of 3" },
	{ "judged as unsigned", { .plain = ",\"unsigned\":true" }, 0, STATUS_NO, "about a zone without DNSSEC" },
	{ "says not as what it was judged", { .plain = "" }, 0, STATUS_NO, "unsigned is missing" },
	{ "no check", { .checks = "not asked" }, 0, STATUS_NO, "it checked nothing" },
	{ "not complete", { .complete = "" }, 0, STATUS_NO, "it is not complete" },
	{ "complete says no", { .complete = ",\"complete\":false" }, 0, STATUS_NO, "it is not complete" },
	{ "exit 0 with fail", { .verdict = "fail", .checks = "fail" }, 0, STATUS_NO, "contradict" },
	{ "exit 1 with pass", { 0 }, 1, STATUS_NO, "contradict" },
	{ "exit 1 with fail", { .verdict = "fail", .checks = "fail" }, 1, STATUS_NO,
	    "sig.valid: bad signature; first: a.nl" },
	{ "exit 70 with pass", { 0 }, 70, STATUS_NO, "no verdict: exit code 70" },
	{ "neither pass nor fail", { .verdict = "maybe" }, 0, STATUS_NO, "neither pass nor fail" },
	{ "a serial that is no number", { .serial = "\"42\"" }, 0, STATUS_NO, "is missing" },
};

static void only_a_complete_matching_verdict_opens(void **state)
{
	struct fixture *fixture = *state;
	for (size_t i = 0; i < COUNT(gate_cases); i++) {
		const struct gate_case *c = &gate_cases[i];
		struct gate_verdict verdict;
		struct error err;
		write_script(fixture, arena_printf(fixture->mem, "printf '%%s' '%s'\nexit %d",
					  verdict_text(&c->part, fixture->mem), c->exit_code));
		enum status status = ask(fixture, &verdict, &err);
		if (status != c->expected || (status != STATUS_OK && strstr(err.message, c->message) == NULL))
			fail_msg("%s: %d %s", c->title, (int)status, err.message);
		if (verdict.refused != (strcmp(c->title, "exit 1 with fail") == 0))
			fail_msg("%s: refused", c->title);
	}
}

static const struct gate_case unsigned_cases[] = {
	{ "as expected", { .plain = ",\"unsigned\":true", .signatures = "0" }, 0, STATUS_OK, "" },
	{ "a signed zone", { .signatures = "0" }, 0, STATUS_NO, "about a signed zone" },
	{ "signatures in it", { .plain = ",\"unsigned\":true" }, 0, STATUS_NO, "verified 7 signatures of 0" },
};

static void an_unsigned_zone_needs_a_verdict_that_says_so_and_no_ds_anywhere(void **state)
{
	struct fixture *fixture = *state;
	struct gate_verdict verdict;
	struct error err;
	fixture->unsigned_output = true;
	fixture->result.signatures = 0;
	for (size_t i = 0; i < COUNT(unsigned_cases); i++) {
		const struct gate_case *c = &unsigned_cases[i];
		/* The question must be asked in these words. */
		write_script(fixture,
		    arena_printf(fixture->mem, "case \"$*\" in *--expect-unsigned*) printf '%%s' '%s';; esac\nexit %d",
			verdict_text(&c->part, fixture->mem), c->exit_code));
		enum status status = ask(fixture, &verdict, &err);
		if (status != c->expected || (status != STATUS_OK && strstr(err.message, c->message) == NULL))
			fail_msg("%s: %d %s", c->title, (int)status, err.message);
	}
	write_script(fixture, "kill -9 $$");
	static const enum key_state there[] = { KEY_RUMOURED, KEY_OMNIPRESENT, KEY_UNRETENTIVE };
	for (size_t i = 0; i < COUNT(there); i++) {
		fixture->key.state[KEY_DS] = there[i];
		assert_int_equal(ask(fixture, &verdict, &err), STATUS_REFUSED);
		assert_non_null(strstr(err.message, key_state_name(there[i])));
	}
}

static void a_verifier_that_breaks_is_no_verdict(void **state)
{
	static const struct {
		const char *title, *body, *message;
	} cases[] = {
		{ "killed", "kill -9 $$", "no verdict: killed by signal 9" },
		{ "hangs", "exec sleep 30", "no verdict: timed out after 2s" },
		{ "closes its mouth and hangs", "exec >/dev/null 2>&1; exec sleep 30",
		    "no verdict: timed out after 2s" },
		{ "says nothing", "exit 0", "no verdict: it is not one JSON object" },
		{ "says something else", "echo PASS", "no verdict: it is not one JSON object" },
		{ "is not there", "exit 127", "could not be started" },
		{ "complains", "echo out of memory >&2; exit 70", "no verdict: exit code 70: out of memory" },
		{ "says two things", "echo '{}{}'", "no verdict: it is not one JSON object" },
		{ "says an array", "echo '[]'", "no verdict: it is not one JSON object" },
		{ "never stops", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
		    "no verdict: " },
	};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate_verdict verdict;
		struct error err;
		write_script(fixture, cases[i].body);
		enum status status = ask(fixture, &verdict, &err);
		if (status != STATUS_NO || strstr(err.message, cases[i].message) == NULL)
			fail_msg("%s: %d %s", cases[i].title, (int)status, err.message);
		assert_null(verdict.json);
		assert_false(verdict.refused);
	}
}

/* Every prefix of a good verdict is a cut one. */
static void a_cut_verdict_never_opens(void **state)
{
	struct fixture *fixture = *state;
	const struct part good = { 0 };
	char *text = verdict_text(&good, fixture->mem);
	size_t size = strlen(text);
	for (size_t cut = 0; cut < size; cut += 23) {
		struct gate_verdict verdict;
		struct error err;
		write_script(fixture, arena_printf(fixture->mem, "printf '%%s' '%.*s'", (int)cut, text));
		assert_int_equal(ask(fixture, &verdict, &err), STATUS_NO);
	}
}

static void the_verifier_gets_the_file_and_an_empty_environment(void **state)
{
	struct fixture *fixture = *state;
	const struct part good = { 0 };
	struct gate_verdict verdict;
	struct error err;
	/* The shell itself sets PWD, OLDPWD and _. */
	write_script(
	    fixture, arena_printf(fixture->mem,
			 "read line; [ \"$line\" = zone ] || { echo no file >&2; exit 70; }\n"
			 "[ -z \"$HOME$PATH_INFO$LD_PRELOAD$ZONESEAL_STATE\" ] || { echo environment >&2; exit 70; }\n"
			 "case \"$*\" in *'--origin nl.test. --now 2026-11-24T00:00:00Z'*'--expect-keys /dev/fd/3 "
			 "--policy /dev/fd/4 -')"
			 " ;; *) echo \"$*\" >&2; exit 70;; esac\n"
			 "read line < /dev/fd/4; case \"$line\" in *zoneseal.limits/1*) ;; *) echo \"$line\" >&2; exit "
			 "70;; esac\n"
			 "printf '%%s' '%s'",
			 verdict_text(&good, fixture->mem)));
	setenv("ZONESEAL_STATE", "/nowhere", 1);
	enum status status = ask(fixture, &verdict, &err);
	if (status != STATUS_OK)
		fail_msg("%s", err.message);
	assert_non_null(verdict.json);
	assert_int_equal(verdict.checks, 1);
}

static const struct {
	const char *title;
	uint32_t expire;
	bool plain;
	size_t count;
	int64_t after[GATE_MOMENTS]; /* seconds after now */
} moment_cases[] = {
	{ "largest TTL, renewal in all caches, SOA expire and a TTL", 604800, false, 3,
	    { 3600, 777600 + 7200 + 3600, 604800 + 3600 } },
	{ "an expire that just fits", 864000 - 3600, false, 3, { 3600, 777600 + 7200 + 3600, 864000 } },
	{ "an expire that no signature outlives is legal", 864000 - 3599, false, 2, { 3600, 777600 + 7200 + 3600 } },
	{ "the longest expire there is", UINT32_MAX, false, 2, { 3600, 777600 + 7200 + 3600 } },
	{ "nothing ends in a zone without signatures", 604800, true, 0, { 0 } },
};

/* 9 days from now the first signature is replaced. */
static void the_verifier_is_asked_about_the_moments_that_the_zone_must_live_to_see(void **state)
{
	struct fixture *fixture = *state;
	fixture->policy.refresh.seconds = 864000;
	fixture->policy.zone_propagation.seconds = 7200;
	for (size_t i = 0; i < COUNT(moment_cases); i++) {
		const struct utc now = { 1795478400 };
		struct utc moments[GATE_MOMENTS];
		fixture->result.largest_ttl = 3600;
		fixture->result.soa_expire = moment_cases[i].expire;
		fixture->result.refresh_due = utc_add(now, (struct span){ 777600 });
		const struct gate gate = { .policy = &fixture->policy,
			.unsigned_output = moment_cases[i].plain,
			.signed_zone = &fixture->result,
			.now = now };
		const size_t count = gate_moments(&gate, moments);
		if (count != moment_cases[i].count)
			fail_msg("%s: %zu moments", moment_cases[i].title, count);
		for (size_t j = 0; j < count; j++)
			if (utc_difference(moments[j], now).seconds != moment_cases[i].after[j])
				fail_msg("%s: moment %zu", moment_cases[i].title, j);
	}
}

static void no_verifier_is_no_verdict(void **state)
{
	struct fixture *fixture = *state;
	struct gate_verdict verdict;
	struct error err;
	unlink(fixture->script);
	assert_int_equal(ask(fixture, &verdict, &err), STATUS_NO);
	assert_non_null(strstr(err.message, "no verdict: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_a_complete_matching_verdict_opens, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(
		    an_unsigned_zone_needs_a_verdict_that_says_so_and_no_ds_anywhere, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(a_verifier_that_breaks_is_no_verdict, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(a_cut_verdict_never_opens, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(
		    the_verifier_gets_the_file_and_an_empty_environment, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(
		    the_verifier_is_asked_about_the_moments_that_the_zone_must_live_to_see, make_fixture, drop_fixture),
		cmocka_unit_test_setup_teardown(no_verifier_is_no_verdict, make_fixture, drop_fixture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
