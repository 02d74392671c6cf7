/* SPDX-License-Identifier: MIT */
#include "signer/report/simulation.h"

#include <string.h>

#include "signer/report/record_words.h"

/* One line: a key and a moment, or a command. */
struct step {
	struct utc when;
	int64_t id; /* of the key; 0: a command */
	const char *label, *word, *what;
	const char *refused; /* why a command was not carried out */
	enum key_state state[KEY_RECORDS];
	bool you; /* a person must act */
};

struct simulation {
	struct simulation_subject subject;
	struct arena *mem;
	struct step *steps;
	size_t count, room;
	size_t waits; /* index of the first of the waits at the end; SIZE_MAX: none yet */
	size_t rolls, acts;
};

struct simulation *simulation_new(const struct simulation_subject *subject, struct arena *mem)
{
	struct simulation *const simulation = arena_calloc(mem, 1, sizeof(*simulation));
	simulation->subject = *subject;
	simulation->mem = mem;
	simulation->waits = SIZE_MAX;
	return simulation;
}

/* ---- words ---- */

static const char *phrase_of_move(const struct simulation *simulation, const struct simulate_event *event)
{
	if (event->record == KEY_DS && simulation->subject.parent_by_hand && event->to == KEY_RUMOURED)
		return "YOU hand in its DS";
	if (event->record == KEY_DS && simulation->subject.parent_by_hand && event->to == KEY_UNRETENTIVE)
		return "YOU have its DS removed";
	return record_words(RECORD_OF_KEY, event->record, event->to);
}

static char *label_of(const struct key *key, struct arena *mem)
{
	if (key->tag != 0)
		return arena_printf(mem, "%s %u", key_role_name(key->role), key->tag);
	return arena_printf(mem, "%s #%lld", key_role_name(key->role), (long long)key->id);
}

static const char *label_of_id(const struct simulation *simulation, int64_t id)
{
	for (size_t i = simulation->count; i-- > 0;)
		if (simulation->steps[i].id == id)
			return simulation->steps[i].label;
	return arena_printf(simulation->mem, "key #%lld", (long long)id);
}

static const char *phrase_of_veto(const struct simulation *simulation, const struct simulate_event *event)
{
	char until[UTC_TEXT];
	utc_format(event->earliest, until);
	const bool ends = event->earliest.seconds != UTC_NEVER.seconds;
	return arena_printf(simulation->mem, "its next step waits, %s%s: %s", ends ? "until " : "for good",
	    ends ? until : "", event->reason);
}

static const char *phrase_of(const struct simulation *simulation, const struct simulate_event *event)
{
	const int64_t old = event->key == NULL ? 0 : event->key->key.predecessor;
	const char *const first = event->kind == SIMULATE_MADE ? "made" : "taken from reserve";
	switch (event->kind) {
	case SIMULATE_MADE:
	case SIMULATE_TAKEN:
		if (event->key->key.standby)
			return arena_printf(simulation->mem, "%s, to be kept in reserve", first);
		return old == 0
			   ? first
			   : arena_printf(simulation->mem, "%s to replace %s", first, label_of_id(simulation, old));
	case SIMULATE_MOVED:
		return phrase_of_move(simulation, event);
	case SIMULATE_SEEN:
		return "all parent servers show its DS";
	case SIMULATE_GONE:
		return "no parent server shows its DS any more";
	case SIMULATE_VETOED:
		return phrase_of_veto(simulation, event);
	case SIMULATE_WAITS:
		return rollover_obstacle_text(event->why);
	case SIMULATE_ORDERED:
	case SIMULATE_REFUSED:
		return event->command->text;
	}
	return NULL;
}

/* ---- steps ---- */

