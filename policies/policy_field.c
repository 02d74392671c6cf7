/* SPDX-License-Identifier: MIT */
#include "policies/policy_field.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "signer/base/bytes.h"
#include "signer/base/utc.h"

enum { ALL_PPM = 1000000, ONE_PERCENT = 10000 };

const char *field_wants(const struct field *field)
{
	static const char *const wants[] = {
		[FIELD_SPAN] = "a duration such as 3600, 1d2h, PT1H or P14D",
		[FIELD_TTL] = "a duration such as 3600, 1d2h, PT1H or P14D",
		[FIELD_LIFETIME] = "a duration such as 90d or P365D, or unlimited",
		[FIELD_COUNT] = "a whole number in decimal digits",
		[FIELD_BOOL] = "true or false, without quotes",
		[FIELD_CHOICE] = "one of a few words",
		[FIELD_ALGORITHM] = "the name of an algorithm",
		[FIELD_PERCENT] = "a percentage such as 2% or 0.5%, or unlimited",
		[FIELD_SALT] = "hexadecimal digits in quotes, \"\" for none",
		[FIELD_WORDS] = "a list: [/path/of/program, argument]",
		[FIELD_STORES] = "a list: [hsm-a, hsm-b], or [files]",
		[FIELD_SERVERS] = "a list: [192.0.2.1, \"2001:db8::1\", 192.0.2.2@1123]",
		[FIELD_WINDOWS] = "a list: [12-20..01-05, fri..sun]",
		[FIELD_PATH] = "the path of a file, \"\" for none",
		[FIELD_NAME] = "a name of lower-case letters, digits, \"-\", \".\" and \"_\"",
	};
	return wants[field->kind];
}

bool field_may_be_quoted(const struct field *field)
{
	return field->kind != FIELD_COUNT && field->kind != FIELD_BOOL;
}

bool field_may_be_plain(const struct field *field)
{
	return field->kind != FIELD_SALT;
}

/* Numbers of several widths live in struct policy. */
static void store_number(const struct field *field, int64_t value, struct policy *policy)
{
	uint8_t *const to = (uint8_t *)policy + field->at;
	if (field->width == 1)
		*to = (uint8_t)value;
	else if (field->width == 2)
		memcpy(to, &(uint16_t){ (uint16_t)value }, 2);
	else if (field->width == 4)
		memcpy(to, &(uint32_t){ (uint32_t)value }, 4);
	else
		memcpy(to, &value, 8);
}

int64_t field_number(const struct field *field, const struct policy *policy)
{
	const uint8_t *const from = (const uint8_t *)policy + field->at;
	uint16_t two;
	uint32_t four;
	int64_t eight;
	switch (field->width) {
	case 0:
		return 0;
	case 1:
		return *from;
	case 2:
		memcpy(&two, from, 2);
		return two;
	case 4:
		memcpy(&four, from, 4);
		return four;
	default:
		memcpy(&eight, from, 8);
		return eight;
	}
}

struct shown {
	char text[80];
};

static struct shown show(const char *text)
{
	struct shown shown;
	error_escape(text, strlen(text), shown.text, sizeof(shown.text));
	return shown;
}

/* "2", "0.5": up to `decimals` digits after the point, scaled by 10^decimals. */
static bool decimal(const char *text, size_t size, unsigned decimals, int64_t *out)
{
	int64_t value = 0;
	size_t i = 0;
	if (size == 0 || (text[0] == '0' && size > 1 && text[1] != '.'))
		return false;
	for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
		value = value * 10 + (text[i] - '0');
		if (value > INT32_MAX)
			return false;
	}
	if (i == 0)
		return false;
	unsigned missing = decimals;
	if (i < size && text[i] == '.' && i + 1 < size && decimals > 0) {
		for (i++; i < size && missing > 0 && text[i] >= '0' && text[i] <= '9'; i++, missing--)
			value = value * 10 + (text[i] - '0');
	}
	for (; missing > 0; missing--)
		value *= 10;
	*out = value;
	return i == size;
}

static enum status read_span(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	struct span span;
	(void)field;
	const enum status status = span_parse(text, &span, err);
	if (status == STATUS_OK)
		*out = span.seconds;
	return status;
}

static enum status read_lifetime(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	if (strcmp(text, "unlimited") != 0)
		return read_span(field, text, out, err);
	*out = 0;
	return STATUS_OK;
}

static enum status read_count(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	if (decimal(text, strlen(text), 0, out))
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "\"%s\" is not %s", show(text).text, field_wants(field));
}

static enum status read_bool(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return error_set(err, STATUS_POLICY, "\"%s\" is not %s", show(text).text, field_wants(field));
	*out = text[0] == 't';
	return STATUS_OK;
}

