/* SPDX-License-Identifier: MIT */
#include "signer/engine/expect.h"

#include <inttypes.h>
#include <string.h>

#include "policies/policy_yaml.h"
#include "signer/engine/serial.h"

static const char *const names[VERIFY_LIMITS] = VERIFY_LIMIT_NAMES;

const char *expect_limit_name(enum verify_limit limit)
{
	return names[limit];
}

enum verify_limit expect_limit(const char *name)
{
	enum verify_limit limit = 0;
	while (limit < VERIFY_LIMITS && strcmp(names[limit], name) != 0)
		limit++;
	return limit;
}

void expect_open(const struct expect *expect, const struct store_expected *out[VERIFY_LIMITS])
{
	for (int limit = 0; limit < VERIFY_LIMITS; limit++)
		out[limit] = NULL;
	for (size_t i = 0; i < expect->count; i++) {
		const struct store_expected *const one = &expect->all[i];
		const enum verify_limit limit = expect_limit(one->limit);
		if (limit < VERIFY_LIMITS && one->serial == expect->serial && store_expected_is_open(one, expect->now))
			out[limit] = one;
	}
}

const int64_t *expect_ids(const struct store_expected *const open[VERIFY_LIMITS], const bool needed[VERIFY_LIMITS],
    struct arena *mem, size_t *count)
{
	int64_t *const ids = arena_calloc(mem, VERIFY_LIMITS, sizeof(*ids));
	*count = 0;
	for (int limit = 0; limit < VERIFY_LIMITS; limit++)
		if (needed[limit] && open[limit] != NULL)
			ids[(*count)++] = open[limit]->id;
	return ids;
}

/* Why the newest one for this limit, if possible one for this serial, does not hold; "" if there is none. */
static const char *why_not(const struct expect *expect, enum verify_limit limit, struct arena *mem)
{
	const struct store_expected *last = NULL;
	char when[UTC_TEXT];
	for (size_t i = 0; i < expect->count; i++)
		if (strcmp(expect->all[i].limit, names[limit]) == 0 &&
		    (last == NULL || last->serial != expect->serial || expect->all[i].serial == expect->serial))
			last = &expect->all[i];
	if (last == NULL)
		return "";
	const struct utc end = utc_later(last->used, last->withdrawn);
	utc_format(end.seconds != 0 ? end : last->expires, when);
	if (last->used.seconds != 0)
		return arena_printf(mem, " (the one for serial %" PRIu32 " was used at %s)", last->serial, when);
	if (last->withdrawn.seconds != 0)
		return arena_printf(mem, " (the one for serial %" PRIu32 " was withdrawn at %s)", last->serial, when);
	if (!store_expected_is_open(last, expect->now))
		return arena_printf(mem, " (the one for serial %" PRIu32 " expired at %s)", last->serial, when);
	return arena_printf(
	    mem, " (one was given for serial %" PRIu32 ", this is %" PRIu32 ")", last->serial, expect->serial);
}

char *expect_next(const struct expect *expect, const char *zone, const bool refused[VERIFY_LIMITS], struct arena *mem)
{
	char *out = NULL;
	for (int limit = 0; limit < VERIFY_LIMITS; limit++) {
		if (!refused[limit])
			continue;
		/* Each in full: it is copied into a shell. */
		out = arena_printf(mem,
		    "%szoneseal zone expect-change %s --serial %" PRIu32 " --limit %s --reason TEXT%s",
		    out == NULL ? "if this change is planned: " : arena_printf(mem, "%s; and ", out), zone,
		    expect->serial, names[limit], why_not(expect, (enum verify_limit)limit, mem));
	}
	return out;
}

/* ---- the command ---- */

