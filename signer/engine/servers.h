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

/* The failure of a server that was not asked, since it had been waited for in vain before in the same run. */
#define SERVERS_SILENT "no answer for another zone in this run, so it was not asked for this one"

/* Addresses as an operator gives them, each in its one form. STATUS_USAGE for what is none, or more than SERVERS_MOST.
 */
enum status servers_parse(
    const char *text, struct arena *mem, const char ***out, size_t *count, struct error *err) MUST_CHECK;

/* What two answers of a server mean: serial, expires and failure (NULL: they are of use). `apex` is the zone's name in
 * wire form. Pure. */
void servers_read(const struct query_job *soa, const struct query_job *dnskey, const uint8_t *apex, struct utc now,
    struct arena *mem, struct store_server *out);

/* Asks the servers of the zones that have any and are published, and stores what they say. `left` is how many of them
 * were not asked any more. A
 * server that answers nothing is waited for once, and recorded as failing for the others of its zones. */
enum status servers_ask(struct store *store, const struct store_zone zones[], size_t count, struct utc now,
    struct arena *mem, size_t *left, struct error *err) MUST_CHECK;
