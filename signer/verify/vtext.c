/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/verify/verdict.h"
#include "signer/verify/vmemo_use.h"

/* The verdict for people: first the answer, then causes, then one line per group of checks. */

/* A growing text. */
struct text {
	char *data;
	size_t size;
	size_t room;
};

static void say(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

static void say(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	const int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	const size_t size = length < 0 ? 0 : (size_t)length;
	if (text->room - text->size < size + 1) {
		text->room = 2 * text->room + size + 1024;
		text->data = memory_resize(text->data, text->room, 1);
	}
	vsnprintf(text->data + text->size, size + 1, format, again);
	va_end(again);
	text->size += size;
}

/* 6214981 as "6 214 981". */
static const char *grouped(uint64_t number, char out[32])
{
	char digits[24];
	const int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	size_t used = 0;
	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			out[used++] = ' ';
		out[used++] = digits[i];
	}
	out[used] = '\0';
	return out;
}

struct tally {
	unsigned ok, failed, warned, not_asked, nothing;
};

static struct tally count_results(const struct verify_verdict *verdict)
{
	struct tally tally = { 0, 0, 0, 0, 0 };
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	for (int i = 0; i < VC_COUNT; i++) {
		switch (verdict_result(verdict, (enum vcheck)i)) {
		case VRESULT_OK:
			tally.ok++;
			break;
		case VRESULT_FAIL:
			tally.failed++;
			break;
		case VRESULT_WARN:
			tally.warned++;
			break;
		case VRESULT_NOT_ASKED:
			tally.not_asked += checks[i].home == VERIFY_GIVEN;
			break;
		case VRESULT_NOTHING:
			tally.nothing++;
			break;
		}
	}
	return tally;
}

static void say_example(struct text *text, const struct vexample *example, const char *lead)
{
	char owner[VNAME_TEXT] = "";
	char type[VTYPE_TEXT] = "";
	char detail[4 * VREPORT_DETAIL];
	if (example->owner != NULL)
		vname_format(example->owner, owner);
	if (example->type != 0)
		vtype_format(example->type, type);
	/* Names inside the detail are escaped already: a backslash stays. */
	size_t used = 0;
	for (const char *c = example->detail; *c != '\0' && used + 5 < sizeof(detail); c++) {
		if (*c >= 0x20 && *c < 0x7f)
			detail[used++] = *c;
		else
			used += (size_t)snprintf(detail + used, 5, "\\%03u", (unsigned)(unsigned char)*c);
	}
	detail[used] = '\0';
	say(text, "  %s%s%s%s", lead, owner, *owner != '\0' && *type != '\0' ? " " : "", type);
	if (example->line > 0)
		say(text, " (line %u)", example->line);
	say(text, "%s%s\n", *owner != '\0' || *type != '\0' || example->line > 0 ? ": " : "", detail);
}

static void say_examples(struct text *text, const struct vfinding *finding)
{
	enum { SHOWN = 3 };
	for (unsigned i = 0; i < finding->example_count && i < SHOWN; i++)
		say_example(text, &finding->examples[i], i == 0 ? "First: " : "       ");
}

/* Answers that do not validate because of this, as one sum. */
static void say_consequences(struct text *text, const struct verify_verdict *verdict, const struct vfinding *cause)
{
	const struct vreport *const report = verdict->run.report;
	const struct vfinding *first = NULL;
	uint64_t sum = 0;
	size_t count;
	char number[32];
	for (unsigned i = 0; i < report->finding_count; i++) {
		if (report->findings[i].follows != cause)
			continue;
		first = first == NULL ? &report->findings[i] : first;
		sum += report->findings[i].count;
	}
	if (first == NULL)
		return;
	say(text, "  With it %s answer%s of name servers fail%s (", grouped(sum, number), sum == 1 ? "" : "s",
	    sum == 1 ? "s" : "");
	enum vcheck last = VC_COUNT;
	for (unsigned i = 0; i < report->finding_count; i++) {
		const struct vfinding *const one = &report->findings[i];
		if (one->follows != cause || one->check == last)
			continue;
		say(text, "%s%s", last == VC_COUNT ? "" : ", ", verify_checks(&count)[one->check].id);
		last = one->check;
	}
	say(text, "; --json has each)\n");
	if (first->example_count > 0)
		say_example(text, &first->examples[0], "For one: ");
}

static void say_finding(struct text *text, const struct verify_verdict *verdict, const struct vfinding *finding)
{
	size_t count;
	const struct verify_check *const row = &verify_checks(&count)[finding->check];
	const struct vreport *const report = verdict->run.report;
	char failed[32];
	char checked[32];
	const bool refuses = verdict_result(verdict, finding->check) == VRESULT_FAIL;
	say(text, "%s  %s  %s\n",
	    finding->expected != NULL ? "expected"
	    : refuses                 ? "FAIL"
				      : "warn",
	    row->id, finding->what);
	const uint64_t all = atomic_load(&report->checked[finding->check]);
	if (all >= finding->count)
		say(text, "  %s of %s %s (%s)\n", grouped(finding->count, failed), grouped(all, checked), row->counts,
		    row->rfc);
	else
		say(text, "  %s times (%s)\n", grouped(finding->count, failed), row->rfc);
	say_examples(text, finding);
	if (finding->expected != NULL)
		say(text, "  Expected: %s\n", finding->expected);
	if (finding->cause[0] != '\0')
		say(text, "  => %s\n", finding->cause);
	if (finding->advice[0] != '\0')
		say(text, "  Do: %s\n", finding->advice);
	else if (refuses)
		say(text, "  Do: zoneseal explain %s\n", row->id);
	say_consequences(text, verdict, finding);
	say(text, "\n");
}

