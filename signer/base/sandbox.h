/* SPDX-License-Identifier: MIT */
/*
 * The closed door: after sandbox_enter a process can compute, read what it has open, write what it has open, and end.
 *
 * Landlock (raw system calls, the ABI is probed at run time) takes away the file system, seccomp takes away sockets,
 * exec, ptrace and everything a computation does not need. Threads may still be started. What the kernel lacks is
 * reported, not assumed. Opening a file fails with EPERM; a socket, exec, fork or ptrace ends the process (SIGSYS).
 * libcrypto is initialised before the door closes, without any configuration file: call nothing of it before.
 */
#pragma once

#include <stdbool.h>

#include "signer/base/error.h"

struct sandbox {
	int landlock_abi; /* 0: the kernel has none or it is disabled */
	bool seccomp;
	bool instrumented; /* a sanitizer, fuzzer or coverage build, where nothing is closed: their run-time parts open
			      files and trace */
};

/* Closes the door for this process and all its future threads; call it before starting any. Missing kernel support is
 * not an error (`out` says what holds); a support that is there and fails is STATUS_INTERNAL. */
enum status sandbox_enter(struct sandbox *out, struct error *err) MUST_CHECK;

/* What sandbox_enter would reach here, without doing it; for `doctor`. */
struct sandbox sandbox_probe(void);

/* No core files, not even from setuid helpers, and no ptrace by other processes of the same user
 * (RLIMIT_CORE 0, PR_SET_DUMPABLE 0): for programs that hold private keys. */
void sandbox_no_core(void);
