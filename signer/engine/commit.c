/* SPDX-License-Identifier: MIT */
/* What comes after signing: the gate, then the publishing order of interface.md. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/engine/archive.h"
#include "signer/engine/attempt.h"
#include "signer/engine/cached.h"
#include "signer/engine/expect.h"
#include "signer/engine/gate.h"
#include "signer/engine/hooks.h"
#include "signer/engine/kept.h"
#include "signer/engine/quorum.h"
#include "signer/engine/roll_run.h"
#include "signer/engine/roll_step.h"
#include "signer/engine/rollback.h"

enum { COPY_PIECE = 1 << 16 };

/* Beside the file that would have been replaced, which is elsewhere if the output path is a symbolic link. */
static const char *rejected_path(const struct attempt *attempt)
{
	const struct run *run = attempt->run;
	char link[40], folder[PATH_MAX];
	struct stat at;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", attempt->publish.folder);
	ssize_t size = -1;
	if (lstat(run->output.path, &at) == 0 && S_ISLNK(at.st_mode))
		size = readlink(link, folder, sizeof(folder) - 1);
	if (size <= 0)
		return arena_printf(run->mem, "%s.rejected", run->output.path);
	return arena_printf(run->mem, "%.*s/%s.rejected", (int)size, folder, attempt->publish.target);
}

static void keep_rejected(struct attempt *attempt)
{
	struct run *run = attempt->run;
	if (run->output.to_stdout)
		return;
	const char *path = rejected_path(attempt);
	/* It may take long, and until it is done a signal takes the file away. */
	const bool synced = publish_sync(&attempt->publish, NULL) == STATUS_OK;
	signals_guard(run->signals, NULL);
	if (synced && publish_rename_as(&attempt->publish, ".rejected", NULL) == STATUS_OK)
		run->report->rejected = path;
}

/* The gate reads the input again, by its descriptor and those of what it includes. */
static int unsigned_for_gate(struct attempt *attempt)
{
	if (attempt->keep_alive && attempt->run->back_file < 0)
		attempt->run->report->unsigned_not_asked = "the last published content was signed again";
	else
		return attempt->file;
	return -1;
}

static enum status still_the_same(const struct attempt *attempt, struct error *err)
{
	struct file_stamp stamp;
	enum status status = file_stamp_of(attempt->file, &stamp, err);
	const char *changed = NULL;
	if (status == STATUS_OK && !attempt->keep_alive && !file_stamp_equal(&stamp, &attempt->stamp))
		changed = attempt->name;
	for (size_t i = 0; status == STATUS_OK && i < attempt->included_count; i++) {
		status = file_stamp_of(attempt->included[i].descriptor, &stamp, err);
		if (status == STATUS_OK && !file_stamp_equal(&stamp, &attempt->included[i].stamp))
			changed = attempt->included[i].name;
	}
	if (status == STATUS_OK && changed != NULL)
		return error_set(err, STATUS_BUSY,
		    "input %s changed while it was being signed; the next run reads it again", changed);
	return status;
}

static struct gate_include *includes_for_gate(const struct attempt *attempt)
{
	struct gate_include *out = arena_calloc(attempt->run->mem, attempt->included_count + 1, sizeof(*out));
	for (size_t i = 0; i < attempt->included_count; i++)
		out[i] = (struct gate_include){ attempt->included[i].name, attempt->included[i].descriptor };
	return out;
}

/* What is not a signature; the rest of a zone changes with its content alone. */
static uint64_t unsigned_records(uint64_t records, uint64_t signatures)
{
	return records > signatures ? records - signatures : 0;
}

/* The last version is neither at the output nor in the archive: of the change limits, the one on the zone's size can
 * still be kept, with what the store remembers, and passed by a planned change, which `*needed` tells. */
static enum status check_size(
    const struct attempt *attempt, const struct store_expected *planned, bool *needed, struct error *err)
{
	const struct run *run = attempt->run;
	const struct policy_limit *limit = &run->policy.size_change;
	if (!run->has_last || run->output.previous >= 0 || limit->most_ppm == POLICY_UNLIMITED)
		return STATUS_OK;
	const struct sign_result *sign = &run->report->sign;
	uint64_t before = unsigned_records(run->last.records, run->last.signatures);
	uint64_t after = unsigned_records(sign->records, sign->signatures);
	uint64_t change = before > after ? before - after : after - before;
	const bool beyond = change > limit->floor + before * limit->most_ppm / 1000000;
	*needed = beyond && planned != NULL;
	if (!beyond || planned != NULL)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "the zone goes from %" PRIu64 " to %" PRIu64 " records, more than policy %s lets one publication change, "
	    "and the last version (serial %u) is neither at %s nor in the archive to compare with; put it back"
	    ", or say that this is planned",
	    before, after, run->policy.name, run->last.serial, run->output.path);
}

