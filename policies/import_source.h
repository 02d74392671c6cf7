/* SPDX-License-Identifier: MIT */
/* The policies of another signer's file as options with values: what each reader makes, and the map is made from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum { IMPORT_MOST_POLICIES = 1000, IMPORT_MOST_ITEMS = 200, IMPORT_MOST_VALUE = 1000 };

/* Texts as they are in the file, not escaped. */
struct import_item {
	const char *option;
	const char *value;
	uint64_t line;
	bool used;
};

struct import_entry {
	const char *name;
	uint64_t line;
	struct import_item *items;
	size_t count, room;
};

struct import_source {
	const char *file;
	struct bytes text;
	struct arena *mem;
	struct error *err;
	struct import_entry *entries;
	size_t count, room;
	uint64_t include_line; /* of the first statement that includes another file; 0: none */
};

/* STATUS_POLICY at a line of the source. */
enum status import_refuse(const struct import_source *source, uint64_t line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Begins a policy. The name is copied; so are option and value. Bounded: STATUS_POLICY if there are too many. */
enum status import_add_entry(struct import_source *source, const char *name, uint64_t line) MUST_CHECK;

/* An option of a policy, and of the one that was begun last. */
enum status import_add_to(struct import_source *source, struct import_entry *entry, const char *option,
    const char *value, uint64_t line) MUST_CHECK;
enum status import_add_item(
    struct import_source *source, const char *option, const char *value, uint64_t line) MUST_CHECK;

/* Every policy of the text. */
enum status import_read_bind(struct import_source *source) MUST_CHECK;
enum status import_read_knot(struct import_source *source) MUST_CHECK;
enum status import_read_opendnssec(struct import_source *source) MUST_CHECK;
enum status import_read_cascade(struct import_source *source) MUST_CHECK;
