/* SPDX-License-Identifier: MIT */
/*
 * Timelines: a policy, a start, and what must happen when, in files that an operator can read.
 *
 * "policy" lines set fields of a policy by their paths, "world" lines what is assumed, "at" lines what an operator does
 * ("at TIME roll ksk"). "expect" begins the list: "TIME KEY RECORD STATE", "TIME make KEY", "TIME command TEXT",
 * "TIME refused TEXT". What happens before show-from is left out. `test_simulate FILE` prints what happens in a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/policy_field.h"
#include "policies/policy_rollover.h"
#include "policies/simulate.h"

struct row {
	const char *title;
	const char *file;
};

static const struct row rows[] = {
	/* ZSK */
	{ "a new ZSK waits for the DNSKEY TTL plus propagation before it signs, and the old one stays until its "
	  "signatures are gone",
	    "zsk_pre_publication" },
	{ "signatures that go over to the new ZSK in five runs keep the old one until the last is in caches",
	    "zsk_in_parts" },
	{ "both ZSKs sign until neither the old DNSKEY RRset nor old signatures are in caches",
	    "zsk_double_signature" },
	{ "signatures of the new ZSK come first, then its DNSKEY in place of the old one", "zsk_double_rrsig" },
	/* KSK */
	{ "the new KSK is in caches before its DS is wanted, the old one stays until the new DS is", "ksk_double_ksk" },
	{ "the new DS is in caches before the KSK is replaced at once", "ksk_double_ds" },
	{ "double-DS hands the new DS in a margin earlier, since it is used a margin later", "ksk_double_ds_margin" },
	{ "the new KSK and its DS come together, and the old ones stay until both are in caches", "ksk_double_rrset" },
	/* CSK */
	{ "a new CSK with all of its records at once", "csk_double_rrset" },
	{ "a new CSK whose signatures replace the old ones at once", "csk_single_signature" },
	{ "a new CSK whose DNSKEY replaces the old one at once", "csk_double_ds" },
	{ "a new CSK signs beside the old one before the DS changes", "csk_double_signature" },
	{ "a new CSK is published, then takes over signatures and DS, each in its own time", "csk_pre_publication" },
	/* algorithm, scheme, goal */
	{ "conservative: signatures first, then keys, then the DS, and back in the opposite order",
	    "algorithm_conservative" },
	{ "liberal: signatures and keys together, then the DS", "algorithm_liberal" },
	{ "a CSK takes a new algorithm", "algorithm_csk" },
	{ "a second algorithm roll does not begin in a running one", "algorithm_twice" },
	{ "one combined key takes over from two", "two_keys_to_csk" },
	{ "two keys take over from a combined one", "csk_to_two_keys" },
	{ "a zone is signed before its DS is wanted", "going_secure" },
	{ "the first DNSKEY set waits for the absence that caches hold", "going_secure_negative" },
	{ "the DS leaves all caches before anything else does", "going_insecure" },
	{ "a zone that nobody's DS leads to goes unsigned in one version, however late", "going_insecure_late" },
	{ "a DNSKEY set that follows none waits for the absence too", "going_secure_again" },
	{ "a parent without DS makes nobody wait", "parent_without_ds" },
	/* people */
	{ "a standby ZSK signs at once", "standby_zsk" },
	{ "a rollover takes from the pool, which is filled again", "pool_zsk" },
	{ "a standby KSK needs only its DS", "standby_ksk" },
	{ "CDS records only while a DS is to change move nothing at another time", "cds_rollover" },
	{ "a KSK and a ZSK are rolled at the same time", "overlap_roles" },
	{ "a ZSK is rolled again before the last roll has ended", "overlap_again" },
	{ "a KSK is rolled again while the parent is silent", "overlap_ksk" },
	{ "a roll is turned back while the old key is whole", "abort" },
	{ "a roll is not turned back once the old key is on its way out", "abort_too_late" },
	{ "each step of a manual policy waits for its operator", "manual" },
	{ "a zone that is held moves no key", "hold" },
	{ "no step begins on days without key events", "windows" },
	{ "an emergency does not wait for the calendar", "windows_emergency" },
	{ "security first: a stolen ZSK leaves at once, and its successor signs at once",
	    "emergency_security_first_zsk" },
	{ "security first: a stolen KSK leaves at once, and its DS shall", "emergency_security_first_ksk" },
	{ "security first: a stolen CSK leaves at once with all that it does", "emergency_security_first_csk" },
	{ "security first: a standby KSK takes over from a stolen one at once", "emergency_security_first_standby" },
	/* what goes wrong */
	{ "without an answer of the parent the new KSK waits and the old one stays", "ksk_ds_never_seen" },
	{ "a parent that takes a month delays the roll by a month", "ksk_ds_late" },
	{ "nothing moves while nothing is published", "outage" },
	{ "the parent's change counts also while nothing is published", "outage_ksk" },
};

enum { TEXT_MOST = 65536, COMMANDS_MOST = 16 };

