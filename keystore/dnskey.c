/* SPDX-License-Identifier: MIT */
#include "keystore/dnskey.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "signer/base/bytes.h"

enum { PROTOCOL = 3, EXPONENT_SHORT_MAX = 255, ECDSA_DER_MAX = 2 + 2 * (3 + 48) };

/* The parts of an RSA public key field. */
struct rsa_parts {
	struct bytes exponent;
	struct bytes modulus;
};

static unsigned bit_length(struct bytes number)
{
	if (number.size == 0)
		return 0;
	unsigned bits = (unsigned)(number.size - 1) * 8;
	for (unsigned top = number.data[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

/* RFC 3110 2: one octet of exponent length, or zero and two octets if the length is above 255; no leading zeros. */
static bool split_rsa(const uint8_t *public_key, size_t size, struct rsa_parts *out)
{
	struct cursor at = cursor_init((struct bytes){ public_key, size });
	size_t exponent_size = cursor_u8(&at);
	if (exponent_size == 0) {
		exponent_size = cursor_u16(&at);
		if (exponent_size <= EXPONENT_SHORT_MAX)
			return false;
	}
	out->exponent = cursor_take(&at, exponent_size);
	out->modulus = cursor_take(&at, cursor_left(&at));
	return !at.failed && out->modulus.size > 0 && out->exponent.data[0] != 0 && out->modulus.data[0] != 0;
}

static enum status refuse(struct error *err, const struct algorithm *algorithm, const char *what)
{
	ERR_clear_error();
	return error_set(err, STATUS_KEY, "%s public key: %s", algorithm->name, what);
}

static enum status rsa_from_pkey(
    const struct algorithm *algorithm, EVP_PKEY *pkey, uint8_t *out, uint16_t *out_size, struct error *err)
{
	enum status status = STATUS_KEY;
	BIGNUM *e = NULL;
	BIGNUM *n = NULL;
	uint8_t buffer[KEY_PUBLIC_MAX];
	size_t at = 0;
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1 ||
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1) {
		refuse(err, algorithm, "cannot be read");
		goto done;
	}
	const unsigned bits = (unsigned)BN_num_bits(n);
	if (bits < algorithm->least_bits || bits > algorithm->most_bits) {
		error_set(err, STATUS_KEY, "%s public key: modulus of %u bits, accepted are %u to %u", algorithm->name,
		    bits, algorithm->least_bits, algorithm->most_bits);
		goto done;
	}
	const size_t e_size = (size_t)BN_num_bytes(e);
	const size_t n_size = (size_t)BN_num_bytes(n);
	if (3 + e_size + n_size > sizeof(buffer)) {
		refuse(err, algorithm, "exponent too long");
		goto done;
	}
	if (e_size <= EXPONENT_SHORT_MAX) {
		buffer[at++] = (uint8_t)e_size;
	} else {
		buffer[at++] = 0;
		bytes_put_u16(buffer + at, (uint16_t)e_size);
		at += 2;
	}
	at += (size_t)BN_bn2bin(e, buffer + at);
	at += (size_t)BN_bn2bin(n, buffer + at);
	memcpy(out, buffer, at);
	*out_size = (uint16_t)at;
	status = STATUS_OK;
done:
	BN_free(e);
	BN_free(n);
	return status;
}

/* RFC 6605 4: x | y of the uncompressed point, without the leading 0x04. */
static enum status ec_from_pkey(
    const struct algorithm *algorithm, EVP_PKEY *pkey, uint8_t *out, uint16_t *out_size, struct error *err)
{
	char group[32];
	uint8_t point[1 + 2 * 66];
	size_t size = 0;
	const char *const names[] = { algorithm->curve,
		strcmp(algorithm->curve, "P-256") == 0 ? "prime256v1" : "secp384r1" };
	if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) != 1 ||
	    (strcmp(group, names[0]) != 0 && strcmp(group, names[1]) != 0))
		return refuse(err, algorithm, "another curve");
	if (EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1 ||
	    EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point), &size) !=
		1 ||
	    size != 1 + algorithm->signature_size || point[0] != 4)
		return refuse(err, algorithm, "cannot be read");
	memcpy(out, point + 1, size - 1);
	*out_size = (uint16_t)(size - 1);
	return STATUS_OK;
}

