/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/cli/cli.h"
#include "signer/cli/ds_epp.h"
#include "signer/cli/facts.h"
#include "signer/engine/folder.h"
#include "signer/engine/setup.h"

/* Digest types of the DS registry: SHA-256 and SHA-384 (RFC 4509, RFC 6605). */
enum { DIGEST_SHA256 = 2, DIGEST_SHA384 = 4, PUBLIC_TEXT = (KEY_PUBLIC_MAX + 2) / 3 * 4 + 1 };

enum ds_format { FORMAT_BIND, FORMAT_CDS, FORMAT_JSON, FORMAT_ANCHOR, FORMAT_EPP, FORMAT_EPP_CREATE };

struct ds_wanted {
	enum ds_format format;
	uint8_t digest;
	int tag; /* -1: any */
};

static enum status parse_wanted(const struct cli *cli, struct ds_wanted *out, struct error *err)
{
	static const struct {
		const char *name;
		enum ds_format format;
	} formats[] = { { "bind", FORMAT_BIND }, { "cds", FORMAT_CDS }, { "json", FORMAT_JSON },
		{ "trust-anchor", FORMAT_ANCHOR }, { "epp", FORMAT_EPP }, { "epp-create", FORMAT_EPP_CREATE } };
	const char *format = cli_value(cli, OPTION_FORMAT), *digest = cli_value(cli, OPTION_DIGEST);
	const char *key = cli_value(cli, OPTION_KEY);
	*out = (struct ds_wanted){ cli_has(cli, OPTION_JSON) ? FORMAT_JSON : FORMAT_BIND, DIGEST_SHA256, -1 };
	bool known = format == NULL;
	for (size_t i = 0; i < COUNT(formats) && !known; i++) {
		known = strcmp(format, formats[i].name) == 0;
		if (known)
			out->format = formats[i].format;
	}
	if (!known)
		return error_set(err, STATUS_USAGE,
		    "--format=%.30s: write bind, cds, epp, epp-create, trust-anchor or json", format);
	if (digest != NULL && strcmp(digest, "sha256") != 0 && strcmp(digest, "sha384") != 0)
		return error_set(err, STATUS_USAGE, "--digest: sha256 or sha384");
	out->digest = digest != NULL && strcmp(digest, "sha384") == 0 ? DIGEST_SHA384 : DIGEST_SHA256;
	if (key == NULL)
		return STATUS_OK;
	if (key[0] == '\0' || strspn(key, "0123456789") != strlen(key) || strlen(key) > 5)
		return error_set(err, STATUS_USAGE, "--key: a key tag");
	out->tag = (int)strtol(key, NULL, 10);
	return STATUS_OK;
}

struct ds {
	char digest[2 * 48 + 1];
	char public_key[PUBLIC_TEXT];
};

static struct ds ds_of(const struct key *key, const uint8_t *apex, uint8_t digest_type)
{
	struct ds ds;
	uint8_t rdata[DS_RDATA];
	size_t size = dnskey_ds(key, apex, name_size(apex), digest_type, rdata);
	bytes_to_hex((struct bytes){ rdata + 4, size - 4 }, true, ds.digest);
	bytes_to_base64((struct bytes){ key->public_key, key->public_size }, ds.public_key);
	return ds;
}

static struct report *ds_report(const char *zone, const struct key *key, const struct ds *ds, uint8_t digest)
{
	struct report *report = report_new(NULL);
	report_text(report, "zone", zone);
	report_number(report, "tag", key->tag);
	report_number(report, "algorithm", key->algorithm);
	report_number(report, "digest_type", digest);
	report_text(report, "digest", ds->digest);
	report_number(report, "flags", key->flags);
	report_text(report, "public_key", ds->public_key);
	return report;
}

static void print_ds(
    const char *zone, const struct key *key, const struct ds *ds, const struct ds_wanted *wanted, uint32_t ttl)
{
	switch (wanted->format) {
	case FORMAT_BIND:
		printf("%s IN DS %u %u %u %s\n", zone, key->tag, key->algorithm, wanted->digest, ds->digest);
		return;
	case FORMAT_ANCHOR:
		printf(
		    "%s\t%u\tIN\tDS\t%u %u %u %s\n", zone, ttl, key->tag, key->algorithm, wanted->digest, ds->digest);
		return;
	case FORMAT_CDS:
		printf(
		    "%s\t%u\tIN\tCDS\t%u %u %u %s\n", zone, ttl, key->tag, key->algorithm, wanted->digest, ds->digest);
		printf("%s\t%u\tIN\tCDNSKEY\t%u 3 %u %s\n", zone, ttl, key->flags, key->algorithm, ds->public_key);
		return;
	case FORMAT_EPP:
	case FORMAT_EPP_CREATE:
	case FORMAT_JSON:
		return;
	}
}

/* Keys that lead into the zone: they sign the DNSKEY RRset, or will with the first publication. */
static bool leads_into_zone(const struct key *key)
{
	bool may = key->role != KEY_ZSK && key->goal_present;
	return may && (key_signs_keys(key) || key->state[KEY_KRRSIG] == KEY_HIDDEN);
}

