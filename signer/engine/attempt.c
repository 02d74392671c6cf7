/* SPDX-License-Identifier: MIT */
/* Reads, decides, signs: what comes before the gate. What comes after it is in commit.c. */
#include "signer/engine/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policies/policy_yaml.h"
#include "signer/base/bytes.h"
#include "signer/engine/archive.h"
#include "signer/engine/clock.h"
#include "signer/engine/folder.h"
#include "signer/engine/guard.h"
#include "signer/engine/kept.h"
#include "signer/engine/known_file.h"
#include "signer/engine/offline.h"
#include "signer/engine/roll_run.h"
#include "signer/engine/roll_step.h"
#include "signer/engine/serial.h"

enum { PIPE_PIECE = 1 << 16, ROOM_SPARE = 1 << 20, WRITER_MILLISECONDS = 5000 };

/* A pipe can be read once, but the gate wants to read the input too: it becomes an unnamed file. */
static enum status copy_pipe(struct attempt *attempt, int from, struct error *err)
{
	char *folder = folder_path(attempt->run->options->state, "zones", attempt->run->mem);
	int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file < 0)
		return error_set_errno(err, "%s: temporary file for the input", folder);
	attempt->file = file;
	char *piece = arena_alloc(attempt->run->mem, PIPE_PIECE);
	meter_begin(attempt->run->options->meter, 0, "octets");
	for (;;) {
		ssize_t size = read(from, piece, PIPE_PIECE);
		if (size == 0)
			break;
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_set_errno(err, "input %s", attempt->name);
		meter_add(attempt->run->options->meter, (uint64_t)size);
		for (ssize_t done = 0; done < size;) {
			ssize_t written = write(file, piece + done, (size_t)(size - done));
			if (written <= 0)
				return error_set_errno(err, "%s: temporary file for the input", folder);
			done += written;
		}
	}
	return lseek(file, 0, SEEK_SET) == 0 ? STATUS_OK : error_set_errno(err, "input %s", attempt->name);
}

static const char *folder_of(const char *path, struct arena *mem)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_strndup(mem, path, (size_t)(slash - path));
}

