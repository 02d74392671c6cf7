/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "signer/verify/vrun.h"

/* The DNSKEY RRset, and how the parent's DS (or other anchors) and our own CDS lead to it. */

/* The tag that the key has once it is revoked. Not to be had from the tag alone: what the sum carries is lost there. */
static uint16_t revoked_tag(const struct vkey *key, uint8_t *scratch)
{
	if (key->size < 2)
		return key->tag;
	memcpy(scratch, key->rdata, key->size);
	scratch[1] |= VKEY_REVOKE;
	return vkeys_tag(scratch, key->size);
}

/* Each signature is tried with each key of its tag; a zone that makes that costly gets no proof. */
static void check_crowd(struct vrun *run)
{
	for (size_t i = 0; i < run->published; i++) {
		const struct vkey *const key = &run->known.all[i];
		unsigned equal = 0;
		for (size_t j = 0; j <= i; j++)
			equal += run->known.all[j].tag == key->tag && run->known.all[j].algorithm == key->algorithm;
		if (equal == VKEYS_TRIED + 1)
			vreport_fail(run->report, VC_GATE_COUNTS, "more keys of one tag than are tried",
			    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, key->line },
			    "algorithm %u, tag %u, %d tried", key->algorithm, key->tag, VKEYS_TRIED);
	}
}

static void check_tags(struct vrun *run)
{
	uint16_t revoked[VKEYS_MAX];
	uint8_t *const scratch = memory_alloc(UINT16_MAX);
	for (size_t i = 0; i < run->known.count; i++) {
		revoked[i] = revoked_tag(&run->known.all[i], scratch);
		const struct vkey *const a = &run->known.all[i];
		for (size_t j = 0; j < i; j++) {
			const struct vkey *const b = &run->known.all[j];
			if (a->algorithm != b->algorithm || (i >= run->published && !run->expected[i]))
				continue;
			const bool plain = a->tag == b->tag;
			const bool later = revoked[i] == b->tag || revoked[j] == a->tag;
			if (plain || (later && ((a->flags ^ b->flags) & VKEY_REVOKE) == 0))
				vreport_fail(run->report, VC_KEY_TAG,
				    plain ? "two keys with one tag"
					  : "two keys whose tags are equal once one is revoked",
				    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, a->line },
				    "algorithm %u, tags %u and %u", a->algorithm, a->tag, b->tag);
		}
	}
	free(scratch);
	vreport_count(run->report, VC_KEY_TAG, run->known.count);
}

static void check_algorithm(struct vrun *run, const struct vkey *key)
{
	static const bool forbidden[256] = { [1] = true, [3] = true, [5] = true, [6] = true, [7] = true, [12] = true };
	const struct vplace at = { run->zone.apex, VTYPE_DNSKEY, key->line };
	if (forbidden[key->algorithm])
		vreport_fail(run->report, VC_KEY_ALGORITHM, "keys of an algorithm that must not be used for signing",
		    at, "algorithm %u, tag %u", key->algorithm, key->tag);
	else if (run->limits.have_algorithms && !run->limits.algorithms[key->algorithm])
		vreport_fail(run->report, VC_KEY_ALGORITHM, "keys of an algorithm that the policy does not have", at,
		    "algorithm %u, tag %u", key->algorithm, key->tag);
	if (key->bits > 0) {
		vreport_count(run->report, VC_KEY_SIZE, 1);
		if (key->bits < run->limits.rsa_min_bits)
			vreport_fail(run->report, VC_KEY_SIZE, "RSA keys that are too short", at, "tag %u, %u bits",
			    key->tag, key->bits);
	}
}

static void check_published(struct vrun *run, const struct vkey *key)
{
	const struct vplace at = { run->zone.apex, VTYPE_DNSKEY, key->line };
	check_algorithm(run, key);
	/* A key without the Zone bit that nothing relies on may be anything (RFC 4034 2.1.1). */
	if ((key->flags & VKEY_ZONE) == 0 && key->size >= 5)
		return;
	if (key->fault != NULL)
		vreport_fail(
		    run->report, VC_KEY_FORM, "keys that cannot be used", at, "tag %u: %s", key->tag, key->fault);
	/* A revoked key proves nothing, so nobody need compute with it; a signature by it is still told. */
	else if (!key->computable && vrun_zone_key(key))
		vreport_fail(run->report, VC_GATE_COUNTS,
		    vkeys_computable(key->algorithm) ? "RSA keys whose exponent is too long to compute"
						     : "keys of an algorithm that this program cannot compute",
		    at, "algorithm %u, tag %u: its signatures are not judged", key->algorithm, key->tag);
}

