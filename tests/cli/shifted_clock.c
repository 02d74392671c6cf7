/* SPDX-License-Identifier: MIT */
/* Preloaded into a program under test: its wall clock is ZONESEAL_SHIFT seconds ahead, or as many as the file
 * ZONESEAL_SHIFT_FILE says at that moment. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long shift(void)
{
	const char *const fixed = getenv("ZONESEAL_SHIFT");
	const char *const name = getenv("ZONESEAL_SHIFT_FILE");
	char text[32] = "";
	const int file = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return fixed == NULL ? 0 : strtol(fixed, NULL, 10);
	const ssize_t size = read(file, text, sizeof(text) - 1);
	close(file);
	return size <= 0 ? 0 : strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (syscall(SYS_clock_gettime, clock, out) != 0)
		return -1;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		out->tv_sec += shift();
	return 0;
}
