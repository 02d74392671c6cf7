/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "signer/base/workers.h"
#include "signer/verify/vrun.h"
#include "signer/verify/vsum.h"

/* The zone against what was published before and against its unsigned input. */

static bool made_by_signer(const struct vowner *owner, uint16_t type)
{
	return vsum_made_by_signer(type, owner->apex != 0);
}

struct figures {
	uint64_t records; /* that no signer made */
	uint64_t delegations;
	uint64_t secure;
};

static void add_owner(const struct vzone *zone, const struct vowner *owner, struct figures *out)
{
	for (size_t i = 0; i < owner->count; i++)
		out->records += !made_by_signer(owner, zone->records[owner->first + i].type);
	if (owner->kind != VKIND_CUT)
		return;
	out->delegations++;
	out->secure += vzone_set(zone, owner, VTYPE_DS).count > 0;
}

struct changes {
	struct figures before, after;
	uint64_t added, removed, ns, ds;
	uint64_t ds_added, ds_removed;                            /* `ds` are those removed or changed */
	uint64_t hidden;                                          /* records that a delegation or a DNAME hides now */
	uint64_t glue, glue_changed;                              /* names with addresses at and below delegations */
	const struct vowner *first_removed, *first_ns, *first_ds; /* first_removed is in the previous zone */
	const struct vowner *first_hidden, *first_glue;
};

static bool sets_equal(const struct vset *a, const struct vset *b)
{
	if (a->count == 0 || b->count == 0)
		return a->count == b->count;
	const struct vrecord *x = a->first;
	const struct vrecord *y = b->first;
	const struct vrecord *const x_end = a->first + a->count;
	const struct vrecord *const y_end = b->first + b->count;
	for (; x < x_end && y < y_end; x = vzone_next(x, x_end), y = vzone_next(y, y_end))
		if (x->size != y->size || (x->rdata != y->rdata && memcmp(x->rdata, y->rdata, x->size) != 0))
			return false;
	return x >= x_end && y >= y_end;
}

static void compare_delegation(
    const struct vrun *run, const struct vowner *before, const struct vowner *after, struct changes *out)
{
	const struct vset old_ns = vzone_set(&run->previous, before, VTYPE_NS);
	const struct vset new_ns = vzone_set(&run->zone, after, VTYPE_NS);
	const struct vset old_ds = vzone_set(&run->previous, before, VTYPE_DS);
	const struct vset new_ds = vzone_set(&run->zone, after, VTYPE_DS);
	if (!sets_equal(&old_ns, &new_ns)) {
		out->first_ns = out->ns++ == 0 ? after : out->first_ns;
	}
	out->ds_added += old_ds.count == 0 && new_ds.count > 0;
	out->ds_removed += old_ds.count > 0 && new_ds.count == 0;
	if (old_ds.count > 0 && !sets_equal(&old_ds, &new_ds)) {
		out->first_ds = out->ds++ == 0 ? after : out->first_ds;
	}
}

static bool addresses_equal(const struct vrun *run, const struct vowner *before, const struct vowner *after)
{
	static const uint16_t types[] = { VTYPE_A, VTYPE_AAAA };
	for (size_t i = 0; i < COUNT(types); i++) {
		const struct vset old = vzone_set(&run->previous, before, types[i]);
		const struct vset new = vzone_set(&run->zone, after, types[i]);
		if (!sets_equal(&old, &new))
			return false;
	}
	return true;
}

/* What is authoritative and then hidden is as good as removed; glue that leads elsewhere takes the delegation along. */
static void compare_hidden(
    const struct vrun *run, const struct vowner *before, const struct vowner *after, struct changes *out)
{
	const bool hidden = before->kind == VKIND_DATA && after->kind == VKIND_OCCLUDED;
	const bool was_glue = before->kind == VKIND_OCCLUDED || before->kind == VKIND_CUT;
	const bool is_glue = after->kind == VKIND_OCCLUDED || after->kind == VKIND_CUT;
	for (size_t i = 0; i < before->count && hidden; i++)
		out->hidden += !made_by_signer(before, run->previous.records[before->first + i].type);
	if (hidden && out->first_hidden == NULL)
		out->first_hidden = after;
	if (!was_glue || !is_glue ||
	    vzone_set(&run->previous, before, VTYPE_A).count + vzone_set(&run->previous, before, VTYPE_AAAA).count == 0)
		return;
	out->glue++;
	if (!addresses_equal(run, before, after))
		out->first_glue = out->glue_changed++ == 0 ? after : out->first_glue;
}

