/* SPDX-License-Identifier: MIT */
#include "signer/verify/vrdata.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/utc.h"
#include "signer/verify/vname.h"

bool vrdata_fail(struct vrdata *rdata, const char *why)
{
	if (rdata->why == NULL)
		rdata->why = why;
	return false;
}

bool vrdata_put(struct vrdata *rdata, const void *data, size_t size)
{
	if (size > VRDATA_MAX - rdata->size)
		return vrdata_fail(rdata, "RDATA longer than 65535 octets");
	if (size > 0)
		memcpy(rdata->out + rdata->size, data, size);
	rdata->size += size;
	return true;
}

bool vrdata_put_number(struct vrdata *rdata, uint32_t value, unsigned octets)
{
	uint8_t wire[4];
	bytes_put_u32(wire, value);
	return vrdata_put(rdata, wire + (4 - octets), octets);
}

bool vrdata_token(struct vrdata *rdata, struct vtoken *out)
{
	*out = vtoken_next(rdata->in);
	if (out->kind == VTOKEN_BAD)
		return vrdata_fail(rdata, rdata->in->why);
	if (out->kind == VTOKEN_END)
		return vrdata_fail(rdata, "a field is missing");
	return true;
}

static bool read_number(struct vrdata *rdata, struct vtoken token, uint32_t most, unsigned octets)
{
	uint32_t value;
	if (!vtoken_number(token, most, &value))
		return vrdata_fail(rdata, "not a number, or out of range");
	return vrdata_put_number(rdata, value, octets);
}

static bool read_name(struct vrdata *rdata, struct vtoken token, bool fold)
{
	uint8_t name[VNAME_MAX];
	bool relative;
	const char *why;
	const size_t size = vname_parse(token.text, token.size, rdata->origin, name, &relative, &why);
	rdata->relative = rdata->relative || relative;
	if (size == 0)
		return vrdata_fail(rdata, why);
	if (fold)
		vname_fold(name);
	return vrdata_put(rdata, name, size);
}

struct word {
	const char *text;
	uint32_t number;
};

static bool read_word(
    struct vrdata *rdata, struct vtoken token, const struct word words[], size_t count, uint32_t most, unsigned octets)
{
	for (size_t i = 0; i < count; i++)
		if (vtoken_is(token, words[i].text))
			return vrdata_put_number(rdata, words[i].number, octets);
	return read_number(rdata, token, most, octets);
}

static bool read_algorithm(struct vrdata *rdata, struct vtoken token)
{
	static const struct word words[] = { { "RSAMD5", 1 }, { "DH", 2 }, { "DSA", 3 }, { "ECC", 4 }, { "RSASHA1", 5 },
		{ "DSA-NSEC3-SHA1", 6 }, { "NSEC3DSA", 6 }, { "RSASHA1-NSEC3-SHA1", 7 }, { "NSEC3RSASHA1", 7 },
		{ "RSASHA256", 8 }, { "RSASHA512", 10 }, { "ECC-GOST", 12 }, { "ECCGOST", 12 },
		{ "ECDSAP256SHA256", 13 }, { "ECDSAP384SHA384", 14 }, { "ED25519", 15 }, { "ED448", 16 },
		{ "SM2SM3", 17 }, { "ECC-GOST12", 23 }, { "INDIRECT", 252 }, { "PRIVATEDNS", 253 },
		{ "PRIVATEOID", 254 } };
	return read_word(rdata, token, words, COUNT(words), 255, 1);
}

static bool read_certificate_type(struct vrdata *rdata, struct vtoken token)
{
	static const struct word words[] = { { "PKIX", 1 }, { "SPKI", 2 }, { "PGP", 3 }, { "IPKIX", 4 }, { "ISPKI", 5 },
		{ "IPGP", 6 }, { "ACPKIX", 7 }, { "IACPKIX", 8 }, { "URI", 253 }, { "OID", 254 } };
	return read_word(rdata, token, words, COUNT(words), 65535, 2);
}

static bool read_scheme(struct vrdata *rdata, struct vtoken token)
{
	static const struct word words[] = { { "NOTIFY", 1 } };
	return read_word(rdata, token, words, COUNT(words), 255, 1);
}

