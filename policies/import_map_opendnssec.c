/* SPDX-License-Identifier: MIT */
/* OpenDNSSEC's kasp.xml, by the documentation of 2.1 and the template that comes with it. */
#include <string.h>

#include "policies/import_map.h"

enum { HOUR = 3600 };

static const struct import_word serials[] = { { "counter", "increment", NULL }, { "datecounter", "date-counter", NULL },
	{ "unixtime", "unixtime", NULL }, { "keep", "keep", NULL }, { NULL, NULL, NULL } };
static const struct import_word ksk_methods[] = { { "KskDoubleSignature", "double-ksk", NULL },
	{ "KskDoubleRRset", "double-rrset", NULL }, { "KskDoubleDS", "double-ds", NULL }, { NULL, NULL, NULL } };
static const struct import_word zsk_methods[] = { { "ZskPrePublication", "pre-publication", NULL },
	{ "ZskDoubleSignature", "double-signature", NULL }, { "ZskDoubleRRsig", "double-rrsig", NULL },
	{ NULL, NULL, NULL } };
static const struct import_word csk_methods[] = { { "CskPrePublication", "pre-publication", NULL },
	{ "CskDoubleSignature", "double-signature", NULL }, { "CskSingleSignature", "single-signature", NULL },
	{ "CskDoubleDS", "double-ds", NULL }, { "CskDoubleRRset", "double-rrset", NULL }, { NULL, NULL, NULL } };

#define NOT_SAID "the file does not say it"
#define SOA "the SOA is the input's, but for its serial"
#define STORES "where keys are kept is said in keys/stores.conf and keys.ksk.stores, keys.zsk.stores"
#define STANDBY "OpenDNSSEC 2 ignores it; keys.standby-ksk and keys.standby-zsk keep keys in reserve"

