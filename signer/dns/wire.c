/* SPDX-License-Identifier: MIT */
#include "signer/dns/wire.h"

#include <stdio.h>
#include <string.h>

#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"

enum {
	HEADER = 12,
	CLASS_IN = 1,
	TYPE_OPT = 41,
	PAYLOAD = 1232,    /* for servers that look at it; TCP has no use for it */
	OPT_DO = 0x8000,   /* RFC 3225 3 */
	MOST_HOPS = 127,   /* of pointers in one name: each adds a label or is not needed */
	LEAST_RECORD = 11, /* octets: the root, type, class, TTL, size */
	FLAG_QR = 0x8000,
	FLAG_OPCODE = 0x7800,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_Z = 0x0040,
	FLAG_AD = 0x0020,
	FLAG_RCODE = 0x000f,
};

struct reader {
	struct bytes message;
	struct cursor at;
	struct arena *mem;
	struct error *err;
	bool has_opt;
	uint16_t extended_rcode;
};

size_t wire_question(const struct wire_question *question, uint8_t out[WIRE_QUESTION])
{
	static const uint8_t opt[] = { 0, 0, TYPE_OPT, PAYLOAD >> 8, PAYLOAD & 255, 0, 0, OPT_DO >> 8, 0, 0, 0 };
	memset(out, 0, HEADER);
	bytes_put_u16(out, question->id);
	bytes_put_u16(out + 2, question->recursion ? FLAG_RD : 0);
	bytes_put_u16(out + 4, 1);
	bytes_put_u16(out + 10, 1);
	const size_t size = name_size(question->name);
	uint8_t *at = out + HEADER;
	memcpy(at, question->name, size);
	bytes_put_u16(at + size, question->type);
	bytes_put_u16(at + size + 2, CLASS_IN);
	memcpy(at + size + 4, opt, sizeof(opt));
	return HEADER + size + 4 + sizeof(opt);
}

static enum status malformed(struct reader *reader, const char *what)
{
	return error_set(
	    reader->err, STATUS_MALFORMED, "%s, at octet %zu", what, (size_t)(reader->at.at - reader->message.data));
}

/* Follows a pointer (RFC 1035 4.1.4), which must lead backward of where this name or the last hop began: so there is an
 * end. */
static const char *follow(struct reader *reader, struct cursor *at, size_t *before, unsigned *hops)
{
	const size_t target = cursor_u16(at) & 0x3fff;
	if (at->failed)
		return "a name that is cut";
	if (target < HEADER || target >= *before || ++*hops > MOST_HOPS)
		return "a compression pointer that does not lead backward (RFC 1035 4.1.4)";
	*before = target;
	*at = cursor_init(reader->message);
	(void)cursor_take(at, target);
	return NULL;
}

/* Reads a name; `compressed` says whether pointers are allowed. What is wrong, or NULL. */
static const char *read_name(struct reader *reader, bool compressed, uint8_t out[NAME_WIRE], size_t *out_size)
{
	struct cursor at = reader->at;
	size_t before = (size_t)(at.at - reader->message.data);
	size_t size = 0;
	unsigned hops = 0;
	for (;;) {
		if (cursor_left(&at) == 0)
			return "a name that is cut";
		const uint8_t length = *at.at;
		if (length >= 0xc0 && !compressed)
			return "a compressed name where none may be (RFC 3597 4)";
		if (length >= 0xc0) {
			const char *const wrong = follow(reader, &at, &before, &hops);
			if (wrong != NULL)
				return wrong;
			if (hops == 1)
				(void)cursor_take(&reader->at, 2);
			continue;
		}
		const struct bytes label = cursor_take(&at, 1U + length);
		if (length > NAME_LABEL || at.failed)
			return "a label that is cut or of an unknown kind";
		if (size + label.size > NAME_WIRE)
			return "a name over 255 octets (RFC 1035 2.3.4)";
		memcpy(out + size, label.data, label.size);
		size += label.size;
		if (hops == 0)
			reader->at = at;
		if (length == 0)
			break;
	}
	*out_size = size;
	return NULL;
}

/* Types of RFC 1035 whose RDATA holds names, which alone may be compressed (RFC 3597 4): octets before, names, octets
 * behind. */
