/* SPDX-License-Identifier: MIT */
#include "signer/engine/clock.h"

#include "signer/engine/serial.h"

enum { DAY = 86400 };

enum status clock_check(struct utc now, struct utc last, struct utc build, bool virtual_clock, struct error *err)
{
	char is[UTC_TEXT], other[UTC_TEXT];
	utc_format(now, is);
	if (!virtual_clock && utc_before(now, build)) {
		utc_format(build, other);
		return error_set(err, STATUS_REFUSED,
		    "clock.sane: clock guard: the clock says %s, but this program was built at %s; set the clock", is,
		    other);
	}
	if (utc_before(now, last)) {
		utc_format(last, other);
		return error_set(err, STATUS_REFUSED,
		    "clock.sane: clock guard: the %s says %s, but the last run was at %s; %s",
		    virtual_clock ? "VIRTUAL CLOCK" : "clock", is, other,
		    virtual_clock ? "it never goes backward"
				  : "set the clock, or if it is right now and was ahead then, look with zoneseal "
				    "doctor and run zoneseal clock accept --reason WHY");
	}
	return STATUS_OK;
}

enum status clock_check_serial(struct utc now, uint32_t input_serial, struct error *err)
{
	struct utc date;
	char is[UTC_TEXT];
	if (!serial_is_date(input_serial, &date) || !utc_before(utc_add(now, (struct span){ DAY }), date))
		return STATUS_OK;
	utc_format(now, is);
	return error_set(err, STATUS_REFUSED,
	    "clock.sane: clock guard: the input's serial %u is a date more than a day after the clock's %s; set the "
	    "clock, or if "
	    "the serial is no date use --ignore-serial-date",
	    input_serial, is);
}
