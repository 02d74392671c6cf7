/* SPDX-License-Identifier: MIT */
/* A signature as it stands in an RRSIG, and the octets that it signs (RFC 4034 3.1). */
#pragma once

#include "signer/base/bytes.h"
#include "signer/verify/vzone.h"

/* What became of one signature. */
enum voutcome {
	VOUTCOME_GOOD,
	VOUTCOME_EARLY, /* verifies, inception is still to come */
	VOUTCOME_LATE,  /* verifies, has expired */
	VOUTCOME_NEVER, /* verifies, and ends before it begins */
	VOUTCOME_BAD,
	VOUTCOME_FOREIGN, /* no zone key of the DNSKEY RRset has its tag and algorithm */
	VOUTCOME_UNREAD,  /* malformed */
};

struct vsignature {
	const struct vrecord *record;
	uint8_t algorithm;
	uint8_t labels;
	uint32_t original_ttl, expiration, inception;
	uint16_t tag;
	const uint8_t *signer;
	size_t signer_size;
	struct bytes bytes;
	enum voutcome outcome;
	size_t key;    /* that verified it, index into known; SIZE_MAX: none */
	size_t proven; /* key whose table proves it (vproof.h); SIZE_MAX: none */
	/* Of a run with a memo (vmemo_use.h), keys likewise: the one with which the memo knows it, and the one that
	 * `entry` is made with. */
	size_t recalled, entry_key;
	uint8_t entry[32];
};

/* An RRset and whose it is. */
struct vsubject {
	const struct vowner *owner;
	struct vset set;
};

/* Octets that grow; zero to begin with, its `octets` are freed by the owner. */
struct vbuffer {
	uint8_t *octets;
	size_t size;
	size_t room;
};

/* False: the RDATA is malformed. */
bool vsigned_read(const struct vrecord *record, struct vsignature *out);

/* Labels as RFC 4034 3.1.3 counts them. */
unsigned vsigned_labels(const struct vowner *owner);

/* Serial arithmetic of times (RFC 4034 3.1.5). */
bool vsigned_before(uint32_t a, uint32_t b);

/* What its times make of a signature that verifies; one of 2^31 seconds and more ends before it begins. */
enum voutcome vsigned_time(const struct vsignature *signature, uint32_t now);

/* RRSIG RDATA without the signature, then the RRs in canonical form and order (RFC 4034 3.1.8.1, 6). */
void vsigned_data(const struct vsignature *signature, const struct vsubject *subject, struct vbuffer *out);
