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

/* A ZSK is active once it signs; a KSK once the world can come to it through the parent's DS, and ready while it only
 * lacks that. */
const char *report_key_word(const struct key *key, bool no_ds)
{
	if (key_is_revoked(key) && key_is_published(key))
		return "revoked";
	if (key_is_hidden(key))
		return key->active.seconds != 0 || key->purged.seconds != 0 || (key->foreign && !key->goal_present)
			   ? "removed"
			   : "prepared";
	if (!key->goal_present)
		return "retiring";
	const bool published = is_everywhere(key, KEY_DNSKEY);
	if (key->standby || key->foreign)
		return published ? "ready" : "publishing";
	if (key->role == KEY_ZSK)
		return key_signs_zone(key) && key_is_published(key) ? "active" : published ? "ready" : "publishing";
	if (!published || !is_everywhere(key, KEY_KRRSIG))
		return "publishing";
	return no_ds || key->state[KEY_DS] == KEY_OMNIPRESENT ? "active" : "ready";
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
