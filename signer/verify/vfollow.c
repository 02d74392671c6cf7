/* SPDX-License-Identifier: MIT */
#include "signer/verify/vfollow.h"

#include <string.h>

enum {
	OWNERS_AHEAD = 8,   /* NSEC3 owners stand between those that the input has */
	RECORDS_TRIED = 16, /* an owner may have many; what is not found here is only slower */
	SEARCHES_IN_VAIN = 16,
	PREFETCHED = 4
};

void vfollow_begin(struct vfollow *follow)
{
	follow->owner = follow->zone->owner_count;
	follow->in_zone = false;
	follow->tries = SEARCHES_IN_VAIN;
}

static bool is_owner(const struct vfollow *follow, size_t at, const uint8_t *name, size_t size)
{
	const uint8_t *const other = follow->zone->owners[at].name;
	return vname_size(other) == size && memcmp(other, name, size) == 0;
}

static size_t find_owner(struct vfollow *follow, const uint8_t *name, size_t size)
{
	const size_t none = follow->zone->owner_count;
	for (size_t at = follow->owner; at < none && at - follow->owner <= OWNERS_AHEAD; at++)
		if (is_owner(follow, at, name, size))
			return at;
	if (follow->tries == 0)
		return none;
	follow->tries--;
	const struct vowner *const found = vzone_find(follow->zone, name);
	return found == NULL ? none : (size_t)(found - follow->zone->owners);
}

const uint8_t *vfollow_owner(struct vfollow *follow, const uint8_t *name, size_t size)
{
	const size_t found = find_owner(follow, name, size);
	follow->in_zone = found < follow->zone->owner_count;
	if (!follow->in_zone)
		return NULL;
	if (found != follow->owner)
		follow->next = 0;
	follow->owner = found;
	follow->tries = SEARCHES_IN_VAIN;
	return follow->zone->owners[found].name;
}

/* Whether the word is that name, spelled as plainly as can be: octet by octet, absolute, without escapes. */
static bool spells(struct vtoken word, const uint8_t *name, size_t size)
{
	const char *text = word.text;
	if (word.size + 1 != size)
		return false;
	for (; *name != 0; name += *name + 1, text++) {
		for (unsigned i = 1; i <= *name; i++, text++)
			if ((uint8_t)*text != name[i] || *text == '.' || *text == '\\')
				return false;
		if (*text != '.')
			return false;
	}
	return true;
}

/* The k-th record to be tried. */
static const struct vrecord *candidate(const struct vfollow *follow, uint32_t k)
{
	const struct vowner *const owner = &follow->zone->owners[follow->owner];
	const uint32_t at = follow->next + k;
	return &follow->zone->records[owner->first + (at < owner->count ? at : at - owner->count)];
}

static uint32_t candidates(const struct vfollow *follow)
{
	if (!follow->in_zone)
		return 0;
	const uint32_t count = follow->zone->owners[follow->owner].count;
	return count < RECORDS_TRIED ? count : RECORDS_TRIED;
}

static const struct vrecord *found(struct vfollow *follow, const struct vrecord *record)
{
	const struct vowner *const owner = &follow->zone->owners[follow->owner];
	follow->next = (uint32_t)(record - follow->zone->records) - owner->first + 1;
	/* RDATA lies anywhere: what is probably looked at soon is fetched meanwhile. */
	if ((size_t)(record - follow->zone->records) + PREFETCHED < follow->zone->file.count)
		__builtin_prefetch(record[PREFETCHED].rdata);
	return record;
}

void vfollow_jump(struct vfollow *follow, size_t owner, const struct vrecord *record)
{
	follow->owner = owner;
	follow->in_zone = true;
	follow->tries = SEARCHES_IN_VAIN;
	follow->next = (uint32_t)(record - follow->zone->records) - follow->zone->owners[owner].first + 1;
}

const struct vrecord *vfollow_rdata(struct vfollow *follow, uint16_t type, const uint8_t *rdata, size_t size)
{
	const uint32_t count = candidates(follow);
	for (uint32_t k = 0; k < count; k++) {
		const struct vrecord *const record = candidate(follow, k);
		if (record->type == type && record->size == size && memcmp(record->rdata, rdata, size) == 0)
			return found(follow, record);
	}
	return NULL;
}

const struct vrecord *vfollow_server(struct vfollow *follow, struct vtoken word)
{
	const uint32_t count = candidates(follow);
	for (uint32_t k = 0; k < count && word.kind == VTOKEN_WORD; k++) {
		const struct vrecord *const record = candidate(follow, k);
		if (record->type == VTYPE_NS && spells(word, record->rdata, record->size))
			return found(follow, record);
	}
	return NULL;
}
