# Compiler and linker settings of every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Assertions stay on: the packaged MLIR has none, so ours are the ones that catch a misuse.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

add_compile_options(-Wall -Wextra)
# Compilers may join a product and a sum to one rounding where the processor can; predictions and plans would then depend on the build.
add_compile_options(-ffp-contract=off)
if(ACESO_WERROR)
  add_compile_options(-Werror)
endif()
if(ACESO_SANITIZE)
  # -O1: the checks of unoptimized templates take four times as long and find no more.
  add_compile_options(-O1 -fsanitize=${ACESO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ACESO_SANITIZE})
endif()

find_program(ACESO_CCACHE ccache)
if(ACESO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ACESO_CCACHE})
endif()
find_program(ACESO_MOLD mold)
if(ACESO_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# A compile that includes ATen or MLIR takes up to 1.5 GB: as many at once as memory holds.
cmake_host_system_information(RESULT memoryMiB QUERY TOTAL_PHYSICAL_MEMORY)
math(EXPR heavyJobs "${memoryMiB} / 1500")
if(heavyJobs LESS 1)
  set(heavyJobs 1)
endif()
set_property(GLOBAL PROPERTY JOB_POOLS heavy=${heavyJobs})
set(CMAKE_JOB_POOL_COMPILE heavy)
