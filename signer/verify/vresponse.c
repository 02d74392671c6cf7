/* SPDX-License-Identifier: MIT */
#include "signer/verify/vresponse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/workers.h"
#include "signer/verify/vresolver.h"

enum {
	MOST_ITERATIONS = 150,
	MOST_CHAINS = 8,
	ALL_NEIGHBOURS = 65536,
	SAMPLED = 16,
	UNASSIGNED_TYPE = 65280,
	MOST_CLAIMED = 256
};

struct view {
	struct vrun *run;
	struct vserver server;
	struct vclerk *clerks;             /* per worker */
	uint64_t (*counts)[VANSWER_KINDS]; /* per worker */
	bool *left_out;                    /* of the server's names; NULL: none is. See choose */
	bool first;                        /* of the chains: questions that none of them has a part in are asked once */
};

/* One question's surroundings: whose neighbourhood it is asked in. */
struct inquiry {
	struct view *view;
	unsigned worker;
	size_t at; /* in server.names */
	const struct vowner *owner;
};

static const struct {
	enum vcheck check;
	const char *what;
} rows[VANSWER_KINDS] = {
	[VANSWER_DATA] = { VC_RESPONSE_POSITIVE, "data" },
	[VANSWER_ALIAS] = { VC_RESPONSE_POSITIVE, "an alias" },
	[VANSWER_REDIRECT] = { VC_RESPONSE_POSITIVE, "a DNAME" },
	[VANSWER_NODATA] = { VC_RESPONSE_NODATA, "no data" },
	[VANSWER_NXDOMAIN] = { VC_RESPONSE_NXDOMAIN, "no such name" },
	[VANSWER_WILDCARD] = { VC_RESPONSE_WILDCARD, "a wildcard's data" },
	[VANSWER_WILDCARD_NODATA] = { VC_RESPONSE_WILDCARD, "no data at a wildcard" },
	[VANSWER_REFERRAL] = { VC_RESPONSE_REFERRAL, "a signed referral" },
	[VANSWER_INSECURE] = { VC_RESPONSE_REFERRAL, "an unsigned referral" },
	[VANSWER_NO_DS] = { VC_RESPONSE_REFERRAL, "no DS" },
	[VANSWER_UNDEFINED] = { VC_RESPONSE_POSITIVE, "" },
};

/* A resolver is content with one good signature (RFC 6840 5.4); with other Labels the RRset would be a wildcard's. */
void vresponse_trust(struct vrun *run, const struct vsubject *subject, const struct vsignature *all, size_t count)
{
	struct vrecord *const first = run->zone.file.records + (subject->set.first - run->zone.records);
	for (size_t i = 0; i < count && !first->trusted; i++)
		first->trusted = all[i].outcome == VOUTCOME_GOOD && all[i].key < run->published &&
				 vrun_zone_key(&run->known.all[all[i].key]) &&
				 vname_equal(all[i].signer, run->zone.apex) &&
				 all[i].labels == vsigned_labels(subject->owner);
}

static void report(const struct inquiry *inquiry, const struct vanswer *answer, const struct vopinion *opinion)
{
	const struct vzone *const zone = &inquiry->view->run->zone;
	struct vplace place = vplace_owner(zone, inquiry->owner);
	char name[VNAME_TEXT];
	char type[VTYPE_TEXT];
	vname_format(answer->name, name);
	vtype_format(answer->type, type);
	if (opinion->record != NULL)
		place = (struct vplace){ inquiry->owner->name, opinion->record->type, opinion->record->line };
	if (opinion->beyond_opt_out)
		vreport_fail(inquiry->view->run->report, VC_RESPONSE_OPT_OUT,
		    "names in opt-out spans that cannot be denied, for a wildcard stands above", place,
		    "asked for %.150s %s", name, type);
	else
		vreport_fail(inquiry->view->run->report, rows[answer->kind].check, opinion->fault, place,
		    "asked for %.150s %s, answered with %s", name, type, rows[answer->kind].what);
}

/* Returns what kind of answer there was. */
static enum vanswer_kind ask(const struct inquiry *inquiry, const struct vspot *spot, uint16_t type)
{
	struct view *const view = inquiry->view;
	struct vclerk *const clerk = &view->clerks[inquiry->worker];
	struct vanswer answer;
	struct vopinion opinion;
	vserver_answer(&view->server, clerk, spot, type, &answer);
	if (answer.kind == VANSWER_UNDEFINED || (!view->first && answer.proof_count == 0 && answer.data.count > 0))
		return answer.kind;
	view->counts[inquiry->worker][answer.kind]++;
	vresolver_judge(&answer, view->server.hashed, view->server.zone->apex, &clerk->hasher, &opinion);
	if (opinion.fault != NULL)
		report(inquiry, &answer, &opinion);
	return answer.kind;
}

