/* SPDX-License-Identifier: MIT */
#include "tests/unit/keystore/store_fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct store_zone nl = { .name = "nl.",
	.input = "/in/nl.zone",
	.policy_name = "tld",
	.policy_text = "name: tld\n",
	.parents = "192.0.2.1" };

void ok(enum status status, const struct error *err)
{
	if (status != STATUS_OK)
		fail_msg("status %d: %s", (int)status, err->message);
}

int fixture_setup(void **state)
{
	struct fixture *const f = calloc(1, sizeof(*f));
	struct error err;
	fixture_folder(f->folder);
	snprintf(f->path, sizeof(f->path), "%s/keystore.db", f->folder);
	f->mem = arena_new(0);
	ok(store_open(f->path, STORE_CREATE, "test", &f->store, &err), &err);
	ok(store_add_zone(f->store, &nl, NOW, &f->zone, &err), &err);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *const f = *state;
	store_close(f->store);
	arena_free(f->mem);
	folder_remove(f->folder);
	free(f);
	return 0;
}

void reopen(struct fixture *fixture, enum store_mode mode)
{
	struct error err;
	store_close(fixture->store);
	fixture->store = NULL;
	ok(store_open(fixture->path, mode, "test", &fixture->store, &err), &err);
}

struct store_version some_version(uint32_t serial)
{
	struct store_version version = { .serial = serial,
		.path = "/out/nl.zone",
		.keys = "KSK 1 signs DNSKEY\n",
		.verdict = "{\"result\":\"pass\"}",
		.first_expiry = { 1796000000 },
		.refresh = { 1795500000 },
		.largest_ttl = 86400,
		.dnskey_ttl = 3600,
		.negative_ttl = 900,
		.records = UINT64_C(5000000000),
		.signatures = 7,
		.size = 8,
		.input_serial = UINT32_C(4294967295) };
	memset(version.sha256, 0xa0, 32);
	memset(version.input_sha256, 0xa1, 32);
	memset(version.config_sha256, 0xa2, 32);
	return version;
}

void publish_serial(struct fixture *fixture, uint32_t serial, struct utc when)
{
	struct error err;
	struct store_version version = some_version(serial);
	ok(store_add_intent(fixture->store, fixture->zone, &version, when, &err), &err);
	ok(store_confirm(fixture->store, fixture->zone, version.id, when, NULL, 0, &err), &err);
}

int64_t ask(const char *path, const char *sql)
{
	sqlite3 *database = NULL;
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s: %s", path, sql, sqlite3_errmsg(database));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	const int64_t value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return value;
}

int intrude(const char *path, const char *sql)
{
	sqlite3 *database = NULL;
	assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	const int code = sqlite3_exec(database, sql, NULL, NULL, NULL);
	sqlite3_close(database);
	return code;
}
