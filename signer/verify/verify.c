/* SPDX-License-Identifier: MIT */
#include "signer/verify/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/verify/vcached.h"
#include "signer/verify/vcause.h"
#include "signer/verify/vconsequence.h"
#include "signer/verify/verdict.h"
#include "signer/verify/vexpect.h"
#include "signer/verify/vmemo_use.h"
#include "signer/verify/vresponse.h"
#include "signer/verify/vsum.h"

/* Checks that must have had something to look at in any signed zone: a count of zero is no proof. */
static const enum vcheck never_empty[] = { VC_STRUCTURE_SOA, VC_STRUCTURE_APEX_NS, VC_STRUCTURE_BAILIWICK,
	VC_STRUCTURE_CLASS, VC_STRUCTURE_TTL, VC_KEY_PRESENT, VC_KEY_FORM, VC_CHAIN_SELF, VC_SIG_VALID, VC_SIG_COVERED,
	VC_SIG_ALGORITHMS, VC_SIG_FORM, VC_SIG_TTL, VC_TIME_VALID, VC_DENIAL_COMPLETE, VC_RESPONSE_POSITIVE,
	VC_RESPONSE_NODATA };

/* The same for a zone that is to have none. */
static const enum vcheck never_empty_unsigned[] = { VC_STRUCTURE_SOA, VC_STRUCTURE_APEX_NS, VC_STRUCTURE_BAILIWICK,
	VC_STRUCTURE_CLASS, VC_STRUCTURE_TTL, VC_UNSIGNED_PLAIN };

static struct vsource source_of(const struct verify_input *input)
{
	return (struct vsource){
		.name = input->name, .descriptor = input->descriptor, .data = input->data, .size = input->size
	};
}

enum { SMALL_FILE = 1024 * 1024 };