static void ask_name(const struct inquiry *inquiry, const uint8_t *name)
{
	struct vspot spot;
	vserver_find(&inquiry->view->server, name, inquiry->at, &spot);
	const enum vanswer_kind kind = ask(inquiry, &spot, VTYPE_A);
	if (spot.exists && spot.owner == NULL)
		ask(inquiry, &spot, VTYPE_DS);
	else if (kind == VANSWER_WILDCARD || kind == VANSWER_WILDCARD_NODATA)
		ask(inquiry, &spot, UNASSIGNED_TYPE);
}

/* Whether the proof is the name's own record, so that its bitmap speaks of the name. */
static bool proves_itself(const struct inquiry *inquiry, const struct vanswer *answer)
{
	const struct view *const view = inquiry->view;
	const uint8_t *const name = inquiry->owner->name;
	if (answer->proof_count == 0)
		return false;
	return view->server.hashed ? vhasher_look(&view->clerks[inquiry->worker].hasher, name)->matches
				   : vname_equal(answer->proof[0]->owner, name);
}

/* What the bitmap says too much shows only to who asks for it. */
static void ask_claimed(const struct inquiry *inquiry, const struct vspot *spot)
{
	struct view *const view = inquiry->view;
	struct vanswer answer;
	uint16_t types[MOST_CLAIMED];
	vserver_answer(&view->server, &view->clerks[inquiry->worker], spot, UNASSIGNED_TYPE, &answer);
	if (answer.kind != VANSWER_NODATA || !proves_itself(inquiry, &answer))
		return;
	const unsigned count = vresolver_types(answer.proof[0], types, MOST_CLAIMED);
	for (unsigned i = 0; i < count; i++)
		if (types[i] != VTYPE_RRSIG && types[i] != VTYPE_NSEC &&
		    (types[i] != VTYPE_DS || !inquiry->owner->apex) &&
		    vzone_set(view->server.zone, inquiry->owner, types[i]).count == 0)
			ask(inquiry, spot, types[i]);
}

/* Each type that is there, some that are not, and those that the bitmap alone has. */
static void ask_types(const struct inquiry *inquiry)
{
	static const uint16_t common[] = { VTYPE_A, VTYPE_NS, VTYPE_CNAME, 15, 16, VTYPE_AAAA, 33, VTYPE_DNAME,
		VTYPE_DS, VTYPE_DNSKEY, 65, 257, UNASSIGNED_TYPE };
	const struct vowner *const owner = inquiry->owner;
	const struct vrecord *const records = inquiry->view->server.zone->records + owner->first;
	const struct vspot spot = { owner->name, owner, owner->labels, true };
	for (size_t i = 0; i < owner->count; i++)
		if ((i == 0 || records[i].type != records[i - 1].type) && records[i].type != VTYPE_RRSIG &&
		    records[i].type != VTYPE_NSEC3)
			ask(inquiry, &spot, records[i].type);
	for (size_t i = 0; i < COUNT(common); i++)
		/* Resolvers ask the parent for the apex' DS. */
		if (vzone_set(inquiry->view->server.zone, owner, common[i]).count == 0 &&
		    !(owner->apex && common[i] == VTYPE_DS))
			ask(inquiry, &spot, common[i]);
	ask_claimed(inquiry, &spot);
}

/* `label` in front of `parent`; false: too long. */
static bool join(const uint8_t *label, const uint8_t *parent, uint8_t out[VNAME_MAX])
{
	const size_t size = vname_size(parent);
	if (*label > 63 || *label + 1u + size > VNAME_MAX || vname_labels(parent) + 1 >= VNAME_LABELS)
		return false;
	memmove(out + *label + 1, parent, size);
	memmove(out, label, *label + 1u);
	return true;
}

static void ask_below(const struct inquiry *inquiry, const uint8_t *label, const uint8_t *parent)
{
	uint8_t name[VNAME_MAX];
	if (join(label, parent, name))
		ask_name(inquiry, name);
}

/* A label that nobody has: eight letters of the name's hash (FNV-1a). */
static void make_label(const uint8_t *name, uint8_t out[9])
{
	const size_t size = vname_size(name);
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ name[i]) * 16777619u;
	out[0] = 8;
	for (unsigned i = 1; i <= 8; i++, hash >>= 4)
		out[i] = (uint8_t)('a' + (hash & 15));
}

