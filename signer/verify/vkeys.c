/* SPDX-License-Identifier: MIT */
#include "signer/verify/vkeys.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum {
	RSA_EXPONENT_BITS = 64, /* more cost as much as signing; 17 is usual, and BIND takes 35 */
	RSA_SHA1 = 5,
	RSA_SHA1_NSEC3 = 7,
	RSA_SHA256 = 8,
	RSA_SHA512 = 10,
	P256 = 13,
	P384 = 14,
	ED25519 = 15,
	ED448 = 16
};

bool vkeys_computable(unsigned algorithm)
{
	switch (algorithm) {
	case RSA_SHA1:
	case RSA_SHA1_NSEC3:
	case RSA_SHA256:
	case RSA_SHA512:
	case P256:
	case P384:
	case ED25519:
	case ED448:
		return true;
	default:
		return false;
	}
}

uint16_t vkeys_tag(const uint8_t *rdata, size_t size)
{
	uint32_t sum = 0;
	if (size >= 7 && rdata[3] == 1) /* RSA/MD5 takes octets of the modulus (RFC 4034 B.1) */
		return (uint16_t)(rdata[size - 3] * 256 + rdata[size - 2]);
	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)rdata[i] << 8 : rdata[i];
	return (uint16_t)(sum + (sum >> 16));
}

static EVP_PKEY *key_from_params(const char *kind, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

/* Exponent behind its length, then the modulus (RFC 3110 2). */
static EVP_PKEY *rsa_key(struct bytes material, unsigned *bits)
{
	struct cursor in = cursor_init(material);
	size_t exponent_size = cursor_u8(&in);
	if (exponent_size == 0)
		exponent_size = cursor_u16(&in);
	const struct bytes exponent = cursor_take(&in, exponent_size);
	const struct bytes modulus = cursor_take(&in, cursor_left(&in));
	EVP_PKEY *key = NULL;
	if (in.failed || exponent.size == 0 || exponent.size > 512 || modulus.size < 64 || modulus.size > 512 ||
	    modulus.data[0] == 0 || exponent.data[0] == 0)
		return NULL;
	BIGNUM *const n = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
	BIGNUM *const e = BN_bin2bn(exponent.data, (int)exponent.size, NULL);
	OSSL_PARAM_BLD *const builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	if (n != NULL && e != NULL && builder != NULL && BN_is_odd(n) && BN_is_odd(e) &&
	    BN_num_bits(e) >= 2 && /* with 1 a signature is the padded digest: anyone can write it */
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(builder);
	if (params != NULL)
		key = key_from_params("RSA", params);
	if (key != NULL)
		*bits = (unsigned)BN_num_bits(n);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return key;
}

/* Both coordinates without the octet that says so (RFC 6605 4); OpenSSL refuses a point off the curve. */
static EVP_PKEY *curve_key(struct bytes material, const char *group, size_t size)
{
	uint8_t point[97];
	if (material.size != size)
		return NULL;
	point[0] = 4;
	memcpy(point + 1, material.data, size);
	char name[16];
	strncpy(name, group, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, size + 1),
		OSSL_PARAM_construct_end() };
	return key_from_params("EC", params);
}

/* The number that is `byte` at its low end, then `middle` repeated, then `top`. */
struct small_y {
	uint8_t low, middle, top;
};

/* Points that a small number times makes nothing: with such a key any signature verifies over many messages. The sign
 * of x, the highest bit, does not matter; p and p + 1 are other spellings of 0 and 1. */
static bool small_order_25519(const uint8_t *point)
{
	static const struct small_y plain[] = { { 0, 0, 0 }, { 1, 0, 0 }, { 0xec, 0xff, 0x7f }, { 0xed, 0xff, 0x7f },
		{ 0xee, 0xff, 0x7f } };
	static const uint8_t of_order_8[2][32] = { { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
						       0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
						       0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
		    0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a } };
	const uint8_t top = point[31] & 0x7f;
	for (size_t i = 0; i < 2; i++)
		if (memcmp(point, of_order_8[i], 31) == 0 && top == of_order_8[i][31])
			return true;
	bool even = true;
	for (size_t i = 2; i < 31; i++)
		even = even && point[i] == point[1];
	for (size_t i = 0; i < COUNT(plain); i++)
		if (even && point[0] == plain[i].low && point[1] == plain[i].middle && top == plain[i].top)
			return true;
	return false;
}

/* The same for Ed448: y of 0, 1 and p - 1, and p and p + 1 where p = 2^448 - 2^224 - 1. */
static bool small_order_448(const uint8_t *point)
{
	static const struct {
		uint8_t low, first, at_28, second;
	} plain[] = { { 0, 0, 0, 0 }, { 1, 0, 0, 0 }, { 0xfe, 0xff, 0xfe, 0xff }, { 0xff, 0xff, 0xfe, 0xff },
		{ 0, 0, 0xff, 0xff } };
	bool even = true;
	for (size_t i = 1; i < 56; i++)
		even = even && (i == 28 || point[i] == point[i < 28 ? 1 : 29]);
	for (size_t i = 0; i < COUNT(plain); i++)
		if (even && (point[56] & 0x7f) == 0 && point[0] == plain[i].low && point[1] == plain[i].first &&
		    point[28] == plain[i].at_28 && point[29] == plain[i].second)
			return true;
	return false;
}

static EVP_PKEY *edwards_key(struct bytes material, bool is_448)
{
	if (material.size != (is_448 ? 57 : 32) ||
	    (is_448 ? small_order_448(material.data) : small_order_25519(material.data)))
		return NULL;
	return EVP_PKEY_new_raw_public_key(
	    is_448 ? EVP_PKEY_ED448 : EVP_PKEY_ED25519, NULL, material.data, material.size);
}

/* A long exponent is legal (RFC 3110 2), and makes each signature of the key as dear as a private operation. */
static bool costly_exponent(struct bytes material)
{
	struct cursor in = cursor_init(material);
	size_t size = cursor_u8(&in);
	if (size == 0)
		size = cursor_u16(&in);
	cursor_take(&in, size);
	return !in.failed && cursor_left(&in) > 0 && size > RSA_EXPONENT_BITS / 8;
}

static void parse_material(struct vkey *key)
{
	const struct bytes material = { key->rdata + 4, key->size - 4 };
	switch (key->algorithm) {
	case RSA_SHA1:
	case RSA_SHA1_NSEC3:
	case RSA_SHA256:
	case RSA_SHA512:
		key->computable = !costly_exponent(material);
		if (!key->computable)
			return;
		key->key = rsa_key(material, &key->bits);
		break;
	case P256:
		key->key = curve_key(material, "P-256", 64);
		break;
	case P384:
		key->key = curve_key(material, "P-384", 96);
		break;
	case ED25519:
	case ED448:
		key->key = edwards_key(material, key->algorithm == ED448);
		break;
	default:
		return;
	}
	if (key->key == NULL)
		key->fault = "the key material has not the form of its algorithm, or anyone can sign with it";
}

struct vkey *vkeys_add(struct vkeys *keys, const uint8_t *rdata, size_t size, uint32_t line)
{
	if (keys->count == VKEYS_MAX)
		return NULL;
	if (keys->all == NULL)
		keys->all = memory_calloc(VKEYS_MAX, sizeof(*keys->all));
	struct vkey *const key = &keys->all[keys->count++];
	*key = (struct vkey){ .rdata = rdata, .size = size, .line = line };
	if (size < 5) {
		key->fault = "no key material";
		return key;
	}
	key->flags = bytes_get_u16(rdata);
	key->protocol = rdata[2];
	key->algorithm = rdata[3];
	key->tag = vkeys_tag(rdata, size);
	key->computable = vkeys_computable(key->algorithm);
	if (key->protocol != 3)
		key->fault = "protocol is not 3 (RFC 4034 2.1.2)";
	else
		parse_material(key);
	return key;
}

void vkeys_add_set(struct vkeys *keys, struct vset set)
{
	size_t octets = 0;
	for (size_t i = 0; i < set.count; i++) {
		if (set.first[i].spare)
			continue;
		octets += set.first[i].size;
		if (octets > VKEYS_OCTETS ||
		    vkeys_add(keys, set.first[i].rdata, set.first[i].size, set.first[i].line) == NULL) {
			keys->left_out = true;
			return;
		}
	}
}

void vkeys_free(struct vkeys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		EVP_PKEY_free(keys->all[i].key);
	free(keys->all);
	*keys = (struct vkeys){ .count = 0 };
}

const struct vkey *vkeys_find(const struct vkeys *keys, const uint8_t *rdata, size_t size)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->all[i].size == size && memcmp(keys->all[i].rdata, rdata, size) == 0)
			return &keys->all[i];
	return NULL;
}

