/* SPDX-License-Identifier: MIT */
#include "signer/verify/vinclude.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "signer/verify/vtoken.h"

enum { PIECE = 1 << 16 };

static const char directive[] = "$INCLUDE";

/* Where the walk over the text is: within an entry or at its beginning. */
struct walk {
	struct vinclude_line *out;
	unsigned depth;
	bool quote, comment, escaped;
	bool at_start; /* of an entry */
	bool inside;   /* of an entry that begins like the directive; `out` collects it */
	bool sure;     /* and it is the directive as a whole word */
};

/* The octet is part of an entry that may be the directive. False if the line is too long to be one. */
static bool collect(struct walk *walk, char c)
{
	struct vinclude_line *const out = walk->out;
	const size_t word = sizeof(directive) - 1;
	if (out->size == VINCLUDE_LINE)
		return false;
	out->text[out->size++] = c;
	if (walk->sure)
		return true;
	if (out->size <= word)
		walk->inside = strncasecmp(out->text, directive, out->size) == 0;
	else
		walk->sure = walk->inside = strchr(" \t\r\n\"(;", c) != NULL;
	return true;
}

/* What the octet opens or closes. True at the end of an entry. */
static bool step(struct walk *walk, char c)
{
	if (c == '\n') {
		walk->quote = walk->comment = walk->escaped = false;
		return walk->depth == 0;
	}
	if (walk->comment)
		return false;
	if (walk->escaped) {
		walk->escaped = false;
		return false;
	}
	walk->escaped = c == '\\';
	if (c == '"')
		walk->quote = !walk->quote;
	if (walk->quote || walk->escaped)
		return false;
	walk->comment = c == ';';
	walk->depth += c == '(';
	walk->depth -= c == ')' && walk->depth > 0;
	return false;
}

/* Takes the octet at `at`. STATUS_OK, or STATUS_MALFORMED for a line that is too long; `found` is set after the end. */
static enum status take(struct walk *walk, char c, uint64_t at, const char *name, uint64_t *lines, struct error *err)
{
	struct vinclude_line *const out = walk->out;
	if (walk->at_start) {
		walk->inside = c == '$';
		walk->sure = false;
		out->start = at;
		out->lines = *lines;
		out->size = 0;
	}
	if (walk->inside && !collect(walk, c))
		return error_set_at(
		    err, STATUS_MALFORMED, name, out->lines + 1, 1, "a $INCLUDE line of over %d octets", VINCLUDE_LINE);
	*lines += c == '\n';
	walk->at_start = step(walk, c);
	out->found = walk->at_start && walk->inside && walk->sure;
	out->end = at + 1;
	out->more = *lines - out->lines;
	return STATUS_OK;
}

enum status vinclude_find(int descriptor, const char *name, uint64_t from, struct vinclude_line *out, struct error *err)
{
	char piece[PIECE];
	uint64_t at = from;
	uint64_t lines = 0;
	*out = (struct vinclude_line){ .found = false };
	struct walk walk = { .out = out, .at_start = true };
	for (;;) {
		const ssize_t n = pread(descriptor, piece, sizeof(piece), (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "%s: read", name);
		if (n == 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			const enum status status = take(&walk, piece[i], at + (uint64_t)i, name, &lines, err);
			if (status != STATUS_OK || out->found)
				return status;
		}
		at += (uint64_t)n;
	}
	/* The last line may lack its end. */
	out->found = !walk.at_start && walk.inside && walk.sure && walk.depth == 0;
	return STATUS_OK;
}

static const struct vinclude *find_file(const struct vsource *source, const uint8_t *name, size_t size)
{
	for (size_t i = 0; i < source->include_count; i++)
		if (strlen(source->includes[i].name) == size && memcmp(source->includes[i].name, name, size) == 0)
			return &source->includes[i];
	return NULL;
}

enum status vinclude_read(const struct vinclude_line *line, const struct vsource *source, uint64_t where,
    uint8_t origin[VNAME_MAX], bool *have_origin, const struct vinclude **out, struct error *err)
{
	struct vtokens in = { .at = line->text, .end = line->text + line->size, .line = 1 };
	uint8_t name[VINCLUDE_NAME];
	uint8_t wire[VNAME_MAX];
	bool relative;
	const char *why = NULL;
	(void)vtoken_next(&in); /* the directive itself */
	const struct vtoken file = vtoken_next(&in);
	const long size =
	    file.kind == VTOKEN_WORD || file.kind == VTOKEN_QUOTED ? vtoken_octets(file, name, sizeof(name)) : -1;
	if (size <= 0)
		return error_set_at(
		    err, STATUS_MALFORMED, source->name, where, 1, "$INCLUDE without a file's name (RFC 1035 5.1)");
	struct vtoken next = vtoken_next(&in);
	if (next.kind == VTOKEN_WORD) {
		const size_t length =
		    vname_parse(next.text, next.size, *have_origin ? origin : NULL, wire, &relative, &why);
		if (length == 0)
			return error_set_at(err, STATUS_MALFORMED, source->name, where, 1, "%s", why);
		memcpy(origin, wire, length);
		*have_origin = true;
		next = vtoken_next(&in);
	}
	if (next.kind != VTOKEN_END)
		return error_set_at(err, STATUS_MALFORMED, source->name, where, 1,
		    "$INCLUDE has a file's name and perhaps an origin, and nothing else (RFC 1035 5.1)");
	*out = find_file(source, name, (size_t)size);
	if (*out == NULL)
		return error_set_at(err, STATUS_MALFORMED, source->name, where, 1,
		    "$INCLUDE of a file that was not given with --unsigned-include");
	return STATUS_OK;
}
