/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "signer/base/workers.h"
#include "signer/verify/vcached.h"

/* What caches hold of the versions published before: each is read, judged by and let go but for its keys; the newest
 * stays, for the limits of change. */

struct cached {
	struct vrun *run;
	const struct verify_previous *given;
	struct vzone zone;
	unsigned at;  /* of options.previous */
	uint32_t bit; /* in masks of versions */
};

/* Whether what has this TTL may still be in a cache: for that long after the last server has stopped to give it. */
static bool in_caches(const struct cached *cached, uint32_t ttl)
{
	const int64_t now = cached->run->options->times[0].seconds;
	return !cached->given->was_replaced || now - cached->given->replaced.seconds < (int64_t)ttl;
}

static bool same_records(
    const struct vzone *a, const struct vowner *of_a, const struct vzone *b, const struct vowner *of_b)
{
	const struct vrecord *x = a->records + of_a->first;
	const struct vrecord *y = b->records + of_b->first;
	const struct vrecord *const x_end = x + of_a->count;
	const struct vrecord *const y_end = y + of_b->count;
	for (; x < x_end && y < y_end; x = vzone_next(x, x_end), y = vzone_next(y, y_end))
		if (x->type != y->type || x->class != y->class || x->ttl != y->ttl || x->size != y->size ||
		    memcmp(x->rdata, y->rdata, x->size) != 0)
			return false;
	return x >= x_end && y >= y_end;
}

/* Whether two files hold the same records: comments, order and spelling are nothing that a secondary sees. */
static bool same_content(const struct vzone *a, const struct vzone *b)
{
	bool same = a->owner_count == b->owner_count;
	for (size_t i = 0; i < a->owner_count && same; i++)
		same = vname_equal(a->owners[i].name, b->owners[i].name) &&
		       same_records(a, &a->owners[i], b, &b->owners[i]);
	return same;
}

/* Secondaries and caches may have any of them. */
static void check_serial(const struct cached *cached)
{
	struct vrun *const run = cached->run;
	const uint32_t before = cached->zone.serial;
	const uint32_t after = run->zone.serial;
	if (cached->zone.soa == NULL)
		vreport_fail(run->report, VC_GATE_COUNTS, "the zone to compare with is no version of this one",
		    (struct vplace){ run->zone.apex, VTYPE_SOA, 0 }, "%s has no SOA of this zone: nothing is compared",
		    "--previous");
	if (cached->zone.soa == NULL || run->zone.soa == NULL)
		return;
	const bool same = before == after && same_content(&cached->zone, &run->zone);
	vreport_count(run->report, VC_SERIAL_INCREASES, 1);
	vreport_count(run->report, VC_SERIAL_CONTENT, 1);
	if (same)
		return;
	if (before == after)
		vreport_fail(run->report, VC_SERIAL_CONTENT, "one serial for two contents", vplace_of(run->zone.soa),
		    "serial %u is published with other content; secondaries would never fetch this", before);
	else if ((int32_t)(after - before) <= 0)
		vreport_fail(run->report, VC_SERIAL_INCREASES, "the serial does not increase (RFC 1982)",
		    vplace_of(run->zone.soa), "%u after %u; secondaries would ignore it", after, before);
}

/* Whether one RRSIG of the published zone names a key that is in the DNSKEY RRset now: it stayed, or it is expected and
 * signed before it was published (the RRSIG of a ZSK may come first), or it is dropped, and what it signed is given
 * up. Tags of expected keys are nobody else's. */
static bool key_stays(const struct cached *cached, uint8_t algorithm, uint16_t tag)
{
	const struct vrun *const run = cached->run;
	for (size_t i = 0; i < run->published; i++)
		if (((run->previous_key[i] & cached->bit) != 0 || run->expected[i]) && run->known.all[i].tag == tag &&
		    run->known.all[i].algorithm == algorithm && vrun_zone_key(&run->known.all[i]))
			return true;
	for (size_t i = run->published; i < run->known.count; i++)
		if ((run->known.all[i].uses & VKEY_DROPPED) != 0 && run->known.all[i].tag == tag &&
		    run->known.all[i].algorithm == algorithm)
			return true;
	return false;
}

/* RRSIGs from rrsigs[*at] on that cover `type` (they are sorted by it): is there a path from the new DNSKEY RRset?
 * `is_signed`: one of them has not expired. */
static bool has_path(const struct cached *cached, const struct vset *rrsigs, size_t *at, uint16_t type, bool *is_signed)
{
	bool path = false;
	*is_signed = false;
	for (; *at < rrsigs->count; ++*at) {
		struct cursor in = cursor_init((struct bytes){ rrsigs->first[*at].rdata, rrsigs->first[*at].size });
		const uint16_t covered = cursor_u16(&in);
		const uint8_t algorithm = cursor_u8(&in);
		cursor_take(&in, 5);
		const uint32_t expiration = cursor_u32(&in);
		cursor_u32(&in);
		const uint16_t tag = cursor_u16(&in);
		if (covered > type)
			break;
		if (in.failed || covered != type || (int32_t)(expiration - cached->run->now) < 0)
			continue;
		*is_signed = true;
		path = path || key_stays(cached, algorithm, tag);
	}
	return path;
}

