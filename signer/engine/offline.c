/* SPDX-License-Identifier: MIT */
#include "signer/engine/offline.h"

#include <inttypes.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "keystore/store_ceremony.h"
#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony_set.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/rrsig.h"

enum { DS_SHA256 = 2 };

/* ---- what the keystore has ---- */

void offline_add(struct roll_offline *offline, const struct ceremony_file *file, struct utc dropped, struct arena *mem)
{
	const size_t count = offline->count + file->bundle_count;
	struct offline_bundle *const bundles = arena_calloc(mem, count + 1, sizeof(*bundles));
	const struct ceremony_bundle **const texts = arena_calloc(mem, count + 1, sizeof(*texts));
	int64_t *const numbers = arena_calloc(mem, count + 1, sizeof(*numbers));
	for (size_t i = 0; i < offline->count; i++) {
		bundles[i] = offline->bundles[i];
		texts[i] = offline->texts[i];
		numbers[i] = offline->numbers[i];
	}
	for (size_t i = offline->count; i < count; i++) {
		texts[i] = &file->bundles[i - offline->count];
		bundles[i] = (struct offline_bundle){ texts[i]->from, texts[i]->expiration, dropped, NULL };
		numbers[i] = file->number;
	}
	offline->bundles = bundles;
	offline->texts = texts;
	offline->numbers = numbers;
	offline->count = count;
	offline->any = true;
	offline->ends = file->until;
	offline->holds = texts[count - 1]->expiration;
}

static enum status add_row(struct roll_offline *offline, const struct store_ceremony *row, const uint8_t *apex,
    struct arena *mem, struct error *err)
{
	struct ceremony_file *const file = arena_calloc(mem, 1, sizeof(*file));
	const char *const name = arena_printf(mem, "SKR %" PRId64 " in the keystore", row->number);
	if (ceremony_read(name, row->text, strlen(row->text), apex, mem, file, err) != STATUS_OK)
		return err->code = STATUS_KEY;
	file->number = row->number;
	file->until = row->ends;
	offline_add(offline, file, row->replaced, mem);
	return STATUS_OK;
}

enum status offline_load(struct store *store, const struct store_zone *zone, const struct policy *policy,
    struct utc now, struct arena *mem, struct roll_offline **out, struct error *err)
{
	struct store_ceremony *rows;
	size_t count = 0;
	size_t size;
	uint8_t *const apex = arena_octets(mem, NAME_WIRE);
	*out = NULL;
	if (!policy->offline_ksk)
		return STATUS_OK;
	struct roll_offline *const offline = arena_calloc(mem, 1, sizeof(*offline));
	offline->used = SIZE_MAX;
	enum status status = name_parse(zone->name, strlen(zone->name), NULL, apex, &size, err);
	if (status == STATUS_OK)
		status = store_ceremonies(store, zone->id, STORE_CEREMONY_SIGNED, mem, &rows, &count, err);
	offline->vault = status == STATUS_OK && count > 0;
	if (status == STATUS_OK)
		status = store_ceremonies(store, zone->id, STORE_CEREMONY_RESPONSE, mem, &rows, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		offline->any = true;
		/* What ended long ago is of no use; the last one is kept for what is said of it. */
		const struct utc over =
		    utc_add(rows[i].ends, (struct span){ policy->skr_overlap.seconds + policy->skr_interval.seconds });
		if (i + 1 == count || utc_before(now, over))
			status = add_row(offline, &rows[i], apex, mem, err);
	}
	if (status == STATUS_OK)
		*out = offline;
	return status;
}

/* ---- keys and bundles ---- */

static bool holds_rdata(const struct ceremony_set *set, uint16_t type, struct bytes rdata)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->records[i].type == type &&
		    bytes_equal((struct bytes){ set->records[i].rdata, set->records[i].rdata_size }, rdata))
			return true;
	return false;
}

static size_t count_type(const struct ceremony_set *set, uint16_t type)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++)
		count += set->records[i].type == type;
	return count;
}

void offline_fill(struct roll_offline *offline, const struct rollover_key keys[], size_t count, struct arena *mem)
{
	for (size_t b = 0; b < offline->count; b++) {
		bool *const in = arena_calloc(mem, count + 1, sizeof(*in));
		for (size_t i = 0; i < count; i++) {
			uint8_t rdata[DNSKEY_RDATA];
			const size_t size = dnskey_rdata(&keys[i].key, rdata);
			in[i] = holds_rdata(&offline->texts[b]->keys, RRTYPE_DNSKEY, (struct bytes){ rdata, size });
		}
		offline->bundles[b].in = in;
	}
}

static struct utc comes_with(const struct roll_offline *offline, size_t key, struct utc now, struct span refresh)
{
	for (size_t i = 0; i < offline->count; i++) {
		const struct offline_bundle *const bundle = &offline->bundles[i];
		if (!bundle->in[key])
			continue;
		if (offline_is_usable(bundle, now, refresh))
			return (struct utc){ 0 };
		if (utc_before(now, bundle->from) && bundle->dropped.seconds == 0)
			return bundle->from;
	}
	return UTC_NEVER;
}