/* A small input as a whole: policy or expected keys. */
static enum status read_small(const struct verify_input *input, char **text, size_t *size, struct error *err)
{
	char *const all = memory_alloc(SMALL_FILE);
	size_t used = 0;
	if (input->descriptor < 0) {
		used = input->size < SMALL_FILE ? input->size : SMALL_FILE;
		if (used > 0)
			memcpy(all, input->data, used);
	}
	while (input->descriptor >= 0 && used < SMALL_FILE) {
		const ssize_t n = read(input->descriptor, all + used, SMALL_FILE - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(all);
			return error_set_errno(err, "%s: read", input->name);
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	if (used == SMALL_FILE) {
		free(all);
		return error_set(err, STATUS_MALFORMED, "%s: larger than one megabyte", input->name);
	}
	*text = all;
	*size = used;
	return STATUS_OK;
}

static enum status read_policy(struct vrun *run, struct error *err)
{
	char *text;
	size_t size;
	run->limits = vlimits_default();
	if (run->options->policy.name == NULL)
		return STATUS_OK;
	enum status status = read_small(&run->options->policy, &text, &size, err);
	if (status != STATUS_OK)
		return status;
	status = vlimits_parse(run->options->policy.name, text, size, &run->limits, err);
	free(text);
	const struct verify_door *const door = &run->options->door;
	if (status == STATUS_OK && run->limits.require_sandbox && (door->landlock_abi == 0 || !door->seccomp))
		return error_set(err, STATUS_INTERNAL,
		    "sandbox: Landlock %s, seccomp %s, and the policy requires both (verifiers.require-sandbox): use a "
		    "kernel that has them (zoneseal doctor), or apply a policy without it",
		    door->landlock_abi == 0 ? "NO" : "yes", door->seccomp ? "yes" : "NO");
	return status;
}

static enum status read_expected(struct vrun *run, struct error *err)
{
	char *text;
	size_t size;
	if (run->options->expect_keys.name == NULL)
		return STATUS_OK;
	enum status status = read_small(&run->options->expect_keys, &text, &size, err);
	if (status != STATUS_OK)
		return status;
	status = vexpect_read(run, run->options->expect_keys.name, text, size, err);
	free(text);
	run->have_expected = status == STATUS_OK;
	return status;
}

static enum status read_anchor(struct vrun *run, struct error *err)
{
	struct vsource source = source_of(&run->options->trust_anchor);
	if (source.name == NULL)
		return STATUS_OK;
	source.no_ttl = true;
	const enum status status = vread_file(&source, run->zone.apex, 1, &run->anchor, err);
	run->have_anchor = status == STATUS_OK;
	return status;
}

/* The input is first only added up, in little memory. If the sums differ, perhaps for a reason that is fine (a record
 * twice, mixed TTLs), or a ZONEMD is not seen to be good, it is read again and kept. What cannot be read twice, like a
 * pipe, is kept at once. */
static enum status read_unsigned(struct vrun *run, struct error *err)
{
	struct vsource source = source_of(&run->options->unsigned_zone);
	if (source.name == NULL)
		return STATUS_OK;
	source.includes = run->options->includes;
	source.include_count = run->options->include_count;
	enum status status = STATUS_OK;
	struct vsum sum = { .count = 0 };
	const bool again = source.descriptor < 0 || lseek(source.descriptor, 0, SEEK_CUR) >= 0;
	const off_t start = source.descriptor < 0 ? 0 : lseek(source.descriptor, 0, SEEK_CUR);
	if (again)
		status = vsum_same(&run->zone, &source, run->threads, &run->unsigned_same, &sum, err);
	run->have_unsigned = status == STATUS_OK;
	run->input_serial = sum.serial;
	run->have_input_serial = run->unsigned_same && sum.soa_count == 1;
	if (status == STATUS_OK && run->unsigned_same)
		status = vzonemd_same(run, &sum, err);
	if (status != STATUS_OK || (run->unsigned_same && run->input_zonemds == sum.zonemd_count))
		return status;
	if (again && source.descriptor >= 0 && lseek(source.descriptor, start, SEEK_SET) < 0)
		return error_set_errno(err, "%s: seek", source.name);
	status = vzone_load(&source, run->zone.apex, run->threads, &run->unsigned_zone, err);
	run->have_unsigned = status == STATUS_OK;
	run->input_serial = run->unsigned_zone.serial;
	run->have_input_serial = run->unsigned_zone.soa != NULL;
	return status;
}

/* The zone first: its apex is the origin of all other inputs. */
static enum status load(struct vrun *run, const uint8_t *origin, struct error *err)
{
	struct vsource source = source_of(&run->options->zone);
	source.compared = run->options->previous_count > 0 || run->options->unsigned_zone.name != NULL;
	enum status status = read_policy(run, err);
	if (status == STATUS_OK)
		status = vzone_load(&source, origin, run->threads, &run->zone, err);
	if (status != STATUS_OK)
		return status;
	if (run->zone.top != NULL)
		vkeys_add_set(&run->known, vzone_set(&run->zone, run->zone.top, VTYPE_DNSKEY));
	run->published = run->known.count;
	status = read_expected(run, err);
	if (status == STATUS_OK)
		status = read_anchor(run, err);
	if (status == STATUS_OK)
		status = read_unsigned(run, err);
	return status == STATUS_OK ? vcached_check(run, err) : status;
}

static void note_asked(struct vrun *run)
{
	const bool plain = run->options->expect_unsigned;
	const bool chain = run->have_anchor && !plain;
	const struct {
		enum vcheck check;
		bool asked;
	} given[] = { { VC_KEY_EXPECTED, run->have_expected }, { VC_KEY_ROLE, run->have_expected && !plain },
		{ VC_CHAIN_ANCHOR, chain }, { VC_CHAIN_SIGNED, run->have_anchor }, { VC_CHAIN_EVERY, chain },
		{ VC_CDS_SIGNED, chain }, { VC_TIME_HORIZON, run->options->time_count > 1 && !plain },
		{ VC_SERIAL_INCREASES, run->have_previous }, { VC_SERIAL_CONTENT, run->have_previous },
		{ VC_CHANGE_RECORDS, run->have_previous }, { VC_CHANGE_DELEGATIONS, run->have_previous },
		{ VC_CHANGE_NS, run->have_previous }, { VC_CHANGE_DS, run->have_previous },
		{ VC_CHANGE_APEX, run->have_previous },
		{ VC_CHANGE_EXPIRE, run->have_previous && vpast_has_floor(run) },
		{ VC_CACHE_OLD_KEYS, run->cached_keys != 0 }, { VC_CACHE_OLD_SIGS, run->have_previous_keys },
		{ VC_CACHE_PREPUBLISHED, run->cached_keys != 0 }, { VC_CACHE_ENTRY, run->cached_keys != 0 },
		{ VC_UNSIGNED_EQUAL, run->have_unsigned }, { VC_UNSIGNED_ZONEMD, vzonemd_in_input(run) },
		{ VC_UNSIGNED_PLAIN, plain },
		{ VC_SERIAL_POLICY, run->have_unsigned && run->limits.serial != VSERIAL_ANY } };
	for (size_t i = 0; i < COUNT(given); i++)
		run->report->asked[given[i].check] = given[i].asked;
}

/* Who asks a question wants an answer: with nothing to check there is none. A zone may have no CDS. */
static void check_answers(struct vrun *run)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	for (size_t i = 0; i < count; i++) {
		if (checks[i].home != VERIFY_GIVEN || !run->report->asked[i] || i == VC_CDS_SIGNED)
			continue;
		vreport_count(run->report, VC_GATE_COUNTS, 1);
		if (atomic_load(&run->report->checked[i]) == 0)
			vreport_fail(run->report, VC_GATE_COUNTS,
			    "checks that were asked for and found nothing to check", (struct vplace){ NULL, 0, 0 },
			    "%s: no %s", checks[i].id, checks[i].counts);
	}
}

static void check_counts(struct vrun *run)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	const bool plain = run->options->expect_unsigned;
	const enum vcheck *const needed = plain ? never_empty_unsigned : never_empty;
	for (size_t i = 0; i < (plain ? COUNT(never_empty_unsigned) : COUNT(never_empty)); i++) {
		vreport_count(run->report, VC_GATE_COUNTS, 1);
		if (atomic_load(&run->report->checked[needed[i]]) == 0)
			vreport_fail(run->report, VC_GATE_COUNTS, "checks that found nothing to check",
			    (struct vplace){ NULL, 0, 0 }, "%s: no %s", checks[needed[i]].id, checks[needed[i]].counts);
	}
	if (run->known.count == VKEYS_MAX || run->known.left_out)
		vreport_fail(run->report, VC_GATE_COUNTS, "more keys than can be judged", (struct vplace){ NULL, 0, 0 },
		    "%u keys, %u octets", VKEYS_MAX, VKEYS_OCTETS);
}