static struct step *new_step(struct simulation *simulation, const struct simulate_event *event)
{
	if (simulation->count == simulation->room) {
		simulation->room = simulation->room == 0 ? 256 : 2 * simulation->room;
		struct step *const larger = arena_calloc(simulation->mem, simulation->room, sizeof(*larger));
		if (simulation->count > 0)
			memcpy(larger, simulation->steps, simulation->count * sizeof(*larger));
		simulation->steps = larger;
	}
	struct step *const step = &simulation->steps[simulation->count++];
	*step = (struct step){ .when = event->when, .label = "command", .word = "" };
	if (event->key != NULL) {
		step->id = event->key->key.id;
		step->label = label_of(&event->key->key, simulation->mem);
	}
	return step;
}

/* The line of this key at this moment, if it was begun. */
static struct step *step_of(struct simulation *simulation, const struct simulate_event *event)
{
	for (size_t i = simulation->count; event->key != NULL && i-- > 0;) {
		struct step *const step = &simulation->steps[i];
		if (step->when.seconds != event->when.seconds)
			break;
		if (step->id == event->key->key.id)
			return step;
	}
	return new_step(simulation, event);
}

static void count_it(struct simulation *simulation, const struct simulate_event *event, struct step *step)
{
	const bool begins = event->to == KEY_RUMOURED || event->to == KEY_UNRETENTIVE;
	if ((event->kind == SIMULATE_MADE || event->kind == SIMULATE_TAKEN) && event->key->key.predecessor != 0)
		simulation->rolls++;
	if (event->kind != SIMULATE_MOVED || event->record != KEY_DS || !begins || !simulation->subject.parent_by_hand)
		return;
	/* Old and new DS change in one visit to the parent. */
	for (size_t i = 0; i < simulation->count; i++)
		if (simulation->steps[i].you && simulation->steps[i].when.seconds == event->when.seconds)
			simulation->acts--;
	simulation->acts++;
	step->you = true;
}

/* What does not move at the end is told once for a key and a reason, and only where no clock ends it. */
static void add_wait(struct simulation *simulation, const struct simulate_event *event)
{
	const bool ends = event->why != ROLLOVER_WAITS_PARENT && event->why != ROLLOVER_WAITS_OPERATOR &&
			  event->why != ROLLOVER_WAITS_KEY_MISSING && event->why != ROLLOVER_WAITS_BACKUP;
	if (ends)
		return;
	if (simulation->waits == SIZE_MAX)
		simulation->waits = simulation->count;
	for (size_t i = simulation->waits; i < simulation->count; i++)
		if (simulation->steps[i].id == event->key->key.id)
			return;
	struct step *const step = new_step(simulation, event);
	step->what = phrase_of(simulation, event);
	step->word = report_key_word(&event->key->key, false);
}

void simulation_watch(void *context, const struct simulate_event *event)
{
	struct simulation *const simulation = context;
	if (event->kind == SIMULATE_WAITS) {
		add_wait(simulation, event);
		return;
	}
	struct step *const step = step_of(simulation, event);
	const char *const phrase = phrase_of(simulation, event);
	if (phrase != NULL)
		step->what = step->what == NULL ? phrase : arena_printf(simulation->mem, "%s; %s", step->what, phrase);
	count_it(simulation, event, step);
	if (event->kind == SIMULATE_REFUSED)
		step->refused = event->reason;
	if (event->key == NULL)
		return;
	step->word = report_key_word(&event->key->key, false);
	memcpy(step->state, event->key->key.state, sizeof(step->state));
}

/* ---- text ---- */

static void print_time(FILE *out, struct utc when)
{
	char text[UTC_TEXT];
	utc_format(when, text);
	fprintf(out, "%.10s %.8sZ", text, text + 11);
}

static void print_assumptions(FILE *out, const struct simulation *simulation)
{
	const struct simulate_world *const world = simulation->subject.world;
	char span[SPAN_TEXT];
	span_format_exact(world->ds_delay, span);
	fprintf(out, "Assumed: the parent shows a DS %s%s", world->ds_delay.seconds < 0 ? "never" : span,
	    world->ds_delay.seconds < 0 ? "" : " after it is wanted");
	if (world->outage_until.seconds != 0) {
		fprintf(out, "; nothing is published from ");
		print_time(out, world->outage_from);
		fprintf(out, " to ");
		print_time(out, world->outage_until);
	}
	fprintf(out, "; TTLs are %s.\n", world->past == NULL ? "the policy's" : "those that are served");
	if (world->past != NULL && world->past->held)
		fprintf(out, "Key events are held: none happens before a release (--at DATE:release).\n");
	fprintf(out, "\n");
}

