/* SPDX-License-Identifier: MIT */
/*
 * RRSIG records: their times, the octets that are signed (RFC 4034 3.1.8.1), and their RDATA.
 *
 * Serial time (RFC 4034 3.1.5, RFC 1982) exists here and nowhere else in the signer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/dns/name.h"
#include "signer/dns/zonetext_write.h"
#include "signer/sign/keyset.h"
#include "signer/sign/rows.h"

enum { RRSIG_FIXED = 18, RRSIG_RDATA = RRSIG_FIXED + NAME_WIRE + KEYSET_SIGNATURE };

/* A moment as the 32-bit serial number of an RRSIG, and the moment nearest to `now` that such a number means. */
uint32_t rrsig_serial_time(struct utc moment);
struct utc rrsig_moment(uint32_t serial_time, struct utc now);

struct rrsig_policy {
	struct utc now;
	struct span inception_offset;
	struct span jitter;
	struct span refresh;
	struct span validity[KEYSET_DUTIES];
};

struct rrsig_times {
	uint32_t inception;
	uint32_t expiration;
};

/* A worker's means of making signatures. */
struct rrsig_maker;
struct rrsig_maker *rrsig_maker_new(
    const struct rrsig_policy *policy, const struct keyset *keyset, unsigned worker, size_t batch, const uint8_t *apex);
void rrsig_maker_free(struct rrsig_maker *maker);

/* Signs a row with the key at `index` of the keyset and writes times and signature to `slot`; not before `batch` of
 * them (1 to TOKEN_BATCH) are there, or rrsig_finish is called. An error names the row that it is about. */
enum status rrsig_make(
    struct rrsig_maker *maker, const struct row *row, size_t index, uint8_t *slot, struct error *err) MUST_CHECK;
enum status rrsig_finish(struct rrsig_maker *maker, struct error *err) MUST_CHECK;

/* Where the row stands among a million when the signatures of `key` take the place of an older key's part by part:
 * below that number. Alike in each run, and evenly spread. */
enum status rrsig_turn(struct rrsig_maker *maker, const struct row *row, const struct key *key, uint32_t *out,
    struct error *err) MUST_CHECK;

/* Whether an RRSIG over the same octets may stay: made by this key for this row's type, TTL and labels, begun, neither
 * due for replacement nor valid for longer than the policy says. Then its times and signature are written to `slot`. */
bool rrsig_keep(const struct rrsig_policy *policy, const uint8_t *apex, const struct row *row,
    const struct keyset_key *key, const uint8_t *rdata, size_t size, uint8_t *slot);

/* A signature that was made beforehand by a key that is offline: for this row, by this key. Its times are not looked
 * at; they are written to `slot` with it. */
bool rrsig_place(const uint8_t *apex, const struct row *row, const struct keyset_key *key, const uint8_t *rdata,
    size_t size, uint8_t *slot);

/* The octets that an RRSIG by the key signs: its RDATA without the signature, then the row (RFC 4034 3.1.8.1). The
 * caller frees the buffer. */
void rrsig_input(const struct row *row, const struct key *key, const uint8_t *apex, struct rrsig_times times,
    struct zonetext_buffer *out);

/* One signature apart from any zone: the whole RDATA. */
enum status rrsig_sign(const struct row *row, const struct key *key, struct token_signer *signer, const uint8_t *apex,
    struct rrsig_times times, uint8_t out[RRSIG_RDATA], size_t *out_size, struct error *err) MUST_CHECK;

/* Whether the RDATA of an RRSIG is a signature over the row's records by the key; its times and its signer's name are
 * the caller's to judge. The TTL is that which it states. */
bool rrsig_holds(const struct row *row, const uint8_t *rdata, size_t size, const struct key *key);

struct rrsig_times rrsig_slot_times(const uint8_t *slot);

/* The RDATAs of all signatures of a row, in canonical order. */
struct rrsig_list {
	size_t count;
	struct rrsig_item {
		size_t size;
		uint8_t rdata[RRSIG_RDATA];
	} items[KEYSET_MAX];
};

void rrsig_collect(const struct keyset *keyset, const uint8_t *apex, const struct row *row, struct rrsig_list *out);

/* Appends the canonical wire form of a row's records (RFC 4034 6.2), as RRSIG and ZONEMD take them. */
void rrsig_canonical_rows(struct zonetext_buffer *buffer, const struct row *row);
