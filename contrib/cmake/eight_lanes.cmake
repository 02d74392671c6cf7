# SPDX-License-Identifier: MIT
# Eight P-256 numbers at a time need instructions that not every x86-64 has: a file is built with them, and called where
# the processor has them. Sets ZONESEAL_LANES to the compiler's options, or to nothing where there are none.
include(CheckCCompilerFlag)
set(ZONESEAL_LANES "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
	check_c_compiler_flag("-mavx512f -mavx512ifma" ZONESEAL_HAVE_IFMA)
	if(ZONESEAL_HAVE_IFMA)
		set(ZONESEAL_LANES -mavx512f -mavx512ifma)
	endif()
endif()
