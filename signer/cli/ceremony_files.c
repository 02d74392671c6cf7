/* SPDX-License-Identifier: MIT */
#include "signer/cli/ceremony_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/ceremony/ceremony_set.h"

static enum status read_all(int file, char *text, size_t *size, const char *name, struct error *err)
{
	*size = 0;
	while (*size <= CEREMONY_TEXT) {
		const ssize_t got = read(file, text + *size, (size_t)CEREMONY_TEXT + 1 - *size);
		if (got == 0)
			return STATUS_OK;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "%s", name);
		*size += (size_t)got;
	}
	return error_set(err, STATUS_NO, "%s: larger than any KSR or SKR (at most %d octets)", name, CEREMONY_TEXT);
}

enum status ceremony_file_take(struct cli *cli, const char **name, char **text, size_t *size, struct error *err)
{
	const char *const path = cli_value(cli, OPTION_INPUT);
	if (path == NULL)
		return error_set(err, STATUS_USAGE, "say which file: -i FILE, or -i - for stdin");
	const bool is_stdin = strcmp(path, "-") == 0;
	const int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	*name = is_stdin ? "<stdin>" : path;
	if (file < 0)
		return error_set_errno(err, "%s", path);
	*text = arena_calloc(cli->mem, (size_t)CEREMONY_TEXT + 2, 1);
	const enum status status = read_all(file, *text, size, *name, err);
	if (!is_stdin)
		close(file);
	return status;
}

enum status ceremony_file_give(struct cli *cli, const char *text, struct error *err)
{
	const char *const path = cli_value(cli, OPTION_OUTPUT);
	if (cli_has(cli, OPTION_DRY_RUN))
		return STATUS_OK;
	if (path != NULL && strcmp(path, "-") != 0)
		return publish_file(path, 0644, text, strlen(text), err);
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		return error_set(err, STATUS_IO, "stdout takes no more");
	return STATUS_OK;
}

enum status ceremony_form_of(const struct cli *cli, enum ceremony_form *out, struct error *err)
{
	const char *const text = cli_value(cli, OPTION_FORMAT);
	*out = text != NULL && strcmp(text, "bind") == 0 ? CEREMONY_BIND : CEREMONY_OWN;
	if (text != NULL && *out == CEREMONY_OWN && strcmp(text, "zoneseal") != 0)
		return error_set(err, STATUS_USAGE, "--format: zoneseal or bind");
	return STATUS_OK;
}

static struct report *key_report(const struct key *key)
{
	struct report *const report = report_new(NULL);
	report_number(report, "tag", key->tag);
	report_text(report, "role", key_role_name(key->role));
	report_number(report, "algorithm", key->algorithm);
	report_hex(report, "fingerprint", key->fingerprint, sizeof(key->fingerprint));
	return report;
}

static struct report *bundle_report(const struct ceremony_bundle *bundle, struct arena *mem)
{
	struct ceremony_keys keys = { .count = 0 };
	struct report *const report = report_new(NULL);
	struct report *const list = report_list();
	report_time(report, "from", bundle->from);
	report_time(report, "until", bundle->until);
	report_time(report, "signatures_end", bundle->expiration);
	if (ceremony_keys_of(&bundle->keys, mem, &keys, NULL) != STATUS_OK)
		keys.count = 0;
	for (size_t i = 0; i < keys.count; i++)
		report_append(list, key_report(&keys.all[i]));
	report_child(report, "keys", list);
	return report;
}

struct report *ceremony_report(
    const char *schema, const char *zone, const struct ceremony_file *file, struct arena *mem)
{
	struct report *const report = report_new(schema);
	struct report *const list = report_list();
	report_text(report, "zone", zone);
	report_text(report, "kind", file->kind == CEREMONY_REQUEST ? "ksr" : "skr");
	report_text(report, "format", file->form == CEREMONY_OWN ? "zoneseal" : "bind");
	report_number(report, "number", file->number);
	report_bool(report, "emergency", file->emergency);
	report_time(report, "from", file->from);
	report_time(report, "until", file->until);
	report_time(report, "new_ksk_from", file->new_ksk);
	report_hex(report, "sha256", file->sha256, sizeof(file->sha256));
	for (size_t i = 0; i < file->bundle_count; i++)
		report_append(list, bundle_report(&file->bundles[i], mem));
	report_child(report, "bundles", list);
	return report;
}

static void bundle_text(FILE *out, const struct ceremony_bundle *bundle, struct arena *mem)
{
	struct ceremony_keys keys;
	struct error err;
	char from[UTC_TEXT];
	char until[UTC_TEXT];
	char ends[UTC_TEXT];
	error_clear(&err);
	utc_format(bundle->from, from);
	utc_format(bundle->until, until);
	utc_format(bundle->expiration, ends);
	fprintf(out, "%s to %s, signatures until %s\n", from, until, bundle->expiration.seconds == 0 ? "-" : ends);
	if (ceremony_keys_of(&bundle->keys, mem, &keys, &err) != STATUS_OK) {
		fprintf(out, "  BAD: %s\n", err.message);
		return;
	}
	for (size_t i = 0; i < keys.count; i++) {
		char hex[65];
		bytes_to_hex((struct bytes){ keys.all[i].fingerprint, 32 }, false, hex);
		fprintf(out, "  %s %5u  %s\n", key_role_name(keys.all[i].role), keys.all[i].tag, hex);
	}
}

void ceremony_text(FILE *out, const char *zone, const struct ceremony_file *file, struct arena *mem)
{
	char hex[65];
	char text[UTC_TEXT];
	bytes_to_hex((struct bytes){ file->sha256, 32 }, false, hex);
	fprintf(out, "%s of %s, %s form", file->kind == CEREMONY_REQUEST ? "Request (KSR)" : "Response (SKR)", zone,
	    file->form == CEREMONY_OWN ? "zoneseal's" : "BIND's");
	if (file->form == CEREMONY_OWN)
		fprintf(out, ", number %lld%s", (long long)file->number, file->emergency ? ", EMERGENCY" : "");
	fprintf(out, "\nSHA-256 %s\n", hex);
	if (file->new_ksk.seconds != 0) {
		utc_format(file->new_ksk, text);
		fprintf(out, "asks for a new KSK from %s on\n", text);
	}
	for (size_t i = 0; i < file->bundle_count; i++)
		bundle_text(out, &file->bundles[i], mem);
}
