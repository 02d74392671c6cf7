/* SPDX-License-Identifier: MIT */
#include "signer/engine/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/build.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/engine/process.h"
#include "signer/engine/verdict.h"

enum { VERDICT_MOST = 16 << 20, ERRORS_MOST = 64 << 10, ARGUMENTS = 40 + 2 * GATE_INCLUDES + 4 * GATE_OLDER };

#ifndef ZONESEAL_BINDIR
#define ZONESEAL_BINDIR "/usr/local/bin"
#endif

static char *beside_us(struct arena *mem)
{
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (size <= 0)
		return NULL;
	self[size] = '\0';
	char *slash = strrchr(self, '/');
	return slash == NULL ? NULL : arena_printf(mem, "%.*s/zoneseal-verify", (int)(slash - self), self);
}

enum status gate_verifier(const char *given, struct arena *mem, char **path, struct error *err)
{
	char *near = beside_us(mem);
	if (given != NULL)
		*path = arena_strdup(mem, given);
	else if (near != NULL && access(near, X_OK) == 0)
		*path = near;
	else
		*path = arena_strdup(mem, ZONESEAL_BINDIR "/zoneseal-verify");
	if (access(*path, X_OK) != 0)
		return error_set(err, STATUS_MISSING, "%s: no verifier there: %s", *path, strerror(errno));
	return STATUS_OK;
}

