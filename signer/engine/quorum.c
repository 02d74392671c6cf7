/* SPDX-License-Identifier: MIT */
#include "signer/engine/quorum.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/base/workers.h"
#include "signer/engine/process.h"

enum { OUTPUT_MOST = 4096, LINE_MOST = 400 };

/* One verifier and its answer. Each has memory of its own: they run in threads. */
struct voice {
	const struct policy_verifier *verifier;
	struct arena *mem;
	const char *program, *ending;
	struct process_result ended;
	double seconds;
	bool yes;
};

struct quorum {
	const struct gate *gate;
	struct voice voices[POLICY_VERIFIERS];
	size_t count;
};

static double clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* YYYYMMDDHHMMSS, as ldns-verify-zone and kzonecheck take it. */
static const char *time_digits(struct utc when, struct arena *mem)
{
	char text[UTC_TEXT];
	char *const out = arena_alloc(mem, UTC_TEXT);
	size_t used = 0;
	utc_format(when, text);
	for (const char *at = text; *at != '\0'; at++)
		if (*at >= '0' && *at <= '9')
			out[used++] = *at;
	out[used] = '\0';
	return out;
}

/* policy_check has passed: a "{" begins one of these. */
static char *fill_in(const char *word, const struct gate *gate, struct arena *mem)
{
	const struct {
		const char *name, *value;
	} known[] = { { "{file}", "/dev/stdin" }, { "{origin}", gate->zone },
		{ "{time}", time_digits(gate->now, mem) } };
	char *out = arena_strdup(mem, "");
	while (*word != '\0') {
		size_t k = 0;
		while (k < COUNT(known) && strncmp(word, known[k].name, strlen(known[k].name)) != 0)
			k++;
		out = k < COUNT(known) ? arena_printf(mem, "%s%s", out, known[k].value)
				       : arena_printf(mem, "%s%c", out, *word);
		word += k < COUNT(known) ? strlen(known[k].name) : 1;
	}
	return out;
}

/* Its own open file of the same octets: they share no position, and none writes through it by mistake. A program of the
 * same user that wants to reaches the file by its path as well. */
static int open_zone(const struct gate *gate, struct arena *mem)
{
	return open(arena_printf(mem, "/proc/self/fd/%d", gate->file), O_RDONLY | O_CLOEXEC);
}

static enum status ask_one(const struct gate *gate, struct voice *voice, struct error *err)
{
	static char *const environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C", NULL };
	const char *words[POLICY_HOOK_WORDS + 1];
	char *argv[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words(voice->verifier->command, words);
	for (size_t i = 0; i < count; i++)
		argv[i] = fill_in(words[i], gate, voice->mem);
	argv[count] = NULL;
	const int file = open_zone(gate, voice->mem);
	if (file < 0)
		return error_set_errno(err, "signed zone: to be read by %s", argv[0]);
	const struct process process = { .path = argv[0],
		.argv = argv,
		.environment = environment,
		.input = file,
		.passed = { -1 },
		.end_group = true,
		.timeout = voice->verifier->timeout,
		.most_output = OUTPUT_MOST,
		.drop_output = true,
		.most_errors = OUTPUT_MOST };
	const double begin = clock_now();
	const enum status status = process_run(&process, voice->mem, &voice->ended, err);
	close(file);
	if (status != STATUS_OK)
		return status;
	voice->seconds = clock_now() - begin;
	voice->ending = process_ending(&process, &voice->ended, voice->mem);
	voice->yes = voice->ended.exit_code == 0 && voice->ended.signal == 0 && !voice->ended.timed_out;
	return STATUS_OK;
}

/* A program that cannot even be tried has not said yes. */
static enum status ask_range(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct quorum *const quorum = context;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++) {
		struct voice *const voice = &quorum->voices[i];
		struct error why;
		error_clear(&why);
		if (ask_one(quorum->gate, voice, &why) == STATUS_OK)
			continue;
		voice->yes = false;
		voice->ending = arena_strdup(voice->mem, why.message);
	}
	return STATUS_OK;
}

static void gather(struct quorum *quorum)
{
	const struct policy *const policy = quorum->gate->policy;
	for (size_t i = 0; i < POLICY_VERIFIERS; i++) {
		const struct policy_verifier *const verifier = &policy->verifier[i];
		const char *words[POLICY_HOOK_WORDS + 1];
		if (policy_hook_words(verifier->command, words) == 0)
			continue;
		struct voice *const voice = &quorum->voices[quorum->count++];
		*voice = (struct voice){ .verifier = verifier,
			.mem = arena_new(0),
			.program = words[0],
			.ending = "not run",
			.ended = { .output = "", .errors = "" } };
	}
}

