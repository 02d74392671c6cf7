/* SPDX-License-Identifier: MIT */
#include "signer/verify/vsplit.h"

#include <string.h>

enum { BORDER_BYTES = 2 * 1024 * 1024 };

/* An entry that surely stands on its own begins here; or at least an entry, where none such came for long: it may need
 * what stands before it, and is then parsed twice. */
static bool fresh_start(const struct vsplit *split, size_t start, size_t at)
{
	return at < split->size && (at - start >= BORDER_BYTES || strchr(" \t\r\n;", split->text[at]) == NULL);
}

/* Behind these entries comes what cannot be read. */
static size_t add_last(const struct vsplit *split, size_t start, size_t end)
{
	if (end > start)
		split->piece(split->context, start, end);
	return end;
}

/* Without parentheses and quotes every line end is the end of an entry. */
static size_t split_plain(const struct vsplit *split)
{
	const char *const text = split->text;
	const size_t size = split->size;
	size_t start = 0;
	while (size - start > VSPLIT_BYTES) {
		size_t at = start + VSPLIT_BYTES;
		const char *line_end;
		do {
			line_end = memchr(text + at, '\n', size - at);
			at = line_end == NULL ? size : (size_t)(line_end - text) + 1;
		} while (line_end != NULL && !fresh_start(split, start, at));
		if (line_end == NULL)
			break;
		split->piece(split->context, start, at);
		start = at;
	}
	const char *const last = split->breaks ? memrchr(text + start, '\n', size - start) : NULL;
	return last == NULL ? start : add_last(split, start, (size_t)(last - text) + 1);
}

/* Walks over quotes, comments and parentheses; only a line end outside of them is a border. */
static size_t split_careful(const struct vsplit *split)
{
	const char *const text = split->text;
	const size_t size = split->size;
	size_t start = 0;
	size_t border = 0; /* the last one */
	unsigned depth = 0;
	bool quote = false;
	bool comment = false;
	for (size_t i = 0; i < size; i++) {
		const char c = text[i];
		if (c == '\n') {
			quote = comment = false; /* the parser refuses a quote that is open here */
			border = depth == 0 ? i + 1 : border;
			if (depth == 0 && i + 1 - start >= VSPLIT_BYTES && fresh_start(split, start, i + 1)) {
				split->piece(split->context, start, i + 1);
				start = i + 1;
			}
		} else if (comment) {
			continue;
		} else if (c == '\\') {
			i++;
		} else if (c == '"') {
			quote = !quote;
		} else if (quote) {
			continue;
		} else if (c == ';') {
			comment = true;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		}
	}
	return split->breaks ? add_last(split, start, border) : start;
}

size_t vsplit(const struct vsplit *split)
{
	const bool plain =
	    memchr(split->text, '(', split->size) == NULL && memchr(split->text, '"', split->size) == NULL;
	return plain ? split_plain(split) : split_careful(split);
}