static bool read_ttl(struct vrdata *rdata, struct vtoken token)
{
	uint32_t value;
	if (!vtoken_ttl(token, &value))
		return vrdata_fail(rdata, "not a TTL");
	return vrdata_put_number(rdata, value, 4);
}

static bool read_type(struct vrdata *rdata, struct vtoken token)
{
	uint16_t type;
	if (token.kind != VTOKEN_WORD || !vtype_parse(token.text, token.size, &type)) {
		uint32_t value; /* SIG(0) and old files write "0" or a number */
		if (!vtoken_number(token, 65535, &value))
			return vrdata_fail(rdata, "not a type of record");
		type = (uint16_t)value;
	}
	return vrdata_put_number(rdata, type, 2);
}

/* YYYYMMDDHHMMSS or seconds, RFC 4034 3.2; 14 digits are always a date. */
static bool read_time(struct vrdata *rdata, struct vtoken token)
{
	char text[16];
	struct utc when;
	if (token.kind != VTOKEN_WORD || token.size > 14)
		return vrdata_fail(rdata, "not a time (RFC 4034 3.2)");
	memcpy(text, token.text, token.size);
	text[token.size] = '\0';
	if (token.size != 14)
		return read_number(rdata, token, UINT32_MAX, 4);
	if (utc_parse(text, &when, NULL) != STATUS_OK)
		return vrdata_fail(rdata, "not a time (RFC 4034 3.2)");
	return vrdata_put_number(rdata, (uint32_t)(uint64_t)when.seconds, 4);
}

static bool read_string(struct vrdata *rdata, struct vtoken token)
{
	uint8_t octets[255];
	const long size = vtoken_octets(token, octets, sizeof(octets));
	if (size < 0)
		return vrdata_fail(rdata, "string longer than 255 octets or with a bad escape (RFC 1035 5.1)");
	return vrdata_put_number(rdata, (uint32_t)size, 1) && vrdata_put(rdata, octets, (size_t)size);
}

static bool read_strings(struct vrdata *rdata, struct vtoken token)
{
	for (;;) {
		if (!read_string(rdata, token))
			return false;
		if (vtoken_peek(rdata->in).kind == VTOKEN_END)
			return true;
		if (!vrdata_token(rdata, &token))
			return false;
	}
}

static bool read_unsized(struct vrdata *rdata, struct vtoken token)
{
	const long size = vtoken_octets(token, rdata->out + rdata->size, VRDATA_MAX - rdata->size);
	if (size < 0)
		return vrdata_fail(rdata, "string too long or with a bad escape (RFC 1035 5.1)");
	rdata->size += (size_t)size;
	return true;
}

static bool read_tag(struct vrdata *rdata, struct vtoken token)
{
	for (size_t i = 0; i < token.size; i++) {
		const char c = token.text[i];
		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')))
			return vrdata_fail(rdata, "not a property tag (RFC 8659 4.1)");
	}
	return token.size > 0 ? read_string(rdata, token) : vrdata_fail(rdata, "empty property tag (RFC 8659 4.1)");
}

static bool read_address(struct vrdata *rdata, struct vtoken token, int family, size_t size)
{
	char text[64];
	uint8_t wire[16];
	if (token.size >= sizeof(text))
		return vrdata_fail(rdata, "not an address");
	memcpy(text, token.text, token.size);
	text[token.size] = '\0';
	if (inet_pton(family, text, wire) != 1)
		return vrdata_fail(rdata, family == AF_INET ? "not an IPv4 address" : "not an IPv6 address");
	return vrdata_put(rdata, wire, size);
}

/* By a table, since which kind of character comes next cannot be foretold, and signatures and digests have many. */
static int digit_of(char c)
{
	enum { NO = 99 };
	static const uint8_t digits[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NO, NO, NO, NO, NO, NO, NO, /* 0 to @ */
		10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
		NO, NO, NO, NO, NO, NO, /* [ to ` */
		10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
		35 };
	const unsigned at = (unsigned)(uint8_t)c - '0';
	return at < sizeof(digits) ? digits[at] : NO;
}

