/* SPDX-License-Identifier: MIT */
/*
 * Commands are rows, options are rows: parsing, help, "did you mean", completion and the man page come from them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* Every option of the program; cli_options has one row for each, in this order. */
enum option_id {
	/* every command takes these */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_STATE,
	OPTION_CONFIG,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_COLOR,
	OPTION_NOW,
	/* every command that changes state takes these too */
	OPTION_DRY_RUN,
	OPTION_NO_INPUT,
	OPTION_YES,
	/* these are named in the commands that take them, one bit each */
	OPTION_THREADS,
	OPTION_WAIT,
	OPTION_INPUT,
	OPTION_OUTPUT,
	OPTION_POLICY,
	OPTION_PARENTS,
	OPTION_SERVERS,
	OPTION_PRINT_UNIT,
	OPTION_FORCE,
	OPTION_ANEW,
	OPTION_REPLACE,
	OPTION_NEW_KEYS,
	OPTION_IGNORE_SERIAL_DATE,
	OPTION_TYPE_NAMES,
	OPTION_RUN_HOOKS,
	OPTION_PASSPHRASE_FILE,
	OPTION_VIRTUAL_CLOCK,
	OPTION_LAST,
	OPTION_FORMAT,
	OPTION_DIGEST,
	OPTION_KEY,
	OPTION_KSK,
	OPTION_ZSK,
	OPTION_CSK,
	OPTION_STATES,
	OPTION_ALL,
	OPTION_COUNT_MOST,
	OPTION_SINCE,
	OPTION_WARNING,
	OPTION_CRITICAL,
	OPTION_TIMEOUT,
	OPTION_WITH_KEYS,
	OPTION_RECONCILE,
	OPTION_ACCEPT,
	OPTION_REASON,
	OPTION_TRUST_ANCHOR,
	OPTION_PREVIOUS,
	OPTION_UNSIGNED,
	OPTION_UNSIGNED_INCLUDE,
	OPTION_PUBLISHED,
	OPTION_PUBLIC_ONLY,
	OPTION_STANDBY,
	OPTION_RESOLVER,
	OPTION_FROM_FILE,
	OPTION_FOR,
	OPTION_START,
	OPTION_DS_DELAY,
	OPTION_OUTAGE,
	OPTION_AT,
	OPTION_EXPECT_REVISION,
	OPTION_UNTIL,
	OPTION_PLAN,
	OPTION_TO,
	OPTION_REMOVE_SOURCE,
	OPTION_SESSIONS,
	OPTION_SECONDS,
	OPTION_UNDER,
	OPTION_DNSSEC,
	OPTION_ASCII,
	OPTION_SERIAL,
	OPTION_LIMIT,
	OPTION_WITHDRAW,
	OPTION_HTML,
	OPTION_ICS,
	OPTIONS,
};

#define TAKES(option) (UINT64_C(1) << ((option)-OPTION_YES - 1))

_Static_assert(OPTIONS - OPTION_YES - 1 <= 64, "struct command.options has a bit for each option");

struct option_row {
	const char *name;
	char letter;          /* or 0 */
	const char *argument; /* NULL: a switch */
	const char *help;
	bool many; /* may be given again: the values are joined by line feeds */
};

extern const struct option_row cli_options[OPTIONS];

struct cli;

/* Returns the exit code. Where it is not 0 and `err` has a message, that is printed. */
typedef int command_run(struct cli *cli, struct error *err);

struct command {
	const char *name; /* "zone add" */
	command_run *run;
	const char *synopsis; /* after the name: "ZONE [-i IN]" */
	const char *summary;
	const char *examples; /* lines */
	uint64_t options;     /* TAKES(...) beside those that every command takes */
	int min_args, max_args;
	bool changes; /* state: --dry-run is there, and --now only on a virtual clock */
};

extern const struct command command_ds_seen, command_ds_gone, command_zone_set_parents, command_zone_expect_change;
extern const struct command command_zone_set_servers;

/* All rows, in the order of the help. */
const struct command *const *cli_commands(size_t *count);

extern const struct command command_init;
extern const struct command command_zone_add;
extern const struct command command_zone_list;
extern const struct command command_zone_show;
extern const struct command command_zone_set_policy;
extern const struct command command_zone_remove;
extern const struct command command_zone_diff;
extern const struct command command_policy_check;
extern const struct command command_policy_show;
extern const struct command command_policy_diff;
extern const struct command command_policy_apply;
extern const struct command command_policy_import;
extern const struct command command_simulate;
extern const struct command command_sign;
extern const struct command command_run_all;
extern const struct command command_verify;
extern const struct command command_status;
extern const struct command command_log;
extern const struct command command_check;
extern const struct command command_key_list;
extern const struct command command_key_show;
extern const struct command command_key_generate;
extern const struct command command_key_import;
extern const struct command command_key_backup_done;
extern const struct command command_key_test;
extern const struct command command_key_doctor;
extern const struct command command_key_export;
extern const struct command command_key_move;
extern const struct command command_key_bench;
extern const struct command command_ds_show;
extern const struct command command_ds_check;
extern const struct command command_parity_export, command_parity_standby, command_parity_check;
extern const struct command command_parity_promote;
extern const struct command command_backup;
extern const struct command command_restore;
extern const struct command command_clock_accept;
extern const struct command command_doctor;
extern const struct command command_audit_verify;
extern const struct command command_audit_export;
extern const struct command command_audit_replay;
extern const struct command command_key_purge;
extern const struct command command_key_revoke;
extern const struct command command_zone_adopt;
extern const struct command command_roll_start;
extern const struct command command_roll_step;
extern const struct command command_roll_abort;
extern const struct command command_roll_list;
extern const struct command command_emergency;
extern const struct command command_hold;
extern const struct command command_release;
extern const struct command command_rollback;
extern const struct command command_plan;
extern const struct command command_explain;
extern const struct command command_ksr_create;
extern const struct command command_ksr_emergency;
extern const struct command command_ksr_show;
extern const struct command command_skr_sign;
extern const struct command command_skr_validate;
extern const struct command command_skr_import;
extern const struct command command_completion, command_metrics, command_report, command_timeline;
