/* SPDX-License-Identifier: MIT */
#include "signer/engine/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The exit code of a child that could not execute its program. */
enum { NOT_STARTED = 127, FIRST_PASSED = 3, PARKED = 400, ENDED_MOST = 64 };

struct pipes {
	int output[2], errors[2];
};

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
}

static void set_limit(__rlimit_resource_t resource, rlim_t most)
{
	const struct rlimit limit = { most, most };
	(void)setrlimit(resource, &limit);
}

/* Moves the wanted descriptors out of the way first, so that no move overwrites another's source. */
static bool place_descriptors(const struct process *process, const struct pipes *pipes)
{
	int wanted[FIRST_PASSED + PROCESS_PASSED];
	int count = FIRST_PASSED;
	wanted[0] = process->input >= 0 ? process->input : open("/dev/null", O_RDONLY);
	wanted[1] = pipes->output[1];
	wanted[2] = pipes->errors[1];
	for (int i = 0; i < PROCESS_PASSED && process->passed[i] >= 0; i++)
		wanted[count++] = process->passed[i];
	for (int i = 0; i < count; i++) {
		wanted[i] = fcntl(wanted[i], F_DUPFD, PARKED);
		if (wanted[i] < 0)
			return false;
	}
	for (int i = 0; i < count; i++)
		if (dup2(wanted[i], i) < 0)
			return false;
	return close_range((unsigned)count, ~0U, 0) == 0;
}

/* In the child, between fork and exec: only calls that are safe there. */
static void become(const struct process *process, const struct pipes *pipes, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(NOT_STARTED);
	reset_signals();
	/* A group of its own, so that what it starts can be ended with it. */
	(void)setpgid(0, 0);
	set_limit(RLIMIT_CORE, 0);
	if (process->may_write)
		umask(022);
#ifndef __SANITIZE_THREAD__ /* its runtime makes a file for itself */
	if (!process->may_write)
		set_limit(RLIMIT_FSIZE, process->most_file);
#endif
	if (!place_descriptors(process, pipes))
		_exit(NOT_STARTED);
	if (chdir(process->folder != NULL ? process->folder : "/") != 0)
		_exit(NOT_STARTED);
	execve(process->path, process->argv, process->environment);
	_exit(NOT_STARTED);
}

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A buffer that stops growing at `most`; what is more is dropped, or is too much. */
struct sink {
	char *data;
	size_t size, most;
	bool drop, overflow;
};

/* Reads what is there; false at the end of the pipe. */
static bool drain(int file, struct sink *sink)
{
	char piece[16384];
	ssize_t size = read(file, piece, sizeof(piece));
	if (size < 0)
		return errno == EINTR || errno == EAGAIN;
	if (size == 0)
		return false;
	size_t room = sink->most - sink->size;
	size_t taken = (size_t)size < room ? (size_t)size : room;
	sink->overflow = sink->overflow || (taken < (size_t)size && !sink->drop);
	sink->data = memory_resize(sink->data, sink->size + taken + 1, 1);
	memcpy(sink->data + sink->size, piece, taken);
	sink->size += taken;
	sink->data[sink->size] = '\0';
	return true;
}

