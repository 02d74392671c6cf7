/* SPDX-License-Identifier: MIT */
/*
 * The whole of signing for one zone: records in, a signed zone file out.
 *
 * Knows no policy, store or clock: what to do is in the parameters, so the same call serves the engine, tests and
 * benchmarks. The work list is the sorted array of RRsets; workers take ranges and write into slots; the result is the
 * same for any number of threads (the signature field of ECDSA apart).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/token.h"
#include "signer/base/error.h"
#include "signer/base/meter.h"
#include "signer/base/publish.h"
#include "signer/base/utc.h"
#include "signer/dns/rrset.h"
#include "signer/dns/zonetext_read.h"
#include "signer/sign/apex.h"
#include "signer/sign/sigfile.h"
#include "signer/sign/sigfile_write.h"

struct sign_parameters {
	const uint8_t *apex; /* wire form, lower case */
	struct utc now;
	uint32_t serial; /* of the signed zone's SOA */
	struct span
	    validity; /* inception = now - inception_offset; expiration = now + validity - jitter(owner, type, key) */
	struct span validity_dnskey; /* of what the KSK signs; no jitter */
	struct span inception_offset;
	struct span jitter;
	struct span refresh; /* a kept signature has at least this much left */
	bool nsec3;
	bool opt_out;
	uint16_t iterations;
	const uint8_t *salt;
	uint8_t salt_size;
	uint32_t dnskey_ttl;
	bool zonemd;       /* SIMPLE, SHA-384 (RFC 8976) */
	enum apex_cds cds; /* CDS and CDNSKEY of each key with a DS record state of RUMOURED or OMNIPRESENT */
	/* The parent is asked to drop all DS (RFC 8078 4); takes the place of the CDS of keys. For a zone that goes
	 * unsigned, from when its DS are withdrawn until no parent server has one. */
	bool cds_delete;
	/* No DNSKEY, RRSIG, NSEC, NSEC3, NSEC3PARAM, CDS or CDNSKEY at all: the last step of going unsigned, and a zone
	 * that shall be so. A DS at the parent, or in a cache, makes such a zone bogus: the caller answers for that. */
	bool unsigned_output;
	/* RRSIG records over DNSKEY, CDS and CDNSKEY that keys made which are offline. */
	const struct record *offline_signatures;
	size_t offline_count;
	uint32_t max_ttl; /* 0: no limit; else a larger TTL is STATUS_MALFORMED with its place */
	bool all_type_names;
	unsigned threads;    /* 0: all cores */
	struct meter *meter; /* counts what was signed, or NULL */
	/* The signatures of the zone that `previous` would be, in its place; or NULL. */
	const struct sigfile *kept;
	struct sigfile_draft *draft; /* gets those of this zone, for the next time, or NULL */
};

/* What the summary, the store and the verifier's expectations need. */
struct sign_result {
	uint8_t sha256[32];  /* of the file as written */
	uint64_t size;       /* of the file, in octets */
	uint64_t records;    /* in the file */
	uint64_t signatures; /* RRSIGs in the file */
	uint64_t signatures_made;
	uint64_t signatures_kept;
	uint64_t delegations, secure_delegations;
	uint64_t denial_records;
	uint64_t duplicates;  /* input records dropped */
	uint64_t ttl_lowered; /* RRsets whose TTL was made the lowest of its records' */
	uint64_t occluded;    /* records kept unsigned below a cut or DNAME, that are no glue */
	uint64_t stripped;    /* input records that the signer makes itself */
	uint32_t input_serial;
	uint32_t largest_ttl, negative_ttl, soa_expire;    /* seconds */
	struct utc first_expiry;                           /* earliest expiration; UTC_NEVER if the zone is unsigned */
	struct utc refresh_due;                            /* when the first signature must be replaced; as above */
	double seconds_build, seconds_sign, seconds_write; /* phases, for --verbose and the benchmark */
};

/* Signs `input` (as zonetext_read gave it; its records are reordered) with `keys` (all of the zone; what each does
 * follows from its record states) into the temporary file `out`, which is left open, and is still to be synced.
 * `previous` is the last published zone as read back, or NULL: its signatures are kept where they cover the same
 * octets, are by a key that still signs, and have `refresh` left. They are compared, not verified: give only a zone
 * that the gate passed, octet for octet. One of another apex is ignored. For unsigned output `keys` only tell whose
 * DNSSEC records the input may hold, and `token` may be NULL.
 *
 * STATUS_MALFORMED  the zone cannot be signed as it is (with its place)
 * STATUS_REFUSED    the input holds DNSKEY or RRSIG of keys that are not in `keys` (unless `replace_foreign`)
 * STATUS_KEY        a private key is missing or is not the published key's, or a signature failed
 * STATUS_IO         writing failed */
enum status sign_zone(struct zonetext *input, struct zonetext *previous, const struct key keys[], size_t key_count,
    struct token *token, bool replace_foreign, const struct sign_parameters *parameters, struct publish *out,
    struct sign_result *result, struct error *err) MUST_CHECK;

/* The SOA serial of the zone at `apex` in records; false if there is no SOA there. */
bool sign_input_serial(const struct record records[], size_t count, const uint8_t *apex, uint32_t *out);
