/* SPDX-License-Identifier: MIT */
/*
 * What each kind of RDATA field does: read from text, step over on the wire, write as text. Private to signer/dns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/scan.h"
#include "signer/dns/zonetext_write.h"

enum { RDATA_VALUE = 65535 }; /* the most octets of a single value */

/* RDATA that is being put together. */
struct rdata_out {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
};

/* The next `size` octets, or NULL after scan_fail: RDATA is full. */
uint8_t *rdata_take(const struct scan *scan, struct rdata_out *out, size_t size);

/* Whether a loop over a cursor goes on: a failed cursor does not move any more. */
static inline bool more(const struct cursor *in)
{
	return !in->failed && cursor_left(in) > 0;
}

struct field {
	const char *what; /* with its article, for messages: "a 16-bit number" */
	enum status (*read)(struct scan *scan, struct rdata_out *out);
	/* Steps over the field; false if it is not well formed or ends early. */
	bool (*pass)(struct cursor *in);
	/* Writes a field that `pass` accepted. */
	void (*write)(struct cursor *in, struct zonetext_buffer *out);
};

const struct field *field_of(enum rdata_field field);

/* Reads the RDATA of a record from its text, up to the end of the record; generic form (RFC 3597 5) too. */
enum status rdata_read(struct scan *scan, uint16_t type, struct rdata_out *out) MUST_CHECK;

/* Text output. */
void text_put(struct zonetext_buffer *out, const char *text, size_t size);
void text_put_number(struct zonetext_buffer *out, uint64_t number);
void text_put_string(struct zonetext_buffer *out, const uint8_t *octets, size_t size);
void text_put_name(struct zonetext_buffer *out, const uint8_t *name);

/* Readers that several fields share. */
enum status read_number(struct scan *scan, const char *what, uint64_t most, uint64_t *out) MUST_CHECK;
enum status read_hex_rest(struct scan *scan, struct rdata_out *out) MUST_CHECK;

/* Addresses as text, for fields and service parameters. false: not an address. */
bool address_parse_ipv4(const char *text, size_t size, uint8_t out[4]);
bool address_parse_ipv6(const char *text, size_t size, uint8_t out[16]);
enum { ADDRESS_TEXT = 46 };
size_t address_write_ipv4(const uint8_t in[4], char out[ADDRESS_TEXT]);
size_t address_write_ipv6(const uint8_t in[16], char out[ADDRESS_TEXT]); /* RFC 5952 4 */

/* field_number.c */
enum status field_read_u8(struct scan *scan, struct rdata_out *out);
enum status field_read_u16(struct scan *scan, struct rdata_out *out);
enum status field_read_u32(struct scan *scan, struct rdata_out *out);
enum status field_read_ttl(struct scan *scan, struct rdata_out *out);
bool field_pass_u8(struct cursor *in);
bool field_pass_u16(struct cursor *in);
bool field_pass_u32(struct cursor *in);
void field_write_u8(struct cursor *in, struct zonetext_buffer *out);
void field_write_u16(struct cursor *in, struct zonetext_buffer *out);
void field_write_u32(struct cursor *in, struct zonetext_buffer *out);

/* field_binary.c */
enum status field_read_hex(struct scan *scan, struct rdata_out *out);
enum status field_read_ds_digest(struct scan *scan, struct rdata_out *out);
enum status field_read_sshfp_digest(struct scan *scan, struct rdata_out *out);
enum status field_read_zonemd_digest(struct scan *scan, struct rdata_out *out);
bool field_pass_ds_digest(struct cursor *in);
bool field_pass_sshfp_digest(struct cursor *in);
bool field_pass_zonemd_digest(struct cursor *in);
enum status field_read_base64(struct scan *scan, struct rdata_out *out);
enum status field_read_base64_any(struct scan *scan, struct rdata_out *out);
enum status field_read_salt(struct scan *scan, struct rdata_out *out);
enum status field_read_hash(struct scan *scan, struct rdata_out *out);
bool field_pass_some(struct cursor *in); /* the rest, at least one octet */
bool field_pass_any(struct cursor *in);
bool field_pass_counted(struct cursor *in);
bool field_pass_hash(struct cursor *in);
void field_write_hex(struct cursor *in, struct zonetext_buffer *out);
void field_write_base64(struct cursor *in, struct zonetext_buffer *out);
void field_write_salt(struct cursor *in, struct zonetext_buffer *out);
void field_write_hash(struct cursor *in, struct zonetext_buffer *out);

/* field_dnssec.c */
enum status field_read_type(struct scan *scan, struct rdata_out *out);
enum status field_read_algorithm(struct scan *scan, struct rdata_out *out);
enum status field_read_time(struct scan *scan, struct rdata_out *out);
enum status field_read_bitmap(struct scan *scan, struct rdata_out *out);
bool field_parse_date(const char text[14], uint32_t *out); /* of YYYYMMDDHHMMSS, all digits; false: no such date */
bool field_pass_bitmap(struct cursor *in);
void field_write_type(struct cursor *in, struct zonetext_buffer *out);
void field_write_time(struct cursor *in, struct zonetext_buffer *out);
void field_write_bitmap(struct cursor *in, struct zonetext_buffer *out);

