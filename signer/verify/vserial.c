/* SPDX-License-Identifier: MIT */
#include "signer/verify/vrun.h"

/* The serial that the policy makes of the input's: counted again here, so that a signer that misreads one is found. */

/* After a wrap numbers come round that were used before, and are passed over. */
enum { MOST_PASSED_OVER = 1000000 };

static uint32_t wish_of(const struct vrun *run)
{
	int year, month, day;
	switch (run->limits.serial) {
	case VSERIAL_UNIXTIME:
		return run->now;
	case VSERIAL_DATE:
		utc_date(run->options->times[0], &year, &month, &day);
		return ((uint32_t)year * 10000 + (uint32_t)month * 100 + (uint32_t)day) * 100;
	case VSERIAL_ANY:
	case VSERIAL_KEEP:
	case VSERIAL_INCREMENT:
		break;
	}
	return run->input_serial;
}

/* Zero is no serial: some programs take it for none. */
static uint32_t after(uint32_t serial)
{
	return serial == UINT32_MAX ? 1 : serial + 1;
}

void vserial_check(struct vrun *run)
{
	const struct vlimits *const limits = &run->limits;
	const uint32_t serial = run->zone.serial;
	if (limits->serial == VSERIAL_ANY || !run->have_input_serial || run->zone.soa == NULL)
		return;
	uint32_t wanted = wish_of(run);
	uint32_t more = MOST_PASSED_OVER;
	if (limits->serial == VSERIAL_KEEP)
		more = 0;
	else if (limits->have_serial_floor && (int32_t)(wanted - limits->serial_floor) <= 0)
		wanted = after(limits->serial_floor); /* RFC 1982 3.2 */
	vreport_count(run->report, VC_SERIAL_POLICY, 1);
	if (serial - wanted > more)
		vreport_fail(run->report, VC_SERIAL_POLICY, "a serial that does not follow from the input's",
		    vplace_of(run->zone.soa), "%u; the input has %u, so %u was wanted", serial, run->input_serial,
		    wanted);
}