static void note_algorithms(struct vrun *run)
{
	bool any[256] = { false };
	for (size_t i = 0; i < run->published; i++) {
		const struct vkey *const key = &run->known.all[i];
		any[key->algorithm] = true;
		if (vrun_zone_key(key) && key->computable)
			run->algorithms[key->algorithm] = true;
	}
	for (unsigned i = 0; i < 256; i++)
		if (run->algorithms[i])
			run->algorithm_list[run->algorithm_count++] = (uint8_t)i;
	for (unsigned i = 0; i < 256; i++)
		if (any[i] && !run->algorithms[i] && vkeys_computable(i))
			vreport_fail(run->report, VC_KEY_ALGORITHM,
			    "an algorithm that only a revoked key or one without Zone bit has",
			    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, 0 }, "algorithm %u", i);
}

void vchain_expected(struct vrun *run)
{
	if (!run->have_expected)
		return;
	for (size_t i = 0; i < run->known.count; i++) {
		const struct vkey *const key = &run->known.all[i];
		const struct vplace at = { run->zone.apex, VTYPE_DNSKEY, key->line };
		const bool wanted = run->expected[i] && (key->uses & (VKEY_OLD | VKEY_DROPPED)) == 0;
		if (i < run->published || wanted)
			vreport_count(run->report, VC_KEY_EXPECTED, 1);
		if (i < run->published && !wanted)
			vreport_fail(run->report, VC_KEY_EXPECTED, "keys in the zone that should not be there", at,
			    "algorithm %u, tag %u", key->algorithm, key->tag);
		if (i >= run->published && wanted)
			vreport_fail(run->report, VC_KEY_EXPECTED, "keys that are missing from the zone",
			    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, 0 }, "algorithm %u, tag %u", key->algorithm,
			    key->tag);
	}
}

void vchain_keys(struct vrun *run)
{
	bool zone_key = false;
	for (size_t i = 0; i < run->published; i++) {
		check_published(run, &run->known.all[i]);
		zone_key = zone_key || (run->known.all[i].flags & VKEY_ZONE) != 0;
	}
	vreport_count(run->report, VC_KEY_PRESENT, 1);
	vreport_count(run->report, VC_KEY_FORM, run->published);
	vreport_count(run->report, VC_KEY_ALGORITHM, run->published);
	if (!zone_key)
		vreport_fail(run->report, VC_KEY_PRESENT, "no zone key at the apex: the zone is not signed",
		    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, 0 }, "%zu DNSKEY records", run->published);
	note_algorithms(run);
	for (unsigned i = 0; i < 256; i++)
		vreport_count(run->report, VC_CHAIN_SELF, run->algorithms[i]);
	check_crowd(run);
	check_tags(run);
	vchain_expected(run);
}

/* One pointer to a key: a DS (or CDS), or the key itself (or CDNSKEY). */
struct pointer {
	const struct vrecord *record;
	bool whole_key;
	uint8_t algorithm;
	bool usable;
	size_t key; /* that it matches, index into known; SIZE_MAX: none */
};

/* Whether a DS or a key, in an anchor or in CDS and CDNSKEY, is that of `key`. */
static bool leads_to(const struct vrun *run, const struct vrecord *record, bool whole_key, const struct vkey *key)
{
	bool known;
	return whole_key ? key->size == record->size && memcmp(key->rdata, record->rdata, key->size) == 0
			 : vkeys_ds_matches(record->rdata, record->size, key, run->zone.apex, &known);
}

