# Warnings and sanitizers for our own targets, never exported to whoever links us.
add_library(funnel_warnings INTERFACE)
target_compile_options(funnel_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # g++ 12 suspects "a" + std::string (GCC bug 105651)
# The same numbers on every compiler and machine: no contraction to fused multiply-add outside the kernels.
target_compile_options(funnel_warnings INTERFACE -ffp-contract=off)
if(FUNNEL_WARNINGS_AS_ERRORS)
  target_compile_options(funnel_warnings INTERFACE -Werror)
endif()
if(FUNNEL_SANITIZE)
  target_compile_options(funnel_warnings INTERFACE -fsanitize=${FUNNEL_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  target_link_options(funnel_warnings INTERFACE -fsanitize=${FUNNEL_SANITIZE})
endif()
