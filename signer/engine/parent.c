/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent.h"

#include <string.h>

#include "signer/dns/name.h"
#include "signer/dns/query.h"
#include "signer/dns/rrtype.h"
#include "signer/engine/folder.h"
#include "signer/engine/parent_answer.h"
#include "signer/engine/parent_note.h"
#include "signer/engine/parent_servers.h"
#include "signer/engine/parent_sight.h"
#include "signer/engine/proof.h"

enum { TIMEOUT_MILLISECONDS = 5000 };

/* One check under way. */
struct check {
	const struct parent_options *options;
	struct arena *mem;
	struct utc now;
	uint8_t apex[NAME_WIRE];
	struct parent_servers servers;
	struct proof_anchor anchor;
	struct query_job *jobs; /* for each address the DS; behind them, with an anchor, for each the DNSKEY */
	struct proof_keys keys;
};

static int timeout_of(const struct check *check)
{
	return check->options->timeout_milliseconds > 0 ? check->options->timeout_milliseconds : TIMEOUT_MILLISECONDS;
}

static enum status find_servers(const struct store_zone *zone, struct check *check, struct error *err)
{
	const char *const resolver = check->options->resolver;
	const bool is_file = resolver != NULL && resolver[0] == '/';
	enum status status = parent_servers_parse(zone->parents, check->mem, &check->servers, err);
	if (status != STATUS_OK)
		return error_context(err, "parents of %s", zone->name);
	if (check->servers.count > 0)
		return STATUS_OK;
	status = parent_servers_discover(check->apex, is_file ? NULL : resolver,
	    is_file ? resolver : "/etc/resolv.conf", timeout_of(check), check->mem, &check->servers, err);
	return status == STATUS_OK ? STATUS_OK : error_context(err, "the parent of %s", zone->name);
}

/* Asks those that have an address. */
static enum status ask(struct check *check, struct error *err)
{
	const size_t count = check->servers.count;
	const size_t rounds = check->anchor.apex != NULL ? 2 : 1;
	struct query_job *const jobs = arena_calloc(check->mem, rounds * count + 1, sizeof(*jobs));
	struct query_job *const asked = arena_calloc(check->mem, rounds * count + 1, sizeof(*asked));
	size_t asked_count = 0;
	for (size_t i = 0; i < rounds * count; i++) {
		const bool is_ds = i < count;
		jobs[i] = (struct query_job){ .server = check->servers.all[is_ds ? i : i - count].server,
			.name = is_ds ? check->apex : check->anchor.apex,
			.type = is_ds ? RRTYPE_DS : RRTYPE_DNSKEY,
			.outcome = QUERY_UNREACHABLE,
			.words = "the name has no address" };
		if (jobs[i].server.address_size > 0)
			asked[asked_count++] = jobs[i];
	}
	const enum status status = query_ask(asked, asked_count, timeout_of(check), check->mem, err);
	if (status != STATUS_OK)
		return status;
	asked_count = 0;
	for (size_t i = 0; i < rounds * count; i++) {
		if (jobs[i].server.address_size > 0)
			jobs[i] = asked[asked_count++];
	}
	check->jobs = jobs;
	return STATUS_OK;
}

/* The keys of all servers whose DNSKEY RRset holds: in a roll of the parent's they may differ for a while. Why the last
 * one did not, else NULL. */
static const char *find_keys(struct check *check)
{
	const char *why = NULL;
	for (size_t i = 0; i < check->servers.count; i++) {
		const struct query_job *const job = &check->jobs[check->servers.count + i];
		const char *wrong = job->words;
		if (job->outcome == QUERY_ANSWERED)
			wrong = proof_keys_add(&job->answer, &check->anchor, check->now, check->mem, &check->keys);
		why = wrong != NULL ? wrong : why;
	}
	return check->keys.count > 0 ? NULL : why;
}

