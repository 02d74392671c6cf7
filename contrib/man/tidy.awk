# SPDX-License-Identifier: MIT
# What scdoc writes, as mandoc's lint wants it: no paragraph before a macro, lines of at most 80 octets, a title in capitals.
function put(line) { print line; after = line }
function fold(line,    at) {
	while (length(line) > 78) {
		for (at = 78; at > 1; at--)
			if (substr(line, at, 1) == " " && substr(line, at + 1) !~ /^[.' ]/)
				break
		if (at == 1)
			break
		put(substr(line, 1, at - 1))
		line = substr(line, at + 1)
	}
	put(line)
}
/^\.TH / { put(toupper($0)); next }
/^\.P$/ { pending = 1; next }
/^\.nf$/ { literal = 1 }
/^\.fi$/ { literal = 0 }
/^\.S[HS] / || /^\.R[SE]/ { pending = 0 }
{
	if ((pending && after !~ /^\.S[HS] /) || (after == ".RE" && !/^\./))
		put(".P")
	pending = 0
	if (literal || $0 ~ /^\./)
		put($0)
	else
		fold($0)
}
