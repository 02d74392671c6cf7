/* SPDX-License-Identifier: MIT */
/* Knot's policy section, by knot.conf(5) of 3.2 and the options that came until 3.4. */
#include <string.h>

#include "policies/import_map.h"

enum { DAY = 86400 };

static const struct import_word booleans[] = { { "off", "false", NULL }, { "on", "true", NULL },
	{ "false", "false", NULL }, { "true", "true", NULL }, { NULL, NULL, NULL } };
static const char by_hand[] =
    "Knot then makes no keys at all; zoneseal makes them, and each step of a rollover waits for "
    "zoneseal roll step";
static const struct import_word manual[] = { { "off", "false", NULL }, { "on", "true", by_hand },
	{ "false", "false", NULL }, { "true", "true", by_hand }, { NULL, NULL, NULL } };
static const char sharing[] = "zoneseal shares no key by itself: import it into each zone (zoneseal key import)";
static const struct import_word shared[] = { { "off", "false", NULL }, { "on", "true", sharing },
	{ "false", "false", NULL }, { "true", "true", sharing }, { NULL, NULL, NULL } };
static const struct import_word cds[] = { { "none", "none", NULL }, { "rollover", "rollover", NULL },
	{ "always", "always", NULL },
	{ "double-ds", "always", "CDS and CDNSKEY are always there for the DS that are wanted, two during a rollover" },
	{ "delete-dnssec", "none",
	    "the parent is asked to remove every DS only while zone.dnssec is insecure, which is not imported" },
	{ NULL, NULL, NULL } };

