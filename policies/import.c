/* SPDX-License-Identifier: MIT */
#include "policies/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policies/import_map.h"
#include "policies/policy_text.h"
#include "policies/policy_yaml.h"

static const struct {
	const char *name, *title;
	enum status (*read)(struct import_source *source);
	enum status (*map)(struct import_map *map);
} peers[IMPORT_PEERS] = {
	[IMPORT_BIND] = { "bind", "BIND", import_read_bind, import_map_bind },
	[IMPORT_KNOT] = { "knot", "Knot", import_read_knot, import_map_knot },
	[IMPORT_OPENDNSSEC] = { "opendnssec", "OpenDNSSEC", import_read_opendnssec, import_map_opendnssec },
	[IMPORT_CASCADE] = { "cascade", "Cascade", import_read_cascade, import_map_cascade },
};

const char *import_peer_name(enum import_peer peer)
{
	return peers[peer].name;
}

const char *import_peer_title(enum import_peer peer)
{
	return peers[peer].title;
}

enum status import_peer_named(const char *name, enum import_peer *out, struct error *err)
{
	char all[80] = "";
	for (int i = 0; i < IMPORT_PEERS; i++) {
		if (strcasecmp(name, peers[i].name) == 0) {
			*out = (enum import_peer)i;
			return STATUS_OK;
		}
		const size_t used = strlen(all);
		snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : ", ", peers[i].name);
	}
	return error_set(err, STATUS_USAGE, "--format \"%.20s\" is none of %s", name, all);
}

/* Whether a line begins with `word`, after blanks if `indented`. */
static bool has_line(struct bytes text, const char *word, bool indented)
{
	const size_t size = strlen(word);
	for (size_t at = 0; at < text.size;) {
		size_t start = at;
		while (indented && start < text.size && (text.data[start] == ' ' || text.data[start] == '\t'))
			start++;
		if (text.size - start >= size && memcmp(text.data + start, word, size) == 0)
			return true;
		const uint8_t *const end = memchr(text.data + at, '\n', text.size - at);
		if (end == NULL)
			return false;
		at = (size_t)(end - text.data) + 1;
	}
	return false;
}

enum status import_guess(struct bytes text, enum import_peer *out, struct error *err)
{
	const bool kasp = has_line(text, "<KASP>", true);
	if (kasp || has_line(text, "version = \"v", false)) {
		*out = kasp ? IMPORT_OPENDNSSEC : IMPORT_CASCADE;
		return STATUS_OK;
	}
	const bool knot = has_line(text, "policy:", false);
	/* In a knot.conf zones have "dnssec-policy: NAME". */
	const bool bind = !knot && (has_line(text, "dnssec-policy ", true) || has_line(text, "dnssec-policy\t", true));
	if (bind == knot)
		return error_set(err, STATUS_USAGE,
		    "it cannot be told which signer the file is for: say --format bind, knot, opendnssec or "
		    "cascade");
	*out = bind ? IMPORT_BIND : IMPORT_KNOT;
	return STATUS_OK;
}

enum status import_refuse(const struct import_source *source, uint64_t line, const char *format, ...)
{
	char text[600];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set_at(source->err, STATUS_POLICY, source->file, line, 0, "%s", text);
}

enum status import_add_entry(struct import_source *source, const char *name, uint64_t line)
{
	if (source->count == IMPORT_MOST_POLICIES)
		return import_refuse(source, line, "more than %d policies", (int)IMPORT_MOST_POLICIES);
	if (source->count == source->room) {
		const size_t room = 2 * source->room + 8;
		struct import_entry *const larger = arena_calloc(source->mem, room, sizeof(*larger));
		if (source->count > 0)
			memcpy(larger, source->entries, source->count * sizeof(*larger));
		source->entries = larger;
		source->room = room;
	}
	source->entries[source->count++] =
	    (struct import_entry){ .name = arena_strdup(source->mem, name), .line = line };
	return STATUS_OK;
}

enum status import_add_to(
    struct import_source *source, struct import_entry *entry, const char *option, const char *value, uint64_t line)
{
	if (entry->count == IMPORT_MOST_ITEMS)
		return import_refuse(source, line, "more than %d options in one policy", (int)IMPORT_MOST_ITEMS);
	if (strlen(option) > IMPORT_MOST_VALUE || strlen(value) > IMPORT_MOST_VALUE)
		return import_refuse(source, line, "an option of more than %d octets", (int)IMPORT_MOST_VALUE);
	if (entry->count == entry->room) {
		const size_t room = 2 * entry->room + 16;
		struct import_item *const larger = arena_calloc(source->mem, room, sizeof(*larger));
		if (entry->count > 0)
			memcpy(larger, entry->items, entry->count * sizeof(*larger));
		entry->items = larger;
		entry->room = room;
	}
	entry->items[entry->count++] = (struct import_item){
		.option = arena_strdup(source->mem, option), .value = arena_strdup(source->mem, value), .line = line
	};
	return STATUS_OK;
}

enum status import_add_item(struct import_source *source, const char *option, const char *value, uint64_t line)
{
	return import_add_to(source, &source->entries[source->count - 1], option, value, line);
}

/* The names that there are, for a message. */
static const char *names_of(const struct import_source *source)
{
	const char *all = "";
	for (size_t i = 0; i < source->count && i < 20; i++) {
		char shown[POLICY_NAME];
		error_escape(source->entries[i].name, strlen(source->entries[i].name), shown, sizeof(shown));
		all = arena_printf(source->mem, "%s%s%s", all, i == 0 ? "" : ", ", shown);
	}
	return arena_printf(source->mem, "%s%s", all, source->count > 20 ? ", ..." : "");
}

