/* SPDX-License-Identifier: MIT */
#include "policies/rollover_births.h"

/* What is looked at to say which keys are wanted. */
struct births {
	const struct rollover_policy *policy;
	const struct rollover_key *keys;
	size_t count;
	struct utc now;
};

size_t rollover_successor(const struct rollover_key keys[], size_t count, size_t key)
{
	const int64_t id = keys[key].key.id;
	for (size_t i = 0; id != 0 && i < count; i++)
		if (keys[i].key.predecessor == id && keys[i].key.goal_present)
			return i;
	return SIZE_MAX;
}

bool rollover_key_is_missing(const struct rollover_key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].missing && (keys[i].key.goal_present || key_is_published(&keys[i].key)))
			return true;
	return false;
}

static bool is_dropping(const struct rollover_key *key)
{
	return !key->key.goal_present && rollover_is_dropping(key);
}

size_t rollover_drop_lacks(const struct rollover_key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool comes = key_signs_zone(&keys[i].key) || key_signs_keys(&keys[i].key);
		for (size_t old = 0; old < count && !comes; old++)
			comes = is_dropping(&keys[old]) && rollover_successor(keys, count, old) == i;
		if (keys[i].missing && comes && !is_dropping(&keys[i]))
			return i;
	}
	return SIZE_MAX;
}

static bool role_is_wanted(const struct rollover_policy *policy, enum key_role role)
{
	return policy->csk ? role == KEY_CSK : role != KEY_CSK;
}

static bool serves(const struct births *p, size_t key, enum key_role role)
{
	const struct rollover_key *const k = &p->keys[key];
	return k->key.goal_present && !k->key.standby && k->key.role == role &&
	       k->key.algorithm == p->policy->algorithm;
}

static bool every_role_is_served(const struct births *p)
{
	for (int role = KEY_KSK; role <= KEY_CSK; role++) {
		bool served = !role_is_wanted(p->policy, (enum key_role)role);
		for (size_t i = 0; i < p->count && !served; i++)
			served = serves(p, i, (enum key_role)role);
		if (!served)
			return false;
	}
	return true;
}

void rollover_set_goals(const struct rollover_policy *policy, struct rollover_key keys[], size_t count)
{
	const struct births births = { .policy = policy, .keys = keys, .count = count };
	const bool served = every_role_is_served(&births);
	for (size_t i = 0; i < count; i++) {
		struct rollover_key *const key = &keys[i];
		if (!key->key.goal_present)
			continue;
		const bool misfit = !role_is_wanted(policy, key->key.role) || key->key.algorithm != policy->algorithm;
		if (policy->insecure || rollover_successor(keys, count, i) != SIZE_MAX || (served && misfit))
			key->key.goal_present = false;
	}
}

/* Dreg apart, how long before the end a new DS must be handed in so that the method may use it then. RFC 7583 3.3.2 and
 * 3.3.3 know no margin; the planner waits for it with every DS that replaces another, so it belongs to the lead. */
static struct span ds_lead(const struct timing *t)
{
	return (struct span){ timing_ds_publication(t).seconds + t->retire_safety.seconds };
}

static struct span double_rrset_lead(const struct timing *t)
{
	const struct span ds = { t->registration.seconds + ds_lead(t).seconds };
	const struct span keys = timing_ksk_publication(t);
	return ds.seconds > keys.seconds ? ds : keys;
}

/* How long before the end of its lifetime a key's successor must exist. */
static struct span lead(const struct rollover_policy *policy, enum key_role role)
{
	const struct timing *const t = &policy->timing;
	const unsigned bits = policy->minimize[role];
	struct span zone = { 0 };
	struct span keys = { 0 };
	if (role != KEY_KSK) {
		zone = (bits & ROLLOVER_FEW_RRSIG) != 0    ? timing_zsk_publication(t)
		       : (bits & ROLLOVER_FEW_DNSKEY) != 0 ? timing_zsk_retire(t)
							   : timing_zsk_double_signature(t);
	}
	if (role != KEY_ZSK && !policy->no_ds) {
		keys = (bits & ROLLOVER_FEW_DS) != 0       ? timing_ksk_publication(t)
		       : (bits & ROLLOVER_FEW_DNSKEY) != 0 ? ds_lead(t)
							   : double_rrset_lead(t);
		if (bits != ROLLOVER_KSK_DOUBLE_RRSET)
			keys.seconds += t->registration.seconds;
	}
	return zone.seconds > keys.seconds ? zone : keys;
}