static enum status judge_dnssec(struct vrun *run, struct error *err)
{
	vchain_keys(run);
	enum status status = vsig_check(run, err);
	if (status == STATUS_OK)
		status = vdenial_check(run, err);
	return status == STATUS_OK ? vresponse_check(run, err) : status;
}

static enum status judge_plain(struct vrun *run, struct error *err)
{
	run->stats.remaining_min = run->stats.validity_min = INT64_MAX;
	vunsigned_check(run);
	vchain_expected(run);
	return vzonemd_digest(run) ? STATUS_OK
				   : error_set(err, STATUS_INTERNAL, "the zone's digest could not be computed");
}

static enum status judge(struct vrun *run, struct error *err)
{
	vstruct_check(run);
	enum status status = run->options->expect_unsigned ? judge_plain(run, err) : judge_dnssec(run, err);
	if (status == STATUS_OK)
		status = vpast_check(run, err);
	if (status != STATUS_OK)
		return status;
	vzonemd_check(run);
	vzonemd_input(run);
	if (!run->options->expect_unsigned)
		vchain_anchor(run);
	vtime_check(run);
	vpast_unsigned(run);
	vserial_check(run);
	note_asked(run);
	check_counts(run);
	check_answers(run);
	vcause_find(run);
	vreport_sort(run->report);
	return STATUS_OK;
}

