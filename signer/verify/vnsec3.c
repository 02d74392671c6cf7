/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/base/workers.h"
#include "signer/verify/vbitmap.h"
#include "signer/verify/vdenial.h"
#include "signer/verify/vlinks.h"
#include "signer/verify/vlisted.h"
#include "signer/verify/vsearch.h"
#include "signer/verify/vsha1.h"

/* NSEC3 chains (RFC 5155): a circle per parameter set, and each name of the zone in it or in an opt-out span. */

enum { TAKEN_ITERATIONS = 150, MOST_SETS = 8 };

/* What was found for a name above others. */
struct ancestor {
	const uint8_t *name; /* NULL: nothing yet */
	struct vlinks_link *link;
	struct vlinks_link *covers;
};

/* What a worker has for itself. */
struct desk {
	EVP_MD_CTX *context;                     /* of SHA-1 */
	uint64_t spans;                          /* judged */
	uint64_t groups;                         /* hashed side by side */
	struct ancestor ancestors[VNAME_LABELS]; /* by labels; of the chain in hand */
};

struct chain {
	struct vrun *run;
	struct vlinks_parameters parameters;
	struct vlinks_link *all; /* NSEC3 of the zone */
	uint32_t *links;         /* those of this set, in order of hashes: indexes into `all` */
	uint64_t *keys;          /* of their hashes (vsearch.h) */
	size_t count;
	struct vlisted *empty; /* the empty non-terminals */
	size_t empty_count;
	size_t name_count; /* with the owners */
	uint64_t rounds;   /* of hashing that the file may still ask for */
	EVP_MD *sha1;
	struct desk *desks; /* per worker */
};

static void hash_name(struct chain *chain, unsigned worker, const uint8_t *name, uint8_t out[VLINKS_HASH])
{
	EVP_MD_CTX *const context = chain->desks[worker].context;
	const struct vlinks_parameters *const p = &chain->parameters;
	uint8_t folded[VNAME_MAX];
	const size_t size = vname_size(name);
	for (size_t i = 0; i < size; i++)
		folded[i] = vname_lower(name[i]);
	bool good = true;
	for (unsigned round = 0; round <= p->iterations; round++) {
		good = good && EVP_DigestInit_ex2(context, NULL, NULL) == 1 &&
		       EVP_DigestUpdate(context, round == 0 ? folded : out, round == 0 ? size : VLINKS_HASH) == 1 &&
		       (p->salt_size == 0 || EVP_DigestUpdate(context, p->salt, p->salt_size) == 1) &&
		       EVP_DigestFinal_ex(context, out, NULL) == 1;
	}
	if (!good)
		abort(); /* as at the start */
}

static struct vlinks_link *link_at(const struct chain *chain, size_t at)
{
	return &chain->all[chain->links[at]];
}

/* Links of one key, from the one with that index on. */
struct equals {
	const struct chain *chain;
	size_t first;
};

static int compare_link(const void *context, size_t at, const uint8_t *hash)
{
	const struct equals *const equals = context;
	return memcmp(link_at(equals->chain, equals->first + at)->hash, hash, VLINKS_HASH);
}

/* Index of the last link whose hash is not above `hash`; SIZE_MAX if all are above. */
static size_t find_link(const struct chain *chain, const uint8_t hash[VLINKS_HASH])
{
	size_t equal;
	size_t after = vsearch_below(chain->keys, chain->count, vsearch_key(hash), &equal);
	const struct equals equals = { chain, after };
	if (equal > 0)
		after += vsearch_not_above(&equals, equal, 0, 1, compare_link, hash);
	return after == 0 ? SIZE_MAX : after - 1;
}

/* The link that has this hash, else the one that covers it in `*covers`; `at` is what find_link says of it. */
static struct vlinks_link *take_link(
    const struct chain *chain, size_t at, const uint8_t hash[VLINKS_HASH], struct vlinks_link **covers)
{
	struct vlinks_link *const before = link_at(chain, at == SIZE_MAX ? chain->count - 1 : at);
	if (at != SIZE_MAX && memcmp(before->hash, hash, VLINKS_HASH) == 0)
		return before;
	*covers = before;
	return NULL;
}

static struct vlinks_link *locate(
    const struct chain *chain, const uint8_t hash[VLINKS_HASH], struct vlinks_link **covers)
{
	return take_link(chain, find_link(chain, hash), hash, covers);
}

