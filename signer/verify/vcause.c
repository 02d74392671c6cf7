/* SPDX-License-Identifier: MIT */
#include "signer/verify/vcause.h"

#include <stdio.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/verify/vsigned.h"

static void fingerprint(const struct vkey *key, char out[20])
{
	uint8_t sum[32];
	char hex[17];
	bytes_sha256((struct bytes){ key->rdata + 4, key->size < 4 ? 0 : key->size - 4 }, sum);
	bytes_to_hex((struct bytes){ sum, 8 }, false, hex);
	snprintf(out, 20, "%.4s %.4s %.4s %.4s", hex, hex + 4, hex + 8, hex + 12);
}

/* A known key, other than the one that should have, verifies them. */
static bool other_key(struct vrun *run, struct vfinding *finding)
{
	for (size_t i = 0; i < run->known.count; i++) {
		const struct vkey *const key = &run->known.all[i];
		char print[20];
		if (run->stats.foreign[i] == 0)
			continue;
		fingerprint(key, print);
		snprintf(finding->cause, sizeof(finding->cause),
		    "%llu of them verify with %s key of tag %u (algorithm %u, fingerprint %s): they were made with "
		    "that key",
		    (unsigned long long)run->stats.foreign[i],
		    i < run->published ? "another published"
		    : run->expected[i] ? "an expected, unpublished"
				       : "a formerly published",
		    key->tag, key->algorithm, print);
		snprintf(finding->advice, sizeof(finding->advice),
		    "find out which signer or token holds it: zoneseal key doctor, tag %u; the published zone stays",
		    key->tag);
		return true;
	}
	return false;
}

/* Part or all of what one key signed fails. */
static void one_key(struct vrun *run, struct vfinding *finding)
{
	size_t worst = SIZE_MAX;
	for (size_t i = 0; i < run->published; i++)
		if (run->stats.bad[i] > 0 && (worst == SIZE_MAX || run->stats.bad[i] > run->stats.bad[worst]))
			worst = i;
	if (worst == SIZE_MAX)
		return;
	const struct vkey *const key = &run->known.all[worst];
	char print[20];
	fingerprint(key, print);
	const unsigned long long bad = run->stats.bad[worst];
	const unsigned long long good = run->stats.good[worst];
	if (good == 0 && bad > 1)
		snprintf(finding->cause, sizeof(finding->cause),
		    "every signature that claims tag %u fails (%llu); DNSKEY %u (fingerprint %s) verifies none: the "
		    "private "
		    "key in use is another one",
		    key->tag, bad, key->tag, print);
	else if (bad >= 10 && bad * 10 > good)
		snprintf(finding->cause, sizeof(finding->cause),
		    "of the signatures that claim tag %u, DNSKEY %u (fingerprint %s) verifies %llu and not %llu: "
		    "several "
		    "keys, or several tokens, sign under one tag",
		    key->tag, key->tag, print, good, bad);
	snprintf(finding->advice, sizeof(finding->advice), "zoneseal key doctor, tag %u; the published zone stays",
	    key->tag);
}

/* Whether the signature in that line stands in the zone published before as well. */
static bool is_of_previous(const struct vrun *run, const struct vexample *at)
{
	const struct vowner *const here = at->owner == NULL ? NULL : vzone_find(&run->zone, at->owner);
	const struct vowner *const there = at->owner == NULL ? NULL : vzone_find(&run->previous, at->owner);
	if (here == NULL || there == NULL)
		return false;
	const struct vset now = vzone_set(&run->zone, here, VTYPE_RRSIG);
	const struct vset before = vzone_set(&run->previous, there, VTYPE_RRSIG);
	for (size_t i = 0; i < now.count; i++)
		for (size_t j = 0; j < before.count && now.first[i].line == at->line; j++)
			if (now.first[i].size == before.first[j].size &&
			    memcmp(now.first[i].rdata, before.first[j].rdata, now.first[i].size) == 0)
				return true;
	return false;
}

