/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/base/workers.h"
#include "signer/verify/vrun.h"

/* What a zone is before DNSSEC: one SOA, names in the zone, RRsets that hold together, delegations. */

static void check_records(struct vrun *run, const struct vowner *owner, uint64_t counts[])
{
	const struct vzone *const zone = &run->zone;
	const struct vrecord *const records = zone->records + owner->first;
	const struct vrecord *const all_end = zone->records + zone->file.count;
	for (size_t i = 0; i < owner->count; i++) {
		if (all_end - &records[i] > VRECORD_SOON)
			__builtin_prefetch(records[i + VRECORD_SOON].rdata);
		if (records[i].class != VCLASS_IN)
			vreport_fail(run->report, VC_STRUCTURE_CLASS, "records of a class other than IN",
			    vplace_of(&records[i]), "class %u", records[i].class);
		if (records[i].spare)
			vreport_fail(run->report, VC_STRUCTURE_DUPLICATE, "records that stand twice",
			    vplace_of(&records[i]), "equal to the record before it in canonical order");
	}
	if (owner->kind == VKIND_DATA && vzone_set(zone, owner, VTYPE_RRSIG).count == owner->count)
		vreport_fail(run->report, VC_SIG_FORM, "names that hold nothing but signatures", vplace_of(records),
		    "no RRset is there that they could cover");
	counts[VC_STRUCTURE_CLASS] += owner->count;
	counts[VC_STRUCTURE_DUPLICATE] += owner->count;
}

/* What is hidden is no RRset of the zone, and no signature covers its TTL: servers that give it as glue take the lowest
 * (RFC 2181 5.2). Delegations are the zone's own. */
static void tell_ttls(struct vrun *run, const struct vowner *owner, const struct vrecord *record)
{
	const bool glue =
	    owner->kind == VKIND_CUT && record->type != VTYPE_NS && !vzone_authoritative(owner, record->type);
	const bool hidden = glue || (owner->kind == VKIND_OCCLUDED && !owner->below_dname);
	vreport_fail(run->report, hidden ? VC_STRUCTURE_CUT : VC_STRUCTURE_TTL,
	    hidden ? "RRsets hidden at or below a delegation with more than one TTL" : "RRsets with more than one TTL",
	    vplace_of(record), "%u and %u", record[-1].ttl, record->ttl);
}

static void check_ttls(struct vrun *run, const struct vowner *owner, uint64_t counts[])
{
	const struct vrecord *const records = run->zone.records + owner->first;
	uint64_t sets = 0;
	for (size_t i = 0; i < owner->count; i++) {
		const bool starts = i == 0 || records[i].type != records[i - 1].type;
		sets += starts;
		if (!starts && records[i].type != VTYPE_RRSIG && records[i].ttl != records[i - 1].ttl)
			tell_ttls(run, owner, &records[i]);
		if (records[i].ttl > INT32_MAX)
			vreport_fail(run->report, VC_STRUCTURE_TTL, "TTLs beyond 31 bits, which are taken for 0",
			    vplace_of(&records[i]), "%u", records[i].ttl);
	}
	counts[VC_STRUCTURE_TTL] += sets;
	counts[VC_STRUCTURE_SIZE] += sets;
}

/* A message is a header, a question and its records; a record is its owner, at best a pointer of two octets to the
 * question, ten octets and RDATA (RFC 1035 4.1). */
enum { MESSAGE_MOST = 65535, MESSAGE_HEADER = 12, QUESTION_FIXED = 4, RECORD_FIXED = 12 };

static size_t records_size(const struct vrecord *first, const struct vrecord *end)
{
	size_t size = 0;
	for (const struct vrecord *record = first; record < end; record++)
		size += record->spare ? 0 : RECORD_FIXED + (size_t)record->size;
	return size;
}

