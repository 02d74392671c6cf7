/* SPDX-License-Identifier: MIT */
/* Inside the store only: what store_served.c and store_step.c share. All run within the caller's transaction. */
#pragma once

#include "keystore/store_served.h"
#include "keystore/store_sql.h"

struct served_list {
	struct store_served *all;
	size_t count;
};

const char *served_class_name(enum store_class class); /* as in the tables */

/* The open versions of a class, their keys in order of id. */
enum status served_open(struct store *store, int64_t zone_id, enum store_class class, struct arena *mem,
    struct served_list *out, struct error *err) MUST_CHECK;

enum status served_note_ttl(struct store *store, int64_t zone_id, enum store_class class, uint32_t ttl, struct utc now,
    bool *changed, struct error *err) MUST_CHECK;
