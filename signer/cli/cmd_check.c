/* SPDX-License-Identifier: MIT */
/* The Nagios and Icinga plugin: its exit codes are theirs, and its one line goes to stdout whatever happens. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/setup.h"

/* A standby wants a snapshot a day. */
enum { SNAPSHOT_WARNING = 26 * 3600, SNAPSHOT_CRITICAL = 3 * 86400 };

enum nagios { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

struct limits {
	struct span warning, critical; /* of what signatures have left; 0: by each zone's policy */
};

struct answer {
	enum nagios code;
	char words[600];
	int64_t left, warning, critical; /* of the zone that has the least left */
	int64_t age;                     /* of the oldest publication */
	size_t blocked;
	int64_t hook_waiting; /* of the hook that waits longest; 0: none */
	size_t servers, behind, failing;
	int64_t served_behind; /* of the name server that is behind for longest, when it was asked */
	int64_t served_left;   /* of the first signature to end that one of them showed */
	bool any_served;
	bool any;
	bool standby; /* words are there whatever the code */
};

static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

static void worsen(struct answer *answer, enum nagios code, const char *zone, const char *words)
{
	if (code <= answer->code)
		return;
	answer->code = code;
	snprintf(answer->words, sizeof(answer->words), "%s: %s", zone, words);
}

static void look_at_signatures(
    struct answer *answer, const struct report_zone *zone, const struct limits *limits, struct utc now)
{
	char text[80], left_text[SPAN_TEXT];
	int64_t left = utc_difference(zone->valid_until, now).seconds;
	/* With runs as they should be, more than `refresh` is left; a day below it a run is missing. */
	int64_t warning = limits->warning.seconds > 0 ? limits->warning.seconds : zone->limit.seconds - 86400;
	int64_t critical = limits->critical.seconds > 0 ? limits->critical.seconds : zone->limit.seconds / 2;
	if (!answer->any || left < answer->left) {
		answer->left = left;
		answer->warning = warning;
		answer->critical = critical;
	}
	span_format_short((struct span){ left > 0 ? left : 0 }, left_text);
	snprintf(text, sizeof(text), "signatures have %s left", left_text);
	if (left <= 0)
		worsen(answer, NAGIOS_CRITICAL, zone->name, "signatures have EXPIRED");
	else if (left < critical)
		worsen(answer, NAGIOS_CRITICAL, zone->name, text);
	else if (left < warning)
		worsen(answer, NAGIOS_WARNING, zone->name, text);
}

static void look_at_hook(struct answer *answer, const struct report_zone *zone, struct utc now)
{
	char text[120], age_text[SPAN_TEXT];
	if (zone->hook_waiting_since.seconds == 0)
		return;
	struct span age = utc_difference(now, zone->hook_waiting_since);
	if (age.seconds > answer->hook_waiting)
		answer->hook_waiting = age.seconds;
	if (age.seconds < FACTS_HOOK_CRITICAL)
		return;
	span_format_short(age, age_text);
	snprintf(text, sizeof(text), "the publish hook %s for %s: name servers may serve an older version",
	    zone->hook_again ? "wants to be tried again" : "fails", age_text);
	worsen(answer, NAGIOS_CRITICAL, zone->name, text);
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

static void look_at(struct answer *answer, const struct report_zone *zone, const struct limits *limits, struct utc now)
{
	if (zone->health == REPORT_BLOCKED) {
		answer->blocked++;
		worsen(answer, NAGIOS_CRITICAL, zone->name, zone->headline);
	}
	if (zone->published) {
		int64_t age = utc_difference(now, zone->published_at).seconds;
		look_at_signatures(answer, zone, limits, now);
		answer->age = !answer->any || age > answer->age ? age : answer->age;
		answer->any = true;
	}
	look_at_hook(answer, zone, now);
	look_at_servers(answer, zone, now);
	if (zone->urgent)
		worsen(
		    answer, zone->health == REPORT_OK ? NAGIOS_WARNING : NAGIOS_CRITICAL, zone->name, zone->headline);
	if (zone->health == REPORT_WARN || zone->health == REPORT_NEW)
		worsen(answer, NAGIOS_WARNING, zone->name, zone->headline);
}

/* What its zones look like is the active signer's business; what a standby is there for is to be like that one. */
static void look_at_standby(struct answer *answer, const struct report_state *state, struct utc now)
{
	char age_text[SPAN_TEXT];
	const struct span age = utc_difference(now, state->snapshot);
	answer->standby = true;
	if (state->snapshot.seconds == 0) {
		snprintf(answer->words, sizeof(answer->words),
		    "STANDBY, fenced; no snapshot was compared since the last restore: zoneseal parity check");
		answer->code = NAGIOS_WARNING;
		return;
	}
	span_format_short(age, age_text);
	snprintf(answer->words, sizeof(answer->words), "STANDBY, fenced; equal to a snapshot that is %s old", age_text);
	answer->code = age.seconds > SNAPSHOT_CRITICAL  ? NAGIOS_CRITICAL
		       : age.seconds > SNAPSHOT_WARNING ? NAGIOS_WARNING
							: NAGIOS_OK;
}

/* Perfdata: label=value;warning;critical. */
static void print_answer(const struct answer *answer, size_t zones, bool is_virtual)
{
	char words[700];
	snprintf(words, sizeof(words), "%zu zone%s", zones, zones == 1 ? "" : "s");
	printf("ZONESEAL %s - %s%s", names[answer->code],
	    answer->code == NAGIOS_OK && !answer->standby ? words : answer->words,
	    is_virtual ? " (VIRTUAL CLOCK)" : "");
	printf(" |");
	if (answer->any)
		printf(" rrsig_min_left=%" PRId64 "s;%" PRId64 ";%" PRId64 " last_publish_age=%" PRId64 "s",
		    answer->left, answer->warning, answer->critical, answer->age);
	if (answer->hook_waiting > 0)
		printf(
		    " hook_waiting=%" PRId64 "s;%d;%d", answer->hook_waiting, FACTS_HOOK_PATIENCE, FACTS_HOOK_CRITICAL);
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
	struct limits limits;
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
		status = facts_state(store, cli->state, cli->now, cli->mem, &each, &state, err);
	if (status == STATUS_OK && state.standby)
		look_at_standby(answer, &state, cli->now);
	if (status == STATUS_OK && state.restored && !state.standby)
		worsen(answer, NAGIOS_CRITICAL, "keystore",
		    "restored from a backup and not reconciled: nothing is signed");
	if (status == STATUS_OK && state.clock_behind && !cli_has(cli, OPTION_NOW))
		worsen(answer, NAGIOS_CRITICAL, "keystore",
		    "the clock is behind the last recorded run: nothing is signed; see zoneseal doctor");
	if (status == STATUS_OK && state.zone_count == 0)
		worsen(answer, NAGIOS_WARNING, "keystore", "no zones");
	if (status == STATUS_OK)
		print_answer(answer, state.zone_count, state.virtual_clock);
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
	struct answer answer = { .code = NAGIOS_OK };
	struct span timeout;
	char text[900];
	enum status status = cli_span(cli, OPTION_TIMEOUT, (struct span){ 10 }, &timeout, err);
	(void)signal(SIGALRM, out_of_time);
	if (status == STATUS_OK && timeout.seconds > 0)
		alarm((unsigned)timeout.seconds);
	if (status == STATUS_OK)
		status = examine(cli, &answer, err);
	if (status == STATUS_OK)
		return (int)answer.code;
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