/* Signatures are in order of the types they cover, as the RRsets are. */
static void check_size(struct vrun *run, const struct vowner *owner)
{
	const struct vrecord *const records = run->zone.records + owner->first;
	const struct vrecord *const end = records + owner->count;
	const struct vset signatures = vzone_set(&run->zone, owner, VTYPE_RRSIG);
	const struct vrecord *const signatures_end = signatures.first + signatures.count;
	const struct vrecord *covering = signatures.first;
	const size_t empty = MESSAGE_HEADER + vname_size(owner->name) + QUESTION_FIXED;
	if (empty + records_size(records, end) <= MESSAGE_MOST)
		return;
	for (const struct vrecord *first = records, *next; first < end; first = next) {
		for (next = first; next < end && next->type == first->type; next++)
			;
		if (first->type == VTYPE_RRSIG)
			continue;
		while (covering < signatures_end && bytes_get_u16(covering->rdata) < first->type)
			covering++;
		const struct vrecord *const from = covering;
		while (covering < signatures_end && bytes_get_u16(covering->rdata) == first->type)
			covering++;
		const size_t size = empty + records_size(first, next) + records_size(from, covering);
		if (size > MESSAGE_MOST)
			vreport_fail(run->report, VC_STRUCTURE_SIZE, "RRsets that no DNS message can carry",
			    vplace_of(first), "%zu octets with their signatures", size);
	}
}

static void check_aliases(struct vrun *run, const struct vowner *owner, uint64_t counts[])
{
	const struct vzone *const zone = &run->zone;
	const struct vset cname = vzone_set(zone, owner, VTYPE_CNAME);
	const struct vset dname = vzone_set(zone, owner, VTYPE_DNAME);
	const struct vrecord *const end = zone->records + owner->first + owner->count;
	if (cname.count > 0) {
		counts[VC_STRUCTURE_CNAME] += 1;
		if (vzone_next(cname.first, cname.first + cname.count) < cname.first + cname.count)
			vreport_fail(run->report, VC_STRUCTURE_CNAME, "more than one CNAME at a name",
			    vplace_of(cname.first), "%zu records", cname.count);
		for (const struct vrecord *record = zone->records + owner->first; record < end; record++) {
			if (record->type == VTYPE_CNAME || record->type == VTYPE_RRSIG || record->type == VTYPE_NSEC ||
			    record->type == VTYPE_NSEC3 || record->type == VTYPE_KEY)
				continue;
			vreport_fail(run->report, VC_STRUCTURE_CNAME, "other data beside a CNAME", vplace_of(record),
			    "only RRSIG, NSEC and KEY may stand there");
			break;
		}
	}
	if (dname.count > 0)
		counts[VC_STRUCTURE_DNAME] += 1;
	if (dname.count > 0 && vzone_next(dname.first, dname.first + dname.count) < dname.first + dname.count)
		vreport_fail(run->report, VC_STRUCTURE_DNAME, "more than one DNAME at a name", vplace_of(dname.first),
		    "%zu records", dname.count);
	if (dname.count > 0 && owner->kind == VKIND_CUT)
		vreport_fail(run->report, VC_STRUCTURE_DNAME, "DNAME beside a delegation", vplace_of(dname.first),
		    "only at the apex may NS stand beside it");
	if (owner->kind == VKIND_OCCLUDED && owner->below_dname)
		vreport_fail(run->report, VC_STRUCTURE_DNAME, "data below a DNAME",
		    vplace_of(&zone->records[owner->first]), "the DNAME covers this name");
}

static void check_cut(struct vrun *run, const struct vowner *owner, uint64_t counts[])
{
	const struct vrecord *const records = run->zone.records + owner->first;
	if (owner->kind != VKIND_CUT && (owner->kind != VKIND_OCCLUDED || owner->below_dname))
		return;
	counts[VC_STRUCTURE_CUT] += 1;
	for (size_t i = 0; i < owner->count; i++) {
		const uint16_t type = records[i].type;
		if (type == VTYPE_A || type == VTYPE_AAAA)
			continue;
		if (owner->kind == VKIND_CUT && (type == VTYPE_NS || type == VTYPE_DS || type == VTYPE_NSEC ||
						    type == VTYPE_NSEC3 || type == VTYPE_RRSIG))
			continue;
		vreport_fail(run->report, VC_STRUCTURE_CUT, "data at or below a delegation that nobody can see",
		    vplace_of(&records[i]), "occluded");
	}
}

/* A name that holds the apex twice at its end, as a relative name does when it is taken for one of the zone. Where the
 * zone delegates its own name below itself, as berlin.berlin, such names are that delegation's. */
