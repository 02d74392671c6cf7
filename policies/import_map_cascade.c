/* SPDX-License-Identifier: MIT */
/* Cascade's policy, by the template of version v1 that comes with it. */
#include <string.h>
#include <strings.h>

#include "policies/import_map.h"

static const struct import_word serials[] = { { "keep", "keep", NULL }, { "counter", "increment", NULL },
	{ "unix-time", "unixtime", NULL }, { "date-counter", "date-counter", NULL }, { NULL, NULL, NULL } };

#define REVIEW_INPUT "the input is looked at by its limits, and the signed zone by zoneseal-verify and verifiers.*"
#define REVIEW_OUTPUT "programs that must agree are verifiers.first, second and third; zoneseal-verify always must"
#define SERVING "zoneseal serves nothing: publish.hook tells the name server that reads the file"
#define BY_ITSELF "zoneseal goes on by itself once caches allow it; with keys.manual each step waits for a person"
#define ONE_FOR_ALL "has the value of signatures.* here"

static const struct import_row rows[] = {
	{ "key-manager.records.ttl", "keys.dnskey-ttl", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
	{ "key-manager.records.dnskey.signature-lifetime", "signatures.validity-dnskey", IMPORT_TAKE_SPAN, "2w", NULL,
	    NULL },
	{ "signer.signature-lifetime", "signatures.validity", IMPORT_TAKE_SPAN, "2w", NULL, NULL },
	{ "signer.signature-remain-time", "signatures.refresh", IMPORT_TAKE_SPAN, "1w", NULL, NULL },
	{ "signer.signature-inception-offset", "signatures.inception-offset", IMPORT_TAKE_SPAN, "1d", NULL, NULL },
	{ "signer.serial-policy", "zone.serial", IMPORT_TAKE_WORD, "date-counter", NULL, serials },
	{ "signer.signature-refresh-interval", NULL, IMPORT_TAKE_NONE, NULL, "each run replaces what is due", NULL },
	{ "signer.key-roll-time", NULL, IMPORT_TAKE_NONE, NULL, "one run signs all with the new key", NULL },
	{ "key-manager.records.cds.signature-lifetime", NULL, IMPORT_TAKE_NONE, "2w", ONE_FOR_ALL, NULL },
	{ "key-manager.records.cds.signature-inception-offset", NULL, IMPORT_TAKE_NONE, "1d", ONE_FOR_ALL, NULL },
	{ "key-manager.records.cds.signature-remain-time", NULL, IMPORT_TAKE_NONE, "1w", ONE_FOR_ALL, NULL },
	{ "key-manager.records.dnskey.signature-inception-offset", NULL, IMPORT_TAKE_NONE, "1d", ONE_FOR_ALL, NULL },
	{ "key-manager.records.dnskey.signature-remain-time", NULL, IMPORT_TAKE_NONE, "1w", ONE_FOR_ALL, NULL },
	{ "key-manager.algorithm.auto-start", NULL, IMPORT_TAKE_NONE, "true",
	    "a roll to another algorithm begins when a policy with it is applied", NULL },
	{ "key-manager.algorithm.auto-report", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.zsk.auto-report", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.ksk.auto-expire", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.zsk.auto-expire", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.csk.auto-expire", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.algorithm.auto-expire", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.ksk.auto-done", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.zsk.auto-done", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.csk.auto-done", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.algorithm.auto-done", NULL, IMPORT_TAKE_NONE, "true", BY_ITSELF, NULL },
	{ "key-manager.ds-algorithm", NULL, IMPORT_TAKE_NONE, "SHA-256", "CDS records have a SHA-256 digest", NULL },
	{ "key-manager.publication-nameservers", NULL, IMPORT_TAKE_NONE, "",
	    "zoneseal counts with zone.propagation-delay: set it to what your secondaries take", NULL },
	{ "key-manager.generation.hsm-server-id", NULL, IMPORT_TAKE_NONE, NULL,
	    "where keys are kept is said in keys/stores.conf and keys.ksk.stores, keys.zsk.stores", NULL },
	{ "loader.review.mode", NULL, IMPORT_TAKE_NONE, "off", REVIEW_INPUT, NULL },
	{ "loader.review.hook", NULL, IMPORT_TAKE_NONE, NULL, REVIEW_INPUT, NULL },
	{ "loader.review.on-reject", NULL, IMPORT_TAKE_NONE, NULL, REVIEW_INPUT, NULL },
	{ "loader.review.required", NULL, IMPORT_TAKE_NONE, "false", REVIEW_INPUT, NULL },
	{ "loader.review.cmd-hook", NULL, IMPORT_TAKE_NONE, NULL, REVIEW_INPUT, NULL },
	{ "signer.review.mode", NULL, IMPORT_TAKE_NONE, "off", REVIEW_OUTPUT, NULL },
	{ "signer.review.hook", NULL, IMPORT_TAKE_NONE, NULL, REVIEW_OUTPUT, NULL },
	{ "signer.review.on-reject", NULL, IMPORT_TAKE_NONE, NULL, REVIEW_OUTPUT, NULL },
	{ "signer.review.required", NULL, IMPORT_TAKE_NONE, "false", REVIEW_OUTPUT, NULL },
	{ "signer.review.cmd-hook", NULL, IMPORT_TAKE_NONE, NULL, REVIEW_OUTPUT, NULL },
	{ "server.outbound.send-notify-to", NULL, IMPORT_TAKE_NONE, NULL, SERVING, NULL },
	{ "server.outbound.provide-xfr-to", NULL, IMPORT_TAKE_NONE, NULL, SERVING, NULL },
	{ "server.outbound.max-diffs", NULL, IMPORT_TAKE_NONE, NULL, SERVING, NULL },
	{ "server.outbound.max-diffs-size", NULL, IMPORT_TAKE_NONE, NULL, SERVING, NULL },
};

/* ---- keys ---- */

static enum status given_of(
    struct import_map *map, const char *role, const char *option, const char *otherwise, struct import_given *out)
{
	return import_given(map, arena_printf(map->mem, "key-manager.%s.%s", role, option), otherwise, out);
}

/* A key of a role that the policy has not is read, for the rest of its options is known, and told nobody. */
static enum status set_lifetime(struct import_map *map, const char *role, const char *otherwise, const char *field)
{
	struct import_given validity;
	struct import_given start;
	bool starts = false;
	enum status status = given_of(map, role, "validity", otherwise, &validity);
	if (status == STATUS_OK)
		status = given_of(map, role, "auto-start", "true", &start);
	if (status == STATUS_OK)
		status = import_bool(map, &start, &starts);
	if (status != STATUS_OK || field == NULL)
		return status;
	if (!starts)
		return import_set(
		    map, &start, field, "unlimited", "rolled by hand (zoneseal roll start), so the lifetime is none");
	if (strcasecmp(validity.value, "forever") == 0)
		return import_set(map, &validity, field, "unlimited", NULL);
	return import_set_lifetime(map, &validity, field, NULL);
}

/* "RSASHA256:2048" */
static enum status set_algorithm(struct import_map *map, bool csk)
{
	struct import_given given;
	uint32_t bits = 0;
	enum status status = import_given(map, "key-manager.generation.algorithm", "ECDSAP256SHA256", &given);
	if (status != STATUS_OK)
		return status;
	char *const name = arena_strdup(map->mem, given.value);
	char *const colon = strchr(name, ':');
	struct import_given size = { given.option, "without a size", given.line };
	if (colon != NULL) {
		*colon = '\0';
		size.value = colon + 1;
		status = import_number(map, &size, 16384, &bits);
	}
	if (status == STATUS_OK)
		status = import_set_algorithm(map, &given, name);
	if (status == STATUS_OK)
		status = import_set_bits(map, &size, "keys.ksk.bits", bits);
	return status == STATUS_OK && !csk ? import_set_bits(map, &size, "keys.zsk.bits", bits) : status;
}

static enum status set_purge(struct import_map *map)
{
	struct import_given removes;
	struct import_given delay;
	struct span span = { 0 };
	bool does = false;
	enum status status = import_given_bool(map, "key-manager.auto-remove", "true", &removes, &does);
	if (status == STATUS_OK)
		status = import_given_span(map, "key-manager.auto-remove-delay", "7d", &delay, &span);
	if (status != STATUS_OK)
		return status;
	return does ? import_set_span(map, &delay, "keys.purge-after", span, NULL)
		    : import_set(map, &removes, "keys.purge-after", "0s", NULL);
}

static enum status set_keys(struct import_map *map)
{
	struct import_given given;
	bool csk = false;
	enum status status = import_given_bool(map, "key-manager.generation.use-csk", "false", &given, &csk);
	if (status == STATUS_OK)
		status = import_set(map, &given, "keys.scheme", csk ? "csk" : "ksk-zsk", NULL);
	if (status == STATUS_OK)
		status = set_algorithm(map, csk);
	if (status == STATUS_OK)
		status = set_lifetime(map, "ksk", "365d", csk ? NULL : "keys.ksk.lifetime");
	if (status == STATUS_OK)
		status = set_lifetime(map, "zsk", "30d", csk ? NULL : "keys.zsk.lifetime");
	if (status == STATUS_OK)
		status = set_lifetime(map, "csk", "365d", csk ? "keys.csk.lifetime" : NULL);
	return status == STATUS_OK ? set_purge(map) : status;
}

/* ---- the rest ---- */

static enum status set_denial(struct import_map *map)
{
	static const struct import_given none = { "signer.denial", "0, fixed", 0 };
	struct import_given type;
	struct import_given opt_out;
	bool out = false;
	enum status status = import_given(map, "signer.denial.type", "nsec", &type);
	if (status == STATUS_OK)
		status = import_given_bool(map, "signer.denial.opt-out", "false", &opt_out, &out);
	if (status != STATUS_OK)
		return status;
	const bool nsec3 = strcasecmp(type.value, "nsec3") == 0;
	if (!nsec3 && strcasecmp(type.value, "nsec") != 0)
		return import_refuse(map->source, type.line, "signer.denial.type is neither nsec nor nsec3");
	status = import_set(map, &type, "denial.type", nsec3 ? "nsec3" : "nsec", NULL);
	if (status == STATUS_OK && nsec3)
		status = import_set(map, &opt_out, "denial.opt-out", out ? "true" : "false", NULL);
	return status == STATUS_OK && nsec3 ? import_set(map, &none, "denial.iterations", "0", NULL) : status;
}

/* auto-report has Cascade look for the DS at the parent. */
static enum status set_parent(struct import_map *map)
{
	const struct import_given cds = { "CDS", "always", 0 };
	struct import_given ksk;
	struct import_given csk;
	bool asks = false;
	enum status status = import_given(map, "key-manager.ksk.auto-report", "true", &ksk);
	if (status == STATUS_OK)
		status = import_given(map, "key-manager.csk.auto-report", "true", &csk);
	const struct import_given *const given = map->policy.csk ? &csk : &ksk;
	if (status == STATUS_OK)
		status = import_bool(map, given, &asks);
	if (status == STATUS_OK)
		status = import_set(map, given, "parent.ds", asks ? "check" : "by-hand", NULL);
	return status == STATUS_OK ? import_set(map, &cds, "parent.cds", "always", NULL) : status;
}

/* What Cascade finds out while it goes on. */
static enum status set_measured(struct import_map *map)
{
	static const char *const fields[] = { "zone.max-ttl", "zone.propagation-delay", "parent.ds-ttl",
		"parent.propagation-delay", "parent.registration-delay", "keys.publish-safety", "keys.retire-safety" };
	const struct import_given jitter = { "jitter", "none", 0 };
	for (size_t i = 0; i < COUNT(fields); i++)
		import_keep(map, fields[i],
		    "Cascade has none: it asks name servers until all have the change, and takes TTLs as it sees them");
	return import_set(map, &jitter, "signatures.jitter", "0s", NULL);
}

static enum status check_version(struct import_map *map)
{
	struct import_given version;
	const enum status status = import_given(map, "version", NULL, &version);
	if (status != STATUS_OK)
		return status;
	if (version.line == 0 || strcmp(version.value, "v1") != 0)
		return import_refuse(
		    map->source, version.line, "version is not \"v1\": this form of the file is not known");
	return STATUS_OK;
}

enum status import_map_cascade(struct import_map *map)
{
	static enum status (*const parts[])(
	    struct import_map * map) = { set_keys, set_denial, set_parent, set_measured };
	enum status status = check_version(map);
	if (status == STATUS_OK)
		status = import_rows(map, rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(parts) && status == STATUS_OK; i++)
		status = parts[i](map);
	return status;
}
