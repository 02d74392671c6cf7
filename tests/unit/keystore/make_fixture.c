/* SPDX-License-Identifier: MIT */
/* Makes a keystore with a bit of everything at argv[1]. Once for each schema version, by the program of that version:
 *   make_fixture v1.db && { echo "PRAGMA user_version = 1; PRAGMA application_id = 1515406657;"; sqlite3 v1.db .dump; }
 * \ > fixtures/keystore-vN.sql */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/store_served.h"
#include "tests/unit/keystore/fixture.h"

static const struct utc now = { 1795000000 };

static void need(enum status status, const struct error *err)
{
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(1);
}

static struct utc after(int64_t seconds)
{
	return (struct utc){ now.seconds + seconds };
}

static struct store_version version_of(uint32_t serial)
{
	struct store_version version = { .serial = serial,
		.path = "/var/lib/zoneseal/zones/nl.zone",
		.keys = "",
		.verdict = "{\"result\":\"pass\"}",
		.first_expiry = after(1000000),
		.refresh = after(500000),
		.largest_ttl = 86400,
		.dnskey_ttl = 3600,
		.negative_ttl = 900,
		.records = 100,
		.signatures = 50,
		.size = 20000,
		.input_serial = 2026112400 };
	memset(version.sha256, (int)(serial & 0xff), sizeof(version.sha256));
	return version;
}

static void publish(struct store *store, int64_t zone, struct key keys[2])
{
	struct error err;
	struct store_version version = version_of(2026112401);
	need(store_add_intent(store, zone, &version, after(10), &err), &err);
	for (size_t i = 0; i < 2; i++) {
		const enum key_record signs = i == 0 ? KEY_KRRSIG : KEY_ZRRSIG;
		keys[i].state[KEY_DNSKEY] = keys[i].state[signs] = KEY_RUMOURED;
		keys[i].since[KEY_DNSKEY] = keys[i].since[signs] = keys[i].active = after(12);
	}
	const int64_t ids[] = { keys[0].id, keys[1].id };
	const struct store_served_change served[] = {
		{ .begins = { .class = STORE_DNSKEY,
		      .from = after(12),
		      .ttl = 3600,
		      .keys = ids,
		      .key_count = 2,
		      .signers = ids,
		      .signer_count = 1 } },
		{ .begins = { .class = STORE_DATA, .from = after(12), .ttl = 86400, .keys = ids + 1, .key_count = 1 } },
	};
	const struct store_ttl ttls[] = { { .class = STORE_DNSKEY, .ttl = 3600 }, { .class = STORE_DATA, .ttl = 86400 },
		{ .class = STORE_NEGATIVE, .ttl = 900 } };
	const struct store_step step = { .keys = keys,
		.key_count = 2,
		.served = served,
		.served_count = COUNT(served),
		.ttls = ttls,
		.ttl_count = COUNT(ttls) };
	need(store_confirm_step(store, zone, version.id, after(12), &step, &err), &err);
	version = version_of(2026112402);
	need(store_add_intent(store, zone, &version, after(20), &err), &err);
	need(store_abandon(store, zone, version.id, after(30), &err), &err);
	version = version_of(2026112403);
	need(store_add_intent(store, zone, &version, after(40), &err), &err);
}

int main(int argc, char **argv)
{
	struct error err;
	struct store *store = NULL;
	int64_t zone = 0;
	const struct store_zone nl = { .name = "nl.",
		.input = "/var/lib/registry/nl.zone",
		.policy_name = "tld",
		.policy_text = "name: tld\n",
		.parents = "192.0.2.1 2001:db8::1" };
	struct key keys[2] = { key_of_vector(&vectors[4]), key_of_vector(&vectors[5]) };
	if (argc != 2)
		return 2;
	for (size_t i = 0; i < 2; i++) {
		keys[i].goal_present = true;
		keys[i].state[KEY_DNSKEY] = KEY_HIDDEN;
		keys[i].state[i == 0 ? KEY_KRRSIG : KEY_ZRRSIG] = KEY_HIDDEN;
	}
	keys[0].state[KEY_DS] = KEY_HIDDEN;
	need(store_open(argv[1], STORE_CREATE, "fixture", &store, &err), &err);
	need(store_add_zone(store, &nl, now, &zone, &err), &err);
	need(store_add_keys(store, zone, keys, 2, after(5), &err), &err);
	publish(store, zone, keys);
	const struct store_run run = {
		.started = after(40), .ended = after(50), .status = STATUS_NO, .message = "refused"
	};
	need(store_add_run(store, zone, &run, &err), &err);
	store_close(store);
	return 0;
}
