/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/verify/vname.h"
#include "signer/verify/vrdata.h"

/* A place in wire RDATA; `good` falls when something does not fit. */
struct wire {
	uint8_t *at;
	uint8_t *end;
	bool good;
};

static uint8_t *take(struct wire *wire, size_t size)
{
	if (!wire->good || size > (size_t)(wire->end - wire->at)) {
		wire->good = false;
		return NULL;
	}
	uint8_t *const taken = wire->at;
	wire->at += size;
	return taken;
}

static void take_name(struct wire *wire, bool fold)
{
	const size_t size = wire->good ? vname_check(wire->at, (size_t)(wire->end - wire->at)) : 0;
	if (size == 0)
		wire->good = false;
	else if (fold)
		vname_fold(wire->at);
	take(wire, size);
}

static void take_sized(struct wire *wire)
{
	const uint8_t *const length = take(wire, 1);
	if (length != NULL)
		take(wire, *length);
}

static void take_bitmap(struct wire *wire)
{
	while (wire->good && wire->at < wire->end) {
		const uint8_t *const head = take(wire, 2);
		if (head == NULL || head[1] == 0 || head[1] > 32)
			wire->good = false;
		else
			take(wire, head[1]);
	}
}

/* IPSECKEY (RFC 4025 2.1) and AMTRELAY (RFC 8777 4.2): a type in one octet says what the gateway is. */
static void take_gateway(struct wire *wire, unsigned type)
{
	if (type == 1 || type == 2)
		take(wire, type == 1 ? 4 : 16);
	else if (type == 3)
		take_name(wire, false);
	else
		wire->good = wire->good && type == 0;
}

static void take_hip(struct wire *wire)
{
	const uint8_t *const head = take(wire, 4);
	if (head == NULL)
		return;
	take(wire, (size_t)head[0] + (size_t)head[2] * 256 + head[3]);
	while (wire->good && wire->at < wire->end)
		take_name(wire, false);
}

/* Keys strictly ascending, each behind key and length (RFC 9460 2.2). */
static void take_parameters(struct wire *wire)
{
	int last = -1;
	while (wire->good && wire->at < wire->end) {
		const uint8_t *const head = take(wire, 4);
		if (head == NULL)
			return;
		const int key = head[0] * 256 + head[1];
		if (key <= last)
			wire->good = false;
		last = key;
		take(wire, (size_t)head[2] * 256 + head[3]);
	}
}

static void take_a6(struct wire *wire)
{
	const uint8_t *const prefix = take(wire, 1);
	if (prefix == NULL || *prefix > 128) {
		wire->good = false;
		return;
	}
	take(wire, (size_t)(128 - *prefix + 7) / 8);
	if (*prefix > 0)
		take_name(wire, true);
}

static void take_apl(struct wire *wire)
{
	while (wire->good && wire->at < wire->end) {
		const uint8_t *const head = take(wire, 4);
		if (head != NULL)
			take(wire, head[3] & 0x7f);
	}
}

static void take_special(struct wire *wire, char letter)
{
	const uint8_t *head;
	switch (letter) {
	case 'L':
		take(wire, 16);
		break;
	case 'A':
		take_apl(wire);
		break;
	case 'I':
		head = take(wire, 3);
		take_gateway(wire, head == NULL ? 9 : head[1]);
		take(wire, (size_t)(wire->end - wire->at));
		break;
	case 'M':
		head = take(wire, 1);
		take_gateway(wire, head == NULL ? 9 : head[0] & 0x7f);
		break;
	case 'H':
		take_hip(wire);
		break;
	case 'V':
		take_parameters(wire);
		break;
	case 'W':
		take(wire, 5);
		take(wire, (size_t)(wire->end - wire->at));
		break;
	case '6':
		take_a6(wire);
		break;
	default:
		take(wire, (size_t)(wire->end - wire->at));
		break;
	}
}

static void take_field(struct wire *wire, char letter)
{
	static const struct {
		char letter;
		uint8_t size;
	} fixed[] = { { '1', 1 }, { 'g', 1 }, { 'z', 1 }, { '2', 2 }, { 't', 2 }, { 'C', 2 }, { '4', 4 }, { 'P', 4 },
		{ 'T', 4 }, { 'a', 4 }, { '6', 16 }, { 'e', 6 }, { 'f', 8 }, { 'k', 8 } };
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].letter == letter) {
			take(wire, fixed[i].size);
			return;
		}
	}
	switch (letter) {
	case 'n':
	case 'N':
		take_name(wire, letter == 'n');
		break;
	case 's':
	case 'q':
	case 'h':
	case 'H':
		take_sized(wire);
		break;
	case 'o':
		if (wire->at < wire->end)
			take_sized(wire);
		break;
	case 'S':
		do
			take_sized(wire);
		while (wire->good && wire->at < wire->end);
		break;
	case 'm':
		take_bitmap(wire);
		break;
	case 'b':
	case 'x':
		wire->good = wire->good && wire->at < wire->end;
		take(wire, (size_t)(wire->end - wire->at));
		break;
	default: /* B X u: whatever is left */
		take(wire, (size_t)(wire->end - wire->at));
		break;
	}
}

bool vrdata_canonical(const struct vtype *type, uint8_t *data, size_t size)
{
	struct wire wire = { data, data + size, true };
	if (type->shape[0] == '\0')
		return true;
	for (const char *letter = type->shape; *letter != '\0' && wire.good; letter++) {
		if (*letter == '!')
			take_special(&wire, *++letter);
		else
			take_field(&wire, *letter);
	}
	return wire.good && wire.at == wire.end;
}
