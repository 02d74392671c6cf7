/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/build.h"
#include "signer/verify/verdict.h"
#include "signer/verify/vmemo_use.h"

/* The verdict for programs: "zoneseal.verdict/1", described in verify.h. */

static const char *result_word(enum vresult result)
{
	switch (result) {
	case VRESULT_OK:
		return "ok";
	case VRESULT_FAIL:
		return "fail";
	case VRESULT_WARN:
		return "warn";
	case VRESULT_NOT_ASKED:
		return "not asked";
	case VRESULT_NOTHING:
		return "nothing to check";
	}
	return "fail";
}

static const char *home_word(enum verify_home home)
{
	static const char *const words[] = { "file", "given", "engine", "outside" };
	return words[home];
}

static const char *severity_word(enum verify_severity severity)
{
	return severity == VERIFY_RFC ? "rfc" : "policy";
}

/* Text that is plain ASCII already, or is made so; jansson takes UTF-8 only. */
static json_t *safe_string(const char *text)
{
	const size_t size = strlen(text);
	char *const out = memory_alloc(4 * size + 1);
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		const unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c < 0x7f) {
			out[used++] = (char)c;
			continue;
		}
		out[used++] = '\\';
		out[used++] = (char)('0' + c / 100);
		out[used++] = (char)('0' + c / 10 % 10);
		out[used++] = (char)('0' + c % 10);
	}
	json_t *const string = json_stringn(out, used);
	free(out);
	return string;
}

static json_t *name_string(const uint8_t *name)
{
	char text[VNAME_TEXT];
	if (name == NULL)
		return json_null();
	vname_format(name, text);
	return json_string(text);
}