static const struct layout {
	uint16_t type;
	uint8_t head, names, tail;
} layouts[] = { { RRTYPE_NS, 0, 1, 0 }, { RRTYPE_CNAME, 0, 1, 0 }, { RRTYPE_SOA, 0, 2, 20 }, { RRTYPE_PTR, 0, 1, 0 },
	{ RRTYPE_MX, 2, 1, 0 } };

static const struct layout *layout_of(uint16_t type)
{
	for (size_t i = 0; i < COUNT(layouts); i++) {
		if (layouts[i].type == type)
			return &layouts[i];
	}
	return NULL;
}

/* RDATA with its names spelled out; the cursor stands at its start and `end` is behind it. */
static const char *expand(
    struct reader *reader, const struct layout *layout, const uint8_t *end, uint8_t *out, size_t *out_size)
{
	const struct bytes head = cursor_take(&reader->at, layout->head);
	if (reader->at.failed || reader->at.at > end)
		return "RDATA that is cut";
	memcpy(out, head.data, head.size);
	size_t size = head.size;
	for (unsigned i = 0; i < layout->names; i++) {
		size_t name = 0;
		const char *const wrong = read_name(reader, true, out + size, &name);
		if (wrong != NULL)
			return wrong;
		size += name;
	}
	const struct bytes tail = cursor_take(&reader->at, layout->tail);
	if (reader->at.failed || reader->at.at != end)
		return "RDATA that is longer or shorter than its fields";
	memcpy(out + size, tail.data, tail.size);
	*out_size = size + tail.size;
	return NULL;
}

static enum status read_rdata(struct reader *reader, struct record *record, size_t size)
{
	enum { EXPANDED = 2 + 2 * NAME_WIRE + 20 };
	uint8_t room[EXPANDED];
	const struct layout *const layout = layout_of(record->type);
	struct bytes rdata = { room, 0 };
	if (size > cursor_left(&reader->at))
		return malformed(reader, "a record that is cut");
	if (layout == NULL) {
		rdata = cursor_take(&reader->at, size);
	} else {
		const char *const wrong = expand(reader, layout, reader->at.at + size, room, &rdata.size);
		if (wrong != NULL)
			return malformed(reader, wrong);
	}
	if (rdata_check(record->type, rdata.data, rdata.size, reader->err) != STATUS_OK)
		return STATUS_MALFORMED;
	uint8_t *const kept = arena_octets(reader->mem, rdata.size);
	if (rdata.size > 0)
		memcpy(kept, rdata.data, rdata.size);
	record->rdata = kept;
	record->rdata_size = (uint16_t)rdata.size;
	return STATUS_OK;
}

/* RFC 6891 6.1: owned by the root, once, in the additional section; its TTL holds the upper bits of the RCODE. */
static enum status read_opt(
    struct reader *reader, enum wire_section section, const uint8_t *owner, uint32_t ttl, size_t size)
{
	if (reader->has_opt || section != WIRE_ADDITIONAL || !name_is_root(owner))
		return malformed(reader, "an OPT record out of place (RFC 6891 6.1.1)");
	if (size > cursor_left(&reader->at))
		return malformed(reader, "a record that is cut");
	(void)cursor_take(&reader->at, size);
	reader->has_opt = true;
	reader->extended_rcode = (uint16_t)(ttl >> 24 << 4);
	return STATUS_OK;
}

static enum status read_record(struct reader *reader, enum wire_section section, struct record *out, bool *is_data)
{
	uint8_t owner[NAME_WIRE];
	size_t owner_size = 0;
	const char *const wrong = read_name(reader, true, owner, &owner_size);
	if (wrong != NULL)
		return malformed(reader, wrong);
	const uint16_t type = cursor_u16(&reader->at);
	const uint16_t class = cursor_u16(&reader->at);
	const uint32_t ttl = cursor_u32(&reader->at);
	const uint16_t size = cursor_u16(&reader->at);
	*is_data = type != TYPE_OPT;
	if (reader->at.failed)
		return malformed(reader, "a record that is cut");
	if (!*is_data)
		return read_opt(reader, section, owner, ttl, size);
	if (class != CLASS_IN || rrtype_is_meta(type))
		return malformed(reader, "a record that is no data of class IN");
	if (ttl > INT32_MAX)
		return malformed(reader, "a TTL over 2147483647 (RFC 2181 8)");
	uint8_t *const kept = arena_octets(reader->mem, owner_size);
	memcpy(kept, owner, owner_size);
	*out = (struct record){ .owner = kept, .ttl = ttl, .type = type };
	return read_rdata(reader, out, size);
}

