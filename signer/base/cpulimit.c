/* SPDX-License-Identifier: MIT */
#include "signer/base/cpulimit.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 4096, PATH = LINE + 512 };

static bool read_line(const char *path, char out[LINE])
{
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return false;
	const bool good = fgets(out, LINE, file) != NULL;
	fclose(file);
	return good;
}

static unsigned processors(int64_t quota, int64_t period)
{
	if (quota <= 0 || period <= 0)
		return 0;
	const int64_t whole = quota / period + (quota % period != 0);
	return whole > INT_MAX ? INT_MAX : (unsigned)whole;
}

/* "200000 100000": so many microseconds in each period; "max 100000": no limit. */
static unsigned limit_of_group(const char *folder)
{
	char path[PATH];
	char line[LINE];
	int64_t quota;
	snprintf(path, sizeof(path), "%s/cpu.max", folder);
	if (read_line(path, line)) {
		char *rest;
		quota = strtoll(line, &rest, 10); /* of "max" nothing */
		return processors(quota, strtoll(rest, NULL, 10));
	}
	snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", folder);
	if (!read_line(path, line))
		return 0;
	quota = strtoll(line, NULL, 10);
	snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
	return read_line(path, line) ? processors(quota, strtoll(line, NULL, 10)) : 0;
}

static unsigned smaller(unsigned a, unsigned b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/* The group and all above it: each may have its own limit. */
static unsigned limit_upward(const char *root, const char *hierarchy, const char *group)
{
	char folder[PATH];
	unsigned least = 0;
	const int size = snprintf(folder, sizeof(folder), "%s/sys/fs/cgroup%s%s", root, hierarchy, group);
	if (size < 0 || (size_t)size >= sizeof(folder))
		return 0;
	const size_t top = strlen(root) + strlen("/sys/fs/cgroup") + strlen(hierarchy);
	for (;;) {
		least = smaller(least, limit_of_group(folder));
		char *const slash = strrchr(folder + top, '/');
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

/* "0::/user.slice" of version 2, or "4:cpu,cpuacct:/user.slice" of version 1. */
static unsigned limit_of_line(const char *root, char *line)
{
	char *const controllers = strchr(line, ':');
	char *const group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
	if (group == NULL)
		return 0;
	*group = '\0';
	if (controllers[1] == '\0')
		return limit_upward(root, "", group + 1);
	bool of_cpu = false;
	char names[64];
	char *rest = NULL;
	snprintf(names, sizeof(names), "%s", controllers + 1);
	for (char *name = strtok_r(names, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
		of_cpu = of_cpu || strcmp(name, "cpu") == 0;
	if (!of_cpu)
		return 0;
	char hierarchy[80];
	snprintf(hierarchy, sizeof(hierarchy), "/%s", controllers + 1);
	return limit_upward(root, hierarchy, group + 1);
}

unsigned cpulimit_processors(const char *root)
{
	char path[PATH];
	char line[LINE];
	unsigned least = 0;
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		least = smaller(least, limit_of_line(root, line));
	}
	fclose(file);
	return least;
}