static void check_owner(const struct cached *cached, const struct vowner *owner)
{
	const struct vset rrsigs = vzone_set(&cached->zone, owner, VTYPE_RRSIG);
	size_t at = 0;
	for (size_t r = 0; r < owner->count && rrsigs.count > 0; r++) {
		const struct vrecord *const record = &cached->zone.records[owner->first + r];
		bool is_signed;
		if (r > 0 && record[-1].type == record->type)
			continue;
		const bool path = has_path(cached, &rrsigs, &at, record->type, &is_signed);
		const bool of_keys = record->type == VTYPE_DNSKEY || record->type == VTYPE_CDS ||
				     record->type == VTYPE_CDNSKEY; /* those two are for the parent, see vsig.c */
		if (of_keys || !vzone_authoritative(owner, record->type) || path || !is_signed ||
		    !in_caches(cached, record->ttl))
			continue;
		vreport_fail(cached->run->report, VC_CACHE_OLD_SIGS,
		    "signatures in caches that the new DNSKEY RRset cannot validate",
		    (struct vplace){ owner->name, record->type, 0 },
		    "in serial %u: its key has left the zone while its signatures are still cached",
		    cached->zone.serial);
	}
}

static enum status check_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	const struct cached *const cached = context;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++)
		check_owner(cached, &cached->zone.owners[i]);
	return STATUS_OK;
}

/* Its DNSKEY RRset, copied: the zone may go before the run ends. Returns whether it has a zone key. */
static bool note_keys(struct cached *cached)
{
	struct vrun *const run = cached->run;
	bool any = false;
	if (cached->zone.top == NULL)
		return false;
	const struct vset set = vzone_set(&cached->zone, cached->zone.top, VTYPE_DNSKEY);
	for (size_t i = 0; i < set.count; i++) {
		const struct vrecord *const record = &set.first[i];
		const struct vkey *key = vkeys_find(&run->known, record->rdata, record->size);
		if (key == NULL && run->known.count < VKEYS_MAX) {
			uint8_t *const kept = arena_octets(run->kept, record->size);
			memcpy(kept, record->rdata, record->size);
			key = vkeys_add(&run->known, kept, record->size, 0);
		}
		if (key == NULL || !vrun_zone_key(key))
			continue;
		run->previous_key[key - run->known.all] |= cached->bit;
		any = true;
		if (in_caches(cached, record->ttl))
			run->cached_keys |= cached->bit;
	}
	return any;
}

/* Names in examples are those of the zone, which goes. */
static void keep_names(struct vrun *run)
{
	struct vreport *const report = run->report;
	for (unsigned i = 0; i < report->finding_count; i++) {
		struct vfinding *const finding = &report->findings[i];
		for (unsigned j = 0; finding->check == VC_CACHE_OLD_SIGS && j < finding->example_count; j++) {
			const uint8_t *const name = finding->examples[j].owner;
			uint8_t *const kept = arena_octets(run->kept, vname_size(name));
			finding->examples[j].owner = memcpy(kept, name, vname_size(name));
		}
	}
}

/* With no DS anywhere no validator asks the caches for signatures, so there is nothing that must fit. */
static enum status judge(struct cached *cached, struct error *err)
{
	struct vrun *const run = cached->run;
	check_serial(cached);
	run->previous_serial[cached->at] = cached->zone.serial;
	if (run->options->expect_unsigned || !note_keys(cached))
		return STATUS_OK;
	run->have_previous_keys = true;
	vreport_count(run->report, VC_CACHE_OLD_SIGS, cached->zone.owner_count);
	const enum status status = workers_run(run->threads, cached->zone.owner_count, 1024, check_owners, cached, err);
	keep_names(run);
	return status;
}

static enum status read_version(struct cached *cached, struct error *err)
{
	const struct verify_input *const input = &cached->given->file;
	const struct vsource source = { .name = input->name,
		.descriptor = input->descriptor,
		.data = input->data,
		.size = input->size,
		.like = &cached->run->zone };
	return vzone_load(&source, cached->run->zone.apex, cached->run->threads, &cached->zone, err);
}

/* How far the zone's serial is ahead (RFC 1982): the version that it is the least ahead of is the newest. One that has
 * no serial is the oldest. */
static int64_t distance(const struct cached *cached)
{
	return cached->zone.soa == NULL ? INT64_MAX : (int32_t)(cached->run->zone.serial - cached->zone.serial);
}

