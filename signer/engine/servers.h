/* SPDX-License-Identifier: MIT */
/*
 * Asks the name servers of zones what they serve of them: SOA and DNSKEY, with signatures.
 *
 * It comes after publication and decides nothing: what is found is remembered for status, check, metrics and pages.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "keystore/store_servers.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/dns/query.h"

enum {
	SERVERS_MOST = 60,           /* of one zone */
	SERVERS_PATIENCE = 3000,     /* milliseconds for one answer */
	SERVERS_ALL_PATIENCE = 60000 /* and for all of a run: what is left comes first the next time */
};

/* What two answers of a server mean: serial, expires and failure (NULL: they are of use). `apex` is the zone's name in
 * wire form. Pure. */
void servers_read(const struct query_job *soa, const struct query_job *dnskey, const uint8_t *apex, struct utc now,
    struct arena *mem, struct store_server *out);

/* Asks the servers of the zones that have any and are published, and stores what they say. `left` is how many of them
 * were not asked any more. */
enum status servers_ask(struct store *store, const struct store_zone zones[], size_t count, struct utc now,
    struct arena *mem, size_t *left, struct error *err) MUST_CHECK;
