/* SPDX-License-Identifier: MIT */
/* How bad things are: judged here once, for the exit code of check, the banner of a page, metrics and JSON alike. */
#pragma once

#include "signer/report/report.h"

/* So long may a hook not come to its end, in seconds, before that is critical. */
enum { REPORT_HOOK_CRITICAL = 7200 };

/* What signatures are to have left; 0: as the zone's policy wants it. */
struct report_limits {
	struct span warning, critical;
};

/* The worst that was found, and the first that was so bad. */
struct report_worst {
	enum report_level level;
	char words[600];
};

/* With those of the zone's policy where there are none. */
struct report_limits report_limits_of(const struct report_zone *zone, const struct report_limits *limits);

const char *report_level_name(enum report_level level); /* "ok", "action", "warning", "critical" */

void report_level_of_zone(
    const struct report_zone *zone, const struct report_limits *limits, struct utc now, struct report_worst *worst);

/* Of the keystore as a whole, whatever its zones are. What a standby's zones look like is the active signer's business:
 * what it is there for is to be like that one. `worst` has words for a standby that is as it should be, too. */
void report_level_of_keystore(const struct report_state *state, struct utc now, struct report_worst *worst);

/* Why nothing is signed at all, as a sentence with the command; NULL: it is. */
const char *report_stopped_words(const struct report_state *state, struct utc now, struct arena *mem);