/* How this publication stands to what was planned. What is kept alive changes nothing and uses nothing up. */
static enum status planned_changes(const struct attempt *attempt, struct expect *out, struct error *err)
{
	const struct run *run = attempt->run;
	struct store_expected *all = NULL;
	size_t count = 0;
	const bool by_input = run->policy.serial == POLICY_SERIAL_UNIXTIME;
	const enum status status = attempt->keep_alive && run->back_file < 0
				       ? STATUS_OK
				       : store_expected(run->store, run->zone.id, run->mem, &all, &count, err);
	*out = (struct expect){ .all = all,
		.count = count,
		.serial = by_input ? attempt->input_serial : attempt->serial,
		.now = run->now };
	return status;
}

/* A refusal by change limits alone has a way on. */
static void tell_next(struct attempt *attempt, const struct expect *expect, const struct gate_verdict *verdict)
{
	struct run *run = attempt->run;
	if (verdict->by_limits && (!attempt->keep_alive || run->back_file >= 0))
		run->report->next_step = expect_next(expect, run->zone.name, verdict->refusing, run->mem);
}

/* What is rolled back to has a serial that is used: choose_serial took another. */
static struct policy policy_for_gate(const struct run *run)
{
	struct policy policy = run->policy;
	if (run->back_file >= 0 && policy.serial == POLICY_SERIAL_KEEP)
		policy.serial = POLICY_SERIAL_INCREMENT;
	return policy;
}

/* What goes to stdout is published by others, if at all: all of it is computed. */
static void open_memo(struct attempt *attempt)
{
	const struct run *const run = attempt->run;
	if (!run->output.to_stdout)
		memo_open(&attempt->memo, run->options->state, run->zone.name, &run->policy,
		    run->report->sign.signatures, run->mem);
}

/* `file` is the signed zone, for reading only: none of those who judge it can write through it. */
static enum status ask_gate(struct attempt *attempt, int file, const struct cached_files *older,
    const struct store_expected *const expected[VERIFY_LIMITS], struct gate_verdict *verdict, struct error *err)
{
	struct run *run = attempt->run;
	const struct policy policy = policy_for_gate(run);
	open_memo(attempt);
	const struct gate gate = { .verifier = run->options->verifier,
		.zone = run->zone.name,
		.apex = run->apex,
		.file = file,
		.previous = run->output.previous,
		.older = older->all,
		.older_count = older->count,
		.unsigned_input = unsigned_for_gate(attempt),
		.includes = includes_for_gate(attempt),
		.include_count = attempt->included_count,
		.keys = attempt->keys,
		.key_count = attempt->key_count,
		.policy = &policy,
		.unsigned_output = attempt->unsigned_output,
		.cds_delete = attempt->cds_delete,
		.serial = attempt->serial,
		.serial_floor = attempt->has_serial_floor ? &attempt->serial_floor : NULL,
		.expected = expected,
		.signed_zone = &run->report->sign,
		.memo = attempt->memo.wanted ? &attempt->memo.gate : NULL,
		.now = run->now,
		.threads = run->options->threads };
	run_phase(run, "verify");
	double begin = run_clock();
	meter_follow(run->options->meter, file, run->report->sign.size);
	enum status status = gate_ask(&gate, run->mem, verdict, err);
	meter_begin(run->options->meter, 0, NULL);
	if (status == STATUS_OK)
		status = quorum_ask(&gate, run->mem, verdict, err);
	signals_pass(run->signals);
	run->report->seconds_verify = run_clock() - begin;
	return status;
}

/* A program of the same user that has the path may write to the file all the same. */
static enum status still_judged(const struct attempt *attempt, struct error *err)
{
	struct file_stamp now;
	const enum status status = file_stamp_of(attempt->publish.file, &now, err);
	if (status == STATUS_OK && !file_stamp_equal(&now, &attempt->judged))
		return error_set(err, STATUS_NO,
		    "gate.same-bytes: %s: the signed zone changed after it was written, so it is not what was judged; "
		    "nothing is published; find out which program writes there, and run again",
		    attempt->publish.target);
	return status;
}

static enum status judge(struct attempt *attempt, const struct store_expected *const expected[VERIFY_LIMITS],
    struct gate_verdict *verdict, struct error *err)
{
	const char *const path = arena_printf(attempt->run->mem, "/proc/self/fd/%d", attempt->publish.file);
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	*verdict = (struct gate_verdict){ 0 };
	if (file < 0)
		return error_set_errno(err, "signed zone: to be read by its verifier");
	struct cached_files older;
	enum status status = file_stamp_of(file, &attempt->judged, err);
	if (status == STATUS_OK)
		status = cached_open(attempt, &older, err);
	if (status == STATUS_OK) {
		attempt->run->report->not_compared = older.missing;
		status = ask_gate(attempt, file, &older, expected, verdict, err);
		cached_close(&older);
	}
	close(file);
	return status == STATUS_OK ? still_judged(attempt, err) : status;
}

