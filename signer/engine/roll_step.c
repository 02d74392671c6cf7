/* SPDX-License-Identifier: MIT */
#include "signer/engine/roll_step.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "signer/engine/roll_part.h"

static const char *const record_names[KEY_RECORDS] = {
	[KEY_DNSKEY] = "dnskey", [KEY_ZRRSIG] = "zrrsig", [KEY_KRRSIG] = "krrsig", [KEY_DS] = "ds"
};

enum { CHANGES_MOST = 4, TTLS_MOST = 3 };

/* ---- the words ---- */

char *roll_step_write(const struct roll_view *view, struct arena *mem)
{
	char *out = arena_printf(mem, "step ds-ttl %" PRId64 "\n", view->rules.timing.ttl_ds.seconds);
	for (size_t i = 0; i < view->count; i++) {
		const struct key *const key = &view->plan.keys[i].key;
		if (key->goal_present != view->keys[i].key.goal_present)
			out = arena_printf(mem, "%sstep goal %" PRId64 " %s\n", out, key->id,
			    key->goal_present ? "omnipresent" : "hidden");
	}
	for (size_t i = 0; i < view->plan.move_count; i++) {
		const struct rollover_move *const move = &view->plan.moves[i];
		out = arena_printf(mem, "%sstep move %" PRId64 " %s %s\n", out, view->plan.keys[move->key].key.id,
		    record_names[move->record], key_state_name(move->to));
	}
	for (size_t i = 0; i < view->count; i++) {
		const struct key *const key = &view->plan.keys[i].key;
		if (key->signatures_left != view->keys[i].key.signatures_left)
			out = arena_printf(
			    mem, "%sstep left %" PRId64 " %" PRIu32 "\n", out, key->id, key->signatures_left);
	}
	return out;
}

/* ---- reading them ---- */

struct step {
	struct key *keys; /* as they become */
	const struct key *before;
	size_t count;
	bool *changed;
	uint32_t ds_ttl;
	struct utc when;
	bool is_published;
};

static size_t index_of(const struct step *step, int64_t id)
{
	for (size_t i = 0; i < step->count; i++)
		if (step->keys[i].id == id)
			return i;
	return SIZE_MAX;
}

static bool read_state(const char *text, enum key_state *out)
{
	static const enum key_state states[] = { KEY_HIDDEN, KEY_RUMOURED, KEY_OMNIPRESENT, KEY_UNRETENTIVE };
	for (size_t i = 0; i < COUNT(states); i++) {
		if (strcmp(key_state_name(states[i]), text) != 0)
			continue;
		*out = states[i];
		return true;
	}
	return false;
}

static bool apply_move(struct step *step, size_t key, const char *record_text, const char *state_text)
{
	enum key_state to;
	int record = 0;
	while (record < KEY_RECORDS && strcmp(record_names[record], record_text) != 0)
		record++;
	if (key == SIZE_MAX || record == KEY_RECORDS || !read_state(state_text, &to))
		return false;
	rollover_move(&step->keys[key], (enum key_record)record, to, step->when);
	/* All RRsets are signed anew, or lose their signature, in the version that this is published with, if no
	 * "left" says otherwise. */
	if (record == KEY_ZRRSIG && step->is_published && (to == KEY_RUMOURED || to == KEY_UNRETENTIVE))
		step->keys[key].signatures_complete = step->when;
	step->changed[key] = true;
	return true;
}

/* A whole number without sign. */
static bool read_number(const char *text, int64_t *out)
{
	char *end = NULL;
	if (text[0] < '0' || text[0] > '9')
		return false;
	*out = strtoll(text, &end, 10);
	return *end == '\0';
}

/* A part of the zone went over from an old key's signatures to a new one's. */
static bool apply_left(struct step *step, size_t key, const char *left_text)
{
	int64_t left = 0;
	if (key == SIZE_MAX || !read_number(left_text, &left) || left > KEY_ALL_PPM)
		return false;
	step->keys[key].signatures_left = (uint32_t)left;
	if (step->is_published)
		step->keys[key].signatures_complete = step->when;
	step->changed[key] = true;
	return true;
}