static void print_steps(FILE *out, const struct simulation *simulation, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct step *const step = &simulation->steps[i];
		if (step->what == NULL)
			continue;
		print_time(out, step->when);
		fprintf(out, "  %-9s  %-10s  %s%s%s\n", step->label, step->word, step->what,
		    step->refused == NULL ? "" : ": refused, ", step->refused == NULL ? "" : step->refused);
	}
}

void simulation_text(FILE *out, const struct simulation *simulation, const char *failure)
{
	const struct simulate_world *const world = simulation->subject.world;
	const size_t end = simulation->waits == SIZE_MAX ? simulation->count : simulation->waits;
	char length[SPAN_TEXT];
	span_format_short(utc_difference(world->until, world->start), length);
	fprintf(out, "%s  %s, %s from ", failure == NULL ? "PASS" : "FAIL", simulation->subject.name, length);
	print_time(out, world->start);
	fprintf(out, ": %zu rollover%s; you are needed %zu time%s.\n", simulation->rolls,
	    simulation->rolls == 1 ? "" : "s", simulation->acts, simulation->acts == 1 ? "" : "s");
	print_assumptions(out, simulation);
	print_steps(out, simulation, 0, end);
	if (simulation->waits != SIZE_MAX) {
		fprintf(
		    out, "\nAt the end these wait, and stay as they are until somebody acts; the zone stays valid:\n");
		print_steps(out, simulation, end, simulation->count);
	}
	fprintf(out, "\nCache check: %s%s\n",
	    failure == NULL ? "no cache can find the zone bogus at any step." : "FAILED. ",
	    failure == NULL ? "" : failure);
}

/* ---- JSON ---- */

static struct report *report_of_step(const struct step *step)
{
	static const char *const records[KEY_RECORDS] = { "dnskey", "zrrsig", "krrsig", "ds" };
	struct report *const one = report_new(NULL);
	report_time(one, "time", step->when);
	report_text(one, "key", step->id == 0 ? NULL : step->label);
	report_text(one, "state", step->id == 0 ? NULL : step->word);
	report_text(one, "what", step->what);
	report_bool(one, "you", step->you);
	report_text(one, "refused", step->refused);
	struct report *const states = report_new(NULL);
	for (int r = 0; r < KEY_RECORDS && step->id != 0; r++)
		if (step->state[r] != KEY_NA)
			report_text(states, records[r], key_state_name(step->state[r]));
	report_child(one, "records", states);
	return one;
}

static struct report *report_of_steps(const struct simulation *simulation, size_t from, size_t to)
{
	struct report *const list = report_list();
	for (size_t i = from; i < to; i++)
		report_append(list, report_of_step(&simulation->steps[i]));
	return list;
}

struct report *simulation_report(const struct simulation *simulation, const char *failure)
{
	const struct simulate_world *const world = simulation->subject.world;
	const size_t end = simulation->waits == SIZE_MAX ? simulation->count : simulation->waits;
	struct report *const report = report_new("zoneseal.simulation/1");
	report_text(report, "subject", simulation->subject.name);
	report_bool(report, "pass", failure == NULL);
	report_text(report, "conflict", failure);
	report_time(report, "start", world->start);
	report_time(report, "until", world->until);
	report_number(report, "ds_delay", world->ds_delay.seconds);
	report_time(report, "outage_from", world->outage_from);
	report_time(report, "outage_until", world->outage_until);
	report_number(report, "rollovers", (int64_t)simulation->rolls);
	report_number(report, "you_are_needed", (int64_t)simulation->acts);
	report_child(report, "steps", report_of_steps(simulation, 0, end));
	report_child(report, "waits", report_of_steps(simulation, end, simulation->count));
	return report;
}