/* Owners from one name to another, in both zones. */
struct stretch {
	size_t old, old_end, new, new_end;
};

/* Both zones are in canonical order: one walk over both. */
static void compare_stretch(const struct vrun *run, const struct stretch *stretch, struct changes *out)
{
	const struct vzone *const old = &run->previous;
	const struct vzone *const new = &run->zone;
	size_t i = stretch->old;
	size_t j = stretch->new;
	while (i < stretch->old_end || j < stretch->new_end) {
		const struct vowner *before = i < stretch->old_end ? &old->owners[i] : NULL;
		const struct vowner *after = j < stretch->new_end ? &new->owners[j] : NULL;
		if (before != NULL && after != NULL) {
			const int order = before->name == after->name ? 0 : vname_compare(before->name, after->name);
			before = order <= 0 ? before : NULL;
			after = order >= 0 ? after : NULL;
		}
		i += before != NULL;
		j += after != NULL;
		if (before != NULL)
			add_owner(old, before, &out->before);
		if (after != NULL)
			add_owner(new, after, &out->after);
		const bool was = before != NULL && before->kind == VKIND_CUT;
		const bool is = after != NULL && after->kind == VKIND_CUT;
		if (before != NULL && after != NULL)
			compare_hidden(run, before, after, out);
		if (was && is)
			compare_delegation(run, before, after, out);
		if (was && !is)
			out->first_removed = out->removed++ == 0 ? before : out->first_removed;
		out->added += is && !was;
		out->ds_added += is && !was && vzone_set(new, after, VTYPE_DS).count > 0;
		if (was && !is && vzone_set(old, before, VTYPE_DS).count > 0) {
			out->ds_removed++;
			out->ds++;
		}
	}
}

enum { STRETCH = 4096 }; /* owners of the new zone */

struct comparison {
	const struct vrun *run;
	struct changes *parts; /* one per thread */
};

static enum status compare_stretches(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	const struct comparison *const all = context;
	const struct vzone *const old = &all->run->previous;
	const struct vzone *const new = &all->run->zone;
	(void)err;
	for (size_t i = first; i < end; i++) {
		const size_t from = i * STRETCH;
		const size_t to = new->owner_count - from > STRETCH ? from + STRETCH : new->owner_count;
		const struct stretch stretch = { .old = i == 0 ? 0 : vzone_place(old, new->owners[from].name),
			.old_end = to == new->owner_count ? old->owner_count : vzone_place(old, new->owners[to].name),
			.new = from,
			.new_end = to };
		compare_stretch(all->run, &stretch, &all->parts[worker]);
	}
	return STATUS_OK;
}

/* Of two owners of one zone, either of which may be none. */
static const struct vowner *earlier(const struct vowner *a, const struct vowner *b)
{
	return a == NULL || (b != NULL && b < a) ? b : a;
}

static void add_figures(struct figures *sum, const struct figures *part)
{
	sum->records += part->records;
	sum->delegations += part->delegations;
	sum->secure += part->secure;
}

static void add_changes(struct changes *sum, const struct changes *part)
{
	add_figures(&sum->before, &part->before);
	add_figures(&sum->after, &part->after);
	sum->added += part->added;
	sum->removed += part->removed;
	sum->ns += part->ns;
	sum->ds += part->ds;
	sum->ds_added += part->ds_added;
	sum->ds_removed += part->ds_removed;
	sum->hidden += part->hidden;
	sum->glue += part->glue;
	sum->glue_changed += part->glue_changed;
	sum->first_removed = earlier(sum->first_removed, part->first_removed);
	sum->first_ns = earlier(sum->first_ns, part->first_ns);
	sum->first_ds = earlier(sum->first_ds, part->first_ds);
	sum->first_hidden = earlier(sum->first_hidden, part->first_hidden);
	sum->first_glue = earlier(sum->first_glue, part->first_glue);
}

