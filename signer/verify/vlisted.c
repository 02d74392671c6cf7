/* SPDX-License-Identifier: MIT */
#include "signer/verify/vlisted.h"

#include "signer/base/bytes.h"
#include "signer/verify/vrun.h"

/* Names in canonical order; an ancestor that is no owner is found where a name shares fewer labels with the one before.
 */
struct lister {
	struct vlisted *names;
	size_t count;
	size_t room;
	size_t open[VNAME_LABELS]; /* index of the empty non-terminal with that many labels, SIZE_MAX: none */
};

static void list_add(struct lister *list, struct vlisted name)
{
	if (list->count == list->room) {
		list->room = list->room + list->room / 2 + 1024;
		list->names = memory_resize(list->names, list->room, sizeof(*list->names));
	}
	list->names[list->count++] = name;
}

bool vlisted_exists(const struct vowner *owner)
{
	return owner->kind == VKIND_DATA || owner->kind == VKIND_CUT;
}

struct vlisted vlisted_owner(const struct vzone *zone, const struct vowner *owner)
{
	const bool insecure = owner->kind == VKIND_CUT && vzone_set(zone, owner, VTYPE_DS).count == 0;
	return (struct vlisted){ .name = owner->name, .owner = owner, .insecure = insecure };
}

static void list_above(struct lister *list, const struct vzone *zone, const struct vowner *owner, unsigned shared)
{
	for (unsigned labels = shared + 1; labels < owner->labels; labels++) {
		list->open[labels] = list->count;
		list_add(list, (struct vlisted){ .name = vname_suffix(owner->name, labels),
				   .before = (size_t)(owner - zone->owners),
				   .insecure = true });
	}
	list->open[owner->labels] = SIZE_MAX;
	if (list->count == 0 || vlisted_owner(zone, owner).insecure)
		return;
	for (unsigned labels = owner->labels; labels-- > zone->apex_labels;) {
		if (list->open[labels] == SIZE_MAX)
			continue;
		if (!list->names[list->open[labels]].insecure)
			break; /* those above it are marked already */
		list->names[list->open[labels]].insecure = false;
	}
}

struct vlisted *vlisted_empty(const struct vzone *zone, size_t *count)
{
	struct lister list = { .count = 0 };
	const struct vowner *before = NULL;
	for (unsigned i = 0; i < VNAME_LABELS; i++)
		list.open[i] = SIZE_MAX;
	for (size_t i = 0; i < zone->owner_count; i++) {
		const struct vowner *const owner = &zone->owners[i];
		if (!vlisted_exists(owner))
			continue;
		/* Nothing lies between the apex and a name right below it. Nothing in the zone may come before the
		 * apex; without one all names count from it. */
		const bool direct = before == NULL || owner->labels <= zone->apex_labels + 1;
		const unsigned shared = direct ? zone->apex_labels : vname_shared(before->name, owner->name);
		list_above(&list, zone, owner, shared);
		before = owner;
	}
	*count = list.count;
	return list.names;
}

uint64_t vlisted_rounds(uint64_t octets)
{
	enum { SPARE = 4000000, EACH = 16 };
	return SPARE + EACH * octets;
}

bool vlisted_affords(struct vrun *run, uint64_t *rounds, const struct vrecord *at, size_t names, unsigned iterations)
{
	const uint64_t wanted = names * (iterations + (uint64_t)1);
	if (wanted > *rounds) {
		vreport_fail(run->report, VC_GATE_COUNTS, "NSEC3 that ask for more hashing than is done", vplace_of(at),
		    "%zu names, %u iterations: %llu rounds, %llu are left", names, iterations,
		    (unsigned long long)wanted, (unsigned long long)*rounds);
		return false;
	}
	*rounds -= wanted;
	return true;
}
