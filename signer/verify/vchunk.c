/* SPDX-License-Identifier: MIT */
#include "signer/verify/vchunk.h"

#include <string.h>

#include "signer/base/bytes.h"
#include "signer/verify/vrdata.h"

/* A piece in the making (vpieces.h). */
struct stretch {
	const char *text;
	uint64_t line;
	size_t record;
	uint64_t plain; /* records in it that stand in a line each and say their owner and TTL */
};

struct parser {
	struct vchunk *chunk;
	struct vcontext *context;
	struct vtokens in;
	bool first;
	const char *file;
	const struct vdesk *desk;
	const char *owner_text; /* the last owner as written, to see at once that the next is the same */
	size_t owner_size;
	const struct vtype *type; /* the row of the last type */
	struct vtoken type_text;  /* as it was written */
	struct vtoken
	    head_text; /* what stood between the last owner and RDATA, and what it said: mostly the same again */
	struct vrecord head;
	bool head_has_ttl;
	bool at_home; /* the origin is the one that the file began with */
	struct stretch piece;
};

static bool fail_at(struct parser *p, const char *at, const char *why)
{
	const char *start = at;
	while (start > p->chunk->text && start[-1] != '\n')
		start--;
	p->chunk->status =
	    error_set_at(&p->chunk->err, STATUS_MALFORMED, p->file, p->in.line, (uint64_t)(at - start) + 1, "%s", why);
	return false;
}

static bool fail(struct parser *p, struct vtoken token, const char *why)
{
	return fail_at(p, token.kind == VTOKEN_BAD ? p->in.at : token.text, token.kind == VTOKEN_BAD ? p->in.why : why);
}

/* What is missing may stand before the chunk. */
static bool fail_context(struct parser *p, struct vtoken token, const char *why)
{
	if (!p->first)
		p->chunk->needs_context = true;
	return fail(p, token, why);
}

static const uint8_t *origin_of(const struct parser *p)
{
	return p->context->have_origin ? p->context->origin : NULL;
}

static bool read_owner(struct parser *p, struct vtoken token)
{
	uint8_t name[VNAME_MAX];
	bool relative;
	const char *why;
	if (p->owner_text != NULL && token.size == p->owner_size && memcmp(p->owner_text, token.text, token.size) == 0)
		return true;
	if (token.kind == VTOKEN_QUOTED)
		return fail(p, token, "an owner name cannot be quoted (RFC 1035 5.1)");
	const size_t size = vname_parse(token.text, token.size, origin_of(p), name, &relative, &why);
	if (size == 0 && relative && origin_of(p) == NULL)
		return fail_context(p, token, why);
	if (size == 0)
		return fail(p, token, why);
	vname_fold(name);
	p->owner_text = token.text;
	p->owner_size = token.size;
	if (p->context->owner != NULL && size == vname_size(p->context->owner) &&
	    memcmp(p->context->owner, name, size) == 0)
		return true;
	const uint8_t *const known = p->desk->follow == NULL ? NULL : vfollow_owner(p->desk->follow, name, size);
	p->context->owner = known;
	if (known != NULL)
		return true;
	uint8_t *const copy = arena_octets(p->desk->memory, size);
	memcpy(copy, name, size);
	p->context->owner = copy;
	return true;
}

static void note_origin(struct parser *p)
{
	const uint8_t *const home = p->desk->origin;
	const uint8_t *const origin = origin_of(p);
	p->at_home = home == NULL || origin == NULL
			 ? home == origin
			 : vname_size(home) == vname_size(origin) && vname_equal(home, origin);
}

static bool read_directive(struct parser *p, struct vtoken word)
{
	struct vtoken value = vtoken_next(&p->in);
	uint8_t name[VNAME_MAX];
	bool relative;
	const char *why = NULL;
	if (value.kind != VTOKEN_WORD)
		return fail(p, value, "a directive without its value (RFC 1035 5.1)");
	if (vtoken_is(word, "$ORIGIN")) {
		const size_t size = vname_parse(value.text, value.size, origin_of(p), name, &relative, &why);
		if (size == 0 && relative && origin_of(p) == NULL)
			return fail_context(p, value, why);
		if (size == 0)
			return fail(p, value, why);
		memcpy(p->context->origin, name, size);
		p->context->have_origin = true;
		note_origin(p);
		p->owner_text = NULL;
		p->owner_size = 0;
	} else if (vtoken_is(word, "$TTL")) {
		if (!vtoken_ttl(value, &p->context->default_ttl))
			return fail(p, value, "not a TTL (RFC 2308 4)");
		p->context->have_default = true;
	} else if (vtoken_is(word, "$INCLUDE")) {
		return fail(p, word,
		    "$INCLUDE: the verifier judges one file and opens no other; flatten the zone first (the files of "
		    "an input: --unsigned-include)");
	} else if (vtoken_is(word, "$GENERATE")) {
		return fail(p, word, "$GENERATE is BIND's own and no part of RFC 1035; expand the zone first");
	} else {
		return fail(p, word, "unknown directive (RFC 1035 5.1)");
	}
	const struct vtoken rest = vtoken_next(&p->in);
	return rest.kind == VTOKEN_END || fail(p, rest, "more words than this directive has");
}