static enum status read_section(
    struct reader *reader, enum wire_section section, uint16_t wanted, struct wire_answer *out)
{
	if (wanted > cursor_left(&reader->at) / LEAST_RECORD)
		return malformed(reader, "more records announced than there is room for");
	struct record *const records = arena_calloc(reader->mem, wanted + 1U, sizeof(*records));
	size_t count = 0;
	for (uint16_t i = 0; i < wanted; i++) {
		bool is_data = false;
		const enum status status = read_record(reader, section, &records[count], &is_data);
		if (status != STATUS_OK)
			return status;
		count += is_data ? 1 : 0;
	}
	out->records[section] = records;
	out->count[section] = count;
	return STATUS_OK;
}

/* The question comes back as it was asked; letters may change their case. */
static enum status read_question(struct reader *reader, const struct wire_question *question)
{
	uint8_t name[NAME_WIRE];
	size_t size = 0;
	const char *const wrong = read_name(reader, false, name, &size);
	if (wrong != NULL)
		return malformed(reader, wrong);
	const uint16_t type = cursor_u16(&reader->at);
	const uint16_t class = cursor_u16(&reader->at);
	if (reader->at.failed)
		return malformed(reader, "a question that is cut");
	if (!name_equal(name, question->name) || type != question->type || class != CLASS_IN)
		return error_set(reader->err, STATUS_NO, "an answer to another question");
	return STATUS_OK;
}

static enum status read_head(
    struct reader *reader, const struct wire_question *question, uint16_t counts[4], struct wire_answer *out)
{
	const uint16_t id = cursor_u16(&reader->at);
	const uint16_t flags = cursor_u16(&reader->at);
	for (int i = 0; i < 4; i++)
		counts[i] = cursor_u16(&reader->at);
	if (reader->at.failed)
		return malformed(reader, "a header that is cut");
	if (id != question->id)
		return error_set(reader->err, STATUS_NO, "an answer with another ID");
	if ((flags & FLAG_QR) == 0 || (flags & FLAG_OPCODE) != 0 || (flags & FLAG_Z) != 0)
		return malformed(reader, "a message that is no answer to a query");
	if (counts[0] != 1)
		return error_set(reader->err, STATUS_NO, "an answer with %u questions", (unsigned)counts[0]);
	out->authoritative = (flags & FLAG_AA) != 0;
	out->truncated = (flags & FLAG_TC) != 0;
	out->authentic = (flags & FLAG_AD) != 0;
	out->rcode = flags & FLAG_RCODE;
	return STATUS_OK;
}

enum status wire_answer(struct bytes message, const struct wire_question *question, struct arena *mem,
    struct wire_answer *out, struct error *err)
{
	struct reader reader = { .message = message, .at = cursor_init(message), .mem = mem, .err = err };
	struct wire_answer answer = { .rcode = 0 };
	uint16_t counts[4];
	enum status status = read_head(&reader, question, counts, &answer);
	if (status == STATUS_OK)
		status = read_question(&reader, question);
	for (unsigned i = 0; status == STATUS_OK && i < WIRE_SECTIONS; i++)
		status = read_section(&reader, (enum wire_section)i, counts[i + 1], &answer);
	if (status == STATUS_OK && cursor_left(&reader.at) > 0)
		status = malformed(&reader, "octets behind the last record");
	if (status != STATUS_OK)
		return status;
	answer.rcode |= reader.extended_rcode;
	*out = answer;
	return STATUS_OK;
}

void wire_rcode_text(uint16_t rcode, char out[WIRE_RCODE])
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED" };
	if (rcode < COUNT(names))
		snprintf(out, WIRE_RCODE, "%s", names[rcode]);
	else
		snprintf(out, WIRE_RCODE, "RCODE%u", (unsigned)rcode);
}