static enum status read_choice(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	char names[128] = "";
	for (const struct field_choice *choice = field->choices; choice->name != NULL; choice++) {
		if (strcmp(choice->name, text) == 0) {
			*out = choice->value;
			return STATUS_OK;
		}
		const size_t used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", used == 0 ? "" : ", ", choice->name);
	}
	return error_set(err, STATUS_POLICY, "\"%s\" is none of %s", show(text).text, names);
}

static enum status read_algorithm(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	(void)field;
	const struct algorithm *const found = alg_by_name(text);
	if (found != NULL) {
		*out = found->number;
		return STATUS_OK;
	}
	char names[256] = "";
	size_t count;
	const struct algorithm *const all = alg_table(&count);
	for (size_t i = 0; i < count; i++) {
		const size_t used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", used == 0 ? "" : ", ", all[i].name);
	}
	return error_set(err, STATUS_POLICY, "\"%s\" is none of %s", show(text).text, names);
}

static enum status read_percent(const struct field *field, const char *text, int64_t *out, struct error *err)
{
	const size_t size = strlen(text);
	if (strcmp(text, "unlimited") == 0) {
		*out = POLICY_UNLIMITED;
		return STATUS_OK;
	}
	if (size == 0 || text[size - 1] != '%' || !decimal(text, size - 1, 4, out))
		return error_set(err, STATUS_POLICY, "\"%s\" is not %s", show(text).text, field_wants(field));
	if (*out > ALL_PPM)
		return error_set(err, STATUS_POLICY, "\"%s\" is above 100%%", show(text).text);
	return STATUS_OK;
}

static enum status read_salt(const char *text, struct policy *policy, struct error *err)
{
	const long size = bytes_from_hex(text, strlen(text), policy->salt, sizeof(policy->salt));
	if (size < 0)
		return error_set(err, STATUS_POLICY, "\"%s\" is not an even number of hexadecimal digits, at most %d",
		    show(text).text, 2 * POLICY_SALT);
	policy->salt_size = (uint8_t)size;
	return STATUS_OK;
}

static enum status read_name(const struct field *field, const char *text, struct policy *policy, struct error *err)
{
	const size_t size = strlen(text);
	if (size >= POLICY_NAME)
		return error_set(err, STATUS_POLICY, "longer than %d characters", POLICY_NAME - 1);
	if (size == 0 || text[0] == '-' || text[0] == '.' ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._") != size)
		return error_set(err, STATUS_POLICY, "\"%s\" is not %s", show(text).text, field_wants(field));
	memcpy(policy->name, text, size + 1);
	return STATUS_OK;
}

static enum status read_path(const struct field *field, const char *text, struct policy *policy, struct error *err)
{
	const size_t size = strlen(text) + 1;
	if (size > field->width)
		return error_set(err, STATUS_POLICY, "longer than %zu octets", field->width - 1);
	memcpy((char *)policy + field->at, text, size);
	return STATUS_OK;
}

static bool is_time(const struct field *field)
{
	return field->kind == FIELD_SPAN || field->kind == FIELD_TTL || field->kind == FIELD_LIFETIME;
}

static enum status check_bounds(const struct field *field, int64_t value, struct error *err)
{
	const bool low = value < field->least;
	if (field->most == 0 || (field->kind == FIELD_LIFETIME && value == 0) || (!low && value <= field->most))
		return STATUS_OK;
	const int64_t bound = low ? field->least : field->most;
	char shown[SPAN_TEXT];
	char limit[SPAN_TEXT];
	snprintf(shown, sizeof(shown), "%" PRId64, value);
	snprintf(limit, sizeof(limit), "%" PRId64, bound);
	if (is_time(field)) {
		span_format_exact((struct span){ value }, shown);
		span_format_exact((struct span){ bound }, limit);
	}
	return error_set(
	    err, STATUS_POLICY, low ? "%s is below the least, %s" : "%s is above the most, %s", shown, limit);
}

typedef enum status number_reader(const struct field *field, const char *text, int64_t *out, struct error *err);

enum status field_read(const struct field *field, const char *text, struct policy *policy, struct error *err)
{
	static number_reader *const readers[] = {
		[FIELD_SPAN] = read_span,
		[FIELD_LIFETIME] = read_lifetime,
		[FIELD_TTL] = read_span,
		[FIELD_COUNT] = read_count,
		[FIELD_BOOL] = read_bool,
		[FIELD_CHOICE] = read_choice,
		[FIELD_ALGORITHM] = read_algorithm,
		[FIELD_PERCENT] = read_percent,
	};
	if (field->kind == FIELD_SALT)
		return read_salt(text, policy, err);
	if (field->kind == FIELD_NAME)
		return read_name(field, text, policy, err);
	if (field->kind == FIELD_PATH)
		return read_path(field, text, policy, err);
	if (field_is_list(field))
		return error_set(err, STATUS_POLICY, "must be %s", field_wants(field));
	int64_t value;
	enum status status = readers[field->kind](field, text, &value, err);
	if (status == STATUS_OK)
		status = check_bounds(field, value, err);
	if (status == STATUS_OK)
		store_number(field, value, policy);
	return status;
}

bool field_is_list(const struct field *field)
{
	return field->kind == FIELD_WORDS || field->kind == FIELD_STORES || field->kind == FIELD_SERVERS ||
	       field->kind == FIELD_WINDOWS;
}

void field_clear(const struct field *field, struct policy *policy)
{
	memset((uint8_t *)policy + field->at, 0, field->width);
}

static enum status add_word(const struct field *field, const char *word, struct policy *policy, struct error *err)
{
	char *const hook = (char *)policy + field->at;
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words(hook, words);
	const size_t used = count == 0 ? 0 : (size_t)(words[count - 1] - hook) + strlen(words[count - 1]) + 1;
	const size_t size = strlen(word) + 1;
	if (size == 1)
		return error_set(err, STATUS_POLICY, "holds an empty word");
	if (count == POLICY_HOOK_WORDS || size > POLICY_HOOK - 1 - used)
		return error_set(err, STATUS_POLICY, "is too long: at most 32 words and 1000 octets");
	memcpy(hook + used, word, size);
	hook[used + size] = '\0';
	return STATUS_OK;
}

static enum status add_window(const struct field *field, const char *word, struct policy *policy, struct error *err)
{
	struct policy_windows windows;
	memcpy(&windows, (const uint8_t *)policy + field->at, sizeof(windows));
	if (windows.count == POLICY_WINDOWS)
		return error_set(err, STATUS_POLICY, "is too long: at most %d windows", POLICY_WINDOWS);
	const enum status status = policy_window_parse(word, &windows.window[windows.count], err);
	if (status != STATUS_OK)
		return status;
	windows.count++;
	memcpy((uint8_t *)policy + field->at, &windows, sizeof(windows));
	return STATUS_OK;
}

/* Names as keys/stores.conf has them; "files" is the software store, and goes with no other. */
static enum status add_store(const struct field *field, const char *word, struct policy *policy, struct error *err)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words((const char *)policy + field->at, words);
	const size_t size = strlen(word);
	if (size == 0 || size > 31 || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") != size)
		return error_set(err, STATUS_POLICY, "takes names of stores: lower-case letters, digits and \"-\"");
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0 || strcmp(words[i], "files") == 0 || strcmp(word, "files") == 0)
			return error_set(err, STATUS_POLICY,
			    "names a store twice, or files beside tokens: a key is in one file, or in tokens");
	if (count == 8)
		return error_set(err, STATUS_POLICY, "is too long: at most 8 stores");
	return add_word(field, word, policy, err);
}

