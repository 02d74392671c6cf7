/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/suggest.h"
#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/cli/rollfacts.h"
#include "signer/engine/roll.h"
#include "signer/verify/verify.h"

/* The runbook beside this program: as it was installed, or in the source tree of a build. Where there is neither, its
 * name in the source tree. */
static const char *runbook(struct arena *mem)
{
	static const char *const folders[] = { "../share/doc/zoneseal", "../../../contrib/doc" };
	char self[PATH_MAX], found[PATH_MAX];
	const ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[size > 0 ? size : 0] = '\0';
	char *const end = strrchr(self, '/');
	for (size_t i = 0; end != NULL && i < COUNT(folders); i++) {
		const char *const path = arena_printf(mem, "%.*s/%s/runbook.md", (int)(end - self), self, folders[i]);
		if (realpath(path, found) != NULL)
			return arena_strdup(mem, found);
	}
	return "contrib/doc/runbook.md";
}

static const char *page(const char *anchor, size_t size, struct arena *mem)
{
	return arena_printf(mem, "%s#%.*s", runbook(mem), (int)size, anchor);
}

/* ---- a state that status shows ---- */

/* A heading of the runbook each. */
static const struct {
	const char *name;
	const char *says;
} states[] = {
	{ "blocked", "the last new version was refused and not published; the one before stays" },
	{ "expired", "signatures of the published zone are no longer valid; validators refuse the zone" },
	{ "input-bad", "the input cannot be read or used; signatures are renewed, registrations do not get out" },
	{ "input-held", "the input is held since a rollback, until a person lets it go" },
	{ "hook", "the publish hook fails; the zone is published, name servers may serve an older version" },
	{ "run-failed", "the last run ended with an error; what is published stays" },
	{ "no-run",
	    "signatures are due, or the input has changed, and no run came: the timer, or cron, does not work" },
	{ "new", "nothing is published yet" },
	{ "held", "key events are held by a person; signatures go on" },
	{ "veto", "the cache check refuses the next step of a rollover, and waiting does not end that" },
	{ "key-missing", "a private key cannot be used; no key moves, and signatures will run out" },
	{ "ceremony", "the signatures of an offline KSK run out: a key ceremony is needed" },
	{ "ds-wanted", "a rollover, or a new zone, waits for a DS at the parent" },
};