/* Two labels deep as well, for the next closer name is not the name itself then. */
static void ask_deep(const struct inquiry *inquiry, const uint8_t *parent)
{
	uint8_t label[9];
	uint8_t name[VNAME_MAX];
	make_label(parent, label);
	if (!join(label, parent, name))
		return;
	ask_name(inquiry, name);
	ask_below(inquiry, label, name);
}

/* Right after and right before in canonical order, among the children of the same parent (RFC 4034 6.1). */
static void ask_beside(const struct inquiry *inquiry)
{
	const uint8_t *const own = inquiry->owner->name;
	const uint8_t *const parent = own + *own + 1;
	uint8_t label[64];
	memcpy(label, own, *own + 1u);
	if (*own < 63) {
		label[++label[0]] = 0;
		ask_below(inquiry, label, parent);
	}
	memcpy(label, own, *own + 1u);
	if (label[*own] == 0) {
		label[0]--;
	} else {
		label[*own]--;
		while (label[0] < 63)
			label[++label[0]] = 255;
	}
	if (label[0] > 0)
		ask_below(inquiry, label, parent);
}

/* Labels that the name shares with the one before it: those above with more are empty non-terminals, met first here. */
static unsigned shared_before(const struct vserver *server, size_t at)
{
	const struct vowner *const owners = server->zone->owners;
	if (at == 0)
		return server->zone->apex_labels;
	return vname_shared(owners[server->names[at - 1]].name, owners[server->names[at]].name);
}

/* Empty non-terminals right above, and a name below each. */
static void ask_above(const struct inquiry *inquiry)
{
	const struct vserver *const server = &inquiry->view->server;
	const uint8_t *const own = inquiry->owner->name;
	uint8_t label[9];
	make_label(own, label);
	for (unsigned labels = shared_before(server, inquiry->at) + 1; labels < inquiry->owner->labels; labels++) {
		ask_name(inquiry, vname_suffix(own, labels));
		ask_below(inquiry, label, vname_suffix(own, labels));
	}
}

/* In a large NSEC3 zone one delegation of sixteen has its neighbours asked for: where their hashes lie is random, and
 * the time is bounded. */
static bool neighbours_count(const struct inquiry *inquiry)
{
	const struct vserver *const server = &inquiry->view->server;
	return inquiry->owner->kind != VKIND_CUT || server->name_count <= ALL_NEIGHBOURS || !server->hashed ||
	       inquiry->at % SAMPLED == 0;
}

static void ask_owner(const struct inquiry *inquiry)
{
	static const uint8_t lowest[] = { 1, 0 };
	const struct vowner *const owner = inquiry->owner;
	const struct vspot spot = { owner->name, owner, owner->labels, true };
	if (owner->kind == VKIND_CUT) {
		ask(inquiry, &spot, VTYPE_A);
		if (neighbours_count(inquiry))
			ask(inquiry, &spot, VTYPE_DS); /* proven by the same records as the referral */
	} else {
		ask_types(inquiry);
		ask_deep(inquiry, owner->name);
	}
	ask_above(inquiry);
	if (!neighbours_count(inquiry))
		return;
	ask_below(inquiry, lowest, owner->name);
	if (!owner->apex && *owner->name != 0)
		ask_beside(inquiry);
}

static bool is_asked(const struct view *view, size_t at)
{
	return view->left_out == NULL || !view->left_out[at];
}

/* Owners of one group, their hashes looked up together. */
static enum status ask_group(struct view *view, unsigned worker, size_t first, size_t end, struct error *err)
{
	const struct vserver *const server = &view->server;
	struct vclerk *const clerk = &view->clerks[worker];
	const struct vowner *owners[VHASHER_AHEAD];
	size_t places[VHASHER_AHEAD];
	unsigned count = 0;
	for (size_t i = first; i < end; i++) {
		if (!is_asked(view, i))
			continue;
		places[count] = i;
		owners[count++] = &server->zone->owners[server->names[i]];
	}
	if (count > 0 && !vserver_ahead(server, clerk, owners, count))
		return error_set(err, STATUS_INTERNAL,
		    "the two ways to compute SHA-1 differ on a name, so nothing is judged: check this machine and its "
		    "libcrypto");
	for (unsigned i = 0; i < count; i++) {
		const struct inquiry inquiry = { view, worker, places[i], owners[i] };
		clerk->hasher.turn = i;
		ask_owner(&inquiry);
	}
	return STATUS_OK;
}

static enum status ask_range(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = first; i < end && status == STATUS_OK; i += VHASHER_AHEAD)
		status = ask_group(context, worker, i, end - i < VHASHER_AHEAD ? end : i + VHASHER_AHEAD, err);
	return status;
}