/* An answer that does not validate is not known. */
static void validate(
    const struct check *check, const struct query_job *job, const char *no_keys, struct parent_server *server)
{
	const struct proof_rrset rrset = { &job->answer, WIRE_ANSWER, check->apex, RRTYPE_DS };
	const char *why = no_keys;
	if (server->answer == PARENT_NOT_KNOWN)
		return;
	if (why != NULL)
		why = arena_printf(check->mem, "does not validate: DNSKEY: %s", no_keys);
	else if (server->answer == PARENT_SHOWS)
		why = proof_rrset_holds(&rrset, check->anchor.apex, &check->keys, check->now, check->mem);
	else
		why = proof_no_ds(&job->answer, check->apex, check->anchor.apex, &check->keys, check->now, check->mem);
	server->validated = why == NULL;
	if (why != NULL)
		parent_answer_doubt(
		    server, no_keys != NULL ? why : arena_printf(check->mem, "does not validate: %s", why), check->mem);
}

static void judge(struct check *check, struct parent_view *view)
{
	const size_t count = check->servers.count;
	const uint8_t *const parent = check->anchor.apex != NULL ? check->anchor.apex : check->servers.apex;
	struct parent_server *const servers = arena_calloc(check->mem, count + 1, sizeof(*servers));
	const char *const no_keys = check->anchor.apex != NULL ? find_keys(check) : NULL;
	for (size_t i = 0; i < count; i++) {
		const struct parent_address *const address = &check->servers.all[i];
		servers[i] = (struct parent_server){ .address = arena_strdup(check->mem, address->server.text),
			.name = address->name,
			.group = address->group };
		parent_answer_read(&check->jobs[i], check->apex, parent, check->mem, &servers[i]);
		if (check->anchor.apex != NULL)
			validate(check, &check->jobs[i], no_keys, &servers[i]);
	}
	view->servers = servers;
	view->server_count = count;
	view->groups = check->servers.groups;
}

/* The file that answers are validated with; NULL: none. */
static const char *anchor_path(const struct policy *policy, const struct check *check)
{
	const char *const path = policy->trust_anchor;
	if (check->options->trust_anchor != NULL)
		return check->options->trust_anchor;
	if (path[0] == '\0')
		return NULL;
	return path[0] == '/' ? path : arena_printf(check->mem, "%s/%s", check->options->config, path);
}

static enum status look(const struct store_zone *zone, const struct policy *policy, struct check *check,
    struct parent_view *view, struct error *err)
{
	const char *name;
	const char *const anchor = anchor_path(policy, check);
	enum status status = folder_zone_name(zone->name, check->mem, &name, check->apex, err);
	if (status == STATUS_OK && anchor != NULL)
		status = proof_anchor_load(anchor, check->apex, check->mem, &check->anchor, err);
	if (status == STATUS_OK)
		status = find_servers(zone, check, err);
	if (status == STATUS_OK)
		status = ask(check, err);
	if (status == STATUS_OK)
		judge(check, view);
	view->anchored = check->anchor.apex != NULL;
	return status;
}

/* So that a run that comes every minute does not ask every minute. The failure stays what is told. */
static enum status note_failure(
    struct store *store, const struct check *check, const struct store_zone *zone, struct error *err)
{
	struct error second;
	char why[1200];
	error_format(err, why, sizeof(why));
	const char *const words = arena_printf(check->mem, "nobody could be asked: %s", why);
	if (store_note_ds_checked(store, zone->id, words, check->now, &second) != STATUS_OK)
		*err = second;
	return err->code;
}

enum status parent_check(struct store *store, const struct store_zone *zone, const struct policy *policy,
    struct utc now, const struct parent_options *options, struct arena *mem, struct parent_view *out, struct error *err)
{
	struct check check = { .options = options, .mem = mem, .now = now };
	struct parent_view view = { .zone = zone->name, .when = now };
	struct key *keys = NULL;
	size_t count = 0;
	if (!options->by_hand && !parent_note_is_due(zone, policy, now, &view.due)) {
		*out = view;
		return STATUS_OK;
	}
	enum status status = look(zone, policy, &check, &view, err);
	if (status == STATUS_OK)
		status = store_keys(store, zone->id, mem, &keys, &count, err);
	if (status == STATUS_OK) {
		view.asked = true;
		parent_sight(&view, check.apex, keys, count, mem);
	}
	if (status == STATUS_OK && options->record)
		status = parent_note(store, zone, &view, mem, err);
	else if (status != STATUS_OK && status != STATUS_INTERNAL && !view.asked && options->record)
		status = note_failure(store, &check, zone, err);
	if (status == STATUS_OK)
		*out = view;
	return status;
}
