/* SPDX-License-Identifier: MIT */
#include "signer/verify/vrecall.h"

#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"

enum { TEXT_LEAST = 8, TEXT_MOST = 50, LEAST_NAMES = 16 };

struct entry {
	const uint8_t *wire;
	uint32_t round; /* another than the table's: forgotten */
	uint8_t text_size;
	uint8_t wire_size;
	char text[TEXT_MOST];
};

struct vrecall {
	size_t mask; /* of entries; the second place of an entry is its neighbour */
	uint32_t round;
	struct entry *entries;
};

struct vrecall *vrecall_new(size_t names)
{
	struct vrecall *const recall = memory_calloc(1, sizeof(*recall));
	size_t count = LEAST_NAMES;
	while (count < names)
		count *= 2;
	recall->mask = count - 1;
	recall->round = 1;
	const size_t size = count * sizeof(*recall->entries);
	recall->entries = size < MEMORY_LARGE ? memory_alloc(size) : memory_alloc_large(size);
	memset(recall->entries, 0, size); /* at once: pages that are read before they are written are taken twice */
	return recall;
}

void vrecall_free(struct vrecall *recall)
{
	if (recall == NULL)
		return;
	free(recall->entries);
	free(recall);
}

static uint64_t load(const char *text)
{
	uint64_t word;
	memcpy(&word, text, sizeof(word));
	return word;
}

/* Eight octets at a time, the last eight perhaps seen twice. No secret: see above. */
static size_t place_of(const struct vrecall *recall, const char *text, size_t size)
{
	uint64_t hash = size;
	for (size_t at = 0; at + 8 < size; at += 8)
		hash = (hash ^ load(text + at)) * 0x9e3779b97f4a7c15;
	hash = (hash ^ load(text + size - 8)) * 0x9e3779b97f4a7c15;
	return (size_t)(hash >> 32) & recall->mask;
}

static bool is_of(const struct vrecall *recall, const struct entry *entry, const char *text, size_t size)
{
	return entry->text_size == size && entry->round == recall->round && memcmp(entry->text, text, size) == 0;
}

struct bytes vrecall_find(const struct vrecall *recall, const char *text, size_t size)
{
	if (size < TEXT_LEAST || size > TEXT_MOST)
		return (struct bytes){ NULL, 0 };
	const size_t place = place_of(recall, text, size);
	const struct entry *entry = &recall->entries[place];
	if (!is_of(recall, entry, text, size))
		entry = &recall->entries[place ^ 1];
	if (!is_of(recall, entry, text, size))
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ entry->wire, entry->wire_size };
}

/* The newer of two goes first, so the one that was there longer is lost. */
void vrecall_keep(struct vrecall *recall, const char *text, size_t size, struct bytes wire)
{
	if (size < TEXT_LEAST || size > TEXT_MOST || wire.size > UINT8_MAX)
		return;
	const size_t place = place_of(recall, text, size);
	struct entry *const entry = &recall->entries[place];
	recall->entries[place ^ 1] = *entry;
	*entry = (struct entry){
		.wire = wire.data, .round = recall->round, .text_size = (uint8_t)size, .wire_size = (uint8_t)wire.size
	};
	memcpy(entry->text, text, size);
}

void vrecall_forget(struct vrecall *recall)
{
	if (++recall->round == 0) {
		recall->round = 1;
		memset(recall->entries, 0, (recall->mask + 1) * sizeof(*recall->entries));
	}
}
