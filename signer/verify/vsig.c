/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/workers.h"
#include "signer/verify/vcached.h"
#include "signer/verify/vmemo_use.h"
#include "signer/verify/vproof.h"
#include "signer/verify/vresponse.h" /* vrun.h, vsigned.h */
#include "signer/verify/vsigner.h"

/* What is done at most for the signatures of one RRset, for causes, and with keys of one tag (KeyTrap, CVE-2023-50387).
 */
enum {
	OWNERS_AT_ONCE = 1024, /* so that batches are full where one owner in ten has a signature */
	MOST_SIGNATURES = 256,
	MOST_HASHED = 64 * 1024 * 1024,
	CAUSES_SOUGHT = 4096,
	SPARE_TRIES = 16384,
	MOST_TRIES = 4
};

/* An RRset to be judged, and its signatures among those of the range. */
struct pending {
	struct vsubject subject;
	size_t first, count;
};

/* What a worker has for itself. */
struct place {
	struct vrun *run;
	struct vverifier *verifier;
	struct vprover *prover;
	struct vmemo_worker *memo; /* or NULL */
	struct vsig_stats *stats;
	const struct vsubject *subject; /* of the signature that is judged */
	struct vbuffer data;            /* what it signs, made when the first key is tried */
	bool have_data;
	struct vsignature *signatures; /* of a range of owners */
	size_t signature_count, signature_room;
	struct pending *pending;
	size_t pending_count, pending_room;
};

struct job {
	struct vrun *run;
	struct place *places;
};

static bool verifies(struct place *place, const struct vsignature *s, const struct vkey *key)
{
	if (!place->have_data)
		vsigned_data(s, place->subject, &place->data);
	place->have_data = true;
	place->stats->tried++;
	return vverifier_check(place->verifier, key, (struct bytes){ place->data.octets, place->data.size }, s->bytes);
}

/* By the memo, unless chance wants it computed. */
static bool recalled(struct place *place, const struct vsignature *s)
{
	place->stats->recalled++;
	if (!vmemo_sample(place->memo, s, place->subject))
		return true;
	const bool good = verifies(place, s, &place->run->known.all[s->recalled]);
	place->stats->sampled++;
	place->stats->disowned += !good;
	return good;
}

/* By the memo or its proof, unless that is judged again; else by EVP, which has the last word. */
static bool verifies_by(struct place *place, const struct vsignature *s, size_t index)
{
	const struct vkey *const key = &place->run->known.all[index];
	if (s->recalled == index)
		return recalled(place, s);
	if (s->proven != index)
		return verifies(place, s, key);
	place->stats->proven++;
	if (!vprover_sample(place->prover))
		return true;
	const bool good = verifies(place, s, key);
	place->stats->disproven += !good;
	return good;
}

/* Tries each key of equal tag and algorithm (RFC 4035 5.3.1); `from` to `to` are indexes into known. */
static bool try_keys(struct place *place, struct vsignature *s, size_t from, size_t to, bool any_tag)
{
	struct vrun *const run = place->run;
	const uint64_t most = SPARE_TRIES + MOST_TRIES * place->stats->signatures;
	unsigned tried = 0;
	for (size_t i = from; i < to && tried < VKEYS_TRIED; i++) {
		const struct vkey *const key = &run->known.all[i];
		if (key->key == NULL || key->algorithm != s->algorithm || (!any_tag && key->tag != s->tag))
			continue;
		if (place->stats->tried >= most) {
			vreport_fail(run->report, VC_GATE_COUNTS,
			    "signatures that fit too many keys: not all were tried", vplace_of(s->record),
			    "algorithm %u, tag %u", s->algorithm, s->tag);
			return false;
		}
		tried++;
		if (verifies_by(place, s, i)) {
			s->key = i;
			return true;
		}
	}
	return false;
}

