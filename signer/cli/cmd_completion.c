/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/completion.h"

static int run_completion(struct cli *cli, struct error *err)
{
	static const struct {
		const char *name;
		completion_write *write;
	} shells[] = { { "bash", completion_bash }, { "zsh", completion_zsh }, { "fish", completion_fish } };
	for (size_t i = 0; i < COUNT(shells); i++)
		if (strcmp(cli->args[0], shells[i].name) == 0) {
			shells[i].write(stdout);
			return STATUS_OK;
		}
	return (int)error_set(err, STATUS_USAGE, "completion: bash, zsh or fish");
}

const struct command command_completion = {
	.name = "completion",
	.run = run_completion,
	.synopsis = "bash|zsh|fish",
	.summary = "write the completion script of a shell to standard output",
	.examples = "  source <(zoneseal completion bash)\n"
		    "  zoneseal completion zsh > \"${fpath[1]}/_zoneseal\"\n"
		    "  zoneseal completion fish > ~/.config/fish/completions/zoneseal.fish\n",
	.min_args = 1,
	.max_args = 1,
};
