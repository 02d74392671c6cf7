/* SPDX-License-Identifier: MIT */
#include "signer/verify/vbitmap.h"

#include <stdio.h>
#include <string.h>

enum { NO_TYPE = 65536 };

/* Walks the types of a bitmap in ascending order. */
struct walk {
	const uint8_t *window; /* number, size, octets */
	const uint8_t *end;
	unsigned bit; /* next to look at in this window */
};

static unsigned next_bit(struct walk *walk)
{
	for (; walk->window < walk->end; walk->window += walk->window[1] + 2, walk->bit = 0)
		for (; walk->bit < 8u * walk->window[1]; walk->bit++)
			if ((walk->window[2 + walk->bit / 8] & (0x80 >> walk->bit % 8)) != 0)
				return walk->window[0] * 256u + walk->bit++;
	return NO_TYPE;
}

static const char *form_fault(const uint8_t *bitmap, size_t size)
{
	int last = -1;
	for (size_t at = 0; at < size; at += bitmap[at + 1] + (size_t)2) {
		if (size - at < 3 || bitmap[at + 1] == 0 || bitmap[at + 1] > 32 || size - at - 2 < bitmap[at + 1])
			return "a window of the bitmap is empty or cut";
		if (bitmap[at] <= last)
			return "windows of the bitmap are not in ascending order";
		if (bitmap[at + 1 + bitmap[at + 1]] == 0)
			return "a window of the bitmap ends in a zero octet";
		last = bitmap[at];
	}
	return NULL;
}

/* Types that the zone speaks for at a delegation: NS, DS, NSEC, and RRSIG if one of the latter two is there. */
static bool own_type(const struct vzone *zone, const struct vowner *owner, uint16_t type)
{
	if (owner->kind != VKIND_CUT)
		return type != VTYPE_NSEC3;
	if (type == VTYPE_RRSIG)
		return vzone_set(zone, owner, VTYPE_DS).count + vzone_set(zone, owner, VTYPE_NSEC).count > 0;
	return type == VTYPE_NS || type == VTYPE_DS || type == VTYPE_NSEC;
}

static unsigned next_type(const struct vzone *zone, const struct vowner *owner, size_t *at)
{
	const struct vrecord *const records = owner == NULL ? NULL : zone->records + owner->first;
	while (owner != NULL && *at < owner->count) {
		const uint16_t type = records[*at].type;
		while (*at < owner->count && records[*at].type == type)
			++*at;
		if (own_type(zone, owner, type))
			return type;
	}
	return NO_TYPE;
}

static bool may_vary(const struct vzone *zone, const struct vowner *owner, unsigned type)
{
	if (owner == NULL || (type != VTYPE_NSEC && type != VTYPE_RRSIG) ||
	    vzone_set(zone, owner, VTYPE_NSEC).count == 0)
		return false;
	return type == VTYPE_NSEC || (owner->kind == VKIND_CUT && vzone_set(zone, owner, VTYPE_DS).count == 0);
}

bool vbitmap_matches(const struct vzone *zone, const struct vowner *owner, bool hashed, const uint8_t *bitmap,
    size_t size, char detail[VBITMAP_TEXT])
{
	const char *const fault = form_fault(bitmap, size);
	if (fault != NULL) {
		snprintf(detail, VBITMAP_TEXT, "%s", fault);
		return false;
	}
	struct walk walk = { bitmap, bitmap + size, 0 };
	size_t at = 0;
	for (;;) {
		unsigned said = next_bit(&walk);
		unsigned there = next_type(zone, owner, &at);
		while (hashed && may_vary(zone, owner, said))
			said = next_bit(&walk);
		while (hashed && may_vary(zone, owner, there))
			there = next_type(zone, owner, &at);
		if (said == NO_TYPE && there == NO_TYPE)
			return true;
		if (said == there)
			continue;
		char text[VTYPE_TEXT];
		vtype_format((uint16_t)(said < there ? said : there), text);
		snprintf(detail, VBITMAP_TEXT,
		    said < there ? "the bitmap names %s, which is not there"
				 : "%s is there, and the bitmap does not name it",
		    text);
		return false;
	}
}