static void turn_to(struct cached *cached, unsigned at)
{
	vzone_free(&cached->zone);
	cached->given = &cached->run->options->previous[at];
	cached->at = at;
	cached->bit = (uint32_t)1 << at;
}

/* Another one is in memory: this one again. */
static enum status turn_back(struct cached *cached, unsigned at, off_t start, struct error *err)
{
	turn_to(cached, at);
	const struct verify_input *const input = &cached->given->file;
	if (input->descriptor >= 0 && (start < 0 || lseek(input->descriptor, start, SEEK_SET) < 0))
		return error_set(err, STATUS_IO,
		    "%s: the newest of several --previous, which is read twice, and this cannot be: name it first",
		    input->name);
	return read_version(cached, err);
}

/* Any key may be the one that the parent's DS has: SEP is a hint that no validator acts on (RFC 6840 6.2). */
static void note_entered(const struct cached *newest)
{
	struct vrun *const run = newest->run;
	if (newest->zone.top == NULL)
		return;
	const struct vset rrsigs = vzone_set(&newest->zone, newest->zone.top, VTYPE_RRSIG);
	for (size_t r = 0; r < rrsigs.count; r++) {
		struct vsignature s;
		if (!vsigned_read(&rrsigs.first[r], &s) || bytes_get_u16(rrsigs.first[r].rdata) != VTYPE_DNSKEY ||
		    (int32_t)(s.expiration - run->now) < 0)
			continue;
		for (size_t i = 0; i < run->known.count; i++)
			run->entered[i] = run->entered[i] || ((run->previous_key[i] & newest->bit) != 0 &&
								 run->known.all[i].tag == s.tag &&
								 run->known.all[i].algorithm == s.algorithm);
	}
}

enum status vcached_check(struct vrun *run, struct error *err)
{
	off_t starts[VERIFY_PREVIOUS];
	int64_t nearest = INT64_MAX;
	unsigned newest = 0;
	enum status status = STATUS_OK;
	struct cached cached = { .run = run };
	run->kept = arena_new(0);
	/* One at a time is in memory. The last that is named comes first: who names the newest first has it read once.
	 */
	for (unsigned i = run->options->previous_count; i > 0 && status == STATUS_OK; i--) {
		turn_to(&cached, i - 1);
		const int descriptor = cached.given->file.descriptor;
		starts[cached.at] = descriptor < 0 ? -1 : lseek(descriptor, 0, SEEK_CUR);
		status = read_version(&cached, err);
		if (status == STATUS_OK)
			status = judge(&cached, err);
		if (status == STATUS_OK && distance(&cached) <= nearest) {
			nearest = distance(&cached);
			newest = cached.at;
		}
	}
	if (status == STATUS_OK && cached.at != newest)
		status = turn_back(&cached, newest, starts[newest], err);
	if (status == STATUS_OK && run->options->previous_count > 0)
		note_entered(&cached);
	run->previous = cached.zone;
	run->have_previous = status == STATUS_OK && run->options->previous_count > 0;
	return status;
}

/* The serial of the first version that is in `versions`. */
static uint32_t serial_of(const struct vrun *run, uint32_t versions)
{
	unsigned at = 0;
	while (at < VERIFY_PREVIOUS - 1 && (versions >> at & 1) == 0)
		at++;
	return run->previous_serial[at];
}

/* Caches may hold any DNSKEY RRset published before (RFC 6781 4.1.1); CDS and CDNSKEY are the parent's alone. */
void vcached_judge(
    struct vrun *run, const struct vset *set, const struct vsignature *all, size_t count, struct vsig_stats *stats)
{
	const uint16_t type = set->first->type;
	if (run->cached_keys == 0 || type == VTYPE_DNSKEY || type == VTYPE_CDS || type == VTYPE_CDNSKEY)
		return;
	vreport_count(run->report, VC_CACHE_OLD_KEYS, 1);
	size_t instead = SIZE_MAX;
	uint32_t lost = run->cached_keys;
	for (size_t i = 0; i < count; i++) {
		if (all[i].key == SIZE_MAX || (all[i].outcome != VOUTCOME_GOOD && all[i].outcome != VOUTCOME_FOREIGN))
			continue;
		if ((run->known.all[all[i].key].uses & VKEY_INSTEAD) != 0)
			return;
		const uint32_t knows = run->previous_key[all[i].key];
		instead = (run->cached_keys & ~knows) != 0 ? all[i].key : instead;
		lost &= ~knows;
	}
	if (instead == SIZE_MAX || lost == 0)
		return; /* other findings tell if nothing here is signed */
	stats->replaced[instead]++;
	vreport_fail(run->report, VC_CACHE_OLD_KEYS, "RRsets that the DNSKEY RRset published before cannot validate",
	    vplace_of(set->first), "signed by tag %u, which caches that have the keys of serial %u do not know",
	    run->known.all[instead].tag, serial_of(run, lost));
}