static bool doubled(const struct vzone *zone, const uint8_t *name)
{
	const unsigned labels = vname_labels(name);
	if (zone->apex_labels == 0 || labels < 2 * zone->apex_labels || !vname_under(name, zone->apex))
		return false;
	uint8_t front[VNAME_MAX];
	const uint8_t *const second = vname_suffix(name, 2 * zone->apex_labels);
	size_t size = 0;
	for (unsigned i = 0; i < zone->apex_labels; i++)
		size += second[size] + (size_t)1;
	for (size_t i = 0; i < size; i++)
		front[i] = second[i];
	front[size] = 0;
	if (!vname_equal(front, zone->apex))
		return false;
	const struct vowner *const owner = vzone_find(zone, second);
	return owner == NULL || owner->kind != VKIND_CUT;
}

/* Where one worker looks for servers of delegations. Those of the delegation itself are right behind it, others near
 * each other. Most of those were found before: their names are kept about once, and known again by where they are. */
enum { SERVED = 8192 };
struct search {
	size_t near;            /* where the last one was; SIZE_MAX: anywhere */
	const uint8_t **served; /* SERVED names that have an address */
};

static bool has_address(const struct vzone *zone, const uint8_t *name, size_t *near)
{
	const struct vowner *const owner = vzone_find_near(zone, name, near);
	return owner != NULL && vzone_set(zone, owner, VTYPE_A).count + vzone_set(zone, owner, VTYPE_AAAA).count > 0;
}

static bool number_label(const uint8_t *label)
{
	unsigned value = 0;
	for (unsigned i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9' || label[0] > 3)
			return false;
		value = value * 10 + (unsigned)(label[i] - '0');
	}
	return label[0] > 0 && value <= 255;
}

/* 192.0.2.1. or, when the final dot was lost, 192.0.2.1.zone. */
static bool address_like(const uint8_t *name)
{
	unsigned labels = 0;
	for (; labels < 4 && number_label(name); labels++)
		name += *name + 1;
	return labels == 4;
}

static void check_target(struct vrun *run, const struct vrecord *ns, bool apex)
{
	const uint8_t *const server = ns->rdata;
	const char *what = NULL;
	if (*server == 0)
		what = "the root as a name server: the zone says that there is none";
	else if (address_like(server))
		what = "addresses as names of name servers";
	else if (!apex && vzone_is_alias(&run->zone, server))
		what = "name servers that are aliases";
	if (what == NULL)
		return;
	char text[VNAME_TEXT];
	vname_format(server, text);
	vreport_fail(run->report, VC_STRUCTURE_TARGET, what, vplace_of(ns), "%s", text);
}

/* The data that answers for a name of the zone: its own, else that of the wildcard at its closest encloser (RFC 4592
 * 3.3.1). NULL: there is none. `*judge`: the zone itself answers, no delegation does. */
static const struct vowner *answers_for(const struct vzone *zone, const uint8_t *name, bool *judge)
{
	const struct vowner *owner = vzone_find(zone, name);
	const struct vowner *wildcard = NULL;
	uint8_t asterisk[VNAME_MAX + 2] = { 1, '*' };
	*judge = owner == NULL || owner->kind == VKIND_DATA;
	bool exists = vzone_exists(zone, name);
	for (unsigned labels = vname_labels(name); labels-- > zone->apex_labels;) {
		const uint8_t *const above = vname_suffix(name, labels);
		const struct vowner *const encloser = vzone_find(zone, above);
		if (encloser != NULL && encloser->kind != VKIND_DATA)
			*judge = false;
		if (exists || !vzone_exists(zone, above))
			continue;
		exists = true;
		memcpy(asterisk + 2, above, vname_size(above));
		wildcard = vname_size(above) + 2 <= VNAME_MAX ? vzone_find(zone, asterisk) : NULL;
	}
	if (wildcard != NULL && wildcard->kind != VKIND_DATA)
		*judge = false;
	return owner != NULL ? owner : wildcard;
}

