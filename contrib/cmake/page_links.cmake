# SPDX-License-Identifier: MIT
# All pages are installed into one folder, and their links lead to their neighbours there.
if(NOT IS_ABSOLUTE "${zoneseal_doc}")
	set(zoneseal_doc "${CMAKE_INSTALL_PREFIX}/${zoneseal_doc}")
endif()
file(GLOB texts "$ENV{DESTDIR}${zoneseal_doc}/*.md")
foreach(text ${texts})
	execute_process(COMMAND sed -i -E "s#\\]\\((\\.\\./)*(contrib/)?(doc/)?([A-Za-z-]+\\.(md|png|svg))#](\\4#g" "${text}"
		COMMAND_ERROR_IS_FATAL ANY)
endforeach()
