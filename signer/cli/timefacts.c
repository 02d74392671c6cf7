/* SPDX-License-Identifier: MIT */
#include "signer/cli/timefacts.h"

#include <stdlib.h>
#include <string.h>

#include "signer/cli/rollfacts.h"
#include "signer/engine/roll.h"

enum { PAST_DAYS = 60, DAY = 86400, KEY_LANE = 0, DS_LANE = 1, LANES = 2, TRACKS_MOST = 4096 };

/* The life of one key: in the zone, and of its DS at the parent. */
struct track {
	struct key key; /* as it was last */
	bool known;     /* it has a tag; else the simulation made it */
	bool open;      /* a person is to act for its DS now; the plan takes it for done */
	struct timeline_band *bands[LANES];
	size_t count[LANES], room[LANES];
};

struct tracks {
	struct track *all; /* in order of key id */
	size_t count, room;
	bool no_ds;
	enum report_who parent;
	struct utc now, next;
	bool planned; /* what is noted now is still to come */
};

static enum timeline_kind kind_of_key(const struct key *key, bool no_ds)
{
	static const struct {
		const char *word;
		enum timeline_kind kind;
	} words[] = { { "prepared", TIMELINE_PREPARED }, { "publishing", TIMELINE_WAITING },
		{ "ready", TIMELINE_READY }, { "active", TIMELINE_ACTIVE }, { "retiring", TIMELINE_RETIRING },
		{ "revoked", TIMELINE_RETIRING } };
	const char *const word = report_key_word(key, no_ds);
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].kind;
	return TIMELINE_NONE;
}

static enum timeline_kind kind_of_ds(const struct key *key, const struct tracks *tracks)
{
	const enum timeline_kind open = tracks->parent == REPORT_YOU ? TIMELINE_PERSON : TIMELINE_NONE;
	if (tracks->no_ds)
		return TIMELINE_NONE;
	switch (key->state[KEY_DS]) {
	case KEY_NA:
	case KEY_HIDDEN:
		return TIMELINE_NONE;
	case KEY_RUMOURED:
		return key->ds_seen.seconds == 0 && open != TIMELINE_NONE ? open : TIMELINE_WAITING;
	case KEY_OMNIPRESENT:
		return TIMELINE_ACTIVE;
	case KEY_UNRETENTIVE:
		return key->ds_gone.seconds == 0 && open != TIMELINE_NONE ? open : TIMELINE_RETIRING;
	}
	return TIMELINE_NONE;
}

static struct track *find_track(struct tracks *tracks, int64_t id)
{
	size_t at = tracks->count;
	while (at > 0 && tracks->all[at - 1].key.id > id)
		at--;
	if (at > 0 && tracks->all[at - 1].key.id == id)
		return &tracks->all[at - 1];
	if (tracks->count == TRACKS_MOST)
		return NULL;
	if (tracks->count == tracks->room) {
		tracks->room = tracks->room == 0 ? 16 : 2 * tracks->room;
		tracks->all = memory_resize(tracks->all, tracks->room, sizeof(*tracks->all));
	}
	memmove(&tracks->all[at + 1], &tracks->all[at], (tracks->count - at) * sizeof(*tracks->all));
	tracks->all[at] = (struct track){ .key = { .id = id } };
	tracks->count++;
	return &tracks->all[at];
}

/* The band goes on until the next one begins. */
static void begin_band(struct track *track, int lane, struct utc when, enum timeline_kind kind, bool planned)
{
	struct timeline_band *const last = track->count[lane] == 0 ? NULL : &track->bands[lane][track->count[lane] - 1];
	if (last != NULL && last->kind == kind && last->planned == planned)
		return;
	if (last != NULL && !utc_before(last->from, when)) {
		last->kind = kind;
		last->planned = planned;
		return;
	}
	if (last != NULL)
		last->until = when;
	if (track->count[lane] == track->room[lane]) {
		track->room[lane] = track->room[lane] == 0 ? 8 : 2 * track->room[lane];
		track->bands[lane] = memory_resize(track->bands[lane], track->room[lane], sizeof(*track->bands[lane]));
	}
	track->bands[lane][track->count[lane]++] =
	    (struct timeline_band){ .from = when, .until = UTC_NEVER, .kind = kind, .planned = planned };
}

static struct utc latest_change(const struct key *key, struct utc when)
{
	struct utc latest = key->created;
	for (int record = 0; record < KEY_RECORDS; record++)
		latest = utc_later(latest, key->since[record]);
	return latest.seconds == 0 || utc_before(when, latest) ? when : latest;
}

