# reloc_manual(PROGRAM PAGE...): pages of the manual, which PROGRAM fills with its own options (reloc/cli/manual.h).
function(reloc_manual program)
  set(_pages)
  foreach(_page ${ARGN})
    set(_filled ${CMAKE_BINARY_DIR}/man/${_page})
    string(REGEX REPLACE ".*\\." "" _section ${_page})
    add_custom_command(OUTPUT ${_filled}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
      COMMAND ${program} __man ${CMAKE_SOURCE_DIR}/docs/man/${_page} > ${_filled}
      DEPENDS ${program} ${CMAKE_SOURCE_DIR}/docs/man/${_page} VERBATIM)
    list(APPEND _pages ${_filled})
    install(FILES ${_filled} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${_section})
  endforeach()
  add_custom_target(${program}_manual ALL DEPENDS ${_pages})
endfunction()
