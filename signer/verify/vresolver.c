/* SPDX-License-Identifier: MIT */
#include "signer/verify/vresolver.h"

#include <string.h>

enum { OPT_OUT = 1, NONE = -1 };

/* One NSEC or NSEC3 of an answer, as a resolver reads it. */
struct evidence {
	const struct vrecord *record;
	bool good;
	const uint8_t *next; /* NSEC: a name; NSEC3: a hash */
	const uint8_t *hash; /* of the NSEC3's owner */
	uint8_t flags;
	struct bytes bitmap;
};

struct case_file {
	const struct vanswer *answer;
	const uint8_t *apex;
	struct vhasher *hasher;
	struct evidence all[VANSWER_PROOFS];
	unsigned count;
	struct vopinion *out;
};

static bool has_type(const struct evidence *e, uint16_t type)
{
	struct cursor in = cursor_init(e->bitmap);
	while (!in.failed && cursor_left(&in) > 0) {
		const unsigned window = cursor_u8(&in);
		const struct bytes bits = cursor_take(&in, cursor_u8(&in));
		if (in.failed)
			return false;
		if (window == type >> 8)
			return bits.size > (type & 0xffu) / 8 &&
			       (bits.data[(type & 0xffu) / 8] & (0x80 >> type % 8)) != 0;
	}
	return false;
}

unsigned vresolver_types(const struct vrecord *record, uint16_t out[], unsigned most)
{
	struct cursor in = cursor_init((struct bytes){ record->rdata, record->size });
	struct vhash_parameters parameters;
	unsigned count = 0;
	if (record->type == VTYPE_NSEC3 && vhasher_read(&in, &parameters))
		cursor_take(&in, cursor_u8(&in));
	else
		cursor_take(&in, vname_check(record->rdata, record->size));
	while (cursor_left(&in) > 0) {
		const unsigned window = cursor_u8(&in);
		const struct bytes bits = cursor_take(&in, cursor_u8(&in));
		for (unsigned i = 0; i < 8 * bits.size && i < 256 && count < most; i++)
			if ((bits.data[i / 8] & (0x80 >> i % 8)) != 0)
				out[count++] = (uint16_t)(window << 8 | i);
	}
	return count;
}

/* Says of the parent's side of a cut only (RFC 6840 4.1). */
static bool from_parent(const struct evidence *e)
{
	return has_type(e, VTYPE_NS) && !has_type(e, VTYPE_SOA);
}

/* Whether it may speak of names below its own: not from above a cut, and not beside a DNAME (RFC 6840 4.1). */
static bool speaks_below(const struct evidence *e)
{
	return !from_parent(e) && !has_type(e, VTYPE_DNAME);
}

static void read_nsec(const struct vrecord *record, struct evidence *out)
{
	const size_t size = vname_check(record->rdata, record->size);
	out->good = size > 0;
	out->next = record->rdata;
	out->bitmap = (struct bytes){ record->rdata + size, record->size - size };
}

/* Unknown flags or another hash: as if it were not there (RFC 5155 8.1, 8.2). */
static void read_nsec3(const struct vlink *link, struct evidence *out)
{
	out->good = link->good;
	out->flags = link->good ? link->flags : 0;
	out->next = link->next;
	out->hash = link->hash;
	if (link->good)
		out->bitmap = (struct bytes){ link->next + VHASH, link->bitmap_size };
}

static void object(const struct case_file *file, const char *fault, const struct evidence *about)
{
	if (file->out->fault != NULL)
		return;
	file->out->fault = fault;
	file->out->record = about == NULL ? NULL : about->record;
}

/* -- NSEC -- */

static bool nsec_covers(const struct case_file *file, const struct evidence *e, const uint8_t *name)
{
	const uint8_t *const owner = e->record->owner;
	if (!e->good || vname_compare(name, owner) <= 0)
		return false;
	if (vname_compare(name, e->next) >= 0 && !vname_equal(e->next, file->apex))
		return false;
	return !vname_under(name, owner) || speaks_below(e);
}

