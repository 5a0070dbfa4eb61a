# Sanitizers apply to the hosted code only: the shim has no runtime to report to, and the audit module is
# loaded by ld.so before any sanitizer exists.
if(RELOC_SANITIZE)
  string(REPLACE ";" "," _list "${RELOC_SANITIZE}")
  set(RELOC_SANITIZE_FLAGS -fsanitize=${_list} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # With the usual macro protobuf's headers add members to map fields, and the host's library was compiled without them.
  if(RELOC_SANITIZE MATCHES "thread")
    list(APPEND RELOC_SANITIZE_FLAGS -U__SANITIZE_THREAD__ -DRELOC_SANITIZE_THREAD)
  endif()
endif()
# Sanitizers see more than these, and FORTIFY would hide accesses from them; it also needs optimisation. Debian's compiler
# makes programs position-independent by itself; other compilers are told to.
set(RELOC_HARDENING_FLAGS)
if(NOT RELOC_SANITIZE AND CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
  set(RELOC_HARDENING_FLAGS -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

# reloc_hosted(TARGET): the settings of every target that runs on the host's own libc.
function(reloc_hosted target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE ${RELOC_HARDENING_FLAGS})
  get_target_property(_type ${target} TYPE)
  if(RELOC_HARDENING_FLAGS AND _type STREQUAL "EXECUTABLE")
    target_link_options(${target} PRIVATE -pie LINKER:-z,relro LINKER:-z,now)
  endif()
  if(RELOC_SANITIZE_FLAGS)
    target_compile_options(${target} PRIVATE ${RELOC_SANITIZE_FLAGS})
    target_link_options(${target} PRIVATE ${RELOC_SANITIZE_FLAGS})
  endif()
endfunction()
