/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_servers.h"

#include <stdio.h>
#include <string.h>

#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"

enum { MOST_RESOLVERS = 3, MOST_NAMES = 60, LINE = 1024 };

enum status parent_servers_parse(const char *text, struct arena *mem, struct parent_servers *out, struct error *err)
{
	struct parent_servers servers = { .all = arena_calloc(mem, PARENT_ADDRESSES, sizeof(*servers.all)) };
	for (const char *at = text + strspn(text, " \t,"); *at != '\0'; at += strspn(at, " \t,")) {
		const size_t size = strcspn(at, " \t,");
		if (servers.count == PARENT_ADDRESSES)
			return error_set(err, STATUS_USAGE, "more than %d parent servers", PARENT_ADDRESSES);
		struct parent_address *const next = &servers.all[servers.count];
		next->group = servers.count++;
		const enum status status = query_server_parse(arena_strndup(mem, at, size), &next->server, err);
		if (status != STATUS_OK)
			return status;
		at += size;
	}
	servers.groups = servers.count;
	*out = servers;
	return STATUS_OK;
}

/* The "nameserver" lines of resolv.conf(5). */
static enum status read_resolvers(
    const char *path, struct query_server out[MOST_RESOLVERS], size_t *count, struct error *err)
{
	char line[LINE];
	char address[64];
	struct error ignored;
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return error_set_errno(err, "%s", path);
	*count = 0;
	while (*count < MOST_RESOLVERS && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, " nameserver %63s", address) == 1 &&
		    query_server_parse(address, &out[*count], &ignored) == STATUS_OK)
			(*count)++;
	}
	fclose(file);
	if (*count == 0)
		return error_set(err, STATUS_MISSING,
		    "%s names no resolver; configure the parent's servers (zone add --parents) or use --resolver",
		    path);
	return STATUS_OK;
}

/* Resolvers, and how they are asked. */
struct asker {
	struct query_server resolvers[MOST_RESOLVERS];
	size_t count;
	int timeout;
	struct arena *mem;
};

/* Why an answer of a resolver is of no use; NULL: it is. */
static const char *useless(const struct query_job *job, struct arena *mem)
{
	char rcode[WIRE_RCODE];
	if (job->outcome != QUERY_ANSWERED)
		return job->words;
	if (job->answer.truncated)
		return "a truncated answer over TCP";
	wire_rcode_text(job->answer.rcode, rcode);
	if (job->answer.rcode != WIRE_NOERROR && job->answer.rcode != WIRE_NXDOMAIN)
		return arena_strdup(mem, rcode);
	return NULL;
}

/* Asks all resolvers; the first that answers stays, alone, for the questions to come. */
static enum status ask_one(struct asker *asker, const uint8_t *name, uint16_t type, const char *what,
    struct wire_answer *out, struct error *err)
{
	char text[NAME_TEXT];
	const char *why = "";
	struct query_job jobs[MOST_RESOLVERS];
	for (size_t i = 0; i < asker->count; i++)
		jobs[i] =
		    (struct query_job){ .server = asker->resolvers[i], .name = name, .type = type, .recursion = true };
	const enum status status = query_ask(jobs, asker->count, asker->timeout, asker->mem, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < asker->count; i++) {
		why = useless(&jobs[i], asker->mem);
		if (why != NULL)
			continue;
		*out = jobs[i].answer;
		asker->resolvers[0] = jobs[i].server;
		asker->count = 1;
		return STATUS_OK;
	}
	name_to_text(name, text);
	return error_set(err, STATUS_BUSY,
	    "resolver %s: %s of %s: %s; the parent's servers can be named: zoneseal zone set-parents",
	    asker->resolvers[asker->count - 1].text, what, text, why);
}

/* The zone that holds `name`: the owner of the SOA that the answer to a question for it brings along. */
static enum status find_apex(struct asker *asker, const uint8_t *name, const uint8_t **out, struct error *err)
{
	char text[NAME_TEXT];
	struct wire_answer answer;
	const enum status status = ask_one(asker, name, RRTYPE_SOA, "the SOA", &answer, err);
	if (status != STATUS_OK)
		return status;
	for (int section = WIRE_ANSWER; section <= WIRE_AUTHORITY; section++) {
		for (size_t i = 0; i < answer.count[section]; i++) {
			const struct record *const record = &answer.records[section][i];
			if (record->type == RRTYPE_SOA && name_is_within(name, record->owner)) {
				*out = record->owner;
				return STATUS_OK;
			}
		}
	}
	name_to_text(name, text);
	return error_set(
	    err, STATUS_BUSY, "resolver %s does not say which zone %s is in", asker->resolvers[0].text, text);
}