static bool same_text(struct vtoken a, struct vtoken b)
{
	return a.size == b.size && memcmp(a.text, b.text, a.size) == 0;
}

/* The type that was read last is most often the next. */
static bool read_type_name(struct parser *p, struct vtoken token, uint16_t *out)
{
	if (p->type != NULL && same_text(p->type_text, token)) {
		*out = p->type->number;
		return true;
	}
	if (!vtype_parse(token.text, token.size, out))
		return false;
	p->type = vtype_find(*out);
	p->type_text = token;
	return true;
}

static bool read_class(struct vtoken token, uint16_t *out)
{
	static const struct {
		const char *name;
		uint16_t number;
	} classes[] = { { "IN", 1 }, { "CH", 3 }, { "HS", 4 }, { "CS", 2 } };
	if (token.size == 2 && token.text[0] == 'I' && token.text[1] == 'N') { /* as most write it */
		*out = classes[0].number;
		return true;
	}
	for (size_t i = 0; i < COUNT(classes); i++) {
		if (vtoken_is(token, classes[i].name)) {
			*out = classes[i].number;
			return true;
		}
	}
	uint32_t number;
	if (token.kind != VTOKEN_WORD || token.size < 6 || (token.text[0] | 0x20) != 'c' ||
	    !vtoken_is((struct vtoken){ VTOKEN_WORD, token.text, 5 }, "CLASS") ||
	    !vtoken_number((struct vtoken){ VTOKEN_WORD, token.text + 5, token.size - 5 }, 65535, &number))
		return false;
	*out = (uint16_t)number;
	return true;
}

