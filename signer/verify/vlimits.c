/* SPDX-License-Identifier: MIT */
#include "signer/verify/vlimits.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "signer/base/bytes.h"

struct vlimits vlimits_default(void)
{
	const struct vlimit tenth = { 100000, 100 };
	return (struct vlimits){ .rsa_min_bits = 2048,
		.full_verify_every = 86400,
		.change = { tenth, tenth, tenth, tenth, { 50000, 20 } } };
}

const char *vlimits_name(enum verify_limit limit)
{
	static const char *const names[VERIFY_LIMITS] = VERIFY_LIMIT_NAMES;
	return names[limit];
}

/* VERIFY_LIMITS if no limit has that name. */
static enum verify_limit limit_of(const char *name)
{
	enum verify_limit limit = 0;
	while (limit < VERIFY_LIMITS && (name == NULL || strcmp(vlimits_name(limit), name) != 0))
		limit++;
	return limit;
}

/* A reader of one member; false if the value has the wrong type or range. */
struct member {
	const char *name;
	bool (*read)(struct vlimits *limits, const json_t *value);
};

static bool whole(const json_t *value, int64_t most, int64_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
		return false;
	*out = json_integer_value(value);
	return true;
}

static bool read_schema(struct vlimits *limits, const json_t *value)
{
	(void)limits;
	return json_is_string(value) && strcmp(json_string_value(value), "zoneseal.limits/1") == 0;
}

static bool read_max_ttl(struct vlimits *limits, const json_t *value)
{
	int64_t number;
	limits->have_max_ttl = whole(value, UINT32_MAX, &number);
	if (limits->have_max_ttl)
		limits->max_ttl = (uint32_t)number;
	return limits->have_max_ttl;
}

static bool read_min_remaining(struct vlimits *limits, const json_t *value)
{
	limits->have_min_remaining = true;
	return whole(value, UINT32_MAX, &limits->min_remaining);
}

static bool read_dnskey_ttl(struct vlimits *limits, const json_t *value)
{
	limits->have_dnskey_ttl = true;
	return whole(value, INT32_MAX, &limits->dnskey_ttl);
}

static bool read_inception_offset(struct vlimits *limits, const json_t *value)
{
	limits->have_inception_offset = true;
	return whole(value, INT32_MAX, &limits->inception_offset);
}

static bool read_max_validity(struct vlimits *limits, const json_t *value)
{
	limits->have_max_validity = true;
	return whole(value, INT32_MAX, &limits->max_validity);
}

static bool read_algorithms(struct vlimits *limits, const json_t *value)
{
	limits->have_algorithms = true;
	for (size_t i = 0; i < json_array_size(value); i++) {
		int64_t number;
		if (!whole(json_array_get(value, i), 255, &number))
			return false;
		limits->algorithms[number] = true;
	}
	return json_array_size(value) > 0;
}

static bool read_rsa_min_bits(struct vlimits *limits, const json_t *value)
{
	int64_t number;
	if (!whole(value, 16384, &number))
		return false;
	limits->rsa_min_bits = (uint32_t)number;
	return true;
}

static bool read_denial(struct vlimits *limits, const json_t *value)
{
	const char *const text = json_string_value(value);
	if (text == NULL || (strcmp(text, "nsec") != 0 && strcmp(text, "nsec3") != 0))
		return false;
	limits->denial = strcmp(text, "nsec") == 0 ? VDENIAL_NSEC : VDENIAL_NSEC3;
	return true;
}

static bool read_iterations(struct vlimits *limits, const json_t *value)
{
	int64_t number;
	if (!whole(value, 65535, &number))
		return false;
	limits->iterations = (uint32_t)number;
	return true;
}

static bool read_salt(struct vlimits *limits, const json_t *value)
{
	const char *const text = json_string_value(value);
	if (text == NULL)
		return false;
	const long size = strcmp(text, "-") == 0 ? 0 : bytes_from_hex(text, strlen(text), limits->salt, 255);
	limits->salt_size = (uint8_t)(size < 0 ? 0 : size);
	return size >= 0;
}

static bool read_opt_out(struct vlimits *limits, const json_t *value)
{
	limits->opt_out = json_is_true(value) ? VCHOICE_YES : VCHOICE_NO;
	return json_is_boolean(value);
}

static bool read_zonemd(struct vlimits *limits, const json_t *value)
{
	limits->zonemd = json_is_true(value);
	return json_is_boolean(value);
}

static bool read_cds_delete(struct vlimits *limits, const json_t *value)
{
	limits->cds_delete = json_is_true(value);
	return json_is_boolean(value);
}

static bool read_require_sandbox(struct vlimits *limits, const json_t *value)
{
	limits->require_sandbox = json_is_true(value);
	return json_is_boolean(value);
}

static bool read_full_verify_every(struct vlimits *limits, const json_t *value)
{
	return whole(value, UINT32_MAX, &limits->full_verify_every);
}

static bool read_warn(struct vlimits *limits, const json_t *value)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *const id = json_string_value(json_array_get(value, i));
		const struct verify_check *const check = id == NULL ? NULL : verify_check_find(id);
		if (check == NULL || check->severity != VERIFY_POLICY)
			return false;
		limits->warn[check - checks] = true;
	}
	return json_is_array(value);
}

