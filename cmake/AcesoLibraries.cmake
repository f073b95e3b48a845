# aceso_library(NAME sources... [LINK_LIBS libraries...]): a library of plain C++. It sees no MLIR, LLVM or LibTorch header.
function(aceso_library name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
endfunction()

# aceso_unit_test(NAME sources... [LINK_LIBS libraries...]): a GoogleTest program, each test registered with ctest.
function(aceso_unit_test name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE ACESO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/unit)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 600)
endfunction()

# aceso_integration_test(NAME [NIGHTLY] COMMAND command...): a whole run, by a script of test/integration. Exit code 77 means
# skipped, after a line that says why.
function(aceso_integration_test name)
  cmake_parse_arguments(ARG "NIGHTLY" "" "COMMAND" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  set(label integration)
  if(ARG_NIGHTLY)
    set(label nightly)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 1800 SKIP_RETURN_CODE 77)
endfunction()