static enum status find_changes(const struct vrun *run, struct changes *out, struct error *err)
{
	struct comparison all = { run, memory_calloc(run->threads, sizeof(*all.parts)) };
	const size_t count = run->zone.owner_count;
	const size_t stretches = count == 0 ? 1 : (count + STRETCH - 1) / STRETCH;
	const enum status status = workers_run(run->threads, stretches, 1, compare_stretches, &all, err);
	*out = (struct changes){ .added = 0 };
	for (unsigned i = 0; i < run->threads; i++)
		add_changes(out, &all.parts[i]);
	free(all.parts);
	return status;
}

static bool beyond(uint64_t changed, uint64_t of, struct vlimit limit, uint64_t *allowed)
{
	*allowed = limit.floor + of * limit.ppm / 1000000;
	return changed > *allowed;
}

/* A planned change passes this one limit for this one serial, and is told all the same. */
static void check_limit(struct vrun *run, enum vcheck check, enum verify_limit limit, const char *what,
    const struct vowner *first, uint64_t changed, uint64_t of)
{
	uint64_t allowed;
	const struct vexpected *const expected = &run->limits.expected[limit];
	const bool planned = expected->given && run->zone.soa != NULL && expected->serial == run->zone.serial;
	vreport_count(run->report, check, 1);
	if (beyond(changed, of, run->limits.change[limit], &allowed))
		vreport_limit(run->report, check, what, vlimits_name(limit), planned ? expected->words : NULL,
		    (struct vplace){ first == NULL ? NULL : first->name, 0, 0 },
		    "%llu of %llu in serial %u; %llu allowed", (unsigned long long)changed, (unsigned long long)of,
		    run->previous.serial, (unsigned long long)allowed);
}

static bool soa_equal(const struct vrecord *a, const struct vrecord *b);
static struct vset next_set(const struct vzone *zone, const struct vowner *owner, size_t *at);

/* RRsets at the apex that one of the two has not, or has otherwise. */
static uint64_t count_apex(const struct vrun *run)
{
	size_t i = 0;
	size_t j = 0;
	uint64_t changed = 0;
	struct vset a = next_set(&run->previous, run->previous.top, &i);
	struct vset b = next_set(&run->zone, run->zone.top, &j);
	while (a.count > 0 || b.count > 0) {
		const bool take_a = a.count > 0 && (b.count == 0 || a.first->type <= b.first->type);
		const bool take_b = b.count > 0 && (a.count == 0 || b.first->type <= a.first->type);
		const bool both = take_a && take_b;
		const bool soa = both && a.first->type == VTYPE_SOA;
		changed += !both || !(soa ? soa_equal(a.first, b.first) : sets_equal(&a, &b));
		if (take_a)
			a = next_set(&run->previous, run->previous.top, &i);
		if (take_b)
			b = next_set(&run->zone, run->zone.top, &j);
	}
	return changed;
}

static void keep_changes(struct vrun *run, const struct changes *c)
{
	run->changes = (struct vchanges){ .added = c->added,
		.removed = c->removed,
		.ns = c->ns,
		.ds_added = c->ds_added,
		.ds_removed = c->ds_removed,
		.ds = c->ds - c->ds_removed,
		.glue = c->glue_changed,
		.apex = count_apex(run),
		.records_before = c->before.records,
		.records_after = c->after.records };
}

static enum status check_changes(struct vrun *run, struct error *err)
{
	struct changes c;
	const enum status status = find_changes(run, &c, err);
	if (status != STATUS_OK)
		return status;
	keep_changes(run, &c);
	const uint64_t more = c.after.records > c.before.records ? c.after.records - c.before.records
								 : c.before.records - c.after.records;
	check_limit(run, VC_CHANGE_RECORDS, VERIFY_RECORDS, "the number of records changed more than allowed", NULL,
	    more, c.before.records);
	check_limit(run, VC_CHANGE_RECORDS, VERIFY_RECORDS, "more records hidden by new delegations than may be lost",
	    c.first_hidden, c.hidden, c.before.records);
	check_limit(run, VC_CHANGE_NS, VERIFY_NS, "more glue with other addresses than allowed", c.first_glue,
	    c.glue_changed, c.glue);
	check_limit(run, VC_CHANGE_DELEGATIONS, VERIFY_REMOVED, "more delegations removed than allowed",
	    c.first_removed, c.removed, c.before.delegations);
	check_limit(run, VC_CHANGE_DELEGATIONS, VERIFY_ADDED, "more delegations added than allowed", NULL, c.added,
	    c.before.delegations);
	check_limit(run, VC_CHANGE_NS, VERIFY_NS, "more delegations with other name servers than allowed", c.first_ns,
	    c.ns, c.before.delegations);
	check_limit(run, VC_CHANGE_DS, VERIFY_DS, "more DS sets removed or changed than allowed", c.first_ds, c.ds,
	    c.before.secure);
	return STATUS_OK;
}

