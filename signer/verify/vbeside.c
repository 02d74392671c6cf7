/* SPDX-License-Identifier: MIT */
#include "signer/verify/vbeside.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINES_AHEAD = 12,   /* that only the zone has: signatures and denial */
	RECORDS_TRIED = 16, /* of an owner, whose order in the file was another */
	WINDOW = 16 * 1024, /* compared at once */
	BLOCK = 128,        /* octets in one comparison */
	CREDIT =
	    128 *
	    1024, /* octets of the zone that may be looked at in vain: a file that is not like the zone costs little */
	CREDIT_MOST = 1024 * 1024,
	WORTH = 8 /* each octet that need not be parsed earns so many */
};

struct vbeside *vbeside_new(const struct vzone *zone, const uint8_t *origin)
{
	if (zone == NULL || zone->file.pieces == NULL || vpieces_count(zone->file.pieces) == 0)
		return NULL;
	if (origin == NULL || vname_size(origin) != vname_size(zone->apex) || !vname_equal(origin, zone->apex))
		return NULL;
	struct vsealer *const sealer = vsealer_new(zone->file.pieces);
	if (sealer == NULL)
		return NULL;
	struct vbeside *const beside = memory_calloc(1, sizeof(*beside));
	beside->zone = zone;
	beside->sealer = sealer;
	beside->room = memory_alloc(VPIECE_MOST);
	return beside;
}

void vbeside_free(struct vbeside *beside)
{
	if (beside == NULL)
		return;
	vsealer_free(beside->sealer);
	free(beside->room);
	free(beside);
}

void vbeside_begin(struct vbeside *beside)
{
	beside->piece = SIZE_MAX;
	beside->credit = CREDIT;
}

static const struct vpiece *piece_of(const struct vbeside *beside)
{
	return vpieces_at(beside->zone->file.pieces, beside->piece);
}

/* Takes a piece in hand. */
static bool take(struct vbeside *beside, size_t piece)
{
	beside->piece = SIZE_MAX;
	if (beside->credit <= 0 || piece >= vpieces_count(beside->zone->file.pieces))
		return false;
	const char *const text = vsealer_read(beside->sealer, piece, beside->room);
	if (text == NULL) {
		beside->credit = 0;
		return false;
	}
	beside->piece = piece;
	beside->begin = beside->at = text;
	beside->end = text + piece_of(beside)->size;
	beside->line = piece_of(beside)->line;
	beside->credit -= piece_of(beside)->size;
	return true;
}

/* Whether there is more of the zone's text; the next line is at `at`. */
static bool more(struct vbeside *beside)
{
	if (beside->at < beside->end)
		return true;
	const uint32_t line = beside->line;
	return take(beside, beside->piece + 1) && beside->line == line;
}

/* Each piece ends with a line. */
static const char *line_end(const char *at, const char *end)
{
	const char *const found = memchr(at, '\n', (size_t)(end - at));
	return found == NULL ? end : found + 1;
}

static void step(struct vbeside *beside)
{
	const char *const next = line_end(beside->at, beside->end);
	beside->credit -= next - beside->at;
	beside->at = next;
	beside->line++;
}

void vbeside_found(struct vbeside *beside, const struct vrecord *record)
{
	const uint32_t line = record->line + 1;
	if (beside->credit <= 0)
		return;
	const bool in_hand = beside->piece != SIZE_MAX && line >= piece_of(beside)->line &&
			     line - piece_of(beside)->line <= piece_of(beside)->lines;
	if (!in_hand && !take(beside, vpieces_find(beside->zone->file.pieces, line)))
		return;
	if (line < beside->line) {
		beside->at = beside->begin;
		beside->line = piece_of(beside)->line;
	}
	while (beside->line < line)
		step(beside);
}

