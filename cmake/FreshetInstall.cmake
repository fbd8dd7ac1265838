# What `cmake --install` puts under a prefix: the library, its headers, the command, and the files that
# find_package(freshet) reads.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(freshet_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/freshet")

install(TARGETS freshet freshet_coro freshet_plugin_sdk EXPORT freshetTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY framework/include/ strategies/include/ plugins/sdk/include/
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc" PATTERN "*.h")
install(TARGETS freshet_plugin_early_refresh freshet_plugin_sliding_ttl
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/freshet/plugins")
if(TARGET freshet_cli)
  install(TARGETS freshet_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(EXPORT freshetTargets NAMESPACE freshet:: DESTINATION "${freshet_package_dir}")
configure_package_config_file(cmake/freshetConfig.cmake.in "${PROJECT_BINARY_DIR}/freshetConfig.cmake"
  INSTALL_DESTINATION "${freshet_package_dir}"
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_LIBDIR)
# Before 1.0 a minor version may change anything.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/freshetConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(
  FILES
    "${PROJECT_BINARY_DIR}/freshetConfig.cmake"
    "${PROJECT_BINARY_DIR}/freshetConfigVersion.cmake"
    cmake/FreshetDependencies.cmake
  DESTINATION "${freshet_package_dir}")
