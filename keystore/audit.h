/* SPDX-License-Identifier: MIT */
/*
 * The hash-chained log, and the state of keys in it.
 *
 * A row that tells of keys carries the whole new state of each, one line a key, behind its words and a line feed. So
 * the log alone says what every key was at any moment; store_audit_replay compares it with the table.
 *
 * A line, whose parts are separated by one space each; times are seconds, a record that the role has not is "-":
 *
 *   KSK 39520 id 1 sha256 <64 hex> algorithm 13 flags 257 bits 256 revoked-tag 39648 goal present
 *   dnskey rumoured@1795000012 zrrsig -@0 krrsig rumoured@1795000012 ds hidden@0 created 1795000005 active 1795000012
 *   predecessor 0 ds-seen 0 ds-gone 0 complete 0 full 0 standby 0 foreign 0 revoked 0 purging 0 purged 0 at file:<64
 * hex>.pem
 */
#pragma once

#include <stdint.h>

#include "keystore/key.h"
#include "keystore/store_sql.h"
#include "signer/base/arena.h"

const char *audit_record_name(enum key_record record); /* "dnskey" */

/* The line, with its line feed. */
char *audit_key_line(const struct key *key, struct arena *mem);

/* The id of the key in a line; 0 if it is none. */
int64_t audit_line_key(const char *line);

/* "KSK 41001 (3f9c21aa...)" with the first eight octets of the fingerprint. */
enum { AUDIT_LABEL = 40 };
void audit_key_label(const struct key *key, char out[AUDIT_LABEL]);

/* "KSK 41001 (3f9c...): DNSKEY published since T (dnskey rumoured, was hidden); " for what differs, or NULL. */
const char *audit_key_difference(const struct key *old, const struct key *now, struct arena *mem);

/* audit_append with the lines of keys. */
enum status audit_append_keys(struct store *store, struct utc when, const char *zone, const char *what,
    const char *words, const char *lines, struct error *err) MUST_CHECK;

/* Writes every zone's keys into the log as they are, within the transaction of a migration. */
enum status audit_record_keys(struct store *store, struct error *err) MUST_CHECK;
