/* SPDX-License-Identifier: MIT */
#include "signer/verify/vlinks.h"

#include <stdlib.h>
#include <string.h>

#include "signer/base/workers.h"
#include "signer/verify/vdenial.h"

bool vlinks_same(const struct vlinks_parameters *a, const struct vlinks_parameters *b)
{
	return a->algorithm == b->algorithm && a->iterations == b->iterations && a->salt_size == b->salt_size &&
	       memcmp(a->salt, b->salt, a->salt_size) == 0;
}

bool vlinks_read(struct cursor *in, struct vlinks_parameters *out, uint8_t *flags)
{
	out->algorithm = cursor_u8(in);
	*flags = cursor_u8(in);
	out->iterations = cursor_u16(in);
	out->salt_size = cursor_u8(in);
	out->salt = cursor_take(in, out->salt_size).data;
	return !in->failed;
}

/* 32 characters of base32hex are 20 octets (RFC 5155 3). */
static bool read_hash_label(const uint8_t *name, uint8_t out[VLINKS_HASH])
{
	return name[0] == 32 && bytes_from_base32hex((const char *)name + 1, 32, out, VLINKS_HASH) == VLINKS_HASH;
}

struct vlinks_parameters vlinks_parameters_of(const struct vlinks_link *link)
{
	struct cursor in = cursor_init((struct bytes){ link->record->rdata, link->record->size });
	struct vlinks_parameters out;
	uint8_t flags;
	(void)vlinks_read(&in, &out, &flags);
	return out;
}

struct bytes vlinks_bitmap(const struct vlinks_link *link)
{
	const uint8_t *const start = link->next + VLINKS_HASH;
	const uint8_t *const end = link->record->rdata + link->record->size;
	return (struct bytes){ start, (size_t)(end - start) };
}

static void read_link(struct vrun *run, const struct vrecord *record, struct vlinks_link *out)
{
	struct cursor in = cursor_init((struct bytes){ record->rdata, record->size });
	struct vlinks_parameters parameters;
	out->record = record;
	out->good = vlinks_read(&in, &parameters, &out->flags);
	const unsigned next_size = cursor_u8(&in);
	out->next = cursor_take(&in, next_size).data;
	if (!in.failed && parameters.algorithm != 1) {
		out->good = false; /* validators ignore it, and so does the chain (RFC 5155 8.1); check_uniform tells */
		return;
	}
	if (in.failed || (out->flags & ~VLINKS_OPT_OUT) != 0) {
		out->good = false;
		vreport_fail(run->report, VC_NSEC3_PARAM, "NSEC3 that are malformed or of unknown hash or flags",
		    vplace_of(record), "algorithm %u, flags %u", parameters.algorithm, out->flags);
		return;
	}
	if (next_size != VLINKS_HASH || vname_labels(record->owner) != run->zone.apex_labels + 1 ||
	    !read_hash_label(record->owner, out->hash)) {
		out->good = false;
		vreport_fail(run->report, VC_NSEC3_CHAIN, "NSEC3 whose owner or next name is no SHA-1 hash",
		    vplace_of(record), "next hash of %u octets", next_size);
	}
}

struct collection {
	struct vrun *run;
	struct vlinks_link *links;
};

static void collect_owner(struct collection *all, size_t at, size_t *count)
{
	const struct vzone *const zone = &all->run->zone;
	const struct vset set = vzone_set(zone, &zone->owners[zone->hash_owners[at]], VTYPE_NSEC3);
	for (size_t i = 0; i < set.count; i++)
		if (!set.first[i].spare)
			read_link(all->run, &set.first[i], &all->links[(*count)++]);
}

/* Where each owner has one NSEC3, that of owner i is link i. */
static enum status collect_range(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct collection *const all = context;
	(void)worker;
	(void)err;
	for (size_t at = first; at < end; at++) {
		size_t place = at;
		collect_owner(all, at, &place);
	}
	return STATUS_OK;
}

enum status vlinks_collect(struct vrun *run, struct vlinks_link **links, size_t *count, struct error *err)
{
	const struct vzone *const zone = &run->zone;
	struct collection all = { run, memory_calloc(zone->nsec3_count + 1, sizeof(**links)) };
	*links = all.links;
	*count = zone->hash_owner_count;
	if (zone->hash_owner_count == zone->nsec3_count)
		return workers_run(run->threads, *count, 1024, collect_range, &all, err);
	*count = 0;
	for (size_t i = 0; i < zone->hash_owner_count; i++)
		collect_owner(&all, i, count);
	return STATUS_OK;
}

bool vlinks_announced(const struct vset *params, const struct vlinks_parameters *parameters)
{
	struct vlinks_parameters announced;
	uint8_t flags;
	for (size_t i = 0; i < params->count; i++) {
		struct cursor in = cursor_init((struct bytes){ params->first[i].rdata, params->first[i].size });
		if (vlinks_read(&in, &announced, &flags) && vlinks_same(&announced, parameters))
			return true;
	}
	return false;
}

void vlinks_check_uniform(struct vrun *run, const struct vlinks_link *links, size_t count, const struct vset *params)
{
	const struct vlinks_link *first = NULL;
	vreport_count(run->report, VC_NSEC3_UNIQUE, count);
	vreport_count(run->report, VC_NSEC3_FLAG, count);
	vreport_count(run->report, VC_DENIAL_TTL, count);
	if (params->count > 1)
		vreport_fail(run->report, VC_NSEC3_UNIQUE, "more than one NSEC3PARAM", vplace_of(&params->first[1]),
		    "%zu records", params->count);
	for (size_t i = 0; i < count; i++) {
		vdenial_ttl(run, links[i].record);
		const struct vlinks_parameters parameters = vlinks_parameters_of(&links[i]);
		if (!links[i].good || !vlinks_announced(params, &parameters))
			vreport_fail(run->report, VC_NSEC3_UNIQUE, "NSEC3 with parameters that no NSEC3PARAM has",
			    vplace_of(links[i].record), "iterations %u, salt of %u octets", parameters.iterations,
			    parameters.salt_size);
		first = first == NULL ? &links[i] : first;
		const bool opt_out = (links[i].flags & VLINKS_OPT_OUT) != 0;
		if (opt_out != ((first->flags & VLINKS_OPT_OUT) != 0) ||
		    (run->limits.opt_out != VCHOICE_NONE && opt_out != (run->limits.opt_out == VCHOICE_YES)))
			vreport_fail(run->report, VC_NSEC3_FLAG,
			    "NSEC3 whose opt-out flag is not that of the others or of the policy",
			    vplace_of(links[i].record), "flag %u", opt_out);
	}
}
