/* SPDX-License-Identifier: MIT */
#include "signer/dns/name.h"

#include <string.h>

#include "signer/dns/octet.h"
#include "signer/dns/swar.h"

size_t name_size(const uint8_t *name)
{
	const uint8_t *at = name;
	while (*at != 0)
		at += 1 + *at;
	return (size_t)(at - name) + 1;
}

unsigned name_labels(const uint8_t *name)
{
	unsigned labels = 0;
	for (; *name != 0; name += 1 + *name)
		labels++;
	return labels;
}

const uint8_t *name_skip(const uint8_t *name, unsigned labels)
{
	for (; labels > 0 && *name != 0; labels--)
		name += 1 + *name;
	return name;
}

bool name_is_root(const uint8_t *name)
{
	return *name == 0;
}

bool name_is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

/* Length octets are below 64, so lower-casing them does no harm. */
static bool equal_octets(const uint8_t *a, const uint8_t *b, size_t size)
{
	if (memcmp(a, b, size) == 0)
		return true;
	for (size_t i = 0; i < size; i++) {
		if (octet_lower[a[i]] != octet_lower[b[i]])
			return false;
	}
	return true;
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
	const size_t size = name_size(a);
	return size == name_size(b) && equal_octets(a, b, size);
}

bool name_is_within(const uint8_t *name, const uint8_t *ancestor)
{
	const size_t size = name_size(ancestor);
	size_t left = name_size(name);
	while (left > size) {
		left -= 1U + *name;
		name += 1 + *name;
	}
	return left == size && equal_octets(name, ancestor, size);
}

static unsigned label_starts(const uint8_t *name, const uint8_t *starts[NAME_LABELS])
{
	unsigned count = 0;
	for (; *name != 0; name += 1 + *name)
		starts[count++] = name;
	return count;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	const unsigned a_size = *a++;
	const unsigned b_size = *b++;
	const unsigned common = a_size < b_size ? a_size : b_size;
	unsigned i = 0;
	while (i + SWAR_SIZE <= common && swar_lower(swar_octets(a + i)) == swar_lower(swar_octets(b + i)))
		i += SWAR_SIZE;
	for (; i < common; i++) {
		const int order = octet_lower[a[i]] - octet_lower[b[i]];
		if (order != 0)
			return order < 0 ? -1 : 1;
	}
	return (a_size > b_size) - (a_size < b_size);
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
	const uint8_t *a_starts[NAME_LABELS];
	const uint8_t *b_starts[NAME_LABELS];
	unsigned a_left = label_starts(a, a_starts);
	unsigned b_left = label_starts(b, b_starts);
	while (a_left > 0 && b_left > 0) {
		const int order = compare_labels(a_starts[--a_left], b_starts[--b_left]);
		if (order != 0)
			return order;
	}
	return (a_left > 0) - (b_left > 0);
}

/* A label becomes its octets in lower case and a zero that ends it. 0x00 and 0x01 in a label become 0x01 0x01 and
 * 0x01 0x02, so the ending zero stays below every octet and keys stay apart. */
static size_t key_label(const uint8_t *label, uint8_t *out)
{
	uint8_t *at = out;
	for (unsigned left = *label++; left > 0; left--) {
		const uint8_t octet = octet_lower[*label++];
		if (octet <= 1) {
			*at++ = 1;
			*at++ = (uint8_t)(octet + 1);
		} else {
			*at++ = octet;
		}
	}
	*at++ = 0;
	return (size_t)(at - out);
}

size_t name_sort_key(const uint8_t *name, unsigned skip_labels, uint8_t out[NAME_KEY])
{
	const uint8_t *starts[NAME_LABELS];
	const unsigned labels = label_starts(name, starts);
	size_t used = 0;
	for (unsigned left = labels > skip_labels ? labels - skip_labels : 0; left > 0; left--)
		used += key_label(starts[left - 1], out + used);
	return used;
}

size_t name_lower(const uint8_t *name, uint8_t out[])
{
	const size_t size = name_size(name);
	size_t i = 0;
	for (; i + SWAR_SIZE <= size; i += SWAR_SIZE)
		swar_store(out + i, swar_lower(swar_octets(name + i)));
	for (; i < size; i++)
		out[i] = octet_lower[name[i]];
	return size;
}

/* A name that is being put together, one octet after the other. */
struct builder {
	uint8_t *out;
	size_t used;  /* octets, the open label's length octet included */
	size_t label; /* where the open label's length octet is */
};

static enum status close_label(struct builder *builder, struct error *err)
{
	const size_t length = builder->used - builder->label - 1;
	if (length == 0)
		return error_set(err, STATUS_MALFORMED, "empty label in a name (RFC 1035 3.1)");
	if (length > NAME_LABEL)
		return error_set(err, STATUS_MALFORMED, "label of %zu octets, at most 63 (RFC 1035 2.3.4)", length);
	builder->out[builder->label] = (uint8_t)length;
	builder->label = builder->used++;
	return STATUS_OK;
}