/* RFC 2181 10.3. What the zone is not authoritative for is glue: as for any delegation, it may be left out. */
static void check_apex_server(struct vrun *run, const struct vrecord *ns, uint64_t counts[])
{
	const struct vzone *const zone = &run->zone;
	char text[VNAME_TEXT];
	bool judge;
	const struct vowner *const owner = answers_for(zone, ns->rdata, &judge);
	if (!judge)
		return;
	vname_format(ns->rdata, text);
	counts[VC_STRUCTURE_SERVER] += 1;
	if (owner != NULL && vzone_set(zone, owner, VTYPE_CNAME).count > 0)
		vreport_fail(run->report, VC_STRUCTURE_SERVER, "name servers of the zone that are aliases",
		    vplace_of(ns), "%s", text);
	else if (owner == NULL || vzone_set(zone, owner, VTYPE_A).count + vzone_set(zone, owner, VTYPE_AAAA).count == 0)
		vreport_fail(run->report, VC_STRUCTURE_SERVER,
		    "name servers of the zone without address, though the zone is authoritative for their names",
		    vplace_of(ns), "%s", text);
}

/* A delegation to a name that the zone itself answers for: without an address there, nobody finds that server. What
 * another delegation holds is that one's to say. */
static void check_other_server(struct vrun *run, const struct vrecord *ns, struct search *search)
{
	const uint8_t **const served = &search->served[((uintptr_t)ns->rdata * 0x9e3779b1u >> 8) % SERVED];
	const struct vzone *const zone = &run->zone;
	char text[VNAME_TEXT];
	bool judge;
	if (*served == ns->rdata)
		return;
	if (has_address(zone, ns->rdata, &search->near)) {
		*served = ns->rdata;
		return;
	}
	if (vzone_is_alias(zone, ns->rdata) || address_like(ns->rdata))
		return;
	const struct vowner *const owner = answers_for(zone, ns->rdata, &judge);
	if (!judge ||
	    (owner != NULL && vzone_set(zone, owner, VTYPE_A).count + vzone_set(zone, owner, VTYPE_AAAA).count > 0))
		return;
	vname_format(ns->rdata, text);
	vreport_fail(run->report, VC_STRUCTURE_TARGET,
	    "name servers without address, though the zone is authoritative for their names", vplace_of(ns), "%s",
	    text);
}

static void check_server(
    struct vrun *run, const struct vowner *owner, const struct vrecord *ns, uint64_t counts[], struct search *search)
{
	const struct vzone *const zone = &run->zone;
	const uint8_t *const server = ns->rdata;
	char text[VNAME_TEXT];
	check_target(run, ns, owner->apex);
	if (!vname_under(server, zone->apex))
		return;
	if (doubled(zone, server)) {
		vname_format(server, text);
		vreport_fail(run->report, VC_STRUCTURE_DOUBLED,
		    "name-server names with the zone's name twice: lost trailing dots", vplace_of(ns), "%s", text);
	}
	if (owner->apex) {
		check_apex_server(run, ns, counts);
		return;
	}
	if (!vname_under(server, owner->name)) {
		check_other_server(run, ns, search);
		return;
	}
	size_t beside = (size_t)(owner - zone->owners);
	counts[VC_STRUCTURE_GLUE] += 1;
	if (!has_address(zone, server, &beside)) {
		vname_format(server, text);
		vreport_fail(run->report, VC_STRUCTURE_GLUE, "name servers in their own delegation without address",
		    vplace_of(ns), "%s", text);
	}
}

static void check_servers(struct vrun *run, const struct vowner *owner, uint64_t counts[], const uint8_t **served)
{
	const struct vset set = vzone_set(&run->zone, owner, VTYPE_NS);
	if (owner->kind != VKIND_CUT && !owner->apex)
		return;
	/* More do not fit into a message (structure.size), and each is looked up label by label. */
	enum { SERVERS_MOST = MESSAGE_MOST / (RECORD_FIXED + 1) };
	const struct vrecord *const end = set.first + set.count;
	size_t judged = 0;
	struct search search = { SIZE_MAX, served };
	for (const struct vrecord *ns = set.first; ns < end && judged < SERVERS_MOST; ns = vzone_next(ns, end)) {
		check_server(run, owner, ns, counts, &search);
		judged++;
	}
	counts[VC_STRUCTURE_DOUBLED] += judged;
	counts[VC_STRUCTURE_TARGET] += judged;
}

