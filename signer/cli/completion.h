/* SPDX-License-Identifier: MIT */
/* Completion for shells, made from the tables of commands and options. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Writes the script of one shell. Names of zones are read when a word is completed, by `zoneseal zone list`; what that
 * prints is never expanded by the shell. */
typedef void completion_write(FILE *out);

completion_write completion_bash, completion_zsh, completion_fish;

/* ---- what the scripts share ---- */

struct command;
struct option_row;

enum { COMPLETION_PLACES = 3 }; /* arguments whose kind is told */

enum completion_kind { COMPLETE_NOTHING, COMPLETE_ZONE, COMPLETE_FILE };

/* What the argument of a command at a place (0: the first) may be. */
enum completion_kind completion_argument(const struct command *command, int place);

/* What the value of an option may be: nothing that is known, a file or folder, or the words in `completion_words`. */
enum completion_kind completion_value(const struct option_row *option);

/* The values of an option that has few, separated by blanks; or NULL. */
const char *completion_words(const struct option_row *option);

/* The first word of a command, of `size` octets; whether the command at `index` is the first with that word. */
bool completion_is_first(size_t index, size_t *size);

/* The second word of a command; NULL where it has one. */
const char *completion_second(const struct command *command);

/* Functions that bash and zsh understand alike: _zoneseal_has_value OPTION, _zoneseal_has_verbs WORD. */
void completion_tests(FILE *out);

/* "--input|-i", a pattern of both shells. */
void completion_names(const struct option_row *option, FILE *out);

/* What is said of the command at `index` where only its first word is offered: its summary, or the verbs of its group.
 */
const char *completion_about(size_t index, char out[200]);
