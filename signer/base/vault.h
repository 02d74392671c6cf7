/* SPDX-License-Identifier: MIT */
/*
 * Where libcrypto's memory lies while private keys are at hand.
 *
 * Its decoders and its RSA make copies of a key outside of its own secure heap, and give them back as they are. So
 * everything that it gives back is overwritten first, and what it takes while a thread is in the vault is locked (no
 * swap file gets it) and in no core.
 */
#pragma once

/* Once, before the first call of libcrypto; later, or where it is not called, the vault does nothing. A sanitizer's
 * build has none: its run-time parts look at each allocation themselves. */
void vault_open(void);

/* What this thread makes libcrypto take from here on is in the vault, until vault_leave; may be nested. What finds no
 * room there (the vault has 1 MiB, and nothing larger than 16 KiB goes in) is ordinary memory, wiped when given back.
 */
void vault_enter(void);
void vault_leave(void);
