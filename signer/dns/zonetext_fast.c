/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_fast.h"

#include <string.h>

#include "signer/dns/base64.h"
#include "signer/dns/field.h"
#include "signer/dns/name.h"
#include "signer/dns/swar.h"

/* A line that is being read. */
struct line {
	struct zonetext_fast *fast;
	const struct scan *scan;
	size_t at;   /* in fast->text */
	uint8_t *to; /* what is written next */
	uint8_t *end;
};

void zonetext_fast_begin(struct zonetext_fast *fast, const char *text, const struct marks *marks)
{
	memset(fast, 0, sizeof(*fast));
	fast->text = text;
	fast->marks = marks;
	fast->head = &fast->heads[0];
}

static const char *text_at(const struct line *line)
{
	return line->fast->text + line->at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Octets of the word that begins here if it has less than 57 or so; 0: none begins here, or a longer one. */
static unsigned word_size(const struct line *line)
{
	const uint64_t ends = marks_at(line->fast->marks->ends, line->at);
	return ends == 0 ? 0 : marks_first(ends);
}

/* The same for words of any size; the text ends with a mark. */
static size_t long_word_size(const struct line *line)
{
	size_t size = 0;
	for (;;) {
		const uint64_t ends = marks_at(line->fast->marks->ends, line->at + size);
		if (ends != 0)
			return size + marks_first(ends);
		size += 57;
	}
}

/* Steps over a word and the one blank behind it. */
static bool pass(struct line *line, size_t size)
{
	const bool blank = is_blank(text_at(line)[size]);
	line->at += size + 1;
	return blank;
}

/* The name is copied as it stands, then each dot becomes the length of the label behind it. What stands behind the name
 * is the caller's to look at. */
static unsigned read_name(struct line *line)
{
	const unsigned size = word_size(line);
	const char *const text = text_at(line);
	uint8_t *const wire = line->to;
	if (size == 0 || line->end - line->to < 2 * NAME_WIRE || (size == 1 && *text == '@'))
		return 0;
	memcpy(wire + 1, text, 32);
	if (size > 32)
		memcpy(wire + 33, text + 32, 32);
	uint64_t dots = marks_at(line->fast->marks->dots, line->at) & (((uint64_t)1 << size) - 1);
	unsigned length_at = 0;
	for (; dots != 0; dots &= dots - 1) {
		const unsigned dot = marks_first(dots) + 1;
		if (dot == length_at + 1)
			return 0; /* an empty label, or the root */
		wire[length_at] = (uint8_t)(dot - length_at - 1);
		length_at = dot;
	}
	line->to += size + 1;
	if (length_at == size) {
		wire[size] = 0;
		return size;
	}
	wire[length_at] = (uint8_t)(size - length_at);
	if (line->scan->origin == NULL)
		return 0;
	const size_t origin_size = name_size(line->scan->origin);
	if (size + 1 + origin_size > NAME_WIRE)
		return 0;
	memcpy(line->to, line->scan->origin, origin_size);
	line->to += origin_size;
	return size;
}

static bool same_text(const char *a, const char *b, size_t size)
{
	for (; size >= 8; size -= 8, a += 8, b += 8) {
		if (swar_load(a) != swar_load(b))
			return false;
	}
	return size == 0 || (swar_load(a) ^ swar_load(b)) << (64 - 8 * size) == 0;
}

/* Records of one owner often follow each other and spell it alike, or leave it out. */
static bool read_owner(struct line *line, const struct token *before, struct zonetext_fast_record *out)
{
	const char *const text = text_at(line);
	out->owner_size = 0;
	if (is_blank(*text))
		return true;
	if (before->text != NULL && (size_t)(line->scan->end - text) > before->size && is_blank(text[before->size]) &&
	    same_text(text, before->text, before->size)) {
		line->at += before->size;
		return true;
	}
	const uint8_t *const start = line->to;
	const unsigned size = read_name(line);
	if (size == 0 || !is_blank(text[size]))
		return false;
	out->owner_size = (size_t)(line->to - start);
	out->owner_text_size = size;
	line->at += size;
	return true;
}

/* Remembers text[0..size), at most FAST_TEXT. */
static void remember(struct fast_text *place, const char *text, size_t size)
{
	for (size_t i = 0; i < FAST_TEXT / 8; i++) {
		const size_t left = size > 8 * i ? size - 8 * i : 0;
		place->mask[i] = left >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * left) - 1;
		place->octets[i] = swar_load(text + 8 * i) & place->mask[i];
	}
	place->size = (unsigned)size;
}

