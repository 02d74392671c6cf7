/* SPDX-License-Identifier: MIT */
/* The substitution expression of NAPTR (RFC 3402 3.2): delimiter, regular expression, delimiter, replacement,
 * delimiter, flags. BIND takes no zone with another, neither as a file nor in a transfer. */
#include "signer/dns/field.h"

#include <string.h>

/* A ] right after [ or [^ stands for itself. */
enum bracket { OUTSIDE, OPENED, NEGATED, INSIDE };

/* One walk over the octets; what a regular expression may hold beyond groups and brackets is left to its readers. */
struct expression {
	uint8_t delimiter;
	unsigned part;   /* 0: regular expression, 1: replacement, 2: flags */
	unsigned groups; /* opened so far, the \1 to \9 of the replacement */
	unsigned open;
	enum bracket bracket;
	uint8_t within; /* the mark of a [:class:], [.symbol.] or [=equivalent=] within it */
};

static void walk_bracket(struct expression *e, uint8_t octet, uint8_t next)
{
	if (e->within != 0) {
		if (octet == e->within && next == ']')
			e->within = 1; /* its ] comes next and ends nothing else */
		else if (e->within == 1)
			e->within = 0;
		return;
	}
	if (octet == '[' && (next == ':' || next == '.' || next == '='))
		e->within = next;
	if (octet == ']' && e->bracket == INSIDE)
		e->bracket = OUTSIDE;
	else
		e->bracket = octet == '^' && e->bracket == OPENED ? NEGATED : INSIDE;
}

static void walk_expression(struct expression *e, uint8_t octet, uint8_t next)
{
	if (e->bracket != OUTSIDE) {
		walk_bracket(e, octet, next);
		return;
	}
	e->bracket = octet == '[' ? OPENED : OUTSIDE;
	e->groups += octet == '(' ? 1U : 0U;
	e->open += octet == '(' ? 1U : 0U;
	e->open -= octet == ')' && e->open > 0 ? 1U : 0U;
}

/* A backslash takes the next octet along; within brackets both stand for themselves. */
static bool walk_escaped(struct expression *e, uint8_t octet, uint8_t next)
{
	const unsigned number = (unsigned)octet - '0';
	if (e->part == 0 && e->bracket != OUTSIDE) {
		walk_bracket(e, '\\', octet);
		walk_expression(e, octet, next);
	}
	return e->part != 1 || number < 1 || number > 9 || number <= e->groups;
}

static bool is_regexp(const uint8_t *octets, size_t size)
{
	if (size == 0)
		return true;
	struct expression e = { .delimiter = octets[0] };
	if (octet_is_digit((char)e.delimiter) || e.delimiter == '\\' || e.delimiter == 'i')
		return false;
	for (size_t i = 1; i < size; i++) {
		if (e.part == 2) {
			if (octets[i] != 'i')
				return false;
		} else if (octets[i] == e.delimiter) {
			if (e.part == 0 && (e.open > 0 || e.bracket != OUTSIDE))
				return false;
			e.part++;
		} else if (octets[i] == '\\') {
			if (++i == size || !walk_escaped(&e, octets[i], i + 1 < size ? octets[i + 1] : 0))
				return false;
		} else if (e.part == 0) {
			walk_expression(&e, octets[i], i + 1 < size ? octets[i + 1] : 0);
		}
	}
	return e.part == 2;
}

enum status field_read_regexp(struct scan *scan, struct rdata_out *out)
{
	static const char wanted[] = "a substitution expression (RFC 3402 3.2)";
	struct token token;
	if (scan_string(scan, wanted, &token) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t octets[255];
	size_t size;
	if (scan_unescape(scan, &token, octets, sizeof(octets), &size) != STATUS_OK)
		return STATUS_MALFORMED;
	if (!is_regexp(octets, size))
		return scan_unexpected(scan, &token, wanted);
	uint8_t *const to = rdata_take(scan, out, size + 1);
	if (to == NULL)
		return STATUS_MALFORMED;
	to[0] = (uint8_t)size;
	memcpy(to + 1, octets, size);
	return STATUS_OK;
}

bool field_pass_regexp(struct cursor *in)
{
	const struct bytes text = cursor_take(in, cursor_u8(in));
	return !in->failed && is_regexp(text.data, text.size);
}