/* The signer kept signatures of its last version that were bad there already. */
static bool carried_over(const struct vrun *run, struct vfinding *finding)
{
	if (!run->have_previous || finding->example_count == 0)
		return false;
	for (unsigned i = 0; i < finding->example_count; i++)
		if (!is_of_previous(run, &finding->examples[i]))
			return false;
	snprintf(finding->cause, sizeof(finding->cause),
	    "the first %u of them stand in the published zone, serial %u, octet for octet: bad signatures were carried "
	    "over from it",
	    finding->example_count, run->previous.serial);
	snprintf(finding->advice, sizeof(finding->advice),
	    "zoneseal sign ZONE --anew keeps none of the old signatures; the published zone has them until then");
	return true;
}

static void cause_of_signatures(struct vrun *run, struct vfinding *finding)
{
	if (!other_key(run, finding) && !carried_over(run, finding))
		one_key(run, finding);
}

/* Inception of all in the future, or expiration of all in the past: it is the clock, or the file is an old one. */
static void cause_of_times(struct vrun *run)
{
	struct vfinding *const early = vreport_find(run->report, VC_TIME_VALID, "signatures that are not valid yet");
	struct vfinding *const late = vreport_find(run->report, VC_TIME_VALID, "signatures that have expired");
	char now[UTC_TEXT];
	utc_format(run->options->times[0], now);
	const uint64_t sets = atomic_load(&run->report->checked[VC_SIG_COVERED]);
	if (early != NULL && early->count * 10 >= sets * 9)
		snprintf(early->cause, sizeof(early->cause),
		    "nearly all signatures begin after %s: a clock is wrong, here or at the signer", now);
	if (late != NULL && late->count * 10 >= sets * 9)
		snprintf(late->cause, sizeof(late->cause),
		    "nearly all signatures ended before %s: this is an old zone file, or a clock is wrong", now);
}

/* How one RRset is signed with the algorithms that it needs. */
struct signers {
	bool by_zone_key; /* a signature claims a zone key of the DNSKEY RRset */
	bool none;        /* of one algorithm there is no signature at all */
	long stray;       /* tag of one that claims no such key, of an algorithm without any that does; or -1 */
};

static bool is_zone_key_of(const struct vrun *run, unsigned algorithm, unsigned tag)
{
	for (size_t i = 0; i < run->published; i++)
		if (run->known.all[i].tag == tag && run->known.all[i].algorithm == algorithm &&
		    vrun_zone_key(&run->known.all[i]))
			return true;
	return false;
}

static void look_at_algorithm(
    const struct vrun *run, const struct vset *rrsigs, uint16_t type, unsigned algorithm, struct signers *out)
{
	long stray = -1;
	struct vsignature s;
	for (size_t i = 0; i < rrsigs->count; i++) {
		if (!vsigned_read(&rrsigs->first[i], &s) || bytes_get_u16(rrsigs->first[i].rdata) != type ||
		    s.algorithm != algorithm)
			continue;
		if (is_zone_key_of(run, algorithm, s.tag)) {
			out->by_zone_key = true;
			return;
		}
		stray = s.tag;
	}
	out->none = out->none || stray < 0;
	out->stray = stray < 0 ? out->stray : stray;
}

static struct signers signers_of(const struct vrun *run, const struct vexample *at)
{
	struct signers out = { false, false, -1 };
	const struct vowner *const owner = at->owner == NULL ? NULL : vzone_find(&run->zone, at->owner);
	if (owner == NULL)
		return out;
	const struct vset rrsigs = vzone_set(&run->zone, owner, VTYPE_RRSIG);
	for (unsigned i = 0; i < run->algorithm_count; i++)
		look_at_algorithm(run, &rrsigs, at->type, run->algorithm_list[i], &out);
	return out;
}

/* Nearly all RRsets lack one of the algorithms. Half signed, if they are signed with another one and there is nothing
 * of this one; if there is, a key signed that the DNSKEY RRset does not hold as a zone key. */
