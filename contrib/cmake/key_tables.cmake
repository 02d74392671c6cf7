# SPDX-License-Identifier: MIT
# Tables for keys on NIST curves need functions that OpenSSL calls deprecated; without them EVP does all. Sets
# ZONESEAL_TABLES where they are there and wanted.
option(ZONESEAL_KEY_TABLES "Verify many ECDSA signatures by one key with a table, if libcrypto can" ON)
include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::CRYPTO)
set(ZONESEAL_TABLES ${ZONESEAL_KEY_TABLES})
foreach(function EC_GROUP_precompute_mult EC_GROUP_have_precompute_mult EC_POINTs_make_affine
		EC_POINT_get_Jprojective_coordinates_GFp)
	check_symbol_exists(${function} openssl/ec.h ZONESEAL_HAVE_${function})
	if(NOT ZONESEAL_HAVE_${function})
		set(ZONESEAL_TABLES OFF)
	endif()
endforeach()
unset(CMAKE_REQUIRED_LIBRARIES)
