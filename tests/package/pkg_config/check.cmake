# A plain compiler call with the flags that pkg-config gives. Variables: PREFIX LIBDIR COMPILER OUTPUT.
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
file(MAKE_DIRECTORY ${OUTPUT})

function(build_and_run module)
  execute_process(COMMAND pkg-config --cflags --libs ${module} OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  execute_process(COMMAND ${COMPILER} -std=c++20 ${ARGN} -o ${OUTPUT}/${module} ${flags}
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${PREFIX}/${LIBDIR} ${OUTPUT}/${module}
                  COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(package_tests ${CMAKE_CURRENT_LIST_DIR}/..)
build_and_run(funnel-core ${package_tests}/small_core_main.cpp)
build_and_run(funnel ${package_tests}/small_main.cpp)