bool vkeys_ds_matches(const uint8_t *ds, size_t size, const struct vkey *key, const uint8_t *apex, bool *known)
{
	*known = false;
	if (size < 5)
		return false;
	const char *const digest = ds[3] == 1 ? "SHA1" : ds[3] == 2 ? "SHA256" : ds[3] == 4 ? "SHA384" : NULL;
	if (digest == NULL)
		return false;
	*known = true;
	if (bytes_get_u16(ds) != key->tag || ds[2] != key->algorithm)
		return false;
	uint8_t made[EVP_MAX_MD_SIZE];
	unsigned made_size = 0;
	uint8_t owner[VNAME_MAX];
	memcpy(owner, apex, vname_size(apex));
	vname_fold(owner);
	EVP_MD *const md = EVP_MD_fetch(NULL, digest, NULL);
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	const bool good = md != NULL && context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1 &&
			  EVP_DigestUpdate(context, owner, vname_size(owner)) == 1 &&
			  EVP_DigestUpdate(context, key->rdata, key->size) == 1 &&
			  EVP_DigestFinal_ex(context, made, &made_size) == 1 && size - 4 == made_size &&
			  memcmp(ds + 4, made, made_size) == 0;
	EVP_MD_CTX_free(context);
	EVP_MD_free(md);
	return good;
}

