/* SPDX-License-Identifier: MIT */
/* The first sentence about all zones, the same in text and on the index of pages. */
#include "signer/report/report.h"

void report_tally_add(struct report_tally *tally, enum report_health health, bool needs_person)
{
	if (health == REPORT_EXPIRED)
		tally->expired++;
	else if (health == REPORT_BLOCKED)
		tally->blocked++;
	else if (health == REPORT_WARN || needs_person)
		tally->acting++;
	else if (health == REPORT_NEW)
		tally->fresh++;
	else
		tally->fine++;
}

static const char *all_is_well(const struct report_tally *tally, struct arena *mem)
{
	const size_t count = tally->fine + tally->fresh;
	if (count == 0)
		return "No zones yet. Add one: zoneseal zone add ZONE -i FILE";
	if (tally->stopped)
		return count == 1 ? "1 zone, as it was last published."
				  : arena_printf(mem, "%zu zones, as they were last published.", count);
	if (tally->fresh == 0)
		return count == 1 ? "The zone is fine, nothing for you to do."
				  : arena_printf(mem, "All %zu zones are fine, nothing for you to do.", count);
	if (count == 1)
		return "The zone is new; the next zoneseal run publishes it for the first time.";
	return arena_printf(
	    mem, "%zu fine, %zu new; the next zoneseal run publishes what is new.", tally->fine, tally->fresh);
}

static void add(char **out, struct arena *mem, size_t count, const char *one, const char *more)
{
	if (count > 0)
		*out = arena_printf(
		    mem, "%s%s%zu %s", *out, (*out)[0] == '\0' ? "" : ", ", count, count == 1 ? one : more);
}

const char *report_tally_words(const struct report_tally *tally, struct arena *mem)
{
	char *out = arena_strdup(mem, "");
	if (tally->expired + tally->blocked + tally->acting == 0)
		return all_is_well(tally, mem);
	add(&out, mem, tally->expired, "zone has EXPIRED", "zones have EXPIRED");
	add(&out, mem, tally->acting, "zone needs you", "zones need you");
	add(&out, mem, tally->blocked, "publication is BLOCKED", "publications are BLOCKED");
	add(&out, mem, tally->fresh, "new", "new");
	add(&out, mem, tally->fine, "fine", "fine");
	return arena_printf(mem, "%s.", out);
}