static void note_bad(struct place *place, struct vsignature *s, struct vplace at)
{
	struct vrun *const run = place->run;
	s->outcome = VOUTCOME_BAD;
	for (size_t i = 0; i < run->published; i++)
		if (run->known.all[i].tag == s->tag && run->known.all[i].algorithm == s->algorithm)
			place->stats->bad[i]++;
	/* Which other key made it? For the cause. */
	if (place->stats->foreign_total < CAUSES_SOUGHT) {
		place->stats->foreign_total++;
		if (try_keys(place, s, 0, run->known.count, true))
			place->stats->foreign[s->key]++;
	}
	s->key = SIZE_MAX;
	vreport_fail(run->report, VC_SIG_VALID, "signatures that do not verify with the published key", at,
	    "algorithm %u, tag %u", s->algorithm, s->tag);
}

static void check_times(struct place *place, const struct vsignature *s, struct vplace at)
{
	struct vrun *const run = place->run;
	const int64_t remaining = (int32_t)(s->expiration - run->now);
	const int64_t floor = vrun_remaining_floor(run);
	if (remaining < floor)
		vreport_fail(run->report, VC_TIME_REMAINING, "signatures that expire too soon", at,
		    "%lld s left, %lld s wanted", (long long)remaining, (long long)floor);
	for (unsigned i = 1; i < run->options->time_count; i++) {
		const uint32_t when = (uint32_t)(uint64_t)run->options->times[i].seconds;
		if (!vsigned_before(when, s->inception) && !vsigned_before(s->expiration, when))
			continue;
		char text[UTC_TEXT];
		utc_format(run->options->times[i], text);
		vreport_fail(
		    run->report, VC_TIME_HORIZON, "signatures that do not hold at a further moment", at, "at %s", text);
	}
}

/* Caches still take what an expected key signed: its time counts as that of a published one. */
static void judge_old(struct place *place, struct vsignature *s, struct vplace at)
{
	struct vrun *const run = place->run;
	const int64_t remaining = (int32_t)(s->expiration - run->now);
	place->stats->verified++;
	vmemo_keep(place->memo, s, place->subject);
	s->outcome = vsigned_time(s, run->now);
	if (s->outcome == VOUTCOME_NEVER)
		vsigner_never(run, s, at);
	if (s->outcome != VOUTCOME_GOOD)
		return;
	if (remaining < place->stats->remaining_min)
		place->stats->remaining_min = remaining;
	check_times(place, s, at);
}

static void judge_foreign(struct place *place, struct vsignature *s, struct vplace at)
{
	struct vrun *const run = place->run;
	s->outcome = VOUTCOME_FOREIGN;
	if (try_keys(place, s, run->published, run->known.count, false)) {
		const struct vkey *const key = &run->known.all[s->key];
		if ((key->uses & VKEY_OLD) != 0) {
			judge_old(place, s, at);
			return;
		}
		vreport_fail(run->report, VC_SIG_KEY, "signatures made by a key that is known but not published", at,
		    "algorithm %u, tag %u: the key is not in the DNSKEY RRset", s->algorithm, s->tag);
		return;
	}
	if (vsigner_expected(run, s)) {
		note_bad(place, s, at);
		return;
	}
	vreport_fail(run->report, VC_SIG_KEY, "signatures made by a key that is not in the DNSKEY RRset", at,
	    "algorithm %u, tag %u", s->algorithm, s->tag);
}

static void note_good(struct place *place, const struct vsignature *s, uint16_t type)
{
	struct vsig_stats *const stats = place->stats;
	const int64_t remaining = (int32_t)(s->expiration - place->run->now);
	const int64_t validity = (int32_t)(s->expiration - s->inception);
	stats->verified++;
	stats->good[s->key]++;
	if (s->outcome == VOUTCOME_GOOD && type == VTYPE_DNSKEY)
		stats->signs_keys[s->key] = true;
	if (s->outcome == VOUTCOME_GOOD && type == VTYPE_CDS)
		stats->signs_cds[s->key] = true;
	if (s->outcome == VOUTCOME_GOOD && type == VTYPE_CDNSKEY)
		stats->signs_cdnskey[s->key] = true;
	if (s->outcome == VOUTCOME_GOOD && remaining < stats->remaining_min)
		stats->remaining_min = remaining;
	if (validity < stats->validity_min)
		stats->validity_min = validity;
}