static void note_verdict(struct attempt *attempt, enum status status, const struct gate_verdict *verdict)
{
	struct engine_report *const report = attempt->run->report;
	report->verdict = verdict->json;
	report->checks = verdict->checks;
	report->warnings = verdict->warnings;
	report->changes = verdict->changes;
	report->memo = verdict->memo;
	attempt->proofs_stand = status == STATUS_NO && (verdict->by_limits || verdict->stopped);
	if (status != STATUS_OK && !attempt->proofs_stand)
		memo_drop(&attempt->memo);
	else if (status != STATUS_OK || !verdict->memo_written)
		memo_close(&attempt->memo);
}

enum status attempt_verify(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	struct gate_verdict verdict;
	struct error why;
	error_clear(&why);
	struct expect expect;
	const struct store_expected *expected[VERIFY_LIMITS];
	bool size_needed = false;
	enum status status = planned_changes(attempt, &expect, err);
	if (status != STATUS_OK)
		return status;
	expect_open(&expect, expected);
	status = check_size(attempt, expected[VERIFY_RECORDS], &size_needed, err);
	if (status == STATUS_REFUSED)
		tell_next(attempt, &expect,
		    &(struct gate_verdict){ .by_limits = true, .refusing = { [VERIFY_RECORDS] = true } });
	if (status != STATUS_OK)
		return status;
	status = judge(attempt, expected, &verdict, &why);
	note_verdict(attempt, status, &verdict);
	if (status == STATUS_OK || status == STATUS_NO) {
		/* An input that moved under our feet explains a "no" better than the finding does. */
		enum status same = still_the_same(attempt, err);
		if (same != STATUS_OK)
			return same;
	}
	verdict.needed[VERIFY_RECORDS] = verdict.needed[VERIFY_RECORDS] || size_needed;
	attempt->expected = expect_ids(expected, verdict.needed, run->mem, &attempt->expected_count);
	if (status == STATUS_OK)
		return STATUS_OK;
	*err = why;
	if (status != STATUS_NO)
		return status;
	tell_next(attempt, &expect, &verdict);
	keep_rejected(attempt);
	if (verdict.refused && strncmp(err->message, "unsigned.zonemd:", 16) == 0)
		error_context(err, "input %s", attempt->name);
	return error_context(err, "serial %u must not be published", attempt->serial);
}

static struct store_version version_of(struct attempt *attempt)
{
	struct run *run = attempt->run;
	const struct sign_result *sign = &run->report->sign;
	struct store_version version = { .serial = attempt->serial,
		.path = run->output.path,
		.keys = arena_printf(run->mem, "%s%s", zonekeys_list(attempt->keys, attempt->key_count, run->mem),
		    roll_step_write(&run->roll, run->mem)),
		.verdict = run->report->verdict,
		.intended = run_now(run),
		.first_expiry = sign->first_expiry,

		/* At refresh_due itself the signature is still good enough to be kept. */
		.refresh = utc_add(sign->refresh_due, (struct span){ 1 }),
		.largest_ttl = sign->largest_ttl,
		.dnskey_ttl = run->policy.dnskey_ttl,
		.negative_ttl = sign->negative_ttl,
		.records = sign->records,
		.signatures = sign->signatures,
		.size = sign->size,
		.input_serial = run->back_file >= 0   ? run->back.input_serial
				: attempt->keep_alive ? run->last.input_serial
						      : attempt->input_serial,
		.expected = attempt->expected,
		.expected_count = attempt->expected_count };
	memcpy(version.sha256, sign->sha256, 32);
	memcpy(version.input_sha256, attempt->input_sha256, 32);
	memcpy(version.config_sha256, attempt->config_sha256, 32);
	return version;
}

static enum status keep_old(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	const char *state = run->options->state;
	if (!run->output.exists)
		return STATUS_OK;
	if (run->output.is_last)
		return archive_keep(state, run->zone.name, &run->last, &attempt->publish, run->mem, err);
	if (!run->output.is_ours)
		return archive_keep_foreign(
		    state, run->zone.name, run->output.sha256, &attempt->publish, run->mem, err);
	return STATUS_OK;
}