struct rollover_key *offline_bound(const struct roll_view *view, struct utc now, struct arena *mem)
{
	struct rollover_key *const keys = arena_calloc(mem, view->count + 1, sizeof(*keys));
	for (size_t i = 0; i < view->count; i++) {
		keys[i] = view->keys[i];
		if (key_is_published(&keys[i].key))
			continue;
		const struct utc when = comes_with(view->offline, i, now, view->policy.refresh);
		if (when.seconds != UTC_NEVER.seconds || keys[i].key.goal_present)
			keys[i].not_before = when;
	}
	return keys;
}

void offline_match(
    struct roll_offline *offline, const struct rollover_key keys[], size_t count, struct utc now, struct span refresh)
{
	offline->used = SIZE_MAX;
	for (size_t i = 0; i < offline->count; i++) {
		const struct offline_bundle *const bundle = &offline->bundles[i];
		if (offline_is_usable(bundle, now, refresh) && offline_matches(keys, count, bundle->in) &&
		    (offline->used == SIZE_MAX || !utc_before(bundle->from, offline->bundles[offline->used].from)))
			offline->used = i;
	}
}

/* ---- signatures ---- */

static void take(const struct ceremony_set *set, struct record *out, size_t *count)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->records[i].type == RRTYPE_RRSIG)
			out[(*count)++] = set->records[i];
}

/* Whether the CDS and CDNSKEY of a bundle are those of the DS set that is wanted now. */
static bool is_wanted(const struct ceremony_set *child, const struct key keys[], size_t count, const uint8_t *apex)
{
	size_t wanted = 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t cds[DS_RDATA];
		uint8_t cdnskey[DNSKEY_RDATA];
		if (!history_has(&keys[i], HISTORY_DS))
			continue;
		const size_t cds_size = dnskey_ds(&keys[i], apex, name_size(apex), DS_SHA256, cds);
		const size_t cdnskey_size = dnskey_rdata(&keys[i], cdnskey);
		if (!holds_rdata(child, RRTYPE_CDS, (struct bytes){ cds, cds_size }) ||
		    !holds_rdata(child, RRTYPE_CDNSKEY, (struct bytes){ cdnskey, cdnskey_size }))
			return false;
		wanted++;
	}
	return wanted > 0 && count_type(child, RRTYPE_CDS) == wanted && count_type(child, RRTYPE_CDNSKEY) == wanted;
}

void offline_signatures(const struct roll_view *view, const struct key keys[], size_t count, const uint8_t *apex,
    struct arena *mem, struct record **out, size_t *out_count, bool *child)
{
	const struct roll_offline *const offline = view->offline;
	const struct ceremony_bundle *const bundle = offline->texts[offline->used];
	*out = arena_calloc(mem, 2 * (size_t)CEREMONY_RECORDS, sizeof(**out));
	*out_count = 0;
	*child = false;
	take(&bundle->keys, *out, out_count);
	for (size_t i = 0; i < bundle->child_count && !*child; i++) {
		*child = is_wanted(&bundle->children[i], keys, count, apex);
		if (*child)
			take(&bundle->children[i], *out, out_count);
	}
}

/* ---- words ---- */

char *offline_words(const struct roll_offline *offline, struct arena *mem)
{
	char from[UTC_TEXT];
	if (offline == NULL || offline->used == SIZE_MAX)
		return arena_strdup(mem, "none");
	utc_format(offline->bundles[offline->used].from, from);
	return arena_printf(mem, "SKR %" PRId64 ", bundle of %s", offline->numbers[offline->used], from);
}

const char *offline_alarm(const struct roll_view *view, struct utc now, struct arena *mem, bool *out_late)
{
	const struct roll_offline *const offline = view->offline;
	const struct policy *const policy = &view->policy;
	char ends[UTC_TEXT];
	char alarm[UTC_TEXT];
	char before[SPAN_TEXT];
	char holds[UTC_TEXT];
	*out_late = false;
	if (offline == NULL || offline->vault)
		return NULL;
	if (!offline->any || offline->count == 0) {
		*out_late = true;
		return arena_printf(mem, "no SKR was imported yet: zoneseal ksr create %s", view->zone.name);
	}
	const struct utc begins = utc_subtract(offline->ends, policy->skr_alarm);
	const bool fits = offline->used != SIZE_MAX || offline->brings;
	*out_late = !utc_before(now, offline->ends) || !fits;
	if (utc_before(now, begins) && fits)
		return NULL;
	utc_format(offline->ends, ends);
	utc_format(begins, alarm);
	utc_format(offline->holds, holds);
	span_format_exact(policy->skr_alarm, before);
	if (!utc_before(now, offline->ends))
		return arena_printf(mem,
		    "the last SKR ended at %s; its signatures hold until %s, and without another the zone then turns "
		    "bogus: "
		    "zoneseal ksr emergency %s",
		    ends, holds, view->zone.name);
	if (!fits)
		return arena_printf(mem,
		    "no bundle of an SKR fits the keys as they are now; what is published stays as it is: zoneseal ksr "
		    "emergency %s",
		    view->zone.name);
	return arena_printf(mem,
	    "the last SKR ends at %s, and the alarm is on since %s = that - ceremony.alarm %s: "
	    "zoneseal ksr create %s",
	    ends, alarm, before, view->zone.name);
}
