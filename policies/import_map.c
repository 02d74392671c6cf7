/* SPDX-License-Identifier: MIT */
#include "policies/import_map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "keystore/algorithm.h"
#include "policies/policy_field.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 7 * DAY, MONTH = 31 * DAY, YEAR = 365 * DAY, SHOWN = 200 };

/* One hundred years, as span_parse. */
static const int64_t span_limit = 36500LL * DAY;

static char *escaped(const struct import_map *map, const char *text)
{
	char shown[SHOWN];
	if (text == NULL)
		return NULL;
	error_escape(text, strlen(text), shown, sizeof(shown));
	return arena_strdup(map->mem, shown);
}

enum status import_find(struct import_map *map, const char *option, const struct import_item **out)
{
	*out = NULL;
	for (size_t i = 0; i < map->entry->count; i++) {
		struct import_item *const item = &map->entry->items[i];
		if (strcmp(item->option, option) != 0)
			continue;
		item->used = true;
		if (*out != NULL)
			return import_refuse(map->source, item->line, "%s is given twice; the first is in line %llu",
			    option, (unsigned long long)(*out)->line);
		*out = item;
	}
	return STATUS_OK;
}

enum status import_given(struct import_map *map, const char *option, const char *otherwise, struct import_given *out)
{
	const struct import_item *item;
	const enum status status = import_find(map, option, &item);
	*out = (struct import_given){ option, item == NULL ? otherwise : item->value, item == NULL ? 0 : item->line };
	return status;
}

void import_note(struct import_map *map, enum import_kind kind, const struct import_given *given, const char *field,
    const char *ours, const char *why)
{
	/* An entry has fewer options than there is room; the check keeps a mistake of ours from writing past it. */
	if (map->count == IMPORT_MOST_DIFFERENCES)
		return;
	map->list[map->count++] = (struct import_difference){ .kind = kind,
		.option = given == NULL ? NULL : escaped(map, given->option),
		.theirs = given == NULL ? NULL : escaped(map, given->value),
		.field = field,
		.ours = ours == NULL ? NULL : arena_strdup(map->mem, ours),
		.why = why,
		.line = given == NULL ? 0 : given->line };
}

static const struct field *field_at(const char *path, size_t *row)
{
	size_t count;
	const struct field *const table = field_table(&count);
	for (*row = 0; *row + 1 < count && strcmp(table[*row].path, path) != 0;)
		++*row;
	return &table[*row];
}

/* "file:12: signatures-refresh 5d: what" */
static enum status refuse_value(const struct import_map *map, const struct import_given *given, const char *what)
{
	return import_refuse(map->source, given->line, "%s %s%s: %s", given->option, escaped(map, given->value),
	    given->line == 0 ? " (the default)" : "", what);
}

enum status import_refuse_field(const struct import_map *map, const char *path, const char *what)
{
	size_t row;
	(void)field_at(path, &row);
	if (map->origin[row].option == NULL)
		return import_refuse(map->source, map->entry->line, "%s", what);
	return refuse_value(map, &map->origin[row], what);
}

enum status import_set(
    struct import_map *map, const struct import_given *given, const char *path, const char *ours, const char *why)
{
	size_t row;
	struct error cause;
	error_clear(&cause);
	const struct field *const field = field_at(path, &row);
	if (field_read(field, ours, &map->policy, &cause) != STATUS_OK)
		return refuse_value(map, given, arena_printf(map->mem, "%s: %s", path, cause.message));
	map->written[row] = true;
	map->origin[row] = *given;
	const char *const printed = field_print(field, &map->policy, map->mem);
	if (given->line == 0)
		import_note(map, IMPORT_DEFAULT, given, path, printed, why);
	else if (why != NULL)
		import_note(map, IMPORT_CHANGED, given, path, printed, why);
	return STATUS_OK;
}

enum status import_set_span(
    struct import_map *map, const struct import_given *given, const char *field, struct span span, const char *why)
{
	char text[SPAN_TEXT];
	span_format_exact(span, text);
	return import_set(map, given, field, text, why);
}

void import_keep(struct import_map *map, const char *path, const char *why)
{
	size_t row;
	const struct field *const field = field_at(path, &row);
	map->written[row] = true;
	import_note(map, IMPORT_OURS, NULL, path, field_print(field, &map->policy, map->mem), why);
}

/* ---- values ---- */

