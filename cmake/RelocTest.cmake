# reloc_test(NAME SOURCES... LIBS... [LABELS...]): one GoogleTest program, found by CTest case by case.
#
# Labels: threads       has threads of its own: built and run under ThreadSanitizer as well
#         no_sanitizer  cannot run instrumented: says why beside it
#         root          needs root; scripts/test runs it as root when it is, and everything else as an ordinary user
include(GoogleTest)
add_custom_target(threaded_tests)
function(reloc_test name)
  cmake_parse_arguments(A "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  reloc_hosted(${name})
  target_link_libraries(${name} PRIVATE ${A_LIBS} GTest::gtest_main GTest::gmock)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS "${A_LABELS}")
  if("threads" IN_LIST A_LABELS)
    add_dependencies(threaded_tests ${name})
  endif()
endfunction()
