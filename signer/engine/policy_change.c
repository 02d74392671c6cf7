/* SPDX-License-Identifier: MIT */
#include "signer/engine/policy_change.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "policies/policy_rollover.h"
#include "policies/policy_stores.h"
#include "policies/policy_yaml.h"
#include "policies/simulate.h"
#include "signer/engine/lock.h"
#include "signer/engine/request.h"
#include "signer/engine/setup.h"

enum { DAY = 86400, AHEAD = 3652 };

/* ---- what the present keys would do ---- */

static enum status load_keys(struct store *store, int64_t zone_id, struct arena *mem, struct rollover_key **out,
    size_t *count, struct error *err)
{
	struct key *keys;
	const enum status status = store_keys(store, zone_id, mem, &keys, count, err);
	if (status != STATUS_OK)
		return status;
	*out = arena_calloc(mem, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		(*out)[i].key = keys[i];
	return STATUS_OK;
}

/* A simulation that is only watched: what its cache check says is told by the run itself. */
static void watch(const struct policy *policy, const struct rollover_key keys[], size_t count, struct utc now,
    simulate_watcher *watcher, void *context)
{
	struct error ignored;
	const struct rollover_policy rules = policy_rollover(policy);
	const struct simulate_world world =
	    simulate_world_of(policy, now, utc_add(now, (struct span){ (int64_t)AHEAD * DAY }));
	struct arena *const scratch = arena_new(0);
	struct rollover_key *const marked = arena_calloc(scratch, count + 1, sizeof(*marked));
	if (count > 0)
		memcpy(marked, keys, count * sizeof(*marked));
	policy_stores_mark(policy, marked, count);
	error_clear(&ignored);
	(void)!simulate_run(&rules, marked, count, &world, watcher, context, &ignored);
	arena_free(scratch);
}

static void note_next(void *context, const struct simulate_event *event)
{
	struct policy_next *const next = context;
	const bool begins = event->kind == SIMULATE_MADE || event->kind == SIMULATE_TAKEN;
	if (begins && event->key->key.predecessor != 0 && next->roll[event->key->key.role].seconds == 0)
		next->roll[event->key->key.role] = event->when;
}

struct leaving {
	uint8_t algorithm; /* of the policy */
	struct utc last;   /* when a record of another algorithm has left all caches */
};

static void note_leaving(void *context, const struct simulate_event *event)
{
	struct leaving *const leaving = context;
	if (event->kind == SIMULATE_MOVED && event->to == KEY_HIDDEN && event->key->key.algorithm != leaving->algorithm)
		leaving->last = event->when;
}

/* ---- what cannot begin now ---- */

/* A key of another algorithm than the policy's that is in the zone, in caches or at the parent. */
static const struct key *leftover(const struct rollover_key keys[], size_t count, uint8_t algorithm)
{
	for (size_t i = 0; i < count; i++)
		for (int r = 0; r < KEY_RECORDS; r++)
			if (keys[i].key.algorithm != algorithm && keys[i].key.state[r] != KEY_HIDDEN &&
			    keys[i].key.state[r] != KEY_NA)
				return &keys[i].key;
	return NULL;
}

static enum status refuse_second_roll(const struct store_zone *zone, const struct policy *present,
    const struct rollover_key keys[], size_t count, const struct key *left, struct utc now, struct error *err)
{
	struct leaving leaving = { .algorithm = present->algorithm };
	char when[UTC_TEXT];
	char delay[SPAN_TEXT];
	watch(present, keys, count, now, note_leaving, &leaving);
	utc_format(leaving.last, when);
	span_format_exact(present->registration, delay);
	if (leaving.last.seconds == 0)
		memcpy(when, "never", sizeof("never"));
	return error_set(err, STATUS_REFUSED,
	    "%s: an algorithm roll is under way: %s %u (%s) has not left all caches. Another one can begin at %s at "
	    "the "
	    "earliest, if the parent shows each DS within %s (parent.registration-delay). The published zone goes on "
	    "as "
	    "it is; nothing was changed",
	    zone->name, key_role_name(left->role), left->tag, alg_by_number(left->algorithm)->name, when, delay);
}

static enum status parse_present(const struct store_zone *zone, struct policy *out, struct error *err)
{
	return policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), out, err);
}

/* Whether the zone could take the policy now. */
static enum status fits(struct store *store, const struct store_zone *zone, const struct policy *next, struct utc now,
    struct arena *mem, struct error *err)
{
	struct policy present;
	struct rollover_key *keys;
	size_t count;
	enum status status = parse_present(zone, &present, err);
	if (status == STATUS_OK)
		status = load_keys(store, zone->id, mem, &keys, &count, err);
	if (status != STATUS_OK || next->algorithm == present.algorithm)
		return status;
	const struct key *const left = leftover(keys, count, present.algorithm);
	if (left == NULL)
		return STATUS_OK;
	return refuse_second_roll(zone, &present, keys, count, left, now, err);
}

/* ---- what does not fit the zone ---- */

/* The expire field in an SOA line as zoneseal writes it: fields apart by one tab, numbers by one space. 0: not there.
 */