static void cause_of_algorithm(struct vrun *run)
{
	struct vfinding *const finding = vreport_find(
	    run->report, VC_SIG_ALGORITHMS, "RRsets without a signature of an algorithm in the DNSKEY RRset");
	const uint64_t sets = atomic_load(&run->report->checked[VC_SIG_ALGORITHMS]);
	if (finding == NULL || finding->example_count == 0)
		return;
	unsigned half = 0, strays = 0;
	long tag = -1;
	for (unsigned i = 0; i < finding->example_count; i++) {
		const struct signers signers = signers_of(run, &finding->examples[i]);
		half += signers.by_zone_key && signers.none && signers.stray < 0;
		strays += signers.stray >= 0 && (tag < 0 || tag == signers.stray);
		tag = signers.stray >= 0 ? signers.stray : tag;
	}
	if (strays == finding->example_count) {
		snprintf(finding->cause, sizeof(finding->cause),
		    "the first %u of them are signed by tag %ld, which is no zone key in the DNSKEY RRset: its DNSKEY "
		    "is not published, or is without the Zone Key flag, or is revoked",
		    strays, tag);
		snprintf(finding->advice, sizeof(finding->advice),
		    "find out which signer or token holds it: zoneseal key doctor, tag %ld; the published zone stays",
		    tag);
	} else if (half == finding->example_count && finding->count * 10 >= sets * 9) {
		snprintf(finding->cause, sizeof(finding->cause),
		    "the DNSKEY RRset holds an algorithm that signs next to nothing: an algorithm is half signed");
		snprintf(finding->advice, sizeof(finding->advice),
		    "new signatures come first, then the DNSKEY, then the DS (RFC 6781 4.1.4)");
	}
}

/* The name at which the file should go on, if the record where the chain breaks is the last one of its chain and
 * announces a name or a hash that is not there. False: it is not. */
static bool announced(const struct vzone *zone, const struct vowner *owner, uint8_t out[VNAME_MAX])
{
	const struct vset nsec = vzone_set(zone, owner, VTYPE_NSEC);
	if (nsec.count == 1) {
		const size_t size = vname_check(nsec.first->rdata, nsec.first->size);
		memcpy(out, nsec.first->rdata, size);
		return size > 0 && vname_under(out, zone->apex) &&
		       vname_compare(out, zone->owners[zone->owner_count - 1].name) > 0;
	}
	const struct vset nsec3 = vzone_set(zone, owner, VTYPE_NSEC3);
	if (nsec3.count != 1)
		return false;
	struct cursor in = cursor_init((struct bytes){ nsec3.first->rdata, nsec3.first->size });
	cursor_take(&in, 4);
	cursor_take(&in, cursor_u8(&in));
	const struct bytes hash = cursor_take(&in, cursor_u8(&in));
	const size_t apex_size = vname_size(zone->apex);
	char text[33];
	if (in.failed || hash.size != 20 || apex_size + 33 > VNAME_MAX)
		return false;
	for (const struct vowner *later = owner + 1; later < zone->owners + zone->owner_count; later++)
		if (later->kind == VKIND_HASH)
			return false;
	bytes_to_base32hex(hash, text);
	out[0] = 32;
	memcpy(out + 1, text, 32);
	memcpy(out + 33, zone->apex, apex_size);
	return vname_compare(out, owner->name) > 0;
}

/* Whether the file could end where the chain does: what follows in it comes before the name that is missing. */
static bool ends_open(const struct vzone *zone, const struct vexample *at)
{
	const struct vowner *const owner = at->owner == NULL ? NULL : vzone_find(zone, at->owner);
	uint8_t missing[VNAME_MAX];
	if (owner == NULL || !announced(zone, owner, missing))
		return false;
	for (size_t i = 0; i < zone->file.count; i++)
		if (zone->records[i].line > at->line && vname_compare(zone->records[i].owner, missing) >= 0)
			return false;
	return true;
}

static uint32_t last_line_of(const struct vzone *zone)
{
	uint32_t last = 0;
	for (size_t i = 0; i < zone->file.count; i++)
		last = zone->records[i].line > last ? zone->records[i].line : last;
	return last;
}