static void judge(struct place *place, struct vsignature *s, const struct vsubject *subject)
{
	struct vrun *const run = place->run;
	const struct vset *const set = &subject->set;
	const struct vowner *const owner = subject->owner;
	const struct vplace at = { owner->name, set->first->type, s->record->line };
	place->stats->signatures++;
	place->subject = subject;
	place->have_data = false;
	vsigner_form(run, s, owner);
	vsigner_ttl(run, s, set);
	if (!vsigner_published(run, s)) {
		judge_foreign(place, s, at);
		return;
	}
	if (!vkeys_computable(s->algorithm)) {
		s->outcome = VOUTCOME_FOREIGN;
		vreport_fail(run->report, VC_GATE_COUNTS, "signatures of an algorithm that this program cannot compute",
		    at, "algorithm %u: not judged, so there is no proof", s->algorithm);
		return;
	}
	if (!try_keys(place, s, 0, run->published, false)) {
		note_bad(place, s, at);
		return;
	}
	s->outcome = vsigned_time(s, run->now);
	if (s->outcome == VOUTCOME_NEVER) {
		vsigner_never(run, s, at);
		return;
	}
	note_good(place, s, set->first->type);
	vmemo_keep(place->memo, s, subject);
	vsigner_role(run, s, at, set->first->type);
	if (s->outcome == VOUTCOME_GOOD)
		check_times(place, s, at);
}

/* What the signatures of one RRset amount to for one algorithm. */
static void cover_algorithm(
    struct place *place, unsigned algorithm, const struct vset *set, const struct vsignature *all, size_t count)
{
	struct vreport *const report = place->run->report;
	const struct vplace at = vplace_of(set->first);
	const struct vsignature *untimely = NULL;
	bool bad = false;
	for (size_t i = 0; i < count; i++) {
		if (all[i].algorithm != algorithm)
			continue;
		const bool counts =
		    all[i].key < place->run->published && vrun_zone_key(&place->run->known.all[all[i].key]);
		if (counts && all[i].outcome == VOUTCOME_GOOD)
			return;
		if (counts && (all[i].outcome == VOUTCOME_EARLY || all[i].outcome == VOUTCOME_LATE))
			untimely = &all[i];
		bad = bad || all[i].outcome == VOUTCOME_BAD || all[i].outcome == VOUTCOME_NEVER;
	}
	if (untimely != NULL) {
		const bool early = untimely->outcome == VOUTCOME_EARLY;
		char span[SPAN_TEXT];
		span_format_short((struct span){ (int32_t)(early ? untimely->inception - place->run->now
								 : place->run->now - untimely->expiration) },
		    span);
		vreport_fail(report, VC_TIME_VALID,
		    early ? "signatures that are not valid yet" : "signatures that have expired",
		    (struct vplace){ at.owner, at.type, untimely->record->line }, "%s%s%s", early ? "in " : "", span,
		    early ? "" : " ago");
		return;
	}
	if (bad)
		return; /* sig.valid or time.valid has told it */
	const enum vcheck check = set->first->type == VTYPE_DNSKEY ? VC_CHAIN_SELF : VC_SIG_ALGORITHMS;
	vreport_fail(report, check,
	    check == VC_CHAIN_SELF ? "the DNSKEY RRset is not signed with an algorithm that it holds"
				   : "RRsets without a signature of an algorithm in the DNSKEY RRset",
	    at, "algorithm %u", algorithm);
}

static void check_extra_times(struct place *place, const struct vsignature *all, size_t count, struct vplace at)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].outcome == VOUTCOME_EARLY || all[i].outcome == VOUTCOME_LATE)
			vreport_fail(place->run->report, VC_TIME_EXTRA, "signatures that are not valid now",
			    (struct vplace){ at.owner, at.type, all[i].record->line }, "tag %u", all[i].tag);
}

