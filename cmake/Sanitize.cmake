# Sanitizers apply to the hosted code only: the shim has no runtime to report to, and the audit module is
# loaded by ld.so before any sanitizer exists.
if(RELOC_SANITIZE)
  string(REPLACE ";" "," _list "${RELOC_SANITIZE}")
  set(RELOC_SANITIZE_FLAGS -fsanitize=${_list} -fno-omit-frame-pointer -fno-sanitize-recover=all)
endif()
# reloc_hosted(TARGET): the settings of every target that runs on the host's own libc.
function(reloc_hosted target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  if(RELOC_SANITIZE_FLAGS)
    target_compile_options(${target} PRIVATE ${RELOC_SANITIZE_FLAGS})
    target_link_options(${target} PRIVATE ${RELOC_SANITIZE_FLAGS})
  endif()
endfunction()
