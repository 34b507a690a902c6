# A component that there is not is named. Variables: PREFIX OUTPUT.
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${OUTPUT} -DCMAKE_PREFIX_PATH=${PREFIX}
                RESULT_VARIABLE result ERROR_VARIABLE error OUTPUT_QUIET)
if(result EQUAL 0 OR NOT error MATCHES "got[ \n]+\"sevre\"")
  message(FATAL_ERROR "expected the component \"sevre\" to be named, got ${result}\n${error}")
endif()
