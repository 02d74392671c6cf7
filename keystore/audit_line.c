/* SPDX-License-Identifier: MIT */
/* The lines of keys in the log, read back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/audit.h"

const char *audit_record_name(enum key_record record)
{
	static const char *const record_names[KEY_RECORDS] = {
		[KEY_DNSKEY] = "dnskey",
		[KEY_ZRRSIG] = "zrrsig",
		[KEY_KRRSIG] = "krrsig",
		[KEY_DS] = "ds",
	};
	return record_names[record];
}

int64_t audit_line_key(const char *line)
{
	const char *at = strstr(line, " id ");
	const char *const end = strchr(line, '\n');
	if (at == NULL || (end != NULL && at > end))
		return 0;
	at += strlen(" id ");
	char *after = NULL;
	const long long id = strtoll(at, &after, 10);
	return after != at && *after == ' ' && id > 0 ? id : 0;
}

/* What stands behind " name " in line[0..size); NULL: nothing. */
static const char *part_of(const char *line, size_t size, const char *name)
{
	char wanted[24];
	const int length = snprintf(wanted, sizeof(wanted), " %s ", name);
	const char *const found = memmem(line, size, wanted, (size_t)length);
	return found == NULL ? NULL : found + length;
}

static int64_t number_of(const char *line, size_t size, const char *name)
{
	const char *const at = part_of(line, size, name);
	return at == NULL ? 0 : strtoll(at, NULL, 10);
}

/* "rumoured@1795000012", "-@0" */
static bool read_record(const char *line, size_t size, enum key_record record, struct key *out)
{
	const char *const at = part_of(line, size, audit_record_name(record));
	const char *const sign = at == NULL ? NULL : memchr(at, '@', size - (size_t)(at - line));
	if (sign == NULL)
		return false;
	out->since[record].seconds = strtoll(sign + 1, NULL, 10);
	out->state[record] = KEY_NA;
	for (enum key_state state = KEY_HIDDEN; state <= KEY_UNRETENTIVE; state++) {
		const char *const name = key_state_name(state);
		if (strlen(name) == (size_t)(sign - at) && memcmp(name, at, (size_t)(sign - at)) == 0)
			out->state[record] = state;
	}
	return true;
}

bool store_event_key(const char **at, struct key *out)
{
	const char *const line = *at;
	const size_t size = strcspn(line, "\n");
	struct key key = { .id = audit_line_key(line) };
	bool good = key.id != 0;
	for (enum key_record record = 0; good && record < KEY_RECORDS; record++)
		good = read_record(line, size, record, &key);
	if (!good)
		return false;
	for (enum key_role role = KEY_KSK; role <= KEY_CSK; role++)
		if (strncmp(line, key_role_name(role), strlen(key_role_name(role))) == 0)
			key.role = role;
	const char *const goal = part_of(line, size, "goal");
	key.goal_present = goal != NULL && strncmp(goal, "present", strlen("present")) == 0;
	key.tag = (uint16_t)strtoul(line + strcspn(line, " "), NULL, 10);
	key.algorithm = (uint8_t)number_of(line, size, "algorithm");
	key.flags = (uint16_t)number_of(line, size, "flags");
	key.revoked_tag = (uint16_t)number_of(line, size, "revoked-tag");
	key.created.seconds = number_of(line, size, "created");
	key.active.seconds = number_of(line, size, "active");
	key.predecessor = number_of(line, size, "predecessor");
	key.ds_seen.seconds = number_of(line, size, "ds-seen");
	key.ds_gone.seconds = number_of(line, size, "ds-gone");
	key.standby = number_of(line, size, "standby") != 0;
	key.foreign = number_of(line, size, "foreign") != 0;
	key.revoked.seconds = number_of(line, size, "revoked");
	key.purged.seconds = number_of(line, size, "purged");
	*at = line + size + (line[size] == '\n');
	*out = key;
	return true;
}
