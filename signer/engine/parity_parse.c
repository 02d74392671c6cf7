/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/engine/parity.h"

static enum status refuse(struct error *err, const char *why)
{
	return error_set(err, STATUS_MALFORMED, "parity snapshot: %s", why);
}

/* The rest of the next line if it begins with `word`; moves `text` behind it. */
static bool take_line(struct bytes *text, const char *word, struct bytes *rest)
{
	const uint8_t *const end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
	const size_t length = strlen(word);
	if (end == NULL || (size_t)(end - text->data) < length || memcmp(text->data, word, length) != 0)
		return false;
	*rest = (struct bytes){ text->data + length, (size_t)(end - text->data) - length };
	const size_t used = (size_t)(end - text->data) + 1;
	*text = (struct bytes){ text->data + used, text->size - used };
	return true;
}

static bool read_time(struct bytes text, struct utc *out)
{
	char line[UTC_TEXT];
	if (text.size >= sizeof(line) || memchr(text.data, '\0', text.size) != NULL)
		return false;
	memcpy(line, text.data, text.size);
	line[text.size] = '\0';
	return utc_parse(line, out, NULL) == STATUS_OK;
}

static bool read_base64(struct bytes text, uint8_t *out, size_t size)
{
	return bytes_from_base64((const char *)text.data, text.size, out, size) == (long)size;
}

/* The signature's line is the last one. */
static bool split_end(struct bytes text, struct bytes *before, struct bytes *last)
{
	static const char word[] = "\nsignature ";
	if (text.size < sizeof(word) || text.data[text.size - 1] != '\n')
		return false;
	size_t at = text.size - 1;
	while (at > 0 && text.data[at - 1] != '\n')
		at--;
	if (at == 0 || text.size - at < sizeof(word) - 1 || memcmp(text.data + at - 1, word, sizeof(word) - 1) != 0)
		return false;
	*before = (struct bytes){ text.data, at };
	*last = (struct bytes){ text.data + at + sizeof(word) - 2, text.size - at - (sizeof(word) - 1) };
	return true;
}

enum status parity_parse(struct bytes text, struct parity_snapshot *out, struct error *err)
{
	struct parity_snapshot read = { .made = { 0 } };
	struct bytes rest;
	struct bytes last;
	if (text.size > PARITY_MOST)
		return refuse(err, "it is too large");
	if (!split_end(text, &read.covered, &last) || !read_base64(last, read.signature, sizeof(read.signature)))
		return refuse(err, "it does not end with its signature; it may be cut");
	read.body = read.covered;
	if (!take_line(&read.body, "zoneseal-parity 1", &rest) || rest.size != 0)
		return refuse(err, "it does not begin with \"zoneseal-parity 1\"");
	if (!take_line(&read.body, "made ", &rest) || !read_time(rest, &read.made))
		return refuse(err, "its second line does not say when it was made");
	if (!take_line(&read.body, "parity-key ", &rest) || !read_base64(rest, read.key, sizeof(read.key)))
		return refuse(err, "its third line holds no Ed25519 key in base64");
	*out = read;
	return STATUS_OK;
}
