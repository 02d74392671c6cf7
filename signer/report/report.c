/* SPDX-License-Identifier: MIT */
#include "signer/report/report.h"

#include <string.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"

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

static bool is_everywhere(const struct key *key, enum key_record record)
{
	return key->state[record] == KEY_OMNIPRESENT || key->state[record] == KEY_NA;
}

/* RFC 7583 3.1: a ZSK is active while it signs and is in the zone, a KSK while the world comes to it through the
 * parent's DS; whether a successor is on its way does not matter. Ready is a KSK that only lacks the DS. */
static bool is_active(const struct key *key, bool no_ds)
{
	if (key->standby || key->foreign || !key_is_published(key))
		return false;
	if (key->role == KEY_ZSK)
		return key_signs_zone(key);
	return is_everywhere(key, KEY_DNSKEY) && is_everywhere(key, KEY_KRRSIG) &&
	       (no_ds || key->state[KEY_DS] == KEY_OMNIPRESENT);
}

const char *report_key_word(const struct key *key, bool no_ds)
{
	if (key_is_revoked(key) && key_is_published(key))
		return "revoked";
	if (key_is_hidden(key))
		return key->active.seconds != 0 || key->purged.seconds != 0 || (key->foreign && !key->goal_present)
			   ? "removed"
			   : "prepared";
	if (is_active(key, no_ds))
		return "active";
	if (!key->goal_present)
		return "retiring";
	const bool signing = key->role == KEY_ZSK || key->standby || key->foreign || is_everywhere(key, KEY_KRRSIG);
	return is_everywhere(key, KEY_DNSKEY) && signing ? "ready" : "publishing";
}

struct utc report_key_since(const struct key *key, const char *word)
{
	struct utc last = { 0 };
	for (int i = 0; strcmp(word, "removed") == 0 && i < KEY_RECORDS; i++)
		if (key->state[i] != KEY_NA)
			last = utc_later(last, key->since[i]);
	if (last.seconds != 0)
		return last;
	return key->active.seconds != 0 ? key->active : key->created;
}

char *report_dnskey(const struct key *key, struct arena *mem)
{
	uint8_t rdata[DNSKEY_RDATA];
	const size_t size = dnskey_rdata(key, rdata);
	char *const text = arena_alloc(mem, bytes_base64_size(size) + 1);
	bytes_to_base64((struct bytes){ rdata + 4, size - 4 }, text);
	return arena_printf(mem, "%u 3 %u %s", (unsigned)rdata[0] << 8 | rdata[1], rdata[3], text);
}
