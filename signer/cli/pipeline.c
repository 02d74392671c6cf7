/* SPDX-License-Identifier: MIT */
#include "signer/cli/pipeline.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/cli/progress.h"
#include "signer/engine/clock_sources.h"

static const char *result_name(enum engine_result result)
{
	switch (result) {
	case ENGINE_FAILED:
		return "failed";
	case ENGINE_PUBLISHED:
		return "published";
	case ENGINE_UP_TO_DATE:
		return "up_to_date";
	case ENGINE_KEPT_ALIVE:
		return "kept_alive";
	case ENGINE_WRITTEN:
		return "written";
	case ENGINE_WOULD_PUBLISH:
		return "would_publish";
	}
	return "unknown";
}

enum status pipeline_options(struct cli *cli, struct engine_options *out, struct error *err)
{
	struct span wait;
	*out = (struct engine_options){
		.state = cli->state,
		.config = cli->config,
		.command = cli->command->name,
		.input = cli_value(cli, OPTION_INPUT),
		.output = cli_value(cli, OPTION_OUTPUT),
		.passphrase_file = cli_value(cli, OPTION_PASSPHRASE_FILE),
		.now = cli->now,
		.clock = cli_has(cli, OPTION_NOW) ? NULL : utc_now,
		.asked = clock_asked_new(cli->mem),
		.force = cli_has(cli, OPTION_FORCE),
		.anew = cli_has(cli, OPTION_ANEW),
		.replace = cli_has(cli, OPTION_REPLACE),
		.new_keys = cli_has(cli, OPTION_NEW_KEYS),
		.ignore_serial_date = cli_has(cli, OPTION_IGNORE_SERIAL_DATE),
		.dry_run = cli_has(cli, OPTION_DRY_RUN),
		.run_hooks = cli_has(cli, OPTION_RUN_HOOKS),
		.all_type_names = cli_has(cli, OPTION_TYPE_NAMES),
	};
	enum status status = cli_threads(cli, &out->threads, err);
	if (status == STATUS_OK)
		status = cli_span(cli, OPTION_WAIT, (struct span){ 0 }, &wait, err);
	if (status == STATUS_OK)
		out->lock_wait_seconds = wait.seconds;
	return status;
}

char *pipeline_label(const struct cli *cli, const char *zone, size_t number, size_t count)
{
	enum { NAME = 300 };
	char name[NAME];
	error_escape(zone, strlen(zone), name, sizeof(name));
	return count == 1 ? arena_strdup(cli->mem, name) : arena_printf(cli->mem, "[%zu/%zu] %s", number, count, name);
}

enum status pipeline_sign(struct cli *cli, struct store *store, const char *zone, const char *label,
    struct engine_options *options, struct engine_report *report, struct error *err)
{
	const bool shown = isatty(STDERR_FILENO) && !cli_has(cli, OPTION_QUIET) && !cli_has(cli, OPTION_JSON);
	struct progress *progress = progress_new(shown, label);
	options->progress = progress_phase;
	options->notice = progress_notice;
	options->progress_context = progress;
	options->meter = progress_meter(progress);
	enum status status = engine_sign(store, zone, options, cli->mem, report, err);
	progress_free(progress);
	return status;
}

/* "audit 3f9c21aa", the head of the chain: whoever keeps these lines elsewhere can prove that nothing was rewritten. */
static char *tail(const struct cli *cli, const struct engine_report *report)
{
	char head[65];
	bytes_to_hex((struct bytes){ report->audit_head, 32 }, false, head);
	return arena_printf(
	    cli->mem, "; state %s, audit %.16s%s", cli->state, head, report->virtual_clock ? ", VIRTUAL CLOCK" : "");
}

static void say_result(const struct cli *cli, const struct engine_report *report)
{
	const struct sign_result *sign = &report->sign;
	const char *after = tail(cli, report);
	switch (report->result) {
	case ENGINE_PUBLISHED:
	case ENGINE_KEPT_ALIVE:
		cli_say(cli,
		    "%s serial %" PRIu32 " published (%s): %" PRIu64 " records, %" PRIu64 " signatures (%" PRIu64
		    " new), %" PRIu64 " checks passed, %.1fs; %s%s",
		    report->zone, report->published_serial, report->reason, sign->records, sign->signatures,
		    sign->signatures_made, report->checks, report->seconds_total, report->output, after);
		return;
	case ENGINE_UP_TO_DATE:
		cli_say(cli, "%s up to date, serial %" PRIu32 ", next at %s%s", report->zone, report->published_serial,
		    report_when(report->next, cli->now, cli->mem), after);
		return;
	case ENGINE_WRITTEN:
		cli_say(cli,
		    "%s serial %" PRIu32 " written to stdout, no receipt: %" PRIu64 " records, %" PRIu64
		    " signatures, %" PRIu64 " checks passed%s",
		    report->zone, report->serial, sign->records, sign->signatures, report->checks, after);
		return;
	case ENGINE_WOULD_PUBLISH:
		cli_say(cli, "%s would publish serial %" PRIu32 " (%s) at %s; nothing was changed%s", report->zone,
		    report->serial, report->reason, report->output, after);
		return;
	case ENGINE_FAILED:
		return;
	}
}

