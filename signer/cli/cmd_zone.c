/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/folder.h"
#include "signer/engine/parent_servers.h"
#include "signer/engine/policy_change.h"
#include "signer/engine/servers.h"
#include "signer/engine/setup.h"
#include "signer/engine/unit.h"

static struct report *zone_report(struct cli *cli, const struct store_zone *zone)
{
	struct report *report = report_new(NULL);
	report_text(report, "zone", zone->name);
	report_text(report, "input", zone->input);
	report_text(report, "output",
	    zone->output != NULL ? zone->output : folder_zone_output(cli->state, zone->name, cli->mem));
	report_text(report, "policy", zone->policy_name);
	report_text(report, "parents", zone->parents);
	report_time(report, "added", zone->added);
	return report;
}

/* What --print-unit asks for; NULL without it. */
static enum status unit_of(struct cli *cli, const struct store_zone *zone, char **unit, struct error *err)
{
	*unit = NULL;
	if (!cli_has(cli, OPTION_PRINT_UNIT))
		return STATUS_OK;
	const char *output = zone->output != NULL ? zone->output : folder_zone_output(cli->state, zone->name, cli->mem);
	return unit_drop_in(zone->name, output, cli->mem, unit, err);
}

/* `added` is NULL but for a zone that was added. */
static enum status print_changed(struct cli *cli, const struct store_zone *zone, const char *what,
    const char *policy_path, const struct setup_zone *added, struct error *err)
{
	char *unit;
	const enum status status = unit_of(cli, zone, &unit, err);
	if (status != STATUS_OK)
		return status;
	bool dry = cli_has(cli, OPTION_DRY_RUN);
	const size_t servers = added == NULL ? 0 : added->server_count;
	cli_say(cli, "%s%s %s (policy %s%s%s) in %s%s", dry ? "would have " : "", what, zone->name, zone->policy_name,
	    policy_path != NULL ? " from " : "", policy_path != NULL ? policy_path : "", cli->state,
	    servers == 0
		? ""
		: arena_printf(cli->mem, "; each run asks %zu name server%s", servers, servers == 1 ? "" : "s"));
	if (!cli_has(cli, OPTION_JSON)) {
		fputs(unit == NULL ? "" : unit, stdout);
		return STATUS_OK;
	}
	struct report *report = report_new("zoneseal.zone/1");
	report_bool(report, "dry_run", dry);
	if (unit != NULL)
		report_text(report, "unit", unit);
	report_text(report, "done", what);
	report_text(report, "policy_path", policy_path);
	if (added != NULL && added->servers != NULL)
		report_texts(report, "servers", added->servers, added->server_count);
	report_child(report, "zone", zone_report(cli, zone));
	return cli_print(cli, report, err);
}

static enum status dry_add(
    struct cli *cli, struct store *store, const struct setup_zone *wanted, struct store_zone *zone, struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *name;
	bool found = false;
	struct policyfile policy;
	enum status status = folder_zone_name(wanted->name, cli->mem, &name, apex, err);
	if (status == STATUS_OK)
		status = store_find_zone(store, name, cli->mem, zone, &found, err);
	if (status == STATUS_OK && found && !zone->removed)
		return error_set(err, STATUS_REFUSED, "zone %s is there already", name);
	if (status == STATUS_OK)
		status = policyfile_load(wanted->policy, wanted->config_folder, cli->mem, &policy, err);
	if (status == STATUS_OK && found)
		status = setup_check_policy(store, zone, &policy.policy, cli->mem, err);
	if (status == STATUS_OK)
		*zone = (struct store_zone){ .name = name,
			.input = wanted->input,
			.output = wanted->output,
			.policy_name = arena_strdup(cli->mem, policy.policy.name),
			.parents = "" };
	return status;
}

static int run_add(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct policyfile policy;
	struct parent_servers parents;
	const char *wanted = cli_has(cli, OPTION_POLICY) ? cli_value(cli, OPTION_POLICY) : "default";
	const char **servers = NULL;
	struct setup_zone add = { .name = cli->args[0],
		.input = cli_value(cli, OPTION_INPUT),
		.output = cli_value(cli, OPTION_OUTPUT),
		.policy = wanted,
		.parents = cli_value(cli, OPTION_PARENTS),
		.config_folder = cli->config };
	enum status status = policyfile_load(wanted, cli->config, cli->mem, &policy, err);
	if (status == STATUS_OK && add.parents != NULL)
		status = parent_servers_parse(add.parents, cli->mem, &parents, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_SERVERS))
		status = servers_parse(cli_value(cli, OPTION_SERVERS), cli->mem, &servers, &add.server_count, err);
	add.servers = servers;
	if (status == STATUS_OK)
		status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = cli_has(cli, OPTION_DRY_RUN)
			     ? dry_add(cli, store, &add, &zone, err)
			     : setup_add_zone(store, cli->state, &add, cli->now, cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = print_changed(cli, &zone, "added", policy.path, &add, err);
	if (status == STATUS_OK)
		cli_say_rehearsal(cli, &zone);
	store_close(store);
	return (int)status;
}

static int run_list(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone *zones = NULL;
	size_t count = 0;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = store_zones(store, cli->mem, &zones, &count, err);
	struct report *list = report_list();
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (zones[i].removed)
			continue;
		report_append(list, zone_report(cli, &zones[i]));
		if (!cli_has(cli, OPTION_JSON))
			printf("%s\t%s\t%s\n", zones[i].name, zones[i].policy_name,
			    zones[i].output != NULL ? zones[i].output
						    : folder_zone_output(cli->state, zones[i].name, cli->mem));
	}
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.zones/1");
		report_child(report, "zones", list);
		status = cli_print(cli, report, err);
	} else {
		report_free(list);
	}
	store_close(store);
	return (int)status;
}

