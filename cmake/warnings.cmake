# Warnings and sanitizers for our own targets, never exported to whoever links us.
add_library(funnel_warnings INTERFACE)
# g++ 12 at -O3 suspects inlined vector::insert and "a" + std::string of overruns (GCC bugs 105329 and 105651).
target_compile_options(funnel_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overflow>)
if(FUNNEL_WARNINGS_AS_ERRORS)
  target_compile_options(funnel_warnings INTERFACE -Werror)
endif()
if(FUNNEL_SANITIZE)
  target_compile_options(funnel_warnings INTERFACE -fsanitize=${FUNNEL_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  target_link_options(funnel_warnings INTERFACE -fsanitize=${FUNNEL_SANITIZE})
  if(FUNNEL_SANITIZE MATCHES "address")
    # A third of the time to compile: the address sanitizer sees for itself what a null pointer or one that ran over
    # touches, there are next to no virtual functions, and clang does not look into the libraries that only print, parse
    # options or write JSON.
    target_compile_options(funnel_warnings INTERFACE -fno-sanitize=null,vptr,object-size,pointer-overflow
      $<$<CXX_COMPILER_ID:Clang>:-fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/not_sanitized.txt>)
  endif()
endif()
if(FUNNEL_BUILD_FUZZERS)
  target_compile_options(funnel_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