static const struct evidence *nsec_covering(const struct case_file *file, const uint8_t *name)
{
	for (unsigned i = 0; i < file->count; i++)
		if (nsec_covers(file, &file->all[i], name))
			return &file->all[i];
	return NULL;
}

static const struct evidence *nsec_matching(const struct case_file *file, const uint8_t *name)
{
	for (unsigned i = 0; i < file->count; i++)
		if (file->all[i].good && vname_equal(file->all[i].record->owner, name))
			return &file->all[i];
	return NULL;
}

/* An NSEC that leads to a name below shows that the name exists, as an empty non-terminal. */
static bool leads_below(const struct evidence *e, const uint8_t *name)
{
	return vname_under(e->next, name);
}

/* -- NSEC3 -- */

static const struct evidence *nsec3_matching(const struct case_file *file, const uint8_t *name)
{
	const uint8_t *const hash = vhasher_look(file->hasher, name)->hash;
	for (unsigned i = 0; i < file->count; i++)
		if (file->all[i].good && memcmp(file->all[i].hash, hash, VHASH) == 0)
			return &file->all[i];
	return NULL;
}

static const struct evidence *nsec3_covering(const struct case_file *file, const uint8_t *name)
{
	const uint8_t *const hash = vhasher_look(file->hasher, name)->hash;
	for (unsigned i = 0; i < file->count; i++) {
		const struct evidence *const e = &file->all[i];
		if (!e->good)
			continue;
		const bool above = memcmp(hash, e->hash, VHASH) > 0;
		const bool below = memcmp(hash, e->next, VHASH) < 0;
		if (memcmp(e->hash, e->next, VHASH) < 0 ? above && below
							: (above || below) && memcmp(hash, e->hash, VHASH) != 0)
			return e;
	}
	return NULL;
}

/* The closest encloser proof (RFC 5155 8.3): labels of the encloser, or NONE. `closer` covers the next closer name. */
static int prove_encloser(const struct case_file *file, const uint8_t *name, const struct evidence **closer)
{
	const int apex = (int)vname_labels(file->apex);
	int labels = (int)vname_labels(name);
	const struct evidence *match = nsec3_matching(file, name);
	if (match != NULL) {
		object(file, "an NSEC3 says that a name exists which does not", match);
		return NONE;
	}
	while (match == NULL && --labels >= apex)
		match = nsec3_matching(file, vname_suffix(name, (unsigned)labels));
	if (match == NULL) {
		object(file, "no NSEC3 matches an encloser of the name", NULL);
		return NONE;
	}
	if (!speaks_below(match)) {
		object(file, "the NSEC3 of the closest encloser is that of a delegation or a DNAME", match);
		return NONE;
	}
	*closer = nsec3_covering(file, vname_suffix(name, (unsigned)labels + 1));
	if (*closer == NULL) {
		object(file, "no NSEC3 covers the next closer name", match);
		return NONE;
	}
	return labels;
}

/* In place of an NSEC3 for the name: the span is opt-out (RFC 5155 8.6, 8.9; for empty non-terminals erratum 3441). */
static void prove_opt_out(const struct case_file *file, const uint8_t *name)
{
	const struct evidence *closer = NULL;
	if (prove_encloser(file, name, &closer) != NONE && (closer->flags & OPT_OUT) == 0)
		object(file, "no NSEC3 matches the name, and the one that covers its next closer name is not opt-out",
		    closer);
}

/* -- both -- */

