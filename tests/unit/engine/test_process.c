/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signer/engine/process.h"
#include "signer/engine/signals.h"

static void run_shell(const char *script, bool hook, int seconds, struct arena *mem, struct process_result *result)
{
	char *const argv[] = { "/bin/sh", "-c", arena_strdup(mem, script), NULL };
	char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	const struct process process = { .path = argv[0],
		.argv = argv,
		.environment = environment,
		.input = -1,
		.passed = { -1 },
		.may_write = hook,
		.timeout = { seconds },
		.most_output = 1000,
		.drop_output = hook,
		.most_errors = 1000 };
	struct error err;
	assert_int_equal(process_run(&process, mem, result, &err), STATUS_OK);
}

static void a_hook_may_say_much_and_goes_on(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	struct process_result result;
	run_shell("yes | head -c 200000; exit 3", true, 60, mem, &result);
	assert_int_equal(result.exit_code, 3);
	assert_false(result.overflow);
	assert_int_equal(result.output_size, 1000);
	arena_free(mem);
}

static void a_verifier_that_says_too_much_is_killed(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	struct process_result result;
	run_shell("yes", false, 60, mem, &result);
	assert_true(result.overflow);
	assert_int_equal(result.signal, SIGKILL);
	arena_free(mem);
}

static void what_a_hook_leaves_running_is_not_waited_for(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	struct process_result result;
	struct timespec before;
	struct timespec after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	run_shell("sleep 50 & echo $!; exit 3", true, 60, mem, &result);
	clock_gettime(CLOCK_MONOTONIC, &after);
	const pid_t left = (pid_t)strtol(result.output, NULL, 10);
	assert_true(left > 1);
	kill(left, SIGKILL);
	assert_int_equal(result.exit_code, 3);
	assert_false(result.timed_out);
	assert_true(after.tv_sec - before.tv_sec < 40);
	arena_free(mem);
}