/* An address and a port in one form, whatever way it is written. */
struct place {
	uint8_t octets[16];
	int64_t port, family; /* as wide as the port: there is no gap that would be compared */
};

static bool read_place(const char *word, struct place *out)
{
	char address[INET6_ADDRSTRLEN];
	const size_t size = strcspn(word, "@");
	*out = (struct place){ .family = AF_INET };
	if (size >= sizeof(address))
		return false;
	memcpy(address, word, size);
	address[size] = '\0';
	if (word[size] == '@' && (!decimal(word + size + 1, strlen(word + size + 1), 0, &out->port) || out->port == 0 ||
				     out->port > UINT16_MAX))
		return false;
	if (inet_pton(AF_INET, address, out->octets) == 1)
		return true;
	out->family = AF_INET6;
	return inet_pton(AF_INET6, address, out->octets) == 1;
}

/* By address: a name would be looked up in a DNS whose signatures need the clock. */
static enum status add_server(const struct field *field, const char *word, struct policy *policy, struct error *err)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words((const char *)policy + field->at, words);
	struct place place, other;
	if (!read_place(word, &place))
		return error_set(err, STATUS_POLICY,
		    "\"%s\" is no address of a server: IPv4 or IPv6, perhaps with @PORT", show(word).text);
	for (size_t i = 0; i < count; i++)
		if (read_place(words[i], &other) && memcmp(&place, &other, sizeof(place)) == 0)
			return error_set(err, STATUS_POLICY, "names a server twice: %s", show(word).text);
	if (count == POLICY_SOURCES)
		return error_set(err, STATUS_POLICY, "is too long: at most %d servers", POLICY_SOURCES);
	return add_word(field, word, policy, err);
}

enum status field_add(const struct field *field, const char *word, struct policy *policy, struct error *err)
{
	if (field->kind == FIELD_STORES)
		return add_store(field, word, policy, err);
	if (field->kind == FIELD_SERVERS)
		return add_server(field, word, policy, err);
	return field->kind == FIELD_WORDS ? add_word(field, word, policy, err) : add_window(field, word, policy, err);
}

