/* SPDX-License-Identifier: MIT */
#include "signer/report/report.h"

const char *report_health_name(enum report_health health)
{
	switch (health) {
	case REPORT_OK:
		return "ok";
	case REPORT_NEW:
		return "new";
	case REPORT_WARN:
		return "warning";
	case REPORT_BLOCKED:
		return "BLOCKED";
	case REPORT_EXPIRED:
		return "EXPIRED";
	}
	return "unknown";
}

/* A key that the parent vouches for is active once its DNSKEY is everywhere; until somebody confirms the DS it is ready
 * for it. */
static const char *word_of_signer(const struct key *key, struct utc ready_at, struct utc now)
{
	if (!key->goal_present)
		return "retiring";
	if (key->role == KEY_ZSK || key->state[KEY_DS] == KEY_OMNIPRESENT)
		return "active";
	return ready_at.seconds != 0 && !utc_before(now, ready_at) ? "ready" : "publishing";
}

const char *report_key_word(const struct key *key, struct utc ready_at, struct utc now)
{
	if (key_is_revoked(key) && key_is_published(key))
		return "revoked";
	if (key_signs_keys(key) || key_signs_zone(key))
		return word_of_signer(key, ready_at, now);
	if (key_is_published(key))
		return key->goal_present ? "publishing" : "retiring";
	return key->active.seconds != 0 ? "removed" : "prepared";
}
