/* SPDX-License-Identifier: MIT */
/* A keystore in a temporary folder, with one zone, for the tests of the store. */
#pragma once

#include "keystore/store.h"
#include "tests/unit/keystore/fixture.h"

struct fixture {
	char folder[64];
	char path[96];
	struct store *store;
	struct arena *mem;
	int64_t zone;
};

#define NOW ((struct utc){ 1795000000 })

/* For cmocka: makes and removes it. *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Fails the test with the message unless the status is STATUS_OK. */
void ok(enum status status, const struct error *err);

/* Closes the handle and opens the keystore again. */
void reopen(struct fixture *fixture, enum store_mode mode);

/* Stores a version and confirms it. */
void publish_serial(struct fixture *fixture, uint32_t serial, struct utc when);

/* A version with everything filled in. */
struct store_version some_version(uint32_t serial);

/* One number from the database, by a connection of its own. */
int64_t ask(const char *path, const char *sql);

/* Runs SQL by a connection of its own, as an intruder would; returns SQLite's result code. */
int intrude(const char *path, const char *sql);
