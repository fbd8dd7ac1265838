# The packages of the base library. Installed beside freshetConfig.cmake, so that a consumer finds the same.
#
# Floors are what Debian 12 has. Boost is used for headers only. In this build a missing package is an error; for a
# consumer's find_package(freshet) it means that Freshet was not found, and the consumer decides what that means.
include(CMakeFindDependencyMacro)

macro(freshet_find_package)
  if(CMAKE_FIND_PACKAGE_NAME STREQUAL "freshet")
    find_dependency(${ARGV})
  else()
    find_package(${ARGV} REQUIRED)
  endif()
endmacro()

freshet_find_package(Threads)
freshet_find_package(fmt 9)
freshet_find_package(yaml-cpp 0.7)
freshet_find_package(nlohmann_json 3.11)
freshet_find_package(Boost 1.74)
freshet_find_package(date 3)  # calendar and time zones of schedules

if(NOT TARGET freshet_xxhash)
  find_path(FRESHET_XXHASH_INCLUDE xxhash.h)
  find_library(FRESHET_XXHASH_LIBRARY xxhash)
  mark_as_advanced(FRESHET_XXHASH_INCLUDE FRESHET_XXHASH_LIBRARY)
  if(NOT FRESHET_XXHASH_INCLUDE OR NOT FRESHET_XXHASH_LIBRARY)
    set(freshet_missing "xxHash (on Debian: libxxhash-dev)")
    if(CMAKE_FIND_PACKAGE_NAME STREQUAL "freshet")
      set(freshet_FOUND FALSE)
      set(freshet_NOT_FOUND_MESSAGE "freshet needs ${freshet_missing}")
      return()
    endif()
    message(FATAL_ERROR "Could not find ${freshet_missing}")
  endif()
  # The library links it privately; being static, it still names it to whoever links the library.
  add_library(freshet_xxhash INTERFACE IMPORTED)
  target_include_directories(freshet_xxhash INTERFACE "${FRESHET_XXHASH_INCLUDE}")
  target_link_libraries(freshet_xxhash INTERFACE "${FRESHET_XXHASH_LIBRARY}")
endif()
