/* SPDX-License-Identifier: MIT */
/* What changed between two zone files, for people and programs. Looks at no keystore. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/cli/cli.h"
#include "signer/dns/name.h"
#include "signer/dns/zonetext_read.h"
#include "signer/dns/zonetext_write.h"
#include "signer/zone/diff.h"

static const char *const kind_names[DIFF_KINDS] = {
	[DIFF_DELEGATION] = "delegations",
	[DIFF_DS] = "ds",
	[DIFF_GLUE] = "glue",
	[DIFF_APEX] = "apex",
	[DIFF_OTHER] = "other",
	[DIFF_DNSSEC] = "dnssec",
};

struct version {
	const char *file;
	struct zonetext text;
	struct zone zone;
	bool sorted;
	const uint8_t *apex;
	uint32_t serial;
};

struct comparison {
	struct version old, new;
	struct diff diff;
	bool dnssec;
	struct zonetext_buffer lines; /* the first differences, each with its sign, terminated by NUL */
	size_t line_count, most;
};

static enum status open_file(const char *name, int *out, struct error *err)
{
	struct stat info;
	*out = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
	if (*out < 0)
		return error_set_errno(err, "%s", name);
	if (fstat(*out, &info) == 0 && !S_ISDIR(info.st_mode))
		return STATUS_OK;
	close(*out);
	return error_set(err, STATUS_MISSING, "%s: is a folder", name);
}

static enum status read_version(
    struct cli *cli, const uint8_t *origin, unsigned threads, struct version *out, struct error *err)
{
	const bool is_stdin = strcmp(out->file, "-") == 0;
	const char *const slash = strrchr(out->file, '/');
	const struct zonetext_options options = { .name = is_stdin ? "<stdin>" : out->file,
		.origin = origin,
		.folder = is_stdin        ? NULL
			  : slash == NULL ? "."
					  : arena_strndup(cli->mem, out->file, (size_t)(slash - out->file) + 1),
		.threads = threads };
	int file;
	enum status status = open_file(out->file, &file, err);
	if (status != STATUS_OK)
		return status;
	status = zonetext_read(file, &options, &out->text, err);
	close(file);
	if (status != STATUS_OK)
		return status;
	out->apex = diff_apex(&out->text, &out->serial);
	if (out->apex == NULL)
		return error_set(err, STATUS_MALFORMED, "%s: no SOA, so this is no zone (RFC 1035 5.2)", out->file);
	return STATUS_OK;
}

static enum status sort_version(
    const struct comparison *all, const uint8_t *apex, unsigned threads, struct version *version, struct error *err)
{
	const enum status status = diff_sort(&version->text, apex, all->dnssec, threads, &version->zone, err);
	version->sorted = status == STATUS_OK;
	return status;
}

static void keep_line(void *context, char sign, const struct rrset *rrset, const struct record *record)
{
	struct comparison *const all = context;
	if (all->line_count >= all->most)
		return;
	all->line_count++;
	zonetext_buffer_reserve(&all->lines, 2);
	all->lines.data[all->lines.size++] = sign;
	all->lines.data[all->lines.size++] = ' ';
	zonetext_write(&all->lines, record->owner, rrset->ttl, record->type, record->rdata, record->rdata_size, true);
}

static uint64_t lines_left(const struct comparison *all)
{
	return all->diff.records_added + all->diff.records_removed - all->line_count;
}

static void print_counts(const struct comparison *all)
{
	static const char *const titles[DIFF_KINDS] = { "delegations (NS)", "DS", "glue", "apex", "other data",
		"made by the signer" };
	printf("\n%-20s %10s %10s %10s\n", "RRSETS", "ADDED", "REMOVED", "CHANGED");
	for (size_t i = 0; i < DIFF_KINDS; i++) {
		const struct diff_counts *const counts = &all->diff.kinds[i];
		if (i != DIFF_DNSSEC || all->dnssec)
			printf("%-20s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n", titles[i], counts->added,
			    counts->removed, counts->changed);
	}
}

static enum status print_text(const struct comparison *all, struct error *err)
{
	char name[NAME_TEXT];
	name_to_text(all->new.apex, name);
	const char *const hidden = all->dnssec ? "" : ", DNSSEC left aside";
	if (diff_is_empty(&all->diff)) {
		printf("%s  THE SAME content, serial %" PRIu32 " and %" PRIu32 "%s\n", name, all->old.serial,
		    all->new.serial, hidden);
	} else {
		printf("%s  DIFFERENT: serial %" PRIu32 " has %" PRIu64 " records that %" PRIu32
		       " has not, and lacks %" PRIu64 " of it%s\n",
		    name, all->new.serial, all->diff.records_added, all->old.serial, all->diff.records_removed, hidden);
		print_counts(all);
		putchar('\n');
		fwrite(all->lines.data, 1, all->lines.size, stdout);
		if (lines_left(all) > 0)
			printf("... and %" PRIu64 " records more (--most N)\n", lines_left(all));
	}
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? STATUS_OK : error_set_errno(err, "standard output");
}

static struct report *version_report(const struct version *version)
{
	struct report *const report = report_new(NULL);
	report_number(report, "serial", version->serial);
	report_number(report, "records", (int64_t)version->zone.record_count);
	return report;
}

