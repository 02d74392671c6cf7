/* SPDX-License-Identifier: MIT */
/*
 * The further verifiers of the policy. They read the very octets that are to be published, at the same time, and the
 * zone gets out only if every required one ends with exit code 0 and the octets are still the same afterwards.
 *
 * What each said is kept in the verdict, as `verifiers`: [{program, required, yes, ending, seconds, output: [lines]}];
 * if one refuses, the verdict's own "pass" becomes "fail".
 */
#pragma once

#include "signer/engine/gate.h"

/* After gate_ask said yes. STATUS_NO if a required one did not say yes or the file changed; then `verdict` says so too.
 * A no of an advisory one is one more warning. Without any in the policy nothing happens. */
enum status quorum_ask(
    const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err) MUST_CHECK;
