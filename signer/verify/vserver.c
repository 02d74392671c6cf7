/* SPDX-License-Identifier: MIT */
#include "signer/verify/vserver.h"

#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/workers.h"
#include "signer/verify/vsearch.h"

enum { OPT_OUT = 1 };

static bool exists_for_servers(const struct vowner *owner)
{
	return owner->kind == VKIND_DATA || owner->kind == VKIND_CUT;
}

void vserver_open(const struct vzone *zone, struct vserver *out)
{
	*out = (struct vserver){ .zone = zone };
	out->names = memory_calloc(zone->owner_count + 1, sizeof(*out->names));
	for (size_t i = 0; i < zone->owner_count; i++)
		if (exists_for_servers(&zone->owners[i]))
			out->names[out->name_count++] = (uint32_t)i;
}

static void drop_chain(struct vserver *server)
{
	free(server->nsecs);
	free(server->links);
	free(server->keys);
	server->nsecs = NULL;
	server->links = NULL;
	server->keys = NULL;
	server->link_count = 0;
}

void vserver_close(struct vserver *server)
{
	drop_chain(server);
	free(server->names);
	*server = (struct vserver){ .zone = NULL };
}

void vserver_use_nsec(struct vserver *server)
{
	const struct vzone *const zone = server->zone;
	drop_chain(server);
	server->hashed = false;
	server->nsecs = memory_calloc(server->name_count + 1, sizeof(*server->nsecs));
	for (size_t i = 0; i < server->name_count; i++) {
		const struct vset set = vzone_set(zone, &zone->owners[server->names[i]], VTYPE_NSEC);
		if (set.count > 0)
			server->nsecs[server->link_count++] = set.first;
	}
}

/* Whether the record is an NSEC3 with the server's parameters and a hash for its first label (RFC 5155 3). */
static bool read_link(const struct vserver *server, const struct vrecord *record, struct vlink *out)
{
	struct cursor in = cursor_init((struct bytes){ record->rdata, record->size });
	struct vhash_parameters parameters;
	if (record->spare || !vhasher_read(&in, &parameters) || !vhasher_same(&parameters, &server->parameters) ||
	    record->owner[0] != 32 ||
	    bytes_from_base32hex((const char *)record->owner + 1, 32, out->hash, VHASH) != VHASH)
		return false;
	const struct bytes next = cursor_take(&in, cursor_u8(&in));
	out->record = record;
	out->flags = parameters.flags;
	out->good = !in.failed && next.size == VHASH && (parameters.flags & ~OPT_OUT) == 0;
	out->trusted = record->trusted;
	out->next = next.data;
	out->bitmap_size = (uint16_t)cursor_left(&in);
	return true;
}

/* The links of owner `at`; returns how many. */
static size_t read_owner(struct vserver *server, size_t at, struct vlink *out)
{
	const struct vzone *const zone = server->zone;
	const struct vowner *const owner = &zone->owners[zone->hash_owners[at]];
	size_t count = 0;
	if (owner->labels != zone->apex_labels + 1)
		return 0;
	const struct vset set = vzone_set(zone, owner, VTYPE_NSEC3);
	for (size_t i = 0; i < set.count; i++)
		count += read_link(server, &set.first[i], &out[count]);
	return count;
}

/* Where each owner has one NSEC3, that of owner i is link i; without a record it is none of this chain. */
static enum status read_range(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct vserver *const server = context;
	(void)worker;
	(void)err;
	for (size_t at = first; at < end; at++)
		if (read_owner(server, at, &server->links[at]) == 0)
			server->links[at].record = NULL;
	return STATUS_OK;
}

static void read_links(struct vserver *server, unsigned threads)
{
	const struct vzone *const zone = server->zone;
	struct error ignored; /* the job has no way to fail */
	if (zone->hash_owner_count != zone->nsec3_count ||
	    workers_run(threads, zone->hash_owner_count, 1024, read_range, server, &ignored) != STATUS_OK) {
		for (size_t i = 0; i < zone->hash_owner_count; i++)
			server->link_count += read_owner(server, i, &server->links[server->link_count]);
		return;
	}
	for (size_t i = 0; i < zone->hash_owner_count; i++) {
		if (server->links[i].record == NULL)
			continue;
		if (server->link_count < i)
			server->links[server->link_count] = server->links[i];
		server->link_count++;
	}
}

