/* SPDX-License-Identifier: MIT */
/* What the policy allows ("zoneseal.limits/1", see verify.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/verify/vchecks.h"
#include "signer/verify/verify.h"
#include "signer/verify/vreport.h"

struct vlimit {
	uint64_t ppm;
	uint64_t floor;
};

/* A planned change: the one serial whose zone may pass a limit, and who said why and when. */
struct vexpected {
	bool given;
	uint32_t serial;
	char words[VREPORT_CAUSE];
};

enum vdenial { VDENIAL_ANY, VDENIAL_NSEC, VDENIAL_NSEC3 };
enum vserial { VSERIAL_ANY, VSERIAL_KEEP, VSERIAL_INCREMENT, VSERIAL_UNIXTIME, VSERIAL_DATE };
enum vchoice { VCHOICE_NONE, VCHOICE_NO, VCHOICE_YES };

struct vlimits {
	bool given; /* a file was there: checks of severity "policy" refuse */
	bool have_max_ttl, have_min_remaining, have_algorithms;
	uint32_t max_ttl;
	int64_t min_remaining;
	bool have_dnskey_ttl, have_inception_offset, have_max_validity;
	int64_t dnskey_ttl, inception_offset, max_validity;
	bool algorithms[256];
	uint32_t rsa_min_bits;
	enum vdenial denial;
	uint32_t iterations;
	uint8_t salt[255];
	uint8_t salt_size;
	enum vchoice opt_out;
	bool zonemd;
	bool cds_delete;
	bool require_sandbox;
	int64_t full_verify_every; /* seconds */
	enum vserial serial;
	bool have_serial_floor;
	uint32_t serial_floor;
	bool warn[VC_COUNT];
	struct vlimit change[VERIFY_LIMITS];
	struct vexpected expected[VERIFY_LIMITS];
};

const char *vlimits_name(enum verify_limit limit);

/* What holds without a policy. */
struct vlimits vlimits_default(void);

enum status vlimits_parse(
    const char *name, const void *text, size_t size, struct vlimits *out, struct error *err) MUST_CHECK;