/* Records that a zone of this size has gone without: the tail of the file is missing. */
static void cause_of_cut(struct vrun *run)
{
	struct vfinding *const zonemd =
	    vreport_find(run->report, VC_ZONEMD_DIGEST, "no ZONEMD digest is that of the zone");
	const uint64_t broken =
	    atomic_load(&run->report->failed[VC_NSEC_CHAIN]) + atomic_load(&run->report->failed[VC_NSEC3_CHAIN]);
	const struct vzone *const zone = &run->zone;
	if (broken != 1 || zone->owner_count < 2)
		return;
	const uint32_t last_line = last_line_of(zone);
	for (unsigned i = 0; i < run->report->finding_count; i++) {
		struct vfinding *const finding = &run->report->findings[i];
		if ((finding->check != VC_NSEC_CHAIN && finding->check != VC_NSEC3_CHAIN) ||
		    finding->example_count == 0 || !ends_open(zone, &finding->examples[0]))
			continue;
		snprintf(finding->cause, sizeof(finding->cause),
		    "the chain ends in line %u of %u and announces what would follow: the file was cut at the end of a "
		    "record",
		    finding->examples[0].line, last_line);
		snprintf(finding->advice, sizeof(finding->advice), "copy or write the file again; compare sizes");
		if (zonemd != NULL)
			snprintf(zonemd->cause, sizeof(zonemd->cause), "%s", finding->cause);
	}
}

static void cause_of_expire(struct vrun *run)
{
	struct vfinding *const finding =
	    vreport_find(run->report, VC_CHANGE_EXPIRE, "SOA expire is raised above what signatures outlive");
	if (finding == NULL)
		return;
	snprintf(finding->cause, sizeof(finding->cause),
	    "a secondary that is cut off would go on serving signatures that have expired");
	snprintf(finding->advice, sizeof(finding->advice),
	    "lower the expire in the input's SOA, or first raise signatures.refresh and signatures.validity: zoneseal "
	    "policy apply");
}

static void cause_of_doubled(struct vrun *run)
{
	static const char *const kinds[] = { "name-server names with the zone's name twice: lost trailing dots",
		"owner names with the zone's name twice: lost trailing dots" };
	for (size_t i = 0; i < 2; i++) {
		struct vfinding *const finding = vreport_find(run->report, VC_STRUCTURE_DOUBLED, kinds[i]);
		if (finding != NULL)
			snprintf(finding->cause, sizeof(finding->cause),
			    "absolute names were taken for relative ones (%llu names): the program that writes the "
			    "zone lost the final dot",
			    (unsigned long long)finding->count);
	}
}

static void cause_of_salt(struct vrun *run)
{
	struct vfinding *const finding =
	    vreport_find(run->report, VC_NSEC3_UNIQUE, "NSEC3 with parameters that no NSEC3PARAM has");
	struct vfinding *const alone = vreport_find(run->report, VC_NSEC3_PARAM, "an NSEC3PARAM without NSEC3 records");
	if (finding == NULL)
		return;
	for (unsigned i = 0; i < run->report->finding_count; i++)
		if (run->report->findings[i].check == VC_NSEC3_CHAIN)
			snprintf(run->report->findings[i].cause, sizeof(finding->cause),
			    "%llu NSEC3 have other parameters than the NSEC3PARAM: salts or iterations are mixed",
			    (unsigned long long)finding->count);
	if (alone != NULL && finding->count == atomic_load(&run->report->checked[VC_NSEC3_UNIQUE])) {
		snprintf(alone->cause, sizeof(alone->cause),
		    "all %llu NSEC3 have another salt or other iterations: the NSEC3PARAM was changed and the chain "
		    "was "
		    "not",
		    (unsigned long long)finding->count);
		snprintf(
		    alone->advice, sizeof(alone->advice), "sign again: the new chain comes first, then its NSEC3PARAM");
	}
}

void vcause_find(struct vrun *run)
{
	for (unsigned i = 0; i < run->report->finding_count; i++)
		if (run->report->findings[i].check == VC_SIG_VALID)
			cause_of_signatures(run, &run->report->findings[i]);
	cause_of_times(run);
	cause_of_algorithm(run);
	cause_of_cut(run);
	cause_of_doubled(run);
	cause_of_expire(run);
	cause_of_salt(run);
}