/* The step begins at the moment of publication, which is later than when the zone was signed for it. */
static enum status confirm(struct attempt *attempt, struct store_version *version, struct error *err)
{
	struct run *run = attempt->run;
	const struct roll_publication publication = { .first = !run->has_last,
		.dnskey_ttl = version->dnskey_ttl,
		.largest_ttl = version->largest_ttl,
		.negative_ttl = version->negative_ttl };
	struct store_step step;
	struct utc now = run_now(run);
	version->published = now;
	enum status status =
	    roll_step_make(version->keys, run->keys.all, run->keys.count, &publication, now, run->mem, &step, err);
	return status == STATUS_OK ? store_confirm_step(run->store, run->zone.id, version->id, now, &step, err)
				   : status;
}

/* `target` names the published file. */
static void after_publication(
    struct attempt *attempt, const struct store_version *version, const struct publish *target)
{
	struct run *run = attempt->run;
	struct engine_report *report = run->report;
	report->result = attempt->keep_alive && !attempt->held ? ENGINE_KEPT_ALIVE : ENGINE_PUBLISHED;
	report->has_published = true;
	report->published_serial = version->serial;
	report->published_at = version->published;
	report->valid_until = version->first_expiry;
	if (version->rolled_back != NULL)
		report->input_held = arena_printf(run->mem, "rolled back %s", version->rolled_back);
	run->roll_is_current = false;
	report->next = roll_run_next(run, version->refresh);
	report->memo_kept = memo_keep(&attempt->memo);
	kept_write(run, &attempt->draft, version);
	/* Kept from now on as well: what is at the output path may be removed by others. What cannot be kept now is
	 * kept before it is replaced, or nothing is. */
	if (archive_keep(run->options->state, run->zone.name, version, target, run->mem, NULL) != STATUS_OK)
		return;
	const int64_t *wanted = NULL;
	const size_t wanted_count = cached_wanted(run, &wanted);
	archive_prune(
	    run->options->state, run->zone.name, run->policy.keep_versions + 1, wanted, wanted_count, run->mem);
}

enum status attempt_commit(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	struct store_version version = version_of(attempt);
	version.rolled_back = rollback_words(run, version.serial);
	struct publish target = attempt->publish; /* publish_rename closes the other one */
	target.folder = fcntl(attempt->publish.folder, F_DUPFD_CLOEXEC, 3);
	run_phase(run, "publish");
	/* The disk has been at it since the file was written, while the gate read it from memory. Before the intent:
	 * what the keystore says may be published is on the disk. It may take long, so the output is looked at after
	 * it. */
	enum status status = publish_sync(&attempt->publish, err);
	if (status == STATUS_OK)
		status = still_judged(attempt, err);
	if (status == STATUS_OK)
		status = output_unchanged(&run->output, &attempt->publish, err);
	/* A signal waits until there is a receipt, or the attempt is over. */
	signals_hold(run->signals);
	if (status == STATUS_OK)
		status = store_add_intent(run->store, run->zone.id, &version, run_now(run), err);
	if (status == STATUS_OK)
		status = keep_old(attempt, err);
	if (status == STATUS_OK)
		status = publish_rename(&attempt->publish, err);
	if (status == STATUS_OK)
		status = confirm(attempt, &version, err);
	signals_guard(run->signals, attempt->publish.temporary[0] != '\0' ? &attempt->publish : NULL);
	if (status == STATUS_OK)
		after_publication(attempt, &version, &target);
	if (target.folder >= 0)
		close(target.folder);
	return status;
}

/* What goes to stdout may be served by anyone: its serial is used from now on, though nothing has its receipt. */
static enum status use_serial(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	struct store_version version = version_of(attempt);
	version.path = "-";
	enum status status = store_add_intent(run->store, run->zone.id, &version, run_now(run), err);
	return status == STATUS_OK ? store_abandon(run->store, run->zone.id, version.id, run_now(run), err) : status;
}

enum status attempt_write_stdout(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	char *piece = arena_alloc(run->mem, COPY_PIECE);
	run_phase(run, "write");
	enum status status = use_serial(attempt, err);
	if (status != STATUS_OK)
		return status;
	if (lseek(attempt->publish.file, 0, SEEK_SET) != 0)
		return error_set_errno(err, "signed zone");
	for (;;) {
		ssize_t size = read(attempt->publish.file, piece, COPY_PIECE);
		if (size < 0)
			return error_set_errno(err, "signed zone");
		if (size == 0)
			break;
		for (ssize_t done = 0; done < size;) {
			ssize_t written = write(STDOUT_FILENO, piece + done, (size_t)(size - done));
			if (written < 0 && errno == EINTR)
				continue;
			if (written <= 0)
				return error_set_errno(err, "stdout");
			done += written;
		}
	}
	run->report->result = ENGINE_WRITTEN;
	run->report->next = run->report->sign.refresh_due;
	return STATUS_OK;
}
