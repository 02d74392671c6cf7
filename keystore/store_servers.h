/* SPDX-License-Identifier: MIT */
/* The name servers of a zone, and what each served when it was last asked: for reports and alarms, never for a
 * decision about a key or a publication. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

struct store_server {
	const char *server;  /* "192.0.2.1", "2001:db8::1@5353" */
	struct utc asked;    /* last; 0: not yet */
	struct utc answered; /* last time that its answer was of use; 0: never */
	bool has_serial;
	uint32_t serial;          /* that it served then */
	struct utc expires;       /* when the first signature of its SOA and DNSKEY RRset ends; 0: it shows none */
	struct utc behind_since;  /* when what it does not serve was published; 0: it is not behind */
	struct utc failing_since; /* since when no answer is of use; 0: they are */
	const char *failure;      /* why, or NULL */
};

/* Of a zone, in order of their text. */
enum status store_servers(struct store *store, int64_t zone_id, struct arena *mem, struct store_server **out,
    size_t *count, struct error *err) MUST_CHECK;

/* These are the servers of the zone from now on; what is known of those that stay, stays. */
enum status store_set_servers(struct store *store, int64_t zone_id, const char *const servers[], size_t count,
    struct utc now, struct error *err) MUST_CHECK;

/* What a server of the zone said. One that is no longer there is let go. */
enum status store_note_server(
    struct store *store, int64_t zone_id, const struct store_server *seen, struct error *err) MUST_CHECK;

/* When the version after the one with `serial` was published; 0: no version with that serial was, or none after it. */
enum status store_published_after(
    struct store *store, int64_t zone_id, uint32_t serial, struct utc *out, struct error *err) MUST_CHECK;
