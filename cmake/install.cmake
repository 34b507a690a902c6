# Installs the libraries, their headers, funnel-train, and what find_package and pkg-config read.
include(CMakePackageConfigHelpers)
set(funnel_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/funnel)

install(TARGETS funnel_core EXPORT funnelCoreTargets)
install(EXPORT funnelCoreTargets NAMESPACE funnel:: DESTINATION ${funnel_cmake_dir})
if(FUNNEL_CORE_ONLY)
  set(not_installed REGEX "/(capi|files|ingest|kernel|onnx|persist|report|serve|recommender\\.hpp)$" EXCLUDE)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/funnel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${not_installed})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The rooms link what they need under BUILD_INTERFACE; this is what the installed static library asks for.
if(TARGET funnel)
  target_link_libraries(funnel PRIVATE $<INSTALL_INTERFACE:PkgConfig::funnel_private>
                                       $<INSTALL_INTERFACE:date::date-tz>)
  install(TARGETS funnel EXPORT funnelTargets)
  install(EXPORT funnelTargets NAMESPACE funnel:: DESTINATION ${funnel_cmake_dir})
endif()
if(TARGET funnel-train)
  file(RELATIVE_PATH to_libraries ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(funnel-train PROPERTIES INSTALL_RPATH "$ORIGIN/${to_libraries}")
endif()

configure_package_config_file(cmake/funnelConfig.cmake.in funnelConfig.cmake
                              INSTALL_DESTINATION ${funnel_cmake_dir})
write_basic_package_version_file(funnelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/funnelConfig.cmake ${PROJECT_BINARY_DIR}/funnelConfigVersion.cmake
        DESTINATION ${funnel_cmake_dir})

# pkg-config: relative to the .pc file, so that the tree can be moved. A static library has no record of what
# it needs, so there the private packages stand where everybody sees them.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
list(JOIN funnel_private_modules " " pc_modules)
if(BUILD_SHARED_LIBS)
  set(pc_private ".private")
endif()
configure_file(cmake/funnel-core.pc.in funnel-core.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/funnel-core.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(TARGET funnel)
  configure_file(cmake/funnel.pc.in funnel.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/funnel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