static struct report *counts_report(const struct comparison *all)
{
	struct report *const report = report_new(NULL);
	for (size_t i = 0; i < DIFF_KINDS; i++) {
		struct report *const one = report_new(NULL);
		report_number(one, "added", (int64_t)all->diff.kinds[i].added);
		report_number(one, "removed", (int64_t)all->diff.kinds[i].removed);
		report_number(one, "changed", (int64_t)all->diff.kinds[i].changed);
		report_child(report, kind_names[i], one);
	}
	return report;
}

/* The kept lines as strings: one array of pointers into the buffer, whose line feeds become ends. */
static void add_lines(struct cli *cli, struct comparison *all, struct report *report)
{
	const char **const texts = arena_calloc(cli->mem, all->line_count + 1, sizeof(*texts));
	char *at = all->lines.data;
	for (size_t i = 0; i < all->line_count; i++) {
		char *const end = memchr(at, '\n', all->lines.size - (size_t)(at - all->lines.data));
		texts[i] = at;
		*end = '\0';
		at = end + 1;
	}
	report_texts(report, "records", texts, all->line_count);
}

static enum status print_json(struct cli *cli, struct comparison *all, struct error *err)
{
	char name[NAME_TEXT];
	name_to_text(all->new.apex, name);
	struct report *const report = report_new("zoneseal.zone-diff/1");
	report_text(report, "zone", name);
	report_bool(report, "same", diff_is_empty(&all->diff));
	report_bool(report, "dnssec", all->dnssec);
	report_child(report, "old", version_report(&all->old));
	report_child(report, "new", version_report(&all->new));
	report_number(report, "records_added", (int64_t)all->diff.records_added);
	report_number(report, "records_removed", (int64_t)all->diff.records_removed);
	report_child(report, "rrsets", counts_report(all));
	add_lines(cli, all, report);
	report_number(report, "records_left_out", (int64_t)lines_left(all));
	return cli_print(cli, report, err);
}

static enum status compare(
    struct cli *cli, const uint8_t *origin, unsigned threads, struct comparison *all, struct error *err)
{
	char one[NAME_TEXT];
	char two[NAME_TEXT];
	enum status status = read_version(cli, origin, threads, &all->old, err);
	if (status == STATUS_OK)
		status = read_version(cli, origin, threads, &all->new, err);
	if (status != STATUS_OK)
		return status;
	if (!name_equal(all->old.apex, all->new.apex)) {
		name_to_text(all->old.apex, one);
		name_to_text(all->new.apex, two);
		return error_set(err, STATUS_USAGE,
		    "%.300s and %.300s are two zones; if the files have no $ORIGIN, name the zone first", one, two);
	}
	status = sort_version(all, all->new.apex, threads, &all->old, err);
	if (status == STATUS_OK)
		status = sort_version(all, all->new.apex, threads, &all->new, err);
	if (status == STATUS_OK)
		diff_zones(&all->old.zone, &all->new.zone, keep_line, all, &all->diff);
	return status;
}

static enum status read_arguments(
    struct cli *cli, struct comparison *all, const uint8_t **origin, unsigned *threads, struct error *err)
{
	char **const files = cli->args + (cli->arg_count == 3);
	uint8_t *const name = arena_octets(cli->mem, NAME_WIRE);
	size_t size;
	all->old.file = files[0];
	all->new.file = files[1];
	all->dnssec = cli_has(cli, OPTION_DNSSEC);
	*origin = NULL;
	if (strcmp(files[0], "-") == 0 && strcmp(files[1], "-") == 0)
		return error_set(err, STATUS_USAGE, "standard input cannot be both files");
	enum status status = cli_threads(cli, threads, err);
	if (status == STATUS_OK)
		status = cli_most(cli, &all->most, err);
	if (status != STATUS_OK || cli->arg_count < 3)
		return status;
	static const uint8_t root[1] = { 0 };
	if (name_parse(cli->args[0], strlen(cli->args[0]), root, name, &size, err) != STATUS_OK) {
		err->code = STATUS_USAGE;
		return error_context(err, "zone");
	}
	*origin = name;
	return STATUS_OK;
}

static void free_version(struct version *version)
{
	if (version->sorted)
		zone_free(&version->zone);
	zonetext_free(&version->text);
}

static int run_diff(struct cli *cli, struct error *err)
{
	struct comparison all = { .most = 0 };
	const uint8_t *origin;
	unsigned threads;
	enum status status = read_arguments(cli, &all, &origin, &threads, err);
	if (status == STATUS_OK)
		status = compare(cli, origin, threads, &all, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON))
		status = print_json(cli, &all, err);
	else if (status == STATUS_OK)
		status = print_text(&all, err);
	const bool same = diff_is_empty(&all.diff);
	zonetext_buffer_free(&all.lines);
	free_version(&all.old);
	free_version(&all.new);
	return status != STATUS_OK ? (int)status : same ? 0 : STATUS_NO;
}

const struct command command_zone_diff = {
	.name = "zone diff",
	.run = run_diff,
	.synopsis = "[ZONE] OLD NEW",
	.summary = "say what differs between two zone files, whatever their order and spelling; exit 0: nothing, 1: "
		   "something",
	.examples = "  zoneseal zone diff yesterday.zone today.zone\n"
		    "  zoneseal zone diff nl.test nl.test.zone /srv/out/nl.test.signed --most 10\n"
		    "  zoneseal zone diff --dnssec nl.test.signed.old - < nl.test.signed\n",
	.options = TAKES(OPTION_DNSSEC) | TAKES(OPTION_COUNT_MOST) | TAKES(OPTION_THREADS),
	.min_args = 2,
	.max_args = 3,
};
