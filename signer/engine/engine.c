/* SPDX-License-Identifier: MIT */
#include "signer/engine/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policies/policy_yaml.h"
#include "signer/base/build.h"
#include "signer/base/bytes.h"
#include "signer/engine/clock.h"
#include "signer/engine/clock_sources.h"
#include "signer/engine/folder.h"
#include "signer/engine/hooks.h"
#include "signer/engine/offline.h"
#include "signer/engine/parent_run.h"
#include "signer/engine/parity.h"
#include "signer/engine/proving.h"
#include "signer/engine/purge.h"
#include "signer/engine/reconcile.h"
#include "signer/engine/roll_run.h"
#include "signer/engine/rollback.h"
#include "signer/engine/run.h"
#include "signer/engine/setup.h"

double run_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct utc run_now(const struct run *run)
{
	return run->options->clock != NULL ? run->options->clock() : run->options->now;
}

void run_phase(struct run *run, const char *phase)
{
	run->report->phase = phase;
	lock_phase(&run->lock, phase);
	meter_begin(run->options->meter, 0, NULL);
	if (run->options->progress != NULL)
		run->options->progress(run->options->progress_context, phase);
}

enum status run_read_policy(struct run *run, struct error *err)
{
	const struct store_zone *const zone = &run->zone;
	if (run->policy_text != NULL && strcmp(run->policy_text, zone->policy_text) == 0 &&
	    strcmp(run->policy_name, zone->policy_name) == 0)
		return STATUS_OK;
	const enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &run->policy, err);
	run->policy_text = status == STATUS_OK ? zone->policy_text : NULL;
	run->policy_name = zone->policy_name;
	return status;
}

static enum status load_zone(struct run *run, const char *zone, struct error *err)
{
	const char *name;
	bool found;
	enum status status = folder_zone_name(zone, run->mem, &name, run->apex, err);
	if (status == STATUS_OK)
		status = store_find_zone(run->store, name, run->mem, &run->zone, &found, err);
	if (status != STATUS_OK)
		return status;
	if (!found || run->zone.removed)
		return setup_unknown_zone(run->store, name, run->mem, err);
	run->report->zone = name;
	run->report->policy = run->zone.policy_name;
	run->report->input_failing_since = run->zone.input_failing_since;
	run->report->input_held = run->zone.input_held_reason;
	return run_read_policy(run, err);
}

static enum status refuse_restored(struct run *run, struct error *err)
{
	bool restored;
	enum status status = parity_refuse_standby(run->options->state, err);
	if (status == STATUS_OK)
		status = store_is_restored(run->store, &restored, err);
	if (status == STATUS_OK && restored)
		return error_set(err, STATUS_REFUSED,
		    "the keystore was restored from a backup and is not reconciled with what is published; run "
		    "zoneseal "
		    "restore --reconcile");
	return status;
}

enum status run_check_step(struct run *run, struct error *err)
{
	if (run->virtual_clock || run->options->clock == NULL)
		return STATUS_OK;
	const enum status status = clock_check_step(run->distance, clock_distance(), &run->policy, err);
	run->clock_doubted |= status != STATUS_OK;
	return status;
}

/* A time that other clocks deny is not recorded: the right one would be behind it, and refused ever after. */
static enum status ask_clocks(struct run *run, struct utc last, struct error *err)
{
	const struct engine_options *const options = run->options;
	if (run->virtual_clock || options->clock == NULL || options->asked == NULL) {
		run->report->clock = run->virtual_clock ? "not asked: VIRTUAL CLOCK" : "not asked";
		return STATUS_OK;
	}
	const enum status status =
	    clock_check_sources(options->asked, &run->policy, run->now, run->mem, &run->report->clock, err);
	if (status != STATUS_OK) {
		run->clock_doubted = true;
		run->not_begun = last.seconds == 0;
		run->now = last;
	}
	return status;
}