static struct pointer pointer_of(const struct vrun *run, const struct vrecord *record)
{
	struct pointer p = { .record = record, .key = SIZE_MAX };
	p.whole_key = record->type == VTYPE_DNSKEY || record->type == VTYPE_CDNSKEY;
	if (record->size < 5)
		return p;
	p.algorithm = record->rdata[p.whole_key ? 3 : 2];
	p.usable = vkeys_computable(p.algorithm) &&
		   (p.whole_key || record->rdata[3] == 1 || record->rdata[3] == 2 || record->rdata[3] == 4);
	for (size_t i = 0; i < run->published && p.key == SIZE_MAX; i++)
		if (leads_to(run, record, p.whole_key, &run->known.all[i]))
			p.key = i;
	return p;
}

/* RFC 4509 3: where a SHA-256 digest is there, SHA-1 does not count. */
static void drop_weak(struct pointer all[], size_t count)
{
	bool strong = false;
	for (size_t i = 0; i < count; i++)
		strong = strong || (all[i].usable && !all[i].whole_key && all[i].record->rdata[3] == 2);
	for (size_t i = 0; i < count; i++)
		if (strong && all[i].usable && !all[i].whole_key && all[i].record->rdata[3] == 1)
			all[i].usable = false;
}

struct path_words {
	enum vcheck check;
	const char *none;
	const char *no_entry;
	const char *no_algorithm;
};

/* RFC 4035 5.2, RFC 6840 5.11: one pointer leads to a zone key that signs the DNSKEY RRset, and each algorithm that the
 * pointers name signs it. */
static void check_path(struct vrun *run, const struct pointer all[], size_t count, const struct path_words *words)
{
	bool algorithms[256] = { false };
	bool entry = false;
	const struct pointer *first = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!all[i].usable)
			continue;
		first = first == NULL ? &all[i] : first;
		algorithms[all[i].algorithm] = true;
		entry = entry || (all[i].key != SIZE_MAX && vrun_zone_key(&run->known.all[all[i].key]) &&
				     run->stats.signs_keys[all[i].key]);
	}
	if (first == NULL) {
		if (count > 0)
			vreport_fail(run->report, words->check, words->none, vplace_of(all[0].record),
			    "%zu records, none with an algorithm and a digest that can be computed", count);
		return;
	}
	const struct vplace at = { run->zone.apex, first->record->type, first->record->line };
	for (unsigned algorithm = 0; algorithm < 256; algorithm++) {
		bool signs = !algorithms[algorithm];
		vreport_count(run->report, words->check, algorithms[algorithm]);
		for (size_t i = 0; i < run->published && !signs; i++)
			signs = run->known.all[i].algorithm == algorithm && vrun_zone_key(&run->known.all[i]) &&
				run->stats.signs_keys[i];
		if (!signs)
			vreport_fail(run->report, words->check, words->no_algorithm, at, "algorithm %u", algorithm);
	}
	if (!entry)
		vreport_fail(run->report, words->check, words->no_entry, at, "%zu records looked at", count);
}

enum { POINTERS_MAX = 256 };

/* Records of the apex that have one of two types. What does not fit is not judged, which is no proof. */
static size_t collect(
    struct vrun *run, const struct vrecord *records, size_t count, const uint16_t types[2], struct pointer out[])
{
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		const bool wanted = records[i].type == types[0] || records[i].type == types[1];
		if (!wanted || !vname_equal(records[i].owner, run->zone.apex))
			continue;
		if (used == POINTERS_MAX) {
			vreport_fail(run->report, VC_GATE_COUNTS, "more pointers to keys than are judged",
			    vplace_of(&records[i]), "%d judged", POINTERS_MAX);
			break;
		}
		out[used++] = pointer_of(run, &records[i]);
	}
	return used;
}

/* A trust anchor that is no DS can never be followed (RFC 4034 5.1, RFC 4509 2.1, RFC 6605 2). */
static void check_anchor_form(struct vrun *run, const struct vrecord *record)
{
	static const uint8_t lengths[] = { [1] = 20, [2] = 32, [4] = 48 };
	if (record->type != VTYPE_DS)
		return;
	const unsigned digest = record->size < 4 ? 0 : record->rdata[3];
	const unsigned length = digest < sizeof(lengths) ? lengths[digest] : 0;
	if (record->size < 5 || digest == 0 || record->rdata[2] == 0 || (length != 0 && record->size - 4u != length))
		vreport_fail(run->report, VC_CHAIN_ANCHOR, "trust anchors that are no DS", vplace_of(record),
		    "digest type %u, %u octets of RDATA", digest, record->size);
}

