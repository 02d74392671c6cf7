/* SPDX-License-Identifier: MIT */
#include "signer/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdalign.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signer/base/error.h"

/* Pieces of every size up to some blocks long: each writable to its end, none overlapping another. */
static void pieces_are_aligned_and_their_own(void **state)
{
	(void)state;
	enum { PIECES = 300 };
	struct arena *const arena = arena_new(1024);
	uint8_t *pieces[PIECES];
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = i % 3 == 0 ? arena_octets(arena, i * 7) : arena_alloc(arena, i * 7);
		assert_non_null(pieces[i]);
		if (i % 3 != 0)
			assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		memset(pieces[i], (int)(i & 255), i * 7);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < i * 7; j++)
			assert_int_equal(pieces[i][j], i & 255);
	arena_free(arena);
}

/* What packed octets take: the address sanitizer wants a gap behind them. */
static size_t stride(size_t size)
{
#if defined(__SANITIZE_ADDRESS__)
	return (size + 16 + 7) / 8 * 8;
#else
	return size;
#endif
}

static void packed_octets_cost_no_padding(void **state)
{
	(void)state;
	struct arena *const arena = arena_new(64 * 1024);
	uint8_t *const first = arena_octets(arena, 3);
	assert_ptr_equal(arena_octets(arena, 5), first + stride(3));
	assert_ptr_equal(arena_octets(arena, 1), first + stride(3) + stride(5));
	arena_free(arena);
}

static void a_large_piece_does_not_end_the_block_in_use(void **state)
{
	(void)state;
	struct arena *const arena = arena_new(4096);
	uint8_t *const before = arena_octets(arena, 10);
	memset(arena_octets(arena, 100000), 1, 100000);
	assert_ptr_equal(arena_octets(arena, 10), before + stride(10));
	assert_true(arena_held(arena) >= 104096);
	arena_free(arena);
}

static void what_is_reserved_is_taken_as_far_as_it_is_kept(void **state)
{
	(void)state;
	struct arena *const arena = arena_new(4096);
	uint8_t *const first = arena_reserve(arena, 100);
	memset(first, 1, 100);
	arena_keep(arena, 7);
	uint8_t *const second = arena_reserve(arena, 100);
	assert_ptr_equal(second, first + stride(7));
	assert_ptr_equal(arena_reserve(arena, 200), second); /* nothing of it was kept */
	arena_keep(arena, 200);
	assert_ptr_equal(arena_octets(arena, 1), second + stride(200));
	uint8_t *const other = arena_reserve(arena, 5000); /* more than is left */
	memset(other, 2, 5000);
	arena_keep(arena, 5000);
	assert_int_equal(first[6], 1);
	arena_free(arena);
}

static void an_arena_that_has_grown_takes_large_blocks(void **state)
{
	(void)state;
	enum { BLOCK = 1 << 20, PIECE = 1000 };
	struct arena *const arena = arena_new(BLOCK);
	uint8_t *const first = arena_octets(arena, PIECE);
	memset(first, 1, PIECE);
	while (arena_held(arena) <= (size_t)5 * MEMORY_LARGE)
		memset(arena_octets(arena, PIECE), 2, PIECE);
	assert_true(arena_held(arena) >= (size_t)6 * MEMORY_LARGE - 4096);
	assert_int_equal(first[PIECE - 1], 1);
	arena_reset(arena);
	memset(arena_octets(arena, PIECE), 3, PIECE);
	arena_free(arena);
}

#if defined(__SANITIZE_ADDRESS__)
static void overrun_within_an_arena_ends_the_program(void **state)
{
	(void)state;
	for (int which = 0; which < 4; which++) {
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(STDERR_FILENO);
			struct arena *const arena = arena_new(4096);
			volatile uint8_t *octets = arena_octets(arena, 13);
			arena_octets(arena, 13);
			if (which == 2)
				arena_reset(arena);
			if (which == 3) {
				octets = arena_reserve(arena, 100);
				arena_keep(arena, 13);
			}
			octets[which == 1 ? 12 : 13] = 1;
			_exit(0);
		}
		int how;
		assert_int_equal(waitpid(child, &how, 0), child);
		assert_int_equal(WIFEXITED(how) && WEXITSTATUS(how) == 0, which == 1);
	}
}
#endif

static void cleared_memory_is_clear_also_after_a_reset(void **state)
{
	(void)state;
	struct arena *const arena = arena_new(4096);
	for (int round = 0; round < 3; round++) {
		uint8_t *const octets = arena_calloc(arena, 100, 10);
		for (size_t i = 0; i < 1000; i++)
			assert_int_equal(octets[i], 0);
		memset(octets, 0xff, 1000);
		arena_reset(arena);
	}
	assert_int_equal(arena_held(arena), 4096);
	arena_free(arena);
}

static void strings_are_copied_and_terminated(void **state)
{
	(void)state;
	struct arena *const arena = arena_new(16);
	assert_string_equal(arena_strdup(arena, "zone"), "zone");
	assert_string_equal(arena_strndup(arena, "zonefile", 4), "zone");
	assert_string_equal(arena_strndup(arena, NULL, 0), "");
	assert_string_equal(arena_printf(arena, "%s %d", "serial", 2026112401), "serial 2026112401");
	arena_free(arena);
	arena_free(NULL);
}

static void overflow(int which)
{
	struct arena *const arena = arena_new(0);
	if (which == 0)
		arena_calloc(arena, SIZE_MAX / 2, 3);
	else if (which == 1)
		arena_alloc(arena, SIZE_MAX);
	else
		memory_resize(NULL, SIZE_MAX / 4, 8);
	_exit(0);
}

/* A product that wraps must not become a small piece of memory. */
static void impossible_sizes_end_the_program_as_an_internal_error(void **state)
{
	(void)state;
	for (int which = 0; which < 4; which++) {
		const pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(STDERR_FILENO);
			overflow(which);
		}
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), STATUS_INTERNAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_their_own),
		cmocka_unit_test(packed_octets_cost_no_padding),
		cmocka_unit_test(a_large_piece_does_not_end_the_block_in_use),
		cmocka_unit_test(what_is_reserved_is_taken_as_far_as_it_is_kept),
		cmocka_unit_test(an_arena_that_has_grown_takes_large_blocks),
#if defined(__SANITIZE_ADDRESS__)
		cmocka_unit_test(overrun_within_an_arena_ends_the_program),
#endif
		cmocka_unit_test(cleared_memory_is_clear_also_after_a_reset),
		cmocka_unit_test(strings_are_copied_and_terminated),
		cmocka_unit_test(impossible_sizes_end_the_program_as_an_internal_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