/* The key that a new one of `role` takes over from: of the same role if there is one, else what signs the DNSKEY RRset
 * now. */
static int64_t predecessor_for(const struct births *p, enum key_role role)
{
	int64_t found = 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct rollover_key *const key = &p->keys[i];
		if (!key->key.goal_present || key->key.standby)
			continue;
		if (key->key.role == role)
			return key->key.id;
		if (role == KEY_CSK && key->key.role == KEY_KSK)
			found = key->key.id;
	}
	return found;
}

/* Keys that are still on their way into caches are waited for before others take their place: as long as no DS exists
 * no rule would hold them, and caches would see one set of keys jump to another. */
static bool is_on_its_way(const struct births *p, size_t index)
{
	const struct key *const key = &p->keys[index].key;
	return key->goal_present && !key->standby &&
	       (key->state[KEY_DNSKEY] == KEY_RUMOURED || key->state[KEY_KRRSIG] == KEY_RUMOURED ||
		   key->state[KEY_ZRRSIG] == KEY_RUMOURED);
}

/* When the key that takes over the role is due; false: never. */
static bool successor_is_due(const struct births *p, enum key_role role, struct rollover_birth *out)
{
	*out = (struct rollover_birth){ role, p->policy->algorithm, predecessor_for(p, role), p->now, false, false };
	for (size_t i = 0; i < p->count; i++) {
		const struct key *const key = &p->keys[i].key;
		if (is_on_its_way(p, i) && (key->role == role || role == KEY_CSK || key->role == KEY_CSK))
			return false;
		if (!serves(p, i, role))
			continue;
		const bool elsewhere = p->keys[i].elsewhere;
		if (key->active.seconds == 0 || (p->policy->lifetime[role].seconds == 0 && !elsewhere))
			return false;
		out->due = elsewhere
			       ? p->now
			       : utc_subtract(utc_add(key->active, p->policy->lifetime[role]), lead(p->policy, role));
		out->predecessor = key->id;
	}
	return true;
}

/* Keys in reserve are made once the role has a key in use. */
static bool standby_is_due(const struct births *p, enum key_role role, struct rollover_birth *out)
{
	unsigned have = 0;
	bool in_use = false;
	for (size_t i = 0; i < p->count; i++) {
		const struct key *const key = &p->keys[i].key;
		in_use = in_use || (serves(p, i, role) && key->active.seconds != 0);
		have +=
		    key->goal_present && key->standby && key->role == role && key->algorithm == p->policy->algorithm;
	}
	*out = (struct rollover_birth){ role, p->policy->algorithm, 0, p->now, true, false };
	return in_use && have < p->policy->standby[role];
}

static bool is_unused(const struct key *key)
{
	return key_is_hidden(key) && key->active.seconds == 0 && key->predecessor == 0 && key->purged.seconds == 0 &&
	       key->purging.seconds == 0;
}

bool rollover_is_spare(const struct rollover_key *key)
{
	return !key->missing && !key->elsewhere && !key->key.foreign && !key->key.goal_present && !key->key.standby &&
	       is_unused(&key->key);
}

bool rollover_needs_backup(const struct rollover_policy *policy, const struct key *key)
{
	return policy->backup_first && key->active.seconds == 0 && key->backed_up.seconds == 0 && !key->foreign &&
	       !key_is_offline(key);
}

/* Keys are made ahead while the role has one in use or on its way, one in a round. */
static bool pool_is_low(const struct births *p, enum key_role role, struct rollover_birth *out)
{
	unsigned have = 0;
	bool served = false;
	for (size_t i = 0; i < p->count; i++) {
		const struct rollover_key *const key = &p->keys[i];
		served = served || serves(p, i, role);
		have += key->key.role == role && key->key.algorithm == p->policy->algorithm && rollover_is_spare(key);
	}
	*out = (struct rollover_birth){ role, p->policy->algorithm, 0, p->now, false, true };
	return served && have < p->policy->pool[role];
}

static void add_birth(
    const struct births *p, struct rollover_birth birth, struct utc not_before, struct rollover_plan *out)
{
	birth.due = utc_later(birth.due, not_before);
	if (!utc_before(p->now, birth.due)) {
		out->births[out->birth_count++] = birth;
		return;
	}
	out->ahead[out->ahead_count++] = birth;
	out->next = utc_before(birth.due, out->next) ? birth.due : out->next;
}

