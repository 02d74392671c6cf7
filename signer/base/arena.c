/* SPDX-License-Identifier: MIT */
#include "signer/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/error.h"

struct block {
	struct block *next;
	size_t size; /* octets after the header */
	size_t used;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct block *first; /* the block in use */
	size_t block_bytes;
	size_t held;
};

/* Not exit(): handlers that run there may need memory. Temporary files are unlinked names or are swept by the next run.
 */
static _Noreturn void memory_exhausted(void)
{
	static const char text[] = "zoneseal: out of memory; nothing was published by this run\n";
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_INTERNAL);
	_exit(STATUS_INTERNAL);
}

void *memory_alloc(size_t size)
{
	void *const memory = malloc(size == 0 ? 1 : size);
	if (memory == NULL)
		memory_exhausted();
	return memory;
}

void *memory_calloc(size_t count, size_t size)
{
	void *const memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
	if (memory == NULL)
		memory_exhausted();
	return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		memory_exhausted();
	void *const memory = realloc(old, total == 0 ? 1 : total);
	if (memory == NULL)
		memory_exhausted();
	return memory;
}

static struct block *block_new(size_t size)
{
	size_t total;
	if (__builtin_add_overflow(size, sizeof(struct block), &total))
		memory_exhausted();
	struct block *const block = memory_alloc(total);
	block->next = NULL;
	block->size = size;
	block->used = 0;
	return block;
}

struct arena *arena_new(size_t block_bytes)
{
	struct arena *const arena = memory_alloc(sizeof(*arena));
	arena->first = NULL;
	arena->block_bytes = block_bytes == 0 ? 64 * 1024 : block_bytes;
	arena->held = 0;
	return arena;
}

static void free_blocks(struct block *block)
{
	while (block != NULL) {
		struct block *const next = block->next;
		free(block);
		block = next;
	}
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks(arena->first);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	struct block *const keep = arena->first;
	if (keep == NULL)
		return;
	free_blocks(keep->next);
	keep->next = NULL;
	keep->used = 0;
	arena->held = keep->size;
}

static uint8_t *take(struct arena *arena, size_t size, size_t alignment)
{
	struct block *block = arena->first;
	if (block != NULL) {
		const size_t start = (block->used + alignment - 1) & ~(alignment - 1);
		if (start <= block->size && size <= block->size - start) {
			block->used = start + size;
			return block->data + start;
		}
	}
	/* A large piece gets a block of its own behind the one in use, so that the rest of that one is not lost. */
	if (block != NULL && size > arena->block_bytes / 4) {
		struct block *const own = block_new(size);
		own->used = size;
		own->next = block->next;
		block->next = own;
		arena->held += size;
		return own->data;
	}
	const size_t want = size > arena->block_bytes ? size : arena->block_bytes;
	block = block_new(want);
	block->next = arena->first;
	block->used = size;
	arena->first = block;
	arena->held += want;
	return block->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return take(arena, size, alignof(max_align_t));
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		memory_exhausted();
	return memset(arena_alloc(arena, total), 0, total);
}

uint8_t *arena_octets(struct arena *arena, size_t size)
{
	return take(arena, size, 1);
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *const copy = (char *)arena_octets(arena, size + 1);
	if (size > 0)
		memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	const int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	const size_t size = length < 0 ? 0 : (size_t)length;
	char *const text = (char *)arena_octets(arena, size + 1);
	vsnprintf(text, size + 1, format, again);
	va_end(again);
	return text;
}

size_t arena_held(const struct arena *arena)
{
	return arena->held;
}