struct timeline {
	struct policy policy;
	struct simulate_world world;
	struct utc show_from;
	struct simulate_command commands[COMMANDS_MOST];
	char lines[COMMANDS_MOST][128];
	char expected[TEXT_MOST];
};

struct happened {
	struct utc show_from;
	size_t size;
	char text[TEXT_MOST];
};

static void add_line(struct happened *happened, const char *line)
{
	const size_t size = strlen(line);
	assert_true(happened->size + size < sizeof(happened->text));
	memcpy(happened->text + happened->size, line, size + 1);
	happened->size += size;
}

static void write_down(void *context, const struct simulate_event *event)
{
	static const char *const records[] = { "DNSKEY", "ZRRSIG", "KRRSIG", "DS" };
	struct happened *const happened = context;
	char when[UTC_TEXT];
	char key[32] = "";
	char line[256] = "";
	utc_format(event->when, when);
	if (event->key != NULL)
		snprintf(
		    key, sizeof(key), "%s/%lld", key_role_name(event->key->key.role), (long long)event->key->key.id);
	switch (event->kind) {
	case SIMULATE_MADE:
		snprintf(line, sizeof(line), "%s make %s\n", when, key);
		break;
	case SIMULATE_TAKEN:
		snprintf(line, sizeof(line), "%s take %s\n", when, key);
		break;
	case SIMULATE_MOVED:
		snprintf(
		    line, sizeof(line), "%s %s %s %s\n", when, key, records[event->record], key_state_name(event->to));
		break;
	case SIMULATE_ORDERED:
		snprintf(line, sizeof(line), "%s command %s\n", when, event->command->text);
		break;
	case SIMULATE_REFUSED:
		snprintf(line, sizeof(line), "%s refused %s: %s\n", when, event->command->text, event->reason);
		break;
	case SIMULATE_VETOED:
		snprintf(line, sizeof(line), "%s veto of %s\n", when, key);
		break;
	case SIMULATE_SEEN:
	case SIMULATE_GONE:
	case SIMULATE_WAITS:
		break;
	}
	if (!utc_before(event->when, happened->show_from))
		add_line(happened, line);
}

/* ---- reading a file ---- */

