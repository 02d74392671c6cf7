/* SPDX-License-Identifier: MIT */
#include "tests/unit/policies/world_signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "tests/unit/keystore/fixture.h"
#include "tests/unit/zone/text.h"

/* Expiry and renewal are real, but far: a world looks at its zone at least every 17 days. */
enum { VALID_DAYS = 400, REFRESH_DAYS = 100, DAY_SECONDS = 86400, ZONE_TEXT = 2048, VERSION_KEYS = MOST_KEYS + 1 };

static void must(enum status status, const struct error *err)
{
	if (status != STATUS_OK)
		fail_msg("%s", err->message);
}

/* ---- keys ---- */

static bool tag_is_taken(const struct world_signer *signer, const struct key *key)
{
	for (size_t i = 0; i < SIGNER_KEYS; i++)
		if (&signer->keys[i] != key && signer->keys[i].public_size != 0 && signer->keys[i].tag == key->tag)
			return true;
	return false;
}

/* A small RSA key, made elsewhere: the token makes none that short, and larger ones take seconds a world. */
static void import_rsa(struct world_signer *signer, struct key *key)
{
	char path[96];
	struct error err = { 0 };
	snprintf(path, sizeof(path), "%s/new", signer->folder);
	file_make(path, "", 0, 0600);
	FILE *const file = fopen(path, "w");
	EVP_PKEY *const pkey = EVP_RSA_gen(1024);
	assert_true(file != NULL && pkey != NULL);
	assert_int_equal(PEM_write_PKCS8PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
	EVP_PKEY_free(pkey);
	fclose(file);
	must(token_import(signer->token, path, key, &err), &err);
	unlink(path);
}

/* The real key of a world's key, made when it is first asked for. */
static struct key *key_of(struct world_signer *signer, const struct key *wanted)
{
	assert_true(wanted->id >= 0 && wanted->id < SIGNER_KEYS);
	struct key *const key = &signer->keys[wanted->id];
	struct error err = { 0 };
	while (key->public_size == 0 || tag_is_taken(signer, key)) {
		*key = (struct key){ .id = wanted->id + 1,
			.role = wanted->role,
			.algorithm = signer->algorithms[wanted->algorithm == 13 ? 0 : 1],
			.flags = wanted->role == KEY_ZSK ? 256 : 257 };
		if (key->algorithm == 8)
			import_rsa(signer, key);
		else
			must(token_generate(signer->token, key, &err), &err);
	}
	return key;
}

static enum key_state shown(bool is)
{
	return is ? KEY_OMNIPRESENT : KEY_HIDDEN;
}

/* The keys of the version that is served, each in states that say what it does in it. */
static size_t keys_now(struct world_signer *signer, const struct world *w, struct key out[VERSION_KEYS])
{
	const struct version *const set = &w->classes[DNSKEY_SET].present;
	const struct version *const data = &w->classes[DATA].present;
	size_t count = 0;
	for (size_t i = 0; i < MOST_KEYS; i++) {
		if (((set->keys | set->signers | data->keys) >> i & 1) == 0)
			continue;
		struct key *const key = &out[count++];
		*key = *key_of(signer, &w->keys[i].key);
		key->state[KEY_DNSKEY] = shown((set->keys >> i & 1) != 0);
		key->state[KEY_KRRSIG] = shown((set->signers >> i & 1) != 0);
		key->state[KEY_ZRRSIG] = shown((data->keys >> i & 1) != 0);
		key->signatures_left = w->left[i];
		key->predecessor = w->keys[i].key.predecessor + 1;
		if (w->left[i] > 0 && (data->keys >> i & 1) == 0)
			key->state[KEY_ZRRSIG] = KEY_UNRETENTIVE;
	}
	return count;
}

void world_signer_open(struct world_signer *signer, uint64_t variant)
{
	static const uint8_t algorithms[][2] = { { 13, 15 }, { 15, 13 }, { 8, 13 }, { 13, 14 }, { 13, 15 } };
	memset(signer, 0, sizeof(*signer));
	memcpy(signer->algorithms, algorithms[variant % COUNT(algorithms)], sizeof(signer->algorithms));
	fixture_folder(signer->folder);
	struct error err = { 0 };
	must(token_open_soft(signer->folder, NULL, &signer->token, &err), &err);
	name_lower(text_name(WORLD_ORIGIN), signer->apex);
	signer->parameters = (struct sign_parameters){ .apex = signer->apex,
		.validity = { (int64_t)VALID_DAYS * DAY_SECONDS },
		.validity_dnskey = { (int64_t)VALID_DAYS * DAY_SECONDS },
		.inception_offset = { HOUR },
		.refresh = { (int64_t)REFRESH_DAYS * DAY_SECONDS },
		.nsec3 = variant % 2 == 1,
		.cds = APEX_CDS_NONE,
		.threads = 1 };
}

void world_signer_close(struct world_signer *signer)
{
	token_close(signer->token);
	folder_remove(signer->folder);
	free(signer->previous);
}

/* ---- zones ---- */

/* A key that makes up for what no key does in this version, so that the signer takes it; what it adds is left out of
 * the file again. Only engines that are known to be bad need it. */
static struct key stand_in(struct world_signer *signer, const struct world *w)
{
	const struct version *const set = &w->classes[DNSKEY_SET].present;
	struct key key = *key_of(signer, &(struct key){ .id = 0, .role = KEY_CSK, .algorithm = 13 });
	key.state[KEY_DNSKEY] = shown(set->keys == 0);
	key.state[KEY_KRRSIG] = shown(set->signers == 0);
	key.state[KEY_ZRRSIG] = shown(w->classes[DATA].present.keys == 0);
	return key;
}

/* Whether a line is the stand-in's: its DNSKEY, and the signatures over a DNSKEY RRset of it alone; its signatures. */
static bool is_added(const char *line, size_t size, const struct key *added)
{
	char copy[ZONE_TEXT];
	char type[16];
	char covered[16];
	char tag[8];
	assert_true(size < sizeof(copy));
	memcpy(copy, line, size);
	copy[size] = '\0';
	const bool alone = key_is_published(added);
	if (sscanf(copy, "%*s %*s IN %15s", type) != 1)
		return false;
	if (strcmp(type, "DNSKEY") == 0)
		return alone;
	if (sscanf(copy, "%*s %*s IN RRSIG %15s %*s %*s %*s %*s %*s %7s", covered, tag) != 2)
		return false;
	return strtoul(tag, NULL, 10) == added->tag || (alone && strcmp(covered, "DNSKEY") == 0);
}

static void take_out(char *text, const struct key *added)
{
	char *to = text;
	for (const char *line = text; *line != '\0';) {
		const size_t size = (size_t)(strchr(line, '\n') + 1 - line);
		if (!is_added(line, size, added)) {
			memmove(to, line, size);
			to += size;
		}
		line += size;
	}
	*to = '\0';
}

static char *load(const char *path)
{
	size_t size;
	uint8_t *const data = file_take(path, &size);
	char *const text = malloc(size + 1);
	assert_non_null(text);
	memcpy(text, data, size);
	text[size] = '\0';
	free(data);
	return text;
}

/* A zone like that of a TLD, as small as can be. */
static void input_text(const struct world *w, char out[ZONE_TEXT])
{
	const long long ttl = (long long)w->classes[DATA].ttl;
	snprintf(out, ZONE_TEXT,
	    "nl.test. %lld SOA ns.nic.test. host.nic.test. 1 7200 3600 604800 %lld\n"
	    "nl.test. %lld NS ns.nic.test.\n"
	    "b.nl.test. %lld NS ns.nic.test.\n"
	    "b.nl.test. %lld DS 1 13 2 %064x\n",
	    ttl, (long long)w->negative, ttl, ttl, ttl, 7);
}

static void sign(
    struct world_signer *signer, const struct key keys[], size_t count, const struct world *w, const char *path)
{
	char text[ZONE_TEXT];
	struct zonetext input;
	struct zonetext before;
	struct publish publish = PUBLISH_NONE;
	struct sign_result result;
	struct error err = { 0 };
	input_text(w, text);
	text_read(text, WORLD_ORIGIN, &input);
	if (signer->previous != NULL)
		text_read(signer->previous, WORLD_ORIGIN, &before);
	must(publish_open(path, 0600, &publish, &err), &err);
	must(sign_zone(&input, signer->previous == NULL ? NULL : &before, keys, count, signer->token, false,
		 &signer->parameters, &publish, &result, &err),
	    &err);
	must(publish_rename(&publish, &err), &err);
	signer->refresh_due = result.refresh_due;
	if (signer->previous != NULL)
		zonetext_free(&before);
	zonetext_free(&input);
}

void world_signer_zone(struct world_signer *signer, const struct world *w, int64_t when, const char *path)
{
	struct key keys[VERSION_KEYS];
	struct error err = { 0 };
	size_t count = keys_now(signer, w, keys);
	const struct version *const set = &w->classes[DNSKEY_SET].present;
	const bool whole = set->keys != 0 && set->signers != 0 && w->classes[DATA].present.keys != 0;
	signer->parameters.now.seconds = when;
	signer->parameters.serial++;
	signer->parameters.dnskey_ttl = (uint32_t)w->classes[DNSKEY_SET].ttl;
	signer->parameters.unsigned_output = count == 0;
	if (count > 0 && !whole)
		keys[count++] = stand_in(signer, w);
	sign(signer, keys, count, w, path);
	free(signer->previous);
	signer->previous = load(path);
	if (count > 0 && !whole) {
		take_out(signer->previous, &keys[count - 1]);
		must(publish_file(path, 0600, signer->previous, strlen(signer->previous), &err), &err);
	}
}

void world_signer_ds(struct world_signer *signer, const struct world *w, const char *path)
{
	const struct served *const ds = &w->classes[DS_SET];
	char text[ZONE_TEXT * 4] = "";
	size_t used = 0;
	struct error err = { 0 };
	for (size_t i = 0; i < MOST_KEYS; i++) {
		uint8_t rdata[DS_RDATA];
		char digest[2 * DS_RDATA + 1];
		if ((ds->present.keys >> i & 1) == 0)
			continue;
		const struct key *const key = key_of(signer, &w->keys[i].key);
		const size_t size = dnskey_ds(key, signer->apex, name_size(signer->apex), 2, rdata);
		bytes_to_hex((struct bytes){ rdata + 4, size - 4 }, true, digest);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\t%lld\tIN\tDS\t%u %u 2 %s\n",
		    WORLD_ORIGIN, (long long)ds->ttl, key->tag, key->algorithm, digest);
		assert_true(used < sizeof(text));
	}
	must(publish_file(path, 0600, text, used, &err), &err);
}
