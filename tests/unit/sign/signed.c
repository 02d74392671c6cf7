/* SPDX-License-Identifier: MIT */
#include "tests/unit/sign/signed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "signer/base/bytes.h"
#include "signer/dns/name.h"
#include "tests/unit/keystore/fixture.h"
#include "tests/unit/zone/text.h"

enum { HOUR = 3600, DAY = 86400 };

struct key *signed_add_key(struct signed_zone *zone, enum key_role role, uint8_t algorithm)
{
	assert_true(zone->key_count < SIGNED_KEYS);
	struct key *const key = &zone->keys[zone->key_count++];
	*key =
	    (struct key){ .id = (int64_t)zone->key_count, .role = role, .algorithm = algorithm, .goal_present = true };
	key->flags = role == KEY_ZSK ? 256 : 257;
	struct error err = { 0 };
	if (token_generate(zone->token, key, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	key->state[KEY_DNSKEY] = KEY_OMNIPRESENT;
	key->state[KEY_ZRRSIG] = role == KEY_KSK ? KEY_NA : KEY_OMNIPRESENT;
	key->state[KEY_KRRSIG] = role == KEY_ZSK ? KEY_NA : KEY_OMNIPRESENT;
	key->state[KEY_DS] = role == KEY_ZSK ? KEY_NA : KEY_OMNIPRESENT;
	return key;
}

void signed_open(struct signed_zone *zone, const char *origin, uint8_t algorithm, bool csk)
{
	*zone = (struct signed_zone){ 0 };
	fixture_folder(zone->folder);
	char keys[96];
	snprintf(keys, sizeof(keys), "%s/keys", zone->folder);
	assert_int_equal(mkdir(keys, 0700), 0);
	struct error err = { 0 };
	if (token_open_soft(keys, NULL, &zone->token, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	if (csk) {
		signed_add_key(zone, KEY_CSK, algorithm);
	} else {
		signed_add_key(zone, KEY_KSK, algorithm);
		signed_add_key(zone, KEY_ZSK, algorithm);
	}
	name_lower(text_name(origin), zone->apex);
	struct utc now;
	assert_int_equal(utc_parse("2025-01-01T12:00:00Z", &now, &err), STATUS_OK);
	zone->parameters = (struct sign_parameters){
		.apex = zone->apex,
		.now = now,
		.serial = 2026112401,
		.validity = { 14 * DAY },
		.validity_dnskey = { 21 * DAY },
		.inception_offset = { HOUR },
		.jitter = { 12 * HOUR },
		.refresh = { 5 * DAY },
		.dnskey_ttl = HOUR,
		.zonemd = true,
		.cds = APEX_CDS_ALWAYS,
		.all_type_names = true,
		.threads = 2,
	};
}

void signed_close(struct signed_zone *zone)
{
	char keys[96];
	snprintf(keys, sizeof(keys), "%s/keys", zone->folder);
	for (size_t i = 0; i < SIGNED_FILES; i++)
		free(zone->files[i].octets);
	token_close(zone->token);
	folder_remove(keys);
	folder_remove(zone->folder);
	free(zone->text);
}

static char *load(const char *path, size_t *size)
{
	FILE *const in = fopen(path, "rb");
	assert_non_null(in);
	struct stat stat;
	assert_int_equal(fstat(fileno(in), &stat), 0);
	char *const text = malloc((size_t)stat.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)stat.st_size, in), (size_t)stat.st_size);
	text[stat.st_size] = '\0';
	*size = (size_t)stat.st_size;
	fclose(in);
	return text;
}

static void remember(struct signed_zone *zone, const struct sigfile_draft *draft)
{
	char path[128];
	struct publish publish = PUBLISH_NONE;
	struct error err = { 0 };
	struct signed_file *const file = &zone->files[zone->made++ % SIGNED_FILES];
	const struct sigfile_identity whose = { zone->apex, zone->result.sha256, 1 };
	snprintf(path, sizeof(path), "%s/signatures", zone->folder);
	if (publish_open(path, 0600, &publish, &err) != STATUS_OK ||
	    sigfile_write(draft, &whose, &publish, &err) != STATUS_OK || publish_rename(&publish, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	free(file->octets);
	memcpy(file->sha256, whose.sha256, sizeof(file->sha256));
	file->octets = (uint8_t *)load(path, &file->size);
}

/* The file of the signatures of the version with this text; false: it was signed too long ago, or elsewhere. */
static bool recall(const struct signed_zone *zone, const char *previous, struct sigfile *out)
{
	struct error err = { 0 };
	uint8_t sha256[32];
	const struct sigfile_identity whose = { zone->apex, sha256, 1 };
	if (previous == NULL)
		return false;
	bytes_sha256((struct bytes){ (const uint8_t *)previous, strlen(previous) }, sha256);
	for (size_t i = 0; i < SIGNED_FILES; i++) {
		const struct signed_file *const file = &zone->files[i];
		if (file->octets == NULL || memcmp(file->sha256, sha256, sizeof(sha256)) != 0)
			continue;
		if (sigfile_open((struct bytes){ file->octets, file->size }, &whose, 2, out, &err) != STATUS_OK)
			fail_msg("%s", err.message);
		return true;
	}
	return false;
}

/* `previous` is the text of the version before, `kept` the file of its signatures: one of the two, or neither. */
static enum status sign_once(
    struct signed_zone *zone, const char *text, const char *previous, const struct sigfile *kept)
{
	char origin[NAME_TEXT];
	name_to_text(zone->apex, origin);
	struct zonetext input;
	struct zonetext before;
	struct sign_parameters parameters = zone->parameters;
	struct sigfile_draft draft = { .folder = zone->made % 2 == 0 ? zone->folder : NULL };
	text_read(text, origin, &input);
	if (previous != NULL)
		text_read(previous, origin, &before);
	parameters.kept = kept;
	parameters.draft = &draft;
	struct publish publish = PUBLISH_NONE;
	snprintf(zone->path, sizeof(zone->path), "%s/zone", zone->folder);
	error_clear(&zone->err);
	enum status status = publish_open(zone->path, 0600, &publish, &zone->err);
	if (status == STATUS_OK)
		status = sign_zone(&input, previous == NULL ? NULL : &before, zone->keys, zone->key_count, zone->token,
		    zone->replace_foreign, &parameters, &publish, &zone->result, &zone->err);
	if (status == STATUS_OK)
		status = publish_rename(&publish, &zone->err);
	publish_abort(&publish);
	if (status == STATUS_OK) {
		size_t size;
		char *const made = load(zone->path, &size);
		free(zone->text);
		zone->text = made;
		remember(zone, &draft);
	}
	sigfile_draft_free(&draft);
	if (previous != NULL)
		zonetext_free(&before);
	zonetext_free(&input);
	return status;
}

/* Lines that differ; SIZE_MAX if one text has more of them. */
static size_t differences(const char *a, const char *b)
{
	size_t count = 0;
	while (*a != '\0' && *b != '\0') {
		const size_t a_size = strcspn(a, "\n") + 1;
		const size_t b_size = strcspn(b, "\n") + 1;
		count += a_size != b_size || memcmp(a, b, a_size) != 0 ? 1U : 0U;
		a += a_size;
		b += b_size;
	}
	return *a == *b ? count : SIZE_MAX;
}

enum status signed_make(struct signed_zone *zone, const char *text, const char *previous)
{
	struct sigfile kept = { .blocks = NULL };
	const bool twice = recall(zone, previous, &kept);
	const size_t made = zone->made;
	char *by_file = NULL;
	uint64_t kept_by_file = 0;
	enum status status = STATUS_OK;
	if (twice) {
		status = sign_once(zone, text, NULL, &kept);
		by_file = status == STATUS_OK ? strdup(zone->text) : NULL;
		kept_by_file = zone->result.signatures_kept;
		/* What stays is the second way's. */
		zone->made = made;
	}
	sigfile_close(&kept);
	const enum status again = sign_once(zone, text, previous, NULL);
	if (twice)
		assert_int_equal(again, status);
	if (by_file != NULL && (kept_by_file != zone->result.signatures_kept ||
				   differences(by_file, zone->text) > zone->result.signatures_made + 1))
		fail_msg("by the file of the signatures:\n%s\nby the text:\n%s", by_file, zone->text);
	free(by_file);
	return again;
}

char *signed_line(const char *text, const char *start)
{
	const size_t size = strlen(start);
	for (const char *line = text; *line != '\0';) {
		const char *const end = strchr(line, '\n');
		if (strncmp(line, start, size) == 0)
			return strndup(line, (size_t)(end - line));
		line = end + 1;
	}
	return NULL;
}

size_t signed_count(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *line = text; *line != '\0';) {
		const char *const end = strchr(line, '\n');
		const char *const found = strstr(line, part);
		count += found != NULL && found < end ? 1U : 0U;
		line = end + 1;
	}
	return count;
}
