/* SPDX-License-Identifier: MIT */
#include "signer/verify/vchecks.h"

#include <strings.h>

#include "signer/verify/verify.h"

static const struct verify_check checks[VC_COUNT] = {
	[VC_STRUCTURE_SOA] = { "structure.soa", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 1035 5.2, RFC 5936 2.2",
	    "SOA records",
	    "The zone has exactly one SOA record, and it is at the apex; servers do not load a zone with another, not "
	    "even below a delegation, and a transfer would end there.",
	    NULL },
	[VC_STRUCTURE_APEX_NS] = { "structure.apex-ns", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 1034 4.2.1",
	    "NS records at the apex", "The apex has at least one NS record, or nobody can be asked for the zone.",
	    NULL },
	[VC_STRUCTURE_BAILIWICK] = { "structure.bailiwick", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 1035 5.2",
	    "owner names", "Every owner name is the apex or below it; servers drop or refuse the rest.",
	    ".se 2009: a lost trailing dot moved every name" },
	[VC_STRUCTURE_CLASS] = { "structure.class", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 1035 5.2", "records",
	    "All records have class IN.", NULL },
	[VC_STRUCTURE_DUPLICATE] = { "structure.duplicate", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 4034 6.3, RFC 2181 5",
	    "records", "No record stands twice in an RRset, compared in canonical form.", NULL },
	[VC_STRUCTURE_TTL] = { "structure.rrset-ttl", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 2181 5.2, RFC 2181 8",
	    "RRsets",
	    "All records of an RRset have one TTL (RRSIGs follow the RRset they cover), for a signature covers one TTL "
	    "only; and it has at most 31 bits.",
	    NULL },
	[VC_STRUCTURE_SIZE] = { "structure.size", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 1035 4.2.2", "RRsets",
	    "An RRset fits into a DNS message of 65535 octets with its signatures, or nobody can ask for it. What is "
	    "too "
	    "large for UDP is asked for by TCP; no check limits that.",
	    NULL },
	[VC_STRUCTURE_CNAME] = { "structure.cname", "Z0", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.5, RFC 2181 10.1",
	    "CNAME owners",
	    "Beside a CNAME stand only RRSIG, NSEC and KEY, and there is one CNAME, also below a delegation: servers "
	    "do "
	    "not load a zone that breaks it there.",
	    NULL },
	[VC_STRUCTURE_DNAME] = { "structure.dname", "Z0", VERIFY_FILE, VERIFY_RFC,
	    "RFC 6672 2.3, RFC 6672 2.4, RFC 5155 10.2", "DNAME owners",
	    "One DNAME per owner, no CNAME beside it, no NS but at the apex, no data below it.", NULL },
	[VC_STRUCTURE_CUT] = { "structure.cut", "Z0", VERIFY_FILE, VERIFY_POLICY, "RFC 1035 5.2, RFC 5936 3.5",
	    "delegations",
	    "At a delegation stand only NS, DS and NSEC, below it only addresses, of one TTL each; anything else is "
	    "hidden from resolvers.",
	    NULL },
	[VC_STRUCTURE_SERVER] = { "structure.apex-server", "Z3", VERIFY_FILE, VERIFY_RFC, "RFC 2181 10.3",
	    "name servers of the zone that it names itself",
	    "A name server of the zone whose name the zone is authoritative for has an address there, and is no alias.",
	    NULL },
	[VC_STRUCTURE_GLUE] = { "structure.glue", "Z3", VERIFY_FILE, VERIFY_POLICY, "RFC 1034 4.2.1",
	    "name servers below their own delegation",
	    "A name server whose name lies at or below the delegation it serves has an address in the zone.", NULL },
	[VC_STRUCTURE_TARGET] = { "structure.ns-target", "Z3", VERIFY_FILE, VERIFY_POLICY, "RFC 2181 10.3",
	    "name-server names",
	    "A name server is neither an alias of the zone nor the root, nor an address taken for a name, nor a name "
	    "of the "
	    "zone that has no address there.",
	    NULL },
	[VC_STRUCTURE_DOUBLED] = { "structure.name-doubled", "Z3", VERIFY_FILE, VERIFY_POLICY, "RFC 1035 5.1",
	    "name-server names",
	    "Neither name-server names nor owner names end in the zone name twice: the mark of a lost trailing dot.",
	    ".se 2009" },
	[VC_STRUCTURE_DOTS] = { "structure.dots-lost", "Z3", VERIFY_FILE, VERIFY_POLICY, "RFC 1035 5.1",
	    "name-server names",
	    "Of all name-server names less than a tenth, or fewer than ten, end in the zone name twice: so many are no "
	    "registrant's slip, the program that writes the zone lost its final dots.",
	    ".se 2009" },
	[VC_STRUCTURE_END] = { "structure.end", "Z2", VERIFY_FILE, VERIFY_POLICY, "RFC 1035 5", "files",
	    "The file ends with a line end, so its last line is whole.", ".de 2010: a copy that stopped at 28 %" },
	[VC_KEY_PRESENT] = { "key.present", "D5", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.1", "DNSKEY records",
	    "The apex has a DNSKEY RRset with at least one zone key: the zone is signed.",
	    "hbonow.com 2015, .na 2019: unsigned zone under a DS" },
	[VC_KEY_FORM] = { "key.form", "D1", VERIFY_FILE, VERIFY_RFC, "RFC 4034 2.1, RFC 4035 2.1", "DNSKEY records",
	    "Zone keys stand only at the apex, have protocol 3 and key material of the form of their algorithm.",
	    NULL },
	[VC_KEY_ALGORITHM] = { "key.algorithm", "A3", VERIFY_FILE, VERIFY_POLICY, "RFC 9904 3, RFC 9905 2", "keys",
	    "Keys have an algorithm that the policy allows, and never one that must not be used for signing (1, 3, 5, "
	    "6, 7, 12); without a policy a warning, as validators that support it still take the zone and others take "
	    "it as unsigned.",
	    NULL },
	[VC_KEY_SIZE] = { "key.size", "A4", VERIFY_FILE, VERIFY_POLICY, "RFC 6781 3.4.2", "RSA keys",
	    "RSA keys are at least as long as the policy says (2048 bits by default).", NULL },
	[VC_KEY_TAG] = { "key.tag-unique", "K1", VERIFY_FILE, VERIFY_POLICY, "RFC 4035 5.3.1", "keys",
	    "No two keys of one algorithm share a tag, also with the REVOKE bit set.",
	    ".ru 2024: two pairs with one tag" },
	[VC_KEY_TTL] = { "key.ttl", "T3", VERIFY_FILE, VERIFY_POLICY, "RFC 7583 3.2.1", "DNSKEY RRsets",
	    "The DNSKEY RRset has the TTL of the policy, which every wait of a rollover counts on.",
	    ".nz 2023: a TTL that the waits did not know" },
	[VC_KEY_EXPECTED] = { "key.expected", "D1", VERIFY_GIVEN, VERIFY_RFC, "RFC 4035 2.1",
	    "expected and published keys", "The DNSKEY RRset is exactly the set of keys that the key states say.",
	    "ldns-signzone dropping a key in silence" },
	[VC_KEY_ROLE] = { "key.role", "S8", VERIFY_GIVEN, VERIFY_RFC, "RFC 6781 3.1, RFC 7344 4.1", "signatures",
	    "A KSK signs only DNSKEY, CDS and CDNSKEY; every expected KSK signs the DNSKEY RRset; a key not in use "
	    "signs nothing.",
	    NULL },
	[VC_CHAIN_SELF] = { "chain.self-signed", "D3", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.2",
	    "algorithms of the DNSKEY RRset", "The DNSKEY RRset is signed with each algorithm that it holds.",
	    "dlv.isc.org 2009, e164.arpa 2011" },
	[VC_CHAIN_ANCHOR] = { "chain.anchor", "D2", VERIFY_GIVEN, VERIFY_RFC, "RFC 4035 5.2, RFC 6840 5.11",
	    "DS algorithms",
	    "For each algorithm of the trust anchor a DS matches a zone key, and keys of that algorithm sign the "
	    "DNSKEY RRset.",
	    ".fj, nasa.gov 2012, iastate.edu 2017" },
	[VC_CHAIN_SIGNED] = { "chain.signed", "D5", VERIFY_GIVEN, VERIFY_RFC, "RFC 4035 5.2", "trust anchors",
	    "A zone that has a trust anchor is signed; it is never published unsigned.",
	    "hbonow.com 2015, .xn--qxam 2021" },
	[VC_CHAIN_EVERY] = { "chain.anchor-all", "D2", VERIFY_GIVEN, VERIFY_POLICY, "RFC 4035 2.4", "DS records",
	    "Every DS (or anchor key) matches a key in the zone.", NULL },
	[VC_CDS_FORM] = { "cds.form", "T7", VERIFY_FILE, VERIFY_RFC, "RFC 7344 4, RFC 8078 4",
	    "CDS and CDNSKEY records",
	    "CDS and CDNSKEY at the apex agree, are well formed, and a delete form is alone.", NULL },
	[VC_CDS_CHAIN] = { "cds.chain", "T7", VERIFY_FILE, VERIFY_RFC, "RFC 7344 4.1", "CDS and CDNSKEY sets",
	    "Following the CDS and CDNSKEY at the apex keeps a chain: for each algorithm they name, one of them "
	    "matches a key that signs the DNSKEY RRset.",
	    NULL },
	[VC_CDS_SIGNED] = { "cds.signed", "T7", VERIFY_GIVEN, VERIFY_RFC, "RFC 7344 4.1", "CDS and CDNSKEY sets",
	    "CDS and CDNSKEY are signed by a key that both the DNSKEY RRset and the trust anchor hold.", NULL },
	[VC_CDS_DELETE] = { "cds.delete", "T7", VERIFY_FILE, VERIFY_POLICY, "RFC 8078 4", "CDS and CDNSKEY sets",
	    "A request to delete the DS is published only when the policy says so.", NULL },
	[VC_SIG_VALID] = { "sig.valid", "S1", VERIFY_FILE, VERIFY_RFC, "RFC 4035 5.3, RFC 4034 3.1.8.1", "signatures",
	    "Every signature whose key is known verifies over the canonical RRset, also one beside a good one.",
	    ".de 2026, .se 2022, .be 2018, eu.org 2020" },
	[VC_SIG_KEY] = { "sig.key-published", "S2", VERIFY_FILE, VERIFY_POLICY, "RFC 4035 5.3.1, RFC 6840 5.12",
	    "signatures",
	    "Every signature is made by a zone key in the DNSKEY RRset (or, in the outer stages of an algorithm roll, "
	    "by an expected key).",
	    ".mg 2017" },
	[VC_SIG_COVERED] = { "sig.covered", "S3", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.2", "authoritative RRsets",
	    "Every authoritative RRset has a signature.", ".fr 2011: NSEC3 without RRSIG" },
	[VC_SIG_ALGORITHMS] = { "sig.algorithms", "A1", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.2, RFC 6840 5.11",
	    "authoritative RRsets",
	    "Every authoritative RRset has a good signature of each algorithm in the DNSKEY RRset.",
	    ".gov 2013: signed with the new algorithm only" },
	[VC_SIG_AUTHORITY] = { "sig.authoritative-only", "S4", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.2", "RRsets",
	    "Delegation NS, glue, occluded data and RRSIGs are not signed.", NULL },
	[VC_SIG_FORM] = { "sig.form", "S5", VERIFY_FILE, VERIFY_RFC, "RFC 4034 3.1, RFC 4035 2.2, 2.3", "signatures",
	    "Signer name is the apex, Labels counts the owner name without root and leftmost asterisk, and no name "
	    "holds "
	    "nothing but signatures.",
	    NULL },
	[VC_SIG_TTL] = { "sig.ttl", "S6", VERIFY_FILE, VERIFY_RFC, "RFC 4034 3, 3.1.4, RFC 4035 2.2", "signatures",
	    "TTL of the RRSIG, TTL of the RRset and Original TTL are equal.", NULL },
	[VC_SIG_ORPHAN] = { "sig.orphan", "S2", VERIFY_FILE, VERIFY_POLICY, "RFC 4035 2.2", "signatures",
	    "Every RRSIG covers an RRset that is there.", NULL },
	[VC_SIG_DUPLICATE] = { "sig.duplicate", "S7", VERIFY_FILE, VERIFY_POLICY, "RFC 4035 2.2", "signatures",
	    "At most one RRSIG per RRset and key.", NULL },
	[VC_SIG_REVOKED] = { "sig.revoked-key", "S2", VERIFY_FILE, VERIFY_POLICY, "RFC 5011 2.1", "signatures",
	    "A key with the REVOKE bit signs the DNSKEY RRset, or nobody learns of it, and nothing else.", NULL },
	[VC_TIME_VALID] = { "time.valid", "E1", VERIFY_FILE, VERIFY_RFC, "RFC 4034 3.1.5, RFC 4035 5.3.1", "signatures",
	    "Every signature that counts is valid now: inception <= now <= expiration in serial arithmetic.",
	    ".mm 2016, .zm 2015 and 2018, arin.net 2019" },
	[VC_TIME_EXTRA] = { "time.extra", "E1", VERIFY_FILE, VERIFY_POLICY, "RFC 4034 3.1.5", "signatures",
	    "Signatures beside those that count are valid now as well.", NULL },
	[VC_TIME_REMAINING] = { "time.remaining", "E2", VERIFY_FILE, VERIFY_POLICY, "RFC 6781 4.4.1", "signatures",
	    "Signatures outlive a stuck secondary: remaining validity is at least the policy's floor (bare: SOA expire "
	    "plus the largest TTL).",
	    ".com 2023: old copies with expired signatures" },
	[VC_TIME_TTL] = { "time.max-ttl", "E4", VERIFY_FILE, VERIFY_POLICY, "RFC 6781 4.4.1", "RRsets",
	    "The largest TTL is under the policy's cap and under the shortest validity period.", NULL },
	[VC_TIME_HORIZON] = { "time.horizon", "E7", VERIFY_GIVEN, VERIFY_RFC, "RFC 6781 4.4.1", "moments",
	    "The signatures hold at each further moment that was asked about. A run asks about three: when the largest "
	    "TTL has passed; when the first signatures have been replaced and caches have that, after any step of the "
	    "keys that comes before; and when SOA expire has passed, if the policy's refresh reaches so far, since a "
	    "signature that is kept has no more than that left.",
	    NULL },
	[VC_TIME_WINDOW] = { "time.window", "E1", VERIFY_FILE, VERIFY_POLICY, "RFC 6781 4.4.2",
	    "signatures of zone data",
	    "Signatures begin at least the policy's offset before now, for clocks that are slow, and end no later than "
	    "its "
	    "validity from now.",
	    NULL },
	[VC_DENIAL_COMPLETE] = { "denial.complete", "N0", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.3, RFC 5155 7.1",
	    "chains", "There is at least one complete chain, NSEC or NSEC3.", NULL },
	[VC_DENIAL_SCHEME] = { "denial.one-scheme", "N0", VERIFY_FILE, VERIFY_POLICY, "RFC 5155 10.4", "chains",
	    "One scheme of denial, the one that the policy names.", NULL },
	[VC_DENIAL_IDLE] = { "denial.idle-spans", "N2", VERIFY_FILE, VERIFY_POLICY, "RFC 5155 10.4, 10.5",
	    "NSEC and NSEC3 that servers do not use",
	    "NSEC3 without NSEC3PARAM, and NSEC beside it, deny no name that exists; while such a chain grows or goes "
	    "they may, and whoever has one can hide that name from resolvers.",
	    NULL },
	[VC_NSEC_OWNERS] = { "denial.nsec.owners", "N1", VERIFY_FILE, VERIFY_RFC, "RFC 4034 4, RFC 4035 2.3", "names",
	    "Each owner with authoritative data or a delegation has one NSEC, and no other name has one, glue and what "
	    "a delegation hides included.",
	    NULL },
	[VC_NSEC_CHAIN] = { "denial.nsec.chain", "N2", VERIFY_FILE, VERIFY_RFC, "RFC 4034 4.1.1, 6.1", "NSEC records",
	    "NSEC records form one circle in canonical order.", NULL },
	[VC_NSEC_BITMAP] = { "denial.nsec.bitmap", "N3", VERIFY_FILE, VERIFY_RFC, "RFC 4034 4.1.2, RFC 4035 2.3",
	    "NSEC records", "The bitmap names exactly the types at the owner.", "slack.com 2021" },
	[VC_NSEC3_CHAIN] = { "denial.nsec3.chain", "N2", VERIFY_FILE, VERIFY_RFC, "RFC 5155 3.1.7, 7.1",
	    "NSEC3 records", "NSEC3 records of a parameter set form one circle in order of their hashes.",
	    "example.no 2025: overlapping spans" },
	[VC_NSEC3_NAMES] = { "denial.nsec3.names", "N4", VERIFY_FILE, VERIFY_RFC, "RFC 5155 7.1", "names",
	    "Each name with authoritative data, each secure delegation and each empty non-terminal that leads to one "
	    "has an NSEC3.",
	    ".fr 2011" },
	[VC_NSEC3_OPTOUT] = { "denial.nsec3.opt-out-span", "N4", VERIFY_FILE, VERIFY_RFC, "RFC 5155 6, 7.2.7",
	    "delegations without NSEC3",
	    "A delegation without NSEC3 has a closest provable encloser, and its next closer name lies in an opt-out "
	    "span.",
	    NULL },
	[VC_NSEC3_EXTRA] = { "denial.nsec3.extra", "N2", VERIFY_FILE, VERIFY_RFC, "RFC 5155 7.1", "NSEC3 records",
	    "Each NSEC3 is the hash of a name that exists.", NULL },
	[VC_NSEC3_BITMAP] = { "denial.nsec3.bitmap", "N3", VERIFY_FILE, VERIFY_RFC, "RFC 5155 3.2.1, 7.1, RFC 6840 6.4",
	    "NSEC3 records", "The bitmap names exactly the types at the hashed name.", NULL },
	[VC_NSEC3_PARAM] = { "denial.nsec3.parameters", "N7", VERIFY_FILE, VERIFY_RFC, "RFC 5155 4, 7.3, RFC 9276 3.2",
	    "NSEC3PARAM and NSEC3 records",
	    "Each NSEC3PARAM has hash algorithm 1, flags 0, at most 150 iterations and a complete chain; no NSEC3 has "
	    "unknown flags or hash. Up to 8 chains are judged, and more refused (gate.counts); so is a file that asks "
	    "for more hashing than 16 rounds per octet and 4 million.",
	    NULL },
	[VC_NSEC3_ITERATIONS] = { "denial.nsec3.iterations", "N7", VERIFY_FILE, VERIFY_POLICY, "RFC 9276 3.1",
	    "NSEC3PARAM records",
	    "Iterations are 0 (the RFC's MUST), or at most what the policy allows for an old zone; without a policy a "
	    "warning, as validators still take up to 150.",
	    NULL },
	[VC_NSEC3_SALT] = { "denial.nsec3.salt", "N7", VERIFY_FILE, VERIFY_POLICY, "RFC 9276 3.1", "NSEC3PARAM records",
	    "The salt is empty, or the one of the policy.", NULL },
	[VC_NSEC3_UNIQUE] = { "denial.nsec3.one-set", "N7", VERIFY_FILE, VERIFY_POLICY, "RFC 5155 7.3", "NSEC3 records",
	    "There is one NSEC3PARAM, and every NSEC3 has its parameters.",
	    "OpenDNSSEC 2015: a second NSEC3PARAM after a new salt" },
	[VC_NSEC3_FLAG] = { "denial.nsec3.opt-out", "N7", VERIFY_FILE, VERIFY_POLICY, "RFC 5155 6", "NSEC3 records",
	    "The opt-out flag is the same in the whole chain, and as the policy says.", NULL },
	[VC_NSEC3_COLLISION] = { "denial.nsec3.collision", "N8", VERIFY_FILE, VERIFY_RFC, "RFC 5155 7.1",
	    "hashed names", "No two names have one hash.", NULL },
	[VC_DENIAL_TTL] = { "denial.ttl", "N6", VERIFY_FILE, VERIFY_POLICY, "RFC 9077 3", "NSEC and NSEC3 records",
	    "TTL of NSEC and NSEC3 is the lesser of the SOA's TTL and its MINIMUM; while a chain is being rewritten it "
	    "may differ.",
	    NULL },
	[VC_RESPONSE_POSITIVE] = { "response.positive", "N9", VERIFY_FILE, VERIFY_RFC,
	    "RFC 4035 3.1.1, 5.3, RFC 6672 5.3.1", "answers with data",
	    "What a server would answer with (data, a CNAME, the DNAME above a name) has a signature that validates.",
	    NULL },
	[VC_RESPONSE_NODATA] = { "response.nodata", "N9", VERIFY_FILE, VERIFY_RFC,
	    "RFC 4035 5.4, RFC 5155 8.5, 8.6, RFC 6840 4.1, 4.3", "answers of no data",
	    "The records that a server would send prove that a name, or an empty non-terminal, has no such type.",
	    "slack.com 2021" },
	[VC_RESPONSE_NXDOMAIN] = { "response.nxdomain", "N9", VERIFY_FILE, VERIFY_RFC,
	    "RFC 4035 5.4, RFC 5155 8.3, 8.4, RFC 6840 4.1", "answers of no such name",
	    "The records that a server would send prove that a name between the zone's names does not exist, and that "
	    "no wildcard stands for it.",
	    NULL },
	[VC_RESPONSE_WILDCARD] = { "response.wildcard", "N9", VERIFY_FILE, VERIFY_RFC,
	    "RFC 4035 5.3.4, 5.4, RFC 5155 8.7, 8.8", "answers by a wildcard",
	    "The records that a server would send prove that the wildcard stands for the name, and what types it "
	    "lacks.",
	    NULL },
	[VC_RESPONSE_REFERRAL] = { "response.referral", "N9", VERIFY_FILE, VERIFY_RFC,
	    "RFC 4035 3.1.4, 5.2, RFC 5155 8.6, 8.9, RFC 6840 4.4", "referrals and questions for DS",
	    "A referral has a DS RRset that validates, or a proof that there is none.",
	    ".fr 2011: NSEC3 without RRSIG" },
	[VC_RESPONSE_OPT_OUT] = { "response.opt-out-wildcard", "N9", VERIFY_FILE, VERIFY_POLICY, "RFC 5155 7.1, 8.4",
	    "answers of no such name",
	    "Where an empty non-terminal above insecure delegations has no NSEC3, as opt-out allows, no wildcard "
	    "stands above it: that one is taken for the name's, and names below cannot be denied.",
	    NULL },
	[VC_DS_APEX] = { "delegation.ds-apex", "L1", VERIFY_FILE, VERIFY_RFC, "RFC 4035 2.4", "DS RRsets",
	    "No DS stands at the apex: it belongs to the parent.", NULL },
	[VC_DS_OWNER] = { "delegation.ds-owner", "L1", VERIFY_FILE, VERIFY_POLICY, "RFC 4035 2.4", "DS RRsets",
	    "DS stands only where a delegation is.", NULL },
	[VC_DS_TTL] = { "delegation.ds-ttl", "L1", VERIFY_FILE, VERIFY_POLICY, "RFC 4035 2.4", "DS RRsets",
	    "The DS has the TTL of the delegation.", NULL },
	[VC_DS_FORM] = { "delegation.ds-form", "L2", VERIFY_FILE, VERIFY_RFC,
	    "RFC 4034 5.1, RFC 4509 2.1, RFC 6605 2, RFC 8078 4", "DS records",
	    "A digest has the length of its type; algorithm 0 and digest type 0 are for CDS only.", NULL },
	[VC_DS_SHA1] = { "delegation.ds-sha1", "L2", VERIFY_FILE, VERIFY_POLICY, "RFC 9904 4, RFC 9905 5", "DS RRsets",
	    "A signed delegation has a DS with a better digest than SHA-1.", NULL },
	[VC_ZONEMD_FORM] = { "zonemd.form", "M1", VERIFY_FILE, VERIFY_RFC, "RFC 8976 2.2, 2.5, 4",
	    "ZONEMD records at the apex", "No scheme and hash twice, and digests have their length.", NULL },
	[VC_ZONEMD_DIGEST] = { "zonemd.digest", "M2", VERIFY_FILE, VERIFY_RFC, "RFC 8976 3.3, 4", "ZONEMD digests",
	    "One digest of a known scheme and hash, with the serial of the SOA, matches the zone.",
	    ".de 2010: an incomplete copy" },
	[VC_ZONEMD_EVERY] = { "zonemd.every", "M1", VERIFY_FILE, VERIFY_POLICY, "RFC 8976 4", "ZONEMD digests",
	    "Every digest of a known scheme and hash matches the zone; each record has the serial of the SOA.", NULL },
	[VC_ZONEMD_PRESENT] = { "zonemd.present", "M1", VERIFY_FILE, VERIFY_POLICY, "RFC 8976 2.5", "zones",
	    "The zone has a ZONEMD that can be checked, if the policy wants one.", NULL },
	[VC_SERIAL_INCREASES] = { "serial.increases", "Z4", VERIFY_GIVEN, VERIFY_RFC, "RFC 1982 3", "serials",
	    "A changed zone has a serial that is greater than the published one (by less than 2^31).",
	    "ARIN 2016: a serial that went back" },
	[VC_SERIAL_CONTENT] = { "serial.content", "Z4", VERIFY_GIVEN, VERIFY_RFC, "RFC 1035 3.3.13", "serials",
	    "One serial never names two contents.", NULL },
	[VC_SERIAL_POLICY] = { "serial.policy", "Z4", VERIFY_GIVEN, VERIFY_POLICY, "RFC 1982 3", "serials",
	    "The serial is what the policy's way of counting makes of the input's serial, the time, and the serials "
	    "that were used before.",
	    NULL },
	[VC_CHANGE_RECORDS] = { "change.records", "Z1", VERIFY_GIVEN, VERIFY_RFC, "-", "records",
	    "The number of records changed by no more than the limit, and no more than that are hidden by new "
	    "delegations.",
	    ".de 2010: 28 % of the zone" },
	[VC_CHANGE_DELEGATIONS] = { "change.delegations", "Z1", VERIFY_GIVEN, VERIFY_RFC, "-", "delegations",
	    "Delegations added and removed stay under the limit.", ".de 2010" },
	[VC_CHANGE_NS] = { "change.ns", "Z1", VERIFY_GIVEN, VERIFY_RFC, "-", "delegations",
	    "The share of delegations with other name servers, and that of glue with other addresses, stay under the "
	    "limit.",
	    ".se 2009: every delegation changed" },
	[VC_CHANGE_DS] = { "change.ds", "L3", VERIFY_GIVEN, VERIFY_RFC, "-", "signed delegations",
	    "DS sets removed or changed stay under the limit.", NULL },
	[VC_CHANGE_APEX] = { "change.apex", "Z1", VERIFY_GIVEN, VERIFY_RFC, "-", "RRsets at the apex",
	    "NS at the apex keeps at least one of its names.", NULL },
	[VC_CHANGE_EXPIRE] = { "change.expire", "E2", VERIFY_GIVEN, VERIFY_RFC, "RFC 6781 4.4.1", "SOA records",
	    "SOA expire is not raised so far that a secondary which is cut off outlives the signatures that it serves: "
	    "expire and the largest TTL fit into the policy's floor of what signatures have left. One that was long "
	    "before may stay.",
	    ".com 2023: old copies with expired signatures" },
	[VC_CACHE_OLD_KEYS] = { "cache.old-keys", "T4", VERIFY_GIVEN, VERIFY_RFC, "RFC 6781 4.1.1",
	    "authoritative RRsets",
	    "With each DNSKEY RRset published before that may still be in caches, every RRset has a signature that "
	    "validates.",
	    "APNIC 2012: another key set took over" },
	[VC_CACHE_OLD_SIGS] = { "cache.old-signatures", "T4", VERIFY_GIVEN, VERIFY_RFC, "RFC 6781 4.1.1",
	    "signatures of the published zone",
	    "With the new DNSKEY RRset, signatures published before that may still be in caches can be validated, in "
	    "each version that is given.",
	    ".mg 2017, .nz 2023" },
	[VC_CACHE_PREPUBLISHED] = { "cache.key-prepublished", "X1", VERIFY_GIVEN, VERIFY_POLICY, "RFC 7583 3.2.1",
	    "signing keys",
	    "A key that replaces another was in each DNSKEY RRset published before that may still be in caches.",
	    "APNIC 2012" },
	[VC_CACHE_ENTRY] = { "cache.entry-key", "T1", VERIFY_GIVEN, VERIFY_RFC, "RFC 6781 4.1.2, RFC 7583 2.2",
	    "DNSKEY RRsets published before",
	    "A key that signed the DNSKEY RRset of the newest version before signs it still, for the parent's DS does "
	    "not change in the same instant; or the trust anchor leads to both, as in a Double-DS rollover.",
	    NULL },
	[VC_UNSIGNED_ZONEMD] = { "unsigned.zonemd", "Z2", VERIFY_GIVEN, VERIFY_RFC, "RFC 8976 4",
	    "ZONEMD records of the unsigned input",
	    "If the unsigned input has a ZONEMD at the apex, one of a known scheme and hash verifies: the serial is "
	    "that of its SOA and the digest that of its records, so it is whole. Its signatures, if it has any, are "
	    "not asked about; without a ZONEMD only the change limits see that an input was cut between two records.",
	    ".de 2010: a copy that stopped at 28 %" },
	[VC_UNSIGNED_EQUAL] = { "unsigned.equal", "Z6", VERIFY_GIVEN, VERIFY_RFC, "RFC 4035 2", "records",
	    "Apart from DNSSEC records, ZONEMD, CDS, CDNSKEY and the SOA serial, the zone is the unsigned input.",
	    NULL },
	[VC_UNSIGNED_PLAIN] = { "unsigned.plain", "D5", VERIFY_GIVEN, VERIFY_RFC, "RFC 4035 2", "records",
	    "A zone that is published unsigned on purpose holds no DNSKEY, RRSIG, NSEC, NSEC3, NSEC3PARAM, CDS or "
	    "CDNSKEY "
	    "at all.",
	    NULL },
	[VC_GATE_COUNTS] = { "gate.counts", "G3", VERIFY_FILE, VERIFY_RFC, "-", "kinds of checks",
	    "The checks found something to check: a count of zero is no proof.", NULL },
	[VC_KEY_HSM] = { "key.hsm-identical", "K2", VERIFY_ENGINE, VERIFY_POLICY, "-", "keys",
	    "Each token holds the private half of exactly the published key: one that shows another public key is "
	    "refused, "
	    "before the key is published, before it first signs and in every run that signs.",
	    ".de 2026" },
	[VC_KEY_PROOF] = { "key.proof", "K3", VERIFY_ENGINE, VERIFY_POLICY, "-", "keys",
	    "Each token that a run needs signs with each key in use, and the signature verifies under the published "
	    "key; else nothing of that run is published. A run that has nothing to sign asks each hardware token "
	    "once an hour.",
	    ".de 2026" },
	[VC_PARENT_DS] = { "parent.ds-equal", "D4", VERIFY_ENGINE, VERIFY_POLICY, "RFC 6840 5.11", "DS sets",
	    "A DS counts as seen, or gone, only once all servers of the parent show it alike, and none is out of "
	    "reach; until then a rollover waits with the old key in place. A run is never refused for it: the "
	    "signatures that keep the zone alive do not depend on the parent.",
	    NULL },
	[VC_CLOCK_SANE] = { "clock.sane", "E3", VERIFY_ENGINE, VERIFY_POLICY, "RFC 4035 5.3.1", "clocks",
	    "The signer's clock is not before the build, the last run or the date in the input's serial, enough of the "
	    "time servers that the policy names (clock.sources; without any no other clock is asked) agree with it, or "
	    "nothing is signed; nothing is published if it was set during the run; after a forward jump beyond the "
	    "policy rollovers are held.",
	    NULL },
	[VC_TIME_OFFLINE] = { "time.offline-ksk", "E6", VERIFY_ENGINE, VERIFY_POLICY, "-", "signatures",
	    "Signatures of an offline KSK reach beyond the next ceremony: the run warns from the alarm on, and fails "
	    "once "
	    "the last response has ended, but signs on as long as a bundle fits.",
	    ".zm 2018" },
	[VC_GATE_BYTES] = { "gate.same-bytes", "G4", VERIFY_ENGINE, VERIFY_POLICY, "-", "files",
	    "What is published has the SHA-256 and the size that the verdict names; else there is no verdict.", NULL },
	[VC_IXFR_EQUAL] = { "served.ixfr-equal", "Z5", VERIFY_OUTSIDE, VERIFY_RFC, "RFC 1995 4", "increments",
	    "An increment applied to its base gives exactly the zone.", NULL },
	[VC_SERVED_EQUAL] = { "served.equal", "M4", VERIFY_OUTSIDE, VERIFY_POLICY, "RFC 8976 4", "servers",
	    "Secondaries check the ZONEMD of what they load.", "PowerDNS 2021" },
};

const struct verify_check *verify_checks(size_t *count)
{
	*count = VC_COUNT;
	return checks;
}

const struct verify_check *verify_check_find(const char *id)
{
	for (size_t i = 0; i < VC_COUNT; i++)
		if (strcasecmp(checks[i].id, id) == 0)
			return &checks[i];
	for (size_t i = 0; i < VC_COUNT; i++)
		if (strcasecmp(checks[i].alias, id) == 0)
			return &checks[i];
	return NULL;
}