/* That the type is not there, nor a CNAME, and that this is the side of the cut to say so (RFC 6840 4.1, 4.3). */
static void check_types(const struct case_file *file, const struct evidence *e, bool delegation)
{
	const uint16_t type = file->answer->type;
	if (has_type(e, type))
		object(file, "the bitmap names the type whose absence it is to prove", e);
	if (has_type(e, VTYPE_CNAME))
		object(file, "the bitmap names a CNAME where there is none", e);
	if (type == VTYPE_DS ? has_type(e, VTYPE_SOA) : from_parent(e) && !delegation)
		object(file, "the bitmap is that of the other side of a zone cut", e);
}

static void judge_nodata(const struct case_file *file, bool hashed)
{
	const uint8_t *const name = file->answer->name;
	const struct evidence *const e = hashed ? nsec3_matching(file, name) : nsec_matching(file, name);
	if (e != NULL) {
		check_types(file, e, false);
		return;
	}
	if (hashed) {
		prove_opt_out(file, name);
		return;
	}
	const struct evidence *const covers = nsec_covering(file, name);
	if (covers == NULL || !leads_below(covers, name))
		object(file, "no NSEC matches the name, or leads from before it to below it", covers);
}

/* RFC 6840 4.4: NS, neither DS nor SOA. */
static void judge_insecure(const struct case_file *file, bool hashed)
{
	const uint8_t *const cut = file->answer->source->name;
	const struct evidence *const e = hashed ? nsec3_matching(file, cut) : nsec_matching(file, cut);
	if (e == NULL && hashed) {
		prove_opt_out(file, cut);
		return;
	}
	if (e == NULL)
		object(file, "no NSEC matches the delegation", NULL);
	else if (!has_type(e, VTYPE_NS) || has_type(e, VTYPE_SOA))
		object(file, "the bitmap is not that of a delegation", e);
	else if (has_type(e, VTYPE_DS) || has_type(e, VTYPE_CNAME))
		object(file, "the bitmap names a DS or CNAME where there is none", e);
}

static const uint8_t *wildcard_of(const uint8_t *encloser, uint8_t out[VNAME_MAX + 2])
{
	out[0] = 1;
	out[1] = '*';
	memcpy(out + 2, encloser, vname_size(encloser));
	return out;
}

/* The closest encloser that the NSEC which covers the name shows: labels, or NONE. */
static int nsec_encloser(const struct case_file *file, const uint8_t *name)
{
	const struct evidence *const e = nsec_covering(file, name);
	if (e == NULL) {
		object(file, "no NSEC covers the name", NULL);
		return NONE;
	}
	if (leads_below(e, name)) {
		object(file, "the NSEC shows that the name exists, as an empty non-terminal", e);
		return NONE;
	}
	const unsigned before = vname_shared(e->record->owner, name);
	const unsigned after = vname_shared(e->next, name);
	return (int)(before > after ? before : after);
}

static void judge_absence_nsec3(const struct case_file *file, bool wildcard_exists)
{
	const struct evidence *closer = NULL;
	uint8_t wildcard[VNAME_MAX + 2];
	const int encloser = prove_encloser(file, file->answer->name, &closer);
	if (encloser == NONE)
		return;
	wildcard_of(vname_suffix(file->answer->name, (unsigned)encloser), wildcard);
	const struct evidence *const match = nsec3_matching(file, wildcard);
	const struct evidence *const covers = nsec3_covering(file, wildcard);
	const bool opt_out = (closer->flags & OPT_OUT) != 0;
	if (wildcard_exists && match != NULL)
		check_types(file, match, false);
	else if (wildcard_exists && !opt_out && (covers == NULL || (covers->flags & OPT_OUT) == 0))
		object(file, "no NSEC3 matches the wildcard", covers);
	else if (!wildcard_exists && covers == NULL)
		object(file, "no NSEC3 covers the wildcard at the closest encloser", match);
	file->out->beyond_opt_out = opt_out && match != NULL && (unsigned)encloser < file->answer->encloser;
}