/* What refuses nothing is one line where something else does. */
static void say_warning(struct text *text, const struct vfinding *finding)
{
	size_t count;
	char failed[32];
	say(text, "warn  %s  %s: %s\n", verify_checks(&count)[finding->check].id, finding->what,
	    grouped(finding->count, failed));
}

static void say_group(struct text *text, const struct verify_verdict *verdict, const char *group, size_t length)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	unsigned passed = 0;
	unsigned failed = 0;
	unsigned warned = 0;
	uint64_t looked = 0;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(checks[i].id, group, length) != 0 || checks[i].id[length] != '.')
			continue;
		const enum vresult result = verdict_result(verdict, (enum vcheck)i);
		passed += result == VRESULT_OK;
		failed += result == VRESULT_FAIL;
		warned += result == VRESULT_WARN;
		const uint64_t checked = atomic_load(&verdict->run.report->checked[i]);
		looked = checked > looked ? checked : looked;
	}
	char number[32];
	if (passed + failed + warned == 0)
		return;
	say(text, "  %s  %-10.*s %u of %u checks hold, up to %s looked at\n",
	    failed > 0   ? "FAIL"
	    : warned > 0 ? "warn"
			 : "ok  ",
	    (int)length, group, passed, passed + failed + warned, grouped(looked, number));
}

static void say_groups(struct text *text, const struct verify_verdict *verdict)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	for (size_t i = 0; i < count; i++) {
		const size_t length = strcspn(checks[i].id, ".");
		bool seen = false;
		for (size_t j = 0; j < i && !seen; j++)
			seen = strncmp(checks[j].id, checks[i].id, length + 1) == 0;
		if (!seen && (checks[i].home == VERIFY_FILE || checks[i].home == VERIFY_GIVEN))
			say_group(text, verdict, checks[i].id, length);
	}
}

static void say_head(struct text *text, const struct verify_verdict *verdict, const struct tally *tally)
{
	char apex[VNAME_TEXT];
	char number[32];
	char when[UTC_TEXT];
	const struct vrun *const run = &verdict->run;
	vname_format(run->zone.apex, apex);
	if (!verdict->passed) {
		say(text, "FAIL  %s serial %u must not be published.\n\n", apex, run->zone.serial);
		return;
	}
	say(text, "PASS  %s serial %u, %u/%u checks, ", apex, run->zone.serial, tally->ok, tally->ok + tally->warned);
	if (verdict->options.expect_unsigned) {
		say(text, "UNSIGNED as asked: no validator protects it\n\n");
		return;
	}
	say(text, "%s signatures, ", grouped(run->stats.verified, number));
	utc_format(verdict->safe_until, when);
	say(text, verdict->have_safe_until ? "safe to publish until %s\n\n" : "no time limit known\n\n", when);
}

/* A closed door needs no word. */
static void say_door(struct text *text, const struct verify_door *door)
{
	if (door->landlock_abi > 0 && door->seccomp)
		return;
	say(text,
	    "SANDBOX Landlock %s, seccomp %s: the verifier ran with less protection than zoneseal doctor asks for\n",
	    door->landlock_abi > 0 ? "yes" : "NO", door->seccomp ? "yes" : "NO");
}

static void say_memo(struct text *text, const struct verify_verdict *verdict)
{
	const struct vrun *const run = &verdict->run;
	char all[32], known[32], sampled[32], when[UTC_TEXT];
	if (run->memo == NULL)
		return;
	const struct vmemo_account account = vmemo_account(run->memo);
	utc_format(account.last, when);
	grouped(run->stats.verified, all);
	if (account.full != NULL)
		say(text, "MEMO    not used: %s; all %s signatures were computed\n", account.full, all);
	else
		say(text,
		    "MEMO    %s of %s signatures taken from it, %s of those computed all the same; all computed at "
		    "%s\n",
		    grouped(run->stats.recalled, known), all, grouped(run->stats.sampled, sampled), when);
	if (account.wanted && verdict->passed && !account.written)
		say(text, "        no new one is written: %s\n",
		    account.problem == NULL ? "there was nothing for it" : account.problem);
}

/* Causes first, each with what only follows from it. */
static void say_findings(struct text *text, const struct verify_verdict *verdict)
{
	const struct vreport *const report = verdict->run.report;
	for (unsigned i = 0; i < report->finding_count; i++)
		if (verdict_result(verdict, report->findings[i].check) == VRESULT_FAIL &&
		    report->findings[i].follows == NULL)
			say_finding(text, verdict, &report->findings[i]);
	bool brief = false;
	for (unsigned i = 0; i < report->finding_count; i++) {
		const struct vfinding *const finding = &report->findings[i];
		if (verdict_result(verdict, finding->check) == VRESULT_FAIL)
			continue;
		/* What has a cause of its own may be why the other one refuses. */
		const bool whole = verdict->passed || finding->expected != NULL || finding->cause[0] != '\0';
		if (whole)
			say_finding(text, verdict, finding);
		else
			say_warning(text, finding);
		brief |= !whole;
	}
	say(text, "%s", brief ? "\n" : "");
}

char *verify_text(const struct verify_verdict *verdict)
{
	struct text text = { NULL, 0, 0 };
	const struct tally tally = count_results(verdict);
	say_head(&text, verdict, &tally);
	say_findings(&text, verdict);
	say(&text,
	    "CHECKS  %u pass, %u fail, %u warn, %u not asked, %u without anything to check    %u thread%s, %.1f s\n",
	    tally.ok, tally.failed, tally.warned, tally.not_asked, tally.nothing, verdict->run.threads,
	    verdict->run.threads == 1 ? "" : "s", verdict->seconds);
	say_door(&text, &verdict->options.door);
	say_memo(&text, verdict);
	say_groups(&text, verdict);
	return text.data;
}