/* TTL and class in either order, then the type (RFC 1035 5.1). */
static bool read_head_words(struct parser *p, struct vrecord *record, bool *have_ttl)
{
	bool have_class = false;
	*have_ttl = false;
	record->class = VCLASS_IN;
	for (;;) {
		const struct vtoken token = vtoken_next(&p->in);
		if (token.kind != VTOKEN_WORD)
			return fail(p, token, "type of record expected (RFC 1035 5.1)");
		if (!*have_ttl && token.text[0] >= '0' && token.text[0] <= '9' && vtoken_ttl(token, &record->ttl)) {
			*have_ttl = true;
			continue;
		}
		if (!have_class && read_class(token, &record->class)) {
			have_class = true;
			continue;
		}
		if (!read_type_name(p, token, &record->type))
			return fail(p, token, "unknown type of record (RFC 1035 5.1, RFC 3597 5)");
		if (vtype_meta(record->type))
			return fail(p, token, "a meta type is no record of a zone (RFC 6895 3.1)");
		return true;
	}
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The same octets as in the entry before say the same again. */
static bool repeats(const struct parser *p, const char *text, size_t size)
{
	return size > 0 && p->in.depth == 0 && (size_t)(p->in.end - p->in.at) > size &&
	       memcmp(p->in.at, text, size) == 0 && blank(p->in.at[size]);
}

static bool read_head(struct parser *p, struct vrecord *record, bool *have_ttl)
{
	const struct vtokens before = p->in;
	if (repeats(p, p->head_text.text, p->head_text.size)) {
		p->in.at += p->head_text.size;
		record->ttl = p->head.ttl;
		record->class = p->head.class;
		record->type = p->head.type;
		*have_ttl = p->head_has_ttl;
		return true;
	}
	if (!read_head_words(p, record, have_ttl))
		return false;
	const bool plain = before.depth == 0 && p->in.depth == 0 && p->in.line == before.line;
	p->head_text = (struct vtoken){ VTOKEN_WORD, before.at, plain ? (size_t)(p->in.at - before.at) : 0 };
	p->head = *record;
	p->head_has_ttl = *have_ttl;
	return true;
}

static bool settle_ttl(struct parser *p, struct vrecord *record, bool have_ttl, struct vtoken at)
{
	if (have_ttl) {
		p->context->ttl = record->ttl;
		p->context->have_ttl = true;
		return true;
	}
	if (p->context->have_default)
		record->ttl = p->context->default_ttl;
	else if (p->context->have_ttl)
		record->ttl = p->context->ttl;
	else if (!p->first)
		return fail_context(p, at, "no TTL");
	else if (record->type == VTYPE_SOA && record->size >= 22)
		record->ttl = bytes_get_u32(record->rdata + record->size - 4);
	else
		return fail(p, at, "no TTL here, before, or by $TTL (RFC 1035 5.1)");
	return true;
}

static void keep(struct parser *p, const struct vrecord *record)
{
	struct vchunk *const chunk = p->chunk;
	/* A record takes 32 octets of text or more in most zones: room that is not used takes no memory. */
	if (chunk->count == chunk->capacity) {
		chunk->capacity = chunk->capacity == 0 ? chunk->size / 32 + 16 : 2 * chunk->capacity;
		chunk->records = memory_resize(chunk->records, chunk->capacity, sizeof(*record));
	}
	chunk->records[chunk->count++] = *record;
}

/* Only listed by its place, since the zone has the same. What the sum knows more of than its hash, or leaves out, is
 * not (vsum.h). */
static bool list_known(struct parser *p, const struct vrecord *record, const struct vrecord *like)
{
	struct vchunk *const chunk = p->chunk;
	if (like == NULL || like->ttl != record->ttl || like->class != record->class)
		return false;
	const bool summed = record->type == VTYPE_SOA || vsum_made_by_signer(record->type, true);
	if (!p->desk->shares && (!p->desk->sums || summed))
		return false;
	if (chunk->known_count == chunk->known_capacity) {
		chunk->known_capacity = chunk->known_capacity == 0 ? chunk->size / 32 + 16 : 2 * chunk->known_capacity;
		chunk->known = memory_resize(chunk->known, chunk->known_capacity, sizeof(*chunk->known));
	}
	chunk->known[chunk->known_count++] = (uint32_t)(like - p->desk->follow->zone->records);
	return true;
}

/* The name server, if the zone that is followed has it here, or if it was written so before in this one. */
static bool recall_server(struct parser *p, struct vrecord *record, const struct vrecord **like)
{
	struct vtokens after = p->in;
	const struct vtoken word = vtoken_next(&after);
	if (word.kind != VTOKEN_WORD)
		return false;
	const struct vrecord *const followed = p->desk->follow == NULL ? NULL : vfollow_server(p->desk->follow, word);
	const struct bytes known = followed != NULL ? (struct bytes){ followed->rdata, followed->size }
						    : vrecall_find(p->desk->recall, word.text, word.size);
	if (known.size == 0 || vtoken_next(&after).kind != VTOKEN_END)
		return false;
	*like = followed;
	record->rdata = known.data;
	record->size = (uint16_t)known.size;
	p->in = after;
	return true;
}

/* `fields` is where its text begins. Only a name that stands alone and needed no origin means the same elsewhere. */
static void keep_server(struct parser *p, const struct vrecord *record, const struct vtokens *fields)
{
	struct vtokens after = *fields;
	const struct vtoken word = vtoken_next(&after);
	if (word.kind == VTOKEN_WORD && vtoken_next(&after).kind == VTOKEN_END)
		vrecall_keep(p->desk->recall, word.text, word.size, (struct bytes){ record->rdata, record->size });
}

static const uint8_t *copy_of(const struct parser *p, const struct vrdata *rdata)
{
	uint8_t *const copy = arena_octets(p->desk->memory, rdata->size);
	if (rdata->size > 0)
		memcpy(copy, rdata->out, rdata->size);
	return copy;
}

static bool read_fields(struct parser *p, struct vrecord *record, const struct vrecord **like)
{
	struct vrdata rdata = { .in = &p->in, .origin = origin_of(p), .out = p->desk->scratch };
	const struct vtokens fields = p->in;
	if (!vrdata_read(&rdata, p->type)) {
		const char *const at = p->in.at > p->chunk->text && p->in.at > fields.at + 1 ? p->in.at - 1 : fields.at;
		const char *const why = rdata.why == NULL ? "bad RDATA" : rdata.why;
		if (rdata.relative && rdata.origin == NULL && !p->first)
			p->chunk->needs_context = true;
		return fail_at(p, at, why);
	}
	if (p->desk->follow != NULL)
		*like = vfollow_rdata(p->desk->follow, record->type, rdata.out, rdata.size);
	record->rdata = *like != NULL ? (*like)->rdata : copy_of(p, &rdata);
	record->size = (uint16_t)rdata.size;
	if (record->type == VTYPE_NS && !rdata.relative)
		keep_server(p, record, &fields);
	return true;
}

/* `named`: the owner stands in it. */
static bool read_record(struct parser *p, struct vtoken start, bool named)
{
	const uint64_t record_line = p->in.line;
	struct vrecord record = { .owner = p->context->owner, .line = (uint32_t)record_line };
	const struct vrecord *like = NULL;
	bool have_ttl;
	if (!read_head(p, &record, &have_ttl))
		return false;
	if (!(record.type == VTYPE_NS && recall_server(p, &record, &like)) && !read_fields(p, &record, &like))
		return false;
	if (!settle_ttl(p, &record, have_ttl, start))
		return false;
	if (!list_known(p, &record, like))
		keep(p, &record);
	if (like != NULL && p->desk->beside != NULL)
		vbeside_found(p->desk->beside, like);
	p->piece.plain += named && have_ttl && p->in.line == record_line;
	return true;
}

/* Lines that are the zone's are its records. */
static bool take_lines(struct parser *p)
{
	struct vbeside *const beside = p->desk->beside;
	const struct vrecord *like = NULL;
	const size_t size = beside == NULL || !p->at_home ? 0 : vbeside_match(beside, p->in.at, p->in.end);
	if (size == 0)
		return false;
	for (size_t i = 0; i < beside->count; i++) {
		like = &beside->zone->records[beside->places[i]];
		struct vrecord record = *like;
		record.line = (uint32_t)p->in.line++;
		record.spare = record.trusted = false;
		if (!list_known(p, &record, like))
			keep(p, &record);
	}
	p->in.at += size;
	p->owner_text = NULL;
	p->owner_size = 0;
	p->context->owner = like->owner;
	p->context->ttl = like->ttl;
	p->context->have_ttl = true;
	vfollow_jump(p->desk->follow, beside->owner, like);
	return true;
}

/* All of the stretch's lines are plain, or it is no piece. */
static bool is_plain(const struct parser *p, size_t size)
{
	const struct stretch *const piece = &p->piece;
	return p->at_home && size <= VPIECE_MOST && piece->plain > 0 && piece->plain == p->in.line - piece->line &&
	       piece->plain == p->chunk->count - piece->record;
}

static void add_piece(struct vchunk *chunk, const struct vpiece *piece)
{
	if (chunk->piece_count == chunk->piece_capacity) {
		chunk->piece_capacity += chunk->size / VPIECE_BYTES + 1;
		chunk->pieces = memory_resize(chunk->pieces, chunk->piece_capacity, sizeof(*chunk->pieces));
	}
	chunk->pieces[chunk->piece_count++] = *piece;
}

static void end_piece(struct parser *p)
{
	struct stretch *const from = &p->piece;
	const size_t size = (size_t)(p->in.at - from->text);
	struct vpiece piece = { .at = (uint64_t)(from->text - p->chunk->text),
		.size = (uint32_t)size,
		.line = (uint32_t)from->line,
		.lines = (uint32_t)from->plain,
		.record = (uint32_t)from->record };
	if (is_plain(p, size) && vsealer_seal(p->desk->sealer, from->text, &piece))
		add_piece(p->chunk, &piece);
	*from = (struct stretch){ p->in.at, p->in.line, p->chunk->count, 0 };
}

static bool read_entry(struct parser *p)
{
	if (repeats(p, p->owner_text, p->owner_size)) {
		const struct vtoken owner = { VTOKEN_WORD, p->in.at, p->owner_size };
		p->in.at += p->owner_size;
		return read_record(p, owner, true);
	}
	const bool same_owner = blank(*p->in.at);
	const struct vtoken token = vtoken_next(&p->in);
	if (token.kind == VTOKEN_END)
		return true;
	if (token.kind == VTOKEN_BAD)
		return fail(p, token, "");
	if (!same_owner && token.kind == VTOKEN_WORD && token.text[0] == '$')
		return read_directive(p, token);
	if (!same_owner)
		return read_owner(p, token) && read_record(p, token, true);
	if (p->context->owner == NULL)
		return fail_context(p, token, "no owner name here or before (RFC 1035 5.1)");
	p->in.at = token.text - (token.kind == VTOKEN_QUOTED);
	return read_record(p, token, false);
}

void vchunk_parse(struct vchunk *chunk, bool first, const char *file, const struct vdesk *desk)
{
	chunk->finish = chunk->begin;
	chunk->count = chunk->known_count = chunk->piece_count = 0;
	chunk->needs_context = false;
	chunk->status = STATUS_OK;
	struct parser p = { .chunk = chunk,
		.context = &chunk->finish,
		.in = { .at = chunk->text, .end = chunk->text + chunk->size, .line = chunk->first_line },
		.first = first,
		.file = file,
		.desk = desk,
		.piece = { .text = chunk->text, .line = chunk->first_line } };
	note_origin(&p);
	if (desk->follow != NULL)
		vfollow_begin(desk->follow);
	if (desk->beside != NULL)
		vbeside_begin(desk->beside);
	while (p.in.at < p.in.end) {
		if (take_lines(&p))
			continue;
		if (!read_entry(&p))
			break;
		/* At a line end, or at the end of the chunk. */
		if (p.in.at < p.in.end) {
			p.in.at++;
			p.in.line++;
		}
		if (desk->sealer != NULL && (p.in.at - p.piece.text >= VPIECE_BYTES || p.in.at == p.in.end))
			end_piece(&p);
	}
	chunk->lines = p.in.line - chunk->first_line;
}