void vserver_use_nsec3(struct vserver *server, const struct vhash_parameters *parameters, unsigned threads)
{
	drop_chain(server);
	server->hashed = true;
	server->parameters = *parameters;
	server->links = memory_calloc(server->zone->nsec3_count, sizeof(*server->links));
	read_links(server, threads);
	server->keys = memory_calloc(server->link_count, sizeof(*server->keys));
	for (size_t i = 0; i < server->link_count; i++)
		server->keys[i] = vsearch_key(server->links[i].hash);
}

void vclerk_open(const struct vserver *server, struct vclerk *out)
{
	*out = (struct vclerk){ .have_encloser = false };
	vhasher_open(&out->hasher);
	vhasher_use(&out->hasher, &server->parameters);
}

void vclerk_close(struct vclerk *clerk)
{
	vhasher_close(&clerk->hasher);
}

static int compare_name(const void *context, size_t at, const uint8_t *key)
{
	const struct vserver *const server = context;
	return vname_compare(server->zone->owners[server->names[at]].name, key);
}

static int compare_nsec(const void *context, size_t at, const uint8_t *key)
{
	const struct vserver *const server = context;
	return vname_compare(server->nsecs[at]->owner, key);
}

static int compare_hash(const void *context, size_t at, const uint8_t *key)
{
	const struct vlink *const links = context;
	return memcmp(links[at].hash, key, VHASH);
}

static const struct vowner *owner_at(const struct vserver *server, size_t at)
{
	return &server->zone->owners[server->names[at]];
}

static bool redirects(const struct vserver *server, const struct vowner *owner)
{
	return owner->kind == VKIND_CUT || vzone_set(server->zone, owner, VTYPE_DNAME).count > 0;
}

/* What lies below a delegation or a DNAME exists for no server, so either is the last name before all of that. */
void vserver_find(const struct vserver *server, const uint8_t *name, size_t near, struct vspot *out)
{
	const size_t after = vsearch_not_above(server, server->name_count, near, 1, compare_name, name);
	const unsigned labels = vname_labels(name);
	*out = (struct vspot){ .name = name, .encloser = server->zone->apex_labels };
	if (after > 0) {
		const struct vowner *const before = owner_at(server, after - 1);
		out->encloser = vname_shared(before->name, name);
		if (out->encloser == before->labels && (before->labels == labels || redirects(server, before)))
			out->owner = before;
	}
	if (after < server->name_count && out->owner == NULL) {
		const unsigned shared = vname_shared(owner_at(server, after)->name, name);
		out->encloser = shared > out->encloser ? shared : out->encloser;
	}
	out->exists = out->encloser == labels;
}

/* A record of the chain; both NULL: the chain is empty. */
struct found {
	const struct vrecord *record;
	const struct vlink *link; /* of an NSEC3 */
	bool matches;             /* it is at the name's place, else the last before it: the chain is a circle */
};

static struct found find_nsec(const struct vserver *server, const uint8_t *name)
{
	const size_t count = server->link_count;
	const size_t after = vsearch_not_above(server, count, count / 2, 1, compare_nsec, name);
	const bool matches = after > 0 && compare_nsec(server, after - 1, name) == 0;
	return (struct found){ server->nsecs[after == 0 ? count - 1 : after - 1], NULL, matches };
}

/* The link at the hash's place, or the last one before it. */
static const struct vlink *link_before(const struct vserver *server, const uint8_t hash[VHASH])
{
	const size_t count = server->link_count;
	size_t equal;
	size_t after = vsearch_below(server->keys, count, vsearch_key(hash), &equal);
	if (equal > 0)
		after += vsearch_not_above(server->links + after, equal, 0, 1, compare_hash, hash);
	return &server->links[after == 0 ? count - 1 : after - 1];
}

/* A hash before all of them has the last one before it in the circle, which it cannot equal. */
static void take_link(struct vhasher_entry *entry, const struct vlink *link)
{
	entry->link = link;
	entry->matches = memcmp(link->hash, entry->hash, VHASH) == 0;
}

