/* SPDX-License-Identifier: MIT */
#include "signer/verify/vshare.h"

#include <stdlib.h>
#include <string.h>

#include "signer/verify/varrange.h"

bool vshare_may(const struct vzone *like)
{
	return like != NULL && like->file.pieces != NULL && like->spares == 0;
}

struct sharing {
	struct vzone *zone;
	const struct vzone *like;
	struct vrecord *records;   /* like's */
	size_t used;               /* of them, and of the room behind */
	const struct vrecord *own; /* records that only the zone has, by owner */
	size_t own_count;
	size_t own_at;
};

static int compare_names(const void *a, const void *b)
{
	return vname_compare(((const struct vrecord *)a)->owner, ((const struct vrecord *)b)->owner);
}

static bool is_shared(const uint64_t *bits, size_t at)
{
	return (bits[at / 64] >> at % 64 & 1) != 0;
}

/* How many of the owner's records the zone has too. */
static size_t count_shared(const uint64_t *bits, const struct vowner *owner)
{
	size_t count = 0;
	for (size_t i = 0; i < owner->count; i++)
		count += is_shared(bits, owner->first + i);
	return count;
}

static bool add_record(struct sharing *s, const struct vrecord *record)
{
	if (s->used >= s->like->file.room || s->used >= UINT32_MAX)
		return false;
	s->records[s->used++] = *record;
	return true;
}

/* An owner of which something differs: what both have of `old`, which may be NULL, and what only the zone has. */
static bool gather(struct sharing *s, const uint8_t *name, const struct vowner *old)
{
	struct vowner *const out = &s->zone->owners[s->zone->owner_count];
	const size_t first = s->used;
	for (size_t i = 0; old != NULL && i < old->count; i++)
		if (is_shared(s->zone->file.shared, old->first + i) && !add_record(s, &s->records[old->first + i]))
			return false;
	for (; s->own_at < s->own_count && vname_equal(s->own[s->own_at].owner, name); s->own_at++)
		if (!add_record(s, &s->own[s->own_at]))
			return false;
	if (s->used == first)
		return true;
	*out = (struct vowner){ .name = name,
		.first = (uint32_t)first,
		.count = (uint32_t)(s->used - first),
		.labels = (uint8_t)vname_labels(name) };
	s->zone->owner_count++;
	const size_t spares = varrange_sort(s->records + first, out->count);
	varrange_classify(s->zone, out);
	return spares == 0;
}

/* Where the next own record's owner stands among like's. */
static size_t next_place(const struct sharing *s)
{
	return s->own_at < s->own_count ? vzone_place(s->like, s->own[s->own_at].owner) : SIZE_MAX;
}

static bool merge(struct sharing *s)
{
	const struct vzone *const like = s->like;
	size_t place = next_place(s);
	bool good = true;
	for (size_t i = 0; i <= like->owner_count && good; i++) {
		const struct vowner *const owner = &like->owners[i];
		while (place == i && good &&
		       (i == like->owner_count || !vname_equal(s->own[s->own_at].owner, owner->name))) {
			good = gather(s, s->own[s->own_at].owner, NULL);
			place = next_place(s);
		}
		if (i == like->owner_count || !good)
			break;
		if (place != i && count_shared(s->zone->file.shared, owner) == owner->count) {
			struct vowner *const out = &s->zone->owners[s->zone->owner_count++];
			*out = *owner;
			if (out->kind == VKIND_OCCLUDED)
				varrange_classify(s->zone, out);
			out->below_dname = 0;
			continue;
		}
		good = gather(s, owner->name, owner);
		place = next_place(s);
	}
	return good;
}

bool vshare_arrange(struct vzone *zone, const struct vzone *like)
{
	struct vfile *const file = &zone->file;
	struct sharing s = { .zone = zone,
		.like = like,
		.records = like->file.records,
		.used = like->file.count,
		.own = file->records,
		.own_count = file->count };
	if (file->twice || file->count > like->file.room - like->file.count)
		return false;
	qsort(file->records, file->count, sizeof(*file->records), compare_names);
	zone->owners = memory_alloc((like->owner_count + file->count) * sizeof(*zone->owners));
	zone->records = like->file.records;
	if (!merge(&s))
		return false;
	zone->owners = memory_resize(zone->owners, zone->owner_count, sizeof(*zone->owners));
	varrange_hide(zone);
	varrange_note_soa(zone);
	return true;
}