static bool is_listed(const uint8_t *const names[], size_t count, const uint8_t *name)
{
	for (size_t i = 0; i < count; i++) {
		if (name_equal(names[i], name))
			return true;
	}
	return false;
}

static size_t list_names(const struct wire_answer *answer, const uint8_t *apex, const uint8_t *names[MOST_NAMES])
{
	size_t count = 0;
	for (size_t i = 0; i < answer->count[WIRE_ANSWER] && count < MOST_NAMES; i++) {
		const struct record *const record = &answer->records[WIRE_ANSWER][i];
		if (record->type == RRTYPE_NS && name_equal(record->owner, apex) &&
		    !is_listed(names, count, record->rdata))
			names[count++] = record->rdata;
	}
	return count;
}

/* Adds the addresses in an answer to the question for them. */
static size_t add_addresses(const struct query_job *job, const char *name, size_t group, struct parent_servers *servers)
{
	size_t added = 0;
	if (job->outcome != QUERY_ANSWERED)
		return 0;
	for (size_t i = 0; i < job->answer.count[WIRE_ANSWER]; i++) {
		const struct record *const record = &job->answer.records[WIRE_ANSWER][i];
		if (record->type != job->type)
			continue;
		added++;
		if (servers->count == PARENT_ADDRESSES)
			return added; /* find_addresses refuses a full list */
		struct parent_address *const next = &servers->all[servers->count++];
		*next = (struct parent_address){ .name = name, .group = group };
		query_server_of(record->rdata, record->rdata_size, &next->server);
	}
	return added;
}

/* The addresses of all names, asked for at once. A name without one stays in the list: it is a server that is not
 * known. */
static enum status find_addresses(
    struct asker *asker, const uint8_t *const names[], size_t count, struct parent_servers *servers, struct error *err)
{
	struct query_job *const jobs = arena_calloc(asker->mem, 2 * count, sizeof(*jobs));
	for (size_t i = 0; i < 2 * count; i++)
		jobs[i] = (struct query_job){ .server = asker->resolvers[0],
			.name = names[i / 2],
			.type = i % 2 == 0 ? RRTYPE_A : RRTYPE_AAAA,
			.recursion = true };
	const enum status status = query_ask(jobs, 2 * count, asker->timeout, asker->mem, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		char text[NAME_TEXT];
		name_to_text(names[i], text);
		const char *const name = arena_strdup(asker->mem, text);
		const size_t added =
		    add_addresses(&jobs[2 * i], name, i, servers) + add_addresses(&jobs[2 * i + 1], name, i, servers);
		if (servers->count == PARENT_ADDRESSES)
			return error_set(
			    err, STATUS_MISSING, "the parent has more than %d addresses to ask", PARENT_ADDRESSES - 1);
		if (added == 0)
			servers->all[servers->count++] = (struct parent_address){ .name = name, .group = i };
	}
	servers->groups = count;
	return STATUS_OK;
}

enum status parent_servers_discover(const uint8_t *apex, const char *resolver, const char *resolv_conf,
    int timeout_milliseconds, struct arena *mem, struct parent_servers *out, struct error *err)
{
	struct asker asker = { .count = 1, .timeout = timeout_milliseconds, .mem = mem };
	struct parent_servers servers = { .all = arena_calloc(mem, PARENT_ADDRESSES, sizeof(*servers.all)) };
	const uint8_t *names[MOST_NAMES];
	struct wire_answer answer;
	char text[NAME_TEXT];
	if (name_is_root(apex))
		return error_set(err, STATUS_MISSING, "the root has no parent");
	enum status status = resolver != NULL ? query_server_parse(resolver, &asker.resolvers[0], err)
					      : read_resolvers(resolv_conf, asker.resolvers, &asker.count, err);
	if (status == STATUS_OK)
		status = find_apex(&asker, name_skip(apex, 1), &servers.apex, err);
	if (status == STATUS_OK)
		status = ask_one(&asker, servers.apex, RRTYPE_NS, "the name servers", &answer, err);
	if (status != STATUS_OK)
		return status;
	const size_t count = list_names(&answer, servers.apex, names);
	name_to_text(servers.apex, text);
	if (count == 0)
		return error_set(
		    err, STATUS_BUSY, "resolver %s names no name server of %s", asker.resolvers[0].text, text);
	status = find_addresses(&asker, names, count, &servers, err);
	if (status == STATUS_OK)
		*out = servers;
	return status;
}