static void check_duplicates(struct place *place, const struct vsignature *all, size_t count, struct vplace at)
{
	for (size_t i = 1; i < count && i < 64; i++)
		for (size_t j = 0; j < i; j++)
			if (all[i].tag == all[j].tag && all[i].algorithm == all[j].algorithm &&
			    all[i].key == all[j].key)
				vreport_fail(place->run->report, VC_SIG_DUPLICATE,
				    "more than one signature of a key over one RRset", at, "tag %u", all[i].tag);
}

/* Each hashes the whole RRset: many over a large one would take the square of the file's size. */
static size_t most_signatures(const struct pending *pending)
{
	const struct vset *const set = &pending->subject.set;
	const size_t head = vname_size(pending->subject.owner->name) + 10;
	size_t octets = 1;
	for (size_t i = 0; i < set->count && pending->count > 1; i++)
		octets += set->first[i].size + head;
	const size_t most = 1 + MOST_HASHED / octets;
	return most < MOST_SIGNATURES ? most : MOST_SIGNATURES;
}

static void judge_set(struct place *place, const struct pending *pending)
{
	struct vrun *const run = place->run;
	const struct vowner *const owner = pending->subject.owner;
	const struct vset *const set = &pending->subject.set;
	struct vsignature *const all = pending->count == 0 ? NULL : place->signatures + pending->first;
	const size_t count = pending->count;
	const size_t most = most_signatures(pending);
	const struct vplace at = vplace_of(set->first);
	if (!vzone_authoritative(owner, set->first->type)) {
		if (count > 0)
			vreport_fail(run->report, VC_SIG_AUTHORITY, "signatures over data that the zone does not own",
			    (struct vplace){ at.owner, at.type, all[0].record->line }, "tag %u", all[0].tag);
		return;
	}
	if (count > most)
		vreport_fail(run->report, VC_GATE_COUNTS, "RRsets with more signatures than are judged", at,
		    "%zu signatures, %zu judged", count, most);
	for (size_t i = 0; i < count && i < most; i++)
		judge(place, &all[i], &pending->subject);
	vresponse_trust(run, &pending->subject, all, count);
	check_duplicates(place, all, count, at);
	vreport_count(run->report, VC_SIG_COVERED, 1);
	vreport_count(run->report, VC_SIG_ALGORITHMS, 1);
	if (count == 0) {
		vreport_fail(run->report, set->first->type == VTYPE_DNSKEY ? VC_CHAIN_SELF : VC_SIG_COVERED,
		    "RRsets without any signature", at, "no RRSIG");
		return;
	}
	for (unsigned i = 0; i < run->algorithm_count; i++)
		cover_algorithm(place, run->algorithm_list[i], set, all, count);
	check_extra_times(place, all, count, at);
	vcached_judge(run, set, all, count, place->stats);
}

/* A signature over no RRset of this owner, or over RRSIGs, which are never signed (RFC 4035 2.2). */
static void report_stray(struct place *place, const struct vrecord *record, unsigned covered)
{
	if (covered == VTYPE_RRSIG)
		vreport_fail(place->run->report, VC_SIG_AUTHORITY, "signatures over signatures", vplace_of(record),
		    "an RRSIG must not be signed");
	else
		vreport_fail(place->run->report, VC_SIG_ORPHAN, "signatures over an RRset that is not there",
		    vplace_of(record), "covers type %u", covered);
}

/* Signatures that cover `type`, from rrsigs[*at] on; records are sorted, so those of one type stand together. */
static size_t collect(struct place *place, const struct vset *rrsigs, size_t *at, uint16_t type)
{
	size_t count = 0;
	for (; *at < rrsigs->count; ++*at) {
		const struct vrecord *const record = &rrsigs->first[*at];
		const uint16_t covered = record->size < 2 ? 0 : bytes_get_u16(record->rdata);
		if (covered > type)
			break;
		if (record->spare)
			continue;
		struct vsignature s;
		if (!vsigned_read(record, &s)) {
			vreport_fail(place->run->report, VC_SIG_FORM, "RRSIG records that are malformed",
			    vplace_of(record), "%u octets", record->size);
			continue;
		}
		if (covered < type) {
			report_stray(place, record, covered);
			continue;
		}
		if (place->signature_count == place->signature_room) {
			place->signature_room = 2 * place->signature_room + 64;
			place->signatures = memory_resize(place->signatures, place->signature_room, sizeof(s));
		}
		place->signatures[place->signature_count++] = s;
		count++;
	}
	return count;
}

