# SPDX-License-Identifier: MIT
# Writes build_id.h: the version and a SHA-256 over every source of ours, in sorted order.
file(GLOB_RECURSE files LIST_DIRECTORIES false ${ROOT}/signer/*.c ${ROOT}/signer/*.h ${ROOT}/keystore/*.c
	${ROOT}/keystore/*.h ${ROOT}/policies/*.c ${ROOT}/policies/*.h ${ROOT}/schema/*.sql)
list(SORT files)
set(all "${COMPILER}")
foreach(file IN LISTS files)
	file(SHA256 ${file} digest)
	string(APPEND all "${digest}")
endforeach()
string(SHA256 id "${all}")
string(SUBSTRING ${id} 0 32 id)
string(TIMESTAMP now "%s" UTC)
file(WRITE ${OUT} "/* Made by contrib/cmake/build_id.cmake. */
#pragma once
#define ZONESEAL_VERSION \"${VERSION}\"
#define ZONESEAL_BUILD_ID \"${id}\"
#define ZONESEAL_BUILD_EPOCH ${now}LL
")
