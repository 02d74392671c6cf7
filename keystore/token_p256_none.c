/* SPDX-License-Identifier: MIT */
/* Where the compiler has no instructions for it, or the build does not want it. */
#include <assert.h>

#include "keystore/token_p256.h"

struct token_p256 *token_p256_new(EVP_PKEY *pkey)
{
	(void)pkey;
	return NULL;
}

void token_p256_free(struct token_p256 *signer)
{
	assert(signer == NULL);
	(void)signer;
}

bool token_p256_sign(
    struct token_p256 *signer, const uint8_t digests[][P256_DIGEST], size_t count, uint8_t signatures[][P256_SIGNATURE])
{
	(void)signer;
	(void)digests;
	(void)count;
	(void)signatures;
	return false;
}
