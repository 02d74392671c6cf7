/* SPDX-License-Identifier: MIT */
/*
 * Runs another program without a shell and waits for it, with bounds on time and on what it may say.
 *
 * The child gets the descriptors that are named, /dev/null for the others of 0..2, the environment that is named and
 * nothing else; it dies with us (PR_SET_PDEATHSIG).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum { PROCESS_PASSED = 340 };

struct process {
	const char *path;
	char *const *argv;          /* ended by NULL */
	char *const *environment;   /* ended by NULL */
	int input;                  /* becomes descriptor 0; -1: /dev/null */
	const char *folder;         /* working folder, or NULL: "/" */
	int passed[PROCESS_PASSED]; /* become descriptors 3, 4, ... in this order; ended by -1 if there are fewer */
	bool may_write;      /* true: what it likes, with umask 022 for what it makes; false: no disk can be filled, */
	uint64_t most_file;  /* since no file of it is larger (RLIMIT_FSIZE); 0 if it is handed none to write */
	bool end_group;      /* what it leaves running in its process group is killed when it ends */
	struct span timeout; /* then SIGKILL, for all that it has started in its process group as well */
	size_t most_output;  /* of stdout; more is cut and `overflow` says so; the child is killed */
	bool drop_output;    /* more of stdout is read and dropped instead */
	size_t most_errors;  /* of stderr; more is read and dropped */
};

struct process_result {
	int exit_code; /* -1 if it was killed */
	int signal;    /* that killed it, or 0 */
	bool timed_out, overflow, not_started;
	char *output; /* stdout, terminated */
	size_t output_size;
	char *errors; /* stderr, terminated */
};

/* STATUS_IO only if no child could be made; what the child did is in `result`. */
enum status process_run(
    const struct process *process, struct arena *mem, struct process_result *result, struct error *err) MUST_CHECK;

/* Ends those with `end_group` that run now, and what they have started in their process group: the program is about to
 * die. The kernel kills its children then, but not what they have started. Others, as a hook that is to end by itself,
 * and children that this module did not make, are left alone. From any thread. */
void process_end_all(void);

/* How it ended, in words: "killed by signal 9", "timed out after 600s", "exit code 70", "could not be started". */
char *process_ending(const struct process *process, const struct process_result *result, struct arena *mem);
