/* SPDX-License-Identifier: MIT */
/* BIND's dnssec-policy, by the ARM of 9.18 and the options that came until 9.20. */
#include <string.h>
#include <strings.h>

#include "policies/import_map.h"

static const struct import_word booleans[] = { { "no", "false", NULL }, { "yes", "true", NULL }, { NULL, NULL, NULL } };

static const struct import_row rows[] = {
	{ "dnskey-ttl", "keys.dnskey-ttl", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
	{ "manual-mode", "keys.manual", IMPORT_TAKE_WORD, "no", NULL, booleans },
	{ "offline-ksk", "keys.offline-ksk", IMPORT_TAKE_WORD, "no", NULL, booleans },
	{ "publish-safety", "keys.publish-safety", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
	{ "retire-safety", "keys.retire-safety", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
	{ "purge-keys", "keys.purge-after", IMPORT_TAKE_SPAN, "90d", NULL, NULL },
	{ "signatures-validity", "signatures.validity", IMPORT_TAKE_SPAN, "14d", NULL, NULL },
	{ "signatures-validity-dnskey", "signatures.validity-dnskey", IMPORT_TAKE_SPAN, "14d", NULL, NULL },
	{ "signatures-refresh", "signatures.refresh", IMPORT_TAKE_SPAN, "5d", NULL, NULL },
	{ "signatures-jitter", "signatures.jitter", IMPORT_TAKE_SPAN, "12h", NULL, NULL },
	{ "zone-propagation-delay", "zone.propagation-delay", IMPORT_TAKE_SPAN, "5m", NULL, NULL },
	{ "max-zone-ttl", "zone.max-ttl", IMPORT_TAKE_SPAN, "1d", NULL, NULL },
	{ "parent-ds-ttl", "parent.ds-ttl", IMPORT_TAKE_SPAN, "1d", NULL, NULL },
	{ "parent-propagation-delay", "parent.propagation-delay", IMPORT_TAKE_SPAN, "1h", NULL, NULL },
	{ "parent-registration-delay", NULL, IMPORT_TAKE_NONE, NULL,
	    "BIND ignores it too, since it looks for the DS; parent.registration-delay is how early a rollover begins",
	    NULL },
	{ "inline-signing", NULL, IMPORT_TAKE_NONE, "yes", "zoneseal always signs from one file into another", NULL },
	{ "nsec3-test-zone", NULL, IMPORT_TAKE_NONE, NULL, "is for BIND's own tests", NULL },
};

enum { MOST_KEYS = 8 };

/* An entry of keys { }. */
struct bind_key {
	const char *role, *lifetime, *algorithm, *bits;
	uint64_t line;
};

/* [key-directory | key-store NAME] lifetime L algorithm A [tag-range X Y] [BITS], in that order or another. */
static enum status read_key(struct import_map *map, const struct import_item *item, struct bind_key *out)
{
	char *rest = NULL;
	const struct import_given given = { "keys", item->value, item->line };
	char *const words = arena_strdup(map->mem, item->value);
	*out = (struct bind_key){ .role = strtok_r(words, " ", &rest), .lifetime = "unlimited", .line = item->line };
	for (const char *word = strtok_r(NULL, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		if (strcasecmp(word, "key-directory") == 0)
			continue;
		if (word[0] >= '0' && word[0] <= '9') {
			out->bits = word;
			continue;
		}
		const char *const value = strtok_r(NULL, " ", &rest);
		if (value == NULL)
			return import_refuse(map->source, item->line, "keys: \"%.40s\" has no value", word);
		if (strcasecmp(word, "lifetime") == 0)
			out->lifetime = value;
		else if (strcasecmp(word, "algorithm") == 0)
			out->algorithm = value;
		else if (strcasecmp(word, "key-store") == 0)
			import_note(map, IMPORT_DROPPED, &given, NULL, NULL,
			    "where keys are kept is said in keys/stores.conf and keys.ksk.stores, keys.zsk.stores");
		else if (strcasecmp(word, "tag-range") == 0 && strtok_r(NULL, " ", &rest) != NULL)
			import_note(map, IMPORT_DROPPED, &given, NULL, NULL, "key tags are not kept to a range");
		else
			import_note(
			    map, IMPORT_UNKNOWN, &given, NULL, NULL, "a word that is not known to this importer");
	}
	if (out->role == NULL || out->algorithm == NULL)
		return import_refuse(map->source, item->line, "keys: a key without an algorithm");
	return STATUS_OK;
}

static const struct bind_key *key_of(const struct bind_key keys[], size_t count, const char *role)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(keys[i].role, role) == 0)
			return &keys[i];
	return NULL;
}

/* What is left over from the default policy if a policy says nothing about keys: one combined key. */
static const struct bind_key default_key = { "csk", "unlimited", "13", NULL, 0 };

static enum status read_keys(struct import_map *map, struct bind_key keys[MOST_KEYS], size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < map->entry->count; i++) {
		struct import_item *const item = &map->entry->items[i];
		if (strcmp(item->option, "keys") != 0)
			continue;
		item->used = true;
		if (*count == MOST_KEYS)
			return import_refuse(map->source, item->line, "keys: more than %d", (int)MOST_KEYS);
		const enum status status = read_key(map, item, &keys[*count]);
		if (status != STATUS_OK)
			return status;
		const char *const role = keys[*count].role;
		if (key_of(keys, *count, role) != NULL)
			return import_refuse(map->source, item->line,
			    "keys: a second %.10s; a policy of zoneseal has one algorithm and one key of each role at "
			    "a time",
			    role);
		++*count;
	}
	if (*count == 0)
		keys[(*count)++] = default_key;
	return STATUS_OK;
}

static enum status set_key(struct import_map *map, const struct bind_key *key, const char *lifetime, const char *bits)
{
	const struct import_given life = { arena_printf(map->mem, "keys %s lifetime", key->role), key->lifetime,
		key->line };
	const struct import_given size = { arena_printf(map->mem, "keys %s", key->role),
		key->bits == NULL ? "without a size" : key->bits, key->line };
	uint32_t number = 0;
	enum status status = import_set_lifetime(map, &life, lifetime, NULL);
	if (status == STATUS_OK && key->bits != NULL)
		status = import_number(map, &size, 16384, &number);
	return status == STATUS_OK ? import_set_bits(map, &size, bits, number) : status;
}

static enum status set_keys(struct import_map *map)
{
	struct bind_key keys[MOST_KEYS];
	size_t count;
	enum status status = read_keys(map, keys, &count);
	if (status != STATUS_OK)
		return status;
	const struct bind_key *const csk = key_of(keys, count, "csk");
	const struct bind_key *const ksk = key_of(keys, count, "ksk");
	const struct bind_key *const zsk = key_of(keys, count, "zsk");
	const struct bind_key *const first = csk != NULL ? csk : ksk;
	if (csk != NULL ? count != 1 : ksk == NULL || zsk == NULL || count != 2)
		return import_refuse(map->source, keys[0].line, "keys: neither one csk nor one ksk and one zsk");
	if (csk == NULL && strcasecmp(ksk->algorithm, zsk->algorithm) != 0)
		return import_refuse(map->source, zsk->line, "keys: ksk and zsk have different algorithms");
	const struct import_given scheme = { "keys", csk != NULL ? "csk" : "ksk and zsk", first->line };
	const struct import_given algorithm = { "keys algorithm", first->algorithm, first->line };
	status = import_set(map, &scheme, "keys.scheme", csk != NULL ? "csk" : "ksk-zsk", NULL);
	if (status == STATUS_OK)
		status = import_set_algorithm(map, &algorithm, first->algorithm);
	if (status == STATUS_OK && csk != NULL)
		status = set_key(map, csk, "keys.csk.lifetime", "keys.ksk.bits");
	if (status == STATUS_OK && csk == NULL)
		status = set_key(map, ksk, "keys.ksk.lifetime", "keys.ksk.bits");
	if (status == STATUS_OK && csk == NULL)
		status = set_key(map, zsk, "keys.zsk.lifetime", "keys.zsk.bits");
	return status;
}

static enum status set_denial(struct import_map *map)
{
	struct import_given type;
	struct import_nsec3 nsec3;
	enum status status = import_given(map, "nsec3param", NULL, &type);
	if (status != STATUS_OK)
		return status;
	const bool wanted = type.line != 0;
	if (!wanted)
		type.value = "not given";
	status = import_set(map, &type, "denial.type", wanted ? "nsec3" : "nsec", NULL);
	if (!wanted || status != STATUS_OK)
		return status;
	status = import_given(map, "nsec3param iterations", "0", &nsec3.iterations);
	if (status == STATUS_OK)
		status = import_given(map, "nsec3param salt-length", "0", &nsec3.salt_length);
	if (status == STATUS_OK)
		status = import_given(map, "nsec3param optout", "no", &nsec3.opt_out);
	return status == STATUS_OK ? import_set_nsec3(map, &nsec3) : status;
}

/* BIND publishes CDS of the digest types in a list, and CDNSKEY if it is asked to. Ours go together, with SHA-256. */
static enum status set_cds(struct import_map *map)
{
	struct import_given cdnskey;
	struct import_given digests;
	bool keys = false;
	enum status status = import_given_bool(map, "cdnskey", "yes", &cdnskey, &keys);
	if (status == STATUS_OK)
		status = import_given(map, "cds-digest-types", "2", &digests);
	if (status != STATUS_OK)
		return status;
	const bool none = !keys && digests.value[0] == '\0';
	const bool usual = strcmp(digests.value, "2") == 0 || strcasecmp(digests.value, "SHA-256") == 0 ||
			   strcasecmp(digests.value, "SHA256") == 0;
	if (!none && !usual)
		import_note(map, IMPORT_CHANGED, &digests, "parent.cds", "always",
		    "CDS records have a SHA-256 digest and come together with CDNSKEY");
	return import_set(map, &cdnskey, "parent.cds", none ? "none" : "always",
	    keys || none ? NULL : "CDS and CDNSKEY records come together");
}

enum status import_map_bind(struct import_map *map)
{
	enum status status = set_keys(map);
	if (status == STATUS_OK)
		status = import_rows(map, rows, COUNT(rows));
	if (status == STATUS_OK)
		status = set_denial(map);
	if (status == STATUS_OK)
		status = set_cds(map);
	import_keep(map, "parent.ds",
	    "in BIND the zone says it (parental-agents, checkds): zoneseal asks the servers of zone add --parents");
	import_keep(map, "parent.registration-delay", "BIND has none: a rollover begins this much earlier here");
	import_keep(map, "zone.serial", "in BIND the zone says it (serial-update-method)");
	return status;
}
