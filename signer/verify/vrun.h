/* SPDX-License-Identifier: MIT */
/* One run of the verifier: what the checks share. Each check file has one entry, called in this order. */
#pragma once

#include "signer/verify/verify.h"
#include "signer/verify/vkeys.h"
#include "signer/verify/vlimits.h"
#include "signer/verify/vreport.h"
#include "signer/verify/vzone.h"

/* Figures about signatures, per worker first, then their sum. */
struct vsig_stats {
	uint64_t signatures;   /* seen */
	uint64_t verified;     /* good */
	uint64_t proven;       /* of those, by the table of a key (vproof.h) */
	uint64_t tried;        /* computations with a public key, by EVP */
	uint64_t disproven;    /* by EVP, of a proof: the run has no verdict */
	uint64_t recalled;     /* taken from the memo (vmemo_use.h) */
	uint64_t sampled;      /* of those, computed all the same */
	uint64_t disowned;     /* of those, found bad: the run has no verdict */
	int64_t remaining_min; /* seconds from now to the first expiration of a good one */
	int64_t validity_min;  /* shortest expiration - inception */
	uint64_t good[VKEYS_MAX];
	uint64_t bad[VKEYS_MAX];
	uint64_t replaced[VKEYS_MAX]; /* RRsets signed by this key and by none of the keys published before */
	bool signs_keys[VKEYS_MAX];   /* signs the DNSKEY RRset */
	bool signs_cds[VKEYS_MAX];
	bool signs_cdnskey[VKEYS_MAX];
	uint64_t foreign_total;      /* bad signatures that were tried with other keys */
	uint64_t foreign[VKEYS_MAX]; /* of those, verified by that key: index into `known` */
};

struct vmemo_use; /* vmemo_use.h */

/* The zone's digest by one hash (RFC 8976 3.3). */
struct vdigest {
	bool made;
	uint8_t octets[64];
};

/* What the zone is to the one that was published before, for people: nothing is judged by these. */
struct vchanges {
	uint64_t added, removed, ns;            /* delegations; `ns`: with other name servers */
	uint64_t ds_added, ds_removed, ds;      /* delegations that got, lost or changed their DS */
	uint64_t glue;                          /* names with other addresses at and below delegations */
	uint64_t apex;                          /* RRsets at the zone's name that no signer made; the serial is none */
	uint64_t records_before, records_after; /* that no signer made */
};

struct vrun {
	const struct verify_options *options;
	struct vzone zone;
	struct vreport *report;
	struct vlimits limits;
	unsigned threads;
	uint32_t now; /* serial arithmetic of RFC 4034 3.1.5 */
	uint32_t max_ttl;

	/* Every key that is known: the zone's first, then those expected, then those published before. */
	struct vkeys known;
	size_t published;         /* the first so many are the zone's DNSKEY RRset */
	bool expected[VKEYS_MAX]; /* is in --expect-keys */
	/* Versions published before are bits, in the order of options.previous. */
	uint32_t previous_key[VKEYS_MAX];          /* those that had this zone key in their DNSKEY RRset */
	uint32_t cached_keys;                      /* those whose DNSKEY RRset caches may hold; unsigned ones never */
	uint32_t previous_serial[VERIFY_PREVIOUS]; /* for people */
	bool entered[VKEYS_MAX];                   /* zone keys that sign the DNSKEY RRset of the newest */
	struct arena *kept;                        /* what outlives those that were let go */
	uint8_t algorithm_list[256];               /* the same, as a list */
	unsigned algorithm_count;
	bool algorithms[256]; /* that the zone must be signed with */
	bool have_expected, have_previous, have_previous_keys, have_unsigned, have_anchor;
	bool have_input_serial;
	uint32_t input_serial;      /* of the SOA in --unsigned */
	bool unsigned_same;         /* its records were found equal, each by its hash */
	struct vzone previous;      /* the newest of them */
	struct vzone unsigned_zone; /* empty if unsigned_same and nothing more was to be asked of it */
	size_t input_zonemds;       /* of the input, found good without keeping it */
	struct vfile anchor;
	uint8_t *expect_text; /* holds the expected keys' RDATA */

	struct vchanges changes; /* filled in if have_previous */
	struct vsig_stats stats;
	struct vmemo_use *memo;    /* NULL: the run has none */
	struct vdigest digests[2]; /* SHA-384, SHA-512 */
	struct vdigest input_digests[2];
};

/* A zone key that validators take: Zone bit, no REVOKE, no fault (RFC 4034 2.1.1, RFC 5011 2.1). */
bool vrun_zone_key(const struct vkey *key);

/* Adds a worker's figures to those of all. */
void vrun_add_stats(struct vsig_stats *sum, const struct vsig_stats *part);

/* Seconds that each signature must still hold: the policy's, or SOA expire and the largest TTL (RFC 6781 4.4.1). */
int64_t vrun_remaining_floor(const struct vrun *run);

static inline struct vplace vplace_of(const struct vrecord *record)
{
	return (struct vplace){ record->owner, record->type, record->line };
}

static inline struct vplace vplace_owner(const struct vzone *zone, const struct vowner *owner)
{
	return (struct vplace){ owner->name, 0, zone->records[owner->first].line };
}

/* Whether signatures must have something left: a zone without them has none to outlive, and 0 switches the floor off.
 */
bool vpast_has_floor(const struct vrun *run);

void vstruct_check(struct vrun *run);
void vchain_keys(struct vrun *run);   /* DNSKEY RRset: form, algorithms, tags; before the signatures */
void vchain_anchor(struct vrun *run); /* anchors, CDS, roles: after the signatures */
enum status verify_self_test_tables(struct error *err) MUST_CHECK; /* vselftest.c; before tables are relied on */
enum status verify_self_test_memo(struct error *err) MUST_CHECK;   /* before a memo is relied on */
enum status vsig_check(struct vrun *run, struct error *err) MUST_CHECK;
void vtime_check(struct vrun *run);
enum status vdenial_check(struct vrun *run, struct error *err) MUST_CHECK;
bool vzonemd_digest(struct vrun *run); /* called by one worker beside the signatures; false: libcrypto failed */
void vzonemd_check(struct vrun *run);
struct vsum;
/* Of an input that is the zone but for what signers make: are all of its ZONEMD good? */
enum status vzonemd_same(struct vrun *run, const struct vsum *input, struct error *err) MUST_CHECK;
bool vzonemd_in_input(const struct vrun *run); /* the unsigned input has one at the apex */
void vzonemd_input(struct vrun *run);
void vunsigned_check(struct vrun *run); /* in place of keys, signatures and denial, if that is expected */
void vchain_expected(struct vrun *run); /* published against expected keys */
enum status vpast_check(
    struct vrun *run, struct error *err) MUST_CHECK; /* the newest --previous; after the signatures */
void vpast_unsigned(struct vrun *run);
void vserial_check(struct vrun *run); /* the serial that the policy makes of the input's */