/* EUI forms: pairs of hexadecimal digits with hyphens (RFC 7043 3.2, 4.2). */
static bool read_eui(struct vrdata *rdata, struct vtoken token, unsigned octets)
{
	if (token.size != 3 * (size_t)octets - 1)
		return vrdata_fail(rdata, "not an EUI address (RFC 7043)");
	for (size_t i = 0; i < octets; i++) {
		const int high = digit_of(token.text[3 * i]);
		const int low = digit_of(token.text[3 * i + 1]);
		if (high > 15 || low > 15 || (i + 1 < octets && token.text[3 * i + 2] != '-'))
			return vrdata_fail(rdata, "not an EUI address (RFC 7043)");
		if (!vrdata_put_number(rdata, (uint32_t)(high * 16 + low), 1))
			return false;
	}
	return true;
}

/* Four groups of up to four hexadecimal digits (RFC 6742 2.1.2, 2.3.2). */
static bool read_ilnp(struct vrdata *rdata, struct vtoken token)
{
	uint32_t group = 0;
	unsigned groups = 0;
	unsigned digits = 0;
	for (size_t i = 0; i <= token.size; i++) {
		if (i == token.size || token.text[i] == ':') {
			if (digits == 0 || ++groups > 4 || !vrdata_put_number(rdata, group, 2))
				return vrdata_fail(rdata, "not four groups of hexadecimal digits (RFC 6742)");
			group = digits = 0;
			continue;
		}
		if (digit_of(token.text[i]) > 15 || ++digits > 4)
			return vrdata_fail(rdata, "not four groups of hexadecimal digits (RFC 6742)");
		group = group * 16 + (uint32_t)digit_of(token.text[i]);
	}
	return groups == 4 || vrdata_fail(rdata, "not four groups of hexadecimal digits (RFC 6742)");
}

/* Digits of `bits` bits each, most significant first, over all words up to the end of the entry. */
struct pool {
	uint32_t bits;
	unsigned held;
};

static bool pour(struct vrdata *rdata, struct pool *pool, uint32_t digit, unsigned bits)
{
	pool->bits = (pool->bits << bits | digit) & 0xffff;
	pool->held += bits;
	if (pool->held < 8)
		return true;
	if (rdata->size >= VRDATA_MAX)
		return vrdata_fail(rdata, "RDATA longer than 65535 octets");
	pool->held -= 8;
	rdata->out[rdata->size++] = (uint8_t)(pool->bits >> pool->held);
	return true;
}

static bool read_hex(struct vrdata *rdata, struct vtoken token)
{
	struct pool pool = { 0, 0 };
	for (;;) {
		for (size_t i = 0; i < token.size; i++) {
			const int digit = digit_of(token.text[i]);
			if (digit > 15)
				return vrdata_fail(rdata, "not hexadecimal");
			if (!pour(rdata, &pool, (uint32_t)digit, 4))
				return false;
		}
		if (vtoken_peek(rdata->in).kind == VTOKEN_END)
			break;
		if (!vrdata_token(rdata, &token))
			return false;
	}
	return pool.held == 0 || vrdata_fail(rdata, "odd number of hexadecimal digits");
}

static int base64_value(char c)
{
	enum { NO = -1 };
	static const int8_t values[] = { 62, NO, NO, NO, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, /* + to 9 */
		NO, NO, NO, NO, NO, NO, NO,                                                          /* : to @ */
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO,
		NO, NO, NO, NO, /* [ to ` */
		26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
		51 };
	const unsigned at = (unsigned)(uint8_t)c - '+';
	return at < sizeof(values) ? values[at] : NO;
}

static bool base64_word(struct vrdata *rdata, struct vtoken token, struct pool *pool, unsigned *digits, unsigned *pads)
{
	for (size_t i = 0; i < token.size; i++) {
		if (token.text[i] == '=') {
			++*pads;
			continue;
		}
		const int value = base64_value(token.text[i]);
		if (value < 0 || *pads > 0)
			return vrdata_fail(rdata, "not base64 (RFC 4648 4)");
		++*digits;
		if (!pour(rdata, pool, (uint32_t)value, 6))
			return false;
	}
	return true;
}

static bool read_base64(struct vrdata *rdata, struct vtoken token)
{
	struct pool pool = { 0, 0 };
	unsigned digits = 0;
	unsigned pads = 0;
	for (;;) {
		if (!base64_word(rdata, token, &pool, &digits, &pads))
			return false;
		if (vtoken_peek(rdata->in).kind == VTOKEN_END)
			break;
		if (!vrdata_token(rdata, &token))
			return false;
	}
	if ((digits + pads) % 4 != 0 || pads > 2 || (pool.bits & ((1u << pool.held) - 1)) != 0)
		return vrdata_fail(rdata, "base64 cut short or with wrong padding (RFC 4648 4)");
	return true;
}

