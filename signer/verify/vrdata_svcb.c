/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"
#include "signer/verify/vrdata.h"

/* Service parameters (RFC 9460 2.1, 7, appendix A), with the keys registered since. How a value is written: */
enum value {
	VALUE_NONE,
	VALUE_KEYS, /* mandatory: names of keys */
	VALUE_LIST, /* alpn: strings behind their length */
	VALUE_PORT,
	VALUE_IPV4,
	VALUE_IPV6,
	VALUE_BASE64,
	VALUE_NUMBERS, /* tls-supported-groups: 16-bit numbers */
	VALUE_OCTETS,  /* text as it is; any keyNNNNN */
};

static const struct parameter {
	const char *name;
	uint16_t key;
	enum value value;
} known[] = { { "mandatory", 0, VALUE_KEYS }, { "alpn", 1, VALUE_LIST }, { "no-default-alpn", 2, VALUE_NONE },
	{ "port", 3, VALUE_PORT }, { "ipv4hint", 4, VALUE_IPV4 }, { "ech", 5, VALUE_BASE64 },
	{ "ipv6hint", 6, VALUE_IPV6 }, { "dohpath", 7, VALUE_OCTETS }, { "ohttp", 8, VALUE_NONE },
	{ "tls-supported-groups", 9, VALUE_NUMBERS }, { "docpath", 10, VALUE_LIST } };

static bool find_key(const char *name, size_t size, struct parameter *out)
{
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strlen(known[i].name) == size && memcmp(known[i].name, name, size) == 0) {
			*out = known[i];
			return true;
		}
	}
	uint32_t number;
	if (size < 4 || memcmp(name, "key", 3) != 0 ||
	    !vtoken_number((struct vtoken){ VTOKEN_WORD, name + 3, size - 3 }, 65535, &number))
		return false;
	*out = (struct parameter){ NULL, (uint16_t)number, VALUE_OCTETS };
	return true;
}

/* The next element of a comma list in unescaped text; inside, \, and \\ stand for themselves (appendix A.1). */
static long next_element(const uint8_t *text, size_t size, size_t *at, uint8_t out[255])
{
	size_t used = 0;
	for (; *at < size && text[*at] != ','; ++*at) {
		if (text[*at] == '\\' && *at + 1 < size)
			++*at;
		if (used == 255)
			return -1;
		out[used++] = text[*at];
	}
	++*at;
	return (long)used;
}