static bool apply_goal(struct step *step, size_t key, const char *state_text)
{
	enum key_state goal;
	if (key == SIZE_MAX || !read_state(state_text, &goal))
		return false;
	step->keys[key].goal_present = goal == KEY_OMNIPRESENT;
	step->changed[key] = true;
	return true;
}

/* The words behind "step", at most four. */
static bool apply_line(struct step *step, char *line)
{
	char *rest = NULL;
	const char *words[4] = { "", "", "", "" };
	int64_t number = 0;
	size_t count = 0;
	for (char *word = strtok_r(line, " ", &rest); word != NULL && count < COUNT(words);
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	if (!read_number(words[1], &number))
		return false;
	if (strcmp(words[0], "move") == 0)
		return apply_move(step, index_of(step, number), words[2], words[3]);
	if (strcmp(words[0], "goal") == 0)
		return apply_goal(step, index_of(step, number), words[2]);
	if (strcmp(words[0], "left") == 0)
		return apply_left(step, index_of(step, number), words[2]);
	if (strcmp(words[0], "ds-ttl") != 0 || number > INT32_MAX)
		return false;
	step->ds_ttl = (uint32_t)number;
	return true;
}

static enum status apply_text(struct step *step, const char *text, struct arena *mem, struct error *err)
{
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *const end = strchr(line, '\n');
		const size_t size = end != NULL ? (size_t)(end - line) : strlen(line);
		const char *const whole = arena_strndup(mem, line, size);
		if (strncmp(whole, "step ", 5) == 0 && !apply_line(step, arena_strdup(mem, whole + 5)))
			return error_set(err, STATUS_INTERNAL, "rollover: \"%s\" fits no key of the zone", whole);
		line = end != NULL ? end + 1 : NULL;
	}
	return STATUS_OK;
}

/* ---- what caches may hold from then on ---- */

static bool has_ds(const struct key *key)
{
	return history_has(key, HISTORY_DS);
}

/* Whether some RRsets still have the signature of a key that goes; and whether the key is one that takes over. */
static bool takes_over(const struct step *step, const struct key *key)
{
	for (size_t i = 0; i < step->count; i++)
		if (key_takes_over_from(key, &step->keys[i]))
			return true;
	return false;
}

static bool is_mixed(const struct step *step)
{
	for (size_t i = 0; i < step->count; i++)
		if (key_stays_on_zone(&step->keys[i]))
			return true;
	return false;
}

static struct store_served set_of(const struct step *step, enum store_class class, uint32_t ttl, struct arena *mem)
{
	int64_t *const keys = arena_calloc(mem, step->count + 1, sizeof(*keys));
	int64_t *const signers = arena_calloc(mem, step->count + 1, sizeof(*signers));
	struct store_served out = { .class = class, .from = step->when, .until = UTC_NEVER, .ttl = ttl };
	for (size_t i = 0; i < step->count; i++) {
		const struct key *const key = &step->keys[i];
		const bool in = class == STORE_DS       ? has_ds(key)
				: class == STORE_DNSKEY ? key_is_published(key)
							: key_signs_zone(key);
		if (in)
			keys[out.key_count++] = key->id;
		if (class == STORE_DNSKEY && key_signs_keys(key))
			signers[out.signer_count++] = key->id;
	}
	out.keys = keys;
	out.signers = signers;
	return out;
}

/* The data that still has the signatures of a key that goes instead of those of the one that takes over. */
static struct store_served old_data(const struct step *step, uint32_t ttl, struct arena *mem)
{
	int64_t *const keys = arena_calloc(mem, step->count + 1, sizeof(*keys));
	struct store_served out = {
		.class = STORE_DATA, .from = step->when, .until = UTC_NEVER, .ttl = ttl, .keys = keys
	};
	for (size_t i = 0; i < step->count; i++) {
		const struct key *const key = &step->keys[i];
		if (key_stays_on_zone(key) || (key_signs_zone(key) && !takes_over(step, key)))
			keys[out.key_count++] = key->id;
	}
	return out;
}