/* Whether two sets have a record in common; both are sorted by RDATA. */
static bool shares_record(const struct vset *a, const struct vset *b)
{
	size_t i = 0;
	size_t j = 0;
	while (i < a->count && j < b->count) {
		const struct vrecord *const x = &a->first[i];
		const struct vrecord *const y = &b->first[j];
		const int order = memcmp(x->rdata, y->rdata, x->size < y->size ? x->size : y->size);
		if (order == 0 && x->size == y->size)
			return true;
		const bool lower = order < 0 || (order == 0 && x->size < y->size);
		i += lower;
		j += !lower;
	}
	return false;
}

static void check_apex(struct vrun *run)
{
	if (run->previous.top == NULL || run->zone.top == NULL)
		return;
	const struct vset old = vzone_set(&run->previous, run->previous.top, VTYPE_NS);
	const struct vset new = vzone_set(&run->zone, run->zone.top, VTYPE_NS);
	const bool kept = old.count == 0 || new.count == 0 || shares_record(&old, &new);
	vreport_count(run->report, VC_CHANGE_APEX, 1);
	if (!kept)
		vreport_fail(run->report, VC_CHANGE_APEX, "none of the zone's name servers is one of those before",
		    vplace_of(new.first), "caches and the parent still name the old ones");
}

bool vpast_has_floor(const struct vrun *run)
{
	return !run->options->expect_unsigned && run->limits.have_min_remaining && run->limits.min_remaining > 0;
}

/* A secondary that is cut off answers until SOA expire has passed, and caches live on what it said for a TTL more: the
 * signatures in it must last that long (RFC 6781 4.4.1). */
static void check_expire(struct vrun *run)
{
	const int64_t before = run->previous.soa_expire;
	const int64_t after = run->zone.soa_expire;
	if (!vpast_has_floor(run) || run->previous.top == NULL || run->zone.top == NULL)
		return;
	const struct vset soa = vzone_set(&run->zone, run->zone.top, VTYPE_SOA);
	vreport_count(run->report, VC_CHANGE_EXPIRE, 1);
	if (soa.count > 0 && after > before && after + run->max_ttl > run->limits.min_remaining)
		vreport_fail(run->report, VC_CHANGE_EXPIRE, "SOA expire is raised above what signatures outlive",
		    vplace_of(soa.first),
		    "expire %lld s (%lld s before) and largest TTL %u s, signatures may have %lld s left",
		    (long long)after, (long long)before, run->max_ttl, (long long)run->limits.min_remaining);
}

/* Keys that sign in place of those that caches know (RFC 7583 3.2.1). */
static void check_prepublished(struct vrun *run)
{
	for (size_t i = 0; i < run->published && run->cached_keys != 0; i++) {
		const struct vkey *const key = &run->known.all[i];
		vreport_count(run->report, VC_CACHE_PREPUBLISHED, run->stats.good[i] > 0);
		if (run->stats.replaced[i] > 0)
			vreport_fail(run->report, VC_CACHE_PREPUBLISHED,
			    "keys that sign in place of others and were not published before",
			    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, key->line },
			    "algorithm %u, tag %u: alone on %llu RRsets", key->algorithm, key->tag,
			    (unsigned long long)run->stats.replaced[i]);
	}
}

enum status vpast_check(struct vrun *run, struct error *err)
{
	if (!run->have_previous)
		return STATUS_OK;
	const enum status status = check_changes(run, err);
	check_apex(run);
	check_expire(run);
	check_prepublished(run);
	return status;
}

/* SOA RDATA but for the serial: the first of the last five numbers. */
static bool soa_equal(const struct vrecord *a, const struct vrecord *b)
{
	if (a->size != b->size || a->size < 22)
		return false;
	const size_t serial = a->size - (size_t)20;
	return memcmp(a->rdata, b->rdata, serial) == 0 && memcmp(a->rdata + serial + 4, b->rdata + serial + 4, 16) == 0;
}

