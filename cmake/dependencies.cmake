# Everything comes from the system's packages; nothing is downloaded.

# What the header rooms need, and with them everybody who includes them.
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
if(FUNNEL_CORE_ONLY)
  return()
endif()

# What the compiled rooms link: private, but whoever links the static library must find it again
# (cmake/funnelConfig.cmake.in and the .pc files name the same packages).
set(funnel_private_modules libisal libzstd libxxhash)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
find_package(date REQUIRED)
if(FUNNEL_WITH_SIMDJSON)
  pkg_check_modules(SIMDJSON IMPORTED_TARGET simdjson>=3)
  if(NOT SIMDJSON_FOUND)
    message(FATAL_ERROR "JSON lines need simdjson (Debian: libsimdjson-dev); -DFUNNEL_WITH_SIMDJSON=OFF builds without them")
  endif()
  list(APPEND funnel_private_modules simdjson)
endif()

if(FUNNEL_WITH_SERVE)
  find_package(Boost 1.74 QUIET)
  if(NOT Boost_FOUND)
    message(STATUS "funnel-train serve is left out: no headers of Boost 1.74 (Debian: libboost-dev)")
    set(FUNNEL_WITH_SERVE OFF)
  endif()
endif()

# Only their headers, hidden in our sources: no consumer ever looks for them.
pkg_check_modules(HWY REQUIRED libhwy)
find_package(nlohmann_json 3.10 REQUIRED)

if(FUNNEL_BUILD_TOOLS)
  find_package(spdlog REQUIRED)
  find_package(CLI11 REQUIRED)
endif()
if(FUNNEL_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(FUNNEL_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