/* Salt: "-" or hexadecimal, behind its length (RFC 5155 3.3). */
static bool read_salt(struct vrdata *rdata, struct vtoken token)
{
	const size_t at = rdata->size;
	if (token.size == 1 && token.text[0] == '-')
		return vrdata_put_number(rdata, 0, 1);
	if (token.size == 0 || token.size % 2 != 0 || token.size > 510)
		return vrdata_fail(rdata, "not a salt (RFC 5155 3.3)");
	if (!vrdata_put_number(rdata, (uint32_t)token.size / 2, 1))
		return false;
	struct pool pool = { 0, 0 };
	for (size_t i = 0; i < token.size; i++)
		if (digit_of(token.text[i]) > 15 || !pour(rdata, &pool, (uint32_t)digit_of(token.text[i]), 4))
			return vrdata_fail(rdata, "not a salt (RFC 5155 3.3)");
	return rdata->size == at + 1 + token.size / 2;
}

/* Next hashed owner: base32hex without padding, behind its length (RFC 5155 3.3). */
static bool read_hash(struct vrdata *rdata, struct vtoken token)
{
	struct pool pool = { 0, 0 };
	const size_t octets = token.size * 5 / 8;
	if (token.size == 0 || octets > 255 || !vrdata_put_number(rdata, (uint32_t)octets, 1))
		return vrdata_fail(rdata, "not a hashed owner name (RFC 5155 3.3)");
	for (size_t i = 0; i < token.size; i++)
		if (digit_of(token.text[i]) > 31 || !pour(rdata, &pool, (uint32_t)digit_of(token.text[i]), 5))
			return vrdata_fail(rdata, "not a hashed owner name (RFC 5155 3.3)");
	if (pool.held > 4 || (pool.bits & ((1u << pool.held) - 1)) != 0)
		return vrdata_fail(rdata, "not a hashed owner name (RFC 5155 3.3)");
	return true;
}

/* Windows of the types that are named up to the end of the entry (RFC 4034 4.1.2). */
static bool put_bitmap(struct vrdata *rdata, const uint8_t bits[], unsigned windows)
{
	for (unsigned window = 0; window < windows; window++) {
		unsigned size = 32;
		while (size > 0 && bits[window * 32 + size - 1] == 0)
			size--;
		if (size > 0 && !(vrdata_put_number(rdata, window, 1) && vrdata_put_number(rdata, size, 1) &&
				    vrdata_put(rdata, bits + (size_t)window * 32, size)))
			return false;
	}
	return true;
}

static bool read_bitmap(struct vrdata *rdata)
{
	uint8_t bits[256] = { 0 };
	uint8_t *wide = NULL; /* all 65536 bits, when a type above 2047 is named */
	bool good = true;
	while (good && vtoken_peek(rdata->in).kind != VTOKEN_END) {
		struct vtoken token;
		uint16_t type = 0;
		good = vrdata_token(rdata, &token) &&
		       (vtype_parse(token.text, token.size, &type) || vrdata_fail(rdata, "not a type of record"));
		if (type >= 2048 && wide == NULL) {
			wide = memory_calloc(1, 8192);
			memcpy(wide, bits, sizeof(bits));
		}
		if (good)
			(wide != NULL ? wide : bits)[type / 8] |= (uint8_t)(0x80 >> type % 8);
	}
	good = good && (wide != NULL ? put_bitmap(rdata, wide, 256) : put_bitmap(rdata, bits, 8));
	free(wide);
	return good;
}

