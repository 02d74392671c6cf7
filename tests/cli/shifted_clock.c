/* SPDX-License-Identifier: MIT */
/* Preloaded into a program under test: its wall clock is ZONESEAL_SHIFT seconds ahead. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (syscall(SYS_clock_gettime, clock, out) != 0)
		return -1;
	const char *const shift = getenv("ZONESEAL_SHIFT");
	if ((clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) && shift != NULL)
		out->tv_sec += strtol(shift, NULL, 10);
	return 0;
}
