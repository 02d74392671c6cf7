/* SPDX-License-Identifier: MIT */
#include "signer/base/vault.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ROOM = 1 << 20, HEAD = 16, LEAST_SHIFT = 5, CLASSES = 10, MOST = (1 << (LEAST_SHIFT + CLASSES - 1)) - HEAD };

/* A piece: its class in the first HEAD octets, then what the caller has; on a list while nobody has it. */
struct piece {
	size_t class;
	struct piece *next;
};

/* Of the process, as the memory functions of libcrypto are; all set once by vault_open, apart from the free pieces. */
static struct {
	uint8_t *begin; /* NULL: there is no vault */
	size_t used;
	struct piece *free[CLASSES];
	pthread_mutex_t lock;
} vault = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local unsigned depth;

static bool is_inside(const void *data)
{
	const uint8_t *const at = data;
	return vault.begin != NULL && at >= vault.begin && at < vault.begin + ROOM;
}

static size_t class_of(size_t size)
{
	size_t class = 0;
	while (((size_t)1 << (LEAST_SHIFT + class)) < size + HEAD)
		class ++;
	return class;
}

/* NULL: full. */
static void *take_inside(size_t size)
{
	const size_t class = class_of(size);
	const size_t whole = (size_t)1 << (LEAST_SHIFT + class);
	pthread_mutex_lock(&vault.lock);
	struct piece *piece = vault.free[class];
	if (piece != NULL) {
		vault.free[class] = piece->next;
	} else if (vault.used + whole <= ROOM) {
		piece = (struct piece *)(void *)(vault.begin + vault.used);
		vault.used += whole;
	}
	if (piece != NULL)
		*piece = (struct piece){ .class = class };
	pthread_mutex_unlock(&vault.lock);
	return piece == NULL ? NULL : (uint8_t *)piece + HEAD;
}

static struct piece *piece_of(void *data)
{
	return (struct piece *)(void *)((uint8_t *)data - HEAD);
}

static size_t room_of(void *data)
{
	return is_inside(data) ? ((size_t)1 << (LEAST_SHIFT + piece_of(data)->class)) - HEAD : malloc_usable_size(data);
}

/* ---- what libcrypto calls ---- */

static void *take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	void *const inside = depth > 0 && size <= MOST ? take_inside(size) : NULL;
	return inside != NULL ? inside : malloc(size);
}

static void give_back(void *data, const char *file, int line)
{
	(void)file;
	(void)line;
	if (data == NULL)
		return;
	OPENSSL_cleanse(data, room_of(data));
	if (!is_inside(data)) {
		free(data);
		return;
	}
	struct piece *const piece = piece_of(data);
	pthread_mutex_lock(&vault.lock);
	piece->next = vault.free[piece->class];
	vault.free[piece->class] = piece;
	pthread_mutex_unlock(&vault.lock);
}

/* Never by realloc, which leaves behind what it moves. */
static void *resize(void *data, size_t size, const char *file, int line)
{
	const size_t had = data == NULL ? 0 : room_of(data);
	if (size == 0) {
		give_back(data, file, line);
		return NULL;
	}
	if (size <= had)
		return data;
	/* What is inside grows inside, whoever makes it grow. */
	depth += is_inside(data);
	void *const moved = take(size, file, line);
	depth -= is_inside(data);
	if (moved == NULL)
		return NULL;
	if (had > 0)
		memcpy(moved, data, had);
	give_back(data, file, line);
	return moved;
}

void vault_open(void)
{
#ifndef ZONESEAL_INSTRUMENTED
	if (CRYPTO_set_mem_functions(take, resize, give_back) != 1)
		return;
	void *const room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return;
	/* Where nothing may be locked it is ordinary memory that no core holds; secret_new refuses to work there. */
	(void)mlock2(room, ROOM, MLOCK_ONFAULT);
	(void)madvise(room, ROOM, MADV_DONTDUMP);
	vault.begin = room;
#else
	(void)resize; /* sanitizers have the allocator for themselves */
#endif
}

void vault_enter(void)
{
	depth += vault.begin != NULL;
}

void vault_leave(void)
{
	depth -= vault.begin != NULL;
}