static bool leads_to_revoked(const struct vrun *run, const struct pointer *pointer)
{
	return pointer->key != SIZE_MAX && (run->known.all[pointer->key].flags & VKEY_REVOKE) != 0;
}

static size_t check_anchors(struct vrun *run, struct pointer anchors[])
{
	static const uint16_t types[] = { VTYPE_DS, VTYPE_DNSKEY };
	static const struct path_words words = { VC_CHAIN_ANCHOR, "no trust anchor can be used: nothing is proven",
		"no trust anchor matches a zone key that signs the DNSKEY RRset",
		"an algorithm of the trust anchor does not sign the DNSKEY RRset" };
	size_t count = collect(run, run->anchor.records, run->anchor.count, types, anchors);
	vreport_count(run->report, VC_CHAIN_SIGNED, 1);
	if (count == 0)
		vreport_fail(run->report, VC_CHAIN_ANCHOR, "the trust anchor file has nothing for this zone",
		    (struct vplace){ run->zone.apex, VTYPE_DS, 0 }, "%zu records of other names or types",
		    run->anchor.count);
	drop_weak(anchors, count);
	if (run->published == 0)
		vreport_fail(run->report, VC_CHAIN_SIGNED, "a zone with a trust anchor would be published unsigned",
		    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, 0 }, "no DNSKEY");
	else
		check_path(run, anchors, count, &words);
	for (size_t i = 0; i < count; i++) {
		const struct vrecord *const record = anchors[i].record;
		check_anchor_form(run, record);
		vreport_count(run->report, VC_CHAIN_EVERY, anchors[i].usable);
		if (leads_to_revoked(run, &anchors[i]))
			vreport_fail(run->report, VC_CHAIN_EVERY, "DS or anchor keys that lead to a revoked key",
			    (struct vplace){ run->zone.apex, record->type, record->line }, "algorithm %u",
			    anchors[i].algorithm);
		if (anchors[i].usable && anchors[i].key == SIZE_MAX)
			vreport_fail(run->report, VC_CHAIN_EVERY, "DS or anchor keys that match no key in the zone",
			    (struct vplace){ run->zone.apex, record->type, record->line }, "algorithm %u",
			    anchors[i].algorithm);
	}
	return count;
}

static bool is_delete(const struct vrecord *record)
{
	static const uint8_t cds[] = { 0, 0, 0, 0, 0 };
	static const uint8_t cdnskey[] = { 0, 0, 3, 0, 0 };
	return record->size == 5 && memcmp(record->rdata, record->type == VTYPE_CDS ? cds : cdnskey, 5) == 0;
}

/* Form of one record; true if it asks for deletion. */
static bool check_child_record(struct vrun *run, const struct vset *set, const struct vrecord *record)
{
	const bool key = record->type == VTYPE_CDNSKEY;
	static const uint8_t lengths[] = { [1] = 20, [2] = 32, [4] = 48 };
	vreport_count(run->report, VC_CDS_FORM, 1);
	if (is_delete(record)) {
		if (set->count > 1)
			vreport_fail(run->report, VC_CDS_FORM, "a delete form beside other records", vplace_of(record),
			    "it must be alone (RFC 8078 4)");
		return true;
	}
	const struct pointer pointer = pointer_of(run, record);
	if (leads_to_revoked(run, &pointer) || (key && record->size > 1 && (record->rdata[1] & VKEY_REVOKE) != 0))
		vreport_fail(run->report, VC_CDS_CHAIN, "CDS or CDNSKEY that lead to a revoked key", vplace_of(record),
		    "no DS may lead to it (RFC 5011 2.1)");
	const unsigned digest = record->size >= 4 ? record->rdata[3] : 0;
	if (record->size < 5 || record->rdata[key ? 3 : 2] == 0 || (!key && digest == 0))
		vreport_fail(run->report, VC_CDS_FORM, "CDS or CDNSKEY that are no key and no delete form",
		    vplace_of(record), "%u octets", record->size);
	else if (!key && digest < sizeof(lengths) && lengths[digest] != 0 && record->size - 4 != lengths[digest])
		vreport_fail(run->report, VC_CDS_FORM, "CDS whose digest has not the length of its type",
		    vplace_of(record), "type %u with %u octets", digest, record->size - 4u);
	return false;
}