static enum status guard_clock(struct run *run, struct error *err)
{
	struct utc last;
	enum status status = store_is_virtual_clock(run->store, &run->virtual_clock, err);
	if (status == STATUS_OK)
		status = store_last_time(run->store, &last, err);
	if (status != STATUS_OK)
		return status;
	run->report->virtual_clock = run->virtual_clock;
	/* After `last` was read: another run may have recorded a time since this one began. */
	run->distance = clock_distance();
	run->now = run_now(run);
	run->last_seen = utc_later(run->last_seen, last);
	status = clock_check(run->now, last, build_date(), run->virtual_clock, err);
	return status == STATUS_OK ? ask_clocks(run, last, err) : status;
}

static enum status load_last(struct run *run, struct error *err)
{
	struct engine_report *report = run->report;
	enum status status = store_last_version(run->store, run->zone.id, run->mem, &run->last, &run->has_last, err);
	if (status != STATUS_OK || !run->has_last)
		return status;
	report->has_published = true;
	report->published_serial = run->last.serial;
	report->published_at = run->last.published;
	report->valid_until = run->last.first_expiry;
	report->next = run->last.refresh;
	return STATUS_OK;
}

static void record(struct run *run, enum status status, bool hook_ran, const struct error *err);

/* A token does not answer, and the thread that asked it never comes back; this is another one. Nobody else uses run and
 * store while a token is being asked. In the middle of a transaction the record goes with it. */
static void end_here(void *context, const char *message)
{
	struct run *const run = context;
	struct error err;
	char text[1100];
	error_clear(&err);
	(void)error_set(&err, STATUS_KEY, "%s: %s", run->report->zone, message);
	record(run, STATUS_KEY, false, &err);
	error_format(&err, text, sizeof(text));
	dprintf(STDERR_FILENO, "zoneseal: %s\n", text);
	signals_stop(run->signals, STATUS_KEY);
}

static enum status load_keys(struct run *run, struct error *err)
{
	char *folder = folder_path(run->options->state, "keys", run->mem);
	enum status status = token_open_soft(folder, run->options->passphrase_file, &run->token, err);
	if (status == STATUS_OK)
		token_set_stop(run->token, end_here, run);
	if (status == STATUS_OK)
		status = zonekeys_load(run->store, run->zone.id, run->mem, &run->keys, err);
	return status;
}

/* A run that has nothing to do records nothing, but it takes the lock. */
static void look_at_lock(struct run *run)
{
	struct stat at;
	const char *name = arena_printf(run->mem, "locks/%s", folder_zone_file(run->zone.name, run->mem));
	if (stat(folder_path(run->options->state, name, run->mem), &at) == 0)
		run->last_seen.seconds = at.st_mtim.tv_sec;
}

/* Everything up to the point where the input is looked at. */
static enum status prepare(struct run *run, const char *zone, struct error *err)
{
	const struct engine_options *options = run->options;
	enum status status = load_zone(run, zone, err);
	/* What is published has to be known for a run that ends here, too. */
	if (status == STATUS_OK)
		status = load_last(run, err);
	if (status == STATUS_OK)
		look_at_lock(run);
	if (status == STATUS_OK)
		status = lock_take(options->state, run->zone.name, options->command, options->now,
		    options->lock_wait_seconds, &run->lock, err);
	/* Another run may have changed the zone while this one waited. */
	if (status == STATUS_OK)
		status = load_zone(run, zone, err);
	if (status == STATUS_OK)
		status = refuse_restored(run, err);
	if (status == STATUS_OK)
		status = guard_clock(run, err);
	if (status == STATUS_OK && !options->dry_run)
		status = reconcile_intent(run->store, run->zone.id, run->now, run->mem, err);
	/* What has just got its receipt may have been a rollback. */
	if (status == STATUS_OK)
		status = load_zone(run, zone, err);
	if (status == STATUS_OK)
		status = load_last(run, err);
	/* A version that is not kept is no failed run. */
	if (status == STATUS_OK) {
		status = rollback_open(run, err);
		run->not_begun = status == STATUS_REFUSED;
	}
	if (status == STATUS_OK)
		status = load_keys(run, err);
	if (status == STATUS_OK)
		status = roll_guard_clock(run, err);
	if (status == STATUS_OK)
		status = output_look(run, err);
	return status;
}