static bool has_ended(pid_t child)
{
	siginfo_t info = { 0 };
	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

/* Collects both pipes until they end, time is up, or stdout says too much. What a child has left running may hold the
 * pipes open for ever: once the child itself has ended, only what is there already is read. */
static void collect(pid_t child, struct pipes *pipes, int64_t deadline, struct sink sinks[2], bool *timed_out)
{
	struct pollfd polls[2] = { { .fd = pipes->output[0], .events = POLLIN },
		{ .fd = pipes->errors[0], .events = POLLIN } };
	while (polls[0].fd >= 0 || polls[1].fd >= 0) {
		const bool ended = has_ended(child);
		const int64_t left = deadline - milliseconds();
		if (left <= 0 && !ended) {
			*timed_out = true;
			return;
		}
		int ready = poll(polls, 2, ended ? 0 : left > 100 ? 100 : (int)left);
		if ((ready < 0 && errno != EINTR) || (ended && ready == 0))
			return;
		for (int i = 0; ready > 0 && i < 2; i++)
			if (polls[i].revents != 0 && !drain(polls[i].fd, &sinks[i]))
				polls[i].fd = -1;
		if (sinks[0].overflow || (ended && left <= 0))
			return;
	}
}

/* The child may not have made its group yet. */
static void kill_group(pid_t child)
{
	(void)kill(child, SIGKILL);
	(void)kill(-child, SIGKILL);
}

/* The children to end with us: those that run now and may have started others. The process has one such list as it has
 * one list of children; a number leaves it before anybody waits for its child, so that it is nobody else's. */
static struct {
	pthread_mutex_t lock;
	pid_t all[ENDED_MOST];
} to_end = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void put_listed(pid_t from, pid_t to)
{
	for (size_t i = 0; i < ENDED_MOST; i++)
		if (to_end.all[i] == from) {
			to_end.all[i] = to;
			return;
		}
}

/* No child runs that is to be listed and is not: who ends all waits for this. */
static pid_t fork_listed(bool end_group)
{
	pthread_mutex_lock(&to_end.lock);
	const pid_t child = fork();
	if (child == 0)
		return 0;
	if (child > 0 && end_group)
		put_listed(0, child);
	pthread_mutex_unlock(&to_end.lock);
	return child;
}

static void unlist(pid_t child)
{
	pthread_mutex_lock(&to_end.lock);
	put_listed(child, 0);
	pthread_mutex_unlock(&to_end.lock);
}

void process_end_all(void)
{
	pthread_mutex_lock(&to_end.lock);
	for (size_t i = 0; i < ENDED_MOST; i++)
		if (to_end.all[i] > 0)
			kill_group(to_end.all[i]);
	pthread_mutex_unlock(&to_end.lock);
}

/* Waits for the child until the deadline, then kills it and all that it started. */
static void reap(pid_t child, int64_t deadline, bool kill_now, bool end_group, struct process_result *result)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000000L };
	int how = 0;
	if (kill_now)
		kill_group(child);
	for (;;) {
		/* As long as nobody has waited for the child, no other group can have its number. */
		const bool wait_later = end_group && !kill_now && !has_ended(child);
		if (end_group && !wait_later) {
			unlist(child);
			(void)kill(-child, SIGKILL);
		}
		pid_t got = wait_later ? 0 : waitpid(child, &how, kill_now ? 0 : WNOHANG);
		if (got == child)
			break;
		if (got < 0 && errno != EINTR)
			return;
		if (!kill_now && milliseconds() >= deadline) {
			result->timed_out = true;
			kill_now = true;
			kill_group(child);
		} else if (!kill_now) {
			nanosleep(&pause, NULL);
		}
	}
	if (WIFEXITED(how))
		result->exit_code = WEXITSTATUS(how);
	else
		result->signal = WTERMSIG(how);
}

/* Copied octet by octet: a NUL in the middle ends nothing. */
static char *to_arena(struct arena *mem, struct sink *sink)
{
	char *out = arena_alloc(mem, sink->size + 1);
	if (sink->size > 0)
		memcpy(out, sink->data, sink->size);
	out[sink->size] = '\0';
	free(sink->data);
	return out;
}

static void follow(
    const struct process *process, pid_t child, struct pipes *pipes, struct arena *mem, struct process_result *result)
{
	struct sink sinks[2] = { { .most = process->most_output, .drop = process->drop_output },
		{ .most = process->most_errors, .drop = true } };
	int64_t deadline = milliseconds() + process->timeout.seconds * 1000;
	close(pipes->output[1]);
	close(pipes->errors[1]);
	pipes->output[1] = pipes->errors[1] = -1;
	collect(child, pipes, deadline, sinks, &result->timed_out);
	result->overflow = sinks[0].overflow;
	reap(child, deadline, result->timed_out || result->overflow, process->end_group, result);
	result->not_started = result->exit_code == NOT_STARTED && sinks[0].size == 0;
	result->output_size = sinks[0].size;
	result->output = to_arena(mem, &sinks[0]);
	result->errors = to_arena(mem, &sinks[1]);
}

enum status process_run(
    const struct process *process, struct arena *mem, struct process_result *result, struct error *err)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 } };
	enum status status = STATUS_OK;
	*result = (struct process_result){ .exit_code = -1, .output = "", .errors = "" };
	if (pipe2(pipes.output, O_CLOEXEC) != 0 || pipe2(pipes.errors, O_CLOEXEC) != 0) {
		status = error_set_errno(err, "%s: pipe", process->path);
		goto done;
	}
	pid_t parent = getpid();
	pid_t child = fork_listed(process->end_group);
	if (child < 0) {
		status = error_set_errno(err, "%s: fork", process->path);
		goto done;
	}
	if (child == 0)
		become(process, &pipes, parent);
	follow(process, child, &pipes, mem, result);
done:
	close_pair(pipes.output);
	close_pair(pipes.errors);
	return status;
}

char *process_ending(const struct process *process, const struct process_result *result, struct arena *mem)
{
	if (result->timed_out)
		return arena_printf(mem, "timed out after %llds", (long long)process->timeout.seconds);
	if (result->overflow)
		return arena_printf(mem, "wrote more than %zu octets", process->most_output);
	if (result->signal != 0)
		return arena_printf(mem, "killed by signal %d", result->signal);
	if (result->not_started)
		return arena_printf(mem, "%s could not be started", process->path);
	return arena_printf(mem, "exit code %d", result->exit_code);
}