/* What a failure means for the public zone, and what to do. */
static void say_effect(const struct cli *cli, const struct engine_report *report, enum status status)
{
	for (size_t i = 0; i < report->input_error_count; i++)
		cli_say(cli, "%s", report->input_errors[i]);
	bool hook_failed = report->hook_note != NULL && strcmp(report->phase, "hook") == 0;
	if (report->unsettled)
		cli_say(cli, "%s: serial %" PRIu32 " may be in place already; the next run finds out and records it",
		    report->zone, report->serial);
	else if (report->has_published && report->result != ENGINE_KEPT_ALIVE && !hook_failed)
		cli_say(cli, "%s: published serial %" PRIu32 " is untouched and valid until %s", report->zone,
		    report->published_serial, report_when(report->valid_until, cli->now, cli->mem));
	else if (!report->has_published)
		cli_say(cli, "%s: nothing is published yet, and nothing was published now", report->zone);
	/* A hook's failure is the run's own error unless the run has another. */
	if (report->hook_note != NULL && !hook_failed)
		cli_say(cli, "%s: %s", report->zone, report->hook_note);
	if (report->input_failing_since.seconds != 0)
		cli_say(cli, "%s: registrations are not getting out since %s", report->zone,
		    report_when(report->input_failing_since, cli->now, cli->mem));
	if (report->next_step != NULL)
		cli_say(cli, "%s: %s", report->zone, report->next_step);
	if (status == STATUS_NO && report->verdict != NULL)
		cli_say(cli, "%s: read: zoneseal verify --last %s --state %s%s%s", report->zone, report->zone,
		    cli->state, report->rejected != NULL ? "; the refused zone is " : "",
		    report->rejected != NULL ? report->rejected : "");
}

static void say_warnings(const struct cli *cli, const struct engine_report *report)
{
	const struct sign_result *sign = &report->sign;
	if (sign->occluded > 0)
		cli_say(cli,
		    "%s: warning: %" PRIu64 " records below a delegation or DNAME are kept, unsigned: no resolver "
		    "sees them",
		    report->zone, sign->occluded);
	if (sign->ttl_lowered > 0)
		cli_say(cli, "%s: warning: %" PRIu64 " RRsets had different TTLs and got their lowest (RFC 2181 5.2)",
		    report->zone, sign->ttl_lowered);
	if (sign->duplicates > 0)
		cli_say(cli, "%s: warning: %" PRIu64 " duplicate records dropped", report->zone, sign->duplicates);
	if (report->warnings > 0)
		cli_say(cli,
		    "%s: warning: the verifier has %" PRIu64
		    " remark%s that refuse%s nothing: zoneseal verify --last %s",
		    report->zone, report->warnings, report->warnings == 1 ? "" : "s", report->warnings == 1 ? "s" : "",
		    report->zone);
	if (sign->stripped > 0)
		cli_note(cli, "%s: %" PRIu64 " records of the input are made anew by zoneseal", report->zone,
		    sign->stripped);
	if (report->unsigned_not_asked != NULL)
		cli_note(cli, "%s: not compared with the unsigned input: %s", report->zone, report->unsigned_not_asked);
	if (report->not_compared != NULL)
		cli_note(cli,
		    "%s: not compared with what caches may still hold of serial %s: not in the archive, or too many",
		    report->zone, report->not_compared);
	if (report->memo != NULL)
		cli_note(cli, "%s: verify: %s", report->zone, report->memo);
	cli_note(cli, "%s: read %.2fs, build %.2fs, sign %.2fs, write %.2fs, verify %.2fs, total %.2fs", report->zone,
	    report->seconds_read, sign->seconds_build, sign->seconds_sign, sign->seconds_write, report->seconds_verify,
	    report->seconds_total);
}

void pipeline_say(const struct cli *cli, const struct engine_report *report, enum status status)
{
	if (report->keys_purged > 0)
		cli_say(cli, "%s: destroyed the private half of %u keys that left all caches (keys.purge-after)",
		    report->zone, report->keys_purged);
	if (report->keys_made > 0)
		cli_say(cli,
		    "%s: made %u keys, each proved by a signature; back them up: zoneseal backup --with-keys FILE",
		    report->zone, report->keys_made);
	if (report->sign.records > 0)
		say_warnings(cli, report);
	say_result(cli, report);
	if (report->changes != NULL && report->result != ENGINE_FAILED)
		cli_say(cli, "%s %s", report->zone, report->changes);
	if (report->input_held != NULL)
		cli_say(cli,
		    "%s: the input is held, %s; registrations are not getting out until zoneseal rollback %s "
		    "--withdraw",
		    report->zone, report->input_held, report->zone);
	if (report->offline_note != NULL && status == STATUS_OK)
		cli_say(cli, "%s: warning: %s", report->zone, report->offline_note);
	for (size_t i = 0; i < report->left_out_count; i++)
		cli_say(cli, "%s: warning: signing goes on without a store; %s; see zoneseal key doctor", report->zone,
		    report->left_out[i]);
	if (report->signatures_note != NULL)
		cli_say(cli, "%s: %s", report->zone, report->signatures_note);
	if (report->clock != NULL)
		cli_note(cli, "%s: clock: %s", report->zone, report->clock);
	if (report->parent != NULL)
		cli_note(cli, "%s: parent: %s", report->zone, report->parent);
	if (status != STATUS_OK)
		say_effect(cli, report, status);
}

