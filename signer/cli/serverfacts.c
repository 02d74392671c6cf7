/* SPDX-License-Identifier: MIT */
#include "signer/cli/serverfacts.h"

#include <inttypes.h>
#include <string.h>

#include "keystore/store_servers.h"
#include "signer/base/bytes.h"
#include "signer/cli/facts.h"
#include "signer/report/report_level.h"

enum { DAY = 86400 };

enum status serverfacts_add(
    struct store *store, int64_t zone_id, struct arena *mem, struct report_zone *out, struct error *err)
{
	struct store_server *rows = NULL;
	size_t count = 0;
	const enum status status = store_servers(store, zone_id, mem, &rows, &count, err);
	if (status != STATUS_OK)
		return status;
	struct report_server *const servers = arena_calloc(mem, count + 1, sizeof(*servers));
	for (size_t i = 0; i < count; i++)
		servers[i] = (struct report_server){ .server = rows[i].server,
			.asked = rows[i].asked,
			.answered = rows[i].answered,
			.has_serial = rows[i].has_serial,
			.serial = rows[i].serial,
			.expires = rows[i].expires,
			.behind_since = rows[i].behind_since,
			.failing_since = rows[i].failing_since,
			.failure = rows[i].failure };
	out->servers = servers;
	out->server_count = count;
	return STATUS_OK;
}

/* What is wrong with a server. */
struct trouble {
	bool urgent;
	const char *words; /* NULL: nothing is */
};

/* Rollovers wait for what the policy calls propagation: one that is behind for longer breaks what they count on. */
static struct trouble behind(
    const struct report_server *server, struct span propagation, struct utc now, struct arena *mem)
{
	const int64_t age = utc_difference(server->asked, server->behind_since).seconds;
	const int64_t patience = propagation.seconds > FACTS_HOOK_PATIENCE ? propagation.seconds : FACTS_HOOK_PATIENCE;
	if (server->behind_since.seconds == 0 || age <= patience)
		return (struct trouble){ 0 };
	return (struct trouble){ age > propagation.seconds + REPORT_HOOK_CRITICAL,
		arena_printf(mem, "serves serial %" PRIu32 ", and is behind since %s", server->serial,
		    report_when(server->behind_since, now, mem)) };
}

static struct trouble ending(const struct report_server *server, struct span limit, struct utc now, struct arena *mem)
{
	const int64_t left = utc_difference(server->expires, now).seconds;
	if (server->expires.seconds == 0 || left >= limit.seconds - DAY)
		return (struct trouble){ 0 };
	return (struct trouble){ left < limit.seconds / 2,
		arena_printf(mem, left <= 0 ? "serves signatures that EXPIRED %s" : "serves signatures that expire %s",
		    report_when(server->expires, now, mem)) };
}

static struct trouble failing(const struct report_server *server, struct utc now, struct arena *mem)
{
	char said[400];
	const int64_t age = utc_difference(server->asked, server->failing_since).seconds;
	if (server->failing_since.seconds == 0 || age < FACTS_HOOK_PATIENCE)
		return (struct trouble){ 0 };
	error_escape(server->failure, strlen(server->failure), said, sizeof(said));
	return (struct trouble){ age >= REPORT_HOOK_CRITICAL, arena_printf(mem, "gives no good answer since %s: %s",
								  report_when(server->failing_since, now, mem), said) };
}

static struct trouble worst_of(const struct report_zone *zone, const struct report_server *server,
    struct span propagation, struct utc now, struct arena *mem)
{
	const struct trouble all[] = { ending(server, zone->limit, now, mem), behind(server, propagation, now, mem),
		failing(server, now, mem) };
	struct trouble worst = { 0 };
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i].words != NULL && (worst.words == NULL || (all[i].urgent && !worst.urgent)))
			worst = all[i];
	if (worst.words == NULL && report_server_state(zone, server) == REPORT_SERVER_AHEAD)
		worst.words = arena_printf(
		    mem, "serves serial %" PRIu32 ", which is newer than what was published here", server->serial);
	return worst;
}

void serverfacts_judge(struct span propagation, struct utc now, struct arena *mem, struct report_zone *zone)
{
	struct trouble worst = { 0 };
	const char *server = NULL;
	size_t troubled = 0;
	for (size_t i = 0; i < zone->server_count; i++) {
		const struct trouble one = worst_of(zone, &zone->servers[i], propagation, now, mem);
		troubled += one.words != NULL ? 1 : 0;
		if (one.words == NULL || (worst.words != NULL && (!one.urgent || worst.urgent)))
			continue;
		worst = one;
		server = zone->servers[i].server;
	}
	if (worst.words == NULL || zone->health != REPORT_OK || zone->urgent)
		return;
	zone->health = REPORT_WARN;
	zone->urgent = worst.urgent;
	zone->headline = arena_printf(mem, "WARNING: name server %s %s%s.", server, worst.words,
	    troubled > 1 ? arena_printf(mem, " (%zu of %zu are in trouble)", troubled, zone->server_count) : "");
	zone->effect =
	    "If nobody acts: who asks that server gets old data, and in the end signatures that have expired; "
	    "what is published here is good.";
	zone->command = arena_printf(mem, "zoneseal status %s", zone->name);
}