static bool is_gone(pid_t process)
{
	for (int i = 0; i < 1000; i++) {
		if (kill(process, 0) != 0)
			return true;
		/* An orphan that is dead waits for its new parent to take note of it. */
		char path[64];
		char text[256] = "";
		snprintf(path, sizeof(path), "/proc/%ld/stat", (long)process);
		FILE *const file = fopen(path, "r");
		if (file != NULL) {
			if (fgets(text, sizeof(text), file) == NULL)
				text[0] = '\0';
			fclose(file);
		}
		if (strstr(text, ") Z") != NULL)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static void time_up_ends_what_a_hook_has_started_too(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	struct process_result result;
	run_shell("sleep 500 & echo $!; wait", true, 1, mem, &result);
	assert_true(result.timed_out);
	const pid_t left = (pid_t)strtol(result.output, NULL, 10);
	assert_true(left > 1);
	assert_true(is_gone(left));
	arena_free(mem);
}

static void what_a_hook_makes_others_can_read(void **state)
{
	(void)state;
	struct arena *mem = arena_new(0);
	struct process_result result;
	const mode_t before = umask(077);
	run_shell("umask", true, 60, mem, &result);
	umask(before);
	assert_string_equal(result.output, "0022\n");
	arena_free(mem);
}

/* What the child is handed to write grows to that size and no further. */
static void a_verifier_fills_no_disk(void **state)
{
	static const struct {
		const char *script;
		uint64_t most;
		off_t size;
		int signal;
	} cases[] = { { "printf 12345 >&3", 0, 0, SIGXFSZ }, { "printf 12345 >&3", 3, 3, SIGXFSZ },
		{ "printf 12345 >&3", 5, 5, 0 }, { "printf 12345 | cat", 0, 0, 0 } };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *mem = arena_new(0);
		char *const argv[] = { "/bin/sh", "-c", arena_strdup(mem, cases[i].script), NULL };
		char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
		struct process_result result;
		struct error err;
		struct stat at;
		FILE *const file = tmpfile();
		assert_non_null(file);
		const struct process process = { .path = argv[0],
			.argv = argv,
			.environment = environment,
			.input = -1,
			.passed = { fileno(file), -1 },
			.most_file = cases[i].most,
			.timeout = { 60 },
			.most_output = 1000,
			.most_errors = 1000 };
		assert_int_equal(process_run(&process, mem, &result, &err), STATUS_OK);
		assert_int_equal(fstat(fileno(file), &at), 0);
#ifndef __SANITIZE_THREAD__
		assert_int_equal(at.st_size, cases[i].size);
		assert_int_equal(result.signal, cases[i].signal);
#endif
		fclose(file);
		arena_free(mem);
	}
}

/* A program that says that it runs, and ends by itself, with 7, when it may. */
struct running {
	char folder[40];
	bool end_group;
	struct process_result result;
	struct arena *mem;
};

static void *run_until_it_may_end(void *context)
{
	struct running *const running = context;
	char *const argv[] = { "/bin/sh", "-c", ">begun; while [ ! -e go ]; do sleep 0.01; done; exit 7", NULL };
	char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	const struct process process = { .path = argv[0],
		.argv = argv,
		.environment = environment,
		.input = -1,
		.folder = running->folder,
		.passed = { -1 },
		.may_write = true,
		.end_group = running->end_group,
		.timeout = { 60 },
		.most_output = 1000,
		.most_errors = 1000 };
	struct error err;
	return process_run(&process, running->mem, &running->result, &err) == STATUS_OK ? running : NULL;
}

/* What a verifier of the policy is; a publish hook is to end what it does. */
static void those_whose_group_ends_with_them_end_with_us(void **state)
{
	(void)state;
	for (int end_group = 0; end_group < 2; end_group++) {
		struct running running = {
			.folder = "/tmp/zoneseal-process-XXXXXX", .end_group = end_group == 1, .mem = arena_new(0)
		};
		char begun[64], go[64];
		pthread_t thread;
		void *ran = NULL;
		assert_non_null(mkdtemp(running.folder));
		snprintf(begun, sizeof(begun), "%s/begun", running.folder);
		snprintf(go, sizeof(go), "%s/go", running.folder);
		assert_int_equal(pthread_create(&thread, NULL, run_until_it_may_end, &running), 0);
		while (access(begun, F_OK) != 0)
			(void)poll(NULL, 0, 1);
		process_end_all();
		assert_int_equal(mkdir(go, 0700), 0);
		assert_int_equal(pthread_join(thread, &ran), 0);
		assert_ptr_equal(ran, &running);
		assert_int_equal(running.result.signal, end_group == 1 ? SIGKILL : 0);
		assert_int_equal(running.result.exit_code, end_group == 1 ? -1 : 7);
		assert_int_equal(rmdir(go), 0);
		assert_int_equal(unlink(begun), 0);
		assert_int_equal(rmdir(running.folder), 0);
		arena_free(running.mem);
	}
}

/* As one that a shell left to the program that it became. */
static void children_of_others_are_left_alone(void **state)
{
	(void)state;
	const pid_t child = fork();
	if (child == 0) {
		(void)poll(NULL, 0, 60000);
		_exit(0);
	}
	assert_true(child > 0);
	process_end_all();
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	assert_int_equal(kill(child, SIGTERM), 0);
	int how = 0;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
	assert_int_equal(WTERMSIG(how), SIGTERM);
}

struct last_words {
	int told[2], passed[2];
};

/* By the thread that waits for signals: from here on the process has a moment to live. */
static void linger(void *context, int number)
{
	const struct last_words *const words = context;
	(void)number;
	if (write(words->told[1], "n", 1) == 1)
		(void)poll(NULL, 0, 100);
}

static void go_on_after_a_child(const struct last_words *words)
{
	struct signals *signals = NULL;
	struct error err;
	char octet;
	if (signals_watch(linger, (void *)words, &signals, &err) != STATUS_OK)
		_exit(1);
	signals_pass(signals);
	signals_hold(signals);
	signals_guard(signals, NULL);
	(void)kill(getpid(), SIGTERM);
	if (read(words->told[0], &octet, 1) != 1)
		_exit(1);
	signals_pass(signals);
	_exit(write(words->passed[1], "p", 1) == 1 ? 0 : 1);
}

static void nobody_concludes_anything_while_a_signal_ends_the_process(void **state)
{
	struct last_words words;
	char octet;
	int how = 0;
	(void)state;
	assert_int_equal(pipe(words.told), 0);
	assert_int_equal(pipe(words.passed), 0);
	const pid_t child = fork();
	if (child == 0)
		go_on_after_a_child(&words);
	assert_true(child > 0);
	close(words.passed[1]);
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
	assert_int_equal(WTERMSIG(how), SIGTERM);
	assert_int_equal(read(words.passed[0], &octet, 1), 0);
	close(words.passed[0]);
	close(words.told[0]);
	close(words.told[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hook_may_say_much_and_goes_on),
		cmocka_unit_test(a_verifier_that_says_too_much_is_killed),
		cmocka_unit_test(those_whose_group_ends_with_them_end_with_us),
		cmocka_unit_test(children_of_others_are_left_alone),
		cmocka_unit_test(nobody_concludes_anything_while_a_signal_ends_the_process),
		cmocka_unit_test(what_a_hook_leaves_running_is_not_waited_for),
		cmocka_unit_test(time_up_ends_what_a_hook_has_started_too),
		cmocka_unit_test(what_a_hook_makes_others_can_read),
		cmocka_unit_test(a_verifier_fills_no_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