/* Before a first publication there was no DNSKEY RRset and no signature, and caches may have noticed (RFC 7583 3.3.5).
 */
static struct store_served absence(enum store_class class, uint32_t ttl, struct utc until)
{
	return (struct store_served){ .class = class, .until = until, .ttl = ttl };
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void add_served(
    const struct step *step, const struct roll_publication *publication, struct arena *mem, struct store_step *out)
{
	struct store_served_change *const served = arena_calloc(mem, 2 * CHANGES_MOST, sizeof(*served));
	bool ds_differs = false;
	size_t count = 0;
	for (size_t i = 0; i < step->count; i++)
		ds_differs = ds_differs || has_ds(&step->before[i]) != has_ds(&step->keys[i]);
	if (publication != NULL) {
		const uint32_t data_ttl = larger(publication->largest_ttl, publication->negative_ttl);
		const struct store_served keys = set_of(step, STORE_DNSKEY, publication->dnskey_ttl, mem);
		if (publication->first) {
			served[count++].begins = absence(STORE_DNSKEY, publication->negative_ttl, step->when);
			served[count++].begins = absence(STORE_DATA, data_ttl, step->when);
		}
		const bool unsigned_now = keys.key_count == 0;
		served[count++] = (struct store_served_change){
			unsigned_now ? set_of(step, STORE_DNSKEY, publication->negative_ttl, mem) : keys, true
		};
		const bool mixed = is_mixed(step);
		served[count++] = (struct store_served_change){ set_of(step, STORE_DATA, data_ttl, mem), !mixed };
		if (mixed)
			served[count++].begins = old_data(step, data_ttl, mem);
	}
	if (ds_differs)
		served[count++] = (struct store_served_change){ set_of(step, STORE_DS, step->ds_ttl, mem), false };
	out->served = served;
	out->served_count = count;
}

static void add_ttls(const struct roll_publication *publication, struct arena *mem, struct store_step *out)
{
	struct store_ttl *const ttls = arena_calloc(mem, TTLS_MOST, sizeof(*ttls));
	if (publication == NULL)
		return;
	ttls[0] = (struct store_ttl){ .class = STORE_DNSKEY, .ttl = publication->dnskey_ttl };
	ttls[1] = (struct store_ttl){ .class = STORE_DATA,
		.ttl = larger(publication->largest_ttl, publication->negative_ttl) };
	ttls[2] = (struct store_ttl){ .class = STORE_NEGATIVE, .ttl = publication->negative_ttl };
	out->ttls = ttls;
	out->ttl_count = TTLS_MOST;
}

enum status roll_step_make(const char *text, const struct key keys[], size_t count,
    const struct roll_publication *publication, struct utc when, struct arena *mem, struct store_step *out,
    struct error *err)
{
	struct step step = {
		.before = keys, .count = count, .ds_ttl = 86400, .when = when, .is_published = publication != NULL
	};
	struct store_step made = { 0 };
	step.keys = arena_calloc(mem, count + 1, sizeof(*step.keys));
	step.changed = arena_calloc(mem, count + 1, sizeof(*step.changed));
	if (count > 0)
		memcpy(step.keys, keys, count * sizeof(*keys));
	const enum status status = apply_text(&step, text, mem, err);
	if (status != STATUS_OK)
		return status;
	struct key *const changed = arena_calloc(mem, count + 1, sizeof(*changed));
	for (size_t i = 0; i < count; i++)
		if (step.changed[i])
			changed[made.key_count++] = step.keys[i];
	made.keys = changed;
	add_served(&step, publication, mem, &made);
	add_ttls(publication, mem, &made);
	*out = made;
	return STATUS_OK;
}
