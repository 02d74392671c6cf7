/* SPDX-License-Identifier: MIT */
#include "signer/base/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signer/base/workers.h"

/* Each attempt runs in a child behind the closed door. It returns 0 if things are as they should be. */
typedef int attempt_call(void);

enum { AS_IT_SHOULD_BE = 0, KILLED = -SIGSYS };

static int opens_nothing(void)
{
	const char *const paths[] = { "/etc/passwd", "/dev/null", "/tmp/zoneseal-sandbox", "/proc/self/maps", "." };
	for (size_t i = 0; i < COUNT(paths); i++) {
		if (open(paths[i], O_RDONLY) >= 0 || (errno != EPERM && errno != EACCES))
			return 1;
		if (open(paths[i], O_WRONLY | O_CREAT, 0600) >= 0)
			return 2;
	}
	return 0;
}

static int renames_and_removes_nothing(void)
{
	return unlink("/tmp/x") == 0 || errno != EPERM || rename("/tmp/x", "/tmp/y") == 0 || errno != EPERM ||
	       mkdir("/tmp/x", 0700) == 0 || errno != EPERM;
}

static int opens_no_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 2;
}

static int runs_no_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int forks_no_process(void)
{
	const pid_t child = fork();
	return child < 0 && errno == EPERM ? 0 : 1;
}

static int traces_nobody(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 1 : 2;
}

static int makes_no_code(void)
{
	void *const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 1;
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EPERM)
		return 2;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int kills_nobody_else(void)
{
	return kill(getppid(), 0) == 0 || errno != EPERM;
}

static int types_into_no_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x") == 0 || errno != EPERM;
}

static enum status hash_range(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	uint8_t(*const slots)[64] = context;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++) {
		uint8_t *const data = malloc(100000);
		if (data == NULL)
			return STATUS_INTERNAL;
		memset(data, (int)i, 100000);
		const bool done = EVP_Digest(data, 100000, slots[i], NULL, EVP_sha384(), NULL) == 1;
		free(data);
		if (!done)
			return STATUS_INTERNAL;
	}
	return STATUS_OK;
}

static int computes_with_threads(void)
{
	static uint8_t slots[64][64];
	struct error err;
	if (workers_run(4, 64, 1, hash_range, slots, &err) != STATUS_OK)
		return 1;
	return memcmp(slots[0], slots[1], sizeof(slots[0])) == 0;
}

static int makes_and_verifies_signatures(void)
{
	static const uint8_t data[] = "octets";
	uint8_t signature[256];
	size_t size = sizeof(signature);
	int failed = 1;
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	EVP_PKEY *const key = EVP_EC_gen("P-256");
	if (key == NULL || context == NULL)
		goto done;
	if (EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestSign(context, signature, &size, data, sizeof(data)) != 1)
		goto done;
	EVP_MD_CTX_reset(context);
	if (EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestVerify(context, signature, size, data, sizeof(data)) != 1)
		goto done;
	failed = 0;
done:
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(context);
	return failed;
}

static int uses_what_is_open(void)
{
	/* The parent left a file with four octets at descriptor 0 and one to write to at 1. */
	char got[8];
	struct stat at;
	if (fstat(0, &at) != 0 || at.st_size != 4)
		return 1;
	if (pread(0, got, sizeof(got), 0) != 4 || memcmp(got, "abcd", 4) != 0)
		return 2;
	const void *const map = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, 0, 0);
	if (map == MAP_FAILED || memcmp(map, "abcd", 4) != 0)
		return 3;
	return printf("text\n") != 5 || fflush(stdout) != 0;
}

static int aborts_with_its_own_signal(void)
{
	abort();
}

static const struct {
	const char *title;
	attempt_call *attempt;
	int ends; /* exit status, or minus the signal */
} rows[] = {
	{ "opens no file", opens_nothing, AS_IT_SHOULD_BE },
	{ "renames and removes nothing", renames_and_removes_nothing, AS_IT_SHOULD_BE },
	{ "a socket ends the process", opens_no_socket, KILLED },
	{ "exec ends the process", runs_no_program, KILLED },
	{ "forks no process", forks_no_process, AS_IT_SHOULD_BE },
	{ "ptrace ends the process", traces_nobody, KILLED },
	{ "makes no memory executable", makes_no_code, AS_IT_SHOULD_BE },
	{ "signals nobody else", kills_nobody_else, AS_IT_SHOULD_BE },
	{ "types into no terminal", types_into_no_terminal, AS_IT_SHOULD_BE },
	{ "computes with threads", computes_with_threads, AS_IT_SHOULD_BE },
	{ "makes and verifies signatures", makes_and_verifies_signatures, AS_IT_SHOULD_BE },
	{ "reads, maps and writes what is open", uses_what_is_open, AS_IT_SHOULD_BE },
	{ "abort works", aborts_with_its_own_signal, -SIGABRT },
};

static void child(attempt_call *attempt, int input, int output)
{
	struct sandbox sandbox;
	struct error err;
	dup2(input, 0);
	dup2(output, 1);
	sandbox_no_core();
	if (sandbox_enter(&sandbox, &err) != STATUS_OK) {
		fprintf(stderr, "%s\n", err.message);
		_exit(99);
	}
	_exit(attempt());
}

static int run(attempt_call *attempt)
{
	char path[] = "/tmp/zoneseal-sandbox-XXXXXX";
	const int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, "abcd", 4), 4);
	unlink(path);
	const int output = open("/dev/null", O_WRONLY);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(attempt, file, output);
	close(file);
	close(output);
	int how;
	assert_int_equal(waitpid(pid, &how, 0), pid);
	return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

static void closed_door_holds(void **state)
{
	(void)state;
	const struct sandbox reach = sandbox_probe();
	if (reach.instrumented) {
		/* Nothing is closed in this build; then it has to say so, and all computing still works. */
		assert_false(reach.seccomp);
		assert_int_equal(reach.landlock_abi, 0);
		assert_int_equal(run(computes_with_threads), 0);
		assert_int_equal(run(makes_and_verifies_signatures), 0);
		return;
	}
	assert_true(reach.seccomp);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int ended = run(rows[i].attempt);
		if (ended != rows[i].ends)
			fail_msg("%s: ended with %d, not %d", rows[i].title, ended, rows[i].ends);
	}
}

static void probe_closes_nothing(void **state)
{
	(void)state;
	sandbox_probe();
	const int file = open("/dev/null", O_RDONLY);
	assert_true(file >= 0);
	close(file);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

static void program_with_keys_leaves_no_core(void **state)
{
	(void)state;
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit limit;
		sandbox_no_core();
		_exit(getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0 ||
		      prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0);
	}
	int how;
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_door_holds),
		cmocka_unit_test(probe_closes_nothing),
		cmocka_unit_test(program_with_keys_leaves_no_core),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
