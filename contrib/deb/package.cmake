# SPDX-License-Identifier: MIT
# cpack -G DEB --config build/release/CPackConfig.cmake -B build/package
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME zoneseal)
set(CPACK_PACKAGE_VENDOR "the zoneseal authors")
set(CPACK_PACKAGE_CONTACT "the zoneseal authors <hostmaster@zoneseal.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "DNSSEC signing and key-rollover engine for top-level domains")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "zoneseal signs a zone file, has a second program verify the very bytes\n\
that are to be published, and publishes them by renaming one file.\n\
.\n\
Keys live in files or in HSMs (PKCS#11) and are rolled by policy; no step\n\
is taken that would leave a cache in the world unable to validate. It runs\n\
from a timer beside NSD, Knot or BIND and is no server itself.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nsd | knot | bind9, softhsm2")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm
	${CMAKE_CURRENT_LIST_DIR}/postrm ${CMAKE_CURRENT_LIST_DIR}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_BINARY_DIR}/generated/stage.cmake)
configure_file(${CMAKE_CURRENT_LIST_DIR}/stage.cmake.in ${CMAKE_BINARY_DIR}/generated/stage.cmake @ONLY)
include(CPack)
