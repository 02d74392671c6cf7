/* SPDX-License-Identifier: MIT */
#include "signer/verify/vproof.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "signer/verify/vp256.h"

/*
 * OpenSSL's table costs as much as 450 verifications by it spare (23 ms against 51 us each, OpenSSL 3.0 on an EPYC),
 * one for eight at a time a tenth of that; both are made by one thread while others wait. MOST_TABLES bounds what a
 * zone with hundreds of keys can ask for.
 */
enum { ENOUGH_SIGNATURES = 1000, MOST_TABLES = 8, ALGORITHM = 13, FIRST_SAMPLES = 8, RANDOM_OCTETS = 256 };

struct vproofs {
	const struct vrun *run;
	struct vp256_key *tables[VKEYS_MAX]; /* by index into known */
	size_t count;
};

struct vprover {
	const struct vproofs *proofs;
	struct vp256_place *place; /* NULL: nothing can be proven */
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	struct vbuffer data;
	struct vp256_item items[VP256_BATCH];
	struct vsignature *signatures[VP256_BATCH];
	size_t keys[VP256_BATCH]; /* of the items: index into known */
	size_t count;
	uint8_t random[RANDOM_OCTETS];
	size_t random_left;
	unsigned sampled;
};

static bool may_have_table(const struct vkey *key)
{
	return key->algorithm == ALGORITHM && key->key != NULL && key->size == 4 + VP256_POINT;
}

/* How many signatures name each of the published keys by algorithm and tag; those of equal tag count for each. Stops
 * when all that may have a table have enough. */
static void count_signatures(const struct vrun *run, size_t enough, size_t counts[VKEYS_MAX])
{
	size_t wanting = 0;
	for (size_t k = 0; k < run->published; k++)
		wanting += may_have_table(&run->known.all[k]);
	for (size_t i = 0; i < run->zone.file.count && wanting > 0; i++) {
		const struct vrecord *const record = &run->zone.records[i];
		if (record->type != VTYPE_RRSIG || record->size < 18 || record->rdata[2] != ALGORITHM)
			continue;
		const uint16_t tag = bytes_get_u16(record->rdata + 16);
		for (size_t k = 0; k < run->published; k++)
			if (run->known.all[k].tag == tag && may_have_table(&run->known.all[k]))
				wanting -= ++counts[k] == enough;
	}
}

static void make_tables(struct vproofs *proofs, const size_t counts[VKEYS_MAX], size_t enough)
{
	for (size_t k = 0; k < proofs->run->published && proofs->count < MOST_TABLES; k++) {
		const struct vkey *const key = &proofs->run->known.all[k];
		if (counts[k] < enough)
			continue;
		proofs->tables[k] = vp256_key_new(key->rdata + 4, true);
		proofs->count += proofs->tables[k] != NULL;
	}
}

static bool any_enough(const size_t counts[VKEYS_MAX], size_t enough)
{
	for (size_t k = 0; k < VKEYS_MAX; k++)
		if (counts[k] >= enough)
			return true;
	return false;
}

enum status vproofs_make(const struct vrun *run, struct vproofs **out, struct error *err)
{
	const enum verify_tables wish = run->options->tables;
	const size_t enough = wish == VERIFY_TABLES_ALWAYS ? 1 : ENOUGH_SIGNATURES;
	size_t counts[VKEYS_MAX] = { 0 };
	struct vproofs *const proofs = memory_calloc(1, sizeof(*proofs));
	enum status status = STATUS_OK;
	proofs->run = run;
	if (wish != VERIFY_TABLES_NEVER && vp256_built_in())
		count_signatures(run, enough, counts);
	if (any_enough(counts, enough) && wish == VERIFY_TABLES_AUTO)
		status = verify_self_test_tables(err);
	if (status != STATUS_OK) {
		vproofs_free(proofs);
		return status;
	}
	make_tables(proofs, counts, enough);
	*out = proofs;
	return STATUS_OK;
}

void vproofs_free(struct vproofs *proofs)
{
	if (proofs == NULL)
		return;
	for (size_t k = 0; k < VKEYS_MAX; k++)
		vp256_key_free(proofs->tables[k]);
	free(proofs);
}

struct vprover *vprover_new(const struct vproofs *proofs)
{
	struct vprover *const prover = memory_calloc(1, sizeof(*prover));
	prover->proofs = proofs;
	if (proofs->count == 0)
		return prover;
	prover->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	prover->digest = EVP_MD_CTX_new();
	if (prover->sha256 != NULL && prover->digest != NULL)
		prover->place = vp256_place_new();
	return prover;
}

void vprover_free(struct vprover *prover)
{
	if (prover == NULL)
		return;
	vp256_place_free(prover->place);
	EVP_MD_CTX_free(prover->digest);
	EVP_MD_free(prover->sha256);
	free(prover->data.octets);
	free(prover);
}

/* The first published key of the signature's algorithm and tag that has a table; SIZE_MAX: none. */
static size_t find_table(const struct vproofs *proofs, const struct vsignature *signature)
{
	for (size_t k = 0; k < proofs->run->published; k++)
		if (proofs->tables[k] != NULL && proofs->run->known.all[k].tag == signature->tag)
			return k;
	return SIZE_MAX;
}

static bool hash(struct vprover *prover, uint8_t out[VP256_DIGEST])
{
	return EVP_DigestInit_ex2(prover->digest, prover->sha256, NULL) == 1 &&
	       EVP_DigestUpdate(prover->digest, prover->data.octets, prover->data.size) == 1 &&
	       EVP_DigestFinal_ex(prover->digest, out, NULL) == 1;
}

void vprover_add(struct vprover *prover, struct vsignature *signature, const struct vsubject *subject)
{
	if (prover->place == NULL || signature->algorithm != ALGORITHM || signature->bytes.size != VP256_SIGNATURE)
		return;
	const size_t key = find_table(prover->proofs, signature);
	if (key == SIZE_MAX)
		return;
	struct vp256_item *const item = &prover->items[prover->count];
	vsigned_data(signature, subject, &prover->data);
	if (!hash(prover, item->digest))
		return;
	item->key = prover->proofs->tables[key];
	memcpy(item->signature, signature->bytes.data, VP256_SIGNATURE);
	prover->signatures[prover->count] = signature;
	prover->keys[prover->count++] = key;
	if (prover->count == VP256_BATCH)
		vprover_finish(prover);
}

void vprover_finish(struct vprover *prover)
{
	if (prover->count == 0)
		return;
	vp256_check(prover->place, prover->items, prover->count);
	for (size_t i = 0; i < prover->count; i++)
		if (prover->items[i].good)
			prover->signatures[i]->proven = prover->keys[i];
	prover->count = 0;
}

bool vprover_sample(struct vprover *prover)
{
	if (prover->sampled < FIRST_SAMPLES) {
		prover->sampled++;
		return true;
	}
	if (prover->random_left == 0) {
		if (RAND_bytes(prover->random, RANDOM_OCTETS) != 1)
			return true; /* without a die all are judged again */
		prover->random_left = RANDOM_OCTETS;
	}
	return prover->random[--prover->random_left] == 0;
}