static struct vplace place_of(const struct chain *chain, const struct vlisted *name)
{
	const struct vrecord *const records = chain->run->zone.records;
	return (struct vplace){ name->name, 0, name->owner == NULL ? 0 : records[name->owner->first].line };
}

/* The NSEC3 of `name`'s ancestor with that many labels, else the one that covers it. Names come in canonical order, so
 * most ancestors are those of the name before: each is hashed about once, however deep the names are. */
static struct ancestor ancestor_of(struct chain *chain, unsigned worker, const uint8_t *name, unsigned labels)
{
	struct ancestor *const known = &chain->desks[worker].ancestors[labels];
	const uint8_t *const above = vname_suffix(name, labels);
	uint8_t hash[VLINKS_HASH];
	if (known->name != NULL && vname_equal(known->name, above))
		return *known;
	*known = (struct ancestor){ .name = above };
	hash_name(chain, worker, above, hash);
	known->link = locate(chain, hash, &known->covers);
	return *known;
}

/* RFC 5155 6, 7.2.7: what lies between the closest provable encloser and the delegation is covered with Opt-Out. */
static void check_span(
    struct chain *chain, unsigned worker, const struct vlisted *name, const struct vlinks_link *covers)
{
	struct vreport *const report = chain->run->report;
	const unsigned labels = vname_labels(name->name);
	const struct vlinks_link *next_covers = NULL;
	chain->desks[worker].spans++;
	if ((covers->flags & VLINKS_OPT_OUT) == 0)
		vreport_fail(report, VC_NSEC3_OPTOUT, "delegations without NSEC3 in a span without opt-out",
		    place_of(chain, name), "the NSEC3 in line %u covers it", covers->record->line);
	/* The next closer name is the last one without NSEC3 on the way up; those below it are in no proof. */
	for (unsigned closer = labels; closer > chain->run->zone.apex_labels + 1; closer--) {
		const struct ancestor above = ancestor_of(chain, worker, name->name, closer - 1);
		if (above.link != NULL)
			break;
		next_covers = above.covers;
	}
	if (next_covers != NULL && (next_covers->flags & VLINKS_OPT_OUT) == 0)
		vreport_fail(report, VC_NSEC3_OPTOUT,
		    "next closer names of delegations without NSEC3 in a span without opt-out", place_of(chain, name),
		    "the NSEC3 in line %u covers it", next_covers->record->line);
}

static void check_match(struct chain *chain, const struct vlisted *name, struct vlinks_link *link)
{
	struct vrun *const run = chain->run;
	char detail[VBITMAP_TEXT];
	if (atomic_exchange_explicit(&link->matched, true, memory_order_relaxed))
		vreport_fail(run->report, VC_NSEC3_COLLISION, "two names with one hash", place_of(chain, name),
		    "NSEC3 in line %u", link->record->line);
	const struct bytes bitmap = vlinks_bitmap(link);
	if (!vbitmap_matches(&run->zone, name->owner, true, bitmap.data, bitmap.size, detail))
		vreport_fail(run->report, VC_NSEC3_BITMAP, "NSEC3 whose bitmap is not the set of types",
		    vplace_of(link->record), "%s", detail);
}

/* `link` has the name's hash, or `covers` covers it. */
static void check_link(struct chain *chain, unsigned worker, struct vlisted *name, struct vlinks_link *link,
    const struct vlinks_link *covers)
{
	name->matched = link != NULL;
	if (link != NULL) {
		check_match(chain, name, link);
		return;
	}
	if (name->insecure) {
		/* An empty non-terminal above insecure delegations only is proven through them. */
		if (name->owner != NULL)
			check_span(chain, worker, name, covers);
		return;
	}
	vreport_fail(chain->run->report, VC_NSEC3_NAMES,
	    name->owner == NULL ? "empty non-terminals without NSEC3" : "names without NSEC3", place_of(chain, name),
	    "no NSEC3 has its hash");
}

static void check_name(struct chain *chain, unsigned worker, struct vlisted *name)
{
	uint8_t hash[VLINKS_HASH];
	struct vlinks_link *covers = NULL;
	hash_name(chain, worker, name->name, hash);
	struct vlinks_link *const link = locate(chain, hash, &covers);
	check_link(chain, worker, name, link, covers);
}