bool vserver_ahead(
    const struct vserver *server, struct vclerk *clerk, const struct vowner *const owners[], unsigned count)
{
	struct vhasher *const hasher = &clerk->hasher;
	const uint8_t *names[VHASHER_AHEAD];
	const struct vlink *links[VHASHER_AHEAD];
	if (!server->hashed || server->link_count == 0 || count == 0)
		return true;
	for (unsigned i = 0; i < count; i++)
		names[i] = owners[i]->name;
	if (!vhasher_ahead(hasher, names, count))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (hasher->ahead_names[i] != NULL)
			vsearch_fetch(server->keys, server->link_count, vsearch_key(hasher->ahead[i].hash));
	for (unsigned i = 0; i < count; i++) {
		if (hasher->ahead_names[i] == NULL)
			continue;
		links[i] = link_before(server, hasher->ahead[i].hash);
		__builtin_prefetch(links[i]);
		__builtin_prefetch(links[i]->hash + VHASH - 1); /* perhaps in the next line of the cache */
	}
	for (unsigned i = 0; i < count; i++) {
		if (hasher->ahead_names[i] == NULL)
			continue;
		take_link(&hasher->ahead[i], links[i]);
		if (!links[i]->good)
			continue;
		__builtin_prefetch(links[i]->next);
		__builtin_prefetch(links[i]->next + VHASH);
	}
	return true;
}

static struct found find_for(const struct vserver *server, struct vclerk *clerk, const uint8_t *name)
{
	if (server->link_count == 0)
		return (struct found){ NULL, NULL, false };
	if (!server->hashed)
		return find_nsec(server, name);
	struct vhasher_entry *const entry = vhasher_look(&clerk->hasher, name);
	if (entry->link == NULL)
		take_link(entry, link_before(server, entry->hash));
	return (struct found){ entry->link->record, entry->link, entry->matches };
}

static void add(struct vanswer *answer, const struct found *found)
{
	for (unsigned i = 0; i < answer->proof_count; i++)
		if (answer->proof[i] == found->record)
			return;
	if (found->record == NULL || answer->proof_count == VANSWER_PROOFS)
		return;
	answer->link[answer->proof_count] = found->link;
	answer->proof[answer->proof_count++] = found->record;
}

static bool add_for(const struct vserver *server, struct vclerk *clerk, const uint8_t *name, struct vanswer *answer)
{
	const struct found found = find_for(server, clerk, name);
	add(answer, &found);
	return found.matches;
}

static const uint8_t *wildcard_of(const uint8_t *encloser, uint8_t out[VNAME_MAX + 2])
{
	out[0] = 1;
	out[1] = '*';
	memcpy(out + 2, encloser, vname_size(encloser));
	return out;
}

/* The closest encloser that has an NSEC3, and what covers the next closer name; its labels (RFC 5155 7.2.1). `most`:
 * labels of the closest encloser by the zone's names. */
static unsigned add_encloser(
    const struct vserver *server, struct vclerk *clerk, const uint8_t *name, unsigned most, struct vanswer *answer)
{
	unsigned labels = most;
	for (;; labels--) {
		const struct found found = find_for(server, clerk, vname_suffix(name, labels));
		if (found.matches)
			add(answer, &found);
		if (found.matches || labels <= server->zone->apex_labels)
			break;
	}
	add_for(server, clerk, vname_suffix(name, labels + 1), answer);
	return labels;
}

/* What shows the types of a name that exists (RFC 4035 3.1.3.1, RFC 5155 7.2.3, 7.2.4, 7.2.7). */
static void add_types(const struct vserver *server, struct vclerk *clerk, const uint8_t *name, struct vanswer *answer)
{
	const struct found found = find_for(server, clerk, name);
	const unsigned labels = vname_labels(name);
	if (found.matches || !server->hashed || labels <= server->zone->apex_labels)
		add(answer, &found);
	else
		add_encloser(server, clerk, name, labels - 1, answer);
}

