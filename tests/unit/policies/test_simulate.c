/* SPDX-License-Identifier: MIT */
/*
 * Timelines: a policy, a start, and what must happen when, in files that an operator can read.
 *
 * `policy` and `world` lines set lengths by name; `expect` begins the list. Only the first `expect` lines' worth of
 * events is compared, each event as "TIME what KEY", where what is make, or a record and its new state.
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

#include "policies/simulate.h"

struct timeline {
	const char *title;
	const char *file;
};

static const struct timeline timelines[] = {
	{ "a new ZSK waits for the DNSKEY TTL plus propagation before it signs, and the old one stays until its "
	  "signatures are gone",
	    "zsk_pre_publication.timeline" },
	{ "both ZSKs sign until neither the old DNSKEY RRset nor old signatures are in caches",
	    "zsk_double_signature.timeline" },
	{ "signatures of the new ZSK come first, then its DNSKEY in place of the old one",
	    "zsk_double_rrsig.timeline" },
	{ "the new KSK is in caches before its DS is wanted, the old one stays until the new DS is",
	    "ksk_double_ksk.timeline" },
	{ "the new DS is in caches before the KSK is replaced at once", "ksk_double_ds.timeline" },
	{ "without an answer of the parent the new KSK waits and the old one stays", "ksk_ds_never_seen.timeline" },
	{ "nothing moves while nothing is published", "outage.timeline" },
};

struct happened {
	char text[16384];
	size_t size;
};

static void write_down(void *context, const struct simulate_event *event)
{
	static const char *const records[] = { "DNSKEY", "ZRRSIG", "KRRSIG", "DS" };
	struct happened *const happened = context;
	char when[UTC_TEXT];
	utc_format(event->when, when);
	const char *const role = key_role_name(event->key->key.role);
	const long long id = (long long)event->key->key.id;
	const size_t room = sizeof(happened->text) - happened->size;
	const int n = event->made ? snprintf(happened->text + happened->size, room, "%s make %s/%lld\n", when, role, id)
				  : snprintf(happened->text + happened->size, room, "%s %s/%lld %s %s\n", when, role,
					id, records[event->record], key_state_name(event->to));
	if (n > 0 && (size_t)n < room)
		happened->size += (size_t)n;
}

struct setting {
	const char *name;
	int64_t *seconds;
};

/* Sets name=length of a line like "zsk-lifetime 90d, propagation 5m". */
static void set_all(char *line, const struct setting settings[], size_t count)
{
	char *rest = NULL;
	for (char *part = strtok_r(line, ",\n", &rest); part != NULL; part = strtok_r(NULL, ",\n", &rest)) {
		char name[64];
		char value[64];
		assert_int_equal(sscanf(part, " %63s %63s", name, value), 2);
		size_t i = 0;
		while (i < count && strcmp(settings[i].name, name) != 0)
			i++;
		if (i == count)
			fail_msg("setting %s is unknown", name);
		struct span span;
		struct utc moment;
		struct error err;
		if (span_parse(value, &span, &err) == STATUS_OK)
			*settings[i].seconds = span.seconds;
		else if (utc_parse(value, &moment, &err) == STATUS_OK)
			*settings[i].seconds = moment.seconds;
		else if (strcmp(value, "never") == 0)
			*settings[i].seconds = -1;
		else
			fail_msg("%s: %s", name, err.message);
	}
}

static void check(const struct timeline *timeline)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/timelines/%s", TEST_ROOT, timeline->file);
	FILE *const file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s cannot be opened", path);
	struct rollover_policy policy = { .algorithm = 13 };
	struct simulate_world world = { 0 };
	struct timing *const t = &policy.timing;
	int64_t zsk_bits = 0;
	int64_t ksk_bits = 0;
	int64_t dnskey_ttl = 0;
	int64_t data_ttl = 0;
	int64_t negative_ttl = 0;
	int64_t ds_ttl = 0;
	const struct setting settings[] = { { "zsk-minimize", &zsk_bits }, { "ksk-minimize", &ksk_bits },
		{ "zsk-lifetime", &policy.lifetime[KEY_ZSK].seconds },
		{ "ksk-lifetime", &policy.lifetime[KEY_KSK].seconds }, { "propagation", &t->propagation.seconds },
		{ "parent-propagation", &t->parent_propagation.seconds }, { "registration", &t->registration.seconds },
		{ "publish-safety", &t->publish_safety.seconds }, { "retire-safety", &t->retire_safety.seconds },
		{ "sign-all", &t->sign_all.seconds }, { "dnskey-ttl", &dnskey_ttl }, { "max-ttl", &data_ttl },
		{ "negative-ttl", &negative_ttl }, { "ds-ttl", &ds_ttl }, { "start", &world.start.seconds },
		{ "until", &world.until.seconds }, { "ds-delay", &world.ds_delay.seconds },
		{ "outage-from", &world.outage_from.seconds }, { "outage-until", &world.outage_until.seconds } };
	char expected[16384] = "";
	char line[512];
	bool expecting = false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (strcmp(line, "expect\n") == 0)
			expecting = true;
		else if (expecting)
			strncat(expected, line, sizeof(expected) - strlen(expected) - 1);
		else
			set_all(strchr(line, ' '), settings, COUNT(settings));
	}
	fclose(file);
	policy.minimize[KEY_ZSK] = (unsigned)zsk_bits;
	policy.minimize[KEY_KSK] = (unsigned)ksk_bits;
	world.dnskey_ttl = (uint32_t)dnskey_ttl;
	world.data_ttl = (uint32_t)data_ttl;
	world.negative_ttl = (uint32_t)negative_ttl;
	world.ds_ttl = (uint32_t)ds_ttl;
	t->ttl_key.seconds = dnskey_ttl;
	t->ttl_sig.seconds = data_ttl;
	t->negative.seconds = negative_ttl;
	t->ttl_ds.seconds = ds_ttl;
	struct happened happened = { .size = 0 };
	struct error err;
	if (simulate_run(&policy, NULL, 0, &world, write_down, &happened, &err) != STATUS_OK)
		fail_msg("%s: %s", timeline->title, err.message);
	happened.text[happened.size] = '\0';
	if (strcmp(happened.text, expected) != 0)
		fail_msg("%s\n--- expected\n%s--- happened\n%s", timeline->title, expected, happened.text);
}

static void timelines_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(timelines); i++)
		check(&timelines[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timelines_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
