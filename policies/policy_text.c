/* SPDX-License-Identifier: MIT */
#include "policies/policy_text.h"

#include <stdbool.h>
#include <string.h>

struct policy_place policy_text_place(struct bytes text, size_t line, size_t column)
{
	size_t at = 0;
	for (size_t i = 0; i < line; i++) {
		const uint8_t *const end = memchr(text.data + at, '\n', text.size - at);
		/* libyaml puts the end of a text without a last line feed in the line after it. */
		if (end == NULL)
			return (struct policy_place){ i + 1, text.size - at + 1 };
		at = (size_t)(end - text.data) + 1;
	}
	const size_t start = at;
	for (size_t i = 0; i < column && at < text.size; i++) {
		at++;
		while (at < text.size && (text.data[at] & 0xc0) == 0x80)
			at++;
	}
	return (struct policy_place){ line + 1, at - start + 1 };
}

/* Octets of the character that starts at text[at], and its number; 0 if it is not UTF-8 (RFC 3629 4). */
static size_t character(struct bytes text, size_t at, uint32_t *out)
{
	static const struct {
		uint8_t mask, lead;
		size_t size;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 1, 0 }, { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 } };
	const uint8_t first = text.data[at];
	for (size_t i = 0; i < COUNT(forms); i++) {
		if ((first & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].size > text.size - at)
			return 0;
		uint32_t value = first & (uint8_t)~forms[i].mask;
		for (size_t j = 1; j < forms[i].size; j++) {
			if ((text.data[at + j] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (text.data[at + j] & 0x3f);
		}
		if (value < forms[i].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
			return 0;
		*out = value;
		return forms[i].size;
	}
	return 0;
}

/* What is wrong with a character that follows `text[..at)` and is before text[next]; NULL if nothing is. */
static const char *fault_of(uint32_t value, struct bytes text, size_t next)
{
	if (value == 0)
		return "a NUL";
	if (value == '\r' && (next >= text.size || text.data[next] != '\n'))
		return "a carriage return without a line feed";
	if ((value < 0x20 && value != '\t' && value != '\n' && value != '\r') || (value >= 0x7f && value <= 0x9f))
		return "a control character";
	if (value == 0x2028 || value == 0x2029)
		return "a line end that editors do not count (U+2028, U+2029)";
	if (value == 0xfeff)
		return "a byte order mark; save the file as plain UTF-8";
	if (value == 0xfffe || value == 0xffff)
		return "a code point that is no character";
	return NULL;
}

enum status policy_text_check(const char *file, struct bytes text, size_t most, struct error *err)
{
	size_t line = 1;
	size_t start = 0;
	if (text.size > most)
		return error_set_at(
		    err, STATUS_POLICY, file, 0, 0, "%zu octets; a policy has at most %zu", text.size, most);
	for (size_t at = 0; at < text.size;) {
		uint32_t value;
		const size_t size = character(text, at, &value);
		const char *const fault = size == 0 ? "an octet that is not UTF-8" : fault_of(value, text, at + size);
		if (fault != NULL)
			return error_set_at(err, STATUS_POLICY, file, line, at - start + 1, "%s", fault);
		at += size;
		if (value == '\n') {
			line++;
			start = at;
		}
	}
	return STATUS_OK;
}
