/* SPDX-License-Identifier: MIT */
/* Preloaded into a traced program: it stays readable for the tracer, which an unprivileged one needs to see the paths
 * that system calls are about. */
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int prctl(int option, ...)
{
	va_list list;
	unsigned long argument[4];
	if (option == PR_SET_DUMPABLE)
		return 0;
	va_start(list, option);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(list, unsigned long);
	va_end(list);
	return (int)syscall(SYS_prctl, option, argument[0], argument[1], argument[2], argument[3]);
}