/* Only where a name is deeper than a TLD's delegations are; what a delegation hides is the registrant's. */
static void check_owner_name(struct vrun *run, const struct vowner *owner)
{
	char text[VNAME_TEXT];
	if (owner->labels <= 2 * run->zone.apex_labels || (owner->kind != VKIND_DATA && owner->kind != VKIND_CUT) ||
	    !doubled(&run->zone, owner->name))
		return;
	vname_format(owner->name, text);
	vreport_fail(run->report, VC_STRUCTURE_DOUBLED, "owner names with the zone's name twice: lost trailing dots",
	    vplace_owner(&run->zone, owner), "%s", text);
}

static void check_digest(struct vrun *run, const struct vrecord *ds)
{
	static const uint8_t lengths[] = { [1] = 20, [2] = 32, [4] = 48 };
	if (ds->size < 5) {
		vreport_fail(
		    run->report, VC_DS_FORM, "DS records without a digest", vplace_of(ds), "%u octets", ds->size);
		return;
	}
	const unsigned digest = ds->rdata[3];
	if (ds->rdata[2] == 0 || digest == 0)
		vreport_fail(run->report, VC_DS_FORM, "DS records with algorithm or digest type 0", vplace_of(ds),
		    "algorithm %u, digest type %u", ds->rdata[2], digest);
	else if (digest < sizeof(lengths) && lengths[digest] != 0 && ds->size - 4 != lengths[digest])
		vreport_fail(run->report, VC_DS_FORM, "DS records whose digest has not the length of its type",
		    vplace_of(ds), "type %u with %u octets", digest, ds->size - 4);
}

static void check_ds(struct vrun *run, const struct vowner *owner, uint64_t counts[])
{
	const struct vset ds = vzone_set(&run->zone, owner, VTYPE_DS);
	bool better = false;
	if (ds.count == 0)
		return;
	counts[VC_DS_APEX] += 1;
	counts[VC_DS_OWNER] += 1;
	counts[VC_DS_TTL] += 1;
	counts[VC_DS_SHA1] += 1;
	counts[VC_DS_FORM] += ds.count;
	for (size_t i = 0; i < ds.count; i++) {
		check_digest(run, &ds.first[i]);
		better = better || ds.first[i].size < 4 || ds.first[i].rdata[3] != 1;
	}
	if (!better)
		vreport_fail(run->report, VC_DS_SHA1, "signed delegations with SHA-1 digests only", vplace_of(ds.first),
		    "digest type 1 must not be used for new DS");
	if (owner->apex)
		vreport_fail(
		    run->report, VC_DS_APEX, "DS at the apex", vplace_of(ds.first), "it belongs to the parent");
	else if (owner->kind != VKIND_CUT)
		vreport_fail(run->report, VC_DS_OWNER, "DS where no delegation is", vplace_of(ds.first), "no NS here");
	else if (vzone_set(&run->zone, owner, VTYPE_NS).first->ttl != ds.first->ttl)
		vreport_fail(run->report, VC_DS_TTL, "DS with another TTL than the delegation", vplace_of(ds.first),
		    "DS %u, NS %u", ds.first->ttl, vzone_set(&run->zone, owner, VTYPE_NS).first->ttl);
}

static void check_stray_keys(struct vrun *run, const struct vowner *owner)
{
	const struct vset set = vzone_set(&run->zone, owner, VTYPE_DNSKEY);
	if (owner->apex || owner->kind == VKIND_OCCLUDED || owner->kind == VKIND_CUT)
		return;
	for (size_t i = 0; i < set.count; i++)
		if (set.first[i].size >= 2 && (set.first[i].rdata[0] & 1) != 0)
			vreport_fail(run->report, VC_KEY_FORM, "zone keys at a name that is not the apex",
			    vplace_of(&set.first[i]), "the Zone bit is set");
}

struct job {
	struct vrun *run;
	const uint8_t **served; /* SERVED for each worker */
};

