/* SPDX-License-Identifier: MIT */
/* Known-bad engines, made by the linker's --wrap. */
#include "policies/rollover_rules.h"
#include "tests/unit/policies/world.h"

const char *world_fault_name(enum world_fault fault)
{
	static const char *const names[FAULTS] = {
		[FAULT_NONE] = "none",
		[FAULT_NO_DS_RULE] = "rule 1 off",
		[FAULT_NO_CHAIN_RULE] = "rule 2 off",
		[FAULT_NO_SIGNATURE_RULE] = "rule 3 off",
		[FAULT_SHORT_DNSKEY_WAIT] = "waits for DNSKEY too short by one TTL",
		[FAULT_SHORT_DATA_WAIT] = "waits for signatures too short by one TTL",
		[FAULT_SHORT_DS_WAIT] = "waits for DS too short by one TTL",
		[FAULT_NO_NEGATIVE_WAIT] = "the cached absence of DNSKEY forgotten",
		[FAULT_CONFIGURED_DS_TTL] = "the configured DS TTL instead of the real one",
		[FAULT_PRESENT_TTL] = "the present TTL instead of the ledger",
		[FAULT_NO_PROPAGATION] = "slow secondaries forgotten",
		[FAULT_DS_ASSUMED] = "a DS that was handed in counts as published",
		[FAULT_EARLY_SIGHT] = "a DS seen before it was wanted counts",
		[FAULT_INTENDED_TIME] = "time counts from the plan, published or not",
		[FAULT_NO_CLOCK_GUARD] = "a clock that jumps is believed",
		[FAULT_NO_PARTS_WAIT] = "all counts as signed with the first part",
	};
	return names[fault];
}

bool __real_rollover_rule_ds_exists(const struct rollover_view *view);
bool __real_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);
bool __real_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm);
struct span __real_ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from);
bool __wrap_rollover_rule_ds_exists(const struct rollover_view *view);
bool __wrap_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);
bool __wrap_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm);
struct span __wrap_ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from);

bool __wrap_rollover_rule_ds_exists(const struct rollover_view *view)
{
	return world_fault_now() == FAULT_NO_DS_RULE || __real_rollover_rule_ds_exists(view);
}

bool __wrap_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm)
{
	return world_fault_now() == FAULT_NO_CHAIN_RULE || __real_rollover_rule_key_chain(view, algorithm);
}

bool __wrap_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm)
{
	return world_fault_now() == FAULT_NO_SIGNATURE_RULE || __real_rollover_rule_signatures(view, algorithm);
}

struct span __wrap_ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from)
{
	struct span wait = __real_ttl_ledger_wait(ledger, from);
	if (ledger->count > 0 && world_shortens(ledger)) {
		wait.seconds -= ledger->served[ledger->count - 1].ttl;
		wait.seconds = wait.seconds < 0 ? 0 : wait.seconds;
	}
	return wait;
}
