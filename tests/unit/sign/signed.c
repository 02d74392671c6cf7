/* SPDX-License-Identifier: MIT */
#include "tests/unit/sign/signed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
	folder_make(zone->folder);
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
	token_close(zone->token);
	folder_remove(keys);
	folder_remove(zone->folder);
	free(zone->text);
}

static char *load(const char *path)
{
	FILE *const in = fopen(path, "rb");
	assert_non_null(in);
	struct stat stat;
	assert_int_equal(fstat(fileno(in), &stat), 0);
	char *const text = malloc((size_t)stat.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)stat.st_size, in), (size_t)stat.st_size);
	text[stat.st_size] = '\0';
	fclose(in);
	return text;
}

enum status signed_make(struct signed_zone *zone, const char *text, const char *previous)
{
	char origin[NAME_TEXT];
	name_to_text(zone->parameters.apex, origin);
	struct zonetext input;
	struct zonetext before;
	text_read(text, origin, &input);
	if (previous != NULL)
		text_read(previous, origin, &before);
	struct publish publish = PUBLISH_NONE;
	snprintf(zone->path, sizeof(zone->path), "%s/zone", zone->folder);
	error_clear(&zone->err);
	enum status status = publish_open(zone->path, 0600, &publish, &zone->err);
	if (status == STATUS_OK)
		status = sign_zone(&input, previous == NULL ? NULL : &before, zone->keys, zone->key_count, zone->token,
		    zone->replace_foreign, &zone->parameters, &publish, &zone->result, &zone->err);
	if (status == STATUS_OK)
		status = publish_rename(&publish, &zone->err);
	publish_abort(&publish);
	if (status == STATUS_OK) {
		char *const made = load(zone->path);
		free(zone->text);
		zone->text = made;
	}
	if (previous != NULL)
		zonetext_free(&before);
	zonetext_free(&input);
	return status;
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