enum status expect_check_reason(const char *reason, struct error *err)
{
	if (reason == NULL || reason[0] == '\0')
		return error_set(err, STATUS_USAGE, "say why, for those who read the log: --reason TEXT");
	if (strlen(reason) > EXPECT_REASON)
		return error_set(err, STATUS_USAGE, "--reason: at most %d octets", EXPECT_REASON);
	for (const char *at = reason; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return error_set(err, STATUS_USAGE, "--reason: one line of text without control characters");
	return STATUS_OK;
}

static enum status check_request(const struct expect_request *request, struct error *err)
{
	if (expect_limit(request->limit) == VERIFY_LIMITS)
		return error_set(err, STATUS_USAGE,
		    "--limit %s: no change limit; those are records, removed, added, ns and ds, and no other check can "
		    "be passed",
		    request->limit);
	if (request->withdraw)
		return STATUS_OK;
	const enum status status = expect_check_reason(request->reason, err);
	if (status != STATUS_OK)
		return status;
	if (request->length.seconds < 1 || request->length.seconds > EXPECT_MOST_SECONDS)
		return error_set(err, STATUS_USAGE, "--for: from 1s to 30d; a planned change is near");
	return STATUS_OK;
}

/* A serial that is used, or that lies behind, is never published again. */
static enum status check_serial(struct store *store, const struct store_zone *zone, uint32_t serial, struct error *err)
{
	struct policy policy;
	uint32_t floor = 0;
	bool found = false;
	enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status == STATUS_OK)
		status = store_serial_floor(store, zone->id, &floor, &found, err);
	if (status != STATUS_OK || !found || policy.serial == POLICY_SERIAL_UNIXTIME || serial_greater(serial, floor))
		return status;
	return error_set(err, STATUS_REFUSED,
	    "%s: serial %" PRIu32 " cannot be published any more, %" PRIu32 " was used already; the refusal of the run "
	    "names the serial that a planned change needs",
	    zone->name, serial, floor);
}

static const struct store_expected *open_one(
    const struct store_expected all[], size_t count, const struct expect_request *request)
{
	for (size_t i = count; i > 0; i--)
		if (all[i - 1].serial == request->serial && strcmp(all[i - 1].limit, request->limit) == 0 &&
		    store_expected_is_open(&all[i - 1], request->now))
			return &all[i - 1];
	return NULL;
}

/* What the store would say, for a dry run too. */
static enum status check_there(struct store *store, const struct store_zone *zone, const struct expect_request *request,
    struct arena *mem, struct store_expected *out, struct error *err)
{
	struct store_expected *all;
	size_t count;
	enum status status = store_expected(store, zone->id, mem, &all, &count, err);
	if (status != STATUS_OK)
		return status;
	const struct store_expected *const open = open_one(all, count, request);
	if (request->withdraw && open == NULL)
		return error_set(err, STATUS_REFUSED,
		    "%s: no planned change for serial %" PRIu32 " and limit %s is open", zone->name, request->serial,
		    request->limit);
	if (!request->withdraw && open != NULL)
		return error_set(err, STATUS_REFUSED, "%s: serial %" PRIu32 " may pass limit %s already: %s (%s)",
		    zone->name, open->serial, open->limit, open->reason, open->actor);
	*out = open != NULL ? *open
			    : (struct store_expected){ .serial = request->serial,
				      .limit = request->limit,
				      .reason = request->reason,
				      .given = request->now,
				      .expires = utc_add(request->now, request->length) };
	return STATUS_OK;
}

enum status expect_change(struct store *store, const struct store_zone *zone, const struct expect_request *request,
    struct arena *mem, struct store_expected *out, struct error *err)
{
	enum status status = check_request(request, err);
	if (status == STATUS_OK && !request->withdraw)
		status = check_serial(store, zone, request->serial, err);
	if (status == STATUS_OK)
		status = check_there(store, zone, request, mem, out, err);
	if (status != STATUS_OK || request->dry_run)
		return status;
	return request->withdraw
		   ? store_withdraw_expected(store, zone->id, request->serial, request->limit, request->now, err)
		   : store_add_expected(store, zone->id, out, request->now, err);
}