static void answer_delegation(
    const struct vserver *server, struct vclerk *clerk, const struct vspot *spot, uint16_t type, struct vanswer *out)
{
	const struct vowner *const cut = spot->owner;
	const struct vset ds = vzone_set(server->zone, cut, VTYPE_DS);
	const bool asks_parent = type == VTYPE_DS && cut->labels == vname_labels(spot->name);
	out->source = cut;
	out->data = ds;
	if (ds.count > 0) {
		out->kind = asks_parent ? VANSWER_DATA : VANSWER_REFERRAL;
		return;
	}
	out->kind = asks_parent ? VANSWER_NO_DS : VANSWER_INSECURE;
	add_types(server, clerk, cut->name, out);
}

/* The RRset of that type, else the CNAME. */
static struct vset pick(const struct vserver *server, const struct vowner *owner, uint16_t type)
{
	const struct vset set = vzone_set(server->zone, owner, type);
	return set.count > 0 ? set : vzone_set(server->zone, owner, VTYPE_CNAME);
}

static void answer_owner(
    const struct vserver *server, struct vclerk *clerk, const struct vspot *spot, uint16_t type, struct vanswer *out)
{
	const struct vowner *const owner = spot->owner;
	out->source = owner;
	if (!spot->exists || owner->labels != vname_labels(spot->name)) {
		out->kind = VANSWER_REDIRECT;
		out->data = vzone_set(server->zone, owner, VTYPE_DNAME);
		return;
	}
	out->data = pick(server, owner, type);
	out->kind = out->data.count == 0            ? VANSWER_NODATA
		    : out->data.first->type == type ? VANSWER_DATA
						    : VANSWER_ALIAS;
	if (out->kind == VANSWER_NODATA)
		add_types(server, clerk, spot->name, out);
}

static void find_wildcard(const struct vserver *server, struct vclerk *clerk, const uint8_t *encloser)
{
	uint8_t wildcard[VNAME_MAX + 2];
	struct vspot spot;
	if (clerk->have_encloser && vname_equal(clerk->encloser, encloser))
		return;
	memcpy(clerk->encloser, encloser, vname_size(encloser));
	clerk->have_encloser = true;
	vserver_find(server, wildcard_of(encloser, wildcard), server->name_count / 2, &spot);
	clerk->wildcard = spot.exists ? spot.owner : NULL;
	clerk->wildcard_exists = spot.exists;
}

/* No such name: a wildcard stands for it, or nothing does (RFC 4035 3.1.3.2-4, RFC 5155 7.2.2, 7.2.5, 7.2.6). */
static void answer_absent(
    const struct vserver *server, struct vclerk *clerk, const struct vspot *spot, uint16_t type, struct vanswer *out)
{
	const uint8_t *const encloser = vname_suffix(spot->name, spot->encloser);
	uint8_t wildcard[VNAME_MAX + 2];
	find_wildcard(server, clerk, encloser);
	out->source = clerk->wildcard;
	if (clerk->wildcard != NULL && redirects(server, clerk->wildcard)) {
		out->kind = VANSWER_UNDEFINED;
		return;
	}
	if (clerk->wildcard != NULL)
		out->data = pick(server, clerk->wildcard, type);
	if (out->data.count > 0) {
		out->kind = VANSWER_WILDCARD;
		add_for(server, clerk, server->hashed ? vname_suffix(spot->name, spot->encloser + 1) : spot->name, out);
		return;
	}
	out->kind = clerk->wildcard_exists ? VANSWER_WILDCARD_NODATA : VANSWER_NXDOMAIN;
	unsigned provable = spot->encloser;
	if (server->hashed)
		provable = add_encloser(server, clerk, spot->name, spot->encloser, out);
	else
		add_for(server, clerk, spot->name, out);
	add_for(server, clerk, wildcard_of(vname_suffix(spot->name, provable), wildcard), out);
}

void vserver_answer(
    const struct vserver *server, struct vclerk *clerk, const struct vspot *spot, uint16_t type, struct vanswer *out)
{
	*out = (struct vanswer){ .kind = VANSWER_NODATA, .name = spot->name, .type = type, .encloser = spot->encloser };
	if (spot->owner != NULL && spot->owner->kind == VKIND_CUT)
		answer_delegation(server, clerk, spot, type, out);
	else if (spot->owner != NULL)
		answer_owner(server, clerk, spot, type, out);
	else if (spot->exists)
		add_types(server, clerk, spot->name, out);
	else
		answer_absent(server, clerk, spot, type, out);
}
