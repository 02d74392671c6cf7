/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_chunk.h"

#include <string.h>

#include "signer/dns/field.h"
#include "signer/dns/rdata.h"
#include "signer/dns/zonetext_fast.h"

struct parser {
	struct zonetext_chunk *chunk;
	struct zonetext_worker *worker;
	struct scan scan;
	struct zonetext_state state;
	const uint8_t *owner;   /* of the last record; NULL: stated by an earlier piece */
	const char *owner_text; /* as it was written, to recognize it again; NULL after $ORIGIN */
	size_t owner_text_size;
	struct zonetext_fast *fast; /* NULL: all lines go the general way */
};

enum zonetext_directive zonetext_directive_word(struct scan *scan)
{
	struct token token;
	if (scan_word(scan, "a directive", &token) != STATUS_OK)
		return DIRECTIVE_OTHER;
	if (scan_token_is(&token, "$origin"))
		return DIRECTIVE_ORIGIN;
	if (scan_token_is(&token, "$ttl"))
		return DIRECTIVE_TTL;
	if (scan_token_is(&token, "$include"))
		return DIRECTIVE_INCLUDE;
	if (scan_token_is(&token, "$generate"))
		(void)scan_fail(scan, token.text,
		    "$GENERATE is BIND's own and not read here: write the records out, e.g. with named-compilezone");
	else
		(void)scan_unexpected(scan, &token, "a directive: $ORIGIN, $TTL or $INCLUDE (RFC 1035 5.1)");
	return DIRECTIVE_OTHER;
}

enum status zonetext_directive_apply(struct scan *scan, enum zonetext_directive directive, struct zonetext_state *state)
{
	struct token token;
	uint8_t origin[NAME_WIRE];
	size_t size = 0;
	uint32_t ttl = 0;
	if (directive == DIRECTIVE_ORIGIN) {
		if (scan_name(scan, "the new origin", origin, &size) != STATUS_OK)
			return STATUS_MALFORMED;
	} else {
		if (scan_word(scan, "a TTL", &token) != STATUS_OK || scan_ttl(scan, &token, &ttl) != STATUS_OK)
			return STATUS_MALFORMED;
	}
	if (scan_record_end(scan) != STATUS_OK)
		return STATUS_MALFORMED;
	if (directive == DIRECTIVE_ORIGIN) {
		memcpy(state->origin, origin, size);
	} else {
		state->ttl = ttl;
		state->ttl_known = true;
	}
	return STATUS_OK;
}

static enum status parse_directive(struct parser *parser)
{
	const enum zonetext_directive directive = zonetext_directive_word(&parser->scan);
	if (directive == DIRECTIVE_OTHER)
		return STATUS_MALFORMED;
	if (directive == DIRECTIVE_INCLUDE)
		return scan_fail(&parser->scan, parser->scan.at, "$INCLUDE within a malformed record");
	parser->owner_text = NULL;
	return zonetext_directive_apply(&parser->scan, directive, &parser->state);
}

static struct record *new_record(struct zonetext_chunk *chunk)
{
	if (chunk->count == chunk->room) {
		chunk->room = chunk->room == 0 ? 1024 : 2 * chunk->room;
		chunk->records = memory_resize(chunk->records, chunk->room, sizeof(*chunk->records));
	}
	return &chunk->records[chunk->count];
}

