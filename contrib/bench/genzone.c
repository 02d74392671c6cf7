/* SPDX-License-Identifier: MIT */
/*
 * genzone - deterministic synthetic TLD zone generator.
 *
 *   cc -O2 -o genzone genzone.c -lm
 *   genzone --delegations 1000000 --ds 0.05 --seed 1 > test.zone
 *
 * The same options and seed always give the same bytes.  Every delegation
 * draws from its own random stream (seed + label), so changing --ds, --glue or
 * --change does not disturb the other delegations' names.
 *
 * Sorted output is in DNSSEC canonical order of owner names.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- options -- */

static struct {
	uint64_t n, seed, change_seed, serial;
	double ds, glue, idn, change;
	int ns_min, ns_max;
	unsigned ttl, ds_ttl;
	bool compact, shuffle, ent, wildcard, stats;
	char origin[256]; /* without trailing dot */
} opt = {
	.n = 1000,
	.seed = 1,
	.change_seed = 1,
	.serial = 2026010100,
	.ds = 0.05,
	.glue = 0.04,
	.idn = 0.02,
	.ns_min = 2,
	.ns_max = 4,
	.ttl = 86400,
	.ds_ttl = 86400,
	.ent = true,
	.origin = "test",
};

static struct {
	uint64_t records, delegations, ds_rrsets, ds, ns, a, aaaa;
	uint64_t nodes; /* authoritative owner names and delegations, no ENTs */
	uint64_t ents, glue_names, changed, added, deleted;
} cnt;

static void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("genzone: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n);
	if (p == NULL) {
		die("out of memory");
	}
	return p;
}

/* -------------------------------------------------------------- random -- */

typedef struct {
	uint64_t s;
} rng_t; /* splitmix64 */

static inline uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}
static inline uint64_t rnd(rng_t *r)
{
	return mix(r->s += 0x9e3779b97f4a7c15u);
}
static inline uint32_t below(rng_t *r, uint32_t n)
{
	return (uint32_t)(((rnd(r) >> 32) * n) >> 32);
}
static inline double unit(rng_t *r)
{
	return (double)(rnd(r) >> 11) * 0x1p-53;
}

static uint64_t hash_label(const char *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)p[i]) * 0x100000001b3u;
	}
	return mix(h ^ len);
}

/* -------------------------------------------------------------- labels -- */