/* The owner of a record; mostly the same as before, or the next. */
static size_t find_owner(const struct vbeside *beside, size_t record)
{
	const struct vowner *const owners = beside->zone->owners;
	size_t low = 0;
	size_t high = beside->zone->owner_count;
	if (beside->owner < high && owners[beside->owner].first <= record)
		low = beside->owner;
	if (low + 1 < high && owners[low + 1].first <= record)
		low++;
	if (low + 1 < high && owners[low + 1].first > record)
		high = low + 1;
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;
		if (owners[middle].first > record)
			high = middle;
		else
			low = middle;
	}
	return low;
}

/* The record that was read from a line of the piece in hand. An owner's records are sorted, so it may have moved among
 * them; one that is not found is parsed. */
static bool find_place(struct vbeside *beside, uint32_t line, uint32_t *out)
{
	const struct vrecord *const records = beside->zone->records;
	const uint32_t at = piece_of(beside)->record + (line - piece_of(beside)->line);
	if (at >= beside->zone->file.count)
		return false;
	const size_t place = find_owner(beside, at);
	const struct vowner *const owner = &beside->zone->owners[place];
	uint32_t found = at;
	if (records[at].line != line && owner->count <= RECORDS_TRIED)
		for (found = owner->first; found < owner->first + owner->count && records[found].line != line;)
			found++;
	if (found >= owner->first + owner->count || records[found].line != line)
		return false;
	beside->owner = place;
	*out = found;
	return true;
}

static size_t equal_octets(const char *a, const char *b, size_t most)
{
	size_t size = 0;
	while (most - size >= BLOCK && memcmp(a + size, b + size, BLOCK) == 0)
		size += BLOCK;
	while (most - size >= sizeof(uint64_t) && memcmp(a + size, b + size, sizeof(uint64_t)) == 0)
		size += sizeof(uint64_t);
	while (size < most && a[size] == b[size])
		size++;
	return size;
}

/* Whole lines that are equal from here on. */
static size_t equal_lines(struct vbeside *beside, const char *at, const char *end)
{
	size_t most = (size_t)(end - at);
	if (most > (size_t)(beside->end - beside->at))
		most = (size_t)(beside->end - beside->at);
	const size_t equal = equal_octets(at, beside->at, most < WINDOW ? most : WINDOW);
	size_t size = 0;
	beside->count = 0;
	while (beside->count < VBESIDE_LINES) {
		const char *const found = memchr(at + size, '\n', equal - size);
		if (found == NULL || !find_place(beside, beside->line, &beside->places[beside->count]))
			break;
		beside->count++;
		beside->line++;
		size = (size_t)(found - at) + 1;
	}
	beside->at += size;
	return size;
}

/* Steps over a few lines of the zone's, to one that is equal; if there is none, the walk stays where it was. */
static bool skip(struct vbeside *beside, const char *at, const char *end)
{
	const char *const found = memchr(at, '\n', (size_t)(end - at));
	const char *const before = beside->at;
	const size_t piece = beside->piece;
	const uint32_t line = beside->line;
	if (found == NULL)
		return false;
	const size_t size = (size_t)(found - at) + 1;
	for (unsigned i = 0; i < LINES_AHEAD && beside->credit > 0; i++) {
		step(beside);
		if (!more(beside))
			return false;
		if ((size_t)(beside->end - beside->at) >= size && memcmp(beside->at, at, size) == 0)
			return true;
	}
	if (beside->piece == piece) {
		beside->at = before;
		beside->line = line;
	}
	return false;
}

size_t vbeside_match(struct vbeside *beside, const char *at, const char *end)
{
	if (beside->piece == SIZE_MAX || beside->credit <= 0 || !more(beside))
		return 0;
	size_t size = equal_lines(beside, at, end);
	if (size == 0 && skip(beside, at, end))
		size = equal_lines(beside, at, end);
	beside->credit += (int64_t)(WORTH * size);
	if (beside->credit > CREDIT_MOST)
		beside->credit = CREDIT_MOST;
	return size;
}
