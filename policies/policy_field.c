/* SPDX-License-Identifier: MIT */
#include "policies/policy_field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "signer/base/bytes.h"
#include "signer/base/utc.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, ALL_PPM = 1000000, ONE_PERCENT = 10000 };

#define AT(member) .at = offsetof(struct policy, member), .width = sizeof(((struct policy *)0)->member)

static const struct field_choice schemes[] = { { "ksk-zsk", false }, { "csk", true }, { NULL, 0 } };
static const struct field_choice denials[] = { { "nsec", POLICY_NSEC }, { "nsec3", POLICY_NSEC3 }, { NULL, 0 } };
static const struct field_choice serials[] = { { "increment", POLICY_SERIAL_INCREMENT },
	{ "unixtime", POLICY_SERIAL_UNIXTIME }, { "date-counter", POLICY_SERIAL_DATE_COUNTER },
	{ "keep", POLICY_SERIAL_KEEP }, { NULL, 0 } };

/* RSA sizes are bound by policy_check, which knows the algorithm. RFC 9276 3.1 wants 0 iterations; above 50, resolvers
 * in use stop to validate. Times are bound by what RRSIG can say (RFC 4034 3.1.5) and by sense. */
static const struct field table[] = {
	{ "name", FIELD_NAME, .absent = "the file's name without .yaml", .doc = "Name of the policy." },
	{ "keys.scheme", FIELD_CHOICE, AT(csk), .choices = schemes,
	    .doc = "A KSK that signs the DNSKEY set and a ZSK that signs the rest, or one combined key (CSK)." },
	{ "keys.algorithm", FIELD_ALGORITHM, AT(algorithm), .doc = "Signing algorithm of all keys." },
	{ "keys.ksk.bits", FIELD_COUNT, AT(ksk_bits), .most = 4096, .absent = "2048 with RSA",
	    .doc = "Size of a new RSA KSK or CSK; other algorithms have one size." },
	{ "keys.zsk.bits", FIELD_COUNT, AT(zsk_bits), .most = 4096, .absent = "2048 with RSA",
	    .doc = "Size of a new RSA ZSK; other algorithms have one size." },
	{ "keys.dnskey-ttl", FIELD_TTL, AT(dnskey_ttl), .least = 1, .most = 7 * DAY,
	    .doc = "TTL of the DNSKEY, CDS and CDNSKEY records." },
	{ "signatures.validity", FIELD_SPAN, AT(validity), .least = HOUR, .most = 3650LL * DAY,
	    .doc = "How long a new signature is valid." },
	{ "signatures.validity-dnskey", FIELD_SPAN, AT(validity_dnskey), .least = HOUR, .most = 3650LL * DAY,
	    .absent = "as signatures.validity", .doc = "The same, for the records that the KSK signs." },
	{ "signatures.refresh", FIELD_SPAN, AT(refresh), .least = MINUTE, .most = 3650LL * DAY,
	    .doc = "A signature that is valid for less than this is replaced. It should be above SOA expire + "
		   "zone.max-ttl + "
		   "zone.propagation-delay." },
	{ "signatures.jitter", FIELD_SPAN, AT(jitter), .most = 3650LL * DAY,
	    .doc = "Signatures expire up to this much early, each by its own amount, so that work spreads." },
	{ "signatures.inception-offset", FIELD_SPAN, AT(inception_offset), .least = HOUR, .most = 7 * DAY,
	    .doc = "Signatures begin this long before they are made, for validators whose clock is late." },
	{ "denial.type", FIELD_CHOICE, AT(denial), .choices = denials,
	    .doc = "Which records prove that a name is not there." },
	{ "denial.opt-out", FIELD_BOOL, AT(opt_out),
	    .doc = "With nsec3: leave unsigned delegations out of the chain (RFC 5155 6)." },
	{ "denial.iterations", FIELD_COUNT, AT(iterations), .most = 50,
	    .doc =
		"With nsec3: extra hash rounds; anything but 0 is for zones that cannot change yet (RFC 9276 3.1)." },
	{ "denial.salt", FIELD_SALT,
	    .doc = "With nsec3: salt in hexadecimal; anything but \"\" is for zones that cannot change yet (RFC 9276 "
		   "3.1)." },
	{ "zone.serial", FIELD_CHOICE, AT(serial), .choices = serials,
	    .doc = "Serial of a publication, always greater than all before it (RFC 1982): the input's or the next "
		   "(increment), "
		   "the time, YYYYMMDDnn, or only ever the input's (keep)." },
	{ "zone.max-ttl", FIELD_TTL, AT(max_zone_ttl), .least = 1, .most = 28 * DAY,
	    .doc = "A zone with a larger TTL is refused; all waits are built on it." },
	{ "zone.zonemd", FIELD_BOOL, AT(zonemd), .doc = "Add a digest over the zone (RFC 8976, SIMPLE, SHA-384)." },
	{ "zone.propagation-delay", FIELD_SPAN, AT(zone_propagation), .most = 7 * DAY,
	    .doc = "How long until all secondaries serve what was published." },
	{ "parent.cds", FIELD_BOOL, AT(cds),
	    .doc = "Publish CDS and CDNSKEY for a parent that looks for them (RFC 7344)." },
	{ "publish.keep-versions", FIELD_COUNT, AT(keep_versions), .least = 1, .most = 1000,
	    .doc = "How many published versions are kept, the present one not counted." },
	{ "publish.hook", FIELD_WORDS,
	    .doc = "Program and arguments to run after a publication, without a shell; it finds ZONESEAL_ZONE, "
		   "ZONESEAL_SERIAL, ZONESEAL_FILE and ZONESEAL_SHA256 in its environment." },
	{ "publish.hook-timeout", FIELD_SPAN, AT(hook_timeout), .least = 1, .most = HOUR,
	    .doc = "A hook that takes longer is ended and counts as failed." },
	{ "limits.delegations-removed", FIELD_PERCENT, AT(delegations_removed.most_ppm),
	    .doc = "Most delegations that one publication may remove." },
	{ "limits.ds-removed", FIELD_PERCENT, AT(ds_removed.most_ppm),
	    .doc = "Most signed delegations that one publication may turn unsigned." },
	{ "limits.size-change", FIELD_PERCENT, AT(size_change.most_ppm),
	    .doc = "Most that the number of records may grow or shrink in one publication." },
	{ "limits.floor", FIELD_COUNT, AT(delegations_removed.floor), .most = ALL_PPM,
	    .doc = "So many more may change than each limit says: in a small zone one delegation is a large part." },
};