static enum status check_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	const struct job *const job = context;
	struct vrun *const run = job->run;
	uint64_t counts[VC_COUNT] = { 0 }; /* all threads' are one: they are told once for many owners */
	(void)err;
	for (size_t i = first; i < end; i++) {
		const struct vowner *const owner = &run->zone.owners[i];
		check_records(run, owner, counts);
		check_ttls(run, owner, counts);
		check_size(run, owner);
		if (owner->kind == VKIND_OUTSIDE) {
			vreport_fail(run->report, VC_STRUCTURE_BAILIWICK, "names outside of the zone",
			    vplace_owner(&run->zone, owner), "not at or below the apex");
			continue;
		}
		check_aliases(run, owner, counts);
		check_cut(run, owner, counts);
		check_servers(run, owner, counts, job->served + (size_t)worker * SERVED);
		check_owner_name(run, owner);
		/* What a delegation hides is no delegation: structure.cut tells of it. */
		if (owner->kind != VKIND_OCCLUDED)
			check_ds(run, owner, counts);
		check_stray_keys(run, owner);
	}
	for (size_t i = 0; i < VC_COUNT; i++)
		if (counts[i] > 0)
			vreport_count(run->report, (enum vcheck)i, counts[i]);
	return STATUS_OK;
}

static void check_apex(struct vrun *run)
{
	const struct vzone *const zone = &run->zone;
	const struct vplace nowhere = { zone->apex, VTYPE_SOA, 0 };
	vreport_count(run->report, VC_STRUCTURE_SOA, zone->soa_count > 0 ? zone->soa_count : 1);
	vreport_count(run->report, VC_STRUCTURE_APEX_NS, 1);
	vreport_count(run->report, VC_STRUCTURE_END, 1);
	if (zone->soa == NULL)
		vreport_fail(run->report, VC_STRUCTURE_SOA, "no SOA at the apex", nowhere, "the zone has no start");
	else if (zone->soa_count != 1)
		vreport_fail(run->report, VC_STRUCTURE_SOA, "more than one SOA", vplace_of(zone->soa),
		    "%zu SOA records; at the apex or anywhere else", zone->soa_count);
	if (zone->top == NULL || vzone_set(zone, zone->top, VTYPE_NS).count == 0)
		vreport_fail(run->report, VC_STRUCTURE_APEX_NS, "no NS at the apex",
		    (struct vplace){ zone->apex, VTYPE_NS, 0 }, "nobody can be asked for the zone");
	if (!zone->file.ends_with_newline)
		vreport_fail(run->report, VC_STRUCTURE_END, "the file does not end with a line end",
		    (struct vplace){ NULL, 0, 0 }, "its last line may have been cut");
}

/* A few are registrants' slips; a tenth of all is the work of the program that writes the zone. */
static void check_dots(struct vrun *run)
{
	enum { FEW = 10, SHARE = 10 };
	const uint64_t names = atomic_load(&run->report->checked[VC_STRUCTURE_DOUBLED]);
	const struct vfinding *const finding = vreport_find(
	    run->report, VC_STRUCTURE_DOUBLED, "name-server names with the zone's name twice: lost trailing dots");
	const uint64_t doubled_ones = finding == NULL ? 0 : finding->count;
	vreport_count(run->report, VC_STRUCTURE_DOTS, names);
	if (doubled_ones >= FEW && doubled_ones * SHARE >= names)
		vreport_fail(run->report, VC_STRUCTURE_DOTS,
		    "the zone's name twice in a tenth of all name-server names", (struct vplace){ NULL, 0, 0 },
		    "%llu of %llu", (unsigned long long)doubled_ones, (unsigned long long)names);
}

void vstruct_check(struct vrun *run)
{
	check_apex(run);
	vreport_count(run->report, VC_STRUCTURE_BAILIWICK, run->zone.owner_count);
	struct job job = { run, memory_calloc(run->threads, SERVED * sizeof(*job.served)) };
	/* Cannot fail: the job returns STATUS_OK only. */
	struct error ignored;
	if (workers_run(run->threads, run->zone.owner_count, 2048, check_owners, &job, &ignored) != STATUS_OK)
		vreport_fail(
		    run->report, VC_GATE_COUNTS, "structure was not judged", (struct vplace){ NULL, 0, 0 }, "-");
	free(job.served);
	check_dots(run);
	run->max_ttl = run->zone.max_ttl;
}