/* The contexts of one key in one worker. */
struct ready {
	const struct vkey *key;
	EVP_PKEY_CTX *context; /* checks a ready digest */
	EVP_MD_CTX *one_shot;  /* EdDSA, which hashes on its own */
};

struct vverifier {
	struct ready *ready;
	size_t count;
	size_t room;
	EVP_MD_CTX *digest;
	EVP_MD *sha1, *sha256, *sha384, *sha512;
};

struct vverifier *vverifier_new(void)
{
	struct vverifier *const v = memory_calloc(1, sizeof(*v));
	v->digest = EVP_MD_CTX_new();
	v->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	v->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	v->sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
	v->sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
	return v;
}

void vverifier_free(struct vverifier *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->count; i++) {
		EVP_PKEY_CTX_free(v->ready[i].context);
		EVP_MD_CTX_free(v->ready[i].one_shot);
	}
	free(v->ready);
	EVP_MD_CTX_free(v->digest);
	EVP_MD_free(v->sha1);
	EVP_MD_free(v->sha256);
	EVP_MD_free(v->sha384);
	EVP_MD_free(v->sha512);
	free(v);
}

static const EVP_MD *digest_of(const struct vverifier *v, unsigned algorithm)
{
	switch (algorithm) {
	case RSA_SHA1:
	case RSA_SHA1_NSEC3:
		return v->sha1;
	case RSA_SHA256:
	case P256:
		return v->sha256;
	case P384:
		return v->sha384;
	case RSA_SHA512:
		return v->sha512;
	default:
		return NULL;
	}
}

static EVP_PKEY_CTX *digest_context(const struct vverifier *v, const struct vkey *key)
{
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(key->key, NULL);
	if (context != NULL && EVP_PKEY_verify_init(context) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(context, digest_of(v, key->algorithm)) == 1 &&
	    (key->bits == 0 || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1))
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

/* Made at the key's first use. A context belongs to one key: OpenSSL keeps the key it was first given. */
static struct ready *ready_for(struct vverifier *v, const struct vkey *key)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->ready[i].key == key)
			return &v->ready[i];
	if (v->count == v->room) {
		v->room = 2 * v->room + 8;
		v->ready = memory_resize(v->ready, v->room, sizeof(*v->ready));
	}
	struct ready *const made = &v->ready[v->count++];
	*made = (struct ready){ .key = key };
	if (digest_of(v, key->algorithm) == NULL)
		made->one_shot = EVP_MD_CTX_new();
	else
		made->context = digest_context(v, key);
	return made;
}

/* An INTEGER of DER from an unsigned number: no leading zeros but one before a high bit. */
static size_t put_integer(uint8_t *out, const uint8_t *number, size_t size)
{
	while (size > 1 && *number == 0) {
		number++;
		size--;
	}
	const size_t extra = number[0] >> 7;
	out[0] = 2;
	out[1] = (uint8_t)(size + extra);
	out[2] = 0;
	memcpy(out + 2 + extra, number, size);
	return 2 + extra + size;
}

/* DNSSEC writes r and s side by side (RFC 6605 4), OpenSSL wants a SEQUENCE of INTEGERs; below 128 octets. */
static size_t put_ecdsa(uint8_t out[112], struct bytes signature)
{
	const size_t half = signature.size / 2;
	size_t used = 2;
	used += put_integer(out + used, signature.data, half);
	used += put_integer(out + used, signature.data + half, half);
	out[0] = 0x30;
	out[1] = (uint8_t)(used - 2);
	return used;
}

static bool check_one_shot(const struct ready *ready, struct bytes data, struct bytes signature)
{
	const size_t size = ready->key->algorithm == ED25519 ? 64 : 114;
	return signature.size == size && ready->one_shot != NULL &&
	       EVP_DigestVerifyInit(ready->one_shot, NULL, NULL, NULL, ready->key->key) == 1 &&
	       EVP_DigestVerify(ready->one_shot, signature.data, signature.size, data.data, data.size) == 1;
}

bool vverifier_check(struct vverifier *v, const struct vkey *key, struct bytes data, struct bytes signature)
{
	uint8_t made[EVP_MAX_MD_SIZE];
	unsigned made_size = 0;
	uint8_t der[112];
	if (key->key == NULL || signature.size == 0)
		return false;
	const struct ready *const ready = ready_for(v, key);
	const EVP_MD *const digest = digest_of(v, key->algorithm);
	if (digest == NULL)
		return check_one_shot(ready, data, signature);
	if (key->algorithm == P256 || key->algorithm == P384) {
		if (signature.size != (key->algorithm == P256 ? 64 : 96))
			return false;
		signature = (struct bytes){ der, put_ecdsa(der, signature) };
	}
	return ready->context != NULL && EVP_DigestInit_ex2(v->digest, digest, NULL) == 1 &&
	       EVP_DigestUpdate(v->digest, data.data, data.size) == 1 &&
	       EVP_DigestFinal_ex(v->digest, made, &made_size) == 1 &&
	       EVP_PKEY_verify(ready->context, signature.data, signature.size, made, made_size) == 1;
}