static const char *const WORDS[] = {
	"auto",
	"bank",
	"berg",
	"best",
	"blog",
	"blue",
	"book",
	"bygg",
	"cafe",
	"camp",
	"care",
	"cars",
	"city",
	"club",
	"code",
	"data",
	"deal",
	"design",
	"dental",
	"direct",
	"dog",
	"dream",
	"eco",
	"energy",
	"event",
	"expert",
	"farm",
	"fast",
	"film",
	"fit",
	"flora",
	"food",
	"foto",
	"free",
	"fresh",
	"game",
	"garden",
	"gold",
	"golf",
	"green",
	"group",
	"hair",
	"haus",
	"health",
	"home",
	"hotel",
	"house",
	"huset",
	"info",
	"invest",
	"jobs",
	"kids",
	"klinik",
	"konsult",
	"kraft",
	"lab",
	"land",
	"law",
	"life",
	"line",
	"link",
	"live",
	"love",
	"mail",
	"market",
	"media",
	"mobil",
	"mode",
	"moto",
	"music",
	"my",
	"net",
	"new",
	"news",
	"nord",
	"office",
	"online",
	"organic",
	"park",
	"partner",
	"pay",
	"pet",
	"photo",
	"pizza",
	"plan",
	"play",
	"plus",
	"point",
	"pro",
	"radio",
	"real",
	"reise",
	"rent",
	"save",
	"school",
	"service",
	"shop",
	"silver",
	"sky",
	"smart",
	"snow",
	"soft",
	"solar",
	"sport",
	"star",
	"stone",
	"store",
	"studio",
	"sun",
	"super",
	"systems",
	"taxi",
	"team",
	"tech",
	"the",
	"time",
	"top",
	"tour",
	"trade",
	"travel",
	"tree",
	"trend",
	"vin",
	"web",
	"wein",
	"wind",
	"wood",
	"work",
	"world",
	"yoga",
	"zen",
	"zone",
	"administration",
	"construction",
	"consulting",
	"entertainment",
	"fastigheter",
	"immobilien",
	"international",
	"photography",
	"restaurant",
	"versicherung",
};
#define NWORDS (sizeof(WORDS) / sizeof(WORDS[0]))
static const char CONS[] = "bcdfghjklmnprstvwz", VOW[] = "aeiouy";
static const char LDH[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static size_t add_word(char *b, size_t n, rng_t *r)
{
	if (below(r, 100) < 45) {
		const char *w = WORDS[below(r, NWORDS)];
		size_t l = strlen(w);
		memcpy(b + n, w, l);
		return n + l;
	}
	for (int k = 1 + (int)below(r, 3); k > 0; k--) { /* pronounceable syllables */
		b[n++] = CONS[below(r, sizeof(CONS) - 1)];
		b[n++] = VOW[below(r, sizeof(VOW) - 1)];
		if (below(r, 3) == 0) {
			b[n++] = CONS[below(r, sizeof(CONS) - 1)];
		}
	}
	return n;
}

/* One random label, at most 63 octets; mean length about 11, tail past 30. */
static size_t make_label(char *b, rng_t *r)
{
	size_t n = 0;
	if (unit(r) < opt.idn) { /* looks like an A-label; not valid Punycode */
		memcpy(b, "xn--", 4);
		n = add_word(b, 4, r);
		b[n++] = '-';
		for (int k = 3 + (int)below(r, 6); k > 0; k--) {
			b[n++] = LDH[below(r, 36)];
		}
		return n;
	}
	uint32_t t = below(r, 1000);
	if (t < 30) { /* short, 2 to 5 characters */
		for (int k = 2 + (int)below(r, 4); k > 0; k--) {
			b[n++] = LDH[below(r, 36)];
		}
		return n;
	}
	int words = t < 180 ? 1 : t < 760 ? 2 : t < 970 ? 3 : t < 998 ? 4 : 6;
	for (int k = 0; k < words; k++) {
		if (k > 0 && below(r, 100) < 12) {
			b[n++] = '-';
		}
		n = add_word(b, n, r);
		if (n > 48) {
			break;
		}
	}
	if (below(r, 100) < 6) {
		for (int k = 1 + (int)below(r, 4); k > 0; k--) {
			b[n++] = LDH[26 + below(r, 10)];
		}
	}
	return n;
}

enum kind { K_DELEG, K_NIC, K_ENT, K_ENTDELEG, K_WILD };

typedef struct {
	uint64_t prefix; /* first 8 octets, big endian: the sort key */
	uint64_t off : 40, len : 8, kind : 8, hoster : 1, added : 1;
} name_t;

static char *arena;
static size_t arena_len, arena_cap;
static name_t *names;
static size_t nnames, names_cap;
static uint32_t *table; /* open addressing; index + 1 */
static size_t table_mask;

static bool add_name(const char *l, size_t len, enum kind kind)
{
	size_t h = hash_label(l, len) & table_mask;
	for (; table[h] != 0; h = (h + 1) & table_mask) {
		name_t *o = &names[table[h] - 1];
		if (o->len == len && memcmp(arena + o->off, l, len) == 0) {
			return false;
		}
	}
	if (arena_len + 64 > arena_cap) {
		arena = xrealloc(arena, arena_cap = arena_cap * 2 + 65536);
	}
	if (nnames == names_cap) {
		names = xrealloc(names, (names_cap = names_cap * 2 + 1024) * sizeof(*names));
	}
	uint64_t p = 0;
	for (size_t i = 0; i < 8; i++) {
		p = p << 8 | (i < len ? (uint8_t)l[i] : 0);
	}
	memcpy(arena + arena_len, l, len);
	names[nnames] = (name_t){ .prefix = p, .off = arena_len, .len = len, .kind = kind };
	arena_len += len;
	table[h] = (uint32_t)++nnames;
	return true;
}

static int name_cmp(const void *x, const void *y)
{
	const name_t *a = x, *b = y;
	if (a->prefix != b->prefix) {
		return a->prefix < b->prefix ? -1 : 1;
	}
	size_t n = a->len < b->len ? a->len : b->len;
	int d = memcmp(arena + a->off, arena + b->off, n);
	return d != 0 ? d : (int)a->len - (int)b->len;
}

/* -------------------------------------------------------------- output -- */

static char *out;
static size_t out_len, out_cap;
static size_t *units; /* with --shuffle: start of each unit in out */
static size_t nunits, units_cap;
static char last_owner[320];

static void flush_out(void)
{
	if (out_len > 0 && fwrite(out, 1, out_len, stdout) != out_len) {
		die("write error");
	}
	out_len = 0;
}

static inline void put(const char *p, size_t n)
{
	if (out_len + n > out_cap) {
		if (!opt.shuffle) {
			flush_out();
		} else {
			out = xrealloc(out, out_cap = out_cap * 2 + n);
		}
	}
	memcpy(out + out_len, p, n);
	out_len += n;
}
static inline void puts_(const char *s)
{
	put(s, strlen(s));
}

static size_t u32dec(char *b, uint32_t v)
{
	char t[10];
	size_t n = 0, k = 0;
	do {
		t[n++] = (char)('0' + v % 10);
	} while ((v /= 10) != 0);
	while (n > 0) {
		b[k++] = t[--n];
	}
	return k;
}

static void unit_start(void)
{
	last_owner[0] = 0;
	if (opt.shuffle) {
		if (nunits == units_cap) {
			units = xrealloc(units, (units_cap = units_cap * 2 + 65536) * sizeof(*units));
		}
		units[nunits++] = out_len;
	}
}

/* A name relative to the origin ("" is the apex): written as the style asks. */
static void put_rel(const char *rel)
{
	if (opt.compact) {
		puts_(*rel ? rel : "@");
		return;
	}
	if (*rel) {
		puts_(rel);
		put(".", 1);
	}
	puts_(opt.origin);
	if (opt.origin[0]) {
		put(".", 1);
	}
}

/* Everything of a record up to its rdata. */
static void rr(const char *rel, uint32_t ttl, const char *type)
{
	char b[16];
	if (opt.shuffle && !opt.compact) {
		unit_start();
	}
	if (opt.compact) {
		if (last_owner[0] == 0 || strcmp(last_owner + 1, rel) != 0) {
			put_rel(rel);
			last_owner[0] = 1;
			strcpy(last_owner + 1, rel);
		}
		put("\t", 1);
		if (ttl != opt.ttl) {
			put(b, u32dec(b, ttl));
			put(" ", 1);
		}
	} else {
		put_rel(rel);
		put("\t", 1);
		put(b, u32dec(b, ttl));
		put("\tIN\t", 4);
	}
	puts_(type);
	put(opt.compact ? " " : "\t", 1);
	cnt.records++;
}

static void rr_addr(const char *rel, rng_t *r, bool v6)
{
	char b[64];
	uint32_t x = (uint32_t)rnd(r);
	if (v6) {
		rr(rel, opt.ttl, "AAAA");
		put(b, (size_t)sprintf(b, "2001:db8:%x:%x::%x\n", x & 0xffff, x >> 16 & 0xfff, 1 + (x >> 28)));
		cnt.aaaa++;
	} else {
		rr(rel, opt.ttl, "A");
		size_t n = u32dec(b, 11 + (x & 63));
		for (int s = 8; s < 32; s += 8) {
			b[n++] = '.';
			n += u32dec(b + n, 1 + (x >> s & 0xff) % 254);
		}
		b[n++] = '\n';
		put(b, n);
		cnt.a++;
	}
}

static void rr_ds(const char *rel, rng_t *r, int digest_type)
{
	static const char hex[] = "0123456789ABCDEF";
	static const int algs[] = { 13, 13, 13, 13, 13, 13, 13, 8, 8, 15 };
	char b[160];
	size_t n = u32dec(b, below(r, 65536));
	b[n++] = ' ';
	n += u32dec(b + n, (uint32_t)algs[below(r, 10)]);
	b[n++] = ' ';
	n += u32dec(b + n, (uint32_t)digest_type);
	b[n++] = ' ';
	for (int len = digest_type == 4 ? 48 : 32; len > 0; len -= 8) {
		uint64_t x = rnd(r);
		for (int i = 0; i < 16; i++, x >>= 4) {
			b[n++] = hex[x & 15];
		}
	}
	b[n++] = '\n';
	rr(rel, opt.ds_ttl, "DS");
	put(b, n);
	cnt.ds++;
}

/* -------------------------------------------------------------- hosters -- */

static size_t n_hosters;
static uint32_t *hoster_name; /* 1 + generation index for those inside the zone */

/* Host k of hoster h, the way an NS record's rdata writes it. */
static void put_ns_target(size_t h, int k)
{
	static const char *const tlds[] = { "com", "net", "net", "org", "eu", "info" };
	char b[160];
	if (hoster_name[h] != 0) {
		const name_t *o = &names[hoster_name[h] - 1];
		int n = sprintf(b, "ns%d.%.*s", k, (int)o->len, arena + o->off);
		put(b, (size_t)n);
		if (!opt.compact) {
			put(".", 1);
			puts_(opt.origin);
			put(".", 1);
		}
	} else {
		rng_t r = { mix(h ^ 0x686f7374) };
		const char *w1 = WORDS[below(&r, NWORDS)], *w2 = WORDS[below(&r, NWORDS)];
		const char *pre = below(&r, 4) == 0 ? "dns" : "ns";
		const char *tld = tlds[below(&r, 6)];
		put(b, (size_t)sprintf(b, "%s%d.%s%s%zu.%s.", pre, k, w1, w2, h, tld));
	}
	put("\n", 1);
}

static size_t pick_hoster(rng_t *r) /* Zipf-like: density ~ 1/rank */
{
	size_t h = (size_t)exp(unit(r) * log((double)n_hosters + 1)) - 1;
	return h < n_hosters ? h : n_hosters - 1;
}

/* -------------------------------------------------------- zone contents -- */

static void emit_delegation(const char *rel, uint64_t stream, bool is_hoster, bool is_new)
{
	char host[320], b[8];
	rng_t r = { mix(opt.seed ^ mix(stream)) };
	/* Fixed draws come first, so that every option moves only its own part. */
	double u_ds = unit(&r), u_glue = unit(&r);
	rng_t rns = { rnd(&r) }, rds = { rnd(&r) }, rglue = { rnd(&r) };

	if (opt.change > 0 && !is_new) {
		rng_t c = { mix(opt.change_seed ^ mix(stream ^ 0x6368616e6765)) };
		if (unit(&c) < opt.change) {
			cnt.changed++;
			uint32_t what = below(&c, 8);
			if (what == 0 && !is_hoster) {
				cnt.deleted++;
				return;
			} else if (what <= 4) {
				rns.s = rnd(&c); /* other name servers */
			} else {
				rds.s = rnd(&c); /* other DS, or DS toggled */
				u_ds = unit(&c);
			}
		}
	}

	unit_start();
	cnt.delegations++;
	cnt.nodes++;
	bool in_domain = is_hoster || u_glue < opt.glue;
	uint32_t t = below(&rns, 100);
	int span = opt.ns_max - opt.ns_min;
	int nns = opt.ns_min + (t < 60 || span == 0 ? 0 : 1 + (int)below(&rns, (uint32_t)span));
	size_t h = pick_hoster(&rns), h2 = below(&rns, 20) == 0 ? pick_hoster(&rns) : h;
	if (is_hoster && nns < 4) {
		nns = 4; /* others point at ns1 to ns4 */
	}
	for (int k = 1; k <= nns; k++) {
		rr(rel, opt.ttl, "NS");
		cnt.ns++;
		if (in_domain) {
			put("ns", 2);
			put(b, u32dec(b, (uint32_t)k));
			put(".", 1);
			put_rel(rel);
			put("\n", 1);
		} else {
			put_ns_target(k == nns ? h2 : h, k);
		}
	}
	if (u_ds < opt.ds) {
		uint32_t d = below(&rds, 100);
		cnt.ds_rrsets++;
		rr_ds(rel, &rds, d < 4 ? 4 : 2);
		if (d >= 92) { /* key rollover, or a second digest type */
			rr_ds(rel, &rds, d < 95 ? 4 : 2);
		}
	}
	for (int k = 1; in_domain && k <= nns; k++) {
		snprintf(host, sizeof(host), "ns%d.%s", k, rel);
		cnt.glue_names++;
		rr_addr(host, &rglue, false);
		if (below(&rglue, 100) < 60) {
			rr_addr(host, &rglue, true);
		}
	}
}

static void emit_apex(void)
{
	char b[128];
	bool c = opt.compact;
	if (c) {
		puts_("$ORIGIN ");
		puts_(opt.origin);
		put(".\n", 2);
		put(b, (size_t)sprintf(b, "$TTL %u\n", opt.ttl));
	}
	bool shuffle = opt.shuffle;
	opt.shuffle = false; /* the SOA stays first */
	rr("", opt.ttl, "SOA");
	put_rel("a.nic");
	put(" ", 1);
	put_rel("hostmaster.nic");
	put(b, (size_t)sprintf(b,
		   c ? " (\n\t\t%" PRIu64 " ; serial\n\t\t1800 ; refresh\n"
		       "\t\t900 ; retry\n\t\t604800 ; expire\n\t\t3600 ; minimum\n\t\t)\n"
		     : " %" PRIu64 " 1800 900 604800 3600\n",
		   opt.serial));
	opt.shuffle = shuffle;
	static const char *const apex_ns[] = { "a.nic", "b.nic", "c.nic" };
	unit_start();
	for (int k = 0; k < 3; k++) {
		rr("", opt.ttl, "NS");
		put_rel(apex_ns[k]);
		put("\n", 1);
	}
	rr("", opt.ttl, "NS");
	puts_("ns.example.net.\n");
	rr("", opt.ttl, "TXT");
	puts_("\"synthetic zone; seed ");
	put(b, (size_t)sprintf(b, "%" PRIu64 "\"", opt.seed));
	puts_(" \"second string\"\n");
	cnt.nodes++;
}

/* nic.<origin> is an empty non-terminal above the apex servers' addresses. */
static void emit_nic(void)
{
	static const char *const hosts[] = { "a.nic", "b.nic", "c.nic", "whois.nic" };
	rng_t r = { mix(opt.seed ^ 0x6e6963) };
	unit_start();
	cnt.ents++;
	for (int k = 0; k < 4; k++) {
		cnt.nodes++;
		rr_addr(hosts[k], &r, false);
		rr_addr(hosts[k], &r, true);
	}
	rr("www.nic", opt.ttl, "CNAME");
	put_rel("whois.nic");
	put("\n", 1);
	cnt.nodes++;
}

static void emit(const name_t *o)
{
	char rel[128], sub[160];
	memcpy(rel, arena + o->off, o->len);
	rel[o->len] = 0;
	rng_t r = { mix(opt.seed ^ hash_label(rel, o->len)) };
	switch ((enum kind)o->kind) {
	case K_DELEG:
		emit_delegation(rel, hash_label(rel, o->len), o->hoster, o->added);
		break;
	case K_NIC:
		emit_nic();
		break;
	case K_ENT: /* two empty non-terminals in a row, then a host */
		snprintf(sub, sizeof(sub), "host.deep.%s", rel);
		unit_start();
		rr_addr(sub, &r, false);
		cnt.ents += 2;
		cnt.nodes++;
		break;
	case K_ENTDELEG: /* delegations below an empty non-terminal */
		cnt.ents++;
		for (char c = 'a'; c <= 'd'; c++) {
			snprintf(sub, sizeof(sub), "reg-%c.%s", c, rel);
			emit_delegation(sub, hash_label(sub, strlen(sub)), false, true);
		}
		break;
	case K_WILD:
		unit_start();
		rr(rel, opt.ttl, "TXT");
		puts_("\"wildcard\"\n");
		cnt.nodes++;
		break;
	}
}

/* ----------------------------------------------------------------- main -- */

static void usage(FILE *f)
{
	fputs("usage: genzone [options] > zonefile\n"
	      "  -n, --delegations N   number of delegations (1000)\n"
	      "  -s, --seed N          random seed (1)\n"
	      "  -o, --origin NAME     zone name (test)\n"
	      "      --serial N        SOA serial\n"
	      "      --ds F            fraction of delegations with DS (0.05)\n"
	      "      --glue F          fraction with in-domain name servers and glue (0.04)\n"
	      "      --idn F           fraction of xn-- labels (0.02)\n"
	      "      --ns MIN-MAX      name servers per delegation (2-4)\n"
	      "      --ttl N           TTL (86400);  --ds-ttl N: TTL of DS\n"
	      "      --style S         full: one absolute record a line, TTL and class;\n"
	      "                        compact: $ORIGIN, relative, blank owners (full)\n"
	      "      --shuffle         random order, SOA first (full: record by record;\n"
	      "                        compact: delegation by delegation)\n"
	      "      --change F        same zone with fraction F of the delegations changed\n"
	      "                        (1/2 NS, 3/8 DS, 1/8 deleted, and as many added)\n"
	      "      --change-seed N   which ones change, and how (1)\n"
	      "      --no-ent          no empty non-terminals apart from nic\n"
	      "      --wildcard        add a wildcard TXT at the apex\n"
	      "      --stats           counts as JSON on stderr\n",
	    f);
}

static double frac(const char *s)
{
	char *e;
	double d = strtod(s, &e);
	if (*e != 0 || !(d >= 0 && d <= 1)) {
		die("not a fraction: %s", s);
	}
	return d;
}

static uint64_t num(const char *s, uint64_t max)
{
	char *e;
	uint64_t v = strtoull(s, &e, 10);
	if (*s < '0' || *s > '9' || *e != 0 || v > max) {
		die("bad number: %s", s);
	}
	return v;
}

static void parse_options(int argc, char **argv)
{
	enum {
		O_SERIAL = 256,
		O_DS,
		O_GLUE,
		O_IDN,
		O_NS,
		O_TTL,
		O_DSTTL,
		O_STYLE,
		O_SHUFFLE,
		O_CHANGE,
		O_CSEED,
		O_NOENT,
		O_WILD,
		O_STATS
	};
	static const struct option lo[] = { { "delegations", 1, 0, 'n' }, { "seed", 1, 0, 's' },
		{ "origin", 1, 0, 'o' }, { "help", 0, 0, 'h' }, { "serial", 1, 0, O_SERIAL }, { "ds", 1, 0, O_DS },
		{ "glue", 1, 0, O_GLUE }, { "idn", 1, 0, O_IDN }, { "ns", 1, 0, O_NS }, { "ttl", 1, 0, O_TTL },
		{ "ds-ttl", 1, 0, O_DSTTL }, { "style", 1, 0, O_STYLE }, { "shuffle", 0, 0, O_SHUFFLE },
		{ "change", 1, 0, O_CHANGE }, { "change-seed", 1, 0, O_CSEED }, { "no-ent", 0, 0, O_NOENT },
		{ "wildcard", 0, 0, O_WILD }, { "stats", 0, 0, O_STATS }, { 0 } };
	unsigned ttl_set = 0;
	for (int c; (c = getopt_long(argc, argv, "n:s:o:h", lo, NULL)) != -1;) {
		switch (c) {
		case 'n':
			opt.n = num(optarg, 200000000);
			break;
		case 's':
			opt.seed = num(optarg, UINT64_MAX);
			break;
		case 'o':
			if (strlen(optarg) > 200 || strlen(optarg) == 0 || optarg[0] == '.') {
				die("bad origin");
			}
			strcpy(opt.origin, optarg);
			if (opt.origin[strlen(optarg) - 1] == '.') {
				opt.origin[strlen(optarg) - 1] = 0;
			}
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case O_SERIAL:
			opt.serial = num(optarg, UINT32_MAX);
			break;
		case O_DS:
			opt.ds = frac(optarg);
			break;
		case O_GLUE:
			opt.glue = frac(optarg);
			break;
		case O_IDN:
			opt.idn = frac(optarg);
			break;
		case O_NS:
			if (sscanf(optarg, "%d-%d", &opt.ns_min, &opt.ns_max) != 2 || opt.ns_min < 1 ||
			    opt.ns_max < opt.ns_min || opt.ns_max > 13) {
				die("bad --ns: %s", optarg);
			}
			break;
		case O_TTL:
			opt.ttl = (unsigned)num(optarg, INT32_MAX);
			break;
		case O_DSTTL:
			opt.ds_ttl = (unsigned)num(optarg, INT32_MAX);
			ttl_set = 1;
			break;
		case O_STYLE:
			opt.compact = strcmp(optarg, "compact") == 0;
			if (!opt.compact && strcmp(optarg, "full") != 0) {
				die("bad --style: %s", optarg);
			}
			break;
		case O_SHUFFLE:
			opt.shuffle = true;
			break;
		case O_CHANGE:
			opt.change = frac(optarg);
			break;
		case O_CSEED:
			opt.change_seed = num(optarg, UINT64_MAX);
			break;
		case O_NOENT:
			opt.ent = false;
			break;
		case O_WILD:
			opt.wildcard = true;
			break;
		case O_STATS:
			opt.stats = true;
			break;
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind != argc) {
		usage(stderr);
		exit(2);
	}
	if (!ttl_set) {
		opt.ds_ttl = opt.ttl;
	}
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);

	size_t extra = opt.change > 0 ? (size_t)((double)opt.n * opt.change / 8) : 0;
	for (table_mask = 1024; table_mask < (opt.n + extra) * 2; table_mask *= 2) {
	}
	table = calloc(table_mask, sizeof(*table));
	if (table == NULL) {
		die("out of memory");
	}
	table_mask--;
	out_cap = 1 << 20;
	out = xrealloc(NULL, out_cap);

	/* Names: the fixed ones, the delegations, then those --change adds. */
	add_name("nic", 3, K_NIC);
	if (opt.ent) {
		add_name("ent-host", 8, K_ENT);
		add_name("ent-reg", 7, K_ENTDELEG);
	}
	if (opt.wildcard) {
		add_name("*", 1, K_WILD);
	}
	size_t first = nnames;
	char label[128];
	rng_t r = { mix(opt.seed) };
	while (nnames < first + opt.n) {
		add_name(label, make_label(label, &r), K_DELEG);
	}
	r.s = mix(opt.seed ^ mix(opt.change_seed));
	while (nnames < first + opt.n + extra) {
		if (add_name(label, make_label(label, &r), K_DELEG)) {
			names[nnames - 1].added = 1;
			cnt.added++;
		}
	}

	/* Hosting companies; every fifth one lives inside the zone. */
	n_hosters = opt.n / 200 + 20;
	hoster_name = calloc(n_hosters, sizeof(*hoster_name));
	if (hoster_name == NULL) {
		die("out of memory");
	}
	for (size_t h = 4; h < n_hosters && h < opt.n; h += 5) {
		names[first + h].hoster = 1;
		hoster_name[h] = (uint32_t)(first + h + 1);
	}

	/* Sort a copy: hoster_name points into the generation order. */
	name_t *sorted = xrealloc(NULL, nnames * sizeof(*sorted));
	memcpy(sorted, names, nnames * sizeof(*sorted));
	qsort(sorted, nnames, sizeof(*sorted), name_cmp);

	emit_apex();
	size_t head = opt.shuffle && nunits > 0 ? units[0] : 0;
	for (size_t i = 0; i < nnames; i++) {
		emit(&sorted[i]);
	}
	if (opt.shuffle) {
		/* Empty units (a start immediately followed by another) do no harm. */
		size_t *end = xrealloc(NULL, nunits * sizeof(*end)), total = out_len;
		uint32_t *perm = xrealloc(NULL, nunits * sizeof(*perm));
		for (size_t i = 0; i < nunits; i++) {
			end[i] = i + 1 < nunits ? units[i + 1] : total;
			perm[i] = (uint32_t)i;
		}
		rng_t s = { mix(opt.seed ^ 0x73687566666c65) };
		for (size_t i = nunits; i > 1; i--) {
			size_t j = below(&s, (uint32_t)i);
			uint32_t t = perm[i - 1];
			perm[i - 1] = perm[j];
			perm[j] = t;
		}
		fwrite(out, 1, head, stdout);
		for (size_t i = 0; i < nunits; i++) {
			size_t a = units[perm[i]], n = end[perm[i]] - a;
			if (n > 0 && fwrite(out + a, 1, n, stdout) != n) {
				die("write error");
			}
		}
		out_len = 0;
	}
	flush_out();
	if (fflush(stdout) != 0) {
		die("write error");
	}
	if (opt.stats) {
		fprintf(stderr,
		    "{\"records\":%" PRIu64 ",\"delegations\":%" PRIu64 ",\"ns\":%" PRIu64 ",\"ds_rrsets\":%" PRIu64
		    ",\"ds\":%" PRIu64 ",\"a\":%" PRIu64 ",\"aaaa\":%" PRIu64 ",\"glue_names\":%" PRIu64
		    ",\"nodes\":%" PRIu64 ",\"ents\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"deleted\":%" PRIu64
		    ",\"added\":%" PRIu64 "}\n",
		    cnt.records, cnt.delegations, cnt.ns, cnt.ds_rrsets, cnt.ds, cnt.a, cnt.aaaa, cnt.glue_names,
		    cnt.nodes, cnt.ents, cnt.changed, cnt.deleted, cnt.added);
	}
	return 0;
}