static enum status explain_state(struct cli *cli, size_t state, struct error *err)
{
	const char *const place = page(states[state].name, strlen(states[state].name), cli->mem);
	if (!cli_has(cli, OPTION_JSON)) {
		printf("%s  %s\n  do         %s\n", states[state].name, states[state].says, place);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.explain/1");
	report_text(report, "state", states[state].name);
	report_text(report, "explain", states[state].says);
	report_text(report, "runbook", place);
	return cli_print(cli, report, err);
}

/* ---- a check of the gate ---- */

static enum status explain_check(struct cli *cli, const struct verify_check *check, struct error *err)
{
	static const char *const homes[] = { [VERIFY_FILE] = "from the zone file alone",
		[VERIFY_GIVEN] = "when what it compares with is given",
		[VERIFY_ENGINE] = "by zoneseal run, before it publishes",
		[VERIFY_OUTSIDE] = "outside of zoneseal" };
	const char *const place = page(check->id, strcspn(check->id, "."), cli->mem);
	const char *severity = check->severity == VERIFY_RFC  ? "always refused"
			       : check->home == VERIFY_ENGINE ? "as the sentence says"
							      : "refused where a policy is given";
	if (cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.explain/1");
		report_text(report, "check", check->id);
		report_text(report, "alias", check->alias);
		report_text(report, "explain", check->explain);
		report_text(report, "severity", check->severity == VERIFY_RFC ? "rfc" : "policy");
		report_text(report, "decided", homes[check->home]);
		report_text(report, "rfc", check->rfc);
		report_text(report, "counts", check->counts);
		report_text(report, "outage", check->outage);
		report_text(report, "runbook", place);
		return cli_print(cli, report, err);
	}
	printf("%s (%s)  %s\n", check->id, check->alias, check->explain);
	printf("  severity   %s\n  decided    %s\n", severity, homes[check->home]);
	if (check->rfc != NULL && strcmp(check->rfc, "-") != 0)
		printf("  read       %s\n", check->rfc);
	if (check->counts != NULL)
		printf("  counts     %s\n", check->counts);
	if (check->outage != NULL)
		printf("  outage     %s\n", check->outage);
	printf("  do         %s\n", place);
	return STATUS_OK;
}

/* ---- a key ---- */

static void print_key(const struct cli *cli, const struct roll_view *view, const struct key *key,
    const struct report_wait waits[], size_t count)
{
	static const char *const records[KEY_RECORDS] = { "DNSKEY", "signatures", "signed DNSKEY set", "DS" };
	static const char *const words[] = { [KEY_HIDDEN] = "in no cache",
		[KEY_RUMOURED] = "on its way into caches",
		[KEY_OMNIPRESENT] = "in every cache that holds this RRset",
		[KEY_UNRETENTIVE] = "on its way out of caches" };
	printf("%s  %s, %s\n", view->zone.name, report_key_label(key, cli->mem),
	    key->standby        ? "kept ready (standby)"
	    : key->foreign      ? "another signer's, published only"
	    : key->goal_present ? "wanted in the zone"
				: "to leave the zone, or gone");
	for (int r = 0; r < KEY_RECORDS; r++)
		if (key->state[r] != KEY_NA)
			printf("  %-18s %s, since %s\n", records[r], words[key->state[r]],
			    report_when(key->since[r], cli->now, cli->mem));
	if (count == 0)
		printf("  It waits for nothing.\n");
	else
		printf("\n");
	report_waits_text(stdout, waits, count, cli->now);
}

static struct report *key_report(
    const struct roll_view *view, const struct key *key, const struct report_wait waits[], size_t count)
{
	struct report *report = report_new(NULL);
	report_text(report, "zone", view->zone.name);
	report_number(report, "tag", key->tag);
	report_text(report, "role", key_role_name(key->role));
	report_bool(report, "wanted", key->goal_present);
	report_bool(report, "standby", key->standby);
	report_bool(report, "foreign", key->foreign);
	report_child(report, "waits", report_of_waits(waits, count));
	return report;
}

static enum status explain_in_zone(struct cli *cli, struct store *store, const struct store_zone *zone,
    struct report *list, size_t *found, struct error *err)
{
	struct roll_view view;
	enum status status = roll_look(store, cli->state, zone, cli->now, cli->mem, &view, err);
	for (size_t i = 0; status == STATUS_OK && i < view.count; i++) {
		struct report_wait *waits;
		size_t count;
		const struct key *key = &view.keys[i].key;
		if (!facts_key_is_meant(key, cli->args[0]))
			continue;
		rollfacts_waits_of(&view, key->id, cli->mem, &waits, &count);
		if (!cli_has(cli, OPTION_JSON)) {
			fputs(*found > 0 ? "\n" : "", stdout);
			print_key(cli, &view, key, waits, count);
		}
		report_append(list, key_report(&view, key, waits, count));
		(*found)++;
	}
	return status;
}

/* The checks of a group, "sig", or what was meant. */
static enum status unknown(struct cli *cli, struct error *err)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	const char *const word = cli->args[0];
	const size_t size = strlen(word);
	const char **const names = arena_calloc(cli->mem, count + COUNT(states), sizeof(*names));
	const char *group = "";
	for (size_t i = 0; i < count; i++) {
		names[i] = checks[i].id;
		if (strncmp(names[i], word, size) == 0 && names[i][size] == '.')
			group = arena_printf(cli->mem, "%s %s", group, names[i]);
	}
	for (size_t i = 0; i < COUNT(states); i++)
		names[count + i] = states[i].name;
	if (group[0] != '\0')
		return error_set(err, STATUS_MISSING, "\"%.70s\" is a group of checks:%s", word, group);
	const char *const near = suggest_nearest(word, names, count + COUNT(states));
	if (near != NULL)
		return error_set(err, STATUS_MISSING,
		    "\"%.70s\" is no check of the gate, no key and no state; did you mean \"%s\"?", word, near);
	return error_set(err, STATUS_MISSING,
	    "\"%.70s\" is no check of the gate and no key of any zone, and no state that status shows; see "
	    "zoneseal key list, man zoneseal-checks",
	    word);
}

static enum status explain_key(struct cli *cli, struct store *store, struct report *list, struct error *err)
{
	struct store_zone *zones;
	size_t count, found = 0;
	enum status status = store_zones(store, cli->mem, &zones, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = explain_in_zone(cli, store, &zones[i], list, &found, err);
	return status == STATUS_OK && found == 0 ? unknown(cli, err) : status;
}

static int run_explain(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	const struct verify_check *check = verify_check_find(cli->args[0]);
	if (check != NULL)
		return (int)explain_check(cli, check, err);
	for (size_t i = 0; i < COUNT(states); i++)
		if (strcmp(states[i].name, cli->args[0]) == 0)
			return (int)explain_state(cli, i, err);
	struct report *list = report_list();
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = explain_key(cli, store, list, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.explain/1");
		report_child(report, "keys", list);
		status = cli_print(cli, report, err);
	} else {
		report_free(list);
	}
	store_close(store);
	return (int)status;
}

const struct command command_explain = {
	.name = "explain",
	.run = run_explain,
	.synopsis = "KEY|CHECK|STATE",
	.summary =
	    "say why a key is where it is and what it waits for, or what a check of the gate or a state means and what "
	    "to do",
	.examples = "  zoneseal explain 41001\n  zoneseal explain sig.valid\n  zoneseal explain blocked\n",
	.min_args = 1,
	.max_args = 1,
};