/* How the record of a run that failed begins if the hook is done for what was published before or in that run. No
 * other record of a failed run begins so: what hooks and inputs say comes after the name of a phase. */
static char *hook_words(const struct run *run)
{
	return arena_printf(run->mem, "hook done for serial %u; ", run->report->published_serial);
}

static bool tells_of_hook(const struct run *run, const struct store_run *row)
{
	if (row->message == NULL)
		return false;
	if (row->status == STATUS_OK)
		return row->serial == run->report->published_serial && strstr(row->message, "hook done") != NULL;
	const char *words = hook_words(run);
	return strncmp(row->message, words, strlen(words)) == 0;
}

/* Whether the version that is published now has had its hook: the records say so, and hand it on from one to the next.
 */
static enum status hook_is_due(struct run *run, bool *due, struct error *err)
{
	struct store_run *runs;
	size_t count;
	bool wanted = hook_is_set(&run->policy) && run->report->has_published && !run->output.to_stdout &&
		      !run->options->dry_run && (!run->virtual_clock || run->options->run_hooks);
	*due = false;
	if (!wanted)
		return STATUS_OK;
	enum status status = store_runs(run->store, run->zone.id, 100, run->mem, &runs, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count && !run->hook_done; i++)
		run->hook_done = tells_of_hook(run, &runs[i]);
	*due = status == STATUS_OK && !run->hook_done;
	return status;
}

static enum status run_hook(struct run *run, bool *ran, struct error *err)
{
	struct store_version version;
	bool found, due;
	enum status status = hook_is_due(run, &due, err);
	*ran = false;
	if (status != STATUS_OK || !due)
		return status;
	status = store_last_version(run->store, run->zone.id, run->mem, &version, &found, err);
	if (status != STATUS_OK || !found)
		return status;
	const char *phase = run->report->phase;
	run_phase(run, "hook");
	const struct hook_facts facts = { .zone = run->zone.name,
		.serial = version.serial,
		.file = version.path,
		.sha256 = version.sha256,
		.reason = run->report->reason != NULL ? run->report->reason : "hook again",
		.run_id = run->id };
	status = hook_publish(&run->policy, &facts, run->mem, err);
	run->hook_done = *ran = status == STATUS_OK;
	if (status != STATUS_OK)
		run->report->hook_note = arena_strdup(run->mem, err->message);
	else
		run->report->phase = phase;
	return status;
}

/* The hook belongs to what is published, whatever the input is like. A failure of the run itself stays its status. */
static enum status after_work(struct run *run, enum status status, bool *ran, struct error *err)
{
	struct error problem;
	error_clear(&problem);
	const char *phase = run->report->phase;
	enum status hook_status = run_hook(run, ran, &problem);
	if (hook_status == STATUS_OK)
		hook_status = parent_run_tell(run, &problem);
	if (status != STATUS_OK)
		run->report->phase = phase;
	if (status != STATUS_OK || hook_status == STATUS_OK)
		return status;
	*err = problem;
	return hook_status;
}

static char *run_message(const struct run *run, enum status status, bool again, const struct error *err)
{
	const struct engine_report *report = run->report;
	const char *done = run->hook_done ? hook_words(run) : "", *note = "";
	char text[1100];
	error_format(err, text, sizeof(text));
	if (status == STATUS_OK)
		return arena_printf(run->mem, "%s%s%s%s",
		    report->result == ENGINE_PUBLISHED ? "published: " : "nothing due",
		    report->reason != NULL ? report->reason : "", again ? ", runs work again" : "",
		    run->hook_done ? ", hook done" : "");
	if (report->hook_note != NULL && strcmp(report->phase, "hook") != 0)
		note = arena_printf(run->mem, "; %s", report->hook_note);
	if (report->result == ENGINE_KEPT_ALIVE)
		return arena_printf(
		    run->mem, "%sserial %u keeps the last content alive: %s%s", done, report->serial, text, note);
	return arena_printf(run->mem, "%s%s: %s%s", done, report->phase, text, note);
}