void rollover_plan_births(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct rollover_facts *facts, struct utc now, struct arena *mem, struct rollover_plan *out)
{
	const struct births births = { policy, keys, count, now };
	struct rollover_birth birth;
	out->births = arena_calloc(mem, 2 * (KEY_CSK + 1), sizeof(*out->births));
	out->ahead = arena_calloc(mem, 2 * (KEY_CSK + 1), sizeof(*out->ahead));
	if (policy->insecure || rollover_key_is_missing(keys, count))
		return;
	for (int r = KEY_KSK; r <= KEY_CSK; r++) {
		const enum key_role role = (enum key_role)r;
		if (!role_is_wanted(policy, role))
			continue;
		if (successor_is_due(&births, role, &birth))
			add_birth(&births, birth, facts->not_before, out);
		if (standby_is_due(&births, role, &birth))
			add_birth(&births, birth, facts->not_before, out);
	}
	/* What is wanted first takes from the pool, so that it is filled after that. */
	for (int r = KEY_KSK; r <= KEY_CSK && out->birth_count == 0; r++)
		if (role_is_wanted(policy, (enum key_role)r) && pool_is_low(&births, (enum key_role)r, &birth))
			add_birth(&births, birth, now, out);
}

size_t rollover_candidate(const struct rollover_key keys[], size_t count, const struct rollover_birth *birth)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < count && !birth->pool; i++) {
		const struct key *const key = &keys[i].key;
		if (key->role != birth->role || key->algorithm != birth->algorithm || keys[i].missing ||
		    keys[i].elsewhere || key->foreign)
			continue;
		if (!birth->standby && key->standby && key->goal_present)
			return i;
		if (!rollover_is_spare(&keys[i]))
			continue;
		if (found == SIZE_MAX || (keys[found].key.backed_up.seconds == 0 && key->backed_up.seconds != 0))
			found = i;
	}
	return found;
}

void rollover_take(struct key *key, const struct rollover_birth *birth)
{
	key->goal_present = !birth->pool;
	key->standby = birth->standby;
	key->predecessor = birth->predecessor;
}

bool rollover_start(struct rollover_key keys[], size_t count, enum key_role role, const struct rollover_policy *policy,
    struct rollover_birth *birth)
{
	for (size_t i = 0; i < count; i++) {
		const struct rollover_key *const key = &keys[i];
		if (!key->key.goal_present || key->key.standby || key->key.role != role ||
		    key->key.algorithm != policy->algorithm)
			continue;
		if (key->key.active.seconds == 0)
			return false;
		*birth =
		    (struct rollover_birth){ role, policy->algorithm, key->key.id, (struct utc){ 0 }, false, false };
		return true;
	}
	return false;
}

/* Whether all that a key had before it was to go is still there. */
static bool is_whole(const struct key *key)
{
	for (int r = 0; r < KEY_RECORDS; r++)
		if (key->state[r] == KEY_UNRETENTIVE || key->state[r] == KEY_HIDDEN)
			return false;
	return true;
}

static struct key *with_id(struct rollover_key keys[], size_t count, int64_t id)
{
	for (size_t i = 0; i < count && id != 0; i++)
		if (keys[i].key.id == id)
			return &keys[i].key;
	return NULL;
}

bool rollover_abort(struct rollover_key keys[], size_t count, int64_t id)
{
	struct key *const key = with_id(keys, count, id);
	struct key *const old = key == NULL ? NULL : with_id(keys, count, key->predecessor);
	if (old == NULL || !key->goal_present || !is_whole(old))
		return false;
	/* Before the first step of its roll the old key's goal is what it was. */
	if (old->goal_present && key->state[KEY_DNSKEY] != KEY_HIDDEN)
		return false;
	key->goal_present = false;
	old->goal_present = true;
	old->dropped = (struct utc){ 0 };
	return true;
}

struct rollover_key *rollover_in_use(struct rollover_key keys[], size_t count, enum key_role role)
{
	static const enum key_record uses[] = {
		[KEY_KSK] = KEY_KRRSIG, [KEY_ZSK] = KEY_ZRRSIG, [KEY_CSK] = KEY_ZRRSIG
	};
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i].key;
		const enum key_state state = key->state[uses[role]];
		if (key->role == role && !key->standby && key->dropped.seconds == 0 &&
		    (state == KEY_RUMOURED || state == KEY_OMNIPRESENT))
			return &keys[i];
	}
	return NULL;
}
