/* SPDX-License-Identifier: MIT */
#include "signer/engine/parity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "keystore/token.h"
#include "signer/base/publish.h"
#include "signer/engine/folder.h"
#include "signer/engine/reconcile.h"

enum { ED25519 = 15, FLAGS_ZONE = 256, MARK_MOST = 4096 };

static const char mark_name[] = "standby";
static const char signer_name[] = "parity-key";

/* ---- small files of the state folder ---- */

static enum status read_file(const char *path, size_t most, struct arena *mem, struct bytes *out, struct error *err)
{
	struct stat info;
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0 || fstat(file, &info) != 0) {
		const enum status status = error_set_errno(err, "%s", path);
		if (file >= 0)
			close(file);
		return status;
	}
	enum status status = STATUS_OK;
	size_t have = 0;
	if (!S_ISREG(info.st_mode) || info.st_size < 0 || (size_t)info.st_size > most)
		status = error_set(err, STATUS_MALFORMED, "%s: no file of at most %zu octets", path, most);
	uint8_t *const data = arena_alloc(mem, status == STATUS_OK ? (size_t)info.st_size + 1 : 1);
	while (status == STATUS_OK && have < (size_t)info.st_size) {
		const ssize_t n = read(file, data + have, (size_t)info.st_size - have);
		if (n < 0 && errno != EINTR)
			status = error_set_errno(err, "%s", path);
		if (n == 0)
			status = error_set(err, STATUS_MALFORMED, "%s: became shorter while it was read", path);
		have += n > 0 ? (size_t)n : 0;
	}
	close(file);
	if (status == STATUS_OK)
		*out = (struct bytes){ data, have };
	return status;
}

/* A line "parity-key BASE64" as the second of a file. */
static enum status read_key(const char *path, struct arena *mem, uint8_t out[PARITY_KEY], struct error *err)
{
	static const char word[] = "\nparity-key ";
	struct bytes text;
	enum status status = read_file(path, MARK_MOST, mem, &text, err);
	if (status != STATUS_OK)
		return status;
	const uint8_t *const at = memmem(text.data, text.size, word, sizeof(word) - 1);
	const uint8_t *const begin = at == NULL ? NULL : at + sizeof(word) - 1;
	const uint8_t *const end = begin == NULL ? NULL : memchr(begin, '\n', text.size - (size_t)(begin - text.data));
	if (end == NULL || bytes_from_base64((const char *)begin, (size_t)(end - begin), out, PARITY_KEY) != PARITY_KEY)
		return error_set(err, STATUS_MALFORMED, "%s: holds no parity key", path);
	return STATUS_OK;
}

/* ---- the mark of a standby ---- */

bool parity_is_standby(const char *state)
{
	struct stat info;
	struct arena *const mem = arena_new(512);
	/* What cannot be looked at is taken to be there. */
	const bool absent =
	    lstat(folder_path(state, mark_name, mem), &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
	arena_free(mem);
	return !absent;
}

enum status parity_refuse_standby(const char *state, struct error *err)
{
	if (!parity_is_standby(state))
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "%s/%s: this is a standby signer: nothing is changed and nothing is signed here, so that no zone has two "
	    "signers. What is published stays as it is. To take over: zoneseal parity promote SNAPSHOT",
	    state, mark_name);
}

static char *base64_of(const uint8_t *data, size_t size, struct arena *mem)
{
	char *const out = arena_alloc(mem, bytes_base64_size(size) + 1);
	(void)bytes_to_base64((struct bytes){ data, size }, out);
	return out;
}

enum status parity_stand_by(
    const char *state, const char *key, const char *reason, struct utc now, struct arena *mem, struct error *err)
{
	uint8_t octets[PARITY_KEY];
	char since[UTC_TEXT];
	if (bytes_from_base64(key, strlen(key), octets, sizeof(octets)) != PARITY_KEY)
		return error_set(
		    err, STATUS_USAGE, "\"%.60s\" is no parity key; the active signer's parity export tells it", key);
	if (parity_is_standby(state))
		return error_set(err, STATUS_REFUSED, "%s is a standby already", state);
	utc_format(now, since);
	const char *const text = arena_printf(mem, "zoneseal-standby 1\nparity-key %s\nsince %s\n; %s\n",
	    base64_of(octets, sizeof(octets), mem), since, reason);
	const enum status status = folder_make(state, err);
	return status == STATUS_OK ? publish_file(folder_path(state, mark_name, mem), 0600, text, strlen(text), err)
				   : status;
}