static struct report *counts_report(const struct sign_result *sign)
{
	struct report *report = report_new(NULL);
	report_number(report, "records", (int64_t)sign->records);
	report_number(report, "signatures", (int64_t)sign->signatures);
	report_number(report, "signatures_made", (int64_t)sign->signatures_made);
	report_number(report, "signatures_kept", (int64_t)sign->signatures_kept);
	report_number(report, "delegations", (int64_t)sign->delegations);
	report_number(report, "secure_delegations", (int64_t)sign->secure_delegations);
	report_number(report, "denial_records", (int64_t)sign->denial_records);
	report_number(report, "duplicates", (int64_t)sign->duplicates);
	report_number(report, "ttl_lowered", (int64_t)sign->ttl_lowered);
	report_number(report, "occluded", (int64_t)sign->occluded);
	report_number(report, "stripped", (int64_t)sign->stripped);
	report_number(report, "size", (int64_t)sign->size);
	return report;
}

static struct report *seconds_report(const struct engine_report *from)
{
	struct report *report = report_new(NULL);
	report_real(report, "read", from->seconds_read);
	report_real(report, "build", from->sign.seconds_build);
	report_real(report, "sign", from->sign.seconds_sign);
	report_real(report, "write", from->sign.seconds_write);
	report_real(report, "verify", from->seconds_verify);
	report_real(report, "total", from->seconds_total);
	return report;
}

struct report *pipeline_report(
    const struct cli *cli, const struct engine_report *from, enum status status, const struct error *err)
{
	struct report *report = report_new("zoneseal.sign/1");
	report_text(report, "zone", from->zone);
	report_text(report, "result", result_name(from->result));
	report_number(report, "exit_code", status);
	report_bool(report, "dry_run", cli_has(cli, OPTION_DRY_RUN));
	report_text(report, "reason", from->reason);
	report_number(report, "serial", from->serial);
	report_text(report, "output", from->output);
	report_text(report, "policy", from->policy);
	report_text(report, "state", cli->state);
	report_bool(report, "virtual_clock", from->virtual_clock);
	report_text(report, "clock", from->clock);
	report_bool(report, "published", from->has_published);
	report_number(report, "published_serial", from->published_serial);
	report_time(report, "published_at", from->published_at);
	report_time(report, "valid_until", from->valid_until);
	report_time(report, "next", from->next);
	report_time(report, "input_failing_since", from->input_failing_since);
	report_text(report, "rejected", from->rejected);
	report_text(report, "next_step", from->next_step);
	report_text(report, "parent", from->parent);
	report_text(report, "hook", from->hook_note);
	report_texts(report, "left_out", from->left_out, from->left_out_count);
	report_text(report, "signatures_note", from->signatures_note);
	report_text(report, "ceremony", from->offline_note);
	report_number(report, "keys_purged", from->keys_purged);
	report_number(report, "checks", (int64_t)from->checks);
	report_number(report, "warnings", (int64_t)from->warnings);
	report_text(report, "not_compared", from->not_compared);
	report_text(report, "memo", from->memo);
	report_bool(report, "memo_kept", from->memo_kept);
	report_hex(report, "audit_head", from->audit_head, sizeof(from->audit_head));
	if (from->sign.size > 0)
		report_hex(report, "sha256", from->sign.sha256, sizeof(from->sign.sha256));
	else
		report_text(report, "sha256", NULL);
	report_child(report, "counts", counts_report(&from->sign));
	report_child(report, "seconds", seconds_report(from));
	report_json(report, "verdict", from->verdict);
	report_texts(report, "input_errors", from->input_errors, from->input_error_count);
	if (status != STATUS_OK)
		report_error(report, err, status, cli_check_of(err->message));
	return report;
}

enum status pipeline_tell(
    struct cli *cli, const struct engine_report *report, bool stdout_is_free, enum status status, struct error *err)
{
	struct error problem;
	error_clear(&problem);
	if (cli_has(cli, OPTION_JSON) && stdout_is_free) {
		const enum status printed = cli_print(cli, pipeline_report(cli, report, status, err), &problem);
		if (status == STATUS_OK && printed != STATUS_OK) {
			*err = problem;
			status = printed;
		}
	}
	if (status != STATUS_OK) {
		char text[1100];
		error_format(err, text, sizeof(text));
		fprintf(stderr, "zoneseal: %s\n", text);
		err->message[0] = '\0';
	}
	pipeline_say(cli, report, status);
	return status;
}
