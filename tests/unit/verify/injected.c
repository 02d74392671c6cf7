/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the release build's zoneseal-verify: does behind the closed door what ZONESEAL_INJECT names, in the
 * main thread (ZONESEAL_INJECT_IN=0: right after the filter is loaded) or in the n-th thread that is started.
 * It stands in for a bug that lets a zone file run code; nothing of it is in an installed program.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int write_file(void)
{
	return open(getenv("ZONESEAL_INJECT_FILE"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int remove_file(void)
{
	return unlink(getenv("ZONESEAL_INJECT_FILE"));
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int run_program(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int make_process(void)
{
	return (int)fork();
}

static int trace_parent(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int kill_parent(void)
{
	return kill(getppid(), 0);
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{ "open", open_file },
	{ "write", write_file },
	{ "remove", remove_file },
	{ "socket", make_socket },
	{ "exec", run_program },
	{ "fork", make_process },
	{ "ptrace", trace_parent },
	{ "kill", kill_parent },
};

static void inject(void)
{
	const char *const wanted = getenv("ZONESEAL_INJECT");
	for (size_t i = 0; wanted != NULL && i < sizeof(calls) / sizeof(*calls); i++) {
		if (strcmp(calls[i].name, wanted) != 0)
			continue;
		dprintf(STDERR_FILENO, "injected %s\n", wanted);
		const int got = calls[i].call();
		const int number = errno;
		dprintf(STDERR_FILENO, "%s\n",
		    got >= 0                              ? "it worked"
		    : number == EPERM || number == EACCES ? "refused"
							  : "odd");
	}
}

static int wanted_thread(void)
{
	const char *const text = getenv("ZONESEAL_INJECT_IN");
	return text == NULL ? -1 : (int)strtol(text, NULL, 10);
}

typedef int load_function(void *);

int seccomp_load(void *filter);

int seccomp_load(void *filter)
{
	load_function *real;
	*(void **)&real = dlsym(RTLD_NEXT, "seccomp_load");
	const int failed = real(filter);
	if (wanted_thread() == 0)
		inject();
	return failed;
}

struct start {
	void *(*routine)(void *);
	void *argument;
};

static void *start_injected(void *argument)
{
	const struct start start = *(struct start *)argument;
	free(argument);
	inject();
	return start.routine(start.argument);
}

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument)
{
	static atomic_int started;
	create_function *real;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	if (atomic_fetch_add(&started, 1) + 1 != wanted_thread())
		return real(thread, attributes, routine, argument);
	struct start *const start = malloc(sizeof(*start));
	if (start == NULL)
		return EAGAIN;
	*start = (struct start){ routine, argument };
	return real(thread, attributes, start_injected, start);
}
