/* SPDX-License-Identifier: MIT */
/* All zones as pages of HTML in a folder. */
#pragma once

#include "signer/cli/cli.h"

/* A page for each zone and an index, which comes last. */
enum status pages_make(struct cli *cli, const char *folder, struct error *err) MUST_CHECK;
