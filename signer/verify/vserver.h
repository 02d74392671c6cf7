/* SPDX-License-Identifier: MIT */
/*
 * Answers as an authoritative name server would give them from the zone alone (RFC 4035 3.1, RFC 5155 7.2): the kind of
 * answer, the RRset it shows, and the NSEC or NSEC3 records that prove the rest. Whether they do is not known here; see
 * vresolver.h.
 */
#pragma once

#include "signer/verify/vhasher.h"
#include "signer/verify/vzone.h"

enum vanswer_kind {
	VANSWER_DATA,     /* the RRset asked for */
	VANSWER_ALIAS,    /* a CNAME */
	VANSWER_REDIRECT, /* a DNAME above the name */
	VANSWER_NODATA,   /* empty non-terminals included */
	VANSWER_NXDOMAIN,
	VANSWER_WILDCARD, /* data or CNAME of a wildcard */
	VANSWER_WILDCARD_NODATA,
	VANSWER_REFERRAL,  /* with DS */
	VANSWER_INSECURE,  /* referral without DS */
	VANSWER_NO_DS,     /* DS was asked for at a delegation that has none */
	VANSWER_UNDEFINED, /* a delegation or DNAME at a wildcard: servers differ (RFC 4592 4.2, 4.4) */
	VANSWER_KINDS
};

enum { VANSWER_PROOFS = 4 };

/* An NSEC3 of the chain in use; a zone may have millions. */
struct vlink {
	const struct vrecord *record;
	const uint8_t *next; /* VHASH octets of the RDATA, the bitmap after them; of a good one */
	uint8_t hash[VHASH]; /* of its owner */
	uint16_t bitmap_size;
	uint8_t flags;
	bool good : 1;    /* of known flags, and with a next hash: else a resolver passes it over (RFC 5155 8.1, 8.2) */
	bool trusted : 1; /* as record->trusted was when the chain was taken into use */
};

struct vanswer {
	enum vanswer_kind kind;
	const uint8_t *name; /* that was asked for */
	uint16_t type;
	unsigned encloser;           /* labels of the closest name that exists, proven or not */
	const struct vowner *source; /* whose RRset `data` is; a referral's delegation */
	struct vset data;            /* count 0: none is shown */
	const struct vrecord *proof[VANSWER_PROOFS];
	const struct vlink *link[VANSWER_PROOFS]; /* of an NSEC3: the same */
	unsigned proof_count;
};

struct vserver {
	const struct vzone *zone;
	uint32_t *names; /* owners that exist for a server, in canonical order: indexes into zone.owners */
	size_t name_count;
	bool hashed; /* the chain in use is NSEC3 */
	struct vhash_parameters parameters;
	const struct vrecord **nsecs; /* of the chain, in its order */
	struct vlink *links;          /* or these */
	uint64_t *keys;               /* of links' hashes (vsearch.h) */
	size_t link_count;
};

/* One worker's memory. */
struct vclerk {
	struct vhasher hasher;
	uint8_t encloser[VNAME_MAX]; /* whose wildcard was looked up last */
	const struct vowner *wildcard;
	bool have_encloser, wildcard_exists; /* it may exist as an empty non-terminal, with no owner */
};

/* Where a name lies in the zone. */
struct vspot {
	const uint8_t *name;
	const struct vowner *owner; /* the name itself, or the delegation or DNAME above it; NULL: neither */
	unsigned encloser;          /* labels of the closest name that exists; the name's own if it does */
	bool exists;                /* as an owner or an empty non-terminal */
};

void vserver_open(const struct vzone *zone, struct vserver *out);
void vserver_close(struct vserver *server);

/* The chain to answer from: NSEC, or the NSEC3 with these parameters. */
void vserver_use_nsec(struct vserver *server);
void vserver_use_nsec3(struct vserver *server, const struct vhash_parameters *parameters, unsigned threads);

/* Owners that will be asked about, VHASHER_AHEAD at most: looks up their hashes all at once, so that memory is waited
 * for once. clerk->hasher.turn then says which one is in hand. False: see vhasher_ahead. */
bool vserver_ahead(const struct vserver *server, struct vclerk *clerk, const struct vowner *const owners[],
    unsigned count) __attribute__((warn_unused_result));

void vclerk_open(const struct vserver *server, struct vclerk *out);
void vclerk_close(struct vclerk *clerk);

/* `near`: about where in `names` it is; any number is right, a good one is fast. */
void vserver_find(const struct vserver *server, const uint8_t *name, size_t near, struct vspot *out);
void vserver_answer(
    const struct vserver *server, struct vclerk *clerk, const struct vspot *spot, uint16_t type, struct vanswer *out);
