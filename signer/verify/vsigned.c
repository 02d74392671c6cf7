/* SPDX-License-Identifier: MIT */
#include "signer/verify/vsigned.h"

#include <string.h>

enum { RRSIG_FIXED = 18 };

bool vsigned_read(const struct vrecord *record, struct vsignature *out)
{
	struct cursor in = cursor_init((struct bytes){ record->rdata, record->size });
	*out = (struct vsignature){ .record = record,
		.outcome = VOUTCOME_UNREAD,
		.key = SIZE_MAX,
		.proven = SIZE_MAX,
		.recalled = SIZE_MAX,
		.entry_key = SIZE_MAX };
	cursor_u16(&in);
	out->algorithm = cursor_u8(&in);
	out->labels = cursor_u8(&in);
	out->original_ttl = cursor_u32(&in);
	out->expiration = cursor_u32(&in);
	out->inception = cursor_u32(&in);
	out->tag = cursor_u16(&in);
	out->signer_size = vname_check(in.at, cursor_left(&in));
	out->signer = in.at;
	cursor_take(&in, out->signer_size);
	out->bytes = cursor_take(&in, cursor_left(&in));
	return !in.failed && out->signer_size > 0;
}

unsigned vsigned_labels(const struct vowner *owner)
{
	return owner->labels - (vname_wildcard(owner->name) ? 1u : 0u);
}

bool vsigned_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

enum voutcome vsigned_time(const struct vsignature *s, uint32_t now)
{
	if (vsigned_before(s->expiration, s->inception))
		return VOUTCOME_NEVER;
	if (vsigned_before(now, s->inception))
		return VOUTCOME_EARLY;
	return vsigned_before(s->expiration, now) ? VOUTCOME_LATE : VOUTCOME_GOOD;
}

static void put(struct vbuffer *out, const void *data, size_t size)
{
	if (size > out->room - out->size) {
		out->room = 2 * out->room + size + 4096;
		out->octets = memory_resize(out->octets, out->room, 1);
	}
	memcpy(out->octets + out->size, data, size);
	out->size += size;
}

void vsigned_data(const struct vsignature *signature, const struct vsubject *subject, struct vbuffer *out)
{
	const uint8_t *const owner = subject->owner->name;
	const struct vset *const set = &subject->set;
	uint8_t head[VNAME_MAX + 2 + 10];
	size_t name_size = vname_size(owner);
	out->size = 0;
	put(out, signature->record->rdata, RRSIG_FIXED + signature->signer_size);
	if (signature->labels < vsigned_labels(subject->owner)) {
		const uint8_t *const suffix = vname_suffix(owner, signature->labels);
		name_size = 2 + vname_size(suffix);
		head[0] = 1;
		head[1] = '*';
		memcpy(head + 2, suffix, name_size - 2);
	} else {
		memcpy(head, owner, name_size);
	}
	bytes_put_u16(head + name_size, set->first->type);
	bytes_put_u16(head + name_size + 2, set->first->class);
	bytes_put_u32(head + name_size + 4, signature->original_ttl);
	const struct vrecord *const end = set->first + set->count;
	for (const struct vrecord *record = set->first; record < end; record = vzone_next(record, end)) {
		bytes_put_u16(head + name_size + 8, record->size);
		put(out, head, name_size + 10);
		put(out, record->rdata, record->size);
	}
}
