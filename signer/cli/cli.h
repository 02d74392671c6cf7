/* SPDX-License-Identifier: MIT */
/* What every command needs: its arguments and options, where state and configuration are, what time it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/cli/commands.h"
#include "signer/report/report.h"

struct cli {
	const struct command *command;
	const char *values[OPTIONS]; /* NULL: not given; a switch that is given: "" */
	char **args;
	int arg_count;
	const char *state;  /* the state folder */
	const char *config; /* the configuration folder */
	struct utc now;
	bool is_virtual; /* the keystore runs on a virtual clock, which every answer says */
	bool json_done;  /* the command has printed its JSON, errors included */
	struct arena *mem;
};

bool cli_has(const struct cli *cli, enum option_id option);
const char *cli_value(const struct cli *cli, enum option_id option);

/* The id of the check of the gate that a message names ("zone: must not be published: sig.valid: ..."); NULL: none. */
const char *cli_check_of(const char *message);

/* Parses argv into `cli`. `done` is set when everything has been said already (help, version). */
enum status cli_parse(int argc, char **argv, struct cli *cli, bool *done, struct error *err) MUST_CHECK;

/* Whether a command takes an option, those of every command included; NULL: only these. */
bool cli_takes(const struct command *command, enum option_id option);

/* Text of --help, for the program and for one command. */
void cli_help(const struct command *command, FILE *out);

/* Opens the keystore; a command that changes it checks the clock too. */
enum status cli_open(struct cli *cli, enum store_mode mode, struct store **store, struct error *err) MUST_CHECK;

/* Whether the keystore runs on a virtual clock, and no real one with --now. */
enum status cli_check_clock(struct cli *cli, struct store *store, bool *is_virtual, struct error *err) MUST_CHECK;

/* request_begin (request.h) for the zone that the first argument names: what a command does first that begins or
 * changes a rollover. */
enum status cli_begin_request(struct cli *cli, struct store *store, struct error *err) MUST_CHECK;

/* Numbers and durations of options. */
enum status cli_threads(const struct cli *cli, unsigned *out, struct error *err) MUST_CHECK;
enum status cli_most(const struct cli *cli, size_t *out, struct error *err) MUST_CHECK;
enum status cli_span(const struct cli *cli, enum option_id option, struct span otherwise, struct span *out,
    struct error *err) MUST_CHECK;

/* The number that --expect-revision gives; 0: none. */
enum status cli_revision(const struct cli *cli, int64_t *out, struct error *err) MUST_CHECK;

/* The zone that the first argument names. STATUS_REFUSED if --expect-revision has another revision of it. */
enum status cli_zone(struct cli *cli, struct store *store, struct store_zone *out, struct error *err) MUST_CHECK;

/* The same zone again once the command has changed it: answers have the revision that the next command may expect. */
enum status cli_zone_after(struct cli *cli, struct store *store, struct store_zone *out, struct error *err) MUST_CHECK;

/* Gives `take` the zone that the first argument names, or without one each that the keystore has, removed ones as well.
 * What a call puts into cli->mem is gone after it: of a thousand zones one at a time is in memory. */
typedef enum status cli_take_zone(
    struct cli *cli, struct store *store, const struct store_zone *zone, void *context, struct error *err);
enum status cli_each_zone(
    struct cli *cli, struct store *store, cli_take_zone *take, void *context, struct error *err) MUST_CHECK;

/* Once a zone is added to a rehearsal: that `run` will not write its output, if that is outside of the state folder. */
void cli_say_rehearsal(const struct cli *cli, const struct store_zone *zone);

/* Asks on a terminal, or wants --yes. STATUS_USAGE if nobody can answer, STATUS_REFUSED if the answer is no. */
enum status cli_confirm(const struct cli *cli, const char *question, struct error *err) MUST_CHECK;

struct report_style cli_style(const struct cli *cli);

/* Columns: $COLUMNS, else what the terminal says; 0: stdout is no terminal. */
enum { CLI_WIDEST = 400 };
unsigned cli_width(void);

/* "operator root": who acts, for the audit log. */
char *cli_actor(const struct cli *cli, struct arena *mem);

/* One line on stderr, unless -q; `note` only with -v. */
void cli_say(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
void cli_note(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prints the report as JSON and marks the command as done with that. */
enum status cli_print(struct cli *cli, struct report *report, struct error *err) MUST_CHECK;

/* Writes a text with nothing secret in it to what --output names, as a whole and for others to read, or to standard
 * output. */
enum status cli_write(const struct cli *cli, const char *text, size_t size, struct error *err) MUST_CHECK;