enum status gate_text_file(const char *name, const char *text, bool inherited, int *out, struct error *err)
{
	size_t size = strlen(text);
	int file = memfd_create(name, MFD_ALLOW_SEALING | (inherited ? 0U : MFD_CLOEXEC));
	if (file < 0)
		return error_set_errno(err, "%s: memfd", name);
	if (write(file, text, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0 ||
	    fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
		enum status status = error_set_errno(err, "%s: memfd", name);
		close(file);
		return status;
	}
	*out = file;
	return STATUS_OK;
}

/* The call under construction: arguments, and the descriptors that they name. */
struct call {
	char *argv[ARGUMENTS];
	size_t count;
	int passed[PROCESS_PASSED];
	size_t passed_count;
	struct arena *mem;
};

static void add(struct call *call, const char *argument)
{
	call->argv[call->count++] = arena_strdup(call->mem, argument);
}

/* The verifier gets each file under the name by which the input includes it. */
static void add_include(struct call *call, const struct gate_include *include)
{
	add(call, "--unsigned-include");
	add(call, arena_printf(call->mem, "%s=/dev/fd/%zu", include->name, 3 + call->passed_count));
	call->passed[call->passed_count++] = include->file;
}

static void add_file(struct call *call, const char *option, int file)
{
	if (file < 0)
		return;
	add(call, option);
	add(call, arena_printf(call->mem, "/dev/fd/%zu", 3 + call->passed_count));
	call->passed[call->passed_count++] = file;
}

/* Texts for the verifier, as files. */
struct knowledge {
	int keys, limits, anchor; /* -1: none */
};

static enum status write_knowledge(const struct gate *gate, struct arena *mem, struct knowledge *out, struct error *err)
{
	char *keys = gate_expected_keys(gate->keys, gate->key_count, mem);
	char *anchor = gate_trust_anchor(gate->keys, gate->key_count, gate->zone, gate->apex, mem);
	enum status status = STATUS_OK;
	if (!gate->unsigned_output)
		status = gate_text_file("expected-keys", keys, false, &out->keys, err);
	const struct gate_rules rules = { .policy = gate->policy,
		.keys = gate->keys,
		.key_count = gate->key_count,
		.cds_delete = gate->cds_delete,
		.at_signing = true,
		.serial_floor = gate->serial_floor,
		.expected = gate->expected,
		.serial = gate->serial };
	char *limits = gate_limits(&rules, mem);
	if (status == STATUS_OK)
		status = gate_text_file("limits", limits, false, &out->limits, err);
	if (status == STATUS_OK && anchor != NULL)
		status = gate_text_file("trust-anchor", anchor, false, &out->anchor, err);
	return status;
}

static void close_knowledge(struct knowledge *knowledge)
{
	const int files[] = { knowledge->keys, knowledge->limits, knowledge->anchor };
	for (size_t i = 0; i < COUNT(files); i++)
		if (files[i] >= 0)
			close(files[i]);
}

/* None is later than what the policy's refresh leaves of a signature that was kept, unless the signer erred. SOA expire
 * is the zone's own, and one that is longer is legal: change.expire keeps it from becoming so. */
size_t gate_moments(const struct gate *gate, struct utc out[GATE_MOMENTS])
{
	const struct sign_result *const zone = gate->signed_zone;
	const struct policy *const policy = gate->policy;
	const struct span ttl = { zone->largest_ttl };
	const struct span expired = { (int64_t)zone->soa_expire + zone->largest_ttl };
	size_t count = 0;
	if (gate->unsigned_output)
		return 0;
	out[count++] = utc_add(gate->now, ttl);
	out[count++] = utc_add(utc_add(zone->refresh_due, policy->zone_propagation), ttl);
	if (expired.seconds <= policy->refresh.seconds)
		out[count++] = utc_add(gate->now, expired);
	return count;
}

static void add_memo(const struct gate *gate, struct call *call)
{
	add_file(call, "--memo", gate->memo->old);
	add_file(call, "--memo-new", gate->memo->fresh);
	add(call, "--memo-state");
	add(call, gate_memo_state(gate->keys, gate->key_count, call->mem));
	if (gate->memo->refused != NULL) {
		add(call, "--no-memo");
		add(call, gate->memo->refused);
	}
}

static void add_time(struct call *call, const char *option, struct utc time)
{
	char text[UTC_TEXT];
	utc_format(time, text);
	add(call, option);
	add(call, text);
}

static void add_versions(struct call *call, const struct gate *gate)
{
	add_file(call, "--previous", gate->previous);
	for (size_t i = 0; i < gate->older_count; i++) {
		add_file(call, "--previous", gate->older[i].file);
		add_time(call, "--replaced", gate->older[i].replaced);
	}
}

static void build_call(const struct gate *gate, const char *path, const struct knowledge *knowledge, struct call *call)
{
	struct utc moments[GATE_MOMENTS];
	const size_t moment_count = gate_moments(gate, moments);
	add(call, path);
	add(call, "--json");
	add(call, "--origin");
	add(call, gate->zone);
	add_time(call, "--now", gate->now);
	for (size_t i = 0; i < moment_count; i++)
		add_time(call, "--now", moments[i]);
	if (gate->threads > 0) {
		add(call, "--threads");
		add(call, arena_printf(call->mem, "%u", gate->threads));
	}
	if (gate->unsigned_output)
		add(call, "--expect-unsigned");
	add_versions(call, gate);
	add_file(call, "--unsigned", gate->unsigned_input);
	for (size_t i = 0; gate->unsigned_input >= 0 && i < gate->include_count; i++)
		add_include(call, &gate->includes[i]);
	add_file(call, "--trust-anchor", knowledge->anchor);
	add_file(call, "--expect-keys", knowledge->keys);
	add_file(call, "--policy", knowledge->limits);
	if (gate->memo != NULL)
		add_memo(gate, call);
	add(call, "-");
	for (size_t i = call->passed_count; i < PROCESS_PASSED; i++)
		call->passed[i] = -1;
}

/* Zone names as text: equal without case, with or without the final dot. */
static bool same_zone(const char *a, const char *b)
{
	size_t a_size = strlen(a), b_size = strlen(b);
	if (a_size > 1 && a[a_size - 1] == '.')
		a_size--;
	if (b_size > 1 && b[b_size - 1] == '.')
		b_size--;
	return a_size == b_size && strncasecmp(a, b, a_size) == 0;
}

/* What is wrong with a complete verdict as an answer to our question; NULL if it is one. */
static const char *mismatch(const struct gate *gate, const struct verdict *verdict, struct arena *mem)
{
	char hex[65];
	bytes_to_hex((struct bytes){ gate->signed_zone->sha256, 32 }, false, hex);
	if (strcmp(verdict->build, build_id()) != 0)
		return arena_printf(mem, "it is from another build (%.32s, this is %s)", verdict->build, build_id());
	if (!same_zone(verdict->zone, gate->zone))
		return arena_printf(mem, "it is about zone %.80s", verdict->zone);
	if (strcasecmp(verdict->sha256, hex) != 0)
		return "gate.same-bytes: it is about other octets (SHA-256 differs)";
	if (verdict->size != gate->signed_zone->size)
		return "gate.same-bytes: it is about a file of another size";
	if (verdict->judged_unsigned != gate->unsigned_output)
		return verdict->judged_unsigned ? "it is about a zone without DNSSEC" : "it is about a signed zone";
	if (verdict->previous != (gate->previous >= 0) + gate->older_count)
		return arena_printf(mem, "it compares with %zu versions, not with the %zu that it was given",
		    verdict->previous, (gate->previous >= 0) + gate->older_count);
	if (verdict->serial != gate->serial)
		return arena_printf(mem, "it is about serial %u", verdict->serial);
	return NULL;
}

/* Counts must agree too: a verifier that saw fewer signatures than were made has not seen the zone. */
static const char *miscount(const struct gate *gate, const struct verdict *verdict, struct arena *mem)
{
	const struct sign_result *ours = gate->signed_zone;
	if ((verdict->signatures == 0 && !gate->unsigned_output) || verdict->checks == 0)
		return "it checked nothing";
	if (verdict->records != ours->records)
		return arena_printf(mem, "it saw %llu records of %llu", (unsigned long long)verdict->records,
		    (unsigned long long)ours->records);
	if (verdict->signatures != ours->signatures)
		return arena_printf(mem, "it verified %llu signatures of %llu", (unsigned long long)verdict->signatures,
		    (unsigned long long)ours->signatures);
	for (int limit = 0; limit < VERIFY_LIMITS; limit++)
		if (verdict->needed[limit] && (gate->expected == NULL || gate->expected[limit] == NULL))
			return "it lets a change limit pass that nobody lifted";
	return NULL;
}

static enum status no_verdict(
    const char *why, const char *said, struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	verdict->json = NULL;
	verdict->summary = arena_printf(mem, "no verdict: %s%s%s", why, said[0] != '\0' ? ": " : "", said);
	return error_set(err, STATUS_NO, "%s", verdict->summary);
}

static const char *replace(const char *text, const char *old, const char *what, int file, struct arena *mem)
{
	char name[400];
	const char *const at = file < 0 ? NULL : strstr(text, old);
	if (at == NULL)
		return text;
	file_name_of(file, name, sizeof(name));
	return arena_printf(mem, "%.*s%s%s%s", (int)(at - text), text, what, name, at + strlen(old));
}

/* Its first line on stderr. It knows files by the descriptors that it got; people know them by their paths. */
static const char *said_by(const struct process *process, const struct process_result *ended, struct arena *mem)
{
	char clean[400];
	error_escape(ended->errors, strcspn(ended->errors, "\n"), clean, sizeof(clean));
	const char *out = replace(arena_strdup(mem, clean), "standard input", "signed zone ", process->input, mem);
	for (int i = PROCESS_PASSED - 1; i >= 0; i--) /* 31 before 3 */
		out = replace(out, arena_printf(mem, "/dev/fd/%d", 3 + i), "", process->passed[i], mem);
	return out;
}

/* A disk that fails says nothing about the zone or its input. */
static enum status without_verdict(const struct process *process, const struct process_result *ended, struct arena *mem,
    struct gate_verdict *verdict, struct error *err)
{
	const char *const ending = process_ending(process, ended, mem);
	const enum status status = no_verdict(ending, said_by(process, ended, mem), mem, verdict, err);
	verdict->stopped = ended->signal == SIGTERM || ended->signal == SIGINT || ended->signal == SIGHUP;
	const bool by_disk = !ended->timed_out && !ended->overflow && ended->exit_code == STATUS_IO;
	return by_disk ? error_set(err, STATUS_IO, "%s", verdict->summary) : status;
}

/* "1200 of 1250 signatures are known from the memo (all were computed at 2026-11-24T12:00:00Z), 220 computed". */
static const char *memo_words(const struct gate *gate, const struct verdict *verdict, struct arena *mem)
{
	const struct verdict_memo *const memo = &verdict->memo;
	char when[UTC_TEXT];
	if (gate->memo == NULL || !memo->there)
		return NULL;
	const char *const problem = gate->memo->problem != NULL ? gate->memo->problem : memo->problem;
	const char *const end = problem == NULL ? "" : arena_printf(mem, "; the next run has none: %s", problem);
	utc_format(memo->last_full, when);
	if (memo->full != NULL)
		return arena_printf(mem, "all signatures are computed, the memo is not used: %s%s", memo->full, end);
	return arena_printf(mem,
	    "%" PRIu64 " of %" PRIu64 " signatures are known from the memo, %" PRIu64
	    " computed; all were computed at %s%s",
	    memo->known, verdict->signatures, memo->computed, when, end);
}

/* `process` has ended as `ended`: is that an answer, and is it yes? */
static enum status judge(const struct gate *gate, const struct process *process, const struct process_result *ended,
    struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	struct verdict read;
	const char *why = NULL;
	bool ended_well = !ended->timed_out && !ended->overflow && ended->signal == 0;
	if (!ended_well || (ended->exit_code != 0 && ended->exit_code != 1))
		return without_verdict(process, ended, mem, verdict, err);
	if (!verdict_read(ended->output, ended->output_size, mem, &read, &why))
		return no_verdict(why, said_by(process, ended, mem), mem, verdict, err);
	why = mismatch(gate, &read, mem);
	if (why != NULL)
		return no_verdict(why, "", mem, verdict, err);
	verdict->json = ended->output;
	verdict->safe_until = read.safe_until;
	verdict->checks = read.checks;
	verdict->warnings = read.warnings;
	verdict->changes = read.changes;
	memcpy(verdict->needed, read.needed, sizeof(verdict->needed));
	memcpy(verdict->refusing, read.refusing, sizeof(verdict->refusing));
	verdict->memo_written = read.memo.written;
	verdict->memo = memo_words(gate, &read, mem);
	if (!read.pass && ended->exit_code == 1) {
		verdict->refused = true;
		verdict->by_limits = read.by_limits;
		verdict->summary = read.finding != NULL ? read.finding : "refused without a finding";
		return error_set(err, STATUS_NO, "%s", verdict->summary);
	}
	if (!read.pass || ended->exit_code != 0)
		return no_verdict("exit code and verdict contradict each other", "", mem, verdict, err);
	why = miscount(gate, &read, mem);
	if (why != NULL)
		return no_verdict(why, "", mem, verdict, err);
	verdict->summary = "pass";
	return STATUS_OK;
}

/* Ten minutes, and a second more for each megabyte: far above any honest run, far below a lost night. */
static struct span time_allowed(const struct gate *gate)
{
	if (gate->timeout.seconds > 0)
		return gate->timeout;
	return (struct span){ 600 + (int64_t)(gate->signed_zone->size >> 20) };
}

static enum status execute(const struct gate *gate, const char *path, const struct knowledge *knowledge,
    struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	static char *const nothing[] = { NULL };
	struct call call = { .mem = mem };
	struct process_result ended;
	if (lseek(gate->file, 0, SEEK_SET) != 0)
		return error_set_errno(err, "signed zone");
	build_call(gate, path, knowledge, &call);
	struct process process = { .path = path,
		.argv = call.argv,
		.environment = nothing,
		.input = gate->file,
		.timeout = time_allowed(gate),
		.most_file = gate->memo != NULL && gate->memo->fresh >= 0 ? gate->memo->most : 0,
		.most_output = VERDICT_MOST,
		.most_errors = ERRORS_MOST };
	memcpy(process.passed, call.passed, sizeof(process.passed));
	enum status status = process_run(&process, mem, &ended, err);
	return status == STATUS_OK ? judge(gate, &process, &ended, mem, verdict, err) : status;
}

/* What the key states say must hold before anybody is asked whether an unsigned zone is in order. */
static enum status check_no_ds(const struct gate *gate, struct error *err)
{
	for (size_t i = 0; gate->unsigned_output && i < gate->key_count; i++) {
		const enum key_state ds = gate->keys[i].state[KEY_DS];
		if (ds != KEY_NA && ds != KEY_HIDDEN)
			return error_set(err, STATUS_REFUSED,
			    "%s would be published unsigned while the DS of key %u is %s: validators that have it "
			    "would refuse "
			    "every answer (RFC 4035 5.2); nothing is published; wait until it is gone from all parent "
			    "servers "
			    "and caches",
			    gate->zone, gate->keys[i].tag, key_state_name(ds));
	}
	return STATUS_OK;
}

enum status gate_ask(const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	struct knowledge knowledge = { -1, -1, -1 };
	struct error why;
	char *path;
	*verdict = (struct gate_verdict){ 0 };
	error_clear(&why);
	if (check_no_ds(gate, err) != STATUS_OK)
		return STATUS_REFUSED;
	if (gate_verifier(gate->verifier, mem, &path, &why) != STATUS_OK)
		return no_verdict(why.message, "", mem, verdict, err);
	enum status status = write_knowledge(gate, mem, &knowledge, err);
	if (status == STATUS_OK)
		status = execute(gate, path, &knowledge, mem, verdict, err);
	close_knowledge(&knowledge);
	return status;
}