/* Owners whose names are hashed side by side. */
struct group {
	struct vowner *owners[VSHA1_LANES];
	const uint8_t *names[VSHA1_LANES];
	uint8_t hashes[VSHA1_LANES][VLINKS_HASH];
	unsigned count;
};

/* Looked up all at once, so that memory is waited for once. */
static enum status check_group(struct chain *chain, unsigned worker, struct group *group, struct error *err)
{
	const struct vlinks_parameters *const p = &chain->parameters;
	const struct vsha1_salt salt = { p->salt, p->salt_size, p->iterations };
	size_t places[VSHA1_LANES];
	uint8_t again[VLINKS_HASH];
	if (group->count == 0)
		return STATUS_OK;
	vsha1_names(&salt, group->names, group->count, group->hashes);
	const unsigned sample = (unsigned)(chain->desks[worker].groups++ % group->count);
	hash_name(chain, worker, group->names[sample], again);
	if (memcmp(again, group->hashes[sample], VLINKS_HASH) != 0)
		return error_set(err, STATUS_INTERNAL,
		    "the two ways to compute SHA-1 differ on a name, so nothing is judged: check this machine and its "
		    "libcrypto");
	for (unsigned i = 0; i < group->count; i++)
		vsearch_fetch(chain->keys, chain->count, vsearch_key(group->hashes[i]));
	for (unsigned i = 0; i < group->count; i++) {
		places[i] = find_link(chain, group->hashes[i]);
		__builtin_prefetch(link_at(chain, places[i] == SIZE_MAX ? chain->count - 1 : places[i])->hash);
	}
	for (unsigned i = 0; i < group->count; i++) {
		struct vlinks_link *covers = NULL;
		struct vlinks_link *const link = take_link(chain, places[i], group->hashes[i], &covers);
		struct vlisted name = vlisted_owner(&chain->run->zone, group->owners[i]);
		check_link(chain, worker, &name, link, covers);
		group->owners[i]->matched = name.matched;
	}
	group->count = 0;
	return STATUS_OK;
}

static void check_alone(struct chain *chain, unsigned worker, struct vowner *owner)
{
	struct vlisted name = vlisted_owner(&chain->run->zone, owner);
	check_name(chain, worker, &name);
	owner->matched = name.matched;
}

static enum status check_names(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct chain *const chain = context;
	const struct vsha1_salt salt = { chain->parameters.salt, chain->parameters.salt_size,
		chain->parameters.iterations };
	struct group group = { .count = 0 };
	enum status status = STATUS_OK;
	for (size_t i = first; i < end && status == STATUS_OK; i++) {
		struct vowner *const owner = &chain->run->zone.owners[i];
		if (!vlisted_exists(owner))
			continue;
		if (!vsha1_fits(&salt, vname_size(owner->name))) {
			check_alone(chain, worker, owner);
			continue;
		}
		group.owners[group.count] = owner;
		group.names[group.count++] = owner->name;
		if (group.count == VSHA1_LANES)
			status = check_group(chain, worker, &group, err);
	}
	return status == STATUS_OK ? check_group(chain, worker, &group, err) : status;
}

static enum status check_empty_names(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct chain *const chain = context;
	(void)err;
	for (size_t i = first; i < end; i++)
		check_name(chain, worker, &chain->empty[i]);
	return STATUS_OK;
}

/* Owners, then empty non-terminals. */
static enum status for_all_names(struct chain *chain, workers_job *owners, workers_job *empty, struct error *err)
{
	const struct vrun *const run = chain->run;
	const enum status status = workers_run(run->threads, run->zone.owner_count, 256, owners, chain, err);
	return status == STATUS_OK ? workers_run(run->threads, chain->empty_count, 256, empty, chain, err) : status;
}

/* The name after another in canonical order, with empty non-terminals in front of what is below them. `*owner` and
 * `*empty` begin at 0; false: there is none. */
static bool next_name(
    const struct chain *chain, size_t *owner, size_t *empty, const struct vlisted **out, struct vlisted *scratch)
{
	const struct vzone *const zone = &chain->run->zone;
	while (*owner < zone->owner_count && !vlisted_exists(&zone->owners[*owner]))
		++*owner;
	if (*empty < chain->empty_count && chain->empty[*empty].before <= *owner) {
		*out = &chain->empty[(*empty)++];
		return true;
	}
	if (*owner == zone->owner_count)
		return false;
	const struct vowner *const found = &zone->owners[(*owner)++];
	*scratch = (struct vlisted){ .name = found->name, .owner = found, .matched = found->matched != 0 };
	*out = scratch;
	return true;
}

