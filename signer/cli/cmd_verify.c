/* SPDX-License-Identifier: MIT */
/* Runs zoneseal-verify; with what the keystore knows about the zone, if it knows it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policies/policy_yaml.h"
#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/engine/gate.h"
#include "signer/engine/setup.h"

enum { ARGUMENTS = 32 + 2 * GATE_INCLUDES };

struct call {
	char *argv[ARGUMENTS];
	size_t count;
	struct arena *mem;
};

static void add(struct call *call, const char *option, const char *value)
{
	if (option != NULL && call->count + 2 < ARGUMENTS)
		call->argv[call->count++] = arena_strdup(call->mem, option);
	if (value != NULL && call->count + 1 < ARGUMENTS)
		call->argv[call->count++] = arena_strdup(call->mem, value);
}

static int show_last(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct store_zone zone;
	const char *json = NULL;
	if (cli->arg_count != 1)
		return (int)error_set(err, STATUS_USAGE, "usage: zoneseal verify --last ZONE");
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status = setup_find_zone(store, cli->args[0], cli->mem, &zone, err);
	if (status == STATUS_OK)
		status = facts_verdict(store, &zone, cli->mem, &json, err);
	if (status == STATUS_OK && cli_has(cli, OPTION_JSON))
		puts(json);
	bool pass = true;
	if (status == STATUS_OK && !report_verdict_text(stdout, json, cli_has(cli, OPTION_JSON), &pass))
		status = error_set(err, STATUS_INTERNAL, "%s: the stored verdict cannot be read", zone.name);
	cli->json_done = status == STATUS_OK;
	store_close(store);
	return status != STATUS_OK ? (int)status : pass ? 0 : STATUS_NO;
}

/* The child inherits the descriptor that the option names. */
static enum status add_text(struct call *call, const char *option, const char *text, struct error *err)
{
	int file;
	enum status status = gate_text_file(option + 2, text, true, &file, err);
	if (status == STATUS_OK)
		add(call, option, arena_printf(call->mem, "/dev/fd/%d", file));
	return status;
}

/* The zone has left DNSSEC because its policy says so: no key is in it any more, and no DS leads to one. */
static bool is_unsigned_on_purpose(const struct policy *policy, const struct key keys[], size_t count)
{
	bool any = !policy->insecure;
	for (size_t i = 0; i < count; i++)
		any = any || key_is_published(&keys[i]) || key_signs_keys(&keys[i]) || key_signs_zone(&keys[i]) ||
		      (keys[i].state[KEY_DS] != KEY_NA && keys[i].state[KEY_DS] != KEY_HIDDEN);
	return !any;
}

/* Expected keys and limits, and the published version to compare with, unless it is what is being verified. */
static enum status add_knowledge(struct cli *cli, struct store *store, const struct store_zone *zone, const char *file,
    struct call *call, struct error *err)
{
	struct policy policy;
	struct key *keys;
	struct store_version last;
	size_t count;
	bool found;
	enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status == STATUS_OK)
		status = store_keys(store, zone->id, cli->mem, &keys, &count, err);
	if (status == STATUS_OK)
		status = store_last_version(store, zone->id, cli->mem, &last, &found, err);
	if (status != STATUS_OK)
		return status;
	add(call, "--origin", zone->name);
	const struct gate_rules rules = { .policy = &policy, .keys = keys, .key_count = count };
	bool any = false;
	for (size_t i = 0; i < count; i++)
		any = any || key_is_published(&keys[i]);
	if (any)
		status = add_text(call, "--expect-keys", gate_expected_keys(keys, count, cli->mem), err);
	if (status == STATUS_OK)
		status = add_text(call, "--policy", gate_limits(&rules, cli->mem), err);
	char *real = realpath(file, NULL);
	bool same = real != NULL && found && strcmp(real, last.path) == 0;
	free(real);
	if (found && !same && access(last.path, R_OK) == 0 && !cli_has(cli, OPTION_PREVIOUS))
		add(call, "--previous", last.path);
	if (is_unsigned_on_purpose(&policy, keys, count))
		add(call, "--expect-unsigned", NULL);
	return status;
}

