# LLVM/MLIR 22.1: the shared libraries, nothing static beside them.

find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
find_program(ACESO_LIT NAMES lit HINTS ${LLVM_TOOLS_BINARY_DIR} NO_DEFAULT_PATH REQUIRED)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
# Our RTTI and exceptions stay on beside an LLVM that was built without exceptions.
set(LLVM_REQUIRES_EH ON)
set(LLVM_REQUIRES_RTTI ON)
set(LLVM_ENABLE_EH ON)
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# aceso_ir_directory(): for each folder whose sources see MLIR headers. Generated code is not clean under -Wextra, hence SYSTEM.
macro(aceso_ir_directory)
  include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS} ${PROJECT_BINARY_DIR}/include)
  include_directories(${PROJECT_SOURCE_DIR}/include)
endmacro()

# aceso_doc(TD NAME FOLDER command...): the reference docs/FOLDER/NAME.md of the build folder, generated from TD.td. The committed copy
# in docs/ must be the same (test/Docs); `update-docs` brings it up to date.
add_custom_target(aceso-docs ALL)
add_custom_target(update-docs
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${PROJECT_BINARY_DIR}/docs ${PROJECT_SOURCE_DIR}/docs
  DEPENDS aceso-docs COMMENT "Bringing docs/dialects and docs/passes up to date")
function(aceso_doc td name folder)
  set(LLVM_TARGET_DEFINITIONS ${td}.td)
  tablegen(MLIR ${name}.md ${ARGN})
  set(file ${PROJECT_BINARY_DIR}/docs/${folder}/${name}.md)
  add_custom_command(OUTPUT ${file} DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${name}.md
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/docs/${folder}
    # A table of contents is a marker of one site generator only.
    COMMAND sed "/^.TOC.$/,+1d" ${CMAKE_CURRENT_BINARY_DIR}/${name}.md > ${file} VERBATIM)
  add_custom_target(aceso-doc-${folder}-${name} DEPENDS ${file})
  add_dependencies(aceso-docs aceso-doc-${folder}-${name})
endfunction()

# aceso_dialect(FILE NAMESPACE): everything that a dialect's <FILE>Ops.td generates, with its documentation.
function(aceso_dialect file namespace)
  set(LLVM_TARGET_DEFINITIONS ${file}Ops.td)
  mlir_tablegen(${file}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${file}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${file}Dialect.h.inc -gen-dialect-decls -dialect=${namespace})
  mlir_tablegen(${file}Dialect.cpp.inc -gen-dialect-defs -dialect=${namespace})
  mlir_tablegen(${file}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${namespace})
  mlir_tablegen(${file}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${namespace})
  # Enums of the dialect's own attribute file: an Ops.td may include another dialect's.
  set(LLVM_TARGET_DEFINITIONS ${file}Attrs.td)
  mlir_tablegen(${file}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${file}Enums.cpp.inc -gen-enum-defs)
  add_public_tablegen_target(Aceso${file}IncGen)
  aceso_doc(${file}Ops ${file} dialects -gen-dialect-doc -dialect=${namespace})
endfunction()

# aceso_passes(PREFIX): one call per Passes.td: declarations, registration, documentation.
function(aceso_passes prefix)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name Aceso${prefix})
  add_public_tablegen_target(Aceso${prefix}PassesIncGen)
  aceso_doc(Passes ${prefix} passes -gen-pass-doc)
endfunction()

# aceso_mlir_library(NAME sources... DEPENDS tablegen-targets... LINK_LIBS libraries...)
function(aceso_mlir_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_mlir_library(${name} ${ARG_UNPARSED_ARGUMENTS} EXCLUDE_FROM_LIBMLIR DISABLE_INSTALL
                   DEPENDS ${ARG_DEPENDS} LINK_LIBS PUBLIC MLIR ${ARG_LINK_LIBS})
endfunction()

# aceso_mlir_tool(NAME sources... LINK_LIBS libraries...)
function(aceso_mlir_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
endfunction()