static void add_lines(json_t *lines, const char *text)
{
	while (*text != '\0') {
		char shown[LINE_MOST];
		const size_t size = strcspn(text, "\n");
		error_escape(text, size, shown, sizeof(shown));
		json_array_append_new(lines, json_string(shown));
		text += size + (text[size] == '\n');
	}
}

static json_t *voice_json(const struct voice *voice)
{
	char program[LINE_MOST], ending[LINE_MOST];
	json_t *const lines = json_array();
	json_t *const out = json_object();
	error_escape(voice->program, strlen(voice->program), program, sizeof(program));
	error_escape(voice->ending, strlen(voice->ending), ending, sizeof(ending));
	add_lines(lines, voice->ended.errors);
	add_lines(lines, voice->ended.output);
	json_object_set_new(out, "program", json_string(program));
	json_object_set_new(out, "required", json_boolean(!voice->verifier->advisory));
	json_object_set_new(out, "yes", json_boolean(voice->yes));
	json_object_set_new(out, "ending", json_string(ending));
	json_object_set_new(out, "seconds", json_real(voice->seconds));
	json_object_set_new(out, "output", lines);
	return out;
}

/* The verdict as it is kept: with what the others said, and never "pass" if the zone does not get out. */
static enum status keep(
    const struct quorum *quorum, bool yes, struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	json_t *const root = json_loads(verdict->json, JSON_REJECT_DUPLICATES, NULL);
	json_t *const list = json_array();
	for (size_t i = 0; i < quorum->count; i++)
		json_array_append_new(list, voice_json(&quorum->voices[i]));
	if (!yes)
		json_object_set_new(root, "verdict", json_string("fail"));
	const int failed = json_object_set_new(root, "verifiers", list);
	char *const text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	json_decref(root);
	if (failed != 0 || text == NULL)
		return error_set(
		    err, STATUS_INTERNAL, "the verdict cannot be written down with those of the policy's verifiers");
	verdict->json = arena_strdup(mem, text);
	free(text);
	return STATUS_OK;
}

/* The answers as one status: the first required no is the reason. */
static enum status count_voices(
    const struct quorum *quorum, struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	const struct gate *const gate = quorum->gate;
	for (size_t i = 0; i < quorum->count; i++) {
		const struct voice *const voice = &quorum->voices[i];
		if (voice->yes)
			continue;
		if (voice->verifier->advisory) {
			verdict->warnings++;
			continue;
		}
		const char *const said = voice->ended.errors[0] != '\0' ? voice->ended.errors : voice->ended.output;
		char shown[LINE_MOST] = "";
		error_escape(said, strcspn(said, "\n"), shown, sizeof(shown));
		verdict->summary = arena_printf(mem, "verifier %s says no: %s%s%s%s", voice->program, voice->ending,
		    shown[0] != '\0' ? ": " : "", shown,
		    gate->unsigned_output
			? "; the zone is to have no DNSSEC, which a verifier of DNSSEC refuses: take it "
			  "out of the policy's verifiers first"
			: "");
		return error_set(err, STATUS_NO, "%s", verdict->summary);
	}
	return STATUS_OK;
}

/* Whoever reads a file as the same user may also write it. */
static enum status still_the_same(const struct gate *gate, struct error *err)
{
	uint8_t sha256[32];
	if (lseek(gate->file, 0, SEEK_SET) != 0)
		return error_set_errno(err, "signed zone");
	const enum status status = file_sha256(gate->file, sha256, err);
	if (status == STATUS_OK && memcmp(sha256, gate->signed_zone->sha256, sizeof(sha256)) != 0)
		return error_set(err, STATUS_NO, "the signed zone changed while the policy's verifiers read it");
	return status;
}

enum status quorum_ask(const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	struct quorum quorum = { .gate = gate };
	gather(&quorum);
	if (quorum.count == 0)
		return STATUS_OK;
	enum status status = workers_run((unsigned)quorum.count, quorum.count, 1, ask_range, &quorum, err);
	if (status == STATUS_OK)
		status = still_the_same(gate, err);
	if (status == STATUS_OK)
		status = count_voices(&quorum, mem, verdict, err);
	struct error ignored;
	const enum status kept = keep(&quorum, status == STATUS_OK, mem, verdict, status == STATUS_OK ? err : &ignored);
	if (status == STATUS_OK)
		status = kept;
	verdict->refused = verdict->refused || status == STATUS_NO;
	for (size_t i = 0; i < quorum.count; i++)
		arena_free(quorum.voices[i].mem);
	return status;
}
