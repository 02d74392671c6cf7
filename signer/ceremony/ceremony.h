/* SPDX-License-Identifier: MIT */
/*
 * Requests and responses of key ceremonies (KSR, SKR) as values, and their two text forms: ours
 * (contrib/doc/ceremony.md) and that of BIND's dnssec-ksr.
 *
 * A file is a sequence of bundles. A bundle is a DNSKEY RRset and the time in which it is to be in the zone; in a
 * response with its signatures, and with the CDS and CDNSKEY RRsets that may go with it. Both forms carry the records
 * as master-file text. Whatever reads a file takes it as written by an enemy: there are bounds for all, and in our form
 * each octet counts (what was read is written again and compared).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/dns/name.h"
#include "signer/dns/rrset.h"
#include "signer/sign/keyset.h"

enum {
	CEREMONY_TEXT = 8 << 20, /* octets of a file */
	CEREMONY_BUNDLES = 1000,
	CEREMONY_RECORDS = 64,  /* of one set, its signatures among them */
	CEREMONY_CHILDREN = 16, /* of one bundle */
	CEREMONY_SIGNATURES = 32,
};

enum ceremony_kind { CEREMONY_REQUEST, CEREMONY_RESPONSE };
enum ceremony_form { CEREMONY_OWN, CEREMONY_BIND };

/* A signature that is no RRSIG: over a text. */
struct ceremony_signature {
	uint16_t tag;
	size_t size;
	uint8_t data[KEYSET_SIGNATURE];
};

struct ceremony_signatures {
	struct ceremony_signature *all;
	size_t count;
};

/* Records of the zone's apex, signatures behind what they cover. */
struct ceremony_set {
	struct record *records;
	size_t count;
};

struct ceremony_bundle {
	struct utc from, until;           /* when it is to be in the zone */
	struct utc inception, expiration; /* of its signatures: the latest begin, the earliest end */
	struct ceremony_set keys;         /* DNSKEY */
	struct ceremony_set *children;    /* each CDNSKEY and CDS that say the same, for one state of the DS set */
	size_t child_count;
	struct ceremony_signatures proofs; /* of a request: one by each of its ZSKs */
};

struct ceremony_file {
	enum ceremony_kind kind;
	enum ceremony_form form;
	uint8_t sha256[32]; /* of the text as it was read */
	/* Of our form alone; BIND's has only bundles. */
	uint8_t apex[NAME_WIRE];
	int64_t number; /* counts up by one from ceremony to ceremony */
	struct utc created;
	uint8_t request[32];  /* of a response: SHA-256 of the request */
	bool has_previous;    /* a response came before, with */
	uint8_t previous[32]; /* this SHA-256 */
	struct utc from, until;
	uint32_t dnskey_ttl;
	bool emergency;     /* replaces what is left of the response before */
	struct utc new_ksk; /* of a request: a new KSK is wanted from this bundle on; 0: none */
	struct ceremony_bundle *bundles;
	size_t bundle_count;
	struct ceremony_signatures seals; /* of a response: by each KSK, over the text before them */
};

/* Reads text[0..size), of either form; `name` is its name in messages. `apex` is the zone whose records BIND's form
 * must hold. Strings and records live in `mem`. STATUS_NO with file, line and what is wrong. */
enum status ceremony_read(const char *name, const char *text, size_t size, const uint8_t *apex, struct arena *mem,
    struct ceremony_file *out, struct error *err) MUST_CHECK;

/* The text of a file in its form. */
char *ceremony_write(const struct ceremony_file *file, struct arena *mem);

/* What a ZSK signs to prove that its holder made this request: all that the request says of itself and of the bundle.
 */
char *ceremony_proof_text(const struct ceremony_file *file, const struct ceremony_bundle *bundle, struct arena *mem);

/* What a KSK signs at the end of a response. */
char *ceremony_seal_text(const struct ceremony_file *file, struct arena *mem);

/* Inside: the two readers. A line without its end; `line` counts from 1. */
struct ceremony_reader {
	const char *name;
	const char *at, *end; /* what is left of the text */
	uint64_t line;
	const uint8_t *apex;
	struct arena *mem;
	struct error *err;
	struct ceremony_file *file;
};

bool ceremony_next_line(struct ceremony_reader *reader, char **out, enum status *status);
enum status ceremony_refuse(const struct ceremony_reader *reader, const char *what) MUST_CHECK;
enum status ceremony_record(struct ceremony_reader *reader, char *line, struct record *out) MUST_CHECK;
enum status ceremony_add_record(
    struct ceremony_reader *reader, struct ceremony_set *set, const struct record *record) MUST_CHECK;
enum status ceremony_add_bundle(struct ceremony_reader *reader, struct ceremony_bundle **out) MUST_CHECK;
enum status ceremony_read_own(struct ceremony_reader *reader) MUST_CHECK;
enum status ceremony_read_bind(struct ceremony_reader *reader) MUST_CHECK;