static struct utc moment(const char *text)
{
	struct utc out;
	struct error err;
	if (utc_parse(text, &out, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return out;
}

static struct span length(const char *text)
{
	struct span out;
	struct error err;
	if (strcmp(text, "never") == 0)
		return (struct span){ -1 };
	if (span_parse(text, &out, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return out;
}

static void set_field(struct timeline *timeline, const char *path, const char *value)
{
	size_t count;
	struct error err;
	const struct field *const table = field_table(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].path, path) != 0)
			continue;
		const enum status status = field_is_list(&table[i])
					       ? field_add(&table[i], value, &timeline->policy, &err)
					       : field_read(&table[i], value, &timeline->policy, &err);
		if (status != STATUS_OK)
			fail_msg("%s: %s", path, err.message);
		return;
	}
	fail_msg("no field %s", path);
}

static void set_world(struct timeline *timeline, const char *name, const char *value)
{
	struct simulate_world *const world = &timeline->world;
	const struct {
		const char *name;
		struct utc *to;
	} times[] = { { "start", &world->start }, { "until", &world->until }, { "outage-from", &world->outage_from },
		{ "outage-until", &world->outage_until }, { "show-from", &timeline->show_from } };
	for (size_t i = 0; i < COUNT(times); i++) {
		if (strcmp(times[i].name, name) != 0)
			continue;
		*times[i].to = moment(value);
		return;
	}
	if (strcmp(name, "ds-delay") == 0)
		world->ds_delay = length(value);
	else if (strcmp(name, "negative-ttl") == 0)
		world->negative_ttl = (uint32_t)length(value).seconds;
	else if (strcmp(name, "ds-ttl") == 0)
		world->ds_ttl = (uint32_t)length(value).seconds;
	else
		fail_msg("world has no %s", name);
}

static void set_all(
    struct timeline *timeline, char *line, void (*set)(struct timeline *, const char *name, const char *value))
{
	char *rest = NULL;
	for (char *part = strtok_r(line, ",\n", &rest); part != NULL; part = strtok_r(NULL, ",\n", &rest)) {
		char name[64];
		char value[64];
		assert_int_equal(sscanf(part, " %63s %63s", name, value), 2);
		set(timeline, name, value);
	}
}

static void add_command(struct timeline *timeline, const char *line)
{
	char when[64];
	int at = 0;
	struct error err;
	assert_true(timeline->world.command_count < COMMANDS_MOST);
	const size_t i = timeline->world.command_count++;
	assert_int_equal(sscanf(line, "%63s %n", when, &at), 1);
	snprintf(timeline->lines[i], sizeof(timeline->lines[i]), "%.*s", (int)strcspn(line + at, "\n"), line + at);
	timeline->commands[i].when = moment(when);
	if (simulate_command_parse(timeline->lines[i], &timeline->commands[i], &err) != STATUS_OK)
		fail_msg("%s", err.message);
}

static void read_line(struct timeline *timeline, char *line, bool *expecting)
{
	if (line[0] == '#' || line[0] == '\n')
		return;
	if (strcmp(line, "expect\n") == 0)
		*expecting = true;
	else if (*expecting)
		strncat(timeline->expected, line, sizeof(timeline->expected) - strlen(timeline->expected) - 1);
	else if (strncmp(line, "policy ", 7) == 0)
		set_all(timeline, line + 7, set_field);
	else if (strncmp(line, "world ", 6) == 0)
		set_all(timeline, line + 6, set_world);
	else if (strncmp(line, "at ", 3) == 0)
		add_command(timeline, line + 3);
	else
		fail_msg("not understood: %s", line);
}

/* Margins are 0 unless a file says otherwise, so that dates are those of the formulas. */
static void read_timeline(const char *path, struct timeline *timeline)
{
	char line[512];
	bool expecting = false;
	struct error err;
	FILE *const file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	memset(timeline, 0, sizeof(*timeline));
	policy_defaults(&timeline->policy);
	timeline->policy.publish_safety = timeline->policy.retire_safety = (struct span){ 0 };
	while (fgets(line, sizeof(line), file) != NULL)
		read_line(timeline, line, &expecting);
	fclose(file);
	if (timeline->policy.csk)
		timeline->policy.zsk_bits = 0;
	if (policy_check(&timeline->policy, &err) != STATUS_OK)
		fail_msg("%s: %s", path, err.message);
	struct simulate_world *const world = &timeline->world;
	world->dnskey_ttl = timeline->policy.dnskey_ttl;
	world->data_ttl = timeline->policy.max_zone_ttl;
	world->ds_ttl = world->ds_ttl == 0 ? timeline->policy.ds_ttl : world->ds_ttl;
	world->windows = &timeline->policy.no_key_events;
	world->commands = timeline->commands;
}

static enum status happen(const struct timeline *timeline, struct happened *happened, struct error *err)
{
	const struct rollover_policy rules = policy_rollover(&timeline->policy);
	happened->size = 0;
	happened->text[0] = '\0';
	happened->show_from = timeline->show_from;
	return simulate_run(&rules, NULL, 0, &timeline->world, write_down, happened, err);
}

static void check(const struct row *row)
{
	static struct timeline timeline;
	static struct happened happened;
	char path[512];
	struct error err;
	snprintf(path, sizeof(path), "%s/timelines/%s.timeline", TEST_ROOT, row->file);
	read_timeline(path, &timeline);
	if (happen(&timeline, &happened, &err) != STATUS_OK)
		fail_msg("%s: %s", row->title, err.message);
	if (strcmp(happened.text, timeline.expected) != 0)
		fail_msg("%s: %s\n--- expected\n%s--- happened\n%s", row->file, row->title, timeline.expected,
		    happened.text);
}

static void timelines_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i]);
}

static void commands_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum simulate_verb verb;
	} good[] = { { "roll ksk", SIMULATE_ROLL }, { "roll algorithm ED25519", SIMULATE_ALGORITHM },
		{ "emergency csk", SIMULATE_EMERGENCY }, { "abort zsk", SIMULATE_ABORT }, { "step", SIMULATE_STEP },
		{ "hold", SIMULATE_HOLD }, { "release", SIMULATE_RELEASE }, { "scheme csk", SIMULATE_SCHEME },
		{ "goal insecure", SIMULATE_GOAL }, { "ds-delay never", SIMULATE_PARENT },
		{ "ds-delay 3d", SIMULATE_PARENT } };
	static const char *const bad[] = { "", "roll", "roll dns", "roll algorithm RSASHA1", "hold on", "ds-delay -1",
		"goal", "scheme both", "stepp", "roll  ksk" };
	struct simulate_command command = { .when = { 7 } };
	struct error err;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (simulate_command_parse(good[i].text, &command, &err) != STATUS_OK)
			fail_msg("%s: %s", good[i].text, err.message);
		assert_int_equal(command.verb, good[i].verb);
		assert_int_equal(command.when.seconds, 7);
		assert_string_equal(command.text, good[i].text);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (simulate_command_parse(bad[i], &command, &err) != STATUS_USAGE)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(command.delay.seconds, 3 * 86400);
}

static int print_file(const char *path)
{
	static struct timeline timeline;
	static struct happened happened;
	struct error err;
	read_timeline(path, &timeline);
	const enum status status = happen(&timeline, &happened, &err);
	fputs(happened.text, stdout);
	if (status != STATUS_OK)
		fprintf(stderr, "%s\n", err.message);
	return (int)status;
}

int main(int count, char *words[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timelines_hold),
		cmocka_unit_test(commands_are_read),
	};
	return count == 2 ? print_file(words[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
