/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "signer/report/report.h"

enum report_server_state report_server_state(const struct report_zone *zone, const struct report_server *server)
{
	if (server->asked.seconds == 0)
		return REPORT_SERVER_NEW;
	if (server->failing_since.seconds != 0)
		return REPORT_SERVER_FAILING;
	if (server->behind_since.seconds != 0)
		return REPORT_SERVER_BEHIND;
	/* RFC 1982. */
	return (int32_t)(server->serial - zone->serial) > 0 ? REPORT_SERVER_AHEAD : REPORT_SERVER_OK;
}

const char *report_server_state_name(enum report_server_state state)
{
	switch (state) {
	case REPORT_SERVER_NEW:
		return "not asked yet";
	case REPORT_SERVER_OK:
		return "ok";
	case REPORT_SERVER_BEHIND:
		return "behind";
	case REPORT_SERVER_AHEAD:
		return "ahead";
	case REPORT_SERVER_FAILING:
		return "failing";
	}
	return "?";
}

char *report_server_words(
    const struct report_zone *zone, const struct report_server *server, struct utc now, struct arena *mem)
{
	const enum report_server_state state = report_server_state(zone, server);
	char said[400];
	char *out = arena_printf(mem, "%s", report_server_state_name(state));
	if (state == REPORT_SERVER_NEW)
		return arena_printf(mem, "%s: the next zoneseal run does", out);
	if (state == REPORT_SERVER_FAILING) {
		error_escape(server->failure, strlen(server->failure), said, sizeof(said));
		out = arena_printf(
		    mem, "NO GOOD ANSWER since %s: %s", report_when(server->failing_since, now, mem), said);
	}
	if (state == REPORT_SERVER_BEHIND)
		out = arena_printf(mem, "BEHIND by %" PRIu32 " since %s", zone->serial - server->serial,
		    report_when(server->behind_since, now, mem));
	if (state == REPORT_SERVER_AHEAD)
		out = arena_printf(mem, "AHEAD of what is published here");
	if (server->has_serial)
		out = arena_printf(mem, "%s%s serial %" PRIu32, out,
		    state == REPORT_SERVER_FAILING ? "; last seen:" : ",", server->serial);
	if (server->expires.seconds != 0)
		out = arena_printf(mem, "%s, its first signature ends %s", out, report_when(server->expires, now, mem));
	return arena_printf(mem, "%s; asked %s", out, report_when(server->asked, now, mem));
}

void report_servers_text(FILE *out, const struct report_zone *zone, struct utc now, struct arena *mem)
{
	for (size_t i = 0; i < zone->server_count; i++)
		fprintf(out, "%s %s: %s\n", i == 0 ? "Served by " : "          ", zone->servers[i].server,
		    report_server_words(zone, &zone->servers[i], now, mem));
}

struct report *report_of_servers(const struct report_zone *zone)
{
	struct report *const list = report_list();
	for (size_t i = 0; i < zone->server_count; i++) {
		const struct report_server *const one = &zone->servers[i];
		struct report *const row = report_new(NULL);
		report_text(row, "server", one->server);
		report_text(row, "state", report_server_state_name(report_server_state(zone, one)));
		report_time(row, "asked", one->asked);
		report_time(row, "answered", one->answered);
		if (one->has_serial)
			report_number(row, "serial", one->serial);
		else
			report_text(row, "serial", NULL);
		report_time(row, "expires", one->expires);
		report_time(row, "behind_since", one->behind_since);
		report_time(row, "failing_since", one->failing_since);
		report_text(row, "failure", one->failure);
		report_append(list, row);
	}
	return list;
}