static enum status none_of_that(const struct import_source *source, const char *name)
{
	const char *const included = source->include_line == 0
					 ? ""
					 : arena_printf(source->mem, "; the file that line %llu includes is not read",
					       (unsigned long long)source->include_line);
	if (source->count == 0)
		return import_refuse(source, 0, "holds no policy%s", included);
	if (name == NULL)
		return error_set(source->err, STATUS_USAGE, "%s holds several policies: choose one with --policy: %s",
		    source->file, names_of(source));
	return error_set(source->err, STATUS_USAGE, "%s has no policy \"%.60s\"; there are: %s%s", source->file, name,
	    names_of(source), included);
}

static enum status choose(const struct import_source *source, const char *name, struct import_entry **out)
{
	struct import_entry *found = NULL;
	for (size_t i = 0; i < source->count; i++) {
		struct import_entry *const entry = &source->entries[i];
		if (name == NULL ? source->count > 1 : strcmp(entry->name, name) != 0)
			continue;
		if (found != NULL)
			return import_refuse(source, entry->line,
			    "a second policy of the same name; the first is in line %llu",
			    (unsigned long long)found->line);
		found = entry;
	}
	if (found == NULL)
		return none_of_that(source, name);
	*out = found;
	return STATUS_OK;
}

/* Our names are lower-case letters, digits, - . and _; one that had to change is said. */
static enum status set_name(struct import_map *map)
{
	char name[POLICY_NAME];
	size_t used = 0;
	for (const char *at = map->entry->name; *at != '\0' && used + 1 < sizeof(name); at++) {
		const char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
		const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
				   ((c == '-' || c == '.') && used > 0);
		name[used++] = plain ? c : '_';
	}
	name[used] = '\0';
	const struct import_given given = { "the policy's name", map->entry->name, map->entry->line };
	return import_set(map, &given, "name", used == 0 ? "imported" : name,
	    strcmp(name, map->entry->name) == 0 && used > 0
		? NULL
		: "a name here is lower-case letters, digits, -, . and _, at most 63");
}

/* What no other signer has and a migrant will meet. */
static void add_ours(struct import_map *map)
{
	static const char *const limits[] = { "limits.delegations-removed", "limits.ds-removed", "limits.size-change",
		"limits.floor" };
	import_keep(map, "zone.zonemd", "a digest over the zone is added (RFC 8976); false: the zone is without it");
	for (size_t i = 0; i < COUNT(limits); i++)
		import_keep(map, limits[i], "a publication that changes more of the zone than this is held");
}

static enum status fill(struct import_map *map)
{
	enum status status = set_name(map);
	if (status == STATUS_OK)
		status = peers[map->peer].map(map);
	add_ours(map);
	for (size_t i = 0; i < map->entry->count && status == STATUS_OK; i++) {
		const struct import_item *const item = &map->entry->items[i];
		const struct import_given given = { item->option, item->value, item->line };
		if (!item->used)
			import_note(map, IMPORT_UNKNOWN, &given, NULL, NULL,
			    "not known to this importer: look it up before you rely on the result");
	}
	return status;
}

/* The rules between fields, said of the other signer's option. */
static enum status check(struct import_map *map)
{
	const char *path;
	struct error cause;
	error_clear(&cause);
	policy_complete(&map->policy);
	if (policy_check_field(&map->policy, &path, &cause) == STATUS_OK)
		return STATUS_OK;
	return import_refuse_field(map, path,
	    arena_printf(map->mem, "zoneseal policy check would not accept it: %s: %s; change it in a copy of the file",
		path, cause.message));
}

/* The written text is what is checked in the end: it alone will be used. */
static enum status finish(struct import_map *map, struct import *out)
{
	struct error cause;
	error_clear(&cause);
	const char *const title = peers[map->peer].title;
	const char *const yaml = import_write(map, title, map->mem);
	struct policy policy;
	if (policy_yaml_parse("imported.yaml", yaml, strlen(yaml), &policy, &cause) != STATUS_OK)
		return import_refuse(map->source, map->entry->line,
		    "zoneseal policy check would not accept this policy: %s", cause.message);
	char shown[4 * POLICY_NAME];
	error_escape(map->entry->name, strlen(map->entry->name), shown, sizeof(shown));
	*out = (struct import){ .peer = map->peer,
		.name = arena_strdup(map->mem, shown),
		.line = map->entry->line,
		.policy = policy,
		.yaml = yaml,
		.differences = map->list,
		.count = map->count };
	map->policy = policy;
	import_compare(map, &out->timing);
	return STATUS_OK;
}

enum status import_policy(enum import_peer peer, const char *file, struct bytes text, const char *name,
    struct arena *mem, struct import *out, struct error *err)
{
	struct import_source source = { .file = file, .text = text, .mem = mem, .err = err };
	struct import_map map = { .peer = peer, .source = &source, .mem = mem, .err = err };
	enum status status = policy_text_check(file, text, IMPORT_MOST_OCTETS, err);
	if (status == STATUS_OK)
		status = peers[peer].read(&source);
	if (status == STATUS_OK)
		status = choose(&source, name, &map.entry);
	if (status != STATUS_OK)
		return status;
	/* What follows from other fields is filled in at the end, as for a policy file. */
	policy_defaults(&map.policy);
	map.policy.ksk_bits = map.policy.zsk_bits = 0;
	map.policy.validity_dnskey.seconds = 0;
	map.list = arena_calloc(mem, IMPORT_MOST_DIFFERENCES, sizeof(*map.list));
	status = fill(&map);
	if (status == STATUS_OK)
		status = check(&map);
	return status == STATUS_OK ? finish(&map, out) : status;
}
