/* SPDX-License-Identifier: MIT */
#include "signer/engine/hooks.h"

#include <stdlib.h>
#include <string.h>

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
enum hook_record hook_record_of(const struct store_run *run)
{
	static const char done[] = "hook done for serial ", own[] = "hook: publish hook ", noted[] = "; publish hook ";
	if (run->message == NULL)
		return HOOK_NOT_TOLD;
	if (run->status == STATUS_OK)
		return strstr(run->message, "hook done") != NULL ? HOOK_DONE : HOOK_NOT_TOLD;
	if (strncmp(run->message, done, strlen(done)) == 0)
		return HOOK_DONE;
	if (strncmp(run->message, own, strlen(own)) != 0 && strstr(run->message, noted) == NULL)
		return HOOK_NOT_TOLD;
	return ends_with(run->message, tries_again) ? HOOK_AGAIN : HOOK_FAILED;
}

bool hook_is_set(const struct policy *policy)
{
	return policy->hook_publish[0] != '\0';
}

/* The policy holds the arguments one after the other, each with its NUL, ended by an empty one. */
static void split(const struct policy *policy, char *argv[ARGUMENTS + 1], struct arena *mem)
{
	size_t count = 0;
	const char *end = policy->hook_publish + sizeof(policy->hook_publish);
	for (const char *at = policy->hook_publish; at < end && *at != '\0' && count < ARGUMENTS;) {
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

enum status hook_publish(
    const struct policy *policy, const struct hook_facts *facts, struct arena *mem, struct error *err)
{
	char *argv[ARGUMENTS + 1], hex[65];
	struct process_result ended;
	split(policy, argv, mem);
	bytes_to_hex((struct bytes){ facts->sha256, 32 }, false, hex);
	char *environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C",
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
		.input = -1,
		.passed = { -1 },
		.may_write = true,
		.timeout = policy->hook_timeout.seconds > 0 ? policy->hook_timeout : (struct span){ 60 },
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
	return error_set(err, again ? STATUS_BUSY : STATUS_IO, "publish hook %s: %s%s%s%s", argv[0],
	    process_ending(&process, &ended, mem), said[0] != '\0' ? ": " : "", said, again ? tries_again : "");
}
