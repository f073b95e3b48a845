# LibTorch from the Python wheels in ACESO_TORCH_DIR: its CPU half only (LibTorch::CPU), and for the NCCL plug-in LibTorch::CUDA.
# torch's own CMake config is of no use here: without a CUDA toolkit it is fatal, with one it links all of CUDA.

set(torch_root ${ACESO_TORCH_DIR}/torch)
find_path(LibTorch_INCLUDE_DIR torch/headeronly/version.h HINTS ${torch_root}/include NO_DEFAULT_PATH)
find_library(LibTorch_torch_cpu torch_cpu HINTS ${torch_root}/lib NO_DEFAULT_PATH)
find_library(LibTorch_c10 c10 HINTS ${torch_root}/lib NO_DEFAULT_PATH)
find_library(LibTorch_torch_cuda torch_cuda HINTS ${torch_root}/lib NO_DEFAULT_PATH)
find_library(LibTorch_c10_cuda c10_cuda HINTS ${torch_root}/lib NO_DEFAULT_PATH)
if(LibTorch_INCLUDE_DIR)
  file(STRINGS ${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
  list(JOIN numbers "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_torch_cpu LibTorch_c10 LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup.sh, or set ACESO_TORCH_DIR, or build without it: -DACESO_ENABLE_RUNTIME=OFF")

if(LibTorch_FOUND AND NOT TARGET LibTorch::CPU)
  set(includes "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_c10} INTERFACE_INCLUDE_DIRECTORIES "${includes}")
  add_library(LibTorch::CPU SHARED IMPORTED)
  set_target_properties(LibTorch::CPU PROPERTIES IMPORTED_LOCATION ${LibTorch_torch_cpu} INTERFACE_INCLUDE_DIRECTORIES "${includes}")
  # Without these the c10d headers are empty.
  target_compile_definitions(LibTorch::CPU INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
  target_link_libraries(LibTorch::CPU INTERFACE LibTorch::c10)
  target_link_options(LibTorch::CPU INTERFACE -Wl,--allow-shlib-undefined)
endif()
