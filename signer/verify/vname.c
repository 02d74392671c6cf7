/* SPDX-License-Identifier: MIT */
#include "signer/verify/vname.h"

#include <string.h>

uint8_t vname_lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

size_t vname_size(const uint8_t *name)
{
	const uint8_t *at = name;
	while (*at != 0)
		at += *at + 1;
	return (size_t)(at - name) + 1;
}

unsigned vname_labels(const uint8_t *name)
{
	unsigned count = 0;
	for (; *name != 0; name += *name + 1)
		count++;
	return count;
}

void vname_fold(uint8_t *name)
{
	const size_t size = vname_size(name);
	for (size_t i = 0; i < size; i++)
		name[i] = vname_lower(name[i]);
}

/* Where each label begins, leftmost first. */
static unsigned label_starts(const uint8_t *name, const uint8_t *starts[VNAME_LABELS])
{
	unsigned count = 0;
	for (; *name != 0 && count < VNAME_LABELS; name += *name + 1)
		starts[count++] = name;
	return count;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	const unsigned shorter = *a < *b ? *a : *b;
	for (unsigned i = 1; i <= shorter; i++) {
		const int difference = (int)vname_lower(a[i]) - (int)vname_lower(b[i]);
		if (difference != 0)
			return difference;
	}
	return (int)*a - (int)*b;
}

int vname_compare(const uint8_t *a, const uint8_t *b)
{
	const uint8_t *a_labels[VNAME_LABELS];
	const uint8_t *b_labels[VNAME_LABELS];
	unsigned na = label_starts(a, a_labels);
	unsigned nb = label_starts(b, b_labels);
	while (na > 0 && nb > 0) {
		const int order = compare_labels(a_labels[--na], b_labels[--nb]);
		if (order != 0)
			return order;
	}
	return (int)na - (int)nb;
}

bool vname_equal(const uint8_t *a, const uint8_t *b)
{
	for (size_t left = vname_size(a); left > 0; left--, a++, b++)
		if (vname_lower(*a) != vname_lower(*b))
			return false;
	return true;
}

unsigned vname_shared(const uint8_t *a, const uint8_t *b)
{
	const uint8_t *a_labels[VNAME_LABELS];
	const uint8_t *b_labels[VNAME_LABELS];
	unsigned na = label_starts(a, a_labels);
	unsigned nb = label_starts(b, b_labels);
	unsigned shared = 0;
	while (na > 0 && nb > 0 && compare_labels(a_labels[--na], b_labels[--nb]) == 0)
		shared++;
	return shared;
}

const uint8_t *vname_suffix(const uint8_t *name, unsigned labels)
{
	for (unsigned have = vname_labels(name); have > labels; have--)
		name += *name + 1;
	return name;
}

bool vname_under(const uint8_t *name, const uint8_t *apex)
{
	const size_t size = vname_size(name);
	const size_t apex_size = vname_size(apex);
	if (apex_size > size)
		return false;
	const uint8_t *at = name;
	while ((size_t)(at - name) < size - apex_size)
		at += *at + 1;
	return (size_t)(at - name) == size - apex_size && vname_equal(at, apex);
}

bool vname_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

/* One character of a label, perhaps escaped: 1 or more characters of text taken, or 0. */
static size_t take_octet(const char *text, size_t size, uint8_t *out)
{
	if (text[0] != '\\') {
		*out = (uint8_t)text[0];
		return 1;
	}
	if (size < 2)
		return 0;
	if (text[1] < '0' || text[1] > '9') {
		*out = (uint8_t)text[1];
		return 2;
	}
	unsigned value = 0;
	if (size < 4)
		return 0;
	for (size_t i = 1; i < 4; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*out = (uint8_t)value;
	return value > 255 ? 0 : 4;
}

static size_t refuse(const char **why, const char *reason)
{
	*why = reason;
	return 0;
}

size_t vname_parse(
    const char *text, size_t size, const uint8_t *origin, uint8_t out[VNAME_MAX], bool *relative, const char **why)
{
	*relative = false;
	if (size == 0)
		return refuse(why, "empty name (RFC 1035 5.1)");
	const bool at_sign = size == 1 && text[0] == '@';
	size_t used = 0; /* where the open label's length octet is */
	size_t label = 0;
	bool closed = size == 1 && text[0] == '.';
	for (size_t i = 0; i < size && !closed && !at_sign;) {
		if (text[i] == '.') {
			if (label == 0)
				return refuse(why, "empty label in a name (RFC 1035 5.1)");
			out[used] = (uint8_t)label;
			used += label + 1;
			label = 0;
			closed = ++i == size;
			continue;
		}
		uint8_t octet;
		const size_t taken = take_octet(text + i, size - i, &octet);
		if (taken == 0)
			return refuse(why, "bad escape in a name (RFC 1035 5.1)");
		if (label == 63)
			return refuse(why, "label longer than 63 octets (RFC 1035 2.3.4)");
		if (used + label + 2 >= VNAME_MAX)
			return refuse(why, "name longer than 255 octets (RFC 1035 2.3.4)");
		out[used + ++label] = octet;
		i += taken;
	}
	if (closed) {
		out[used] = 0;
		return used + 1;
	}
	*relative = true;
	if (origin == NULL)
		return refuse(
		    why, "relative name, and no origin is known (RFC 1035 5.1): give --origin or write $ORIGIN");
	if (!at_sign) {
		out[used] = (uint8_t)label;
		used += label + 1;
	}
	const size_t origin_size = vname_size(origin);
	if (used + origin_size > VNAME_MAX)
		return refuse(why, "name longer than 255 octets (RFC 1035 2.3.4)");
	memcpy(out + used, origin, origin_size);
	return used + origin_size;
}

void vname_format(const uint8_t *name, char out[VNAME_TEXT])
{
	size_t used = 0;
	if (*name == 0)
		out[used++] = '.';
	for (; *name != 0; name += *name + 1) {
		for (unsigned i = 1; i <= *name; i++) {
			const uint8_t c = name[i];
			if (c > 0x20 && c < 0x7f && strchr(".\\\"();@$", c) == NULL) {
				out[used++] = (char)c;
				continue;
			}
			if (c > 0x20 && c < 0x7f) {
				out[used++] = '\\';
				out[used++] = (char)c;
				continue;
			}
			out[used++] = '\\';
			out[used++] = (char)('0' + c / 100);
			out[used++] = (char)('0' + c / 10 % 10);
			out[used++] = (char)('0' + c % 10);
		}
		out[used++] = '.';
	}
	out[used] = '\0';
}

size_t vname_check(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size && at < VNAME_MAX; at += data[at] + (size_t)1) {
		if (data[at] == 0)
			return at + 1;
		if (data[at] > 63)
			return 0;
	}
	return 0;
}
