/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/cli/cli.h"
#include "signer/cli/facts.h"
#include "signer/report/metrics.h"

static void add(void *metrics, const struct report_zone *zone)
{
	metrics_add(metrics, zone);
}

static int run_metrics(struct cli *cli, struct error *err)
{
	struct store *store = NULL;
	struct report_state state = { 0 };
	char *text = NULL;
	size_t size = 0;
	struct metrics *const metrics = metrics_new();
	const struct facts_each each = { add, metrics };
	enum status status = cli_open(cli, STORE_READ, &store, err);
	if (status == STATUS_OK)
		status =
		    facts_state(store, cli->state, cli->now, !cli_has(cli, OPTION_NOW), cli->mem, &each, &state, err);
	store_close(store);
	FILE *const out = status == STATUS_OK ? open_memstream(&text, &size) : NULL;
	if (out == NULL) {
		metrics_free(metrics);
		return (int)(status != STATUS_OK ? status : error_set_errno(err, "memory"));
	}
	const bool whole = metrics_end(metrics, out, &state, cli->now);
	status = fclose(out) == 0 && whole ? cli_write(cli, text, size, err) : error_set_errno(err, "memory");
	free(text);
	return (int)status;
}

const struct command command_metrics = {
	.name = "metrics",
	.run = run_metrics,
	.synopsis = "[-o FILE]",
	.summary = "write the state of all zones for Prometheus' node exporter; a file is replaced as a whole",
	.examples = "  zoneseal metrics\n"
		    "  zoneseal metrics -o /var/lib/prometheus/node-exporter/zoneseal.prom\n",
	.options = TAKES(OPTION_OUTPUT),
	.min_args = 0,
	.max_args = 0,
};
