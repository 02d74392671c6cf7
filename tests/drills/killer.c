/* SPDX-License-Identifier: MIT */
/*
 * Kills a program from outside, or lets a system call fail, just before its n-th call that changes something.
 *
 *   killer 0 PROGRAM ARGS...       runs it to its end and prints how many such calls it made
 *   killer list PROGRAM ARGS...    the same, and before that a line for each call: its name and what it is about
 *   killer N PROGRAM ARGS...       sends SIGKILL before the N-th; exit code 0 if it was killed, 3 if it ended before
 *   killer term:N PROGRAM ARGS...  sends SIGTERM before the N-th, and lets it end as it likes; exit code as for SIGKILL
 *   killer fail:N PROGRAM ARGS...  the N-th is not made and fails with EIO; the program's exit code, or 99 if it ended
 *                                  before
 *
 * All threads are followed, child processes are not: they are what a killed run leaves behind.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = 0, TROUBLE = 1, ENDED = 3, NOT_REACHED = 99, SYSCALL_STOP = SIGTRAP | 0x80, PIECE = 256 };

enum mode { COUNT_CALLS, LIST_CALLS, KILL_BEFORE, TERM_BEFORE, FAIL_CALL };

/* A call that changes something; `path` is the argument that names what, -1 if the first argument is a descriptor. */
struct call {
	const char *name;
	long number;
	int path;
};

static const struct call calls[] = {
	{ "write", SYS_write, -1 },
	{ "pwrite64", SYS_pwrite64, -1 },
	{ "writev", SYS_writev, -1 },
	{ "fsync", SYS_fsync, -1 },
	{ "fdatasync", SYS_fdatasync, -1 },
	{ "renameat2", SYS_renameat2, 3 },
	{ "renameat", SYS_renameat, 3 },
	{ "linkat", SYS_linkat, 3 },
	{ "unlinkat", SYS_unlinkat, 1 },
	{ "truncate", SYS_truncate, 0 },
	{ "ftruncate", SYS_ftruncate, -1 },
	{ "mkdirat", SYS_mkdirat, 1 },
	{ "fchmod", SYS_fchmod, -1 },
	{ "fallocate", SYS_fallocate, -1 },
	{ "copy_file_range", SYS_copy_file_range, -1 },
	{ "openat", SYS_openat, 1 },
#ifdef SYS_rename
	{ "rename", SYS_rename, 1 },
	{ "link", SYS_link, 1 },
	{ "unlink", SYS_unlink, 0 },
	{ "mkdir", SYS_mkdir, 0 },
	{ "chmod", SYS_chmod, 0 },
#endif
};

struct tracer {
	enum mode mode;
	long nth, count;
	pid_t child;
	pid_t failing; /* the thread whose call is to return with an error */
};

static const struct call *find(const struct __ptrace_syscall_info *info)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if ((long)info->entry.nr != calls[i].number)
			continue;
		bool looks = calls[i].number == SYS_openat && (info->entry.args[2] & (O_CREAT | O_TRUNC)) == 0;
		return looks ? NULL : &calls[i];
	}
	return NULL;
}

/* Piece by piece, none across two pages: what lies behind the text may be no memory of the thread's. */
static void read_text(pid_t thread, uintptr_t at, char *text, size_t capacity)
{
	size_t size = 0;
	for (ssize_t got = 1; got > 0 && size + 1 < capacity && memchr(text, '\0', size) == NULL;
	     size += got > 0 ? (size_t)got : 0) {
		size_t rest = PIECE - (at + size) % PIECE, room = capacity - 1 - size;
		struct iovec here = { text + size, rest < room ? rest : room },
			     there = { (void *)(at + size), here.iov_len };
		got = process_vm_readv(thread, &here, 1, &there, 1, 0);
	}
	text[size] = '\0';
}

/* "fsync /tmp/x/state": the file behind the descriptor, or the path as the program wrote it. */
static void show(pid_t thread, const struct call *call, const struct __ptrace_syscall_info *info)
{
	char what[512] = "", link[64];
	if (call->path < 0) {
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)thread, (int)info->entry.args[0]);
		ssize_t size = readlink(link, what, sizeof(what) - 1);
		what[size > 0 ? size : 0] = '\0';
	} else {
		read_text(thread, (uintptr_t)info->entry.args[call->path], what, sizeof(what));
	}
	printf("%s %s\n", call->name, what);
	fflush(stdout);
}

/* At the entry: the kernel finds no call of this number. At the exit: the program sees `result` as what came of it. */
static bool set_call(pid_t thread, bool entry, long result)
{
#if defined(__x86_64__)
	struct user_regs_struct registers;
	struct iovec io = { &registers, sizeof(registers) };
	if (ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &io) != 0)
		return false;
	if (entry)
		registers.orig_rax = (unsigned long long)-1;
	else
		registers.rax = (unsigned long long)result;
	return ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &io) == 0;
