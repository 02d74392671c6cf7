/* SPDX-License-Identifier: MIT */
/*
 * Built by clang's memory sanitizer (secret_branches.py). Private key and nonces are marked as never written to: a
 * branch or an address that depends on them ends the program, and so does one on anything that was computed from them.
 *
 *   secret_branches sign     makes signatures; exit 0, and their octets are known to hang on the secrets
 *   secret_branches branch   takes a branch that depends on a secret: must not get to its end
 *   secret_branches address  looks up what a secret says: likewise
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sanitizer/msan_interface.h>
#include <stdio.h>
#include <string.h>

#include "keystore/token_p256_wide.h"

static _Alignas(64) struct p256_table table;
static struct p256_batch batch;
static uint8_t secret[P256_SIZE];
static uint8_t points[2 * P256_DIGITS][2 * P256_SIZE];
static const char lines[256] = "what is looked up";

static void make_table(void)
{
	EC_GROUP *const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *const point = EC_POINT_new(group);
	BIGNUM *const x = BN_new();
	BIGNUM *const y = BN_new();
	for (int i = 0; i < 2 * P256_DIGITS; i++) {
		BN_one(x);
		BN_lshift(x, x, 6 * (i / 2) + i % 2);
		EC_POINT_mul(group, point, x, NULL, NULL, NULL);
		EC_POINT_get_affine_coordinates(group, point, x, y, NULL);
		BN_bn2binpad(x, points[i], P256_SIZE);
		BN_bn2binpad(y, points[i] + P256_SIZE, P256_SIZE);
	}
	__msan_unpoison(points, sizeof(points)); /* libcrypto is not built for the sanitizer */
	p256_wide_fill((const uint8_t(*)[2 * P256_SIZE]) points, &table);
	BN_free(x);
	BN_free(y);
	EC_POINT_free(point);
	EC_GROUP_free(group);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	memset(&batch, 0x5a, sizeof(batch));
	memset(secret, 0x5a, sizeof(secret));
	__msan_poison(secret, sizeof(secret));
	__msan_poison(batch.nonces, sizeof(batch.nonces));
	if (strcmp(argv[1], "branch") == 0 && batch.nonces[3][7] > 100)
		puts("a branch was taken");
	if (strcmp(argv[1], "address") == 0)
		putchar(lines[secret[3]]);
	make_table();
	for (size_t count = P256_LANES; count <= P256_MOST; count += P256_LANES) {
		memset(batch.signatures, 0, sizeof(batch.signatures));
		p256_wide_sign(&table, secret, &batch, count);
		for (size_t i = 0; i < count; i++)
			for (size_t octet = 0; octet < sizeof(batch.signatures[i]); octet++)
				if (__msan_test_shadow(&batch.signatures[i][octet], 1) != 0)
					return 3;
	}
	return 0;
}