/* The DS sets for an EPP command: what the parent is to take in and to drop. */
struct epp {
	struct ds_epp *added, *removed;
	size_t added_count, removed_count;
};

static struct ds_epp epp_of(const struct key *key, const uint8_t *apex, uint8_t digest_type, struct arena *mem)
{
	const struct ds ds = ds_of(key, apex, digest_type);
	return (struct ds_epp){ key->tag, key->algorithm, digest_type, arena_strdup(mem, ds.digest) };
}

static void collect_epp(struct cli *cli, const struct report_key keys[], size_t count, const uint8_t *apex,
    const struct ds_wanted *wanted, struct epp *out)
{
	out->added = arena_calloc(cli->mem, count + 1, sizeof(*out->added));
	out->removed = arena_calloc(cli->mem, count + 1, sizeof(*out->removed));
	for (size_t i = 0; i < count; i++) {
		const struct key *key = &keys[i].key;
		const bool is_there = key->state[KEY_DS] == KEY_OMNIPRESENT || key->ds_seen.seconds != 0;
		if (key->role == KEY_ZSK || (wanted->tag >= 0 && key->tag != wanted->tag))
			continue;
		if (leads_into_zone(key) && (wanted->format == FORMAT_EPP_CREATE || !is_there))
			out->added[out->added_count++] = epp_of(key, apex, wanted->digest, cli->mem);
		if (key->state[KEY_DS] == KEY_UNRETENTIVE && key->ds_gone.seconds == 0)
			out->removed[out->removed_count++] = epp_of(key, apex, wanted->digest, cli->mem);
	}
}

static void print_epp(
    struct cli *cli, const struct report_key keys[], size_t count, const uint8_t *apex, const struct ds_wanted *wanted)
{
	struct epp epp = { 0 };
	collect_epp(cli, keys, count, apex, wanted, &epp);
	if (wanted->format == FORMAT_EPP_CREATE)
		ds_epp_create(stdout, epp.added, epp.added_count);
	else if (epp.added_count + epp.removed_count > 0)
		ds_epp_update(stdout, epp.removed, epp.removed_count, epp.added, epp.added_count);
	else
		cli_say(cli, "the parent shows what it should: nothing to update");
}

static enum status show(struct cli *cli, struct store *store, const struct ds_wanted *wanted, struct error *err)
{
	enum { ANCHOR_TTL = 3600 };
	struct store_zone zone;
	struct report_key *keys = NULL;
	uint8_t apex[NAME_WIRE];
	const char *name;
	size_t count = 0, shown = 0;
	enum status status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = folder_zone_name(zone.name, cli->mem, &name, apex, err);
	if (status == STATUS_OK)
		status = facts_keys(store, cli->state, &zone, cli->now, cli->mem, &keys, &count, err);
	if (status != STATUS_OK)
		return status;
	struct report *list = report_list();
	for (size_t i = 0; i < count; i++) {
		const struct key *key = &keys[i].key;
		if (!leads_into_zone(key) || (wanted->tag >= 0 && key->tag != wanted->tag))
			continue;
		const struct ds ds = ds_of(key, apex, wanted->digest);
		report_append(list, ds_report(name, key, &ds, wanted->digest));
		print_ds(name, key, &ds, wanted, ANCHOR_TTL);
		shown++;
		if (utc_before(cli->now, keys[i].ready_at))
			cli_say(cli,
			    "%s %u: do not submit it before %s; until then some cache may hold what would be bogus "
			    "with it",
			    key_role_name(key->role), key->tag, report_when(keys[i].ready_at, cli->now, cli->mem));
		else if (!key_is_published(key))
			cli_say(
			    cli, "%s %u: not published yet; do not submit it now", key_role_name(key->role), key->tag);
	}
	if (shown > 0 && wanted->format == FORMAT_JSON) {
		struct report *report = report_new("zoneseal.ds/1");
		report_child(report, "ds", list);
		return cli_print(cli, report, err);
	}
	report_free(list);
	const bool is_epp = wanted->format == FORMAT_EPP || wanted->format == FORMAT_EPP_CREATE;
	if (is_epp && (shown > 0 || wanted->format == FORMAT_EPP))
		print_epp(cli, keys, count, apex, wanted);
	else if (shown == 0)
		return error_set(err, STATUS_MISSING, "%s has no such key; see zoneseal key list %s", name, name);
	return STATUS_OK;
}

static int run_show(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct ds_wanted wanted;
	enum status status = parse_wanted(cli, &wanted, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = show(cli, store, &wanted, err);
	store_close(store);
	return (int)status;
}

const struct command command_ds_show = {
	.name = "ds show",
	.run = run_show,
	.synopsis = "ZONE",
	.summary = "show the DS records for the parent",
	.examples =
	    "  zoneseal ds show nl.test\n"
	    "  zoneseal ds show nl.test --digest sha384 --key 41001\n"
	    "  zoneseal ds show nl.test --format epp           what an EPP <update> adds and removes (RFC 5910)\n"
	    "  zoneseal ds show nl.test --format trust-anchor > nl.test.anchor    for Unbound\n",
	.options = TAKES(OPTION_FORMAT) | TAKES(OPTION_DIGEST) | TAKES(OPTION_KEY),
	.min_args = 1,
	.max_args = 1,
};
