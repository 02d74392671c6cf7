/* SPDX-License-Identifier: MIT */
#include "keystore/token_bind.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MOST = 1024 };

enum part {
	PRIVATE,
	MODULUS,
	PUBLIC_EXPONENT,
	PRIVATE_EXPONENT,
	PRIME1,
	PRIME2,
	EXPONENT1,
	EXPONENT2,
	COEFFICIENT,
	PARTS
};

/* Names of the fields, and for RSA how OpenSSL calls them. */
static const struct {
	const char *name, *parameter;
} parts[PARTS] = {
	[PRIVATE] = { "PrivateKey", NULL },
	[MODULUS] = { "Modulus", OSSL_PKEY_PARAM_RSA_N },
	[PUBLIC_EXPONENT] = { "PublicExponent", OSSL_PKEY_PARAM_RSA_E },
	[PRIVATE_EXPONENT] = { "PrivateExponent", OSSL_PKEY_PARAM_RSA_D },
	[PRIME1] = { "Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1 },
	[PRIME2] = { "Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2 },
	[EXPONENT1] = { "Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	[EXPONENT2] = { "Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	[COEFFICIENT] = { "Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

struct number {
	uint8_t octets[NUMBER_MOST];
	size_t size; /* 0: not there */
};

struct fields {
	const struct algorithm *algorithm;
	struct number part[PARTS];
};

static enum status refuse(struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set(err, STATUS_KEY, "%s", what);
}

bool token_bind_is(struct bytes text)
{
	static const char magic[] = "Private-key-format: v1.";
	return text.size >= sizeof(magic) - 1 && memcmp(text.data, magic, sizeof(magic) - 1) == 0;
}

/* ---- lines ---- */

static bool is_named(struct bytes line, const char *name, struct bytes *value)
{
	const size_t size = strlen(name);
	if (line.size < size + 1 || memcmp(line.data, name, size) != 0 || line.data[size] != ':')
		return false;
	size_t at = size + 1;
	while (at < line.size && line.data[at] == ' ')
		at++;
	*value = (struct bytes){ line.data + at, line.size - at };
	return true;
}

/* "13 (ECDSAP256SHA256)": the number counts. */
static enum status read_algorithm(struct bytes value, struct fields *out, struct error *err)
{
	unsigned number = 0;
	size_t at = 0;
	for (; at < value.size && at < 3 && value.data[at] >= '0' && value.data[at] <= '9'; at++)
		number = number * 10 + (unsigned)(value.data[at] - '0');
	if (at == 0 || (at < value.size && value.data[at] != ' ') || out->algorithm != NULL)
		return refuse(err, "its line \"Algorithm\" is damaged or there twice");
	out->algorithm = number <= 255 ? alg_by_number((uint8_t)number) : NULL;
	return out->algorithm != NULL ? STATUS_OK : refuse(err, "its algorithm is none that zoneseal signs with");
}

static enum status read_part(struct bytes value, struct number *out, struct error *err)
{
	if (out->size != 0)
		return refuse(err, "a field is there twice");
	const long size = bytes_from_base64((const char *)value.data, value.size, out->octets, sizeof(out->octets));
	if (size <= 0)
		return refuse(err, "a field is no base64 of a number of 1 to 1024 octets");
	out->size = (size_t)size;
	return STATUS_OK;
}

static enum status read_line(struct bytes line, struct fields *out, struct error *err)
{
	struct bytes value;
	if (is_named(line, "Algorithm", &value))
		return read_algorithm(value, out, err);
	if (is_named(line, "Engine", &value) || is_named(line, "Label", &value))
		return refuse(err, "the private key itself lies in a token (PKCS#11), not in this file");
	for (int i = 0; i < PARTS; i++)
		if (is_named(line, parts[i].name, &value))
			return read_part(value, &out->part[i], err);
	return STATUS_OK; /* Private-key-format, and times that are not ours */
}

static enum status read_lines(struct bytes text, struct fields *out, struct error *err)
{
	for (size_t at = 0; at < text.size;) {
		const uint8_t *const end = memchr(text.data + at, '\n', text.size - at);
		size_t size = end == NULL ? text.size - at : (size_t)(end - (text.data + at));
		const size_t next = at + size + 1;
		if (size > 0 && text.data[at + size - 1] == '\r')
			size--;
		const enum status status = read_line((struct bytes){ text.data + at, size }, out, err);
		if (status != STATUS_OK)
			return status;
		at = next;
	}
	return out->algorithm != NULL ? STATUS_OK : refuse(err, "it names no algorithm");
}

/* ---- keys ---- */

static EVP_PKEY *pkey_of(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *const params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return pkey;
}

/* OpenSSL takes RSA parts as they come; this looks whether they belong together. */
static bool is_consistent(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	const bool good = context != NULL && EVP_PKEY_check(context) == 1;
	EVP_PKEY_CTX_free(context);
	return good;
}

static enum status make_rsa(const struct fields *fields, EVP_PKEY **out, struct error *err)
{
	BIGNUM *numbers[PARTS] = { NULL };
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM_BLD *const builder = OSSL_PARAM_BLD_new();
	bool good = builder != NULL;
	for (int i = MODULUS; good && i < PARTS; i++) {
		numbers[i] = BN_secure_new();
		good = fields->part[i].size > 0 && numbers[i] != NULL &&
		       BN_bin2bn(fields->part[i].octets, (int)fields->part[i].size, numbers[i]) != NULL &&
		       OSSL_PARAM_BLD_push_BN(builder, parts[i].parameter, numbers[i]) == 1;
	}
	if (good)
		pkey = pkey_of("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	for (int i = 0; i < PARTS; i++)
		BN_clear_free(numbers[i]);
	if (pkey == NULL || !is_consistent(pkey)) {
		EVP_PKEY_free(pkey);
		return refuse(err, "a part of the RSA key is missing, or they do not belong together");
	}
	*out = pkey;
	return STATUS_OK;
}

/* The file has no public key, so it is worked out: the group's generator times the number. */
static EVP_PKEY *ec_pkey(const char *curve, int nid, const struct number *number)
{
	uint8_t point[1 + 2 * 48];
	EVP_PKEY *pkey = NULL;
	EC_GROUP *const group = EC_GROUP_new_by_curve_name(nid);
	BIGNUM *const scalar = BN_secure_new();
	EC_POINT *const place = group != NULL ? EC_POINT_new(group) : NULL;
	OSSL_PARAM_BLD *const builder = OSSL_PARAM_BLD_new();
	size_t size = 0;
	if (scalar != NULL && place != NULL && builder != NULL &&
	    BN_bin2bn(number->octets, (int)number->size, scalar) != NULL && !BN_is_zero(scalar) &&
	    BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 && EC_POINT_mul(group, place, scalar, NULL, NULL, NULL) == 1)
		size = EC_POINT_point2oct(group, place, POINT_CONVERSION_UNCOMPRESSED, point, sizeof(point), NULL);
	if (size > 0 && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, size) == 1)
		pkey = pkey_of("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	EC_POINT_free(place);
	BN_clear_free(scalar);
	EC_GROUP_free(group);
	return pkey;
}

static enum status make_pkey(const struct fields *fields, EVP_PKEY **out, struct error *err)
{
	const struct algorithm *const algorithm = fields->algorithm;
	const struct number *const number = &fields->part[PRIVATE];
	if (algorithm->least_bits > 0)
		return make_rsa(fields, out, err);
	if (number->size == 0)
		return refuse(err, "it holds no field PrivateKey");
	if (algorithm->curve != NULL)
		*out = ec_pkey(algorithm->curve,
		    strcmp(algorithm->curve, "P-256") == 0 ? NID_X9_62_prime256v1 : NID_secp384r1, number);
	else
		*out = EVP_PKEY_new_raw_private_key_ex(NULL, algorithm->key_type, NULL, number->octets, number->size);
	return *out != NULL ? STATUS_OK : refuse(err, "its number is no private key of its algorithm");
}

enum status token_bind_read(struct bytes text, const struct algorithm **algorithm, EVP_PKEY **out, struct error *err)
{
	if (!token_bind_is(text))
		return refuse(err, "it does not begin with \"Private-key-format: v1\"");
	struct fields *const fields = OPENSSL_secure_zalloc(sizeof(*fields));
	if (fields == NULL)
		return refuse(err, "no memory for a secret");
	EVP_PKEY *pkey = NULL;
	enum status status = read_lines(text, fields, err);
	if (status == STATUS_OK)
		status = make_pkey(fields, &pkey, err);
	if (status == STATUS_OK) {
		*algorithm = fields->algorithm;
		*out = pkey;
	}
	OPENSSL_secure_clear_free(fields, sizeof(*fields));
	return status;
}
