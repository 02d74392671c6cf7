/* SPDX-License-Identifier: MIT */
#include "policies/policy_diff.h"

#include <string.h>

#include "keystore/algorithm.h"
#include "policies/policy_field.h"
#include "policies/policy_rollover.h"

/* ---- waits ---- */

static const struct policy_interval *find_interval(
    const struct policy_interval intervals[], size_t count, const char *symbol)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(intervals[i].symbol, symbol) == 0)
			return &intervals[i];
	return NULL;
}

static char *sum_text(const struct policy_interval *interval, struct arena *mem)
{
	char text[POLICY_SUM_TEXT];
	if (interval == NULL)
		return NULL;
	policy_sum_format(&interval->sum, text);
	return arena_strdup(mem, text);
}

static void add_wait(const struct policy_interval *before, const struct policy_interval *after, struct arena *mem,
    struct policy_diff *out)
{
	const struct policy_interval *const either = after == NULL ? before : after;
	if (before != NULL && after != NULL &&
	    policy_sum_total(&before->sum).seconds == policy_sum_total(&after->sum).seconds)
		return;
	out->waits[out->wait_count++] =
	    (struct policy_change){ either->symbol, either->what, sum_text(before, mem), sum_text(after, mem) };
}

static void compare_waits(
    const struct policy *before, const struct policy *after, struct arena *mem, struct policy_diff *out)
{
	struct policy_interval old[POLICY_INTERVALS];
	struct policy_interval new[POLICY_INTERVALS];
	const size_t old_count = policy_intervals(before, old);
	const size_t new_count = policy_intervals(after, new);
	out->waits = arena_calloc(mem, old_count + new_count, sizeof(*out->waits));
	for (size_t i = 0; i < new_count; i++)
		add_wait(find_interval(old, old_count, new[i].symbol), &new[i], mem, out);
	for (size_t i = 0; i < old_count; i++)
		if (find_interval(new, new_count, old[i].symbol) == NULL)
			add_wait(&old[i], NULL, mem, out);
}

/* ---- fields ---- */

static void compare_fields(
    const struct policy *before, const struct policy *after, struct arena *mem, struct policy_diff *out)
{
	size_t count;
	const struct field *const table = field_table(&count);
	out->fields = arena_calloc(mem, count, sizeof(*out->fields));
	for (size_t i = 0; i < count; i++) {
		char *const old = field_print(&table[i], before, mem);
		char *const new = field_print(&table[i], after, mem);
		if (strcmp(old, new) != 0)
			out->fields[out->field_count++] = (struct policy_change){ table[i].path, NULL, old, new };
	}
}

/* ---- what begins ---- */

static const char *name_of(const struct policy *policy)
{
	const struct algorithm *const algorithm = alg_by_number(policy->algorithm);
	return algorithm == NULL ? "an unknown algorithm" : algorithm->name;
}

static const char *algorithm_roll(const struct policy *before, const struct policy *after, struct arena *mem)
{
	if (before->algorithm == after->algorithm)
		return NULL;
	return arena_printf(mem,
	    "a rollover of all keys from %s to %s, %s; it cannot be followed by another one until nothing of %s is "
	    "left in "
	    "any cache",
	    name_of(before), name_of(after), after->strict ? "in the conservative order" : "in the liberal order",
	    name_of(before));
}

static const char *scheme_roll(const struct policy *before, const struct policy *after, struct arena *mem)
{
	if (before->csk == after->csk)
		return NULL;
	return arena_strdup(mem,
	    after->csk ? "one combined key takes over from KSK and ZSK" : "a KSK and a ZSK take over from the CSK");
}

static const char *goal_change(const struct policy *before, const struct policy *after, struct arena *mem)
{
	if (before->insecure == after->insecure)
		return NULL;
	return arena_strdup(mem, after->insecure
				     ? "the zone goes INSECURE: its DS is withdrawn first, signatures and keys "
				       "leave once no cache holds the DS"
				     : "the zone is signed, and its DS wanted once every cache can validate it");
}

static const char *denial_change(const struct policy *before, const struct policy *after, struct arena *mem)
{
	const bool same_salt =
	    before->salt_size == after->salt_size && memcmp(before->salt, after->salt, after->salt_size) == 0;
	if (before->denial == after->denial && before->opt_out == after->opt_out &&
	    before->iterations == after->iterations && same_salt)
		return NULL;
	return arena_strdup(
	    mem, "the next publication carries a new chain for denial of existence, whole, in one version");
}

static const char *parent_change(const struct policy *before, const struct policy *after, struct arena *mem)
{
	if (before->ds == after->ds)
		return NULL;
	static const char *const sentences[] = {
		[POLICY_DS_CHECK] = "zoneseal asks the parent's servers for the DS, instead of being told",
		[POLICY_DS_BY_HAND] = "people tell what DS the parent shows (zoneseal ds seen, ds gone)",
		[POLICY_DS_NONE] =
		    "the parent takes no DS: no rollover waits for it; a DS that is there makes the zone bogus",
	};
	return arena_strdup(mem, sentences[after->ds]);
}

void policy_diff(const struct policy *before, const struct policy *after, struct arena *mem, struct policy_diff *out)
{
	typedef const char *sentence(const struct policy *before, const struct policy *after, struct arena *mem);
	static sentence *const sentences[] = { algorithm_roll, scheme_roll, goal_change, denial_change, parent_change };
	*out = (struct policy_diff){ .wait_count = 0 };
	compare_waits(before, after, mem, out);
	compare_fields(before, after, mem, out);
	out->begins = arena_calloc(mem, COUNT(sentences), sizeof(*out->begins));
	for (size_t i = 0; i < COUNT(sentences); i++) {
		const char *const text = sentences[i](before, after, mem);
		if (text != NULL)
			out->begins[out->begin_count++] = text;
	}
}