/* All questions, answered from one chain. */
static enum status ask_all(struct view *view, struct error *err)
{
	struct vrun *const run = view->run;
	view->clerks = memory_calloc(run->threads, sizeof(*view->clerks));
	view->counts = memory_calloc(run->threads, sizeof(*view->counts));
	for (unsigned i = 0; i < run->threads; i++)
		vclerk_open(&view->server, &view->clerks[i]);
	const enum status status = workers_run(run->threads, view->server.name_count, 512, ask_range, view, err);
	for (unsigned i = 0; i < run->threads; i++) {
		vclerk_close(&view->clerks[i]);
		for (unsigned kind = 0; kind < VANSWER_KINDS; kind++)
			vreport_count(run->report, rows[kind].check, view->counts[i][kind]);
		vreport_count(run->report, VC_RESPONSE_OPT_OUT,
		    view->counts[i][VANSWER_NXDOMAIN] + view->counts[i][VANSWER_WILDCARD_NODATA]);
	}
	free(view->clerks);
	free(view->counts);
	view->first = false;
	return status;
}

/* What asking for a name and the empty non-terminals that it brings costs beyond a usual name, in rounds of SHA-1: each
 * new name is hashed with its iterations, and each question walks over the hashes of all names above. */
static uint64_t excess_of(const struct vserver *server, size_t at)
{
	const struct vowner *const owner = &server->zone->owners[server->names[at]];
	const struct vhash_parameters *const p = &server->parameters;
	const uint64_t rounds = (p->iterations + 1u) * (1u + (p->salt.size + 28) / 64);
	const unsigned above = owner->labels - server->zone->apex_labels;
	if (above <= 1) /* it brings nothing but itself */
		return owner->apex ? 0 : rounds - 1;
	const unsigned fresh = owner->labels - shared_before(server, at);
	const unsigned walks = owner->kind == VKIND_CUT ? 1 : 4;
	return fresh * rounds - 1 + (uint64_t)(fresh - 1 + walks) * (above - 1);
}

/* Deep names with many iterations would take hours. The chain itself is judged whole by vnsec3.c; of the answers as
 * many are asked for as the chain's share of a fixed sum allows: from half of it at once, the rest comes name by name.
 */
static void choose(struct view *view, unsigned chains)
{
	enum { MOST_EXCESS = 1024 * 1024, PER_NAME = 4 };
	const struct vserver *const server = &view->server;
	const uint64_t share = (MOST_EXCESS + PER_NAME * (uint64_t)server->name_count) / chains;
	const uint64_t gain = share / (2 * server->name_count) + 1;
	uint64_t total = 0;
	uint64_t held = share / 2;
	for (size_t i = 0; i < server->name_count; i++)
		total += excess_of(server, i);
	if (total <= share)
		return;
	view->left_out = memory_calloc(server->name_count, sizeof(*view->left_out));
	for (size_t i = 0; i < server->name_count; i++) {
		const uint64_t excess = excess_of(server, i);
		held += gain;
		view->left_out[i] = excess > held;
		held -= view->left_out[i] ? 0 : excess;
	}
}

/* A server may answer from any chain that an NSEC3PARAM names (RFC 5155 7.3), so each has to do. Beyond 150 iterations
 * resolvers take the zone for unsigned (RFC 9276 3.2). */
static enum status ask_nsec3(struct view *view, unsigned *announced, struct error *err)
{
	const struct vset params = vzone_set(view->server.zone, view->server.zone->top, VTYPE_NSEC3PARAM);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < params.count && *announced < MOST_CHAINS && status == STATUS_OK; i++) {
		struct cursor in = cursor_init((struct bytes){ params.first[i].rdata, params.first[i].size });
		struct vhash_parameters parameters;
		if (params.first[i].spare || !vhasher_read(&in, &parameters) || parameters.algorithm != 1 ||
		    parameters.flags != 0)
			continue;
		++*announced;
		if (parameters.iterations > MOST_ITERATIONS)
			continue;
		vserver_use_nsec3(&view->server, &parameters, view->run->threads);
		choose(view, (unsigned)(params.count < MOST_CHAINS ? params.count : MOST_CHAINS));
		status = ask_all(view, err);
		free(view->left_out);
		view->left_out = NULL;
	}
	return status;
}

enum status vresponse_check(struct vrun *run, struct error *err)
{
	struct view view = { .run = run, .first = true };
	unsigned announced = 0;
	if (run->zone.top == NULL || run->published == 0)
		return STATUS_OK;
	vserver_open(&run->zone, &view.server);
	enum status status = ask_nsec3(&view, &announced, err);
	if (status == STATUS_OK && announced == 0) {
		vserver_use_nsec(&view.server);
		status = ask_all(&view, err);
	}
	vserver_close(&view.server);
	return status;
}
