/* SPDX-License-Identifier: MIT */
/*
 * Public keys: from DNSKEY RDATA to something that verifies, and DS that point to them.
 *
 * Keys are parsed once and shared; each worker has a `struct vverifier` with contexts that are set up once per key.
 */
#pragma once

#include <openssl/evp.h>

#include "signer/base/bytes.h"
#include "signer/verify/vzone.h"

enum { VKEY_ZONE = 0x0100, VKEY_REVOKE = 0x0080, VKEY_SEP = 0x0001, VKEYS_MAX = 512, VKEYS_TRIED = 16 };

/* Octets of the DNSKEY RRset that are read: no message carries more (RFC 1035 4.2.2). */
enum { VKEYS_OCTETS = 65535 };

enum vkey_use {
	VKEY_PUBLISH = 1,
	VKEY_KSK = 2,
	VKEY_ZSK = 4,
	VKEY_OLD = 8,
	VKEY_STANDBY = 16,
	VKEY_DROPPED = 32,
	VKEY_INSTEAD = 64
};

struct vkey {
	const uint8_t *rdata;
	size_t size;
	uint32_t line;
	uint16_t flags;
	uint16_t tag;
	uint8_t protocol;
	uint8_t algorithm;
	unsigned uses;     /* of an expected key: enum vkey_use */
	unsigned bits;     /* of an RSA modulus */
	bool computable;   /* an algorithm that this program knows */
	const char *fault; /* what is wrong with the key's form, or NULL */
	EVP_PKEY *key;     /* NULL if not computable or faulty */
};

struct vkeys {
	struct vkey *all;
	size_t count;
	bool left_out; /* some were not added: see vkeys_add_set */
};

/* Whether this program can compute signatures of the algorithm. */
bool vkeys_computable(unsigned algorithm);

/* RFC 4034 appendix B. */
uint16_t vkeys_tag(const uint8_t *rdata, size_t size);

/* Adds a key; `rdata` is borrowed. Returns NULL when there are VKEYS_MAX already. */
struct vkey *vkeys_add(struct vkeys *keys, const uint8_t *rdata, size_t size, uint32_t line);

/* All of a DNSKEY RRset, copies left out, as far as a message carries them. */
void vkeys_add_set(struct vkeys *keys, struct vset set);
void vkeys_free(struct vkeys *keys);

/* Equal RDATA. */
const struct vkey *vkeys_find(const struct vkeys *keys, const uint8_t *rdata, size_t size);

/* Whether a DS (its RDATA) is the digest of the key at `apex`: tag, algorithm and digest. `known` tells whether the
 * digest type is one that can be computed. */
bool vkeys_ds_matches(const uint8_t *ds, size_t size, const struct vkey *key, const uint8_t *apex, bool *known);

/* One worker's contexts. */
struct vverifier;
struct vverifier *vverifier_new(void);
void vverifier_free(struct vverifier *verifier);

/* Whether signature[0..size) over data verifies with the key; the key has `key->key`. */
bool vverifier_check(struct vverifier *verifier, const struct vkey *key, struct bytes data, struct bytes signature);