/* RFC 8080 3. */
static enum status edwards_from_pkey(
    const struct algorithm *algorithm, EVP_PKEY *pkey, uint8_t *out, uint16_t *out_size, struct error *err)
{
	uint8_t raw[57];
	size_t size = sizeof(raw);
	if (EVP_PKEY_get_raw_public_key(pkey, raw, &size) != 1 || size != algorithm->signature_size / 2)
		return refuse(err, algorithm, "cannot be read");
	memcpy(out, raw, size);
	*out_size = (uint16_t)size;
	return STATUS_OK;
}

enum status dnskey_public_from_pkey(const struct algorithm *algorithm, EVP_PKEY *pkey, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *out_size, struct error *err)
{
	if (EVP_PKEY_is_a(pkey, algorithm->key_type) != 1)
		return refuse(err, algorithm, "is of another type");
	if (algorithm->least_bits > 0)
		return rsa_from_pkey(algorithm, pkey, out, out_size, err);
	if (algorithm->curve != NULL)
		return ec_from_pkey(algorithm, pkey, out, out_size, err);
	return edwards_from_pkey(algorithm, pkey, out, out_size, err);
}

/* An OpenSSL key from parameters; NULL if OpenSSL does not take them. */
static EVP_PKEY *pkey_from_params(const char *type, OSSL_PARAM params[])
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

/* OSSL_PARAM carries integers in the machine's order. */
static void reverse_copy(uint8_t *to, struct bytes from)
{
	for (size_t i = 0; i < from.size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		to[i] = from.data[from.size - 1 - i];
#else
		to[i] = from.data[i];
#endif
}

/* Both without leading zeros. */
static bool below(struct bytes a, struct bytes b)
{
	return a.size != b.size ? a.size < b.size : memcmp(a.data, b.data, a.size) < 0;
}

static enum status rsa_to_pkey(
    const struct algorithm *algorithm, const uint8_t *public_key, size_t size, EVP_PKEY **out, struct error *err)
{
	struct rsa_parts parts;
	if (!split_rsa(public_key, size, &parts))
		return refuse(err, algorithm, "lengths do not fit or there are leading zeros (RFC 3110 2)");
	const unsigned bits = bit_length(parts.modulus);
	if (bits < algorithm->least_bits || bits > algorithm->most_bits)
		return error_set(err, STATUS_KEY, "%s public key: modulus of %u bits, accepted are %u to %u",
		    algorithm->name, bits, algorithm->least_bits, algorithm->most_bits);
	const bool odd =
	    (parts.modulus.data[parts.modulus.size - 1] & parts.exponent.data[parts.exponent.size - 1] & 1) != 0;
	if (!odd || bit_length(parts.exponent) < 2 || !below(parts.exponent, parts.modulus))
		return refuse(
		    err, algorithm, "exponent and modulus must be odd, the exponent 3 at least and below the modulus");
	uint8_t e[KEY_PUBLIC_MAX];
	uint8_t n[KEY_PUBLIC_MAX];
	reverse_copy(e, parts.exponent);
	reverse_copy(n, parts.modulus);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, parts.modulus.size),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, parts.exponent.size),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *const pkey = pkey_from_params("RSA", params);
	if (pkey == NULL)
		return refuse(err, algorithm, "refused by OpenSSL");
	*out = pkey;
	return STATUS_OK;
}

static enum status ec_to_pkey(
    const struct algorithm *algorithm, const uint8_t *public_key, size_t size, EVP_PKEY **out, struct error *err)
{
	if (size != algorithm->signature_size)
		return error_set(err, STATUS_KEY, "%s public key: %zu octets, must be %zu (RFC 6605 4)",
		    algorithm->name, size, algorithm->signature_size);
	uint8_t point[1 + 96] = { 4 };
	char group[] = "P-000";
	memcpy(point + 1, public_key, size);
	memcpy(group, algorithm->curve, sizeof(group));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, size + 1),
		OSSL_PARAM_construct_end(),
	};
	/* Decoding a point checks that both coordinates are in range and that it is on the curve; neither curve has a
	 * cofactor. */
	EVP_PKEY *const pkey = pkey_from_params("EC", params);
	if (pkey == NULL)
		return refuse(err, algorithm, "the point is not on the curve");
	*out = pkey;
	return STATUS_OK;
}

/* The curves of RFC 8032: a x^2 + y^2 = 1 + d x^2 y^2. */
struct edwards {
	const char *prime;
	const char *d; /* for Ed25519: the numerator over `d_below` */
	unsigned long d_below;
	bool a_is_minus_one;
	size_t size;
};