static int compare_u16(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

static bool put_element(struct vrdata *rdata, enum value value, const uint8_t *element, size_t size)
{
	char text[256];
	uint8_t wire[16];
	struct parameter key;
	uint32_t number;
	memcpy(text, element, size);
	text[size] = '\0';
	switch (value) {
	case VALUE_LIST:
		return size > 0 && vrdata_put_number(rdata, (uint32_t)size, 1) && vrdata_put(rdata, element, size);
	case VALUE_KEYS:
		return find_key(text, size, &key) && vrdata_put_number(rdata, key.key, 2);
	case VALUE_IPV4:
		return inet_pton(AF_INET, text, wire) == 1 && vrdata_put(rdata, wire, 4);
	case VALUE_IPV6:
		return inet_pton(AF_INET6, text, wire) == 1 && vrdata_put(rdata, wire, 16);
	default:
		return vtoken_number((struct vtoken){ VTOKEN_WORD, text, size }, 65535, &number) &&
		       vrdata_put_number(rdata, number, 2);
	}
}

static bool put_list(struct vrdata *rdata, enum value value, const uint8_t *text, size_t size)
{
	const size_t start = rdata->size;
	uint8_t element[255];
	for (size_t at = 0; at <= size && size > 0;) {
		const long length = next_element(text, size, &at, element);
		if (length < 0 || !put_element(rdata, value, element, (size_t)length))
			return vrdata_fail(rdata, "bad value of a service parameter (RFC 9460 7)");
		if (at > size)
			break;
	}
	if (rdata->size == start)
		return vrdata_fail(rdata, "empty value of a service parameter (RFC 9460 7)");
	if (value == VALUE_KEYS)
		qsort(rdata->out + start, (rdata->size - start) / 2, 2, compare_u16);
	return true;
}

static bool put_base64(struct vrdata *rdata, const uint8_t *text, size_t size)
{
	struct vtokens words = { .at = (const char *)text, .end = (const char *)text + size, .line = 1 };
	struct vtokens *const all = rdata->in;
	rdata->in = &words;
	const bool good = vrdata_field(rdata, 'b');
	rdata->in = all;
	return good;
}

static bool put_value(struct vrdata *rdata, enum value value, const uint8_t *text, size_t size)
{
	switch (value) {
	case VALUE_NONE:
		return size == 0 || vrdata_fail(rdata, "this service parameter has no value (RFC 9460 7)");
	case VALUE_OCTETS:
		return vrdata_put(rdata, text, size);
	case VALUE_BASE64:
		return put_base64(rdata, text, size);
	case VALUE_PORT:
		return put_element(rdata, value, text, size < 255 ? size : 255) ||
		       vrdata_fail(rdata, "not a port number");
	case VALUE_KEYS:
	case VALUE_LIST:
	case VALUE_IPV4:
	case VALUE_IPV6:
	case VALUE_NUMBERS:
		return put_list(rdata, value, text, size);
	}
	return false;
}

/* A parameter's place in `text`, so that all can be put in order of their keys. */
struct found {
	uint16_t key;
	enum value value;
	size_t at;
	size_t size;
};

/* One key[=value]; the value may be quoted, and its quoted part then is a token of its own. */
static bool read_parameter(struct vrdata *rdata, uint8_t *text, size_t *used, struct found *out)
{
	struct vtoken token;
	struct parameter parameter;
	if (!vrdata_token(rdata, &token))
		return false;
	const char *const equals = memchr(token.text, '=', token.size);
	const size_t name = equals == NULL ? token.size : (size_t)(equals - token.text);
	if (token.kind != VTOKEN_WORD || !find_key(token.text, name, &parameter))
		return vrdata_fail(rdata, "unknown service parameter (RFC 9460 2.1)");
	struct vtoken value = { VTOKEN_WORD, token.text + name, 0 };
	if (equals != NULL)
		value = (struct vtoken){ VTOKEN_WORD, equals + 1, token.size - name - 1 };
	if (equals != NULL && value.size == 0 && rdata->in->at < rdata->in->end && *rdata->in->at == '"' &&
	    !vrdata_token(rdata, &value))
		return false;
	const long size = vtoken_octets(value, text + *used, VRDATA_MAX - *used);
	if (size < 0)
		return vrdata_fail(rdata, "bad escape in a service parameter (RFC 9460 2.1)");
	*out = (struct found){ parameter.key, parameter.value, *used, (size_t)size };
	*used += (size_t)size;
	return true;
}

static int compare_found(const void *a, const void *b)
{
	return (int)((const struct found *)a)->key - (int)((const struct found *)b)->key;
}

bool vrdata_special_svcb(struct vrdata *rdata);

bool vrdata_special_svcb(struct vrdata *rdata)
{
	enum { MOST = 256 };
	struct found all[MOST];
	size_t count = 0;
	size_t used = 0;
	bool good = true;
	uint8_t *const text = memory_alloc(VRDATA_MAX);
	while (good && vtoken_peek(rdata->in).kind != VTOKEN_END) {
		if (count == MOST)
			good = vrdata_fail(rdata, "more than 256 service parameters");
		else
			good = read_parameter(rdata, text, &used, &all[count++]);
	}
	if (good && count > 1)
		qsort(all, count, sizeof(all[0]), compare_found);
	for (size_t i = 0; good && i < count; i++) {
		if (i > 0 && all[i].key == all[i - 1].key)
			good = vrdata_fail(rdata, "a service parameter twice (RFC 9460 2.1)");
		good = good && vrdata_put_number(rdata, all[i].key, 2);
		const size_t length_at = rdata->size;
		good = good && vrdata_put_number(rdata, 0, 2) &&
		       put_value(rdata, all[i].value, text + all[i].at, all[i].size);
		if (good)
			bytes_put_u16(rdata->out + length_at, (uint16_t)(rdata->size - length_at - 2));
	}
	free(text);
	return good;
}