/* ---- the key ---- */

static enum status make_signer(
    struct token *token, const char *path, struct arena *mem, struct key *key, struct error *err)
{
	*key = (struct key){ .role = KEY_ZSK, .algorithm = ED25519, .flags = FLAGS_ZONE };
	const enum status status = token_generate(token, key, err);
	if (status != STATUS_OK)
		return status;
	const char *const text =
	    arena_printf(mem, "; signs parity snapshots and nothing else; its private half is keys/%s\nparity-key %s\n",
		key->locator + strlen("file:"), base64_of(key->public_key, key->public_size, mem));
	return publish_file(path, 0600, text, strlen(text), err);
}

static enum status load_signer(
    struct token *token, const char *state, struct arena *mem, struct key *key, struct error *err)
{
	const char *const path = folder_path(state, signer_name, mem);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return make_signer(token, path, mem, key, err);
	*key = (struct key){ .role = KEY_ZSK, .algorithm = ED25519, .flags = FLAGS_ZONE, .public_size = PARITY_KEY };
	const enum status status = read_key(path, mem, key->public_key, err);
	if (status != STATUS_OK)
		return status;
	char hex[65];
	dnskey_identify(key);
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	strcpy(key->locator, arena_printf(mem, "file:%s.pem", hex));
	return STATUS_OK;
}

enum status parity_export(
    struct store *store, const char *state, struct utc now, struct arena *mem, char **out, struct error *err)
{
	struct token *token = NULL;
	struct token_signer *signer = NULL;
	struct key key = { .id = 0 };
	uint8_t signature[512];
	size_t size = 0;
	char *body = NULL;
	char made[UTC_TEXT];
	utc_format(now, made);
	enum status status = parity_refuse_standby(state, err);
	if (status == STATUS_OK)
		status = parity_body(store, now, mem, &body, err);
	if (status == STATUS_OK)
		status = token_open_soft(folder_path(state, "keys", mem), NULL, &token, err);
	if (status == STATUS_OK)
		status = load_signer(token, state, mem, &key, err);
	if (status == STATUS_OK)
		status = token_signer_new(token, &key, &signer, err);
	if (status != STATUS_OK)
		goto done;
	char *const text = arena_printf(mem, "zoneseal-parity 1\nmade %s\nparity-key %s\n%s", made,
	    base64_of(key.public_key, key.public_size, mem), body);
	status = token_sign(signer, (const uint8_t *)text, strlen(text), signature, &size, err);
	if (status == STATUS_OK)
		*out = arena_printf(mem, "%ssignature %s\n", text, base64_of(signature, size, mem));
done:
	token_signer_free(signer);
	token_close(token);
	return status;
}

/* ---- comparing ---- */

static enum status verify(
    const struct parity_snapshot *snapshot, const char *state, struct utc now, struct arena *mem, struct error *err)
{
	struct key key = { .role = KEY_ZSK, .algorithm = ED25519, .flags = FLAGS_ZONE, .public_size = PARITY_KEY };
	const char *const path = folder_path(state, parity_is_standby(state) ? mark_name : signer_name, mem);
	const enum status status = read_key(path, mem, key.public_key, err);
	if (status != STATUS_OK)
		return status;
	if (memcmp(key.public_key, snapshot->key, PARITY_KEY) != 0)
		return error_set(err, STATUS_NO, "parity snapshot: signed with another key than that in %s", path);
	dnskey_identify(&key);
	if (!dnskey_verify_by(&key, snapshot->covered, (struct bytes){ snapshot->signature, PARITY_SIGNATURE }))
		return error_set(err, STATUS_NO, "parity snapshot: its signature is wrong: it was changed on its way");
	if (utc_before(now, snapshot->made))
		return error_set(err, STATUS_NO, "parity snapshot: made later than the clock tells now");
	return STATUS_OK;
}

static size_t line_size(const char *text, size_t size)
{
	const char *const end = size == 0 ? NULL : memchr(text, '\n', size);
	return end == NULL ? size : (size_t)(end - text);
}