/* Digits and a unit, again and again: "1w2d", "3600". Both signers take units in any case. */
static bool parse_plain(const char *text, int64_t *out)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY }, { 'w', WEEK } };
	int64_t sum = 0;
	while (*text >= '0' && *text <= '9') {
		int64_t amount = 0;
		for (; *text >= '0' && *text <= '9' && amount <= span_limit; text++)
			amount = amount * 10 + (*text - '0');
		size_t i = 0;
		while (i < COUNT(units) && (*text | 0x20) != units[i].letter)
			i++;
		if (amount > span_limit || (*text != '\0' && i == COUNT(units)))
			return false;
		sum += amount * (*text == '\0' ? 1 : units[i].seconds);
		text += *text != '\0';
		if (sum > span_limit)
			return false;
	}
	*out = sum;
	return *text == '\0';
}

/* ISO 8601, with the lengths that BIND and OpenDNSSEC give to months (31 days) and years (365). */
static bool parse_iso(const char *text, int64_t *out)
{
	static const struct {
		char letter;
		bool time;
		int64_t seconds;
	} units[] = { { 'Y', false, YEAR }, { 'M', false, MONTH }, { 'W', false, WEEK }, { 'D', false, DAY },
		{ 'H', true, HOUR }, { 'M', true, MINUTE }, { 'S', true, 1 } };
	int64_t sum = 0;
	size_t unit = 0;
	bool time = false;
	for (text++; *text != '\0'; text++) {
		if (*text == 'T' && !time && text[1] != '\0') {
			time = true;
			continue;
		}
		int64_t amount = 0;
		const char *const digits = text;
		for (; *text >= '0' && *text <= '9' && amount <= span_limit; text++)
			amount = amount * 10 + (*text - '0');
		while (unit < COUNT(units) && (units[unit].letter != *text || units[unit].time != time))
			unit++;
		if (text == digits || unit == COUNT(units) || amount > span_limit)
			return false;
		sum += amount * units[unit++].seconds;
		if (sum > span_limit)
			return false;
	}
	*out = sum;
	return true;
}

enum status import_span(const struct import_map *map, const struct import_given *given, struct span *out)
{
	const char *const text = given->value;
	const bool iso = text[0] == 'P' && text[1] != '\0';
	int64_t seconds;
	if (text[0] == '\0' || !(iso ? parse_iso(text, &seconds) : parse_plain(text, &seconds)))
		return refuse_value(map, given, "is no duration of at most 100 years");
	*out = (struct span){ seconds };
	return STATUS_OK;
}

enum status import_number(const struct import_map *map, const struct import_given *given, uint32_t most, uint32_t *out)
{
	uint64_t number = 0;
	const char *at = given->value;
	for (; *at >= '0' && *at <= '9' && number <= most; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	if (*at != '\0' || at == given->value || number > most)
		return refuse_value(map, given, arena_printf(map->mem, "is no number from 0 to %" PRIu32, most));
	*out = (uint32_t)number;
	return STATUS_OK;
}

enum status import_bool(const struct import_map *map, const struct import_given *given, bool *out)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true", "0", "1" };
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(given->value, words[i]) == 0) {
			*out = i % 2 == 1;
			return STATUS_OK;
		}
	return refuse_value(map, given, "is neither yes nor no");
}

enum status import_given_span(
    struct import_map *map, const char *option, const char *otherwise, struct import_given *given, struct span *out)
{
	const enum status status = import_given(map, option, otherwise, given);
	return status == STATUS_OK ? import_span(map, given, out) : status;
}

enum status import_given_bool(
    struct import_map *map, const char *option, const char *otherwise, struct import_given *given, bool *out)
{
	const enum status status = import_given(map, option, otherwise, given);
	return status == STATUS_OK ? import_bool(map, given, out) : status;
}

/* ---- rows ---- */

/* `why` of a row without a default says why ours was taken; it is no remark on a value that was given. */
static const char *remark_of(const struct import_row *row)
{
	return row->otherwise == NULL ? NULL : row->why;
}

static enum status take_word(struct import_map *map, const struct import_row *row, const struct import_given *given)
{
	const struct import_word *word = row->words;
	const char *const remark = remark_of(row);
	while (word->theirs != NULL && strcasecmp(word->theirs, given->value) != 0)
		word++;
	if (word->theirs == NULL)
		return refuse_value(map, given, "is no value that is known here");
	return import_set(map, given, row->field, word->ours, word->why != NULL ? word->why : remark);
}