static const struct edwards *edwards_curve(const struct algorithm *algorithm)
{
	static const struct edwards curves[] = {
		{ .prime = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED",
		    .d = "-1DB41",
		    .d_below = 121666,
		    .a_is_minus_one = true,
		    .size = 32 },
		{ .prime = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
			   "FFFFFFFFFFFFFFFFFFFFFFFFFFFF",
		    .d = "-98A9",
		    .d_below = 1,
		    .a_is_minus_one = false,
		    .size = 57 },
	};
	return &curves[algorithm->signature_size / 2 == curves[0].size ? 0 : 1];
}

/* Whether x^2 = (y^2 - 1) / (d y^2 - a) has a solution other than 0 (RFC 8032 5.1.3, 5.2.3); times the square of
 * d_below times the denominator, which changes no residue. x = 0 is left out: its points have order 1 or 2. */
static bool on_curve(const struct edwards *curve, const BIGNUM *prime, const BIGNUM *y, BN_CTX *context)
{
	BN_CTX_start(context);
	BIGNUM *d = BN_CTX_get(context);
	BIGNUM *const square = BN_CTX_get(context);
	BIGNUM *const above = BN_CTX_get(context);
	BIGNUM *const below = BN_CTX_get(context);
	bool good = below != NULL && BN_hex2bn(&d, curve->d) > 0 && BN_mod_sqr(square, y, prime, context) == 1 &&
		    BN_copy(above, square) != NULL && BN_sub_word(above, 1) == 1 &&
		    BN_mul_word(above, curve->d_below) == 1 && BN_mul(below, square, d, context) == 1;
	if (good)
		good = (curve->a_is_minus_one ? BN_add_word(below, curve->d_below)
					      : BN_sub_word(below, curve->d_below)) == 1;
	good = good && BN_mod_mul(above, above, below, prime, context) == 1 && !BN_is_zero(above) &&
	       BN_kronecker(above, prime, context) == 1;
	BN_CTX_end(context);
	return good;
}

static bool edwards_point_is_good(const struct algorithm *algorithm, const uint8_t *public_key)
{
	const struct edwards *const curve = edwards_curve(algorithm);
	uint8_t y_octets[57];
	memcpy(y_octets, public_key, curve->size);
	y_octets[curve->size - 1] &= 0x7f; /* the sign of x */
	BIGNUM *prime = NULL;
	BIGNUM *const y = BN_lebin2bn(y_octets, (int)curve->size, NULL);
	BN_CTX *const context = BN_CTX_new();
	const bool good = y != NULL && context != NULL && BN_hex2bn(&prime, curve->prime) > 0 && BN_cmp(y, prime) < 0 &&
			  on_curve(curve, prime, y, context);
	BN_CTX_free(context);
	BN_free(y);
	BN_free(prime);
	return good;
}

static enum status edwards_to_pkey(
    const struct algorithm *algorithm, const uint8_t *public_key, size_t size, EVP_PKEY **out, struct error *err)
{
	if (size != algorithm->signature_size / 2)
		return error_set(err, STATUS_KEY, "%s public key: %zu octets, must be %zu (RFC 8080 3)",
		    algorithm->name, size, algorithm->signature_size / 2);
	if (!edwards_point_is_good(algorithm, public_key))
		return refuse(err, algorithm, "the point is not on the curve");
	EVP_PKEY *const pkey = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->key_type, NULL, public_key, size);
	if (pkey == NULL)
		return refuse(err, algorithm, "refused by OpenSSL");
	*out = pkey;
	return STATUS_OK;
}

enum status dnskey_public_to_pkey(
    const struct algorithm *algorithm, const uint8_t *public_key, size_t size, EVP_PKEY **out, struct error *err)
{
	if (size > KEY_PUBLIC_MAX)
		return refuse(err, algorithm, "too long");
	if (algorithm->least_bits > 0)
		return rsa_to_pkey(algorithm, public_key, size, out, err);
	if (algorithm->curve != NULL)
		return ec_to_pkey(algorithm, public_key, size, out, err);
	return edwards_to_pkey(algorithm, public_key, size, out, err);
}