static bool begins_with(const char *text, const struct fast_text *before)
{
	uint64_t differ = 0;
	for (size_t i = 0; i < FAST_TEXT / 8; i++)
		differ |= (swar_load(text + 8 * i) ^ before->octets[i]) & before->mask[i];
	return differ == 0 && before->size > 0;
}

/* By the first and the last eight octets, and Knuth's multiplier. Where two heads fall on one place, they take turns in
 * it. */
static struct fast_head *head_place(struct zonetext_fast *fast, const char *text, size_t size)
{
	const uint64_t first = size >= 8 ? swar_load(text) : 0;
	const uint64_t last = size >= 8 ? swar_load(text + size - 8) : swar_load(text) << (64 - 8 * size);
	return &fast->heads[((first ^ last << 1) * 0x9e3779b97f4a7c15U >> 56) % FAST_HEADS];
}

void zonetext_fast_learn(struct zonetext_fast *fast, const char *text, size_t size, const struct zonetext_head *head)
{
	unsigned ends = 0;
	for (; size > 0 && is_blank(*text); size--)
		text++;
	if (size > FAST_TEXT || size < 1 || !is_blank(text[size - 1]))
		return;
	for (size_t i = 0; i < size; i++) {
		if (!is_blank(text[i]) && octet_class[(uint8_t)text[i]] != OCTET_WORD)
			return;
		ends += is_blank(text[i]);
	}
	struct fast_head *const place = head_place(fast, text, size);
	remember(&place->text, text, size);
	place->head = *head;
	place->ends = ends;
	fast->head = place;
}

/* The head of the line before, or one with as many blanks that was read earlier. Knot and BIND put as many blanks in
 * front of it as line up the columns. */
static bool read_head(struct line *line, struct zonetext_head *head)
{
	struct zonetext_fast *const fast = line->fast;
	while (is_blank(*text_at(line)))
		line->at++;
	const char *const text = text_at(line);
	if (!begins_with(text, &fast->head->text)) {
		uint64_t ends = marks_at(fast->marks->ends, line->at);
		for (unsigned i = 1; i < fast->head->ends; i++)
			ends &= ends - 1;
		if (ends == 0)
			return false;
		const struct fast_head *const place = head_place(fast, text, marks_first(ends) + 1);
		if (!begins_with(text, &place->text))
			return false;
		fast->head = place;
	}
	*head = fast->head->head;
	line->at += fast->head->text.size;
	return true;
}

static bool take_number(struct line *line, uint32_t most, uint32_t *value)
{
	const unsigned size = word_size(line);
	const char *const text = text_at(line);
	return size - 1 < SWAR_SIZE && swar_number(text, size, value) && *value <= most && pass(line, size);
}

static bool read_u8(struct line *line)
{
	uint32_t value;
	if (!take_number(line, UINT8_MAX, &value))
		return false;
	*line->to++ = (uint8_t)value;
	return true;
}

static void put_u16(struct line *line, uint32_t value)
{
	bytes_put_u16(line->to, (uint16_t)value);
	line->to += 2;
}

static bool read_u16(struct line *line)
{
	uint32_t value;
	if (!take_number(line, UINT16_MAX, &value))
		return false;
	put_u16(line, value);
	return true;
}

static void put_u32(struct line *line, uint32_t value)
{
	bytes_put_u32(line->to, value);
	line->to += 4;
}

static bool read_u32(struct line *line)
{
	uint32_t value;
	if (!take_number(line, UINT32_MAX, &value))
		return false;
	put_u32(line, value);
	return true;
}