static void await(struct place *place, const struct pending *pending)
{
	if (place->pending_count == place->pending_room) {
		place->pending_room = 2 * place->pending_room + 64;
		place->pending = memory_resize(place->pending, place->pending_room, sizeof(*pending));
	}
	place->pending[place->pending_count++] = *pending;
}

static void collect_owner(struct place *place, const struct vowner *owner)
{
	const struct vzone *const zone = &place->run->zone;
	const struct vset rrsigs = vzone_set(zone, owner, VTYPE_RRSIG);
	const struct vrecord *const records = zone->records + owner->first;
	size_t at = 0;
	for (size_t i = 0; i < owner->count;) {
		size_t end = i + 1;
		while (end < owner->count && records[end].type == records[i].type)
			end++;
		struct pending next = { { owner, { records + i, end - i } }, place->signature_count, 0 };
		if (records[i].type != VTYPE_RRSIG) {
			next.count = collect(place, &rrsigs, &at, records[i].type);
			await(place, &next);
		}
		i = end;
	}
	const size_t first = place->signature_count;
	collect(place, &rrsigs, &at, UINT16_MAX);
	for (size_t i = first; i < place->signature_count; i++)
		report_stray(place, place->signatures[i].record, UINT16_MAX);
	place->signature_count = first;
	if (rrsigs.count > 0)
		vreport_count(place->run->report, VC_SIG_ORPHAN, rrsigs.count);
}

/* Only what will be judged. */
static void prove(struct place *place, const struct pending *pending)
{
	if (!vzone_authoritative(pending->subject.owner, pending->subject.set.first->type))
		return;
	const size_t most = most_signatures(pending);
	for (size_t i = 0; i < pending->count && i < most; i++) {
		struct vsignature *const s = &place->signatures[pending->first + i];
		vmemo_recall(place->memo, s, &pending->subject);
		if (s->recalled == SIZE_MAX)
			vprover_add(place->prover, s, &pending->subject);
	}
}

static enum status memo_is_false(struct error *err)
{
	return error_set(err, STATUS_INTERNAL,
	    "the memo holds a signature that does not verify, so neither it nor anything that it says is believed: "
	    "verify without it, and find out who wrote it");
}

static enum status judge_range(
    struct place *place, const struct vowner *first, const struct vowner *end, struct error *err)
{
	place->signature_count = place->pending_count = 0;
	for (const struct vowner *owner = first; owner < end; owner++)
		collect_owner(place, owner);
	for (size_t i = 0; i < place->pending_count; i++)
		prove(place, &place->pending[i]);
	vprover_finish(place->prover);
	for (size_t i = 0; i < place->pending_count; i++)
		judge_set(place, &place->pending[i]);
	ERR_clear_error();
	if (place->stats->disowned > 0)
		return memo_is_false(err);
	if (place->stats->disproven == 0)
		return STATUS_OK;
	return error_set(err, STATUS_INTERNAL,
	    "the two ways to verify P-256 differ on a signature, so nothing is judged: check this machine and its "
	    "libcrypto");
}

static bool verifies_again(struct place *place, const struct vmemo_sampled *sampled)
{
	struct vsignature s;
	const struct vzone *const zone = &place->run->zone;
	if (!vsigned_read(sampled->record, &s))
		return false;
	const struct vsubject subject = { sampled->owner,
		vzone_set(zone, sampled->owner, bytes_get_u16(sampled->record->rdata)) };
	place->subject = &subject;
	place->have_data = false;
	return verifies(place, &s, &place->run->known.all[sampled->key]);
}

