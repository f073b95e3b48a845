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

# LibTorch::OpenMP: for sources that use at::parallel_for, which does nothing in parallel without -fopenmp. The library is
# LibTorch's own: a process must not have two.
find_library(LibTorch_gomp NAMES libgomp.so.1 HINTS ${torch_root}/lib NO_DEFAULT_PATH)
if(LibTorch_FOUND AND LibTorch_gomp AND NOT TARGET LibTorch::OpenMP)
  add_library(LibTorch::OpenMP SHARED IMPORTED)
  set_target_properties(LibTorch::OpenMP PROPERTIES IMPORTED_LOCATION ${LibTorch_gomp} INTERFACE_COMPILE_OPTIONS -fopenmp)
endif()

# LibTorch::NCCL: NCCL, the CUDA runtime and LibTorch's thin layer over it (not its CUDA kernels), for the plug-in.
# The runtime's headers are those of the machine's CUDA toolkit if it is of the version that LibTorch loads, else those of the wheels.
set(nvidia_root ${ACESO_TORCH_DIR}/nvidia)
find_package(CUDAToolkit QUIET)
set(toolkit_include)
if(CUDAToolkit_FOUND AND CUDAToolkit_VERSION_MAJOR EQUAL 13)
  set(toolkit_include ${CUDAToolkit_INCLUDE_DIRS})
endif()
find_path(LibTorch_nccl_include nccl.h HINTS ${nvidia_root}/nccl/include NO_DEFAULT_PATH)
find_library(LibTorch_nccl NAMES libnccl.so.2 HINTS ${nvidia_root}/nccl/lib NO_DEFAULT_PATH)
find_path(LibTorch_cudart_include cuda_runtime_api.h HINTS ${toolkit_include} ${nvidia_root}/cu13/include NO_DEFAULT_PATH)
find_library(LibTorch_cudart NAMES libcudart.so.13 HINTS ${nvidia_root}/cu13/lib NO_DEFAULT_PATH)
if(LibTorch_FOUND AND LibTorch_nccl_include AND LibTorch_nccl AND LibTorch_cudart_include AND LibTorch_cudart AND LibTorch_c10_cuda
   AND NOT TARGET LibTorch::NCCL)
  add_library(LibTorch::NCCL INTERFACE IMPORTED)
  target_include_directories(LibTorch::NCCL SYSTEM INTERFACE ${LibTorch_nccl_include} ${LibTorch_cudart_include})
  target_link_libraries(LibTorch::NCCL INTERFACE ${LibTorch_c10_cuda} ${LibTorch_nccl} ${LibTorch_cudart} LibTorch::c10)
endif()
