/* SPDX-License-Identifier: MIT */
/* The Nagios and Icinga plugin: its exit codes are theirs, and its one line goes to stdout whatever happens. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/report/report_level.h"

enum nagios { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

struct answer {
	struct report_worst worst;
	int64_t left, warning, critical; /* of the zone that has the least left */
	int64_t age;                     /* of the oldest publication */
	size_t blocked;
	int64_t hook_waiting; /* of the hook that waits longest; 0: none */
	size_t servers, behind, failing;
	int64_t served_behind; /* of the name server that is behind for longest, when it was asked */
	int64_t served_left;   /* of the first signature to end that one of them showed */
	bool any_served;
	bool any;
};

static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* What a person may do when there is time wakes nobody. */
static enum nagios code_of(const struct answer *answer)
{
	static const enum nagios codes[] = { NAGIOS_OK, NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL };
	return codes[answer->worst.level];
}

/* The limits that are shown are those of the zone that has the least left. */
static void look_at_signatures(
    struct answer *answer, const struct report_zone *zone, const struct report_limits *limits, struct utc now)
{
	const int64_t left = utc_difference(zone->valid_until, now).seconds;
	if (answer->any && left >= answer->left)
		return;
	const struct report_limits used = report_limits_of(zone, limits);
	answer->left = left;
	answer->warning = used.warning.seconds;
	answer->critical = used.critical.seconds;
}

static void look_at_hook(struct answer *answer, const struct report_zone *zone, struct utc now)
{
	const struct span age = utc_difference(now, zone->hook_waiting_since);
	if (zone->hook_waiting_since.seconds != 0 && age.seconds > answer->hook_waiting)
		answer->hook_waiting = age.seconds;
}

/* Figures alone: the verdict on a name server is the zone's headline. */
static void look_at_servers(struct answer *answer, const struct report_zone *zone, struct utc now)
{
	for (size_t i = 0; i < zone->server_count; i++) {
		const struct report_server *const one = &zone->servers[i];
		const int64_t behind = utc_difference(one->asked, one->behind_since).seconds;
		const int64_t left = utc_difference(one->expires, now).seconds;
		answer->servers++;
		answer->failing += one->failing_since.seconds != 0;
		if (one->behind_since.seconds != 0) {
			answer->behind++;
			answer->served_behind = behind > answer->served_behind ? behind : answer->served_behind;
		}
		if (one->expires.seconds == 0)
			continue;
		answer->served_left = !answer->any_served || left < answer->served_left ? left : answer->served_left;
		answer->any_served = true;
	}
}

static void look_at(
    struct answer *answer, const struct report_zone *zone, const struct report_limits *limits, struct utc now)
{
	report_level_of_zone(zone, limits, now, &answer->worst);
	answer->blocked += zone->health == REPORT_BLOCKED;
	if (zone->published) {
		const int64_t age = utc_difference(now, zone->published_at).seconds;
		look_at_signatures(answer, zone, limits, now);
		answer->age = !answer->any || age > answer->age ? age : answer->age;
		answer->any = true;
	}
	look_at_hook(answer, zone, now);
	look_at_servers(answer, zone, now);
}

/* Perfdata: label=value;warning;critical. */
static void print_answer(const struct answer *answer, const struct report_state *state)
{
	char words[700];
	const enum nagios code = code_of(answer);
	snprintf(words, sizeof(words), "%zu zone%s", state->zone_count, state->zone_count == 1 ? "" : "s");
	printf("ZONESEAL %s - %s%s", names[code], code == NAGIOS_OK && !state->standby ? words : answer->worst.words,
	    state->virtual_clock ? " (VIRTUAL CLOCK)" : "");
	printf(" |");
	if (answer->any)
		printf(" rrsig_min_left=%" PRId64 "s;%" PRId64 ";%" PRId64 " last_publish_age=%" PRId64 "s",
		    answer->left, answer->warning, answer->critical, answer->age);
	if (answer->hook_waiting > 0)
		printf(" hook_waiting=%" PRId64 "s;%d;%d", answer->hook_waiting, FACTS_HOOK_PATIENCE,
		    REPORT_HOOK_CRITICAL);
	if (answer->servers > 0)
		printf(" servers=%zu servers_behind=%zu servers_failing=%zu served_behind=%" PRId64 "s",
		    answer->servers, answer->behind, answer->failing, answer->served_behind);
	if (answer->any_served)
		printf(" served_min_left=%" PRId64 "s", answer->served_left);
	printf(" zones_blocked=%zu;;1\n", answer->blocked);
}

/* What each zone is looked at with. */
struct look {
	struct answer *answer;
	const struct report_state *state;
	struct report_limits limits;
	struct utc now;
};

static void take(void *context, const struct report_zone *zone)
{
	const struct look *const look = context;
	if (!look->state->standby)
		look_at(look->answer, zone, &look->limits, look->now);
}

static enum status examine(struct cli *cli, struct answer *answer, struct error *err)
{
	struct store *store = NULL;
	struct report_state state = { 0 };
	struct look look = { .answer = answer, .state = &state, .now = cli->now };
	const struct facts_each each = { take, &look };
	enum status status = cli_span(cli, OPTION_WARNING, (struct span){ 0 }, &look.limits.warning, err);
	if (status == STATUS_OK)
		status = cli_span(cli, OPTION_CRITICAL, (struct span){ 0 }, &look.limits.critical, err);
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status =
		    facts_state(store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, &each, &state, err);
	if (status == STATUS_OK) {
		report_level_of_keystore(&state, cli->now, &answer->worst);
		print_answer(answer, &state);
	}
	store_close(store);
	return status;
}

static void out_of_time(int number)
{
	static const char line[] = "ZONESEAL UNKNOWN - timed out\n";
	(void)number;
	_exit(write(STDOUT_FILENO, line, sizeof(line) - 1) >= 0 ? NAGIOS_UNKNOWN : NAGIOS_CRITICAL);
}

static int run_check(struct cli *cli, struct error *err)
{
	struct answer answer = { 0 };
	struct span timeout;
	char text[900];
	enum status status = cli_span(cli, OPTION_TIMEOUT, (struct span){ 10 }, &timeout, err);
	(void)signal(SIGALRM, out_of_time);
	if (status == STATUS_OK && timeout.seconds > 0)
		alarm((unsigned)timeout.seconds);
	if (status == STATUS_OK)
		status = examine(cli, &answer, err);
	if (status == STATUS_OK)
		return (int)code_of(&answer);
	error_format(err, text, sizeof(text));
	printf("ZONESEAL UNKNOWN - %s\n", text);
	err->message[0] = '\0';
	return NAGIOS_UNKNOWN;
}

const struct command command_check = {
	.name = "check",
	.run = run_check,
	.synopsis = "",
	.summary = "Nagios and Icinga plugin; exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN",
	.examples = "  zoneseal check\n  zoneseal check -w 5d -c 2d\n",
	.options = TAKES(OPTION_WARNING) | TAKES(OPTION_CRITICAL) | TAKES(OPTION_TIMEOUT),
	.min_args = 0,
	.max_args = 0,
};
