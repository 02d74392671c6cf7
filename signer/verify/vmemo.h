/* SPDX-License-Identifier: MIT */
/*
 * The proof memo's file: which signatures an earlier run has verified, so that a later one need not compute them again.
 *
 *   octets 0..7    "ZSMEMO1\n"
 *   32             id of the build that wrote it, hexadecimal digits
 *   256            the zone's name in wire form, lower case, filled up with zeros
 *   32             SHA-256 over the keys it was judged by (vmemo_use.c)
 *   8              when all signatures were last computed, seconds since 1970, most significant octet first
 *   8              number of entries
 *   8              zeros
 *   32 each        entries, ascending: SHA-256 over "zoneseal proof memo 1" and a zero octet, the algorithm's number,
 *                  and public key, signed data and signature, each behind its length in 32 bits
 *   32             SHA-256 over all of the above
 *
 * Damage, another format, build, zone or key set: it is not used, which costs time and nothing else. It is no defence
 * against a process of the same user that writes one on purpose; that is what the sample is for (vmemo_use.h).
 */
#pragma once

#include <openssl/evp.h>

#include "signer/base/utc.h"
#include "signer/verify/verify.h"
#include "signer/verify/vkeys.h"

enum {
	VMEMO_DIGEST = 32,
	VMEMO_BUILD = 32,
	VMEMO_ZONE = 256,
	VMEMO_HEAD = 8 + VMEMO_BUILD + VMEMO_ZONE + 32 + 8 + 8 + 8,
	VMEMO_WHY = 200
};

/* Whose memo it is. */
struct vmemo_head {
	char build[VMEMO_BUILD];
	uint8_t zone[VMEMO_ZONE];
	uint8_t keys[32];
	struct utc full;
	uint64_t count; /* of entries */
};

/* A memo that has been read; zero: none. */
struct vmemo {
	const uint8_t *octets; /* the file, mapped or borrowed */
	size_t size;
	void *mapped; /* NULL: borrowed */
	struct vmemo_head head;
	const uint8_t (*entries)[VMEMO_DIGEST];
	uint32_t *index; /* where entries of equal first 16 bits begin, and one more */
};

/* Reads and checks one of at most `most` entries. False: it is not to be used, `why` says so in words. */
bool vmemo_open(const struct verify_input *input, uint64_t most, struct vmemo *out, char why[VMEMO_WHY]);
void vmemo_close(struct vmemo *memo);

/* In time that grows with the logarithm of the entries, whatever they are. */
bool vmemo_has(const struct vmemo *memo, const uint8_t entry[VMEMO_DIGEST]);

/* False: libcrypto failed. */
bool vmemo_entry(EVP_MD_CTX *context, const EVP_MD *sha256, const struct vkey *key, struct bytes data,
    struct bytes signature, uint8_t out[VMEMO_DIGEST]);

/* What one worker found: entries in any order. */
struct vmemo_list {
	uint8_t (*entries)[VMEMO_DIGEST];
	size_t count, room;
};

void vmemo_add(struct vmemo_list *list, const uint8_t entry[VMEMO_DIGEST]);

/* Sorts the lists on all cores and writes them as one memo; head->count is made from them. False: not written, `why`
 * says so. Only a verify_input with a descriptor, or for tests an empty one with `memory`, can be written. */
bool vmemo_write(const struct verify_input *output, struct verify_octets *memory, struct vmemo_head *head,
    struct vmemo_list lists[], unsigned count, char why[VMEMO_WHY]);