/* If both sets are there they MUST match in content (RFC 7344 4). */
static void check_child_match(struct vrun *run, const struct vset *cds, const struct vset *keys)
{
	bool used[POINTERS_MAX] = { false };
	bool unknown = false;
	for (size_t i = 0; i < cds->count && i < POINTERS_MAX; i++) {
		const bool deletes = is_delete(&cds->first[i]);
		bool found = deletes && is_delete(keys->first);
		for (size_t j = 0; j < keys->count && j < POINTERS_MAX; j++) {
			const struct vkey key = { .rdata = keys->first[j].rdata,
				.size = keys->first[j].size,
				.algorithm = keys->first[j].size > 3 ? keys->first[j].rdata[3] : 0,
				.tag = vkeys_tag(keys->first[j].rdata, keys->first[j].size) };
			bool known = true;
			const bool same =
			    vkeys_ds_matches(cds->first[i].rdata, cds->first[i].size, &key, run->zone.apex, &known);
			known = known || deletes;
			unknown = unknown || !known;
			used[j] = used[j] || same || is_delete(&keys->first[j]);
			found = found || same || !known;
		}
		if (!found)
			vreport_fail(run->report, VC_CDS_FORM, "CDS without its CDNSKEY", vplace_of(&cds->first[i]),
			    "the two sets must match");
	}
	for (size_t j = 0; j < keys->count && j < POINTERS_MAX && !unknown; j++)
		if (!used[j] || is_delete(&keys->first[j]) != is_delete(cds->first))
			vreport_fail(run->report, VC_CDS_FORM, "CDNSKEY without its CDS", vplace_of(&keys->first[j]),
			    "the two sets must match");
}

static bool signed_by_anchored(
    const struct vrun *run, const struct pointer anchors[], size_t count, const bool signs[VKEYS_MAX])
{
	for (size_t i = 0; i < count; i++)
		if (anchors[i].key != SIZE_MAX && signs[anchors[i].key] &&
		    vrun_zone_key(&run->known.all[anchors[i].key]))
			return true;
	return false;
}

static void check_child(struct vrun *run, const struct vset *set, const struct pointer anchors[], size_t anchor_count)
{
	static const struct path_words words = { VC_CDS_CHAIN,
		"no CDS or CDNSKEY can be used: following them breaks the chain",
		"no CDS or CDNSKEY matches a zone key that signs the DNSKEY RRset: following them breaks the chain",
		"an algorithm in CDS or CDNSKEY does not sign the DNSKEY RRset: following them breaks the chain" };
	struct pointer pointers[POINTERS_MAX];
	bool deletes = false;
	if (set->count == 0)
		return;
	/* Each is compared with each key. */
	if (set->count > POINTERS_MAX)
		vreport_fail(run->report, VC_GATE_COUNTS, "more CDS or CDNSKEY than are judged",
		    vplace_of(&set->first[POINTERS_MAX]), "%zu records, %d judged", set->count, POINTERS_MAX);
	for (size_t i = 0; i < set->count && i < POINTERS_MAX; i++)
		deletes = check_child_record(run, set, &set->first[i]) || deletes;
	vreport_count(run->report, VC_CDS_DELETE, 1);
	if (deletes && !run->limits.cds_delete)
		vreport_fail(run->report, VC_CDS_DELETE, "a request to delete the DS that the policy does not have",
		    vplace_of(set->first), "the parent would make the zone insecure");
	const uint16_t types[] = { set->first->type, set->first->type };
	if (!deletes)
		check_path(run, pointers, collect(run, set->first, set->count, types, pointers), &words);
	if (anchor_count == 0)
		return;
	vreport_count(run->report, VC_CDS_SIGNED, 1);
	const bool cds = set->first->type == VTYPE_CDS;
	if (!signed_by_anchored(run, anchors, anchor_count, cds ? run->stats.signs_cds : run->stats.signs_cdnskey))
		vreport_fail(run->report, VC_CDS_SIGNED, "CDS or CDNSKEY not signed by a key that the parent's DS has",
		    vplace_of(set->first), "the parent will not take them (RFC 7344 4.1)");
}