static enum status take(struct import_map *map, const struct import_row *row)
{
	struct import_given given;
	struct span span;
	enum status status = import_given(map, row->option, row->otherwise, &given);
	if (status != STATUS_OK)
		return status;
	if (row->take == IMPORT_TAKE_NONE) {
		const bool said =
		    given.line != 0 && (row->otherwise == NULL || strcasecmp(given.value, row->otherwise) != 0);
		if (said && row->why != NULL)
			import_note(map, IMPORT_DROPPED, &given, NULL, NULL, row->why);
		return STATUS_OK;
	}
	if (given.value == NULL) {
		import_keep(map, row->field, row->why);
		return STATUS_OK;
	}
	if (row->take == IMPORT_TAKE_WORD)
		return take_word(map, row, &given);
	status = import_span(map, &given, &span);
	return status == STATUS_OK ? import_set_span(map, &given, row->field, span, remark_of(row)) : status;
}

enum status import_rows(struct import_map *map, const struct import_row rows[], size_t count)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = take(map, &rows[i]);
	return status;
}

/* ---- what several signers have ---- */

enum status import_set_lifetime(
    struct import_map *map, const struct import_given *given, const char *field, const char *why)
{
	struct span span = { 0 };
	enum status status = STATUS_OK;
	if (strcasecmp(given->value, "unlimited") != 0)
		status = import_span(map, given, &span);
	if (status != STATUS_OK)
		return status;
	return span.seconds == 0 ? import_set(map, given, field, "unlimited", why)
				 : import_set_span(map, given, field, span, why);
}

enum status import_set_algorithm(struct import_map *map, const struct import_given *given, const char *name)
{
	const struct algorithm *const algorithm = alg_by_name(name);
	if (algorithm == NULL)
		return refuse_value(map, given,
		    "zoneseal makes no keys of that algorithm; choose one that it has, and roll to it "
		    "(zoneseal roll start ZONE --algorithm) once the zone is adopted");
	return import_set(map, given, "keys.algorithm", algorithm->name, NULL);
}

enum status import_set_bits(struct import_map *map, const struct import_given *given, const char *field, uint32_t bits)
{
	const struct algorithm *const algorithm = alg_by_number(map->policy.algorithm);
	if (algorithm == NULL || algorithm->default_bits == 0)
		return STATUS_OK;
	const bool raised = bits != 0 && bits < algorithm->default_bits;
	const uint32_t size = raised || bits == 0 ? algorithm->default_bits : bits;
	return import_set(map, given, field, arena_printf(map->mem, "%" PRIu32, size),
	    raised ? "new keys are not made that small; those that exist stay until they are rolled" : NULL);
}

static enum status set_iterations(struct import_map *map, const struct import_given *given)
{
	uint32_t rounds = 0;
	enum { MOST = 50 };
	const enum status status = import_number(map, given, UINT16_MAX, &rounds);
	if (status != STATUS_OK)
		return status;
	if (rounds > MOST)
		return import_set(map, given, "denial.iterations", "0",
		    "more than 50 is not made: resolvers take such a zone for insecure (RFC 9276 3.2)");
	return import_set(map, given, "denial.iterations", arena_printf(map->mem, "%" PRIu32, rounds),
	    rounds == 0 ? NULL : "kept, but 0 is what RFC 9276 3.1 asks for: change it once the zone is adopted");
}

enum status import_set_nsec3(struct import_map *map, const struct import_nsec3 *nsec3)
{
	bool opt_out = false;
	uint32_t salt = 0;
	enum status status = set_iterations(map, &nsec3->iterations);
	if (status == STATUS_OK)
		status = import_bool(map, &nsec3->opt_out, &opt_out);
	if (status == STATUS_OK)
		status = import_set(map, &nsec3->opt_out, "denial.opt-out", opt_out ? "true" : "false", NULL);
	if (status == STATUS_OK)
		status = import_number(map, &nsec3->salt_length, 255, &salt);
	if (status == STATUS_OK)
		status = import_set(map, &nsec3->salt_length, "denial.salt", "",
		    salt == 0 ? NULL : "no salt: zoneseal makes none by chance, and RFC 9276 3.1 advises against one");
	return status;
}
