/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_run.h"

#include "signer/engine/parent.h"
#include "signer/engine/parent_tell.h"

enum { DAY = 86400 };

/* How a zone's keys stand with the parent. */
struct standing {
	bool any;   /* some key has or had a DS */
	bool waits; /* for the parent to take one in, or to drop it */
};

static struct standing standing_of(const struct key keys[], size_t count)
{
	struct standing out = { false, false };
	for (size_t i = 0; i < count; i++) {
		const enum key_state ds = keys[i].state[KEY_DS];
		out.any |= ds == KEY_RUMOURED || ds == KEY_OMNIPRESENT || ds == KEY_UNRETENTIVE;
		out.waits |= (ds == KEY_RUMOURED && keys[i].ds_seen.seconds == 0) ||
			     (ds == KEY_UNRETENTIVE && keys[i].ds_gone.seconds == 0);
	}
	return out;
}

/* On a virtual clock nobody asks a resolver. */
static bool may_ask(const struct run *run)
{
	return !run->options->dry_run && run->policy.ds == POLICY_DS_CHECK && run->report->has_published &&
	       (!run->virtual_clock || run->zone.parents[0] != '\0');
}

static bool is_due(const struct run *run, const struct key keys[], size_t count)
{
	const struct standing standing = standing_of(keys, count);
	const struct utc daily = utc_add(run->zone.ds_checked, (struct span){ DAY });
	if (!may_ask(run) || !run->has_last || !standing.any)
		return false;
	return standing.waits || utc_before(run->now, run->zone.ds_checked) || !utc_before(run->now, daily);
}

void parent_run_look(struct run *run)
{
	const struct parent_options options = { .record = true, .config = run->options->config };
	struct parent_view view;
	struct key *keys = NULL;
	size_t count = 0;
	struct error err;
	error_clear(&err);
	enum status status = store_keys(run->store, run->zone.id, run->mem, &keys, &count, &err);
	if (status == STATUS_OK && !is_due(run, keys, count))
		return;
	if (status == STATUS_OK) {
		run_phase(run, "parent");
		status =
		    parent_check(run->store, &run->zone, &run->policy, run_now(run), &options, run->mem, &view, &err);
	}
	if (status == STATUS_OK && !view.asked)
		return;
	char why[1200];
	if (status != STATUS_OK)
		error_format(&err, why, sizeof(why));
	run->report->parent = status == STATUS_OK ? parent_words(&view, run->mem) : arena_strdup(run->mem, why);
}

void parent_run_next(struct run *run)
{
	struct store_zone zone;
	struct key *keys = NULL;
	size_t count = 0;
	bool found = false;
	struct error ignored;
	if (!may_ask(run) || store_keys(run->store, run->zone.id, run->mem, &keys, &count, &ignored) != STATUS_OK ||
	    !standing_of(keys, count).waits ||
	    store_find_zone(run->store, run->zone.name, run->mem, &zone, &found, &ignored) != STATUS_OK || !found)
		return;
	/* What began to wait in this very run is not asked for at once: the parent has only just been told. */
	struct utc due = utc_add(zone.ds_checked, run->policy.check_interval);
	if (!utc_before(run->now, due))
		due = utc_add(run->now, run->policy.check_interval);
	if (run->report->next.seconds == 0 || utc_before(due, run->report->next))
		run->report->next = due;
}

enum status parent_run_tell(struct run *run, struct error *err)
{
	struct store_version version;
	struct parent_told told;
	bool found = false;
	const bool may = !run->options->dry_run && !run->output.to_stdout &&
			 (!run->virtual_clock || run->options->run_hooks) && run->lock.file >= 0;
	if (!may || !(hook_ds_is_set(&run->policy, HOOK_DS_SUBMIT) || hook_ds_is_set(&run->policy, HOOK_DS_WITHDRAW)))
		return STATUS_OK;
	enum status status = store_last_version(run->store, run->zone.id, run->mem, &version, &found, err);
	if (status != STATUS_OK || !found)
		return status;
	const struct hook_facts facts = { .zone = run->zone.name,
		.serial = version.serial,
		.file = version.path,
		.sha256 = version.sha256,
		.reason = "DS at the parent",
		.run_id = run->id };
	const char *const phase = run->report->phase;
	run_phase(run, "hook");
	status = parent_tell(run->store, &run->zone, &run->policy, &facts, run_now(run), run->mem, &told, err);
	if (status == STATUS_OK && told.failed > 0)
		status = error_set(err, told.status, "%s", told.words);
	if (status == STATUS_OK)
		run->report->phase = phase;
	else
		run->report->hook_note = arena_strdup(run->mem, err->message);
	return status;
}