static const struct import_row rows[] = {
	{ "manual", "keys.manual", IMPORT_TAKE_WORD, "off", NULL, manual },
	{ "ksk-shared", "keys.shared", IMPORT_TAKE_WORD, "off", NULL, shared },
	{ "offline-ksk", "keys.offline-ksk", IMPORT_TAKE_WORD, "off", NULL, booleans },
	{ "dnskey-ttl", "keys.dnskey-ttl", IMPORT_TAKE_SPAN, NULL, "Knot takes the TTL of the SOA: compare it", NULL },
	{ "propagation-delay", "zone.propagation-delay", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
	{ "zone-max-ttl", "zone.max-ttl", IMPORT_TAKE_SPAN, NULL,
	    "Knot works it out from the zone; zoneseal refuses a zone with a larger TTL", NULL },
	{ "rrsig-lifetime", "signatures.validity", IMPORT_TAKE_SPAN, "14d", NULL, NULL },
	{ "cds-cdnskey-publish", "parent.cds", IMPORT_TAKE_WORD, "rollover", NULL, cds },
	{ "keystore", NULL, IMPORT_TAKE_NONE, NULL,
	    "where keys are kept is said in keys/stores.conf and keys.ksk.stores, keys.zsk.stores", NULL },
	{ "rrsig-pre-refresh", NULL, IMPORT_TAKE_NONE, NULL, "each run replaces what is due by then", NULL },
	{ "reproducible-signing", NULL, IMPORT_TAKE_NONE, "off",
	    "signatures that are good are kept, so a zone that is signed again changes little", NULL },
	{ "signing-threads", NULL, IMPORT_TAKE_NONE, NULL, "zoneseal takes all cores, or --threads", NULL },
	{ "ds-push", NULL, IMPORT_TAKE_NONE, NULL,
	    "a program hands in the DS: parent.hook-ds-submit, parent.hook-ds-withdraw", NULL },
	{ "cds-digest-type", NULL, IMPORT_TAKE_NONE, "sha256", "CDS records have a SHA-256 digest", NULL },
	{ "dnskey-management", NULL, IMPORT_TAKE_NONE, "full",
	    "a foreign DNSKEY is published if it was imported (zoneseal key import --public-only)", NULL },
	{ "dnskey-sync", NULL, IMPORT_TAKE_NONE, NULL, "a second signer is kept in step by zoneseal parity", NULL },
	{ "keytag-modulo", NULL, IMPORT_TAKE_NONE, "0/1", "key tags are not kept to a range", NULL },
	{ "dnssec-jitter", NULL, IMPORT_TAKE_NONE, "0",
	    "spreads zones, not signatures; zoneseal spreads signatures: signatures.jitter", NULL },
	{ "unsafe-operation", NULL, IMPORT_TAKE_NONE, "none", "what it turns off stays on: nothing is weakened", NULL },
	{ "submission.parent", NULL, IMPORT_TAKE_NONE, NULL,
	    "the parent's servers belong to a zone: zoneseal zone set-parents", NULL },
	{ "submission.timeout", NULL, IMPORT_TAKE_NONE, "0", "zoneseal never takes a DS for seen that no server shows",
	    NULL },
};

static enum status set_size(struct import_map *map, const char *option, const char *field)
{
	struct import_given size;
	uint32_t bits = 0;
	enum status status = import_given(map, option, NULL, &size);
	if (status == STATUS_OK && size.line != 0)
		status = import_number(map, &size, 16384, &bits);
	if (size.line == 0)
		size.value = "not given";
	return status == STATUS_OK && field != NULL ? import_set_bits(map, &size, field, bits) : status;
}

static enum status set_lifetime(struct import_map *map, const char *option, const char *otherwise, const char *field)
{
	struct import_given lifetime;
	const enum status status = import_given(map, option, otherwise, &lifetime);
	if (status != STATUS_OK || field == NULL)
		return status;
	return import_set_lifetime(map, &lifetime, field, NULL);
}

static enum status set_keys(struct import_map *map)
{
	struct import_given single;
	struct import_given algorithm;
	bool csk = false;
	enum status status = import_given_bool(map, "single-type-signing", "off", &single, &csk);
	if (status == STATUS_OK)
		status = import_set(map, &single, "keys.scheme", csk ? "csk" : "ksk-zsk", NULL);
	if (status == STATUS_OK)
		status = import_given(map, "algorithm", "ecdsap256sha256", &algorithm);
	if (status == STATUS_OK)
		status = import_set_algorithm(map, &algorithm, algorithm.value);
	if (status == STATUS_OK)
		status = set_size(map, "ksk-size", "keys.ksk.bits");
	if (status == STATUS_OK)
		status = set_size(map, "zsk-size", csk ? NULL : "keys.zsk.bits");
	if (status == STATUS_OK)
		status = set_lifetime(map, "ksk-lifetime", "0", csk ? "keys.csk.lifetime" : "keys.ksk.lifetime");
	return status == STATUS_OK ? set_lifetime(map, "zsk-lifetime", "30d", csk ? NULL : "keys.zsk.lifetime")
				   : status;
}

/* Nothing is kept with Knot's 0, and for ever with ours. */
static enum status set_purge(struct import_map *map)
{
	struct import_given given;
	struct span span = { 0 };
	enum status status = import_given_span(map, "delete-delay", "0", &given, &span);
	if (status != STATUS_OK || span.seconds != 0)
		return status == STATUS_OK ? import_set_span(map, &given, "keys.purge-after", span, NULL) : status;
	return import_set_span(map, &given, "keys.purge-after", (struct span){ DAY },
	    "Knot destroys a key at once when it leaves the zone; zoneseal keeps it a day");
}

/* 3.2 has propagation-delay + zone-max-ttl, later versions a tenth of the lifetime more: the earlier replacement. */
static enum status set_refresh(struct import_map *map)
{
	struct import_given given;
	struct span span = { 0 };
	enum status status = import_given(map, "rrsig-refresh", NULL, &given);
	if (status != STATUS_OK)
		return status;
	if (given.line != 0) {
		status = import_span(map, &given, &span);
		return status == STATUS_OK ? import_set_span(map, &given, "signatures.refresh", span, NULL) : status;
	}
	const struct policy *const policy = &map->policy;
	given.value = "not given";
	span.seconds = policy->validity.seconds / 10 + policy->zone_propagation.seconds + policy->max_zone_ttl;
	return import_set_span(map, &given, "signatures.refresh", span,
	    "rrsig-lifetime / 10 + propagation-delay + zone-max-ttl, as Knot does it since 3.3 (before: without the "
	    "tenth)");
}

static enum status set_denial(struct import_map *map)
{
	struct import_given type;
	struct import_given resalt;
	struct import_nsec3 nsec3;
	bool wanted = false;
	enum status status = import_given_bool(map, "nsec3", "off", &type, &wanted);
	if (status == STATUS_OK)
		status = import_set(map, &type, "denial.type", wanted ? "nsec3" : "nsec", NULL);
	if (status == STATUS_OK)
		status = import_given(map, "nsec3-iterations", "0", &nsec3.iterations);
	if (status == STATUS_OK)
		status = import_given(map, "nsec3-salt-length", "8", &nsec3.salt_length);
	if (status == STATUS_OK)
		status = import_given(map, "nsec3-opt-out", "off", &nsec3.opt_out);
	if (status == STATUS_OK)
		status = import_given(map, "nsec3-salt-lifetime", NULL, &resalt);
	if (status != STATUS_OK || !wanted)
		return status;
	if (resalt.line != 0)
		import_note(map, IMPORT_DROPPED, &resalt, NULL, NULL, "there is no salt to change (RFC 9276 3.1)");
	return import_set_nsec3(map, &nsec3);
}

static bool has_submission(const struct import_map *map)
{
	for (size_t i = 0; i < map->entry->count; i++)
		if (strncmp(map->entry->items[i].option, "submission.", strlen("submission.")) == 0)
			return true;
	return false;
}

/* With a submission Knot asks the parent's servers; without, somebody says knotc zone-ksk-submitted. */
static enum status set_parent(struct import_map *map)
{
	static const struct import_row asked[] = {
		{ "submission.check-interval", "parent.check-interval", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
		{ "submission.parent-delay", "parent.propagation-delay", IMPORT_TAKE_SPAN, NULL,
		    "Knot waits for nothing more once it saw the DS; the hour is kept", NULL },
	};
	struct import_given submission;
	enum status status = import_given(map, "ksk-submission", NULL, &submission);
	if (status != STATUS_OK)
		return status;
	const bool asks = submission.line != 0 && submission.value[0] != '\0';
	if (submission.line == 0)
		submission.value = "not given";
	status = import_set(map, &submission, "parent.ds", asks ? "check" : "by-hand", NULL);
	if (asks && !has_submission(map))
		import_note(map, IMPORT_DROPPED, &submission, NULL, NULL,
		    "the file has no submission of that name: its times are taken to be Knot's defaults");
	if (status == STATUS_OK && asks)
		status = import_rows(map, asked, COUNT(asked));
	if (status == STATUS_OK && !asks)
		import_keep(map, "parent.propagation-delay", "Knot has none");
	import_keep(
	    map, "parent.ds-ttl", "Knot reads it in the parent's answer; so does zoneseal, and this is for before");
	import_keep(map, "parent.registration-delay", "Knot has none: a rollover begins this much earlier here");
	return status;
}

/* What Knot does, and no option says. */
static enum status set_fixed(struct import_map *map)
{
	const struct import_given inception = { "inception", "90m, fixed", 0 };
	const struct import_given jitter = { "jitter", "none", 0 };
	enum status status = import_set(map, &inception, "signatures.inception-offset", "90m", NULL);
	if (status == STATUS_OK)
		status = import_set(map, &jitter, "signatures.jitter", "0s", NULL);
	import_keep(map, "keys.publish-safety", "Knot has none, propagation-delay is to cover it; the hour is kept");
	import_keep(map, "keys.retire-safety", "Knot has none, propagation-delay is to cover it; the hour is kept");
	import_keep(map, "zone.serial", "in Knot the zone says it (serial-policy)");
	return status;
}

enum status import_map_knot(struct import_map *map)
{
	static enum status (*const parts[])(
	    struct import_map * map) = { set_keys, set_purge, set_fixed, set_denial, set_parent };
	enum status status = import_rows(map, rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(parts) && status == STATUS_OK; i++)
		status = parts[i](map);
	return status == STATUS_OK ? set_refresh(map) : status;
}