/* An empty non-terminal may lack its NSEC3 only if all that it leads to lies in opt-out spans (RFC 5155 7.1). What is
 * below a name follows it: those above the name in hand are open, and the first name with an NSEC3 closes them all. */
static void check_empty(struct chain *chain)
{
	const struct vlisted *open[VNAME_LABELS];
	const struct vlisted *name;
	struct vlisted scratch;
	unsigned depth = 0;
	size_t owner = 0;
	size_t empty = 0;
	while (chain->empty_count > 0 && next_name(chain, &owner, &empty, &name, &scratch)) {
		while (depth > 0 && !vname_under(name->name, open[depth - 1]->name))
			depth--;
		for (unsigned at = 0; at < depth && name->matched; at++)
			vreport_fail(chain->run->report, VC_NSEC3_NAMES, "empty non-terminals without NSEC3",
			    place_of(chain, open[at]), "it leads to a name that has one");
		depth = name->matched ? 0 : depth;
		if (name->owner == NULL && !name->matched && name->insecure)
			open[depth++] = name;
	}
}

static void check_circle(struct chain *chain)
{
	struct vreport *const report = chain->run->report;
	for (size_t i = 0; i < chain->count; i++) {
		const struct vlinks_link *const link = link_at(chain, i);
		const struct vlinks_link *const next = link_at(chain, (i + 1) % chain->count);
		if (chain->count > 1 && memcmp(link->hash, next->hash, VLINKS_HASH) == 0)
			vreport_fail(report, VC_NSEC3_CHAIN, "two NSEC3 at one hash", vplace_of(next->record),
			    "and in line %u", link->record->line);
		else if (memcmp(link->next, next->hash, VLINKS_HASH) != 0)
			vreport_fail(report, VC_NSEC3_CHAIN,
			    "NSEC3 that do not point to the next hash: a gap or an overlap", vplace_of(link->record),
			    "the next NSEC3 is in line %u", next->record->line);
	}
}

static enum status check_chain(struct chain *chain, struct error *err)
{
	struct vrun *const run = chain->run;
	check_circle(chain);
	for (unsigned i = 0; i < run->threads; i++)
		memset(chain->desks[i].ancestors, 0, sizeof(chain->desks[i].ancestors));
	const enum status status = for_all_names(chain, check_names, check_empty_names, err);
	check_empty(chain);
	for (size_t i = 0; i < chain->count; i++)
		if (!atomic_load(&link_at(chain, i)->matched))
			vreport_fail(run->report, VC_NSEC3_EXTRA, "NSEC3 that are the hash of no name in the zone",
			    vplace_of(link_at(chain, i)->record), "no such name");
	vreport_count(run->report, VC_NSEC3_CHAIN, chain->count);
	vreport_count(run->report, VC_NSEC3_EXTRA, chain->count);
	vreport_count(run->report, VC_NSEC3_BITMAP, chain->count);
	vreport_count(run->report, VC_NSEC3_NAMES, chain->name_count);
	vreport_count(run->report, VC_NSEC3_COLLISION, chain->name_count);
	return status;
}

/* One NSEC3PARAM: its form, and whether its parameters are what the policy has. False: its chain is not judged. */
static bool read_announced(struct vrun *run, const struct vrecord *record, struct vlinks_parameters *out)
{
	struct cursor in = cursor_init((struct bytes){ record->rdata, record->size });
	const struct vplace at = vplace_of(record);
	const struct vlimits *const limits = &run->limits;
	uint8_t flags;
	if (!vlinks_read(&in, out, &flags) || cursor_left(&in) > 0 || out->algorithm != 1 || flags != 0) {
		vreport_fail(run->report, VC_NSEC3_PARAM, "NSEC3PARAM with flags, or with an unknown hash", at,
		    "algorithm %u, flags %u: it must be ignored", out->algorithm, flags);
		return false;
	}
	if (out->iterations > limits->iterations)
		vreport_fail(run->report, VC_NSEC3_ITERATIONS, "more iterations than allowed", at, "%u, allowed %u",
		    out->iterations, limits->iterations);
	if (out->salt_size != limits->salt_size || memcmp(out->salt, limits->salt, out->salt_size) != 0)
		vreport_fail(run->report, VC_NSEC3_SALT, "a salt that the policy does not have", at, "%u octets",
		    out->salt_size);
	/* Each costs a hash for every name: what validators do not take is not computed. */
	if (out->iterations > TAKEN_ITERATIONS)
		vreport_fail(run->report, VC_NSEC3_PARAM,
		    "more iterations than validators take: the zone is insecure, and its chain is not judged", at,
		    "%u, resolvers take %d at most (RFC 9276 3.2)", out->iterations, TAKEN_ITERATIONS);
	return out->iterations <= TAKEN_ITERATIONS;
}

