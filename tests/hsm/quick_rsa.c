/* SPDX-License-Identifier: MIT */
/*
 * To be loaded before a program that uses SoftHSM: the RSA pairs under which a key is wrapped on its way from one token
 * to the next, 3072 bits long and half a second of work each, get 1024 bits. SoftHSM alone makes them by this function;
 * keys of zones have other sizes. The tests of hsm.py that are about such a pair run without this.
 */
#include <dlfcn.h>
#include <openssl/rsa.h>
#include <string.h>

enum { CARRIER_BITS = 3072, QUICK_BITS = 1024 };

/* As OpenSSL declares it, which calls it deprecated and may leave it out. */
int RSA_generate_key_ex(RSA *rsa, int bits, BIGNUM *exponent, BN_GENCB *progress);

int RSA_generate_key_ex(RSA *rsa, int bits, BIGNUM *exponent, BN_GENCB *progress)
{
	int (*real)(RSA *, int, BIGNUM *, BN_GENCB *) = NULL;
	void *const symbol = dlsym(RTLD_NEXT, "RSA_generate_key_ex");
	memcpy(&real, &symbol, sizeof(real));
	return real == NULL ? 0 : real(rsa, bits == CARRIER_BITS ? QUICK_BITS : bits, exponent, progress);
}
