/* SPDX-License-Identifier: MIT */
#include "signer/engine/hooks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/engine/process.h"

enum { ARGUMENTS = 64, OUTPUT_MOST = 64 << 10, TRY_AGAIN = 75 };

static const char tries_again[] = "; the next run tries it again";

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);
	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* The forms are those of engine.c: what hooks print never stands at the beginning of a record. */
const char *hook_record_words(const struct store_run *run)
{
	static const char own[] = "hook: publish hook ", noted[] = "; publish hook ";
	if (strncmp(run->message, own, strlen(own)) == 0)
		return run->message + strlen("hook: ");
	const char *const found = strstr(run->message, noted);
	return found == NULL ? NULL : found + strlen("; ");
}

enum hook_record hook_record_of(const struct store_run *run)
{
	static const char done[] = "hook done for serial ";
	if (run->message == NULL)
		return HOOK_NOT_TOLD;
	if (run->status == STATUS_OK)
		return strstr(run->message, "hook done") != NULL ? HOOK_DONE : HOOK_NOT_TOLD;
	if (strncmp(run->message, done, strlen(done)) == 0)
		return HOOK_DONE;
	if (hook_record_words(run) == NULL)
		return HOOK_NOT_TOLD;
	return ends_with(run->message, tries_again) ? HOOK_AGAIN : HOOK_FAILED;
}

bool hook_is_set(const struct policy *policy)
{
	return policy->hook_publish[0] != '\0';
}

/* The policy holds the arguments one after the other, each with its NUL, ended by an empty one. */
static void split(const char hook[POLICY_HOOK], char *argv[ARGUMENTS + 1], struct arena *mem)
{
	size_t count = 0;
	const char *end = hook + POLICY_HOOK;
	for (const char *at = hook; at < end && *at != '\0' && count < ARGUMENTS;) {
		argv[count++] = arena_strdup(mem, at);
		at += strlen(at) + 1;
	}
	argv[count] = NULL;
}

/* The first line of what it printed, stderr before stdout, printable. */
static const char *first_words(const struct process_result *ended, struct arena *mem)
{
	const char *said = ended->errors[0] != '\0' ? ended->errors : ended->output;
	char *out = arena_alloc(mem, 400);
	error_escape(said, strcspn(said, "\n"), out, 400);
	return out;
}

/* A hook that is run: the policy's words, and what it is called in messages. */
struct call {
	const char *words, *name;
	struct span timeout;
	int input; /* -1: nothing */
};

static enum status run(const struct call *call, const struct hook_facts *facts, struct arena *mem, struct error *err)
{
	char *argv[ARGUMENTS + 1], hex[65];
	struct process_result ended;
	split(call->words, argv, mem);
	bytes_to_hex((struct bytes){ facts->sha256, 32 }, false, hex);
	char *environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C",
		arena_printf(mem, "ZONESEAL_HOOK=%s", call->name),
		arena_printf(mem, "ZONESEAL_ZONE=%s", facts->zone),
		arena_printf(mem, "ZONESEAL_SERIAL=%u", facts->serial),
		arena_printf(mem, "ZONESEAL_FILE=%s", facts->file),
		arena_printf(mem, "ZONESEAL_SHA256=%s", hex),
		arena_printf(mem, "ZONESEAL_REASON=%s", facts->reason),
		arena_printf(mem, "ZONESEAL_RUN_ID=%s", facts->run_id),
		NULL,
	};
	const struct process process = { .path = argv[0],
		.argv = argv,
		.environment = environment,
		.input = call->input,
		.passed = { -1 },
		.may_write = true,
		.timeout = call->timeout.seconds > 0 ? call->timeout : (struct span){ 60 },
		.most_output = OUTPUT_MOST,
		.drop_output = true,
		.most_errors = OUTPUT_MOST };
	enum status status = process_run(&process, mem, &ended, err);
	if (status != STATUS_OK)
		return status;
	if (ended.exit_code == 0)
		return STATUS_OK;
	const char *said = first_words(&ended, mem);
	bool again = ended.exit_code == TRY_AGAIN && !ended.timed_out;
	return error_set(err, again ? STATUS_BUSY : STATUS_IO, "%s hook %s: %s%s%s%s", call->name, argv[0],
	    process_ending(&process, &ended, mem), said[0] != '\0' ? ": " : "", said, again ? tries_again : "");
}

enum status hook_publish(
    const struct policy *policy, const struct hook_facts *facts, struct arena *mem, struct error *err)
{
	const struct call call = { policy->hook_publish, "publish", policy->hook_timeout, -1 };
	return run(&call, facts, mem, err);
}

static const char *ds_words(const struct policy *policy, enum hook_ds which)
{
	return which == HOOK_DS_SUBMIT ? policy->hook_ds_submit : policy->hook_ds_withdraw;
}

const char *hook_ds_name(enum hook_ds which)
{
	return which == HOOK_DS_SUBMIT ? "ds-submit" : "ds-withdraw";
}

bool hook_ds_is_set(const struct policy *policy, enum hook_ds which)
{
	return ds_words(policy, which)[0] != '\0';
}

enum status hook_ds(const struct policy *policy, enum hook_ds which, const struct hook_facts *facts, const char *lines,
    struct arena *mem, struct error *err)
{
	struct call call = { ds_words(policy, which), hook_ds_name(which), policy->hook_timeout, -1 };
	enum status status = STATUS_OK;
	const size_t size = strlen(lines);
	call.input = memfd_create(call.name, MFD_CLOEXEC);
	if (call.input < 0 || write(call.input, lines, size) != (ssize_t)size || lseek(call.input, 0, SEEK_SET) != 0)
		status = error_set_errno(err, "%s hook: its input", call.name);
	if (status == STATUS_OK)
		status = run(&call, facts, mem, err);
	if (call.input >= 0)
		close(call.input);
	return status;
}