static bool read_limit(const json_t *value, struct vlimit *out)
{
	int64_t ppm = (int64_t)out->ppm;
	int64_t floor = (int64_t)out->floor;
	const char *name;
	json_t *part;
	if (!json_is_object(value))
		return false;
	json_object_foreach((json_t *)value, name, part)
	{
		if (strcmp(name, "ppm") == 0 ? !whole(part, 1000000000, &ppm)
					     : strcmp(name, "floor") != 0 || !whole(part, UINT32_MAX, &floor))
			return false;
	}
	*out = (struct vlimit){ (uint64_t)ppm, (uint64_t)floor };
	return true;
}

static bool read_change(struct vlimits *limits, const json_t *value)
{
	const char *name;
	json_t *part;
	if (!json_is_object(value))
		return false;
	json_object_foreach((json_t *)value, name, part)
	{
		const enum verify_limit limit = limit_of(name);
		if (limit == VERIFY_LIMITS || !read_limit(part, &limits->change[limit]))
			return false;
	}
	return true;
}

/* A person's text: nothing in it may move a terminal. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

/* One planned change; a second one of the same limit is none that the engine would give. */
static bool read_one_expected(struct vlimits *limits, const json_t *value)
{
	const char *const reason = json_string_value(json_object_get(value, "reason"));
	const char *const who = json_string_value(json_object_get(value, "who"));
	const char *const when = json_string_value(json_object_get(value, "given"));
	const enum verify_limit limit = limit_of(json_string_value(json_object_get(value, "limit")));
	int64_t serial;
	if (json_object_size(value) != 5 || reason == NULL || reason[0] == '\0' || who == NULL || when == NULL ||
	    limit == VERIFY_LIMITS || limits->expected[limit].given ||
	    !whole(json_object_get(value, "serial"), UINT32_MAX, &serial))
		return false;
	struct vexpected *const out = &limits->expected[limit];
	out->given = true;
	out->serial = (uint32_t)serial;
	snprintf(out->words, sizeof(out->words), "%s, %s, %s", reason, who, when);
	make_printable(out->words);
	return true;
}

static bool read_expected(struct vlimits *limits, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!read_one_expected(limits, json_array_get(value, i)))
			return false;
	return json_is_array(value);
}

static bool read_serial(struct vlimits *limits, const json_t *value)
{
	static const char *const names[] = { [VSERIAL_KEEP] = "keep",
		[VSERIAL_INCREMENT] = "increment",
		[VSERIAL_UNIXTIME] = "unixtime",
		[VSERIAL_DATE] = "date-counter" };
	const char *const text = json_string_value(json_object_get(value, "policy"));
	const json_t *const floor = json_object_get(value, "floor");
	int64_t number = 0;
	if (text == NULL || json_object_size(value) != (floor == NULL ? 1 : 2))
		return false;
	for (size_t i = VSERIAL_KEEP; i < COUNT(names); i++)
		if (strcmp(text, names[i]) == 0)
			limits->serial = (enum vserial)i;
	limits->have_serial_floor = floor != NULL && whole(floor, UINT32_MAX, &number);
	limits->serial_floor = (uint32_t)number;
	return limits->serial != VSERIAL_ANY && limits->have_serial_floor == (floor != NULL);
}

static const struct member members[] = { { "schema", read_schema }, { "max_ttl", read_max_ttl },
	{ "min_remaining", read_min_remaining }, { "dnskey_ttl", read_dnskey_ttl },
	{ "inception_offset", read_inception_offset }, { "max_validity", read_max_validity },
	{ "algorithms", read_algorithms }, { "rsa_min_bits", read_rsa_min_bits }, { "denial", read_denial },
	{ "iterations", read_iterations }, { "salt", read_salt }, { "opt_out", read_opt_out },
	{ "zonemd", read_zonemd }, { "cds_delete", read_cds_delete }, { "require_sandbox", read_require_sandbox },
	{ "full_verify_every", read_full_verify_every }, { "serial", read_serial }, { "warn", read_warn },
	{ "change", read_change }, { "expected", read_expected } };

static enum status read_members(const char *name, json_t *root, struct vlimits *out, struct error *err)
{
	const char *key;
	json_t *value;
	json_object_foreach(root, key, value)
	{
		char shown[64];
		size_t i = 0;
		while (i < COUNT(members) && strcmp(members[i].name, key) != 0)
			i++;
		error_escape(key, strlen(key), shown, sizeof(shown));
		if (i == COUNT(members))
			return error_set(err, STATUS_MALFORMED, "%s: unknown member \"%s\"", name, shown);
		if (!members[i].read(out, value))
			return error_set(err, STATUS_MALFORMED, "%s: bad value of \"%s\"", name, shown);
	}
	return STATUS_OK;
}

enum status vlimits_parse(const char *name, const void *text, size_t size, struct vlimits *out, struct error *err)
{
	json_error_t fault;
	json_t *const root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
	if (root == NULL)
		return error_set_at(err, STATUS_MALFORMED, name, (uint64_t)(fault.line > 0 ? fault.line : 0),
		    (uint64_t)(fault.column > 0 ? fault.column : 0), "policy limits are not JSON: %s", fault.text);
	struct vlimits limits = vlimits_default();
	limits.given = true;
	enum status status = STATUS_OK;
	if (!json_is_object(root) || json_object_get(root, "schema") == NULL)
		status = error_set(err, STATUS_MALFORMED, "%s: no object with schema \"zoneseal.limits/1\"", name);
	if (status == STATUS_OK)
		status = read_members(name, root, &limits, err);
	json_decref(root);
	if (status == STATUS_OK)
		*out = limits;
	return status;
}
