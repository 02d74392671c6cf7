/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target defines: one function that takes any octets, and must neither crash, nor hang, nor leak.
 * libFuzzer calls it with octets of its own making, replay.c with the files of the corpus.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