static const struct import_row rows[] = {
	{ "Description", NULL, IMPORT_TAKE_NONE, "", NULL, NULL },
	{ "Signatures/Resign", NULL, IMPORT_TAKE_NONE, NULL,
	    "each run replaces what is due: the timer or cron line of zoneseal run says how often", NULL },
	{ "Signatures/Validity/Default", "signatures.validity", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Keys/TTL", "keys.dnskey-ttl", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Keys/PublishSafety", "keys.publish-safety", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Keys/RetireSafety", "keys.retire-safety", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Keys/Purge", "keys.purge-after", IMPORT_TAKE_SPAN, "PT0S", NULL, NULL },
	{ "Zone/PropagationDelay", "zone.propagation-delay", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Zone/SOA/Serial", "zone.serial", IMPORT_TAKE_WORD, NULL, NOT_SAID, serials },
	{ "Zone/SOA/TTL", NULL, IMPORT_TAKE_NONE, NULL, SOA, NULL },
	{ "Zone/SOA/Minimum", NULL, IMPORT_TAKE_NONE, NULL, SOA, NULL },
	{ "Parent/DS/TTL", "parent.ds-ttl", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Parent/PropagationDelay", "parent.propagation-delay", IMPORT_TAKE_SPAN, NULL, NOT_SAID, NULL },
	{ "Parent/RegistrationDelay", "parent.registration-delay", IMPORT_TAKE_SPAN, "PT0S", NULL, NULL },
	{ "Parent/SOA/TTL", NULL, IMPORT_TAKE_NONE, NULL,
	    "no wait counts with how long the parent's absence of a DS is cached: a DS is waited for until it is seen",
	    NULL },
	{ "Parent/SOA/Minimum", NULL, IMPORT_TAKE_NONE, NULL, "as Parent/SOA/TTL", NULL },
	{ "Denial/NSEC3/TTL", NULL, IMPORT_TAKE_NONE, "PT0S", "NSEC3PARAM has a TTL of its own here", NULL },
	{ "Denial/NSEC3/Resalt", NULL, IMPORT_TAKE_NONE, NULL, "there is no salt to change (RFC 9276 3.1)", NULL },
	{ "Keys/KSK/Repository", NULL, IMPORT_TAKE_NONE, NULL, STORES, NULL },
	{ "Keys/ZSK/Repository", NULL, IMPORT_TAKE_NONE, NULL, STORES, NULL },
	{ "Keys/CSK/Repository", NULL, IMPORT_TAKE_NONE, NULL, STORES, NULL },
	{ "Keys/KSK/Standby", NULL, IMPORT_TAKE_NONE, "0", STANDBY, NULL },
	{ "Keys/ZSK/Standby", NULL, IMPORT_TAKE_NONE, "0", STANDBY, NULL },
	{ "Keys/KSK/RFC5011", NULL, IMPORT_TAKE_NONE, NULL,
	    "OpenDNSSEC 2 ignores it; zoneseal key revoke does it by hand", NULL },
	{ "Audit", NULL, IMPORT_TAKE_NONE, NULL, "OpenDNSSEC 2 ignores it; zoneseal-verify judges every publication",
	    NULL },
};

static const struct import_row ksk_roll[] = { { "Keys/KSK/KskRollType", "keys.ksk.method", IMPORT_TAKE_WORD,
    "KskDoubleSignature", NULL, ksk_methods } };
static const struct import_row zsk_roll[] = { { "Keys/ZSK/ZskRollType", "keys.zsk.method", IMPORT_TAKE_WORD,
    "ZskPrePublication", NULL, zsk_methods } };
static const struct import_row csk_roll[] = { { "Keys/CSK/CskRollType", "keys.csk.method", IMPORT_TAKE_WORD,
    "CskPrePublication", NULL, csk_methods } };

static bool has(const struct import_map *map, const char *prefix)
{
	for (size_t i = 0; i < map->entry->count; i++)
		if (strncmp(map->entry->items[i].option, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* ---- keys ---- */

/* What differs between the roles. */
struct role {
	const char *name;
	const char *lifetime, *bits; /* fields */
	const struct import_row *roll;
};

static const struct role ksk = { "KSK", "keys.ksk.lifetime", "keys.ksk.bits", ksk_roll };
static const struct role zsk = { "ZSK", "keys.zsk.lifetime", "keys.zsk.bits", zsk_roll };
static const struct role csk = { "CSK", "keys.csk.lifetime", "keys.ksk.bits", csk_roll };

static const char *option_of(const struct import_map *map, const struct role *role, const char *option)
{
	return arena_printf(map->mem, "Keys/%s/%s", role->name, option);
}

static enum status set_lifetime(struct import_map *map, const struct role *role)
{
	struct import_given lifetime;
	struct import_given manual;
	enum status status = import_given(map, option_of(map, role, "Lifetime"), NULL, &lifetime);
	if (status == STATUS_OK)
		status = import_given(map, option_of(map, role, "ManualRollover"), NULL, &manual);
	if (status != STATUS_OK)
		return status;
	if (manual.line != 0)
		return import_set(map, &manual, role->lifetime, "unlimited",
		    "rolled by hand (zoneseal roll start), so the lifetime is none");
	if (lifetime.value == NULL)
		return import_refuse(map->source, map->entry->line, "%s is not given", lifetime.option);
	return import_set_lifetime(map, &lifetime, role->lifetime, NULL);
}

static enum status set_role(struct import_map *map, const struct role *role)
{
	struct import_given size;
	uint32_t bits = 0;
	enum status status = set_lifetime(map, role);
	if (status == STATUS_OK)
		status = import_given(map, option_of(map, role, "Algorithm@length"), NULL, &size);
	if (status == STATUS_OK && size.line != 0)
		status = import_number(map, &size, 16384, &bits);
	if (size.line == 0)
		size.value = "not given";
	if (status == STATUS_OK)
		status = import_set_bits(map, &size, role->bits, bits);
	return status == STATUS_OK ? import_rows(map, role->roll, 1) : status;
}

static enum status set_algorithm(struct import_map *map, const struct role *first, const struct role *second)
{
	struct import_given one;
	struct import_given other;
	enum status status = import_given(map, option_of(map, first, "Algorithm"), NULL, &one);
	if (status == STATUS_OK && second != NULL)
		status = import_given(map, option_of(map, second, "Algorithm"), NULL, &other);
	if (status != STATUS_OK)
		return status;
	if (one.value == NULL || (second != NULL && other.value == NULL))
		return import_refuse(map->source, map->entry->line, "a key without an algorithm");
	if (second != NULL && strcmp(one.value, other.value) != 0)
		return import_refuse(map->source, other.line, "KSK and ZSK have different algorithms");
	return import_set_algorithm(map, &one, one.value);
}

static enum status set_shared(struct import_map *map)
{
	struct import_given shared;
	const enum status status = import_given(map, "Keys/ShareKeys", NULL, &shared);
	if (status != STATUS_OK)
		return status;
	const bool wanted = shared.line != 0;
	if (!wanted)
		shared.value = "not given";
	return import_set(map, &shared, "keys.shared", wanted ? "true" : "false",
	    wanted ? "zoneseal shares no key by itself: import it into each zone (zoneseal key import)" : NULL);
}

static enum status set_keys(struct import_map *map)
{
	const bool combined = has(map, "Keys/CSK/");
	if (combined ? has(map, "Keys/KSK/") || has(map, "Keys/ZSK/")
		     : !has(map, "Keys/KSK/") || !has(map, "Keys/ZSK/"))
		return import_refuse(map->source, map->entry->line, "Keys: neither one CSK nor one KSK and one ZSK");
	const struct import_given scheme = { "Keys", combined ? "CSK" : "KSK and ZSK", map->entry->line };
	enum status status = import_set(map, &scheme, "keys.scheme", combined ? "csk" : "ksk-zsk", NULL);
	if (status == STATUS_OK)
		status = set_algorithm(map, combined ? &csk : &ksk, combined ? NULL : &zsk);
	if (status == STATUS_OK)
		status = set_role(map, combined ? &csk : &ksk);
	if (status == STATUS_OK && !combined)
		status = set_role(map, &zsk);
	return status == STATUS_OK ? set_shared(map) : status;
}

/* ---- signatures ---- */

/* Denial records and the DNSKEY set may have validities of their own there; here only the latter. */
static enum status set_validities(struct import_map *map)
{
	struct import_given keyset;
	struct import_given denial;
	struct span span;
	enum status status = import_given(map, "Signatures/Validity/Keyset", NULL, &keyset);
	if (status == STATUS_OK && keyset.line != 0)
		status = import_span(map, &keyset, &span);
	else
		span = map->policy.validity;
	if (keyset.line == 0)
		keyset.value = "not given, as Default";
	if (status == STATUS_OK)
		status = import_set_span(map, &keyset, "signatures.validity-dnskey", span, NULL);
	if (status == STATUS_OK)
		status = import_given(map, "Signatures/Validity/Denial", NULL, &denial);
	if (status != STATUS_OK || denial.line == 0)
		return status;
	status = import_span(map, &denial, &span);
	if (status == STATUS_OK && span.seconds != map->policy.validity.seconds)
		import_note(
		    map, IMPORT_DROPPED, &denial, NULL, NULL, "NSEC and NSEC3 have signatures.validity as all else");
	return status;
}

static enum status set_refresh(struct import_map *map)
{
	struct import_given given;
	struct span span = { 0 };
	enum status status = import_given(map, "Signatures/Refresh", NULL, &given);
	if (status != STATUS_OK)
		return status;
	if (given.value == NULL) {
		import_keep(map, "signatures.refresh", NOT_SAID);
		return STATUS_OK;
	}
	status = import_span(map, &given, &span);
	if (status != STATUS_OK || span.seconds != 0)
		return status == STATUS_OK ? import_set_span(map, &given, "signatures.refresh", span, NULL) : status;
	span.seconds = map->policy.validity.seconds / 10 * 9;
	return import_set_span(map, &given, "signatures.refresh", span,
	    "0 is to sign all anew in each run; nine tenths of the validity is the most that is kept back here");
}

static enum status set_jitter(struct import_map *map)
{
	struct import_given given;
	struct span span = { 0 };
	enum status status = import_given_span(map, "Signatures/Jitter", "PT0S", &given, &span);
	if (status != STATUS_OK)
		return status;
	return import_set_span(map, &given, "signatures.jitter", span,
	    span.seconds == 0
		? NULL
		: "OpenDNSSEC has signatures expire earlier or later by up to this; zoneseal earlier only");
}

/* Less than an hour is not made: clocks of validators are late. */
static enum status set_inception(struct import_map *map)
{
	struct import_given given;
	struct span span = { 0 };
	enum status status = import_given_span(map, "Signatures/InceptionOffset", "PT3600S", &given, &span);
	if (status != STATUS_OK)
		return status;
	const bool low = span.seconds < HOUR;
	return import_set_span(map, &given, "signatures.inception-offset", low ? (struct span){ HOUR } : span,
	    low ? "at least an hour, for validators whose clock is late" : NULL);
}

static enum status set_max_ttl(struct import_map *map)
{
	struct import_given given;
	struct span span = { 0 };
	enum status status = import_given(map, "Signatures/MaxZoneTTL", NULL, &given);
	if (status != STATUS_OK)
		return status;
	if (given.value == NULL) {
		import_keep(map, "zone.max-ttl", NOT_SAID);
		return STATUS_OK;
	}
	status = import_span(map, &given, &span);
	if (status != STATUS_OK)
		return status;
	return import_set_span(map, &given, "zone.max-ttl", span,
	    "OpenDNSSEC lowers a larger TTL to this; zoneseal refuses the zone, so that nobody's data is changed");
}

/* ---- denial ---- */

static enum status set_denial(struct import_map *map)
{
	struct import_given type;
	struct import_given hash;
	struct import_given salt;
	struct import_nsec3 nsec3;
	const bool wanted = has(map, "Denial/NSEC3");
	enum status status = import_given(map, "Denial/NSEC", "", &type);
	if (status == STATUS_OK && wanted)
		status = import_given(map, "Denial/NSEC3", "", &type);
	if (status != STATUS_OK)
		return status;
	if (wanted)
		type = (struct import_given){ "Denial", "NSEC3", map->entry->line };
	else if (type.line == 0)
		type.value = "no NSEC3";
	status = import_set(map, &type, "denial.type", wanted ? "nsec3" : "nsec", NULL);
	if (!wanted || status != STATUS_OK)
		return status;
	status = import_given(map, "Denial/NSEC3/Hash/Algorithm", "1", &hash);
	if (status == STATUS_OK && strcmp(hash.value, "1") != 0)
		return import_refuse(map->source, hash.line, "NSEC3 has one hash algorithm, 1 (RFC 5155 11)");
	if (status == STATUS_OK)
		status = import_given(map, "Denial/NSEC3/Hash/Salt", "", &salt);
	if (status == STATUS_OK)
		status = import_given(map, "Denial/NSEC3/Hash/Iterations", "0", &nsec3.iterations);
	if (status == STATUS_OK)
		status = import_given(map, "Denial/NSEC3/Hash/Salt@length", "0", &nsec3.salt_length);
	if (status == STATUS_OK)
		status = import_given(map, "Denial/NSEC3/OptOut", "no", &nsec3.opt_out);
	if (nsec3.opt_out.line != 0)
		nsec3.opt_out.value = "yes";
	return status == STATUS_OK ? import_set_nsec3(map, &nsec3) : status;
}

static enum status refuse_passthrough(struct import_map *map)
{
	const struct import_item *item;
	const enum status status = import_find(map, "Passthrough", &item);
	if (status != STATUS_OK || item == NULL)
		return status;
	return import_refuse(map->source, item->line,
	    "Passthrough: such a zone is not signed; leave it out of zoneseal, or say zone.dnssec: insecure yourself");
}

enum status import_map_opendnssec(struct import_map *map)
{
	static enum status (*const parts[])(struct import_map * map) = { refuse_passthrough, set_keys, set_validities,
		set_refresh, set_jitter, set_inception, set_max_ttl, set_denial };
	enum status status = import_rows(map, rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(parts) && status == STATUS_OK; i++)
		status = parts[i](map);
	if (status != STATUS_OK)
		return status;
	const struct import_given by_hand = { "DS", "by ds-seen and ds-gone", 0 };
	const struct import_given cds = { "CDS", "none", 0 };
	status = import_set(map, &by_hand, "parent.ds", "by-hand", "check has zoneseal ask the parent's servers");
	return status == STATUS_OK ? import_set(map, &cds, "parent.cds", "none", NULL) : status;
}
