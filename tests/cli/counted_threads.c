/* SPDX-License-Identifier: MIT */
/* Preloaded into a program under test: says in the file ZONESEAL_THREADS how many threads were alive at once at most.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int alive = 1;
static atomic_int most = 1;

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int join_function(pthread_t, void **);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
	create_function *real;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	const int failed = real(thread, attributes, start, argument);
	if (failed == 0) {
		const int now = atomic_fetch_add(&alive, 1) + 1;
		if (now > atomic_load(&most)) /* one thread starts all others */
			atomic_store(&most, now);
	}
	return failed;
}

int pthread_join(pthread_t thread, void **result)
{
	join_function *real;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_join");
	atomic_fetch_sub(&alive, 1);
	return real(thread, result);
}

static void __attribute__((destructor)) tell(void)
{
	const char *const path = getenv("ZONESEAL_THREADS");
	FILE *const file = path == NULL ? NULL : fopen(path, "we");
	if (file == NULL)
		return;
	fprintf(file, "%d\n", atomic_load(&most));
	fclose(file);
}