static int run_show(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	struct report_zone facts;
	char *unit = NULL;
	struct report_state state;
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = unit_of(cli, &zone, &unit, err);
	if (status == STATUS_OK)
		status = facts_zone(store, cli->state, &zone, cli->now, cli->mem, &facts, err);
	if (status == STATUS_OK)
		status = facts_keystore(store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, &state, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON)) {
		struct report *report = report_new("zoneseal.zone/1");
		report_child(report, "zone", report_of_zone(&facts));
		if (unit != NULL)
			report_text(report, "unit", unit);
		status = cli_print(cli, report, err);
	} else if (status == STATUS_OK && unit != NULL) {
		fputs(unit, stdout);
	} else if (status == STATUS_OK) {
		const struct report_style style = cli_style(cli);
		report_stopped_text(stdout, &state, &style);
		report_zone_text(stdout, &facts, &state, &style);
	}
	store_close(store);
	return (int)status;
}

/* What `policy apply` does, with a line instead of the comparison. */
static int run_set_policy(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct policy_answer answer;
	const struct policy_request request = { .state = cli->state,
		.policy = cli->args[1],
		.config_folder = cli->config,
		.now = cli->now,
		.dry_run = cli_has(cli, OPTION_DRY_RUN) };
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = policy_change(store, cli->args[0], &request, cli->mem, &answer, err);
	if (status == STATUS_OK)
		status = print_changed(cli, &answer.zone, "changed the policy of", answer.file.path, NULL, err);
	store_close(store);
	return (int)status;
}

/* A zone that leaves while the parent still has a DS turns bogus for everyone as soon as it is served unsigned. */
static enum status warn_of_ds(struct cli *cli, struct store *store, const struct store_zone *zone, struct error *err)
{
	struct key *keys;
	size_t count;
	enum status status = store_keys(store, zone->id, cli->mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (key_signs_keys(&keys[i]))
			fprintf(stderr,
			    "warning: the parent may still hold the DS of %s %u; while it does, %s must stay signed "
			    "with it\n",
			    key_role_name(keys[i].role), keys[i].tag, zone->name);
	return status;
}

static int run_remove(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	enum status status = cli_open(cli, STORE_CHANGE, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = warn_of_ds(cli, store, &zone, err);
	if (status == STATUS_OK && !cli_has(cli, OPTION_DRY_RUN)) {
		status = cli_confirm(cli,
		    arena_printf(
			cli->mem, "Remove %s? Its keys, history and published file stay where they are.", zone.name),
		    err);
		if (status == STATUS_OK)
			status = setup_remove_zone(store, cli->state, &zone, cli->now, err);
	}
	if (status == STATUS_OK)
		status = print_changed(cli, &zone, "removed", NULL, NULL, err);
	store_close(store);
	return (int)status;
}

const struct command command_zone_add = {
	.name = "zone add",
	.run = run_add,
	.synopsis = "ZONE",
	.summary = "add a zone: input, output, policy, and who serves it",
	.examples = "  zoneseal zone add nl.test -i /srv/in/nl.test.zone -o /srv/out/nl.test.zone\n"
		    "  zoneseal zone add nl.test -i /srv/in/nl.test.zone --policy tld\n"
		    "  zoneseal zone add nl.test -i /srv/in/nl.test.zone --servers \"192.0.2.53 2001:db8::53@5353\"\n",
	.options = TAKES(OPTION_INPUT) | TAKES(OPTION_OUTPUT) | TAKES(OPTION_POLICY) | TAKES(OPTION_PARENTS) |
		   TAKES(OPTION_SERVERS) | TAKES(OPTION_PRINT_UNIT),
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};

const struct command command_zone_list = {
	.name = "zone list",
	.run = run_list,
	.synopsis = "",
	.summary = "list the zones with policy and output, one a line",
	.examples = "  zoneseal zone list\n  zoneseal zone list --json\n",
};

const struct command command_zone_show = {
	.name = "zone show",
	.run = run_show,
	.synopsis = "ZONE",
	.summary = "show one zone with its keys, or what its systemd service needs",
	.examples = "  zoneseal zone show nl.test\n  zoneseal zone show nl.test --print-unit\n",
	.options = TAKES(OPTION_STATES) | TAKES(OPTION_PRINT_UNIT),
	.min_args = 1,
	.max_args = 1,
};

const struct command command_zone_set_policy = {
	.name = "zone set-policy",
	.run = run_set_policy,
	.synopsis = "ZONE POLICY",
	.summary = "give a zone another policy, or the edited text of its own",
	.examples = "  zoneseal zone set-policy nl.test tld --dry-run\n  zoneseal zone set-policy nl.test ./tld.yaml\n",
	.min_args = 2,
	.max_args = 2,
	.changes = true,
};

const struct command command_zone_remove = {
	.name = "zone remove",
	.run = run_remove,
	.synopsis = "ZONE",
	.summary = "stop signing a zone; its keys, history and files stay",
	.examples = "  zoneseal zone remove nl.test\n  zoneseal zone remove nl.test --yes\n",
	.min_args = 1,
	.max_args = 1,
	.changes = true,
};