/* A named pipe that nobody opens for writing would hold the run, and its lock, for ever: after a while it is empty. */
static enum status copy_special(struct attempt *attempt, int file, struct error *err)
{
	struct pollfd wait = { .fd = file, .events = POLLIN };
	if (poll(&wait, 1, WRITER_MILLISECONDS) < 0 && errno != EINTR)
		return error_set_errno(err, "input %s", attempt->name);
	int flags = fcntl(file, F_GETFL);
	if (flags < 0 || fcntl(file, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return error_set_errno(err, "input %s", attempt->name);
	return copy_pipe(attempt, file, err);
}

static enum status open_input(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	struct stat stat_of;
	const char *path = run->options->input != NULL ? run->options->input : run->zone.input;
	if (path == NULL)
		return error_set(err, STATUS_MISSING, "no input is known; give it with -i FILE");
	if (strcmp(path, "-") == 0) {
		attempt->name = "<stdin>";
		return copy_pipe(attempt, STDIN_FILENO, err);
	}
	attempt->name = folder_absolute(path, run->mem);
	int file = open(attempt->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return error_set_errno(err, "input %s", attempt->name);
	if (fstat(file, &stat_of) != 0 || S_ISDIR(stat_of.st_mode)) {
		close(file);
		return error_set(err, STATUS_MISSING, "input %s: is a folder", attempt->name);
	}
	if (S_ISREG(stat_of.st_mode)) {
		attempt->file = file;
		attempt->folder = folder_of(attempt->name, run->mem);
		return STATUS_OK;
	}
	enum status status = copy_special(attempt, file, err);
	close(file);
	return status;
}

/* The content of the last published version, or of the one that is rolled back to: the signer strips from it what it
 * makes itself. */
static enum status open_last(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	const bool back = run->back_file >= 0;
	attempt->name = back ? archive_path(run->options->state, run->zone.name, &run->back, run->mem) : run->last.path;
	if (!back && run->output.previous < 0)
		return error_set(
		    err, STATUS_MISSING, "neither %s nor the archive holds the last published version", run->last.path);
	attempt->file = fcntl(back ? run->back_file : run->output.previous, F_DUPFD_CLOEXEC, 3);
	if (attempt->file < 0 || lseek(attempt->file, 0, SEEK_SET) != 0)
		return error_set_errno(err, "%s", attempt->name);
	return STATUS_OK;
}

static bool ds_is(const struct attempt *attempt, enum key_state state)
{
	for (size_t i = 0; i < attempt->key_count; i++)
		if (attempt->keys[i].state[KEY_DS] == state)
			return true;
	return false;
}

/* CDS that are to be published, or to leave, change the zone as well. */
static char *wanted_ds(const struct attempt *attempt)
{
	struct run *run = attempt->run;
	char *out = arena_strdup(run->mem, "");
	const bool changing = ds_is(attempt, KEY_RUMOURED) || ds_is(attempt, KEY_UNRETENTIVE);
	if (run->policy.cds == POLICY_CDS_NONE || (run->policy.cds == POLICY_CDS_ROLLOVER && !changing))
		return out;
	for (size_t i = 0; i < attempt->key_count; i++) {
		const enum key_state ds = attempt->keys[i].state[KEY_DS];
		if (ds == KEY_RUMOURED || ds == KEY_OMNIPRESENT)
			out = arena_printf(run->mem, "%sds %lld\n", out, (long long)attempt->keys[i].id);
	}
	return out;
}

/* Policy, keys with their uses, and how names are written: all that shapes the output beside the input. */
static void hash_config(struct attempt *attempt)
{
	struct run *run = attempt->run;
	char *keys = zonekeys_list(attempt->keys, attempt->key_count, run->mem);
	char *text = arena_printf(run->mem, "%s\n%s%s\nall names %d\n%s", policy_yaml_print(&run->policy, run->mem),
	    keys, wanted_ds(attempt), run->options->all_type_names,
	    run->roll.offline != NULL ? offline_words(run->roll.offline, run->mem) : "");
	bytes_sha256((struct bytes){ (const uint8_t *)text, strlen(text) }, attempt->config_sha256);
}

/* One run tells all that is wrong with the input, up to what the reader gives. */
static void note_errors(struct attempt *attempt)
{
	struct run *run = attempt->run;
	struct engine_report *report = run->report;
	const struct zonetext *input = &attempt->input;
	if (input->error_count < 2)
		return;
	const char **texts = arena_calloc(run->mem, input->error_count, sizeof(*texts));
	report->input_errors = texts;
	report->input_error_count = input->error_count - 1;
	for (size_t i = 1; i < input->error_count; i++) {
		char text[1100];
		error_format(&input->errors[i], text, sizeof(text));
		texts[i - 1] = arena_strdup(run->mem, text);
	}
}

static enum status read_input(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	const struct zonetext_options options = { .name = attempt->name,
		.origin = run->apex,
		.folder = attempt->folder,
		.threads = run->options->threads,
		.meter = run->options->meter,
		.strict_end = !attempt->keep_alive };
	double begin = run_clock();
	enum status status = file_stamp_of(attempt->file, &attempt->stamp, err);
	if (status == STATUS_OK)
		meter_begin(run->options->meter, attempt->stamp.size, "octets");
	if (status == STATUS_OK && !attempt->keep_alive)
		status = output_is_not_input(&run->output, &attempt->stamp, err);
	if (status == STATUS_OK)
		status = zonetext_read(attempt->file, &options, &attempt->input, err);
	run->report->seconds_read = run_clock() - begin;
	if (status == STATUS_MALFORMED && !attempt->keep_alive)
		note_errors(attempt);
	if (status != STATUS_OK)
		return status;
	if (!sign_input_serial(attempt->input.records, attempt->input.count, run->apex, &attempt->input_serial))
		return error_set(
		    err, STATUS_MALFORMED, "%s: no SOA at %s (RFC 1035 5.2)", attempt->name, run->zone.name);
	if (attempt->keep_alive) {
		memcpy(
		    attempt->input_sha256, run->back_file >= 0 ? run->back.input_sha256 : run->last.input_sha256, 32);
		return STATUS_OK;
	}
	memcpy(attempt->input_sha256, attempt->input.sha256, 32);
	if (attempt->input.file_count == 1 && attempt->folder != NULL)
		known_file_note(run, STORE_FILE_INPUT, attempt->name, attempt->file, &attempt->stamp,
		    attempt->input_sha256, attempt->input_serial);
	return STATUS_OK;
}

/* What the input holds, if it is known without reading it; enough to see that nothing is due. */
static bool input_is_known(struct attempt *attempt)
{
	struct run *run = attempt->run;
	return !attempt->keep_alive && attempt->folder != NULL &&
	       file_stamp_of(attempt->file, &attempt->stamp, NULL) == STATUS_OK &&
	       output_is_not_input(&run->output, &attempt->stamp, NULL) == STATUS_OK &&
	       known_file(run, STORE_FILE_INPUT, attempt->name, &attempt->stamp, attempt->input_sha256,
		   &attempt->input_serial);
}

/* Why something has to be published now; NULL: nothing is due. */
static const char *why_due(const struct attempt *attempt)
{
	const struct run *run = attempt->run;
	if (run->output.to_stdout)
		return "written to stdout";
	if (!run->has_last)
		return "first publication";
	if (run->back_file >= 0)
		return arena_printf(run->mem, "rolled back to serial %u", run->back.serial);
	if (roll_is_visible(&run->roll) || (run->options->dry_run && run->roll.plan.birth_count > 0))
		return roll_reason(&run->roll, run->mem);
	if (!utc_before(run->now, run->last.refresh))
		return attempt->keep_alive && !attempt->held ? "signatures due, the input is bad" : "signatures due";
	if (!run->output.exists)
		return "published file is missing";
	if (attempt->keep_alive && !attempt->held)
		return NULL;
	if (memcmp(attempt->input_sha256, run->last.input_sha256, 32) != 0)
		return "input changed";
	if (memcmp(attempt->config_sha256, run->last.config_sha256, 32) != 0)
		return "policy or keys changed";
	if (!run->output.is_last)
		return "published file is not the last version";
	if (run->options->anew)
		return "all signatures are made anew";
	return run->options->force ? "forced" : NULL;
}

/* Greater than the floor is not yet unused: after a wrap the numbers come round again. */
static enum status skip_used(struct attempt *attempt, bool keep, struct error *err)
{
	struct run *run = attempt->run;
	bool used = false;
	enum status status = store_serial_is_used(run->store, run->zone.id, attempt->serial, &used, err);
	if (status == STATUS_OK && used && keep)
		return error_set(err, STATUS_REFUSED,
		    "serial policy keep: the input's serial %u was used by this zone before; the input needs another",
		    attempt->serial);
	while (status == STATUS_OK && used) {
		attempt->serial = serial_successor(attempt->serial);
		status = store_serial_is_used(run->store, run->zone.id, attempt->serial, &used, err);
	}
	return status;
}

static enum status choose_serial(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	struct serial_facts facts = { .input = attempt->input_serial, .now = run->now };
	enum status status = store_serial_floor(run->store, run->zone.id, &facts.floor, &facts.has_floor, err);
	if (status != STATUS_OK)
		return status;
	if (run->output.has_serial && (!facts.has_floor || serial_greater(run->output.serial, facts.floor))) {
		facts.has_floor = true;
		facts.floor = run->output.serial;
	}
	attempt->has_serial_floor = facts.has_floor;
	attempt->serial_floor = facts.floor;
	/* The content that is kept alive has its own serial, which is used: only a new one will do. */
	enum policy_serial policy = run->policy.serial;
	if (attempt->keep_alive && policy == POLICY_SERIAL_KEEP)
		policy = POLICY_SERIAL_INCREMENT;
	status = serial_next(policy, &facts, &attempt->serial, err);
	return status == STATUS_OK ? skip_used(attempt, policy == POLICY_SERIAL_KEEP, err) : status;
}

static struct sign_parameters parameters_of(const struct attempt *attempt)
{
	const struct run *run = attempt->run;
	const struct policy *policy = &run->policy;
	static const enum apex_cds when[] = { [POLICY_CDS_NONE] = APEX_CDS_NONE,
		[POLICY_CDS_ALWAYS] = APEX_CDS_ALWAYS,
		[POLICY_CDS_ROLLOVER] = APEX_CDS_ROLLOVER };
	return (struct sign_parameters){
		.apex = run->apex,
		.now = run->now,
		.serial = attempt->serial,
		.validity = policy->validity,
		.validity_dnskey = policy->validity_dnskey,
		.inception_offset = policy->inception_offset,
		.jitter = policy->jitter,
		.refresh = policy->refresh,
		.nsec3 = policy->denial == POLICY_NSEC3,
		.opt_out = policy->opt_out,
		.iterations = policy->iterations,
		.salt = policy->salt,
		.salt_size = policy->salt_size,
		.dnskey_ttl = policy->dnskey_ttl,
		.zonemd = policy->zonemd,
		.cds = when[policy->cds],
		.cds_delete = attempt->cds_delete,
		.unsigned_output = attempt->unsigned_output,
		.max_ttl = policy->max_zone_ttl,
		.all_type_names = run->options->all_type_names,
		.meter = run->options->meter,
		.threads = run->options->threads,
	};
}

/* The last version's signatures, or its records for the signatures in them. Without them all is signed anew: no error.
 */
static void read_previous(struct attempt *attempt)
{
	struct run *run = attempt->run;
	const struct zonetext_options options = {
		.name = "the last version", .origin = run->apex, .threads = run->options->threads
	};
	if (run->options->anew || run->output.previous < 0 || lseek(run->output.previous, 0, SEEK_SET) != 0)
		return;
	attempt->has_kept = kept_open(run, &attempt->kept);
	if (attempt->has_kept)
		return;
	attempt->has_previous = zonetext_read(run->output.previous, &options, &attempt->previous, NULL) == STATUS_OK;
}

/* The temporary file; for stdout it has no name from the start. */
static enum status open_output(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	const char *path = run->output.path;
	uint64_t wanted = 4 * attempt->input.text_size + ROOM_SPARE;
	if (run->has_last && run->last.size > 0)
		wanted = run->last.size + run->last.size / 4 + ROOM_SPARE;
	if (run->output.to_stdout)
		path = arena_printf(
		    run->mem, "%s.stdout", folder_zone_output(run->options->state, run->zone.name, run->mem));
	enum status status = publish_room(path, wanted, err);
	signals_hold(run->signals);
	if (status == STATUS_OK)
		status = publish_open(path, 0644, &attempt->publish, err);
	signals_guard(run->signals, status == STATUS_OK && !run->output.to_stdout ? &attempt->publish : NULL);
	if (status == STATUS_MISSING || status == STATUS_PERMISSION)
		status = err->code = STATUS_IO; /* 66 and 77 would tell of the input and of keys */
	if (status != STATUS_OK) {
		error_context(err, "output");
		return status;
	}
	if (!run->output.to_stdout)
		return STATUS_OK;
	if (unlinkat(attempt->publish.folder, attempt->publish.temporary, 0) != 0)
		return error_set_errno(err, "%s", path);
	attempt->publish.temporary[0] = '\0';
	return STATUS_OK;
}

/* The gate reads the input again, and what it includes. */
static void keep_included(struct attempt *attempt)
{
	struct arena *mem = attempt->run->mem;
	struct zonetext *input = &attempt->input;
	attempt->included = arena_calloc(mem, input->included_count + 1, sizeof(*attempt->included));
	for (size_t i = 0; i < input->included_count; i++) {
		attempt->included[i] = input->included[i];
		attempt->included[i].name = arena_strdup(mem, input->included[i].name);
	}
	attempt->included_count = input->included_count;
	input->included_count = 0;
}

/* From here on the temporary file is what counts: the gate has the memory that the content took. */
static void drop_content(struct attempt *attempt)
{
	keep_included(attempt);
	zonetext_free(&attempt->input);
	zonetext_free(&attempt->previous);
	sigfile_close(&attempt->kept);
	malloc_trim(0);
}

/* What the KSK signed in a ceremony. CDS for another DS set than the one that is wanted now stay away, which asks the
 * parent for nothing (RFC 7344 4.1). */
static enum status take_signatures(struct attempt *attempt, struct sign_parameters *parameters, struct error *err)
{
	struct run *run = attempt->run;
	struct record *signatures;
	bool child, late;
	if (run->roll.offline == NULL || attempt->unsigned_output)
		return STATUS_OK;
	if (run->roll.offline->used == SIZE_MAX) {
		const char *const why = offline_alarm(&run->roll, run->now, run->mem, &late);
		return error_set(err, STATUS_KEY, "time.offline-ksk: %s",
		    why != NULL ? why
				: "this is where the KSK is kept (zoneseal skr sign); zones are signed elsewhere");
	}
	offline_signatures(&run->roll, attempt->keys, attempt->key_count, run->apex, run->mem, &signatures,
	    &parameters->offline_count, &child);
	parameters->offline_signatures = signatures;
	parameters->cds_delete = attempt->cds_delete = false;
	if (!child)
		parameters->cds = APEX_CDS_NONE;
	return STATUS_OK;
}

/* A key that does not sign as it should is known by now; what it means for the zone is not said yet. */
static enum status tell_keys(const struct run *run, struct error *err)
{
	const char *const why = arena_strdup(run->mem, err->message);
	return error_set(err, STATUS_KEY, "%s%s; nothing of this run is published%s; look with zoneseal doctor",
	    guard_check(why), why, run->has_last ? ", and what is published stays" : "");
}

static enum status sign(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	struct sign_parameters parameters = parameters_of(attempt);
	run_phase(run, "sign");
	enum status status = take_signatures(attempt, &parameters, err);
	if (status == STATUS_OK)
		status = open_output(attempt, err);
	if (status != STATUS_OK)
		return status;
	read_previous(attempt);
	parameters.kept = attempt->has_kept ? &attempt->kept : NULL;
	attempt->draft.folder = folder_path(run->options->state, "zones", run->mem);
	parameters.draft = run->output.to_stdout ? NULL : &attempt->draft;
	/* What we published holds no keys but those of this keystore, some of which may have left it. */
	bool replace_foreign = run->options->new_keys || run->back_file >= 0;
	status = sign_zone(&attempt->input, attempt->has_previous ? &attempt->previous : NULL, attempt->keys,
	    attempt->key_count, run->token, replace_foreign, &parameters, &attempt->publish, &run->report->sign, err);
	drop_content(attempt);
	return status == STATUS_KEY ? tell_keys(run, err) : status;
}

/* A clock that may be wrong signs nothing, so it is no fault of the input that keep-alive could help. */
static enum status guard_serial_date(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	if (attempt->keep_alive || run->options->ignore_serial_date)
		return STATUS_OK;
	return clock_check_serial(run->now, attempt->input_serial, err);
}

static bool signs_anything(const struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->key_count; i++)
		if (key_is_published(&attempt->keys[i]) || key_signs_zone(&attempt->keys[i]))
			return true;
	return false;
}

/* Input, keys and serial are there, or nothing is due, or it is refused. */
static enum status decide(struct attempt *attempt, struct error *err)
{
	struct run *run = attempt->run;
	/* As of when the run began: what is written from now on may be too late for it. */
	if (!attempt->keep_alive && run->options->input == NULL && !run->options->dry_run)
		run->lock.looked = run->now;
	run_phase(run, "read");
	enum status status = attempt->keep_alive ? open_last(attempt, err) : open_input(attempt, err);
	const bool known = status == STATUS_OK && input_is_known(attempt);
	if (status == STATUS_OK && !known)
		status = read_input(attempt, err);
	/* Whatever keeps the input from being read, also a disk: what is published needs its signatures. */
	attempt->input_is_bad = status != STATUS_OK && status != STATUS_INTERNAL;
	if (status == STATUS_OK)
		status = guard_serial_date(attempt, err);
	if (status == STATUS_OK)
		status = roll_run(run, attempt->keep_alive && (!attempt->held || run->back_file >= 0), err);
	if (status == STATUS_OK && !run->has_last)
		status = roll_run_problem(run, err);
	if (status != STATUS_OK)
		return status;
	attempt->key_count = run->roll.count;
	attempt->keys = roll_run_keys(run);
	/* The parent is asked to drop the DS until it was gone from all caches (RFC 8078 4). */
	attempt->cds_delete =
	    run->policy.insecure && run->policy.cds != POLICY_CDS_NONE && ds_is(attempt, KEY_UNRETENTIVE);
	attempt->unsigned_output = run->policy.insecure && !signs_anything(attempt);
	hash_config(attempt);
	attempt->reason = why_due(attempt);
	if (attempt->reason != NULL && run->output.by_stamp) {
		status = output_look_again(run, err);
		if (status != STATUS_OK)
			return status;
	}
	if (known && attempt->reason != NULL) {
		status = read_input(attempt, err);
		attempt->input_is_bad = status != STATUS_OK && status != STATUS_INTERNAL;
		if (status != STATUS_OK)
			return status;
		attempt->reason = why_due(attempt);
	}
	if (attempt->reason == NULL) {
		run->report->result = ENGINE_UP_TO_DATE;
		run->report->next = roll_run_next(run, run->last.refresh);
		return STATUS_OK;
	}
	run->report->reason = attempt->reason;
	status = choose_serial(attempt, err);
	/* Policy keep: signatures come in time under a serial of our own, and the run still fails. */
	attempt->input_is_bad = status == STATUS_REFUSED && !attempt->keep_alive;
	if (status == STATUS_OK)
		run->report->serial = attempt->serial;
	return status;
}

static void attempt_end(struct attempt *attempt)
{
	signals_guard(attempt->run->signals, NULL);
	memo_close(&attempt->memo);
	publish_abort(&attempt->publish);
	zonetext_free(&attempt->input);
	zonetext_free(&attempt->previous);
	sigfile_close(&attempt->kept);
	sigfile_draft_free(&attempt->draft);
	for (size_t i = 0; i < attempt->included_count; i++)
		close(attempt->included[i].descriptor);
	if (attempt->file >= 0)
		close(attempt->file);
}

enum status attempt_publish(struct run *run, bool keep_alive, bool *input_is_bad, struct error *err)
{
	struct attempt attempt = { .run = run,
		.keep_alive = keep_alive,
		.held = keep_alive && (run->back_file >= 0 || run->zone.input_held_since.seconds != 0),
		.file = -1,
		.publish = PUBLISH_NONE,
		.memo = MEMO_NONE };
	enum status status = decide(&attempt, err);
	*input_is_bad = attempt.input_is_bad;
	if (status != STATUS_OK || attempt.reason == NULL)
		goto done;
	if (run->options->dry_run) {
		run->report->result = ENGINE_WOULD_PUBLISH;
		goto done;
	}
	status = sign(&attempt, err);
	*input_is_bad = status == STATUS_MALFORMED || status == STATUS_REFUSED;
	if (status != STATUS_OK)
		goto done;
	status = attempt_verify(&attempt, err);
	*input_is_bad = status == STATUS_NO || status == STATUS_BUSY;
	if (status == STATUS_NO && attempt.has_kept && !attempt.proofs_stand)
		kept_forget(run);
	if (status == STATUS_OK)
		status = run_check_step(run, err);
	if (status != STATUS_OK)
		goto done;
	status = run->output.to_stdout ? attempt_write_stdout(&attempt, err) : attempt_commit(&attempt, err);
	/* Its temporary name is gone, so it has the output's, but folder or receipt may not have reached the disk. */
	run->report->unsettled = status != STATUS_OK && !run->output.to_stdout && attempt.publish.temporary[0] == '\0';
done:
	attempt_end(&attempt);
	return status;
}