/* Records of one owner often follow each other and spell it alike; then they share its octets. */
static enum status parse_owner(struct parser *parser)
{
	struct scan *const scan = &parser->scan;
	if (parser->owner_text != NULL && (size_t)(scan->end - scan->at) > parser->owner_text_size &&
	    octet_class[(uint8_t)scan->at[parser->owner_text_size]] == OCTET_BLANK &&
	    memcmp(scan->at, parser->owner_text, parser->owner_text_size) == 0) {
		scan->at += parser->owner_text_size;
		return STATUS_OK;
	}
	const char *const text = scan->at;
	uint8_t wire[NAME_WIRE];
	size_t size;
	if (scan_name(scan, "the owner", wire, &size) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const owner = arena_octets(parser->worker->arena, size);
	memcpy(owner, wire, size);
	parser->owner = owner;
	parser->owner_text = text;
	parser->owner_text_size = (size_t)(scan->at - text);
	return STATUS_OK;
}

/* -1: no class; else its number, 65536 for one without a meaning in a zone. */
static int32_t class_number(const struct token *token)
{
	static const struct {
		const char *name;
		int32_t number;
	} classes[] = { { "in", 1 }, { "cs", 2 }, { "ch", 3 }, { "chaos", 3 }, { "hs", 4 }, { "hesiod", 4 } };
	for (size_t i = 0; i < COUNT(classes); i++) {
		if (scan_token_is(token, classes[i].name))
			return classes[i].number;
	}
	static const char prefix[] = "class";
	if (token->size <= 5 || token->size > 10)
		return -1;
	const struct token start = { token->text, 5 };
	if (!scan_token_is(&start, prefix))
		return -1;
	int32_t number = 0;
	for (size_t i = 5; i < token->size; i++) {
		if (!octet_is_digit(token->text[i]))
			return -1;
		number = number * 10 + (token->text[i] - '0');
	}
	return number;
}

static bool is_in(const struct token *token)
{
	return token->size == 2 && (token->text[0] | 0x20) == 'i' && (token->text[1] | 0x20) == 'n';
}

static enum status parse_type(const struct scan *scan, const struct token *token, struct zonetext_head *head)
{
	const int type = rrtype_from_text(token->text, token->size);
	if (type < 0)
		return scan_unexpected(scan, token, "a TTL, a class or a record type");
	if (rrtype_is_meta((uint16_t)type))
		return scan_unexpected(scan, token, "a type that can be data in a zone (RFC 6895 3.1)");
	head->type = (uint16_t)type;
	return STATUS_OK;
}

/* TTL and class in either order, each at most once, then the type (RFC 1035 5.1). */
static enum status parse_head(struct scan *scan, struct zonetext_head *head)
{
	for (;;) {
		struct token token;
		if (scan_word(scan, "a record type", &token) != STATUS_OK)
			return STATUS_MALFORMED;
		if (octet_is_digit(token.text[0])) {
			if (head->ttl_stated)
				return scan_fail(scan, token.text, "a second TTL (RFC 1035 5.1)");
			head->ttl_stated = true;
			if (scan_ttl(scan, &token, &head->ttl) != STATUS_OK)
				return STATUS_MALFORMED;
			continue;
		}
		const bool in = is_in(&token);
		const int frequent = in ? -1 : rrtype_frequent(token.text, token.size);
		if (frequent >= 0) {
			head->type = (uint16_t)frequent;
			return STATUS_OK;
		}
		const int32_t class = in ? 1 : class_number(&token);
		if (class < 0)
			return parse_type(scan, &token, head);
		if (class != 1)
			return scan_fail(
			    scan, token.text, "class other than IN: only IN zones are signed (RFC 1035 5.2)");
		if (head->class_stated)
			return scan_fail(scan, token.text, "a second class (RFC 1035 5.1)");
		head->class_stated = true;
	}
}

/* The TTL of a record: its own, else that of $TTL, else the one stated last (RFC 2308 4, RFC 1035 5.1). */
static uint32_t settle_ttl(struct parser *parser, const struct zonetext_head *head)
{
	struct zonetext_chunk *const chunk = parser->chunk;
	if (head->ttl_stated) {
		chunk->last_ttl = head->ttl;
		chunk->last_ttl_known = true;
		return head->ttl;
	}
	if (parser->state.ttl_known)
		return parser->state.ttl;
	if (!chunk->last_ttl_known)
		chunk->ttlless = chunk->count + 1;
	return chunk->last_ttl;
}

static void add_record(
    struct parser *parser, const struct zonetext_head *head, uint32_t line, const uint8_t *rdata, size_t size)
{
	struct zonetext_chunk *const chunk = parser->chunk;
	struct record *const record = new_record(chunk);
	if (parser->owner == NULL)
		chunk->ownerless = chunk->count + 1;
	*record = (struct record){ .owner = parser->owner,
		.rdata = rdata,
		.ttl = settle_ttl(parser, head),
		.line = line,
		.type = head->type,
		.rdata_size = (uint16_t)size,
		.file = chunk->file };
	chunk->count++;
}

/* What it understood is remembered for the lines that follow. */
static enum status read_head(struct parser *parser, struct zonetext_head *head)
{
	struct scan *const scan = &parser->scan;
	const char *const start = scan->at;
	const uint32_t line = scan->line;
	if (parse_head(scan, head) != STATUS_OK)
		return STATUS_MALFORMED;
	const char *end = scan->at;
	while (octet_class[(uint8_t)*end] == OCTET_BLANK)
		end++;
	if (parser->fast != NULL && scan->line == line && scan->depth == 0)
		zonetext_fast_learn(parser->fast, start, (size_t)(end - start), head);
	return STATUS_OK;
}

static enum status parse_body(struct parser *parser, uint32_t line)
{
	struct zonetext_head head = { 0 };
	uint8_t *const scratch = parser->worker->scratch;
	if (read_head(parser, &head) != STATUS_OK)
		return STATUS_MALFORMED;
	struct rdata_out rdata = { scratch, scratch, scratch + RDATA_MAX };
	if (rdata_read(&parser->scan, head.type, &rdata) != STATUS_OK)
		return STATUS_MALFORMED;
	if (scan_record_end(&parser->scan) != STATUS_OK)
		return STATUS_MALFORMED;
	const size_t size = (size_t)(rdata.at - rdata.start);
	uint8_t *const octets = arena_octets(parser->worker->arena, size);
	memcpy(octets, rdata.start, size);
	add_record(parser, &head, line, octets, size);
	return STATUS_OK;
}

/* One record or directive, or a line with nothing on it. */
static enum status parse_line(struct parser *parser)
{
	struct scan *const scan = &parser->scan;
	const uint32_t line = scan->line;
	if (*scan->at == '$')
		return parse_directive(parser);
	const bool blank = octet_class[(uint8_t)*scan->at] == OCTET_BLANK;
	switch (scan_peek(scan)) {
	case SCAN_END:
		return STATUS_OK;
	case SCAN_BAD:
		return STATUS_MALFORMED;
	case SCAN_WORD:
	case SCAN_QUOTED:
		break;
	}
	if (!blank && parse_owner(parser) != STATUS_OK) {
		/* What follows under this owner is not to be blamed for it. */
		parser->owner = parser->state.origin;
		parser->owner_text = NULL;
		return STATUS_MALFORMED;
	}
	return parse_body(parser, line);
}

static void end_line(struct scan *scan)
{
	if (scan->at >= scan->end)
		return;
	scan->at++;
	scan->line++;
	scan->line_start = scan->at;
}

/* A line of the usual form; false if it is none, then nothing was done. */
static bool parse_fast(struct parser *parser)
{
	struct scan *const scan = &parser->scan;
	struct arena *const arena = parser->worker->arena;
	struct zonetext_fast_record found;
	if (parser->fast == NULL || *scan->at == '$')
		return false;
	uint8_t *const room = arena_reserve(arena, FAST_ROOM);
	const struct token owner = { parser->owner_text, parser->owner_text_size };
	if (!zonetext_fast_read(parser->fast, scan, &owner, room, &found))
		return false;
	if (found.owner_size > 0) {
		parser->owner = room;
		parser->owner_text = scan->at;
		parser->owner_text_size = found.owner_text_size;
	}
	arena_keep(arena, found.owner_size + found.rdata_size);
	add_record(parser, &found.head, scan->line, room + found.owner_size, found.rdata_size);
	scan->at = found.end;
	return true;
}

static void begin_chunk(struct zonetext_chunk *chunk)
{
	chunk->count = 0;
	chunk->ownerless = 0;
	chunk->ttlless = 0;
	chunk->last_ttl = 0;
	chunk->last_ttl_known = false;
	chunk->error_count = 0;
}

void zonetext_chunk_parse(struct zonetext_chunk *chunk, struct zonetext_worker *worker)
{
	struct parser parser = { .chunk = chunk, .worker = worker, .state = chunk->state };
	struct scan *const scan = &parser.scan;
	struct zonetext_fast fast;
	*scan = (struct scan){ .at = chunk->text,
		.end = chunk->text + chunk->size,
		.line_start = chunk->text,
		.line = chunk->line,
		.origin = parser.state.origin,
		.file = chunk->file_name };
	begin_chunk(chunk);
	if (worker->marks.kind != MARKS_NONE) {
		marks_make(&worker->marks, chunk->text, chunk->size);
		zonetext_fast_begin(&fast, chunk->text, &worker->marks);
		parser.fast = &fast;
	}
	while (scan->at < scan->end && chunk->error_count < ZONETEXT_ERRORS) {
		scan->err = &chunk->errors[chunk->error_count];
		if (!parse_fast(&parser) && parse_line(&parser) != STATUS_OK) {
			chunk->error_count++;
			scan_recover(scan);
		}
		end_line(scan);
	}
	chunk->last_owner = parser.owner == parser.state.origin ? NULL : parser.owner;
}