/* What each worker kept for the end of the signatures that the memo knew. */
static enum status judge_samples(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct job *const job = context;
	(void)worker;
	for (size_t i = first; i < end; i++) {
		struct place *const place = &job->places[i];
		size_t count;
		const struct vmemo_sampled *const all = vmemo_samples(place->memo, &count);
		for (size_t k = 0; k < count; k++)
			if (!verifies_again(place, &all[k]))
				return memo_is_false(err);
		place->stats->sampled += count;
	}
	ERR_clear_error();
	return STATUS_OK;
}

/* The first range is the zone's digest, which takes as long as many owners: whoever comes first makes it. */
static enum status judge_owners(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct job *const job = context;
	const struct vowner *const owners = job->run->zone.owners;
	if (first == 0) {
		return vzonemd_digest(job->run)
			   ? STATUS_OK
			   : error_set(err, STATUS_INTERNAL, "the zone's digest could not be computed");
	}
	return judge_range(&job->places[worker], owners + first - OWNERS_AT_ONCE, owners + end - OWNERS_AT_ONCE, err);
}

static void open_places(struct vrun *run, const struct vproofs *proofs, struct place places[])
{
	for (unsigned i = 0; i < run->threads; i++) {
		places[i] = (struct place){ .run = run, .verifier = vverifier_new(), .prover = vprover_new(proofs) };
		places[i].memo = vmemo_worker_new(run->memo);
		places[i].stats = memory_calloc(1, sizeof(*places[i].stats));
		places[i].stats->remaining_min = places[i].stats->validity_min = INT64_MAX;
	}
}

static void close_places(struct vrun *run, struct place places[])
{
	for (unsigned i = 0; i < run->threads; i++) {
		vrun_add_stats(&run->stats, places[i].stats);
		vverifier_free(places[i].verifier);
		vprover_free(places[i].prover);
		vmemo_worker_end(places[i].memo);
		free(places[i].stats);
		free(places[i].data.octets);
		free(places[i].signatures);
		free(places[i].pending);
	}
}

static enum status open_memo(struct vrun *run, struct error *err)
{
	run->memo = vmemo_use_new(run);
	const bool relied_on = run->memo != NULL && vmemo_account(run->memo).full == NULL;
	return relied_on && !run->options->testing_itself ? verify_self_test_memo(err) : STATUS_OK;
}

enum status vsig_check(struct vrun *run, struct error *err)
{
	struct vproofs *proofs = NULL;
	run->stats.remaining_min = run->stats.validity_min = INT64_MAX;
	enum status status = vproofs_make(run, &proofs, err);
	if (status == STATUS_OK)
		status = open_memo(run, err);
	if (status != STATUS_OK) {
		vproofs_free(proofs);
		return status;
	}
	struct place *const places = memory_calloc(run->threads, sizeof(*places));
	open_places(run, proofs, places);
	struct job job = { run, places };
	status =
	    workers_run(run->threads, run->zone.owner_count + OWNERS_AT_ONCE, OWNERS_AT_ONCE, judge_owners, &job, err);
	if (status == STATUS_OK && run->memo != NULL)
		status = workers_run(run->threads, run->threads, 1, judge_samples, &job, err);
	close_places(run, places);
	free(places);
	vproofs_free(proofs);
	const uint64_t all = run->stats.signatures;
	const enum vcheck counted[] = { VC_SIG_VALID, VC_SIG_KEY, VC_SIG_FORM, VC_SIG_TTL, VC_SIG_DUPLICATE,
		VC_SIG_REVOKED, VC_TIME_VALID, VC_TIME_EXTRA, VC_TIME_REMAINING };
	for (size_t i = 0; i < COUNT(counted); i++)
		vreport_count(run->report, counted[i], all);
	vreport_count(run->report, VC_SIG_AUTHORITY, run->zone.owner_count);
	if (run->options->time_count > 1)
		vreport_count(run->report, VC_TIME_HORIZON, run->options->time_count - 1);
	return status;
}