/* Whether the newest record is of a run that failed: status and check would go on telling of it. */
static bool failed_before(struct run *run)
{
	struct store_run *runs;
	size_t count;
	return store_runs(run->store, run->zone.id, 1, run->mem, &runs, &count, NULL) == STATUS_OK && count > 0 &&
	       runs[0].status != STATUS_OK;
}

static void note_proofs(struct run *run)
{
	if (proving_record(run->store, run->token, run->zone.id, run_now(run), NULL) != STATUS_OK)
		return;
}

/* A run that changed nothing leaves no row: "nothing due" changes nothing. */
static void record(struct run *run, enum status status, bool hook_ran, const struct error *err)
{
	const struct engine_report *report = run->report;
	if (run->options->dry_run || run->lock.file < 0 || run->zone.id == 0 || run->not_begun)
		return;
	bool nothing = status == STATUS_OK && report->result != ENGINE_PUBLISHED && !hook_ran;
	bool again = nothing && !run->output.to_stdout && failed_before(run);
	if (nothing && !again) {
		note_proofs(run);
		return;
	}
	const struct utc ended = run->clock_doubted ? run->now : run_now(run);
	const struct store_run row = { .started = run->now,
		.ended = ended,
		.status = status,
		.message = run_message(run, status, again, err),
		.verdict = report->verdict,
		.serial = report->serial != 0 ? report->serial : report->published_serial };
	/* The zone is published or refused already; rows that cannot be written change neither. */
	if (store_group_begin(run->store, NULL) != STATUS_OK)
		return;
	const enum status proofs = proving_record(run->store, run->token, run->zone.id, ended, NULL);
	const enum status added = store_add_run(run->store, run->zone.id, &row, NULL);
	if (store_group_end(run->store, added != STATUS_OK ? added : proofs, NULL) != STATUS_OK)
		return;
}

/* Since when registrations are not getting out; only the zone's own input counts. */
static void note_input(struct run *run, bool bad, const struct error *err)
{
	bool own = run->options->input == NULL && !run->options->dry_run;
	bool was_bad = run->zone.input_failing_since.seconds != 0;
	char text[1100];
	if (!own || (!bad && !was_bad))
		return;
	error_format(err, text, sizeof(text));
	struct utc now = run_now(run);
	if (store_set_input_failure(run->store, run->zone.id, bad ? text : NULL, now, NULL) != STATUS_OK)
		return;
	if (!bad)
		run->report->input_failing_since = (struct utc){ 0 };
	else if (!was_bad)
		run->report->input_failing_since = now;
}

/* The input failed: the last good content gets fresh signatures in time. The failure stays the run's status. */
static enum status keep_alive(struct run *run, enum status failure, struct error *err)
{
	struct error problem;
	bool ignored;
	error_clear(&problem);
	const char *verdict = run->report->verdict;
	enum status status = attempt_publish(run, true, &ignored, &problem);
	if (run->report->result == ENGINE_UP_TO_DATE)
		run->report->result = ENGINE_FAILED;
	if (run->report->result != ENGINE_KEPT_ALIVE)
		run->report->verdict = verdict;
	if (status == STATUS_OK)
		return failure;
	*err = problem;
	return error_context(err, "keeping the last published content alive");
}

