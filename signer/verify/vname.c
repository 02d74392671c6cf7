/* SPDX-License-Identifier: MIT */
#include "signer/verify/vname.h"

#include <string.h>

static uint8_t lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

uint8_t vname_lower(uint8_t octet)
{
	return lower(octet);
}

void vname_fold(uint8_t *name)
{
	const size_t size = vname_size(name);
	for (size_t i = 0; i < size; i++)
		name[i] = lower(name[i]);
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
		if (a[i] == b[i])
			continue;
		const int difference = (int)lower(a[i]) - (int)lower(b[i]);
		if (difference != 0)
			return difference;
	}
	return (int)*a - (int)*b;
}

/* Whether all but the first label is the same, as for most names of a TLD; false may be wrong by case. */
static bool have_one_parent(const uint8_t *a, const uint8_t *b)
{
	if (*a == 0 || *b == 0)
		return false;
	do {
		a += *a + 1;
		b += *b + 1;
		if (*a != *b || memcmp(a, b, *a + 1u) != 0)
			return false;
	} while (*a != 0);
	return true;
}

int vname_compare(const uint8_t *a, const uint8_t *b)
{
	if (have_one_parent(a, b))
		return compare_labels(a, b);
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
		if (lower(*a) != lower(*b))
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

/* An escape that is being read: \X or \DDD. */
struct escape {
	bool open;
	unsigned digits;
	unsigned value;
};

enum { ESCAPE_MORE = -1, ESCAPE_BAD = -2 };

/* Characters go in one by one; an octet comes out, or ESCAPE_MORE within an escape, or ESCAPE_BAD. */
static int feed(struct escape *escape, uint8_t c)
{
	if (!escape->open && c != '\\')
		return c;
	if (!escape->open) {
		*escape = (struct escape){ .open = true };
		return ESCAPE_MORE;
	}
	if (c < '0' || c > '9') {
		escape->open = false;
		return escape->digits == 0 ? c : ESCAPE_BAD;
	}
	escape->value = escape->value * 10 + (unsigned)(c - '0');
	if (++escape->digits < 3)
		return ESCAPE_MORE;
	escape->open = false;
	return escape->value <= 255 ? (int)escape->value : ESCAPE_BAD;
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
	struct escape escape = { .open = false };
	for (size_t i = 0; i < size && !closed && !at_sign; i++) {
		if (text[i] == '.' && !escape.open) {
			if (label == 0)
				return refuse(why, "empty label in a name (RFC 1035 5.1)");
			out[used] = (uint8_t)label;
			used += label + 1;
			label = 0;
			closed = i + 1 == size;
			continue;
		}
		const int octet = feed(&escape, (uint8_t)text[i]);
		if (octet == ESCAPE_MORE)
			continue;
		if (octet == ESCAPE_BAD)
			return refuse(why, "bad escape in a name (RFC 1035 5.1)");
		if (label == 63)
			return refuse(why, "label longer than 63 octets (RFC 1035 2.3.4)");
		if (used + label + 2 >= VNAME_MAX)
			return refuse(why, "name longer than 255 octets (RFC 1035 2.3.4)");
		out[used + ++label] = (uint8_t)octet;
	}
	if (escape.open)
		return refuse(why, "bad escape in a name (RFC 1035 5.1)");
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
