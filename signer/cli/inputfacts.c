/* SPDX-License-Identifier: MIT */
#include "signer/cli/inputfacts.h"

#include <sys/stat.h>

#include "signer/engine/lock.h"
#include "signer/engine/parity.h"

enum { PATIENCE = 7200 }; /* eight of the shipped timer's periods */

static void judge(struct utc now, struct arena *mem, struct report_zone *zone)
{
	if (zone->health != REPORT_OK || zone->input_unread_since.seconds == 0 ||
	    utc_difference(now, zone->input_unread_since).seconds <= PATIENCE)
		return;
	zone->health = REPORT_WARN;
	zone->headline = arena_printf(mem,
	    "WARNING: the input has changed, and no run came to read it since %s; look at timer or cron.",
	    report_when(zone->input_unread_since, now, mem));
	zone->effect = "If nobody acts: registrations are not getting out, and later signatures run out.";
	zone->command = arena_printf(mem, "zoneseal run %s", zone->name);
}

enum status inputfacts_add(struct store *store, const char *state, struct utc now, struct arena *mem,
    struct report_zone *zone, struct error *err)
{
	struct stat at;
	bool is_virtual = false;
	const enum status status = store_is_virtual_clock(store, &is_virtual, err);
	if (status != STATUS_OK || is_virtual || zone->input == NULL || zone->input_held || parity_is_standby(state) ||
	    stat(zone->input, &at) != 0 || !S_ISREG(at.st_mode))
		return status;
	const struct utc looked = lock_last_look(state, zone->name);
	/* A file that is moved into place may be older than the one before. */
	const int64_t changed = at.st_ctim.tv_sec > at.st_mtim.tv_sec ? at.st_ctim.tv_sec : at.st_mtim.tv_sec;
	if (looked.seconds != 0 && changed > looked.seconds)
		zone->input_unread_since = looked;
	judge(now, mem, zone);
	return STATUS_OK;
}
