/* SPDX-License-Identifier: MIT */
#include "signer/cli/ds_report.h"

#include <string.h>

#include "signer/base/bytes.h"

enum { DIGEST_MOST = 64 };

static const char *verdict(const struct parent_view *view)
{
	if (view->differs)
		return "differs";
	return view->as_expected ? "as expected" : "not known";
}

static const char *wish_name(enum parent_wish wish)
{
	static const char *const names[] = { "may be there", "must be there", "must not be there" };
	return names[wish];
}

/* The first line: the verdict, and whether a person needs to act. */
static char *headline(const struct parent_view *view, struct arena *mem)
{
	if (view->differs)
		return arena_printf(
		    mem, "NO: the parent does not show what the keystore expects; see zoneseal ds show %s", view->zone);
	if (!view->as_expected)
		return arena_printf(mem,
		    "NOT KNOWN: %zu of %zu servers could not be judged; nothing was taken for seen or gone",
		    view->not_known, view->groups);
	return arena_printf(mem, "OK: %zu/%zu servers show what the keystore expects", view->groups, view->groups);
}

static void print_key(FILE *out, const struct parent_key *key, size_t groups)
{
	fprintf(out, "  %s %-5u  %-17s  %s: %zu/%zu servers show it", key_role_name(key->key.role), key->key.tag,
	    wish_name(key->wish), parent_sight_name(key->sight), key->shows, groups);
	if (key->unknown > 0)
		fprintf(out, ", %zu not known", key->unknown);
	fputc('\n', out);
}

/* Keys that have left and that no server shows are history. */
static bool is_worth_a_line(const struct parent_key *key)
{
	return key->wish != PARENT_MUST_NOT || key->sight == PARENT_SIGHT_MIXED || key->shows > 0 ||
	       key->key.state[KEY_DS] == KEY_UNRETENTIVE;
}

static bool is_mixed(const struct parent_view *view)
{
	bool mixed = false;
	for (size_t i = 0; i < view->key_count; i++)
		mixed = mixed || view->keys[i].sight == PARENT_SIGHT_MIXED;
	return mixed;
}

void ds_report_text(FILE *out, const struct parent_view *view, struct arena *mem)
{
	char ttl[SPAN_TEXT];
	int width = 0;
	fprintf(out, "%s  %s\n", view->zone, headline(view, mem));
	for (size_t i = 0; i < view->key_count; i++) {
		if (is_worth_a_line(&view->keys[i]))
			print_key(out, &view->keys[i], view->groups);
	}
	if (is_mixed(view))
		fputs("  parent.ds-equal: the servers do not show one DS set; nothing is taken for seen or gone until "
		      "they "
		      "do\n",
		    out);
	if (view->strangers > 0)
		fprintf(out, "  %zu/%zu servers show a DS of a key that is not in this keystore\n", view->strangers,
		    view->groups);
	if (view->has_ttl) {
		span_format((struct span){ view->largest_ttl }, ttl);
		fprintf(out, "  largest DS TTL %s\n", ttl);
	}
	for (size_t i = 0; i < view->server_count; i++) {
		const int size = (int)strlen(view->servers[i].address);
		width = size > width ? size : width;
	}
	for (size_t i = 0; i < view->server_count; i++) {
		const struct parent_server *const server = &view->servers[i];
		fprintf(out, "%-*s  %s%s%s%s\n", width, server->address, server->name != NULL ? server->name : "",
		    server->name != NULL ? "  " : "", server->words, server->validated ? ", validated" : "");
	}
}

static struct report *json_of_ds(const struct parent_ds *ds)
{
	char digest[2 * DIGEST_MOST + 1];
	const size_t size = ds->digest_size < DIGEST_MOST ? ds->digest_size : DIGEST_MOST;
	struct report *const report = report_new(NULL);
	bytes_to_hex((struct bytes){ ds->digest, size }, true, digest);
	report_number(report, "tag", ds->tag);
	report_number(report, "algorithm", ds->algorithm);
	report_number(report, "digest_type", ds->digest_type);
	report_text(report, "digest", digest);
	report_number(report, "ttl", ds->ttl);
	return report;
}

static struct report *json_of_server(const struct parent_server *server)
{
	static const char *const answers[] = { "not known", "shows", "absent" };
	struct report *const report = report_new(NULL);
	struct report *const list = report_list();
	for (size_t i = 0; i < server->count; i++)
		report_append(list, json_of_ds(&server->ds[i]));
	report_text(report, "address", server->address);
	report_text(report, "name", server->name);
	report_number(report, "server", (int64_t)server->group);
	report_text(report, "answer", answers[server->answer]);
	report_text(report, "words", server->words);
	report_bool(report, "validated", server->validated);
	report_number(report, "ttl", server->ttl);
	report_child(report, "ds", list);
	return report;
}

static struct report *json_of_key(const struct parent_key *key)
{
	static const char *const wishes[] = { "may", "must", "must not" };
	struct report *const report = report_new(NULL);
	report_text(report, "role", key->key.role == KEY_KSK ? "ksk" : "csk");
	report_number(report, "tag", key->key.tag);
	report_hex(report, "fingerprint", key->key.fingerprint, sizeof(key->key.fingerprint));
	report_text(report, "expected", wishes[key->wish]);
	report_text(report, "sight", parent_sight_name(key->sight));
	report_number(report, "shows", (int64_t)key->shows);
	report_number(report, "lacks", (int64_t)key->lacks);
	report_number(report, "not_known", (int64_t)key->unknown);
	report_time(report, "ds_seen", key->key.ds_seen);
	report_time(report, "ds_gone", key->key.ds_gone);
	return report;
}

struct report *ds_report_json(const struct parent_view *view)
{
	struct report *const report = report_new("zoneseal.ds-check/1");
	struct report *const servers = report_list();
	struct report *const keys = report_list();
	for (size_t i = 0; i < view->key_count; i++)
		report_append(keys, json_of_key(&view->keys[i]));
	for (size_t i = 0; i < view->server_count; i++)
		report_append(servers, json_of_server(&view->servers[i]));
	report_text(report, "zone", view->zone);
	report_time(report, "time", view->when);
	report_text(report, "verdict", verdict(view));
	report_number(report, "servers_asked", (int64_t)view->groups);
	report_number(report, "servers_not_known", (int64_t)view->not_known);
	report_number(report, "servers_with_foreign_ds", (int64_t)view->strangers);
	report_bool(report, "trust_anchor", view->anchored);
	if (view->has_ttl)
		report_number(report, "largest_ttl", view->largest_ttl);
	else
		report_text(report, "largest_ttl", NULL);
	report_child(report, "keys", keys);
	report_child(report, "servers", servers);
	return report;
}