static json_t *make_checks(const struct verify_verdict *verdict)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	json_t *const all = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *const one = json_object();
		json_object_set_new(one, "id", json_string(checks[i].id));
		json_object_set_new(one, "alias", json_string(checks[i].alias));
		json_object_set_new(one, "home", json_string(home_word(checks[i].home)));
		json_object_set_new(one, "severity", json_string(severity_word(checks[i].severity)));
		json_object_set_new(one, "result", json_string(result_word(verdict_result(verdict, (enum vcheck)i))));
		json_object_set_new(
		    one, "checked", json_integer((json_int_t)atomic_load(&verdict->run.report->checked[i])));
		json_object_set_new(
		    one, "failed", json_integer((json_int_t)atomic_load(&verdict->run.report->failed[i])));
		json_object_set_new(one, "rfc", json_string(checks[i].rfc));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *make_examples(const struct vfinding *finding)
{
	json_t *const all = json_array();
	for (unsigned i = 0; i < finding->example_count; i++) {
		const struct vexample *const example = &finding->examples[i];
		char type[VTYPE_TEXT];
		vtype_format(example->type, type);
		json_t *const one = json_object();
		json_object_set_new(one, "owner", name_string(example->owner));
		json_object_set_new(one, "type", example->type == 0 ? json_null() : json_string(type));
		json_object_set_new(one, "line", example->line == 0 ? json_null() : json_integer(example->line));
		json_object_set_new(one, "detail", safe_string(example->detail));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *make_findings(const struct verify_verdict *verdict)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	const struct vreport *const report = verdict->run.report;
	json_t *const all = json_array();
	for (unsigned i = 0; i < report->finding_count; i++) {
		const struct vfinding *const finding = &report->findings[i];
		json_t *const one = json_object();
		json_object_set_new(one, "id", json_string(checks[finding->check].id));
		json_object_set_new(one, "severity", json_string(severity_word(checks[finding->check].severity)));
		json_object_set_new(one, "result",
		    json_string(
			finding->expected != NULL ? "expected" : result_word(verdict_result(verdict, finding->check))));
		json_object_set_new(one, "count", json_integer((json_int_t)finding->count));
		json_object_set_new(one, "what", json_string(finding->what));
		json_object_set_new(one, "examples", make_examples(finding));
		json_object_set_new(
		    one, "cause", finding->cause[0] == '\0' ? json_null() : safe_string(finding->cause));
		json_object_set_new(
		    one, "advice", finding->advice[0] == '\0' ? json_null() : safe_string(finding->advice));
		json_object_set_new(one, "limit", finding->limit == NULL ? json_null() : json_string(finding->limit));
		json_object_set_new(
		    one, "expected", finding->expected == NULL ? json_null() : safe_string(finding->expected));
		json_object_set_new(one, "follows",
		    finding->follows == NULL ? json_null() : json_string(checks[finding->follows->check].id));
		json_array_append_new(all, one);
	}
	return all;
}

static void set_time(json_t *root, const char *name, const char *epoch_name, struct utc when, bool known)
{
	char text[UTC_TEXT];
	utc_format(when, text);
	json_object_set_new(root, name, known ? json_string(text) : json_null());
	json_object_set_new(root, epoch_name, known ? json_integer(when.seconds) : json_null());
}

/* How the signatures that hold were found to hold: computed + from_memo - sampled are all. */
static json_t *make_counts(const struct vsig_stats *stats)
{
	const uint64_t computed = stats->verified - stats->recalled + stats->sampled;
	json_t *const all = json_object();
	json_object_set_new(all, "signatures", json_integer((json_int_t)stats->verified));
	json_object_set_new(all, "computed", json_integer((json_int_t)computed));
	json_object_set_new(all, "from_memo", json_integer((json_int_t)stats->recalled));
	json_object_set_new(all, "sampled", json_integer((json_int_t)stats->sampled));
	return all;
}

static json_t *make_memo(const struct vrun *run)
{
	if (run->memo == NULL)
		return json_null();
	const struct vmemo_account account = vmemo_account(run->memo);
	json_t *const all = json_object();
	json_object_set_new(all, "used", json_boolean(account.full == NULL));
	json_object_set_new(all, "full", account.full == NULL ? json_null() : safe_string(account.full));
	set_time(all, "last_full", "last_full_epoch", account.last, true);
	json_object_set_new(all, "written", json_boolean(account.written));
	json_object_set_new(all, "problem", account.problem == NULL ? json_null() : safe_string(account.problem));
	return all;
}

/* What is new against the newest --previous: counts of delegations, of their DS and glue, and of RRsets at the zone's
 * name. */
static json_t *make_changes(const struct vrun *run)
{
	if (!run->have_previous)
		return json_null();
	const struct vchanges *const changes = &run->changes;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = { { "serial", run->previous.serial }, { "records_before", changes->records_before },
		{ "records_after", changes->records_after }, { "delegations_added", changes->added },
		{ "delegations_removed", changes->removed }, { "delegations_changed", changes->ns },
		{ "ds_added", changes->ds_added }, { "ds_removed", changes->ds_removed }, { "ds_changed", changes->ds },
		{ "glue_changed", changes->glue }, { "apex_changed", changes->apex } };
	json_t *const all = json_object();
	for (size_t i = 0; i < COUNT(rows); i++)
		json_object_set_new(all, rows[i].name, json_integer((json_int_t)rows[i].value));
	return all;
}

static json_t *make_previous(const struct vrun *run)
{
	json_t *const all = json_array();
	for (unsigned i = 0; i < run->options->previous_count; i++)
		json_array_append_new(all, json_integer(run->previous_serial[i]));
	return all;
}

void verify_prepare(void)
{
	json_object_seed(0); /* from /dev/urandom; behind the closed door jansson would fall back on the time */
}

static json_t *make_door(const struct verify_door *door)
{
	json_t *const out = json_object();
	json_object_set_new(out, "landlock_abi", json_integer(door->landlock_abi));
	json_object_set_new(out, "seccomp", json_boolean(door->seccomp));
	return out;
}

char *verify_json(const struct verify_verdict *verdict)
{
	const struct vrun *const run = &verdict->run;
	char sha256[65];
	bytes_to_hex((struct bytes){ run->zone.file.sha256, 32 }, false, sha256);
	json_t *const root = json_object();
	json_object_set_new(root, "schema", json_string("zoneseal.verdict/1"));
	json_object_set_new(root, "build", json_string(build_id()));
	json_object_set_new(root, "zone", name_string(run->zone.apex));
	json_object_set_new(root, "serial", json_integer(run->zone.serial));
	json_object_set_new(root, "verdict", json_string(verdict->passed ? "pass" : "fail"));
	json_object_set_new(root, "sha256", json_string(sha256));
	json_object_set_new(root, "size", json_integer((json_int_t)run->zone.file.size));
	set_time(root, "time", "time_epoch", verdict->options.times[0], true);
	json_object_set_new(root, "records", json_integer((json_int_t)run->zone.file.count));
	json_object_set_new(root, "signatures", json_integer((json_int_t)run->stats.verified));
	json_object_set_new(root, "counts", make_counts(&run->stats));
	json_object_set_new(root, "memo", make_memo(run));
	set_time(root, "safe_until", "safe_until_epoch", verdict->safe_until, verdict->have_safe_until);
	json_object_set_new(root, "unsigned", json_boolean(verdict->options.expect_unsigned));
	json_object_set_new(root, "previous", make_previous(run));
	json_object_set_new(root, "changes", make_changes(run));
	json_object_set_new(root, "checks", make_checks(verdict));
	json_object_set_new(root, "findings", make_findings(verdict));
	json_object_set_new(root, "threads", json_integer(run->threads));
	json_object_set_new(root, "seconds", json_real(verdict->seconds));
	json_object_set_new(root, "sandbox", make_door(&verdict->options.door));
	json_object_set_new(root, "complete", json_true());
	char *const text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	json_decref(root);
	return text;
}

char *verify_json_error(const struct error *err)
{
	json_t *const root = json_object();
	json_object_set_new(root, "schema", json_string("zoneseal.verdict/1"));
	json_object_set_new(root, "build", json_string(build_id()));
	json_object_set_new(root, "verdict", json_string("none"));
	json_object_set_new(root, "error", safe_string(err->message));
	json_object_set_new(root, "file", err->file[0] == '\0' ? json_null() : safe_string(err->file));
	json_object_set_new(root, "line", err->line == 0 ? json_null() : json_integer((json_int_t)err->line));
	json_object_set_new(root, "column", err->column == 0 ? json_null() : json_integer((json_int_t)err->column));
	json_object_set_new(root, "exit", json_integer(err->code));
	char *const text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	return text;
}