static bool read_field(struct vrdata *rdata, char letter, struct vtoken token)
{
	switch (letter) {
	case '1':
		return read_number(rdata, token, 255, 1);
	case '2':
		return read_number(rdata, token, 65535, 2);
	case '4':
		return read_number(rdata, token, UINT32_MAX, 4);
	case 'n':
	case 'N':
		return read_name(rdata, token, letter == 'n');
	case 'P':
		return read_ttl(rdata, token);
	case 't':
		return read_type(rdata, token);
	case 'T':
		return read_time(rdata, token);
	case 'g':
		return read_algorithm(rdata, token);
	case 'C':
		return read_certificate_type(rdata, token);
	case 'z':
		return read_scheme(rdata, token);
	case 's':
	case 'o':
		return read_string(rdata, token);
	case 'S':
		return read_strings(rdata, token);
	case 'u':
		return read_unsized(rdata, token);
	case 'q':
		return read_tag(rdata, token);
	case 'a':
		return read_address(rdata, token, AF_INET, 4);
	case '6':
		return read_address(rdata, token, AF_INET6, 16);
	case 'e':
		return read_eui(rdata, token, 6);
	case 'f':
		return read_eui(rdata, token, 8);
	case 'k':
		return read_ilnp(rdata, token);
	case 'b':
	case 'B':
		return read_base64(rdata, token);
	case 'x':
	case 'X':
		return read_hex(rdata, token);
	case 'h':
		return read_salt(rdata, token);
	case 'H':
		return read_hash(rdata, token);
	default:
		return vrdata_fail(rdata, "no reader for this field");
	}
}

bool vrdata_field(struct vrdata *rdata, char letter)
{
	struct vtoken token;
	if (letter == 'm')
		return read_bitmap(rdata);
	const bool may_lack = letter == 'o' || letter == 'B' || letter == 'X';
	if (may_lack && vtoken_peek(rdata->in).kind == VTOKEN_END)
		return true;
	const size_t before = rdata->size;
	if (!vrdata_token(rdata, &token) || !read_field(rdata, letter, token))
		return false;
	return rdata->size > before || (letter != 'b' && letter != 'x') || vrdata_fail(rdata, "a field is missing");
}

/* \# size hexadecimal (RFC 3597 5). */
static bool read_generic(struct vrdata *rdata, const struct vtype *type)
{
	struct vtoken token;
	uint32_t size;
	if (!vrdata_token(rdata, &token) || !vrdata_token(rdata, &token))
		return false;
	if (!vtoken_number(token, VRDATA_MAX, &size))
		return vrdata_fail(rdata, "not a size (RFC 3597 5)");
	if (!vrdata_field(rdata, 'X'))
		return false;
	if (rdata->size != size)
		return vrdata_fail(rdata, "as many octets as the size says are expected (RFC 3597 5)");
	if (type != NULL && !vrdata_canonical(type, rdata->out, rdata->size))
		return vrdata_fail(rdata, "octets do not form RDATA of this type (RFC 3597 5)");
	return true;
}

static bool judge(struct vrdata *rdata, const struct vtype *type)
{
	const char *const why = type == NULL ? NULL : vrdata_judge(type->number, rdata->out, rdata->size);
	return why == NULL || vrdata_fail(rdata, why);
}

/* Most records begin with a plain word at once, and are not looked at twice. */
static bool is_generic(const struct vtokens *in)
{
	const char *at = in->at;
	while (at < in->end && (*at == ' ' || *at == '\t'))
		at++;
	if (at < in->end && strchr("\\(); \r\n", *at) == NULL)
		return false;
	const struct vtoken first = vtoken_peek(in);
	return first.kind == VTOKEN_WORD && first.size == 2 && memcmp(first.text, "\\#", 2) == 0;
}

bool vrdata_read(struct vrdata *rdata, const struct vtype *type)
{
	if (is_generic(rdata->in))
		return read_generic(rdata, type) && judge(rdata, type);
	if (type == NULL || type->shape[0] == '\0')
		return vrdata_fail(rdata, "this type can only be written as \\# size hexadecimal (RFC 3597 5)");
	for (const char *letter = type->shape; *letter != '\0'; letter++) {
		const bool special = *letter == '!';
		if (special)
			letter++;
		if (!(special ? vrdata_special(rdata, *letter) : vrdata_field(rdata, *letter)))
			return false;
	}
	const struct vtoken rest = vtoken_next(rdata->in);
	if (rest.kind == VTOKEN_BAD)
		return vrdata_fail(rdata, rdata->in->why);
	if (rest.kind != VTOKEN_END)
		return vrdata_fail(rdata, "more fields than this type has");
	return judge(rdata, type);
}
