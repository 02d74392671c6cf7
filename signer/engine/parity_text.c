/* SPDX-License-Identifier: MIT */
/* What a snapshot says of each zone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/audit.h"
#include "keystore/store_served.h"
#include "signer/engine/parity.h"

/* Where the private half is may differ from site to site; all else may not. */
static char *key_line(const struct key *key, struct arena *mem)
{
	char *const line = audit_key_line(key, mem);
	char *const place = strstr(line, " at ");
	if (place != NULL)
		*place = '\0';
	return arena_printf(mem, "key %s\n", line);
}

static char *ids(const int64_t list[], size_t count, struct arena *mem)
{
	char *out = arena_strdup(mem, count == 0 ? "-" : "");
	for (size_t i = 0; i < count; i++)
		out = arena_printf(mem, "%s%s%" PRId64, out, i > 0 ? "," : "", list[i]);
	return out;
}

static enum status add_caches(
    struct store *store, int64_t zone_id, struct utc when, struct arena *mem, FILE *out, struct error *err)
{
	struct store_ttl *ttls;
	struct store_served *served;
	size_t ttl_count = 0;
	size_t count = 0;
	enum status status = store_ttls(store, zone_id, mem, &ttls, &ttl_count, err);
	for (size_t i = 0; status == STATUS_OK && i < ttl_count; i++)
		fprintf(out, "ttl %d %" PRIu32 " last %" PRId64 "\n", (int)ttls[i].class, ttls[i].ttl,
		    ttls[i].last.seconds);
	if (status == STATUS_OK)
		status = store_served(store, zone_id, when, (struct span){ 0 }, mem, &served, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		fprintf(out, "served %d from %" PRId64 " until %" PRId64 " ttl %" PRIu32 " keys %s signers %s\n",
		    (int)served[i].class, served[i].from.seconds, served[i].until.seconds, served[i].ttl,
		    ids(served[i].keys, served[i].key_count, mem), ids(served[i].signers, served[i].signer_count, mem));
	return status;
}

static enum status add_zone(struct store *store, const struct store_zone *zone, struct utc when, struct arena *mem,
    FILE *out, struct error *err)
{
	struct store_version last;
	struct key *keys;
	uint8_t policy[32];
	char hex[65];
	uint32_t floor = 0;
	size_t count = 0;
	bool has_floor = false;
	bool published = false;
	bytes_sha256((struct bytes){ (const uint8_t *)zone->policy_text, strlen(zone->policy_text) }, policy);
	bytes_to_hex((struct bytes){ policy, sizeof(policy) }, false, hex);
	enum status status = store_last_version(store, zone->id, mem, &last, &published, err);
	if (status == STATUS_OK)
		status = store_serial_floor(store, zone->id, &floor, &has_floor, err);
	if (status == STATUS_OK)
		status = store_keys(store, zone->id, mem, &keys, &count, err);
	if (status != STATUS_OK)
		return status;
	fprintf(out, "zone %s\npolicy %s %s\nheld %" PRId64 "\nserial-floor %" PRId64 "\n", zone->name,
	    zone->policy_name, hex, zone->held_since.seconds, has_floor ? (int64_t)floor : -1);
	if (published) {
		bytes_to_hex((struct bytes){ last.sha256, sizeof(last.sha256) }, false, hex);
		fprintf(out, "published %" PRIu32 " %s\n", last.serial, hex);
	}
	for (size_t i = 0; i < count; i++)
		fputs(key_line(&keys[i], mem), out);
	return add_caches(store, zone->id, when, mem, out, err);
}

enum status parity_body(struct store *store, struct utc when, struct arena *mem, char **out, struct error *err)
{
	struct store_zone *zones;
	size_t count = 0;
	char *text = NULL;
	size_t size;
	FILE *const file = open_memstream(&text, &size);
	if (file == NULL)
		return error_set(err, STATUS_INTERNAL, "parity: no memory");
	enum status status = store_zones(store, mem, &zones, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = add_zone(store, &zones[i], when, mem, file, err);
	const bool failed = ferror(file) != 0;
	if (fclose(file) != 0 || failed)
		status = status != STATUS_OK ? status : error_set(err, STATUS_INTERNAL, "parity: no memory");
	if (status == STATUS_OK)
		*out = arena_strdup(mem, text);
	free(text);
	return status;
}
