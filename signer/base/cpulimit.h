/* SPDX-License-Identifier: MIT */
/* How many processors a container or service may use at once: more threads than that only wait for each other. */
#pragma once

/* The least limit of this process's control group and those above it (cpu.max, or cpu.cfs_quota_us of version 1),
 * rounded up to whole processors; 0 if there is none. `root` is put before /proc and /sys: "" but in tests. */
unsigned cpulimit_processors(const char *root);
