/* SPDX-License-Identifier: MIT */
#include "signer/engine/bench.h"

#include "signer/engine/folder.h"

enum status bench_store(const char *state, const char *store, unsigned sessions, double seconds, struct arena *mem,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err)
{
	struct token *token = NULL;
	enum status status = token_open_soft(folder_path(state, "keys", mem), NULL, &token, err);
	if (status == STATUS_OK)
		status = token_bench(token, store, sessions, seconds, out, count, err);
	token_close(token);
	return status;
}