/* All links that have the chain's parameters. */
static void take_links(struct chain *chain, struct vlinks_link *links, size_t count)
{
	chain->all = links;
	chain->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!links[i].good)
			continue;
		const struct vlinks_parameters parameters = vlinks_parameters_of(&links[i]);
		if (vlinks_same(&parameters, &chain->parameters))
			chain->links[chain->count++] = (uint32_t)i;
	}
	for (size_t i = 0; i < chain->count; i++)
		chain->keys[i] = vsearch_key(link_at(chain, i)->hash);
}

/* Whether a hash lies between a link's own and its next, neither included; a circle, so the last wraps. */
static bool spans(const struct vlinks_link *link, const uint8_t hash[VLINKS_HASH])
{
	const bool above = memcmp(hash, link->hash, VLINKS_HASH) > 0;
	const bool below = memcmp(hash, link->next, VLINKS_HASH) < 0;
	return memcmp(link->hash, link->next, VLINKS_HASH) < 0 ? above && below : (above || below);
}

static void check_idle_name(struct chain *chain, unsigned worker, const struct vlisted *name)
{
	struct vrun *const run = chain->run;
	uint8_t hash[VLINKS_HASH];
	char detail[VBITMAP_TEXT];
	hash_name(chain, worker, name->name, hash);
	const size_t at = find_link(chain, hash);
	size_t before = at == SIZE_MAX ? chain->count - 1 : at;
	if (memcmp(link_at(chain, before)->hash, hash, VLINKS_HASH) == 0) {
		const struct vlinks_link *const own = link_at(chain, before);
		const struct bytes bitmap = vlinks_bitmap(own);
		if (!vbitmap_matches(&run->zone, name->owner, true, bitmap.data, bitmap.size, detail))
			vreport_fail(run->report, VC_NSEC3_BITMAP, "NSEC3 whose bitmap is not the set of types",
			    vplace_of(own->record), "%s", detail);
		before = (before + chain->count - 1) % chain->count;
	}
	const struct vlinks_link *const link = link_at(chain, before);
	if (memcmp(link->hash, hash, VLINKS_HASH) != 0 && spans(link, hash) &&
	    !(name->insecure && (link->flags & VLINKS_OPT_OUT) != 0))
		vreport_fail(run->report, VC_DENIAL_IDLE, "NSEC3 without NSEC3PARAM that deny a name of the zone",
		    place_of(chain, name), "the NSEC3 in line %u covers its hash", link->record->line);
}

static enum status check_idle_names(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct chain *const chain = context;
	(void)err;
	for (size_t i = first; i < end; i++) {
		const struct vlisted name = vlisted_owner(&chain->run->zone, &chain->run->zone.owners[i]);
		if (vlisted_exists(name.owner))
			check_idle_name(chain, worker, &name);
	}
	return STATUS_OK;
}

static enum status check_idle_empty(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct chain *const chain = context;
	(void)err;
	for (size_t i = first; i < end; i++)
		check_idle_name(chain, worker, &chain->empty[i]);
	return STATUS_OK;
}

/* Sets that no NSEC3PARAM names come or go and may have gaps (RFC 5155 10.4), but whoever has one of their records can
 * show it to a validator: what it says of its name must be true, and what it denies is told. */