/* YYYYMMDDHHMMSS. The days of a zone's signatures are few, so each is worked out once. */
static bool read_time(struct line *line)
{
	const char *const text = text_at(line);
	uint32_t clock;
	if (word_size(line) != 14 || !swar_number(text + 8, 6, &clock))
		return false;
	const uint64_t day = swar_load(text);
	struct fast_day *const place = &line->fast->days[(day >> 56) % FAST_DAYS];
	const uint32_t hour = clock / 10000;
	const uint32_t minute = clock / 100 % 100;
	const uint32_t second = clock % 100;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	if (place->text != day) {
		char midnight[14];
		uint32_t digits;
		if (!swar_number(text, 8, &digits))
			return false;
		memcpy(midnight, text, 8);
		memset(midnight + 8, '0', 6);
		if (!field_parse_date(midnight, &place->start))
			return false;
		place->text = day;
	}
	put_u32(line, place->start + hour * 3600 + minute * 60 + second);
	return pass(line, 14);
}

static bool read_ipv4(struct line *line)
{
	const unsigned size = word_size(line);
	if (size == 0 || !address_parse_ipv4(text_at(line), size, line->to))
		return false;
	line->at += size;
	line->to += 4;
	return true;
}

static bool read_ipv6(struct line *line)
{
	const unsigned size = word_size(line);
	if (size == 0 || !address_parse_ipv6(text_at(line), size, line->to))
		return false;
	line->at += size;
	line->to += 16;
	return true;
}

static bool read_last_name(struct line *line)
{
	const unsigned size = read_name(line);
	line->at += size;
	return size > 0;
}

static bool read_name_before(struct line *line)
{
	const unsigned size = read_name(line);
	return size > 0 && pass(line, size);
}

/* One word of as many digits as its digest type has (RFC 3658 2.4, RFC 4509 2, RFC 6605 2). */
static bool read_ds(struct line *line)
{
	if (!read_u16(line) || !read_u8(line) || !read_u8(line))
		return false;
	static const uint8_t sizes[] = { 0, 20, 32, 0, 48 };
	const uint8_t type = line->to[-1];
	const size_t size = long_word_size(line);
	if (type >= COUNT(sizes) || sizes[type] == 0 || size != 2U * sizes[type])
		return false;
	for (size_t i = 0; i < size; i += SWAR_SIZE) {
		if (!swar_hex(text_at(line) + i, line->to + i / 2))
			return false;
	}
	line->at += size;
	line->to += size / 2;
	return true;
}

/* The last group of four digits, one or two of them "="; the bits that they have over must be 0 (RFC 4648 3.5). */
static bool read_padded_group(struct line *line)
{
	const uint8_t *const text = (const uint8_t *)text_at(line);
	const uint32_t a = base64_values[text[0]];
	const uint32_t b = base64_values[text[1]];
	const uint32_t c = text[2] == '=' ? 0 : base64_values[text[2]];
	if (((a | b | c) & 0x80) != 0 || text[3] != '=' || (c & 3) != 0 || (text[2] == '=' && (b & 15) != 0))
		return false;
	line->to[0] = (uint8_t)(a << 2 | b >> 4);
	line->to[1] = (uint8_t)(b << 4 | c >> 2);
	line->to += text[2] == '=' ? 1 : 2;
	line->at += 4;
	return true;
}

/* One or more words of whole groups, a blank between them. */
static bool read_base64(struct line *line)
{
	for (;;) {
		const size_t size = long_word_size(line);
		if (size == 0 || size % 4 != 0 || (size_t)(line->end - line->to) < size + BASE64_SLACK)
			return false;
		const size_t done = base64_groups(line->fast->marks->kind, text_at(line), size, line->to);
		line->at += done;
		line->to += done / 4 * 3;
		if (done < size)
			return done + 4 == size && read_padded_group(line);
		if (!is_blank(*text_at(line)))
			return true;
		line->at++;
	}
}

