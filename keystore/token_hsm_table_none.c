/* SPDX-License-Identifier: MIT */
/* In place of token_hsm_table.c where the library has no tables: nothing is proven here, EVP judges all. */
#include <stddef.h>

#include "keystore/token_hsm_table.h"

struct hsm_table *hsm_table_new(const struct algorithm *algorithm, const struct key *key)
{
	(void)algorithm;
	(void)key;
	return NULL;
}

void hsm_table_free(struct hsm_table *table)
{
	(void)table;
}

struct hsm_table_place *hsm_table_place_new(const struct hsm_table *table)
{
	(void)table;
	return NULL;
}

void hsm_table_place_free(struct hsm_table_place *place)
{
	(void)place;
}

bool hsm_table_proves(
    const struct hsm_table *table, struct hsm_table_place *place, struct bytes digest, struct bytes signature)
{
	(void)table;
	(void)place;
	(void)digest;
	(void)signature;
	return false;
}
