/* SPDX-License-Identifier: MIT */
/*
 * Memory that dies together. An arena is named for its life: run, zone, job, scratch.
 *
 * An arena belongs to one thread at a time. Nothing in it is freed alone; arena_reset and arena_free drop everything.
 * Memory is mapped in large pieces, so records that are written once and die together cost no bookkeeping each.
 * When the machine has no memory left, the program ends at once with STATUS_INTERNAL and one line on stderr: nothing
 * is published by a run that ends, and no caller has to carry a case that cannot be tested everywhere.
 * Secrets never enter an arena.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/* A new arena that grows by `block_bytes` at least (0: a default of 64 KiB). Never NULL. */
struct arena *arena_new(size_t block_bytes);

/* Frees the arena and all that it holds. NULL is legal. */
void arena_free(struct arena *arena);

/* Drops what the arena holds and keeps one block for the next use. */
void arena_reset(struct arena *arena);

/* `size` octets, not cleared, aligned for any type; never NULL, also for size 0. */
void *arena_alloc(struct arena *arena, size_t size);

/* `count` times `size` octets, cleared; a product that overflows ends the program as if memory had run out. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);

/* `size` octets without alignment, not cleared: for packed octets, where padding would cost more than the data. */
uint8_t *arena_octets(struct arena *arena, size_t size);

/* Room for `most` octets, for what is written before its size is known; arena_keep hands out the first `size` of them.
 * Nothing else may be asked of the arena between the two; without arena_keep nothing was taken. */
uint8_t *arena_reserve(struct arena *arena, size_t most);
void arena_keep(struct arena *arena, size_t size);

/* A terminated copy of a string, or of text[0..size). */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t size);

/* A terminated string formatted as printf does. */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Octets held from the system, for memory reports. */
size_t arena_held(const struct arena *arena);

/* Plain heap memory for the few owners that are no arena (`_new`, `_open`, growing arrays): never NULL, ends the
 * program when there is none. `memory_resize` is realloc with a checked product. */
void *memory_alloc(size_t size) __attribute__((malloc));
void *memory_calloc(size_t count, size_t size) __attribute__((malloc));
void *memory_resize(void *old, size_t count, size_t size);

/* The same as memory_alloc in large pages, where the kernel has them: for much memory that is written from its start
 * to its end. What is never written costs addresses only. */
enum { MEMORY_LARGE = 2 << 20 };
void *memory_alloc_large(size_t size) __attribute__((malloc));
