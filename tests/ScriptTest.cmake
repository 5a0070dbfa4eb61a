# reloc_script_tests(LABEL FILE...): Python tests of the built programs, one CTest entry a file. A file whose
# tests were all skipped counts as skipped (see support/session.py, and RELOC_MUST_WORK there).
function(reloc_script_tests label)
  foreach(_file ${ARGN})
    get_filename_component(_name ${_file} NAME_WE)
    string(REGEX REPLACE "(_root)?_test$" "" _name ${_name})
    add_test(NAME ${label}.${_name} COMMAND /usr/bin/python3 -B ${_file})
    set_tests_properties(${label}.${_name} PROPERTIES LABELS ${label} TIMEOUT 300 SKIP_RETURN_CODE 77
      ENVIRONMENT "RELOC_BIN_DIR=${CMAKE_BINARY_DIR}/bin;PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/e2e")
  endforeach()
endfunction()