/* An option that may be repeated: its values are lines. */
static void add_many(const struct cli *cli, enum option_id option, struct call *call)
{
	if (!cli_has(cli, option))
		return;
	char *rest = NULL;
	char *const all = arena_strdup(call->mem, cli_value(cli, option));
	for (char *one = strtok_r(all, "\n", &rest); one != NULL; one = strtok_r(NULL, "\n", &rest))
		add(call, arena_printf(call->mem, "--%s", cli_options[option].name), one);
}

static void add_options(const struct cli *cli, struct call *call)
{
	static const enum option_id passed[] = { OPTION_TRUST_ANCHOR, OPTION_UNSIGNED, OPTION_THREADS, OPTION_NOW };
	for (size_t i = 0; i < COUNT(passed); i++)
		if (cli_has(cli, passed[i]))
			add(call, arena_printf(call->mem, "--%s", cli_options[passed[i]].name),
			    cli_value(cli, passed[i]));
	if (cli_has(cli, OPTION_JSON))
		add(call, "--json", NULL);
	add_many(cli, OPTION_PREVIOUS, call);
	add_many(cli, OPTION_UNSIGNED_INCLUDE, call);
}

static int execute(struct call *call, struct error *err)
{
	call->argv[call->count] = NULL;
	fflush(stdout);
	execv(call->argv[0], call->argv);
	return (int)error_set(err, STATUS_INTERNAL, "%s: %s", call->argv[0], strerror(errno));
}

static int run_verify(struct cli *cli, struct error *err)
{
	struct call call = { .mem = cli->mem };
	struct store *store = NULL;
	struct store_zone zone;
	struct error ignored;
	char *path;
	if (cli_has(cli, OPTION_LAST))
		return show_last(cli, err);
	const char *file = cli_has(cli, OPTION_INPUT) ? cli_value(cli, OPTION_INPUT)
			   : cli->arg_count > 0       ? cli->args[cli->arg_count - 1]
						      : NULL;
	const char *name =
	    cli->arg_count == 2 || (cli->arg_count == 1 && cli_has(cli, OPTION_INPUT)) ? cli->args[0] : NULL;
	if (file == NULL || (cli->arg_count == 2 && cli_has(cli, OPTION_INPUT)))
		return (int)error_set(err, STATUS_USAGE, "usage: zoneseal verify [ZONE] FILE|-");
	enum status status = gate_verifier(NULL, cli->mem, &path, err);
	if (status != STATUS_OK)
		return (int)status;
	add(&call, path, NULL);
	add_options(cli, &call);
	error_clear(&ignored);
	if (name != NULL) {
		status = setup_open(cli->state, STORE_READ, "verify", &store, err);
		if (status == STATUS_OK)
			status = setup_find_zone(store, name, cli->mem, &zone, err);
		if (status == STATUS_OK)
			status = add_knowledge(cli, store, &zone, file, &call, err);
	}
	store_close(store);
	if (status != STATUS_OK)
		return (int)status;
	add(&call, NULL, file);
	return execute(&call, err);
}

const struct command command_verify = {
	.name = "verify",
	.run = run_verify,
	.synopsis = "[ZONE] FILE|-",
	.summary = "verify a signed zone with zoneseal-verify, or show the last verdict",
	.examples = "  zoneseal verify nl.test /srv/out/nl.test.zone    with the keys and limits of the keystore\n"
		    "  zoneseal verify somebody-elses.zone\n"
		    "  zoneseal verify --last nl.test\n",
	.options = TAKES(OPTION_LAST) | TAKES(OPTION_INPUT) | TAKES(OPTION_THREADS) | TAKES(OPTION_TRUST_ANCHOR) |
		   TAKES(OPTION_PREVIOUS) | TAKES(OPTION_UNSIGNED) | TAKES(OPTION_UNSIGNED_INCLUDE),
	.min_args = 0,
	.max_args = 2,
};