/* The key is so from `when` on. What is heard of first may have been so for long. */
static void note(struct tracks *tracks, const struct key *key, struct utc when)
{
	struct track *const track = find_track(tracks, key->id);
	if (track == NULL)
		return;
	const bool first = track->count[KEY_LANE] == 0;
	const enum timeline_kind kinds[LANES] = { kind_of_key(key, tracks->no_ds), kind_of_ds(key, tracks) };
	if (first && !tracks->planned)
		when = latest_change(key, when);
	track->key = *key;
	track->known = track->known || !tracks->planned;
	for (int lane = 0; lane < LANES; lane++) {
		const struct timeline_band *const last =
		    track->count[lane] == 0 ? NULL : &track->bands[lane][track->count[lane] - 1];
		const bool changes = last == NULL ? kinds[lane] > TIMELINE_PREPARED : last->kind != kinds[lane];
		if (tracks->planned && changes && utc_before(when, tracks->next) && utc_before(tracks->now, when))
			tracks->next = when;
		begin_band(track, lane, when, kinds[lane], tracks->planned);
	}
}

/* ---- the past ---- */

static bool note_event(const struct store_event *event, void *context)
{
	struct tracks *const tracks = context;
	const char *at = event->keys;
	struct key key;
	while (!utc_before(tracks->now, event->when) && store_event_key(&at, &key))
		note(tracks, &key, event->when);
	return true;
}

/* ---- the future ---- */

static void note_foreseen(void *context, const struct simulate_event *event)
{
	struct tracks *const tracks = context;
	const bool of_key = event->kind == SIMULATE_MADE || event->kind == SIMULATE_TAKEN ||
			    event->kind == SIMULATE_MOVED || event->kind == SIMULATE_SEEN ||
			    event->kind == SIMULATE_GONE;
	if (of_key && event->key != NULL)
		note(tracks, &event->key->key, event->when);
}

/* What is so now stays so until the plan changes it. */
static void begin_plan(struct tracks *tracks)
{
	tracks->planned = true;
	for (size_t i = 0; i < tracks->count; i++) {
		struct track *const track = &tracks->all[i];
		for (int lane = 0; lane < LANES; lane++) {
			if (track->count[lane] == 0)
				continue;
			const enum timeline_kind kind = track->bands[lane][track->count[lane] - 1].kind;
			track->open = track->open || (lane == DS_LANE && kind == TIMELINE_PERSON);
			begin_band(track, lane, tracks->now, kind, true);
		}
	}
}

static enum status foresee(const struct roll_view *view, struct tracks *tracks, struct utc until, struct arena *mem,
    const char **veto, struct error *err)
{
	const struct rollover_policy rules = roll_foresee_rules(view);
	const struct simulate_world world = roll_foresee_world(view, tracks->now, until, mem);
	struct error why;
	error_clear(&why);
	begin_plan(tracks);
	const enum status status = simulate_run(
	    &rules, roll_foresee_keys(view, tracks->now, mem), view->count, &world, note_foreseen, tracks, &why);
	if (status != STATUS_OK && status != STATUS_NO) {
		*err = why;
		return status;
	}
	*veto = status == STATUS_NO ? arena_strdup(mem, why.message) : NULL;
	return STATUS_OK;
}

/* ---- as lanes ---- */

static struct utc earliest_band(const struct tracks *tracks)
{
	struct utc earliest = tracks->now;
	for (size_t i = 0; i < tracks->count; i++)
		for (int lane = 0; lane < LANES; lane++)
			for (size_t b = 0; b < tracks->all[i].count[lane]; b++)
				if (tracks->all[i].bands[lane][b].kind != TIMELINE_NONE &&
				    utc_before(tracks->all[i].bands[lane][b].from, earliest))
					earliest = tracks->all[i].bands[lane][b].from;
	return earliest;
}

/* What of the bands lies in the picture. */
static void clip(
    const struct track *track, int lane, const struct timeline *picture, struct arena *mem, struct timeline_lane *out)
{
	struct timeline_band *const bands = arena_calloc(mem, track->count[lane] + 1, sizeof(*bands));
	size_t count = 0;
	bool shown = false;
	for (size_t i = 0; i < track->count[lane]; i++) {
		struct timeline_band band = track->bands[lane][i];
		band.from = utc_later(band.from, picture->from);
		if (utc_before(picture->until, band.until))
			band.until = picture->until;
		if (band.kind == TIMELINE_NONE || !utc_before(band.from, band.until))
			continue;
		bands[count++] = band;
		shown = shown || band.kind != TIMELINE_PREPARED;
	}
	out->bands = bands;
	out->count = shown ? count : 0;
}