static char *print_percent(int64_t ppm, struct arena *mem)
{
	if (ppm == POLICY_UNLIMITED)
		return arena_strdup(mem, "unlimited");
	char *const text = arena_printf(mem, "%" PRId64 ".%04" PRId64, ppm / ONE_PERCENT, ppm % ONE_PERCENT);
	size_t size = strlen(text);
	while (text[size - 1] == '0')
		size--;
	if (text[size - 1] == '.')
		size--;
	return arena_printf(mem, "%.*s%%", (int)size, text);
}

/* What would not be read back as itself: line breaks are folded in YAML, those of Unicode too (YAML 1.1 5.4). */
static const struct {
	const char *octets;
	char escape;
} escapes[] = {
	{ "\"", '"' },
	{ "\\", '\\' },
	{ "\n", 'n' },
	{ "\r", 'r' },
	{ "\t", 't' },
	{ "\xc2\x85", 'N' },
	{ "\xe2\x80\xa8", 'L' },
	{ "\xe2\x80\xa9", 'P' },
};

/* Double-quoted YAML; what it holds was read from YAML, so it is UTF-8 without other control characters. */
static char *print_quoted(const char *text, struct arena *mem)
{
	char *const out = (char *)arena_octets(mem, 2 * strlen(text) + 3);
	size_t used = 0;
	out[used++] = '"';
	while (*text != '\0') {
		size_t i = 0;
		while (i < COUNT(escapes) && strncmp(text, escapes[i].octets, strlen(escapes[i].octets)) != 0)
			i++;
		if (i == COUNT(escapes)) {
			out[used++] = *text++;
			continue;
		}
		out[used++] = '\\';
		out[used++] = escapes[i].escape;
		text += strlen(escapes[i].octets);
	}
	out[used++] = '"';
	out[used] = '\0';
	return out;
}

static char *print_words(const struct field *field, const struct policy *policy, struct arena *mem)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words((const char *)policy + field->at, words);
	char *text = arena_strdup(mem, "[");
	for (size_t i = 0; i < count; i++)
		text = arena_printf(mem, "%s%s%s", text, i == 0 ? "" : ", ", print_quoted(words[i], mem));
	return arena_printf(mem, "%s]", text);
}

static char *print_windows(const struct field *field, const struct policy *policy, struct arena *mem)
{
	struct policy_windows windows;
	memcpy(&windows, (const uint8_t *)policy + field->at, sizeof(windows));
	char *text = arena_strdup(mem, "[");
	for (size_t i = 0; i < windows.count; i++) {
		char window[POLICY_WINDOW_TEXT];
		policy_window_format(windows.window[i], window);
		text = arena_printf(mem, "%s%s%s", text, i == 0 ? "" : ", ", window);
	}
	return arena_printf(mem, "%s]", text);
}

static char *print_salt(const struct policy *policy, struct arena *mem)
{
	char hex[2 * POLICY_SALT + 1];
	bytes_to_hex((struct bytes){ policy->salt, policy->salt_size }, false, hex);
	return print_quoted(hex, mem);
}

static char *print_choice(const struct field *field, int64_t value, struct arena *mem)
{
	const struct field_choice *choice = field->choices;
	while (choice->name != NULL && choice->value != value)
		choice++;
	return arena_strdup(mem, choice->name == NULL ? "" : choice->name);
}

char *field_print(const struct field *field, const struct policy *policy, struct arena *mem)
{
	const int64_t value = field_is_list(field) ? 0 : field_number(field, policy);
	char span[SPAN_TEXT];
	if (field->kind == FIELD_LIFETIME && value == 0)
		return arena_strdup(mem, "unlimited");
	switch (field->kind) {
	case FIELD_SPAN:
	case FIELD_TTL:
	case FIELD_LIFETIME:
		span_format_exact((struct span){ value }, span);
		return arena_strdup(mem, span);
	case FIELD_COUNT:
		return arena_printf(mem, "%" PRId64, value);
	case FIELD_BOOL:
		return arena_strdup(mem, value != 0 ? "true" : "false");
	case FIELD_CHOICE:
		return print_choice(field, value, mem);
	case FIELD_ALGORITHM:
		return arena_strdup(mem, alg_by_number((uint8_t)value)->name);
	case FIELD_PERCENT:
		return print_percent(value, mem);
	case FIELD_SALT:
		return print_salt(policy, mem);
	case FIELD_WORDS:
	case FIELD_STORES:
	case FIELD_SERVERS:
		return print_words(field, policy, mem);
	case FIELD_WINDOWS:
		return print_windows(field, policy, mem);
	case FIELD_PATH:
		return print_quoted((const char *)policy + field->at, mem);
	case FIELD_NAME:
		return print_quoted(policy->name, mem);
	}
	return arena_strdup(mem, "");
}
