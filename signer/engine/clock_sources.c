/* SPDX-License-Identifier: MIT */
#include "signer/engine/clock_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define TENTH (SECOND / 10)

/* Policies of one run rarely name more than one set of servers. */
enum { SETS = 4, AMOUNT = 40 };

struct answers {
	char sources[POLICY_HOOK];
	struct clock_voice voices[POLICY_SOURCES];
	size_t count;
	int64_t distance; /* of the clock from the steady one, before they were asked */
};

struct clock_asked {
	struct answers sets[SETS];
	size_t next; /* which is written next */
};

struct clock_asked *clock_asked_new(struct arena *mem)
{
	return arena_calloc(mem, 1, sizeof(struct clock_asked));
}

int64_t clock_distance(void)
{
	return clock_real() - clock_steady();
}

/* ---- judging ---- */

bool clock_agrees(const struct clock_voice *voice, struct span tolerance)
{
	const int64_t most = tolerance.seconds * SECOND;
	return voice->answered && llabs(voice->offset.offset) <= most + voice->offset.delay / 2 && voice->doubt <= most;
}

/* "86400.0s" */
static void format_amount(int64_t nanoseconds, char out[AMOUNT])
{
	const int64_t tenths = (llabs(nanoseconds) + TENTH / 2) / TENTH;
	snprintf(out, AMOUNT, "%lld.%llds", (long long)(tenths / 10), (long long)(tenths % 10));
}

char *clock_voice_words(const struct clock_voice *voice, struct span tolerance, struct arena *mem)
{
	char amount[AMOUNT];
	if (!voice->answered)
		return arena_printf(mem, "%s %s", voice->source, voice->words);
	if (voice->doubt > tolerance.seconds * SECOND) {
		format_amount(voice->doubt, amount);
		return arena_printf(mem, "%s may be off by %s by its own account", voice->source, amount);
	}
	format_amount(voice->offset.offset, amount);
	return arena_printf(
	    mem, "%s is %s %s this clock", voice->source, amount, voice->offset.offset < 0 ? "behind" : "ahead of");
}

/* What those say that do not agree. */
static char *list_others(
    const struct clock_voice voices[], size_t count, struct span tolerance, struct arena *mem, bool *differ)
{
	char *text = arena_strdup(mem, "");
	*differ = false;
	for (size_t i = 0; i < count; i++) {
		if (clock_agrees(&voices[i], tolerance))
			continue;
		*differ |= voices[i].answered;
		text = arena_printf(
		    mem, "%s%s%s", text, text[0] == '\0' ? "" : ", ", clock_voice_words(&voices[i], tolerance, mem));
	}
	return text;
}

enum status clock_judge(const struct clock_voice voices[], size_t count, const struct policy *policy, struct utc now,
    struct arena *mem, const char **words, struct error *err)
{
	size_t agree = 0;
	bool differ;
	char is[UTC_TEXT], tolerance[SPAN_TEXT];
	for (size_t i = 0; i < count; i++)
		agree += clock_agrees(&voices[i], policy->clock_tolerance);
	span_format_exact(policy->clock_tolerance, tolerance);
	utc_format(now, is);
	char *const others = list_others(voices, count, policy->clock_tolerance, mem, &differ);
	*words = arena_printf(mem, "%zu of %zu time servers agree within %s%s%s", agree, count, tolerance,
	    others[0] == '\0' ? "" : "; ", others);
	if (agree >= policy->clock_quorum)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "clock.sane: clock guard: the clock says %s, and %zu of %zu time servers agree within %s, where policy %s "
	    "wants %u; nothing is signed or published; %s, then look with zoneseal doctor: %s",
	    is, agree, count, tolerance, policy->name, policy->clock_quorum,
	    differ ? "set the clock, or change clock.sources if it is right"
		   : "see that UDP to them gets through, or change clock.sources",
	    others);
}

/* ---- asking ---- */

static struct answers *find(struct clock_asked *asked, const char *sources)
{
	for (size_t i = 0; i < SETS; i++)
		if (asked->sets[i].count > 0 && memcmp(asked->sets[i].sources, sources, POLICY_HOOK) == 0)
			return &asked->sets[i];
	return NULL;
}

static enum status ask(const struct policy *policy, struct answers *out, struct error *err)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	struct answers answers = { .distance = clock_distance() };
	memcpy(answers.sources, policy->time_sources, POLICY_HOOK);
	answers.count = policy_hook_words(answers.sources, words);
	const enum status status = clock_ask(words, answers.count, answers.voices, err);
	if (status == STATUS_OK)
		*out = answers;
	return status;
}

enum status clock_check_sources(struct clock_asked *asked, const struct policy *policy, struct utc now,
    struct arena *mem, const char **words, struct error *err)
{
	enum status status = STATUS_OK;
	if (policy->time_sources[0] == '\0') {
		*words = arena_printf(mem, "not asked: policy %s names no clock.sources", policy->name);
		return STATUS_OK;
	}
	struct answers *answers = find(asked, policy->time_sources);
	/* What they said is true of a clock that has only gone on since. */
	const bool current = answers != NULL && llabs(clock_distance() - answers->distance) < SECOND;
	if (answers == NULL)
		answers = &asked->sets[asked->next++ % SETS];
	if (!current)
		status = ask(policy, answers, err);
	return status == STATUS_OK ? clock_judge(answers->voices, answers->count, policy, now, mem, words, err)
				   : status;
}

/* ---- a clock that is set ---- */

enum status clock_check_step(int64_t before, int64_t after, const struct policy *policy, struct error *err)
{
	const int64_t step = after - before;
	char amount[AMOUNT];
	if (llabs(step) <= policy->clock_tolerance.seconds * SECOND)
		return STATUS_OK;
	format_amount(step, amount);
	return error_set(err, STATUS_REFUSED,
	    "clock.sane: clock guard: the clock was set %s by %s while this run was under way, so the times in the "
	    "signed zone may be wrong; it is not published; find out what sets the clock, and run again",
	    step < 0 ? "back" : "forward", amount);
}