static void check_ksks_sign(struct vrun *run)
{
	for (size_t i = 0; i < run->published; i++) {
		const struct vkey *const key = &run->known.all[i];
		if (!run->expected[i] || (key->uses & VKEY_KSK) == 0)
			continue;
		vreport_count(run->report, VC_KEY_ROLE, 1);
		if (!run->stats.signs_keys[i])
			vreport_fail(run->report, VC_KEY_ROLE, "a KSK does not sign the DNSKEY RRset",
			    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, key->line }, "tag %u", key->tag);
	}
}

/* Only a key set that the revoked key has signed itself revokes it (RFC 5011 2.1). */
static void check_revoked(struct vrun *run)
{
	for (size_t i = 0; i < run->published; i++) {
		const struct vkey *const key = &run->known.all[i];
		if ((key->flags & VKEY_REVOKE) == 0 || (key->flags & VKEY_ZONE) == 0)
			continue;
		vreport_count(run->report, VC_SIG_REVOKED, 1);
		if (!run->stats.signs_keys[i])
			vreport_fail(run->report, VC_SIG_REVOKED, "a revoked key that does not sign the DNSKEY RRset",
			    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, key->line },
			    "tag %u: whoever trusts it will not take it for revoked", key->tag);
	}
}

static bool is_anchored(const struct vrun *run, const struct pointer anchors[], size_t count, const struct vkey *key)
{
	for (size_t i = 0; i < count; i++)
		if (anchors[i].usable && leads_to(run, anchors[i].record, anchors[i].whole_key, key))
			return true;
	return false;
}

/* Caches have the DNSKEY RRset published before, others get the new one, and the parent has one DS RRset for both: with
 * no key in common that enters either, only DS for a key of each reach both (Double-DS: RFC 7583 2.2, RFC 6781 4.1.2).
 * What a dropped key entered is given up. A version that nobody could enter proves nothing. */
static void check_entry(struct vrun *run, const struct pointer anchors[], size_t count)
{
	const struct vkey *old = NULL;
	const struct vkey *new = NULL;
	bool old_anchored = false;
	bool new_anchored = false;
	vreport_count(run->report, VC_CACHE_ENTRY, 1);
	for (size_t i = 0; i < run->known.count; i++) {
		const struct vkey *const key = &run->known.all[i];
		const bool enters = i < run->published && vrun_zone_key(key) && run->stats.signs_keys[i];
		if (run->entered[i] && (enters || (key->uses & VKEY_DROPPED) != 0))
			return;
		old = run->entered[i] && old == NULL ? key : old;
		new = enters &&new == NULL ? key : new;
		old_anchored = old_anchored || (run->entered[i] && is_anchored(run, anchors, count, key));
		new_anchored = new_anchored || (enters && is_anchored(run, anchors, count, key));
	}
	if (old == NULL || new == NULL || (old_anchored && new_anchored))
		return;
	vreport_fail(run->report, VC_CACHE_ENTRY,
	    "no key that signed the DNSKEY RRset published before signs it now, and the parent's DS cannot follow at "
	    "once",
	    (struct vplace){ run->zone.apex, VTYPE_DNSKEY, new->line },
	    "tag %u before, tag %u now; with a trust anchor that has DS of both it is a Double-DS rollover", old->tag,
	    new->tag);
}

void vchain_anchor(struct vrun *run)
{
	struct pointer anchors[POINTERS_MAX];
	const size_t count = run->have_anchor ? check_anchors(run, anchors) : 0;
	if (run->cached_keys != 0)
		check_entry(run, anchors, count);
	check_ksks_sign(run);
	check_revoked(run);
	if (run->zone.top == NULL)
		return;
	const struct vset cds = vzone_set(&run->zone, run->zone.top, VTYPE_CDS);
	const struct vset cdnskey = vzone_set(&run->zone, run->zone.top, VTYPE_CDNSKEY);
	check_child(run, &cds, anchors, count);
	check_child(run, &cdnskey, anchors, count);
	if (cds.count > 0 && cdnskey.count > 0)
		check_child_match(run, &cds, &cdnskey);
}