static const struct field_group groups[] = {
	{ "keys", "The keys of a zone." },
	{ "keys.ksk", "The key-signing key." },
	{ "keys.zsk", "The zone-signing key." },
	{ "signatures", "Life of signatures." },
	{ "denial", "Denial of existence." },
	{ "zone", "What is added to the zone, and how far it is from its readers." },
	{ "parent", "The zone above." },
	{ "publish", "What happens to a zone that passed the gate." },
	{ "limits",
	    "How much one publication may differ from the last; a percentage of the previous number, or unlimited." },
};

const struct field *field_table(size_t *count)
{
	*count = COUNT(table);
	return table;
}

const struct field_group *field_groups(size_t *count)
{
	*count = COUNT(groups);
	return groups;
}

const char *field_wants(const struct field *field)
{
	static const char *const wants[] = {
		[FIELD_SPAN] = "a duration such as 3600, 1d2h, PT1H or P14D",
		[FIELD_TTL] = "a duration such as 3600, 1d2h, PT1H or P14D",
		[FIELD_COUNT] = "a whole number in decimal digits",
		[FIELD_BOOL] = "true or false, without quotes",
		[FIELD_CHOICE] = "one of a few words",
		[FIELD_ALGORITHM] = "the name of an algorithm",
		[FIELD_PERCENT] = "a percentage such as 2% or 0.5%, or unlimited",
		[FIELD_SALT] = "hexadecimal digits in quotes, \"\" for none",
		[FIELD_WORDS] = "a list: [/path/of/program, argument]",
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

static bool is_time(const struct field *field)
{
	return field->kind == FIELD_SPAN || field->kind == FIELD_TTL;
}

static enum status check_bounds(const struct field *field, int64_t value, struct error *err)
{
	const bool low = value < field->least;
	if (field->most == 0 || (!low && value <= field->most))
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
	if (field->kind == FIELD_WORDS)
		return error_set(err, STATUS_POLICY, "must be %s", field_wants(field));
	int64_t value;
	enum status status = readers[field->kind](field, text, &value, err);
	if (status == STATUS_OK)
		status = check_bounds(field, value, err);
	if (status == STATUS_OK)
		store_number(field, value, policy);
	return status;
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

static char *print_words(const struct policy *policy, struct arena *mem)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words(policy->hook_publish, words);
	char *text = arena_strdup(mem, "[");
	for (size_t i = 0; i < count; i++)
		text = arena_printf(mem, "%s%s%s", text, i == 0 ? "" : ", ", print_quoted(words[i], mem));
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
	const int64_t value = field_number(field, policy);
	char span[SPAN_TEXT];
	switch (field->kind) {
	case FIELD_SPAN:
	case FIELD_TTL:
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
		return print_words(policy, mem);
	case FIELD_NAME:
		return print_quoted(policy->name, mem);
	}
	return arena_strdup(mem, "");
}