static enum status judge_idle(
    struct chain *chain, struct vlinks_link *links, size_t count, const struct vset *params, struct error *err)
{
	struct vrun *const run = chain->run;
	enum status status = STATUS_OK;
	unsigned sets = 0;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (!links[i].good || links[i].idle)
			continue;
		const struct vlinks_parameters p = vlinks_parameters_of(&links[i]);
		if (p.iterations > TAKEN_ITERATIONS || vlinks_announced(params, &p))
			continue;
		if (++sets > MOST_SETS) {
			vreport_fail(run->report, VC_GATE_COUNTS, "more unannounced sets of NSEC3 than are judged",
			    vplace_of(links[i].record), "%d judged", MOST_SETS);
			break;
		}
		chain->parameters = p;
		if (!vlisted_affords(run, &chain->rounds, links[i].record, chain->name_count, p.iterations))
			break;
		take_links(chain, links, count);
		for (size_t j = 0; j < chain->count; j++)
			link_at(chain, j)->idle = true;
		vreport_count(run->report, VC_NSEC3_BITMAP, chain->count);
		vreport_count(run->report, VC_DENIAL_IDLE, chain->count);
		status = for_all_names(chain, check_idle_names, check_idle_empty, err);
	}
	return status;
}

static enum status judge_set(
    struct chain *chain, struct vlinks_link *links, size_t count, const struct vrecord *param, struct error *err)
{
	struct vrun *const run = chain->run;
	take_links(chain, links, count);
	if (chain->count == 0) {
		vreport_fail(run->report, VC_NSEC3_PARAM, "an NSEC3PARAM without NSEC3 records", vplace_of(param),
		    "no chain has its parameters");
		return STATUS_OK;
	}
	return check_chain(chain, err);
}

static void chain_open(struct chain *chain, struct vrun *run, size_t links)
{
	*chain = (struct chain){ .run = run };
	chain->links = memory_calloc(links, sizeof(*chain->links));
	chain->keys = memory_calloc(links, sizeof(*chain->keys));
	chain->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	chain->desks = memory_calloc(run->threads, sizeof(*chain->desks));
	for (unsigned i = 0; i < run->threads; i++) {
		chain->desks[i].context = EVP_MD_CTX_new();
		if (chain->sha1 == NULL || chain->desks[i].context == NULL ||
		    EVP_DigestInit_ex2(chain->desks[i].context, chain->sha1, NULL) != 1)
			abort(); /* libcrypto without SHA-1 cannot judge anything here */
	}
}

static void chain_close(struct chain *chain)
{
	for (unsigned i = 0; i < chain->run->threads; i++) {
		vreport_count(chain->run->report, VC_NSEC3_OPTOUT, chain->desks[i].spans);
		EVP_MD_CTX_free(chain->desks[i].context);
	}
	free(chain->desks);
	EVP_MD_free(chain->sha1);
	free(chain->keys);
	free(chain->links);
}

enum status vnsec3_check(struct vrun *run, struct error *err)
{
	struct vset params = vzone_set(&run->zone, run->zone.top, VTYPE_NSEC3PARAM);
	if (params.count > MOST_SETS) {
		/* Each asks for a walk over all names and all NSEC3. */
		vreport_fail(run->report, VC_GATE_COUNTS, "more NSEC3PARAM than are judged", vplace_of(params.first),
		    "%zu records, %d judged", params.count, MOST_SETS);
		params.count = MOST_SETS;
	}
	struct vlinks_link *links;
	size_t count;
	struct chain chain;
	enum status status = vlinks_collect(run, &links, &count, err);
	chain_open(&chain, run, count);
	chain.empty = vlisted_empty(&run->zone, &chain.empty_count);
	chain.rounds = vlisted_rounds(run->zone.file.size);
	chain.name_count = chain.empty_count;
	for (size_t i = 0; i < run->zone.owner_count; i++)
		chain.name_count += vlisted_exists(&run->zone.owners[i]);
	vreport_count(run->report, VC_NSEC3_PARAM, params.count + count);
	vreport_count(run->report, VC_NSEC3_ITERATIONS, params.count);
	vreport_count(run->report, VC_NSEC3_SALT, params.count);
	for (size_t i = 0; i < params.count && status == STATUS_OK; i++) {
		if (params.first[i].spare || !read_announced(run, &params.first[i], &chain.parameters) ||
		    !vlisted_affords(
			run, &chain.rounds, &params.first[i], chain.name_count, chain.parameters.iterations))
			continue;
		status = judge_set(&chain, links, count, &params.first[i], err);
	}
	if (status == STATUS_OK)
		status = judge_idle(&chain, links, count, &params, err);
	vlinks_check_uniform(run, links, count, &params);
	chain_close(&chain);
	free(links);
	free(chain.empty);
	return status;
}
