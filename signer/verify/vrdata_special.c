/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"
#include "signer/verify/vrdata.h"

static bool ended(const struct vrdata *rdata)
{
	return vtoken_peek(rdata->in).kind == VTOKEN_END;
}

/* A decimal with up to three places, optional sign and final m, in centimetres or thousandths. */
static bool decimal(struct vtoken token, unsigned places, bool metre, int64_t *out)
{
	int64_t value = 0;
	unsigned after = 0;
	bool point = false;
	size_t i = 0;
	size_t size = token.size;
	if (metre && size > 1 && (token.text[size - 1] | 0x20) == 'm')
		size--;
	const bool minus = size > 0 && token.text[0] == '-';
	if (minus)
		i++;
	if (token.kind != VTOKEN_WORD || i == size || size > 14)
		return false;
	for (; i < size; i++) {
		if (token.text[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (token.text[i] < '0' || token.text[i] > '9' || (point && ++after > places))
			return false;
		value = value * 10 + (token.text[i] - '0');
	}
	for (; after < places; after++)
		value *= 10;
	*out = minus ? -value : value;
	return true;
}

/* Degrees, then perhaps minutes and seconds, then the hemisphere (RFC 1876 3). */
static bool coordinate(struct vrdata *rdata, const char *plus, const char *minus, uint32_t degrees)
{
	int64_t parts[3] = { 0, 0, 0 };
	for (unsigned i = 0; i <= 3; i++) {
		struct vtoken token;
		if (!vrdata_token(rdata, &token))
			return false;
		const bool negative = vtoken_is(token, minus);
		if (i > 0 && (negative || vtoken_is(token, plus))) {
			const int64_t value = parts[0] * 3600000 + parts[1] * 60000 + parts[2];
			if (parts[0] > degrees || parts[1] > 59 || parts[2] > 59999 ||
			    value > (int64_t)degrees * 3600000)
				break;
			return vrdata_put_number(
			    rdata, (uint32_t)(((int64_t)1 << 31) + (negative ? -value : value)), 4);
		}
		if (i == 3 || !decimal(token, i == 2 ? 3 : 0, false, &parts[i]) || parts[i] < 0)
			break;
	}
	return vrdata_fail(rdata, "not a latitude or longitude (RFC 1876 3)");
}

/* Centimetres as mantissa and power of ten in one octet (RFC 1876 2). */
static uint8_t precision(int64_t centimetres)
{
	unsigned power = 0;
	while (centimetres > 9) {
		centimetres /= 10;
		power++;
	}
	return (uint8_t)(centimetres << 4 | power);
}

static bool read_loc(struct vrdata *rdata)
{
	int64_t sizes[4] = { 0, 100, 1000000, 1000 }; /* altitude, size, horizontal, vertical precision */
	const size_t start = rdata->size;
	if (!vrdata_put_number(rdata, 0, 4) || !coordinate(rdata, "N", "S", 90) || !coordinate(rdata, "E", "W", 180))
		return false;
	for (unsigned i = 0; i < 4 && (i == 0 || !ended(rdata)); i++) {
		struct vtoken token;
		if (!vrdata_token(rdata, &token))
			return false;
		if (!decimal(token, 2, true, &sizes[i]) || (i > 0 && (sizes[i] < 0 || sizes[i] > 9000000000)))
			return vrdata_fail(rdata, "not a length in metres (RFC 1876 3)");
	}
	if (sizes[0] < -10000000 || sizes[0] > 4284967295)
		return vrdata_fail(rdata, "altitude out of range (RFC 1876 2)");
	for (unsigned i = 1; i < 4; i++)
		rdata->out[start + i] = precision(sizes[i]);
	return vrdata_put_number(rdata, (uint32_t)(sizes[0] + 10000000), 4);
}

/* [!]family:address/prefix (RFC 3123 5). */
static bool read_prefix(struct vrdata *rdata, struct vtoken token)
{
	char text[80];
	uint8_t address[16] = { 0 };
	if (token.size >= sizeof(text))
		return vrdata_fail(rdata, "not an address prefix (RFC 3123 5)");
	memcpy(text, token.text, token.size);
	text[token.size] = '\0';
	char *at = text;
	const bool negated = *at == '!';
	at += negated;
	char *const colon = strchr(at, ':');
	char *const slash = strchr(at, '/');
	if (colon == NULL || slash == NULL || colon > slash || colon != at + 1)
		return vrdata_fail(rdata, "not an address prefix (RFC 3123 5)");
	*slash = '\0';
	uint32_t bits;
	const struct vtoken prefix = { VTOKEN_WORD, slash + 1, strlen(slash + 1) };
	const bool four = *at == '1';
	if ((!four && *at != '2') || inet_pton(four ? AF_INET : AF_INET6, colon + 1, address) != 1 ||
	    !vtoken_number(prefix, four ? 32 : 128, &bits))
		return vrdata_fail(rdata, "not an address prefix (RFC 3123 5)");
	unsigned size = four ? 4 : 16;
	while (size > 0 && address[size - 1] == 0)
		size--;
	return vrdata_put_number(rdata, four ? 1 : 2, 2) && vrdata_put_number(rdata, bits, 1) &&
	       vrdata_put_number(rdata, (negated ? 0x80u : 0) | size, 1) && vrdata_put(rdata, address, size);
}

static bool read_apl(struct vrdata *rdata)
{
	while (!ended(rdata)) {
		struct vtoken token;
		if (!vrdata_token(rdata, &token) || !read_prefix(rdata, token))
			return false;
	}
	return true;
}

static bool read_gateway(struct vrdata *rdata, unsigned type)
{
	struct vtoken token;
	switch (type) {
	case 0:
		if (!vrdata_token(rdata, &token))
			return false;
		return (token.size == 1 && token.text[0] == '.') || vrdata_fail(rdata, "no gateway is written as .");
	case 1:
		return vrdata_field(rdata, 'a');
	case 2:
		return vrdata_field(rdata, '6');
	case 3:
		return vrdata_field(rdata, 'N');
	default:
		return vrdata_fail(rdata, "unknown kind of gateway");
	}
}

static bool read_ipseckey(struct vrdata *rdata)
{
	const size_t start = rdata->size;
	return vrdata_field(rdata, '1') && vrdata_field(rdata, '1') && vrdata_field(rdata, '1') &&
	       read_gateway(rdata, rdata->out[start + 1]) && vrdata_field(rdata, 'B');
}

static bool read_amtrelay(struct vrdata *rdata)
{
	uint32_t discovery;
	uint32_t type;
	struct vtoken token;
	if (!vrdata_token(rdata, &token))
		return false;
	if (!vtoken_number(token, 1, &discovery))
		return vrdata_fail(rdata, "discovery is 0 or 1 (RFC 8777 4.2.2)");
	if (!vrdata_token(rdata, &token))
		return false;
	if (!vtoken_number(token, 127, &type))
		return vrdata_fail(rdata, "not a relay type (RFC 8777 4.2.3)");
	return vrdata_put_number(rdata, discovery << 7 | type, 1) && read_gateway(rdata, type);
}

/* Text of one word through a field reader of its own, so that "to the end" fields can stand in the middle. */
static bool word_field(struct vrdata *rdata, struct vtoken token, char letter)
{
	struct vtokens one = { .at = token.text, .end = token.text + token.size, .line = 1 };
	struct vtokens *const all = rdata->in;
	rdata->in = &one;
	const bool good = vrdata_field(rdata, letter);
	rdata->in = all;
	return good;
}

/* Algorithm, HIT in hexadecimal, key in base64 without blanks, rendezvous servers (RFC 8005 6). */
static bool read_hip(struct vrdata *rdata)
{
	const size_t start = rdata->size;
	struct vtoken hit;
	struct vtoken key;
	if (!vrdata_put_number(rdata, 0, 1) || !vrdata_field(rdata, '1') || !vrdata_put_number(rdata, 0, 2) ||
	    !vrdata_token(rdata, &hit) || !word_field(rdata, hit, 'x'))
		return false;
	const size_t hit_size = rdata->size - start - 4;
	if (!vrdata_token(rdata, &key) || !word_field(rdata, key, 'b'))
		return false;
	const size_t key_size = rdata->size - start - 4 - hit_size;
	if (hit_size == 0 || hit_size > 255 || key_size > 65535)
		return vrdata_fail(rdata, "not a host identity (RFC 8005 6)");
	rdata->out[start] = (uint8_t)hit_size;
	bytes_put_u16(rdata->out + start + 2, (uint16_t)key_size);
	while (!ended(rdata))
		if (!vrdata_field(rdata, 'N'))
			return false;
	return true;
}

/* Address, protocol, ports by number (RFC 1035 3.4.2); services by name would need a table of the system. */
static bool read_wks(struct vrdata *rdata)
{
	uint8_t ports[8192] = { 0 };
	size_t size = 0;
	struct vtoken token;
	if (!vrdata_field(rdata, 'a') || !vrdata_token(rdata, &token))
		return false;
	uint32_t protocol = 0;
	if (vtoken_is(token, "TCP"))
		protocol = 6;
	else if (vtoken_is(token, "UDP"))
		protocol = 17;
	else if (!vtoken_number(token, 255, &protocol))
		return vrdata_fail(rdata, "not a protocol number");
	while (!ended(rdata)) {
		uint32_t port;
		if (!vrdata_token(rdata, &token))
			return false;
		if (!vtoken_number(token, 65535, &port))
			return vrdata_fail(rdata, "WKS ports are read as numbers only");
		ports[port / 8] |= (uint8_t)(0x80 >> port % 8);
		if (port / 8 + 1 > size)
			size = port / 8 + 1;
	}
	return vrdata_put_number(rdata, protocol, 1) && vrdata_put(rdata, ports, size);
}

/* 0x and hexadecimal digits with dots anywhere (RFC 1706 7). */
static bool read_nsap(struct vrdata *rdata)
{
	struct vtoken token;
	char digits[520];
	size_t used = 0;
	if (!vrdata_token(rdata, &token))
		return false;
	if (token.size < 2 || token.size > 512 || token.text[0] != '0' || (token.text[1] | 0x20) != 'x')
		return vrdata_fail(rdata, "not an NSAP address (RFC 1706 7)");
	for (size_t i = 2; i < token.size; i++)
		if (token.text[i] != '.')
			digits[used++] = token.text[i];
	return word_field(rdata, (struct vtoken){ VTOKEN_WORD, digits, used }, 'x');
}

/* +digits is E.164, hexadecimal with dots is AESA (ATM Forum af-dans-0152). */
static bool read_atma(struct vrdata *rdata)
{
	struct vtoken token;
	char digits[256];
	size_t used = 0;
	if (!vrdata_token(rdata, &token))
		return false;
	if (token.size == 0 || token.size > 200)
		return vrdata_fail(rdata, "not an ATM address");
	const bool number = token.text[0] == '+';
	for (size_t i = number; i < token.size; i++)
		if (token.text[i] != '.')
			digits[used++] = token.text[i];
	if (!vrdata_put_number(rdata, number, 1))
		return false;
	return number ? vrdata_put(rdata, digits, used)
		      : word_field(rdata, (struct vtoken){ VTOKEN_WORD, digits, used }, 'x');
}

/* The old bitmap of types below 128 (RFC 2535 5.2). */
static bool read_nxt(struct vrdata *rdata)
{
	uint8_t bits[16] = { 0 };
	size_t size = 0;
	while (!ended(rdata)) {
		struct vtoken token;
		uint16_t type;
		if (!vrdata_token(rdata, &token))
			return false;
		if (!vtype_parse(token.text, token.size, &type) || type > 127)
			return vrdata_fail(rdata, "not a type below 128 (RFC 2535 5.2)");
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
		if (type / 8 + (size_t)1 > size)
			size = type / 8 + (size_t)1;
	}
	return vrdata_put(rdata, bits, size);
}

static bool read_a6(struct vrdata *rdata)
{
	const size_t start = rdata->size;
	if (!vrdata_field(rdata, '1'))
		return false;
	const unsigned prefix = rdata->out[start];
	if (prefix > 128)
		return vrdata_fail(rdata, "prefix longer than 128 bits (RFC 2874 3.1)");
	const size_t keep = (128 - prefix + 7) / 8;
	if (keep > 0) {
		if (!vrdata_field(rdata, '6'))
			return false;
		memmove(rdata->out + start + 1, rdata->out + start + 17 - keep, keep);
		rdata->size = start + 1 + keep;
		if (prefix % 8 != 0)
			rdata->out[start + 1] &= (uint8_t)(0xff >> prefix % 8);
	}
	return prefix == 0 || vrdata_field(rdata, 'n');
}

bool vrdata_special_svcb(struct vrdata *rdata);

bool vrdata_special(struct vrdata *rdata, char letter)
{
	switch (letter) {
	case 'L':
		return read_loc(rdata);
	case 'A':
		return read_apl(rdata);
	case 'I':
		return read_ipseckey(rdata);
	case 'M':
		/* The shape's leading number was read as precedence. */
		return read_amtrelay(rdata);
	case 'H':
		return read_hip(rdata);
	case 'V':
		return vrdata_special_svcb(rdata);
	case 'W':
		return read_wks(rdata);
	case 'P':
		return read_nsap(rdata);
	case 'T':
		return read_atma(rdata);
	case 'X':
		return read_nxt(rdata);
	case '6':
		return read_a6(rdata);
	default:
		return vrdata_fail(rdata, "no reader for this form");
	}
}