static enum status work(struct run *run, struct error *err)
{
	bool input_is_bad = false;
	parent_run_look(run);
	const bool held = run->back_file >= 0 || run->zone.input_held_since.seconds != 0;
	enum status status = held ? rollback_refuse_input(run, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = attempt_publish(run, held, &input_is_bad, err);
	input_is_bad = input_is_bad && !held;
	if (!held && (status == STATUS_OK || input_is_bad))
		note_input(run, status != STATUS_OK, err);
	if (status != STATUS_OK && input_is_bad && run->options->keep_alive && run->has_last)
		status = keep_alive(run, status, err);
	/* A guard that stopped a key tells more about it. */
	const bool idle = run->report->result == ENGINE_UP_TO_DATE && run->key_problem == NULL;
	if (status == STATUS_OK && idle && !run->options->dry_run)
		status = proving_idle(
		    run->store, run->token, run->zone.id, run->keys.all, run->keys.count, run_now(run), err);
	if (status != STATUS_OK && run->report->result == ENGINE_UP_TO_DATE)
		run->report->result = ENGINE_FAILED;
	if (status == STATUS_OK || run->report->result == ENGINE_KEPT_ALIVE)
		run->report->left_out_count =
		    proving_left_out(run->token, run->keys.all, run->keys.count, run->mem, &run->report->left_out);
	return status;
}

/* Private halves that the policy wants gone; the zone does not need them. */
static enum status purge_keys(struct run *run, struct error *err)
{
	const struct purge purge = { .state = run->options->state,
		.passphrase_file = run->options->passphrase_file,
		.reason = "keys.purge-after has passed",
		.now = run->now };
	return run->options->dry_run
		   ? STATUS_OK
		   : purge_due(run->store, &run->zone, &run->policy, &purge, run->mem, &run->report->keys_purged, err);
}

/* Nobody else watches when the KSK has to be asked again. */
static void note_offline(struct run *run)
{
	bool late;
	if (run->has_roll)
		run->report->offline_note = offline_alarm(&run->roll, run->now, run->mem, &late);
}

static void release(struct run *run)
{
	rollback_close(run);
	output_close(&run->output);
	token_close(run->token);
	signals_free(run->signals);
	lock_release(&run->lock);
}

enum status engine_sign(struct store *store, const char *zone, const struct engine_options *options, struct arena *mem,
    struct engine_report *report, struct error *err)
{
	struct run run = { .store = store,
		.options = options,
		.mem = mem,
		.report = report,
		.lock = LOCK_NONE,
		.output = { .previous = -1 },
		.back_file = -1,
		.started = run_clock() };
	bool hook_ran = false;
	*report = (struct engine_report){ .zone = zone, .phase = "start" };
	snprintf(run.id, sizeof(run.id), "%lld-%ld", (long long)options->now.seconds, (long)getpid());
	enum status status = signals_watch(options->notice, options->progress_context, &run.signals, err);
	if (status == STATUS_OK)
		status = prepare(&run, zone, err);
	bool prepared = status == STATUS_OK;
	if (prepared)
		status = work(&run, err);
	if (prepared)
		note_offline(&run);
	if (prepared && status == STATUS_OK)
		status = roll_run_problem(&run, err);
	/* By a clock that was set, hooks and what the parent is told would be recorded as of then. */
	if (prepared && !run.clock_doubted)
		status = after_work(&run, status, &hook_ran, err);
	if (prepared && !run.clock_doubted)
		parent_run_next(&run);
	if (prepared && status == STATUS_OK)
		status = purge_keys(&run, err);
	/* The run has its one record here: a module that hangs when it is let go makes no second one. */
	if (run.token != NULL)
		token_set_stop(run.token, NULL, NULL);
	record(&run, status, hook_ran, err);
	report->seconds_total = run_clock() - run.started;
	if (store_audit_head(store, report->audit_head, NULL) != STATUS_OK)
		memset(report->audit_head, 0, sizeof(report->audit_head));
	if (status != STATUS_OK)
		error_context(err, "%s", report->zone);
	release(&run);
	return status;
}
