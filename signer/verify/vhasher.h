/* SPDX-License-Identifier: MIT */
/*
 * Hashes of names for NSEC3 (RFC 5155 5), for one worker: with what it hashed last kept, since the questions about
 * neighbouring names need the same few again and again. Kept apart by labels: names come in canonical order, so that
 * each name above others is hashed about once, however deep they are.
 */
#pragma once

#include <openssl/evp.h>

#include "signer/base/bytes.h"
#include "signer/verify/vname.h"
#include "signer/verify/vsha1.h"

enum { VHASH = VSHA1_SIZE, VHASHER_KEPT = 4, VHASHER_AHEAD = VSHA1_LANES };

struct vlink; /* vserver.h */

struct vhash_parameters {
	uint8_t algorithm;
	uint8_t flags;
	uint16_t iterations;
	struct bytes salt;
};

struct vhasher_entry {
	uint8_t name[VNAME_MAX];
	uint8_t size; /* 0: empty */
	uint8_t hash[VHASH];
	/* What the server found for it (vserver.c); NULL: nothing yet. */
	const struct vlink *link;
	bool matches;
};

struct vhasher {
	struct vhash_parameters parameters;
	EVP_MD *sha1;
	EVP_MD_CTX *context;
	struct vhasher_entry kept[VNAME_LABELS][VHASHER_KEPT];
	uint8_t order[VNAME_LABELS][VHASHER_KEPT]; /* of kept, the one used last first */
	/* Names that will be asked for, hashed side by side (vsha1.h), each known by its pointer. */
	struct vhasher_entry ahead[VHASHER_AHEAD];
	const uint8_t *ahead_names[VHASHER_AHEAD]; /* NULL: none */
	unsigned turn;                             /* the one of them that is in hand; any is right */
	uint64_t groups;
};

/* The part that NSEC3 and NSEC3PARAM share (RFC 5155 3.2, 4.2); false: cut short. */
bool vhasher_read(struct cursor *in, struct vhash_parameters *out);
bool vhasher_same(const struct vhash_parameters *a, const struct vhash_parameters *b);

void vhasher_open(struct vhasher *hasher);
void vhasher_close(struct vhasher *hasher);

/* For another chain; forgets. */
void vhasher_use(struct vhasher *hasher, const struct vhash_parameters *parameters);

/* Hashes names that will be asked for, VHASHER_AHEAD at most; they are to stay. Those before are forgotten. False: one
 * of them comes out otherwise by libcrypto, so nothing can be judged. */
bool vhasher_ahead(struct vhasher *hasher, const uint8_t *const names[], unsigned count)
    __attribute__((warn_unused_result));

/* The entry of `name`, its hash computed; stays until VHASHER_KEPT others with as many labels were asked for. */
struct vhasher_entry *vhasher_look(struct vhasher *hasher, const uint8_t *name);
