# What a host with flags of its own gets: the same features to the last bit, or no program, with a reason.
# Variables: PREFIX LIBDIR COMPILER OUTPUT.
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
file(MAKE_DIRECTORY ${OUTPUT})
foreach(module funnel-core funnel)
  execute_process(COMMAND pkg-config --cflags --libs ${module} OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(${module} UNIX_COMMAND "${flags}")
endforeach()

# Flags under which a source must not become a program, and what the compiler or linker must say.
function(refused source reason module)
  execute_process(COMMAND ${COMPILER} -std=c++20 ${ARGN} ${CMAKE_CURRENT_LIST_DIR}/${source} -o ${OUTPUT}/refused
                          ${${module}} RESULT_VARIABLE result ERROR_VARIABLE error OUTPUT_QUIET)
  if(result EQUAL 0)
    message(FATAL_ERROR "${source} with ${ARGN}: expected no program, got one")
  elseif(NOT error MATCHES "${reason}")
    message(FATAL_ERROR "${source} with ${ARGN}: expected a message with \"${reason}\", got\n${error}")
  endif()
endfunction()

refused(error_only.cpp "expected exact arithmetic" funnel-core -ffast-math)
refused(error_only.cpp "expected exact arithmetic" funnel-core -Ofast)
refused(error_only.cpp "expected exact arithmetic" funnel-core -ffinite-math-only)
refused(links.cpp "LibraryWithGlibcxxDebug<true>" funnel -D_GLIBCXX_DEBUG)

execute_process(COMMAND ${COMPILER} -dumpmachine OUTPUT_VARIABLE machine)
if(NOT machine MATCHES "^x86_64")
  return()
endif()
set(without_flags -I${PREFIX}/include)
refused(error_only.cpp "rounded twice" without_flags -march=x86-64-v3)
refused(links.cpp "LibraryWithEigenAlignment<32>" funnel -mavx)

# The features of one log, computed as the program computes them and under other flags.
function(features_with name)
  execute_process(COMMAND ${COMPILER} -std=c++20 ${ARGN} ${CMAKE_CURRENT_LIST_DIR}/features.cpp -o ${OUTPUT}/${name}
                          ${funnel-core} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${OUTPUT}/${name} RESULT_VARIABLE result OUTPUT_VARIABLE features)
  if(result EQUAL 4)
    message(STATUS "${name}: compiled; this CPU cannot run it")
  elseif(NOT result EQUAL 0)
    message(FATAL_ERROR "${name}: ${result}")
  elseif(NOT DEFINED expected)
    set(expected ${features} PARENT_SCOPE)
  elseif(NOT features STREQUAL expected)
    message(FATAL_ERROR "${name}: expected the features ${expected}, got ${features}")
  endif()
endfunction()

features_with(plain -O3)
features_with(native -O3 -march=native)
features_with(x86_64_v4 -O3 -march=x86-64-v4)