static void judge_absence_nsec(const struct case_file *file, bool wildcard_exists)
{
	uint8_t wildcard[VNAME_MAX + 2];
	const int encloser = nsec_encloser(file, file->answer->name);
	if (encloser == NONE)
		return;
	wildcard_of(vname_suffix(file->answer->name, (unsigned)encloser), wildcard);
	const struct evidence *const match = nsec_matching(file, wildcard);
	const struct evidence *const covers = nsec_covering(file, wildcard);
	if (wildcard_exists && match != NULL)
		check_types(file, match, false);
	else if (wildcard_exists && (covers == NULL || !leads_below(covers, wildcard)))
		object(file, "no NSEC matches the wildcard", covers);
	else if (!wildcard_exists && (covers == NULL || leads_below(covers, wildcard)))
		object(file, "no NSEC covers the wildcard at the closest encloser", covers);
}

/* The labels of the signature tell which wildcard it was; no closer one, and not the name itself, may exist (RFC 4035
 * 5.3.4, RFC 5155 8.8). */
static void judge_wildcard(const struct case_file *file, bool hashed)
{
	const unsigned labels = file->answer->source->labels - 1u;
	if (!hashed) {
		const int encloser = nsec_encloser(file, file->answer->name);
		if (encloser != NONE && (unsigned)encloser != labels)
			object(file, "the NSEC shows a closer name than that of the wildcard", &file->all[0]);
	} else if (nsec3_covering(file, vname_suffix(file->answer->name, labels + 1)) == NULL) {
		object(file, "no NSEC3 covers the next closer name", file->count == 0 ? NULL : &file->all[0]);
	}
}

static void judge_denial(const struct case_file *file, bool hashed)
{
	const bool wildcard_exists = file->answer->kind == VANSWER_WILDCARD_NODATA;
	if (hashed)
		judge_absence_nsec3(file, wildcard_exists);
	else
		judge_absence_nsec(file, wildcard_exists);
}

/* What no key has signed well, a resolver does not look at (RFC 4035 5.3). */
static bool read_records(struct case_file *file, bool hashed)
{
	const struct vset *const data = &file->answer->data;
	if (data->count > 0 && !data->first->trusted) {
		file->out->record = data->first;
		file->out->fault = "no signature of the RRset validates";
		return false;
	}
	for (unsigned i = 0; i < file->answer->proof_count; i++) {
		struct evidence *const e = &file->all[file->count++];
		const struct vlink *const link = file->answer->link[i];
		*e = (struct evidence){ .record = file->answer->proof[i] };
		if (!(link != NULL ? link->trusted : e->record->trusted)) {
			object(file,
			    hashed ? "no signature of an NSEC3 validates" : "no signature of an NSEC validates", e);
			return false;
		}
		if (link != NULL)
			read_nsec3(link, e);
		else
			read_nsec(e->record, e);
	}
	return true;
}

void vresolver_judge(
    const struct vanswer *answer, bool hashed, const uint8_t *apex, struct vhasher *hasher, struct vopinion *out)
{
	struct case_file file; /* `all` is filled as far as `count` says */
	file.answer = answer;
	file.apex = apex;
	file.hasher = hasher;
	file.count = 0;
	file.out = out;
	*out = (struct vopinion){ .fault = NULL };
	if (!read_records(&file, hashed))
		return;
	switch (answer->kind) {
	case VANSWER_DATA:
	case VANSWER_ALIAS:
	case VANSWER_REDIRECT:
	case VANSWER_REFERRAL:
	case VANSWER_UNDEFINED:
	case VANSWER_KINDS:
		break;
	case VANSWER_NODATA:
		judge_nodata(&file, hashed);
		break;
	case VANSWER_NXDOMAIN:
	case VANSWER_WILDCARD_NODATA:
		judge_denial(&file, hashed);
		break;
	case VANSWER_WILDCARD:
		judge_wildcard(&file, hashed);
		break;
	case VANSWER_INSECURE:
	case VANSWER_NO_DS:
		judge_insecure(&file, hashed);
		break;
	}
}
