/* SPDX-License-Identifier: MIT */
#include "signer/report/report_roll.h"

#include "signer/report/record_words.h"

const char *report_who_name(enum report_who who)
{
	static const char *const names[] = {
		[REPORT_ZONESEAL] = "zoneseal",
		[REPORT_PARENT] = "the parent",
		[REPORT_YOU] = "YOU",
	};
	return names[who];
}

char *report_key_label(const struct key *key, struct arena *mem)
{
	if (key->public_size == 0)
		return arena_printf(mem, "a new %s", key_role_name(key->role));
	return arena_printf(mem, "%s %u", key_role_name(key->role), key->tag);
}

/* ---- events ---- */

char *report_event_words(
    const struct simulate_event *event, enum report_who parent, struct arena *mem, enum report_who *who)
{
	*who = REPORT_ZONESEAL;
	if (event->kind == SIMULATE_MADE)
		return arena_printf(mem, "makes a new %s", key_role_name(event->key->key.role));
	if (event->kind == SIMULATE_TAKEN)
		return arena_printf(mem, "takes %s from reserve", report_key_label(&event->key->key, mem));
	if (event->kind == SIMULATE_VETOED)
		return arena_printf(mem, "waits with %s: %s", report_key_label(&event->key->key, mem), event->reason);
	if (event->kind != SIMULATE_MOVED)
		return NULL;
	const char *label = report_key_label(&event->key->key, mem);
	const char *words = record_words(RECORD_DONE_BY, event->record, event->to);
	if (words == NULL)
		return NULL;
	if (event->record == KEY_DS && (event->to == KEY_RUMOURED || event->to == KEY_UNRETENTIVE))
		*who = parent;
	return record_words_fill(words, label, mem);
}

/* ---- text ---- */

static void minute(struct utc when, char out[UTC_TEXT])
{
	char full[UTC_TEXT];
	utc_format(when, full);
	snprintf(out, UTC_TEXT, "%.10s %.5sZ", full, full + 11);
}

static const char *when_or_open(enum report_who who, struct utc when, struct utc now, struct arena *mem)
{
	static const char *const open[] = {
		[REPORT_ZONESEAL] = "after another step",
		[REPORT_PARENT] = "whenever it acts",
		[REPORT_YOU] = "whenever you act",
	};
	return when.seconds == UTC_NEVER.seconds ? open[who] : report_when(when, now, mem);
}

/* Of what others do it is an estimate, of when they have done it: they may begin now. A date that has passed was such
 * an estimate, or waits for the next run. */
static const char *step_words(const struct report_step *step, struct utc now, struct arena *mem)
{
	const char *const date = report_when(step->when, now, mem);
	if (utc_before(now, step->when))
		return arena_printf(mem, step->who == REPORT_ZONESEAL ? "earliest %s" : "expected by %s", date);
	return arena_printf(mem, step->who == REPORT_ZONESEAL ? "with the next run, due %s" : "expected %s", date);
}

void report_waits_text(FILE *out, const struct report_wait waits[], size_t count, struct utc now)
{
	struct arena *mem = arena_new(0);
	for (size_t i = 0; i < count; i++) {
		const struct report_wait *wait = &waits[i];
		fprintf(out, "  waits for   %s\n", wait->what);
		fprintf(out, "  ends        %s, %s\n", report_who_name(wait->who),
		    when_or_open(wait->who, wait->earliest, now, mem));
		if (wait->sum != NULL)
			fprintf(out, "  date        = %s\n", wait->sum);
		fprintf(out, "  if nobody acts  %s\n", wait->if_nobody);
		if (wait->command != NULL)
			fprintf(out, "  do          %s\n", wait->command);
		if (i + 1 < count)
			fprintf(out, "\n");
	}
	arena_free(mem);
}

void report_roll_text(FILE *out, const struct report_roll *roll, struct utc now)
{
	struct arena *mem = arena_new(0);
	bool running = false;
	fprintf(out, "%s\n", roll->title);
	for (size_t i = 0; i < roll->step_count; i++) {
		const struct report_step *step = &roll->steps[i];
		char mark = step->done ? 'x' : running ? ' ' : '>';
		char when[UTC_TEXT];
		running = running || !step->done;
		minute(step->when, when);
		fprintf(out, "  [%c] %zu %-46s ", mark, i + 1, step->what);
		if (step->done)
			fprintf(out, "%s\n", when);
		else if (step->when.seconds == UTC_NEVER.seconds)
			fprintf(out, "%s\n", report_who_name(step->who));
		else
			fprintf(out, "%s, %s\n", report_who_name(step->who), step_words(step, now, mem));
	}
	arena_free(mem);
}

void report_plan_text(FILE *out, const struct report_plan_line lines[], size_t count, struct utc now)
{
	struct arena *mem = arena_new(0);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%-30s  %-10s  %s\n", report_when(lines[i].when, now, mem), report_who_name(lines[i].who),
		    lines[i].what);
	arena_free(mem);
}

/* ---- JSON ---- */

static const char *who_word(enum report_who who)
{
	static const char *const words[] = {
		[REPORT_ZONESEAL] = "zoneseal",
		[REPORT_PARENT] = "parent",
		[REPORT_YOU] = "you",
	};
	return words[who];
}

struct report *report_of_waits(const struct report_wait waits[], size_t count)
{
	struct report *list = report_list();
	for (size_t i = 0; i < count; i++) {
		struct report *wait = report_new(NULL);
		report_text(wait, "what", waits[i].what);
		report_text(wait, "who", who_word(waits[i].who));
		report_time(wait, "earliest", waits[i].earliest);
		report_text(wait, "sum", waits[i].sum);
		report_text(wait, "if_nobody", waits[i].if_nobody);
		report_text(wait, "command", waits[i].command);
		report_append(list, wait);
	}
	return list;
}

struct report *report_of_rolls(const struct report_roll rolls[], size_t count)
{
	struct report *list = report_list();
	for (size_t i = 0; i < count; i++) {
		struct report *roll = report_new(NULL), *steps = report_list();
		report_text(roll, "title", rolls[i].title);
		for (size_t s = 0; s < rolls[i].step_count; s++) {
			struct report *step = report_new(NULL);
			report_text(step, "what", rolls[i].steps[s].what);
			report_bool(step, "done", rolls[i].steps[s].done);
			report_text(step, "who", who_word(rolls[i].steps[s].who));
			report_time(step, "when", rolls[i].steps[s].when);
			report_append(steps, step);
		}
		report_child(roll, "steps", steps);
		report_append(list, roll);
	}
	return list;
}

struct report *report_of_plan(const struct report_plan_line lines[], size_t count)
{
	struct report *list = report_list();
	for (size_t i = 0; i < count; i++) {
		struct report *line = report_new(NULL);
		report_time(line, "when", lines[i].when);
		report_text(line, "who", who_word(lines[i].who));
		report_text(line, "what", lines[i].what);
		report_append(list, line);
	}
	return list;
}
