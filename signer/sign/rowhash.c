/* SPDX-License-Identifier: MIT */
#include "signer/sign/rowhash.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/sign/rrsig.h"

struct rowhash {
	EVP_MD *sha256;
	EVP_MD_CTX *context;
	struct zonetext_buffer canonical;
};

struct rowhash *rowhash_new(void)
{
	struct rowhash *const hash = memory_calloc(1, sizeof(*hash));
	hash->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->context = EVP_MD_CTX_new();
	return hash;
}

void rowhash_free(struct rowhash *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_free(hash->sha256);
	EVP_MD_CTX_free(hash->context);
	zonetext_buffer_free(&hash->canonical);
	free(hash);
}

bool rowhash_of(struct rowhash *hash, const struct row *row, uint8_t out[ROWHASH_SIZE])
{
	hash->canonical.size = 0;
	rrsig_canonical_rows(&hash->canonical, row);
	return hash->sha256 != NULL && hash->context != NULL &&
	       EVP_DigestInit_ex2(hash->context, hash->sha256, NULL) == 1 &&
	       EVP_DigestUpdate(hash->context, hash->canonical.data, hash->canonical.size) == 1 &&
	       EVP_DigestFinal_ex(hash->context, out, NULL) == 1;
}