static bool asks_person(const struct timeline *picture, int64_t key)
{
	for (size_t i = 0; i < picture->wait_count; i++)
		if (picture->waits[i].who == REPORT_YOU && picture->waits[i].key == key)
			return true;
	return false;
}

static void add_lanes(
    const struct track *track, unsigned *nth, struct arena *mem, struct timeline *out, struct timeline_lane lanes[])
{
	struct timeline_lane pair[LANES];
	const char *label = arena_printf(mem, "%u", track->key.tag);
	clip(track, KEY_LANE, out, mem, &pair[KEY_LANE]);
	clip(track, DS_LANE, out, mem, &pair[DS_LANE]);
	if (pair[KEY_LANE].count + pair[DS_LANE].count == 0)
		return;
	if (!track->known)
		label = ++*nth == 1 ? "next" : arena_printf(mem, "next %u", *nth);
	const bool open = pair[DS_LANE].count > 0 && track->open;
	for (int lane = 0; lane < LANES; lane++) {
		if (lane == DS_LANE && pair[lane].count == 0)
			continue;
		pair[lane].label =
		    arena_printf(mem, "%s %s", lane == DS_LANE ? "DS" : key_role_name(track->key.role), label);
		pair[lane].key = track->key.id;
		pair[lane].role = track->key.role;
		pair[lane].ds = lane == DS_LANE;
		pair[lane].person = lane == DS_LANE ? open : !open && asks_person(out, track->key.id);
		lanes[out->lane_count++] = pair[lane];
	}
}

static void make_lanes(const struct tracks *tracks, struct arena *mem, struct timeline *out)
{
	struct timeline_lane *const lanes = arena_calloc(mem, LANES * tracks->count + 1, sizeof(*lanes));
	out->lanes = lanes;
	for (int zsk = 0; zsk < 2; zsk++) {
		unsigned nth = 0;
		for (size_t i = 0; i < tracks->count; i++)
			if ((tracks->all[i].key.role == KEY_ZSK) == (zsk == 1))
				add_lanes(&tracks->all[i], &nth, mem, out, lanes);
	}
}

static void free_tracks(struct tracks *tracks)
{
	for (size_t i = 0; i < tracks->count; i++)
		for (int lane = 0; lane < LANES; lane++)
			free(tracks->all[i].bands[lane]);
	free(tracks->all);
}

/* The words are wanted longer than the view that they come from. */
static void keep_waits(const struct roll_view *view, struct arena *scratch, struct arena *mem, struct timeline *out)
{
	struct report_wait *waits;
	size_t count;
	rollfacts_waits(view, scratch, &waits, &count);
	struct report_wait *const kept = arena_calloc(mem, count + 1, sizeof(*kept));
	for (size_t i = 0; i < count; i++) {
		kept[i] = waits[i];
		kept[i].what = arena_strdup(mem, waits[i].what);
		kept[i].if_nobody = waits[i].if_nobody == NULL ? NULL : arena_strdup(mem, waits[i].if_nobody);
		kept[i].sum = waits[i].sum == NULL ? NULL : arena_strdup(mem, waits[i].sum);
		kept[i].command = waits[i].command == NULL ? NULL : arena_strdup(mem, waits[i].command);
	}
	out->waits = kept;
	out->wait_count = count;
}

enum status timefacts_zone(struct store *store, const char *state, const struct store_zone *zone, struct arena *mem,
    struct timeline *out, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct roll_view *const view = arena_calloc(scratch, 1, sizeof(*view));
	struct tracks tracks = { .now = out->now, .next = UTC_NEVER };
	out->zone = arena_strdup(mem, zone->name);
	enum status status = roll_look(store, state, zone, out->now, scratch, view, err);
	if (status == STATUS_OK) {
		tracks.no_ds = view->rules.no_ds;
		tracks.parent = rollfacts_parent(view);
		status = store_each_event(store, zone->name, (struct utc){ 0 }, note_event, &tracks, err);
	}
	for (size_t i = 0; status == STATUS_OK && i < view->count; i++)
		note(&tracks, &view->keys[i].key, out->now);
	if (status == STATUS_OK)
		status = foresee(view, &tracks, out->until, scratch, &out->veto, err);
	if (status == STATUS_OK) {
		const struct utc back = utc_subtract(out->now, (struct span){ (int64_t)PAST_DAYS * DAY });
		if (out->from.seconds == 0)
			out->from = utc_later(back, earliest_band(&tracks));
		out->veto = out->veto == NULL ? NULL : arena_strdup(mem, out->veto);
		out->next = tracks.next;
		keep_waits(view, scratch, mem, out);
		make_lanes(&tracks, mem, out);
	}
	free_tracks(&tracks);
	arena_free(scratch);
	return status;
}