static int64_t expire_in(const char *line)
{
	enum { BEFORE = 5 /* MNAME, RNAME, serial, refresh, retry */ };
	const char *at = strstr(line, "\tSOA\t");
	at = at == NULL ? NULL : at + strlen("\tSOA\t");
	for (int i = 0; i < BEFORE && at != NULL; i++) {
		at = strchr(at, ' ');
		at = at == NULL ? NULL : at + 1;
	}
	const unsigned long value = at == NULL ? 0 : strtoul(at, NULL, 10);
	return value > INT32_MAX ? 0 : (int64_t)value;
}

/* Expire of the SOA that is published, which is the first line of the file; 0: not known. */
static int64_t published_expire(const char *path)
{
	enum { LINE = 4096 };
	char line[LINE] = "";
	FILE *const file = path == NULL ? NULL : fopen(path, "re");
	if (file == NULL)
		return 0;
	const int64_t expire = fgets(line, sizeof(line), file) == NULL ? 0 : expire_in(line);
	fclose(file);
	return expire;
}

/* A secondary that is cut off serves what it has until SOA expire; signatures must outlive that, and caches after it
 * (RFC 6781 4.4.1). */
static enum status outlives_secondaries(
    struct store *store, const struct store_zone *zone, const struct policy *next, struct arena *mem, struct error *err)
{
	struct store_version last;
	bool published;
	struct policy_sum sum = { .count = 0 };
	char text[POLICY_SUM_TEXT];
	char validity[SPAN_TEXT];
	const enum status status = store_last_version(store, zone->id, mem, &last, &published, err);
	if (status != STATUS_OK || !published)
		return status;
	const struct span expire = { published_expire(last.path) };
	sum.term[sum.count++] = (struct policy_term){ "SOA expire", expire };
	sum.term[sum.count++] = (struct policy_term){ "zone.max-ttl", { next->max_zone_ttl } };
	sum.term[sum.count++] = (struct policy_term){ "zone.propagation-delay", next->zone_propagation };
	if (expire.seconds == 0 || next->validity.seconds > policy_sum_total(&sum).seconds)
		return STATUS_OK;
	policy_sum_format(&sum, text);
	span_format_exact(next->validity, validity);
	return error_set(err, STATUS_REFUSED,
	    "%s: signatures.validity %s is not above %s: a secondary that is cut off would serve signatures that have "
	    "expired (RFC 6781 4.4.1). Raise it, or lower the expire in the zone's SOA; nothing was changed",
	    zone->name, validity, text);
}

/* ---- the change ---- */

static enum status judge(struct store *store, const char *zone, const struct policy_request *request, struct arena *mem,
    struct policy_answer *out, struct error *err)
{
	struct rollover_key *keys;
	size_t count;
	enum status status = setup_find_zone(store, zone, mem, &out->zone, err);
	if (status == STATUS_OK)
		status = setup_expect_revision(&out->zone, request->expect_revision, err);
	if (status == STATUS_OK)
		status = parse_present(&out->zone, &out->before, err);
	if (status == STATUS_OK)
		status = fits(store, &out->zone, &out->file.policy, request->now, mem, err);
	if (status == STATUS_OK)
		status = outlives_secondaries(store, &out->zone, &out->file.policy, mem, err);
	if (status == STATUS_OK)
		status = load_keys(store, out->zone.id, mem, &keys, &count, err);
	if (status != STATUS_OK)
		return status;
	policy_diff(&out->before, &out->file.policy, mem, &out->diff);
	watch(&out->before, keys, count, request->now, note_next, &out->next_before);
	watch(&out->file.policy, keys, count, request->now, note_next, &out->next_after);
	return STATUS_OK;
}

static enum status apply(struct store *store, const struct policy_request *request, struct arena *mem,
    struct policy_answer *out, struct error *err)
{
	struct store_zone row = out->zone;
	row.policy_name = arena_strdup(mem, out->file.policy.name);
	row.policy_text = out->file.text;
	const char *const what = "policy";
	const enum status status = store_update_zone(store, &row, what, request->reason, request->now, err);
	return status == STATUS_OK ? setup_find_zone(store, row.name, mem, &out->zone, err) : status;
}

enum status policy_change(struct store *store, const char *zone, const struct policy_request *request,
    struct arena *mem, struct policy_answer *out, struct error *err)
{
	struct lock lock = LOCK_NONE;
	struct store_zone found;
	*out = (struct policy_answer){ .zone = { .id = 0 } };
	enum status status = policyfile_load(request->policy, request->config_folder, mem, &out->file, err);
	const struct request begin = { .state = request->state,
		.zone = zone,
		.command = "policy apply",
		.next = &out->file.policy,
		.now = request->now };
	if (status == STATUS_OK && !request->dry_run)
		status = request_begin(store, &begin, mem, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, zone, mem, &found, err);
	if (status == STATUS_OK && !request->dry_run)
		status = lock_take(request->state, found.name, "policy apply", request->now, 0, &lock, err);
	if (status == STATUS_OK)
		status = judge(store, zone, request, mem, out, err);
	if (status == STATUS_OK && !request->dry_run)
		status = apply(store, request, mem, out, err);
	lock_release(&lock);
	return status;
}