/* The first line in which the two differ, with the zone that it is of. */
static enum status compare(struct bytes theirs, const char *ours, struct error *err)
{
	const char *a = (const char *)theirs.data;
	const char *b = ours;
	size_t left_a = theirs.size;
	size_t left_b = strlen(ours);
	const char *zone = "";
	size_t zone_size = 0;
	while (left_a > 0 && left_b > 0) {
		const size_t size_a = line_size(a, left_a);
		const size_t size_b = line_size(b, left_b);
		if (size_a != size_b || memcmp(a, b, size_a) != 0)
			break;
		if (size_a > 5 && memcmp(a, "zone ", 5) == 0) {
			zone = a + 5;
			zone_size = size_a - 5;
		}
		const size_t step_a = size_a + (size_a < left_a);
		const size_t step_b = size_b + (size_b < left_b);
		a += step_a;
		left_a -= step_a;
		b += step_b;
		left_b -= step_b;
	}
	if (left_a == 0 && left_b == 0)
		return STATUS_OK;
	return error_set(err, STATUS_NO,
	    "%.*s: this keystore is not at the snapshot's state; there \"%.*s\", here \"%.*s\". Restore the backup "
	    "that "
	    "was made with the snapshot",
	    (int)zone_size, zone, (int)line_size(a, left_a), a, (int)line_size(b, left_b), b);
}

static enum status prove_zone(struct store *store, struct token *token, const struct store_zone *zone,
    struct arena *mem, size_t *proved, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	enum status status = store_keys(store, zone->id, mem, &keys, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct token_signer *signer = NULL;
		if (keys[i].foreign || keys[i].purging.seconds != 0 ||
		    (!keys[i].goal_present && key_is_hidden(&keys[i])))
			continue;
		status = token_signer_new(token, &keys[i], &signer, err);
		token_signer_free(signer);
		*proved += status == STATUS_OK;
	}
	return status == STATUS_OK ? status : error_context(err, "%s", zone->name);
}

enum status parity_check(struct store *store, const char *state, const char *file, const char *passphrase_file,
    struct utc now, struct arena *mem, struct parity_result *out, struct error *err)
{
	struct bytes text;
	struct parity_snapshot snapshot;
	struct token *token = NULL;
	struct store_zone *zones = NULL;
	char *body = NULL;
	*out = (struct parity_result){ .zones = 0 };
	enum status status = read_file(file, PARITY_MOST, mem, &text, err);
	if (status == STATUS_OK)
		status = parity_parse(text, &snapshot, err);
	if (status == STATUS_OK)
		status = verify(&snapshot, state, now, mem, err);
	if (status == STATUS_OK)
		status = parity_body(store, snapshot.made, mem, &body, err);
	if (status == STATUS_OK)
		status = compare(snapshot.body, body, err);
	if (status == STATUS_OK)
		status = token_open_soft(folder_path(state, "keys", mem), passphrase_file, &token, err);
	if (status == STATUS_OK)
		status = store_zones(store, mem, &zones, &out->zones, err);
	for (size_t i = 0; i < out->zones && status == STATUS_OK; i++)
		status = prove_zone(store, token, &zones[i], mem, &out->keys, err);
	if (status == STATUS_OK)
		out->made = snapshot.made;
	token_close(token);
	return status;
}

static enum status note(struct store *store, const struct store_zone *zone, const char *reason,
    const struct parity_result *result, struct utc now, struct arena *mem, struct error *err)
{
	char made[UTC_TEXT];
	utc_format(result->made, made);
	return store_note_done(store, zone->id, "standby promoted",
	    arena_printf(mem, "at the state of the snapshot of %s: %s", made, reason), now, err);
}

enum status parity_promote(struct store *store, const char *state, const char *file, const char *passphrase_file,
    const char *reason, struct utc now, struct arena *mem, struct parity_result *out, struct error *err)
{
	struct store_zone *zones = NULL;
	size_t count = 0;
	bool restored = false;
	if (!parity_is_standby(state))
		return error_set(err, STATUS_REFUSED, "%s is no standby", state);
	enum status status = parity_check(store, state, file, passphrase_file, now, mem, out, err);
	if (status == STATUS_OK)
		status = store_zones(store, mem, &zones, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = reconcile_restored_zone(store, state, &zones[i], mem, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = note(store, &zones[i], reason, out, now, mem, err);
	if (status == STATUS_OK)
		status = store_is_restored(store, &restored, err);
	if (status == STATUS_OK && restored)
		status = store_reconciled(store, "a standby was promoted at the state of its snapshot", now, err);
	if (status == STATUS_OK)
		status = parity_forget_matched(state, mem, err);
	/* Last: whatever ends this before, the standby stays one. */
	if (status == STATUS_OK && unlink(folder_path(state, mark_name, mem)) != 0)
		status = error_set_errno(err, "%s/%s", state, mark_name);
	return status;
}
