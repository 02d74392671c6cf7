# SPDX-License-Identifier: MIT
# Tables for keys on NIST curves need functions that OpenSSL calls deprecated; without them EVP does all. Sets
# ZONESEAL_TABLES where they are there and wanted.
option(ZONESEAL_KEY_TABLES "Verify many ECDSA signatures by one key with a table, if libcrypto can" ON)
include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::CRYPTO)
check_symbol_exists(EC_GROUP_precompute_mult openssl/ec.h ZONESEAL_HAVE_PRECOMPUTE)
check_symbol_exists(EC_POINTs_mul openssl/ec.h ZONESEAL_HAVE_POINTS_MUL)
check_symbol_exists(EC_POINT_get_Jprojective_coordinates_GFp openssl/ec.h ZONESEAL_HAVE_JPROJECTIVE)
unset(CMAKE_REQUIRED_LIBRARIES)
set(ZONESEAL_TABLES OFF)
if(ZONESEAL_KEY_TABLES AND ZONESEAL_HAVE_PRECOMPUTE AND ZONESEAL_HAVE_POINTS_MUL AND ZONESEAL_HAVE_JPROJECTIVE)
	set(ZONESEAL_TABLES ON)
endif()