static enum status append_origin(struct builder *builder, const uint8_t *origin, struct error *err)
{
	if (origin == NULL)
		return error_set(err, STATUS_MALFORMED, "relative name, but no origin is known here (RFC 1035 5.1)");
	const size_t size = name_size(origin);
	if (builder->used + size > NAME_WIRE)
		return error_set(err, STATUS_MALFORMED,
		    "name of %zu octets with its origin, at most 255 (RFC 1035 2.3.4)", builder->used + size);
	memcpy(builder->out + builder->used, origin, size);
	builder->used += size;
	return STATUS_OK;
}

static enum status too_long(struct error *err)
{
	return error_set(err, STATUS_MALFORMED, "name over 255 octets (RFC 1035 2.3.4)");
}

static enum status parse_labels(
    struct builder *builder, const char *text, size_t size, bool *absolute, struct error *err)
{
	const char *const end = text + size;
	builder->label = builder->used++;
	*absolute = false;
	while (text < end) {
		if (*text == '.') {
			const enum status status = close_label(builder, err);
			if (status != STATUS_OK)
				return status;
			*absolute = ++text == end;
			if (builder->used > NAME_WIRE)
				return too_long(err);
			continue;
		}
		uint8_t octet;
		const size_t taken = octet_unescape(text, (size_t)(end - text), &octet);
		if (taken == 0)
			return error_set(err, STATUS_MALFORMED, "bad escape, \\DDD is 000 to 255 (RFC 1035 5.1)");
		if (builder->used >= NAME_WIRE)
			return too_long(err);
		builder->out[builder->used++] = octet;
		text += taken;
	}
	return STATUS_OK;
}

static enum status parse_name(
    struct builder *builder, const char *text, size_t size, const uint8_t *origin, struct error *err)
{
	if (size == 0)
		return error_set(err, STATUS_MALFORMED, "empty name (RFC 1035 5.1)");
	if (size == 1 && *text == '@')
		return append_origin(builder, origin, err);
	if (size == 1 && *text == '.') {
		builder->out[builder->used++] = 0;
		return STATUS_OK;
	}
	bool absolute;
	enum status status = parse_labels(builder, text, size, &absolute, err);
	if (status != STATUS_OK)
		return status;
	if (absolute) {
		builder->out[builder->label] = 0;
		return STATUS_OK;
	}
	status = close_label(builder, err);
	if (status != STATUS_OK)
		return status;
	builder->used--; /* the origin brings its own length octet */
	return append_origin(builder, origin, err);
}

enum status name_parse(
    const char *text, size_t size, const uint8_t *origin, uint8_t out[NAME_WIRE], size_t *out_size, struct error *err)
{
	uint8_t wire[NAME_WIRE + 2];
	struct builder builder = { wire, 0, 0 };
	const enum status status = parse_name(&builder, text, size, origin, err);
	if (status != STATUS_OK)
		return status;
	memcpy(out, wire, builder.used);
	*out_size = builder.used;
	return STATUS_OK;
}

size_t name_from_wire(const uint8_t *data, size_t size)
{
	const size_t most = size < NAME_WIRE ? size : NAME_WIRE;
	size_t used = 0;
	while (used < most) {
		const uint8_t length = data[used];
		if (length > NAME_LABEL)
			return 0;
		used += 1U + length;
		if (length == 0)
			return used;
	}
	return 0;
}

static char *put_octet(char *at, uint8_t octet)
{
	if (!octet_is_plain(octet))
		return octet_escape(at, octet);
	*at = (char)octet;
	return at + 1;
}

/* false: what was written is to be written again, with escapes. */
static bool put_plain(const uint8_t *label, unsigned size, char *at)
{
	unsigned i = 0;
	for (; i + SWAR_SIZE <= size && swar_plain(swar_octets(label + i)); i += SWAR_SIZE)
		memcpy(at + i, label + i, SWAR_SIZE);
	uint8_t plain = 1;
	for (; i < size; i++) {
		plain &= octet_plain[label[i]];
		at[i] = (char)label[i];
	}
	return plain != 0;
}

size_t name_to_text(const uint8_t *name, char out[NAME_TEXT])
{
	char *at = out;
	if (*name == 0)
		*at++ = '.';
	while (*name != 0) {
		const unsigned size = *name++;
		if (put_plain(name, size, at)) {
			at += size;
		} else {
			for (unsigned i = 0; i < size; i++)
				at = put_octet(at, name[i]);
		}
		name += size;
		*at++ = '.';
	}
	*at = '\0';
	return (size_t)(at - out);
}