static bool read_rrsig(struct line *line)
{
	const unsigned size = word_size(line);
	const int type = size == 0 ? -1 : rrtype_frequent(text_at(line), size);
	if (type < 0)
		return false;
	put_u16(line, (uint32_t)type);
	return pass(line, size) && read_u8(line) && read_u8(line) && read_u32(line) && read_time(line) &&
	       read_time(line) && read_u16(line) && read_name_before(line) && read_base64(line);
}

/* The first three octets of a list tell most of those of a zone apart. */
static struct fast_list *list_place(struct zonetext_fast *fast, const char *text)
{
	const uint32_t start = (uint32_t)swar_load(text) & 0xffffff;
	return &fast->lists[(start * 0x9e3779b1U >> 28) % FAST_LISTS];
}

/* Reads a list by the reader of the field, and remembers it. */
static bool learn_types(struct line *line, struct fast_list *place)
{
	const char *const text = text_at(line);
	struct error ignored;
	struct scan scan = *line->scan;
	struct rdata_out out = { line->to, line->to, line->end };
	scan.at = text;
	scan.err = &ignored;
	if (field_read_bitmap(&scan, &out) != STATUS_OK || scan.line != line->scan->line || *scan.at != '\n')
		return false;
	const size_t text_size = (size_t)(scan.at - text) + 1;
	const size_t size = (size_t)(out.at - line->to);
	line->at += text_size - 1;
	line->to = out.at;
	if (text_size > FAST_TEXT || size > FAST_BITMAP)
		return true;
	remember(&place->text, text, text_size);
	place->size = (uint8_t)size;
	memcpy(place->bitmap, out.start, size);
	return true;
}

static bool read_types(struct line *line)
{
	struct fast_list *const place = list_place(line->fast, text_at(line));
	if (line->end - line->to < FAST_BITMAP)
		return false;
	if (!begins_with(text_at(line), &place->text))
		return learn_types(line, place);
	memcpy(line->to, place->bitmap, FAST_BITMAP);
	line->to += place->size;
	line->at += place->text.size - 1U;
	return true;
}

static bool read_nsec(struct line *line)
{
	return read_name_before(line) && read_types(line);
}

/* Without a salt, and with a hash of SHA-1's size, as RFC 9276 3.1 wants it. */
static bool read_nsec3(struct line *line)
{
	if (!read_u8(line) || !read_u8(line) || !read_u16(line))
		return false;
	const char *const text = text_at(line);
	if (text[0] != '-' || !is_blank(text[1]) || !is_blank(text[34]))
		return false;
	line->to[0] = 0;
	line->to[1] = 20;
	line->at += 2;
	if (word_size(line) != 32)
		return false;
	for (unsigned i = 0; i < 32; i += SWAR_SIZE) {
		if (!swar_base32hex(text + 2 + i, line->to + 2 + i / 8 * 5))
			return false;
	}
	line->to += 22;
	line->at += 33;
	return read_types(line);
}

/* The types that nearly all records of a zone have. */
static bool read_rdata(struct line *line, uint16_t type)
{
	switch (type) {
	case RRTYPE_NS:
	case RRTYPE_CNAME:
	case RRTYPE_PTR:
		return read_last_name(line);
	case RRTYPE_A:
		return read_ipv4(line);
	case RRTYPE_AAAA:
		return read_ipv6(line);
	case RRTYPE_DS:
		return read_ds(line);
	case RRTYPE_RRSIG:
		return read_rrsig(line);
	case RRTYPE_NSEC:
		return read_nsec(line);
	case RRTYPE_NSEC3:
		return read_nsec3(line);
	default:
		return false;
	}
}

bool zonetext_fast_read(struct zonetext_fast *fast, const struct scan *scan, const struct token *owner, uint8_t *room,
    struct zonetext_fast_record *out)
{
	struct line line = { fast, scan, (size_t)(scan->at - fast->text), room, room + FAST_ROOM };
	if (!read_owner(&line, owner, out) || !read_head(&line, &out->head) || !read_rdata(&line, out->head.type))
		return false;
	const char *end = text_at(&line);
	end += *end == '\r';
	if (*end != '\n')
		return false;
	out->rdata_size = (size_t)(line.to - room) - out->owner_size;
	out->end = end;
	return true;
}
