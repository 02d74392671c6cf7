/* SPDX-License-Identifier: MIT */
/*
 * Kills a program from outside, just before its n-th system call that changes something.
 *
 *   killer 0 PROGRAM ARGS...   runs it to its end and prints how many such calls it made
 *   killer N PROGRAM ARGS...   sends SIGKILL before the N-th; exit code 0 if it was killed, 3 if it ended before
 *
 * All threads are followed, child processes are not: they are what a killed run leaves behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = 0, TROUBLE = 1, ENDED = 3, SYSCALL_STOP = SIGTRAP | 0x80 };

static bool changes(const struct __ptrace_syscall_info *info)
{
	static const long always[] = {
		SYS_write,
		SYS_pwrite64,
		SYS_writev,
		SYS_fsync,
		SYS_fdatasync,
		SYS_renameat2,
		SYS_linkat,
		SYS_unlinkat,
		SYS_truncate,
		SYS_ftruncate,
		SYS_mkdirat,
		SYS_fchmod,
		SYS_fallocate,
		SYS_copy_file_range,
#ifdef SYS_rename
		SYS_rename,
		SYS_renameat,
		SYS_link,
		SYS_unlink,
		SYS_mkdir,
		SYS_chmod,
#endif
	};
	long number = (long)info->entry.nr;
	if (number == SYS_openat)
		return (info->entry.args[2] & (O_CREAT | O_TRUNC)) != 0;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (number == always[i])
			return true;
	return false;
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

/* Whether this stop is the entry into a call that changes something. */
static bool is_entry(pid_t thread, int status)
{
	struct __ptrace_syscall_info info;
	if (WSTOPSIG(status) != SYSCALL_STOP)
		return false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0)
		return false;
	return info.op == PTRACE_SYSCALL_INFO_ENTRY && changes(&info);
}

static int follow(pid_t child, long nth)
{
	long count = 0;
	int status;
	for (;;) {
		pid_t thread = waitpid(-1, &status, __WALL);
		if (thread < 0 && errno == EINTR)
			continue;
		if (thread < 0)
			return TROUBLE;
		if ((WIFEXITED(status) || WIFSIGNALED(status)) && thread == child)
			break;
		if (!WIFSTOPPED(status))
			continue;
		if (is_entry(thread, status) && ++count == nth) {
			kill(child, SIGKILL);
			while (waitpid(-1, &status, __WALL) > 0)
				;
			return KILLED;
		}
		ptrace(PTRACE_SYSCALL, thread, NULL, signal_of(status));
	}
	if (nth == 0)
		printf("%ld\n", count);
	return nth == 0 ? WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : TROUBLE : ENDED;
}

int main(int argc, char **argv)
{
	int status;
	if (argc < 3)
		return TROUBLE;
	pid_t child = fork();
	if (child == 0)
		become(argv + 2);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return TROUBLE;
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	if (ptrace(PTRACE_SETOPTIONS, child, NULL, options) != 0 || ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0)
		return TROUBLE;
	return follow(child, strtol(argv[1], NULL, 10));
}