enum vresult verdict_result(const struct verify_verdict *verdict, enum vcheck check)
{
	size_t count;
	const struct verify_check *const row = &verify_checks(&count)[check];
	const struct vreport *const report = verdict->run.report;
	if (row->home == VERIFY_ENGINE || row->home == VERIFY_OUTSIDE)
		return VRESULT_NOT_ASKED;
	if (row->home == VERIFY_GIVEN && !report->asked[check])
		return VRESULT_NOT_ASKED;
	if (atomic_load(&report->failed[check]) > 0) {
		const struct vlimits *const limits = &verdict->run.limits;
		const bool refuses = row->severity == VERIFY_RFC || (limits->given && !limits->warn[check]);
		return refuses ? VRESULT_FAIL : VRESULT_WARN;
	}
	if (report->expected[check])
		return VRESULT_WARN;
	return atomic_load(&report->checked[check]) == 0 ? VRESULT_NOTHING : VRESULT_OK;
}

static void settle(struct verify_verdict *verdict)
{
	verdict->passed = true;
	for (int check = 0; check < VC_COUNT; check++)
		verdict->passed = verdict->passed && verdict_result(verdict, (enum vcheck)check) != VRESULT_FAIL;
	const struct vrun *const run = &verdict->run;
	if (run->stats.remaining_min == INT64_MAX)
		return;
	/* What only warns does not limit how long publishing is safe. */
	const bool floor_refuses = run->limits.given && !run->limits.warn[VC_TIME_REMAINING];
	const int64_t margin = floor_refuses ? vrun_remaining_floor(run) : 0;
	verdict->have_safe_until = true;
	verdict->safe_until.seconds = verdict->options.times[0].seconds + run->stats.remaining_min - margin;
}

static enum status parse_origin(struct verify_verdict *verdict, struct error *err)
{
	const char *const text = verdict->options.origin;
	static const uint8_t root[] = { 0 };
	bool relative;
	const char *why;
	char shown[128];
	if (text == NULL)
		return STATUS_OK;
	verdict->origin = memory_alloc(VNAME_MAX);
	if (vname_parse(text, strlen(text), root, verdict->origin, &relative, &why) == 0) {
		error_escape(text, strlen(text), shown, sizeof(shown));
		return error_set(err, STATUS_USAGE, "--origin \"%s\": %s", shown, why);
	}
	vname_fold(verdict->origin);
	return STATUS_OK;
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum status verify_run(const struct verify_options *options, struct verify_verdict **out, struct error *err)
{
	struct verify_verdict *const verdict = memory_calloc(1, sizeof(*verdict));
	const double start = seconds_now();
	verdict->options = *options;
	struct vrun *const run = &verdict->run;
	run->options = &verdict->options;
	run->threads = options->threads < 1 ? 1 : options->threads > 256 ? 256 : options->threads;
	run->now = (uint32_t)(uint64_t)options->times[0].seconds;
	run->report = vreport_new();
	enum status status = parse_origin(verdict, err);
	if (status == STATUS_OK)
		status = load(run, verdict->origin, err);
	if (status == STATUS_OK)
		status = judge(run, err);
	if (status != STATUS_OK) {
		verify_free(verdict);
		return status;
	}
	settle(verdict);
	vconsequence_find(verdict);
	if (verdict->passed)
		vmemo_use_write(run->memo);
	verdict->seconds = seconds_now() - start;
	*out = verdict;
	return STATUS_OK;
}

void verify_free(struct verify_verdict *verdict)
{
	if (verdict == NULL)
		return;
	struct vrun *const run = &verdict->run;
	vmemo_use_free(run->memo);
	vkeys_free(&run->known);
	vzone_free(&run->zone);
	vzone_free(&run->previous);
	vzone_free(&run->unsigned_zone);
	vread_free(&run->anchor);
	free(run->expect_text);
	arena_free(run->kept);
	vreport_free(run->report);
	free(verdict->origin);
	free(verdict);
}

bool verify_passed(const struct verify_verdict *verdict)
{
	return verdict->passed;
}

bool verify_found(const struct verify_verdict *verdict, const char *id)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	const struct verify_check *const check = verify_check_find(id);
	return check != NULL && atomic_load(&verdict->run.report->failed[check - checks]) > 0;
}