static uint32_t lowest_ttl(const struct vset *set)
{
	uint32_t lowest = UINT32_MAX;
	for (size_t i = 0; i < set->count; i++)
		lowest = set->first[i].ttl < lowest ? set->first[i].ttl : lowest;
	return lowest;
}

/* A signer may give an RRset of mixed TTLs the lowest of them (RFC 2181 5.2), and the SOA a serial. */
static void compare_set(
    struct vrun *run, const struct vset *wanted, const struct vset *have, const struct vowner *owner)
{
	const uint16_t type = wanted->count > 0 ? wanted->first->type : have->first->type;
	const struct vplace at = { owner->name, type, have->count > 0 ? have->first->line : 0 };
	const bool equal = type == VTYPE_SOA && wanted->count > 0 && have->count > 0
			       ? soa_equal(wanted->first, have->first)
			       : sets_equal(wanted, have);
	if (have->count == 0)
		vreport_fail(run->report, VC_UNSIGNED_EQUAL, "RRsets of the input that are missing", at,
		    "line %u of the input", wanted->first->line);
	else if (wanted->count == 0)
		vreport_fail(run->report, VC_UNSIGNED_EQUAL, "RRsets that the input does not have", at, "added");
	else if (!equal)
		vreport_fail(run->report, VC_UNSIGNED_EQUAL, "RRsets that differ from the input", at,
		    "line %u of the input", wanted->first->line);
	else if (have->first->ttl != lowest_ttl(wanted))
		vreport_fail(run->report, VC_UNSIGNED_EQUAL, "RRsets with another TTL than in the input", at,
		    "%u, input %u", have->first->ttl, lowest_ttl(wanted));
}

/* The next RRset of an owner that no signer made; an empty one at the end. */
static struct vset next_set(const struct vzone *zone, const struct vowner *owner, size_t *at)
{
	while (owner != NULL && *at < owner->count) {
		const struct vrecord *const first = &zone->records[owner->first + *at];
		size_t end = *at;
		while (end < owner->count && zone->records[owner->first + end].type == first->type)
			end++;
		const size_t count = end - *at;
		*at = end;
		if (!made_by_signer(owner, first->type))
			return (struct vset){ first, count };
	}
	return (struct vset){ NULL, 0 };
}

static void compare_owner(struct vrun *run, const struct vowner *wanted, const struct vowner *have)
{
	const struct vset none = { NULL, 0 };
	const struct vowner *const either = wanted != NULL ? wanted : have;
	size_t i = 0;
	size_t j = 0;
	struct vset a = next_set(&run->unsigned_zone, wanted, &i);
	struct vset b = next_set(&run->zone, have, &j);
	while (a.count > 0 || b.count > 0) {
		const bool take_a = a.count > 0 && (b.count == 0 || a.first->type <= b.first->type);
		const bool take_b = b.count > 0 && (a.count == 0 || b.first->type <= a.first->type);
		compare_set(run, take_a ? &a : &none, take_b ? &b : &none, either);
		vreport_count(run->report, VC_UNSIGNED_EQUAL, take_a ? a.count : b.count);
		if (take_a)
			a = next_set(&run->unsigned_zone, wanted, &i);
		if (take_b)
			b = next_set(&run->zone, have, &j);
	}
}

void vpast_unsigned(struct vrun *run)
{
	const struct vzone *const input = &run->unsigned_zone;
	const struct vzone *const zone = &run->zone;
	size_t i = 0;
	size_t j = 0;
	if (!run->have_unsigned)
		return;
	if (run->unsigned_same) {
		vreport_count(run->report, VC_UNSIGNED_EQUAL, zone->file.count);
		return;
	}
	while (i < input->owner_count || j < zone->owner_count) {
		const struct vowner *wanted = i < input->owner_count ? &input->owners[i] : NULL;
		const struct vowner *have = j < zone->owner_count ? &zone->owners[j] : NULL;
		if (wanted != NULL && have != NULL) {
			const int order = vname_compare(wanted->name, have->name);
			wanted = order <= 0 ? wanted : NULL;
			have = order >= 0 ? have : NULL;
		}
		i += wanted != NULL;
		j += have != NULL;
		compare_owner(run, wanted, have);
	}
}