#elif defined(__aarch64__)
	struct user_regs_struct registers;
	int number = -1;
	struct iovec io = { &registers, sizeof(registers) }, call = { &number, sizeof(number) };
	if (entry)
		return ptrace(PTRACE_SETREGSET, thread, (void *)NT_ARM_SYSTEM_CALL, &call) == 0;
	if (ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &io) != 0)
		return false;
	registers.regs[0] = (unsigned long long)result;
	return ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &io) == 0;
#else
#error "how is the result of a system call set here?"
#endif
}

static void become(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(TROUBLE);
	raise(SIGSTOP);
	execv(argv[0], argv);
	_exit(TROUBLE);
}

/* The signal to hand on when a thread goes on. */
static long signal_of(int status)
{
	int number = WSTOPSIG(status);
	bool ours = number == SYSCALL_STOP || number == SIGTRAP || number == SIGSTOP || (status >> 16) != 0;
	return ours ? 0 : number;
}

/* A thread has stopped. False if the program is to be killed now. */
static bool look(struct tracer *tracer, pid_t thread, int status)
{
	struct __ptrace_syscall_info info;
	if (WSTOPSIG(status) != SYSCALL_STOP || ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0)
		return true;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread == tracer->failing) {
		tracer->failing = 0;
		return set_call(thread, false, -EIO);
	}
	const struct call *call = info.op == PTRACE_SYSCALL_INFO_ENTRY ? find(&info) : NULL;
	if (call == NULL)
		return true;
	bool reached = ++tracer->count == tracer->nth;
	if (tracer->mode == LIST_CALLS || (tracer->mode == FAIL_CALL && reached))
		show(thread, call, &info);
	if (tracer->mode == TERM_BEFORE && reached)
		kill(tracer->child, SIGTERM);
	if (tracer->mode == FAIL_CALL && reached) {
		tracer->failing = thread;
		return set_call(thread, true, 0);
	}
	return !(tracer->mode == KILL_BEFORE && reached);
}

static int outcome(const struct tracer *tracer, int status)
{
	if (tracer->mode == KILL_BEFORE)
		return ENDED;
	if (tracer->mode == TERM_BEFORE)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? KILLED : ENDED;
	if (tracer->mode == FAIL_CALL && tracer->count < tracer->nth)
		return NOT_REACHED;
	if (tracer->mode == FAIL_CALL)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("%ld\n", tracer->count);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : TROUBLE;
}

static int follow(struct tracer *tracer)
{
	int status;
	for (;;) {
		pid_t thread = waitpid(-1, &status, __WALL);
		if (thread < 0 && errno == EINTR)
			continue;
		if (thread < 0)
			return TROUBLE;
		if ((WIFEXITED(status) || WIFSIGNALED(status)) && thread == tracer->child)
			return outcome(tracer, status);
		if (!WIFSTOPPED(status))
			continue;
		if (!look(tracer, thread, status)) {
			kill(tracer->child, SIGKILL);
			while (waitpid(-1, &status, __WALL) > 0)
				;
			return tracer->mode == KILL_BEFORE ? KILLED : TROUBLE;
		}
		ptrace(PTRACE_SYSCALL, thread, NULL, signal_of(status));
	}
}

static struct tracer tracer_of(const char *word)
{
	if (strcmp(word, "list") == 0)
		return (struct tracer){ .mode = LIST_CALLS };
	if (strncmp(word, "fail:", 5) == 0)
		return (struct tracer){ .mode = FAIL_CALL, .nth = strtol(word + 5, NULL, 10) };
	if (strncmp(word, "term:", 5) == 0)
		return (struct tracer){ .mode = TERM_BEFORE, .nth = strtol(word + 5, NULL, 10) };
	long nth = strtol(word, NULL, 10);
	return (struct tracer){ .mode = nth == 0 ? COUNT_CALLS : KILL_BEFORE, .nth = nth };
}

int main(int argc, char **argv)
{
	int status;
	if (argc < 3)
		return TROUBLE;
	struct tracer tracer = tracer_of(argv[1]);
	tracer.child = fork();
	if (tracer.child == 0)
		become(argv + 2);
	if (tracer.child < 0 || waitpid(tracer.child, &status, 0) != tracer.child)
		return TROUBLE;
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	if (ptrace(PTRACE_SETOPTIONS, tracer.child, NULL, options) != 0 ||
	    ptrace(PTRACE_SYSCALL, tracer.child, NULL, NULL) != 0)
		return TROUBLE;
	return follow(&tracer);
}