/* field_string.c */
enum status field_read_text(struct scan *scan, struct rdata_out *out);
enum status field_read_text_some(struct scan *scan, struct rdata_out *out);
enum status field_read_tag(struct scan *scan, struct rdata_out *out);
enum status field_read_psdn(struct scan *scan, struct rdata_out *out);
enum status field_read_eui48(struct scan *scan, struct rdata_out *out);
enum status field_read_eui64(struct scan *scan, struct rdata_out *out);
enum status field_read_node(struct scan *scan, struct rdata_out *out);
enum status field_read_u64(struct scan *scan, struct rdata_out *out);
enum status field_read_nsap(struct scan *scan, struct rdata_out *out);
enum status field_read_cert_type(struct scan *scan, struct rdata_out *out);
enum status field_read_scheme(struct scan *scan, struct rdata_out *out);
enum status field_read_base64_dash(struct scan *scan, struct rdata_out *out);
enum status field_read_opaque(struct scan *scan, struct rdata_out *out);
bool field_pass_tag(struct cursor *in);
bool field_pass_psdn(struct cursor *in);
bool field_pass_eui48(struct cursor *in);
bool field_pass_u64(struct cursor *in);
void field_write_text(struct cursor *in, struct zonetext_buffer *out);
void field_write_text_any(struct cursor *in, struct zonetext_buffer *out);
void field_write_tag(struct cursor *in, struct zonetext_buffer *out);
void field_write_eui(struct cursor *in, struct zonetext_buffer *out);
void field_write_node(struct cursor *in, struct zonetext_buffer *out);
void field_write_u64(struct cursor *in, struct zonetext_buffer *out);
void field_write_nsap(struct cursor *in, struct zonetext_buffer *out);
void field_write_base64_dash(struct cursor *in, struct zonetext_buffer *out);

/* field_list.c */
enum status field_read_apl(struct scan *scan, struct rdata_out *out);
enum status field_read_services(struct scan *scan, struct rdata_out *out);
enum status field_read_nxt(struct scan *scan, struct rdata_out *out);
enum status field_read_atma(struct scan *scan, struct rdata_out *out);
bool field_pass_apl(struct cursor *in);
bool field_pass_services(struct cursor *in);
bool field_pass_nxt(struct cursor *in);
bool field_pass_atma(struct cursor *in);
void field_write_apl(struct cursor *in, struct zonetext_buffer *out);
void field_write_services(struct cursor *in, struct zonetext_buffer *out);
void field_write_nxt(struct cursor *in, struct zonetext_buffer *out);
void field_write_atma(struct cursor *in, struct zonetext_buffer *out);
bool field_apl_has_text(const uint8_t *rdata, size_t size); /* all its families have a text form */

/* field_gateway.c */
enum status field_read_ipseckey(struct scan *scan, struct rdata_out *out);
enum status field_read_amtrelay(struct scan *scan, struct rdata_out *out);
enum status field_read_hip(struct scan *scan, struct rdata_out *out);
enum status field_read_a6(struct scan *scan, struct rdata_out *out);
enum status field_read_a6_name(struct scan *scan, struct rdata_out *out);
bool field_pass_ipseckey(struct cursor *in);
bool field_pass_amtrelay(struct cursor *in);
bool field_pass_hip(struct cursor *in);
bool field_pass_a6(struct cursor *in);
bool field_pass_a6_name(struct cursor *in);
void field_write_ipseckey(struct cursor *in, struct zonetext_buffer *out);
void field_write_amtrelay(struct cursor *in, struct zonetext_buffer *out);
void field_write_hip(struct cursor *in, struct zonetext_buffer *out);
void field_write_a6(struct cursor *in, struct zonetext_buffer *out);
void field_write_a6_name(struct cursor *in, struct zonetext_buffer *out);

/* field_loc.c, field_regexp.c, field_svcb.c */
enum status field_read_regexp(struct scan *scan, struct rdata_out *out);
bool field_pass_regexp(struct cursor *in);
enum status field_read_loc(struct scan *scan, struct rdata_out *out);
enum status field_read_svcparams(struct scan *scan, struct rdata_out *out);
bool field_pass_loc(struct cursor *in);
bool field_pass_svcparams(struct cursor *in);
void field_write_loc(struct cursor *in, struct zonetext_buffer *out);
void field_write_svcparams(struct cursor *in, struct zonetext_buffer *out);
bool field_loc_has_text(const uint8_t *rdata);                     /* no size is zero times a power of ten */
bool field_svcparams_have_text(const uint8_t *rdata, size_t size); /* one that all servers read alike */
