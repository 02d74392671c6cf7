/* SPDX-License-Identifier: MIT */
#include "signer/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/base/error.h"

enum {
	LARGE_FROM = 1 << 20,           /* arenas that grow by less never take large blocks, but for a piece */
	LARGE_PIECE = 4 * MEMORY_LARGE, /* that is as large as this, where what rounding adds is little */
};

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
	size_t reserved;
};

/* Under the address sanitizer pieces have a gap between them and what is not handed out is poisoned, so an overrun
 * within an arena is found as one on the heap would be. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
enum { GAP = 16, LEAST_ALIGNMENT = 8 };
void __asan_poison_memory_region(const volatile void *start, size_t size);
void __asan_unpoison_memory_region(const volatile void *start, size_t size);

static void poison(const void *start, size_t size)
{
	__asan_poison_memory_region(start, size);
}

static void unpoison(const void *start, size_t size)
{
	__asan_unpoison_memory_region(start, size);
}
#else
enum { GAP = 0, LEAST_ALIGNMENT = 1 };

static void poison(const void *start, size_t size)
{
	(void)start;
	(void)size;
}

static void unpoison(const void *start, size_t size)
{
	(void)start;
	(void)size;
}
#endif

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

void *memory_alloc_large(size_t size)
{
	size_t total;
	if (__builtin_add_overflow(size, MEMORY_LARGE - 1, &total))
		memory_exhausted();
	total &= ~((size_t)MEMORY_LARGE - 1);
	void *const memory = aligned_alloc(MEMORY_LARGE, total == 0 ? MEMORY_LARGE : total);
	if (memory == NULL)
		memory_exhausted();
	(void)madvise(memory, total, MADV_HUGEPAGE); /* advice: without it the pages are small */
	return memory;
}

static struct block *block_new(size_t size, bool large)
{
	size_t total;
	if (__builtin_add_overflow(size, sizeof(struct block), &total))
		memory_exhausted();
	struct block *const block = large ? memory_alloc_large(total) : memory_alloc(total);
	block->next = NULL;
	block->size = size;
	block->used = 0;
	poison(block->data, size);
	return block;
}

struct arena *arena_new(size_t block_bytes)
{
	struct arena *const arena = memory_alloc(sizeof(*arena));
	arena->first = NULL;
	arena->block_bytes = block_bytes == 0 ? 64 * 1024 : block_bytes;
	arena->held = 0;
	arena->reserved = 0;
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
	poison(keep->data, keep->size);
	arena->held = keep->size;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static uint8_t *hand_out(struct block *block, size_t start, size_t size)
{
	const size_t left = block->size - start - size;
	block->used = start + size + least(left, GAP);
	unpoison(block->data + start, size);
	return block->data + start;
}

static size_t aligned(size_t used, size_t least_alignment)
{
	const size_t alignment = least_alignment < LEAST_ALIGNMENT ? LEAST_ALIGNMENT : least_alignment;
	return (used + alignment - 1) & ~(alignment - 1);
}

static bool fits(const struct block *block, size_t start, size_t size)
{
	return start <= block->size && size <= block->size - start;
}

/* A new block in use, for `size` octets at least. An arena that has grown goes on in the pages for which the kernel is
 * asked least often. */
static struct block *next_block(struct arena *arena, size_t size)
{
	const bool large = arena->block_bytes >= LARGE_FROM && arena->held >= 4 * (size_t)MEMORY_LARGE;
	const size_t block_bytes = large ? 2 * (size_t)MEMORY_LARGE - sizeof(struct block) : arena->block_bytes;
	const size_t want = size > block_bytes ? size : block_bytes;
	struct block *const block = block_new(want, large || size >= LARGE_PIECE);
	block->next = arena->first;
	arena->first = block;
	arena->held += want;
	return block;
}

static uint8_t *take(struct arena *arena, size_t size, size_t least_alignment)
{
	struct block *const block = arena->first;
	if (block != NULL) {
		const size_t start = aligned(block->used, least_alignment);
		if (fits(block, start, size))
			return hand_out(block, start, size);
	}
	/* A large piece gets a block of its own behind the one in use, so that the rest of that one is not lost. */
	if (block != NULL && size > arena->block_bytes / 4) {
		struct block *const own = block_new(size, size >= LARGE_PIECE);
		own->next = block->next;
		block->next = own;
		arena->held += size;
		return hand_out(own, 0, size);
	}
	return hand_out(next_block(arena, size), 0, size);
}

uint8_t *arena_reserve(struct arena *arena, size_t most)
{
	struct block *block = arena->first;
	size_t start = block == NULL ? 0 : aligned(block->used, 1);
	if (block == NULL || !fits(block, start, most)) {
		block = next_block(arena, most);
		start = 0;
	}
	unpoison(block->data + start, most);
	arena->reserved = most;
	return block->data + start;
}

void arena_keep(struct arena *arena, size_t size)
{
	struct block *const block = arena->first;
	const size_t start = aligned(block->used, 1);
	poison(block->data + start + size, arena->reserved - size);
	hand_out(block, start, size);
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