/* r | s (RFC 6605 4) to Ecdsa-Sig-Value; the size, or 0. */
static size_t join_ecdsa(struct bytes signature, uint8_t out[ECDSA_DER_MAX])
{
	size_t at = 2;
	for (size_t half = 0; half < 2; half++) {
		struct bytes number = { signature.data + half * signature.size / 2, signature.size / 2 };
		while (number.size > 1 && number.data[0] == 0) {
			number.data++;
			number.size--;
		}
		const size_t sign = number.data[0] >> 7;
		out[at] = 0x02;
		out[at + 1] = (uint8_t)(number.size + sign);
		out[at + 2] = 0;
		memcpy(out + at + 2 + sign, number.data, number.size);
		at += 2 + sign + number.size;
	}
	out[0] = 0x30;
	out[1] = (uint8_t)(at - 2);
	return at;
}

bool dnskey_verify(const struct algorithm *algorithm, EVP_PKEY *pkey, struct bytes data, struct bytes signature)
{
	uint8_t der[ECDSA_DER_MAX];
	if (algorithm->signature_size > 0 && signature.size != algorithm->signature_size)
		return false;
	if (algorithm->curve != NULL)
		signature = (struct bytes){ der, join_ecdsa(signature, der) };
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	const bool good = context != NULL &&
			  EVP_DigestVerifyInit_ex(context, NULL, algorithm->digest, NULL, NULL, pkey, NULL) == 1 &&
			  EVP_DigestVerify(context, signature.data, signature.size, data.data, data.size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good;
}

static size_t rdata_with(const struct key *key, uint16_t flags, uint8_t out[DNSKEY_RDATA])
{
	assert(key->public_size <= KEY_PUBLIC_MAX);
	bytes_put_u16(out, flags);
	out[2] = PROTOCOL;
	out[3] = key->algorithm;
	memcpy(out + 4, key->public_key, key->public_size);
	return (size_t)4 + key->public_size;
}

bool dnskey_verify_by(const struct key *key, struct bytes data, struct bytes signature)
{
	struct error ignored;
	EVP_PKEY *pkey = NULL;
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	const bool good =
	    algorithm != NULL &&
	    dnskey_public_to_pkey(algorithm, key->public_key, key->public_size, &pkey, &ignored) == STATUS_OK &&
	    dnskey_verify(algorithm, pkey, data, signature);
	EVP_PKEY_free(pkey);
	return good;
}

size_t dnskey_rdata(const struct key *key, uint8_t out[DNSKEY_RDATA])
{
	return rdata_with(key, key_published_flags(key), out);
}

uint16_t dnskey_tag(const uint8_t *rdata, size_t size)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum += (i & 1) != 0 ? rdata[i] : (uint32_t)rdata[i] << 8;
	sum += sum >> 16 & 0xffff;
	return (uint16_t)(sum & 0xffff);
}

void dnskey_identify(struct key *key)
{
	uint8_t rdata[DNSKEY_RDATA];
	const size_t size = rdata_with(key, key->flags, rdata);
	key->tag = dnskey_tag(rdata, size);
	bytes_put_u16(rdata, key->flags | KEY_FLAG_REVOKE);
	key->revoked_tag = dnskey_tag(rdata, size);
	bytes_sha256((struct bytes){ key->public_key, key->public_size }, key->fingerprint);
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	struct rsa_parts parts;
	key->bits = 0;
	if (algorithm == NULL)
		return;
	if (algorithm->least_bits == 0)
		key->bits = (unsigned)algorithm->signature_size * 4;
	else if (split_rsa(key->public_key, key->public_size, &parts))
		key->bits = bit_length(parts.modulus);
}

size_t dnskey_ds(
    const struct key *key, const uint8_t *owner, size_t owner_size, uint8_t digest_type, uint8_t out[DS_RDATA])
{
	assert(digest_type == 2 || digest_type == 4);
	uint8_t rdata[DNSKEY_RDATA];
	const size_t size = rdata_with(key, key->flags, rdata);
	unsigned digest_size = 0;
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	const int good =
	    context != NULL && EVP_DigestInit_ex(context, digest_type == 2 ? EVP_sha256() : EVP_sha384(), NULL) == 1 &&
	    EVP_DigestUpdate(context, owner, owner_size) == 1 && EVP_DigestUpdate(context, rdata, size) == 1 &&
	    EVP_DigestFinal_ex(context, out + 4, &digest_size) == 1;
	EVP_MD_CTX_free(context);
	assert(good); /* hashing fails only without memory or without the default provider */
	(void)good;
	bytes_put_u16(out, key->tag);
	out[2] = key->algorithm;
	out[3] = digest_type;
	return (size_t)4 + digest_size;
}
