# How the targets of this tree are made.

find_program(FRESHET_CCACHE ccache)
mark_as_advanced(FRESHET_CCACHE)
if(FRESHET_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_C_COMPILER_LAUNCHER "${FRESHET_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${FRESHET_CCACHE}")
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endif()

# Whether Boost.Asio has co_await here: with g++ it has; Boost 1.74 does not believe clang beside the standard library of g++.
include(CheckCXXSourceCompiles)
function(freshet_check_coro)
  set(CMAKE_REQUIRED_FLAGS "-std=c++20")
  set(CMAKE_REQUIRED_INCLUDES "${Boost_INCLUDE_DIRS}")
  check_cxx_source_compiles("
    #include <boost/asio/detail/config.hpp>
    #ifndef BOOST_ASIO_HAS_CO_AWAIT
    #error without
    #endif
    int main() {}" FRESHET_HAS_CORO)
endfunction()
freshet_check_coro()

# Warnings, language level and visibility: what every target of ours has.
function(freshet_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wcast-qual)
  # What g++ 12 suspects of strings that it has inlined at -O3 is not there; the other presets keep both warnings.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Wno-maybe-uninitialized;-Wno-restrict>)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wthread-safety)
  endif()
  if(FRESHET_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  # A precompiled header gives ccache nothing to compare unless both are told.
  if(FRESHET_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# freshet_add_executable(NAME SOURCES … LIBRARIES …): a program of this tree, in build/<preset>/bin.
function(freshet_add_executable target)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES})
  freshet_target_defaults(${target})
endfunction()

# freshet_add_headers_alone(FOLDER…): freshet_headers_alone compiles each public header as the only one of its file, so
# that every header includes what it needs. Not under a sanitizer, where it would only be slow.
function(freshet_add_headers_alone)
  if(FRESHET_SANITIZE)
    return()
  endif()
  set(units)
  foreach(folder IN LISTS ARGN)
    set(root "${PROJECT_SOURCE_DIR}/${folder}")
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${root}" "${root}/*.hpp")
    if(NOT FRESHET_HAS_CORO)
      list(FILTER headers EXCLUDE REGEX "/coro[._]|/scoped_executor|/recycled_frame")
    endif()
    foreach(header IN LISTS headers)
      string(MAKE_C_IDENTIFIER "${header}" unit)
      set(unit "${PROJECT_BINARY_DIR}/headers_alone/${unit}.cpp")
      # Twice, so that a header without a guard is noticed too.
      file(CONFIGURE OUTPUT "${unit}" CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
      list(APPEND units "${unit}")
    endforeach()
  endforeach()
  find_package(GTest REQUIRED)  # for freshet/testing/matchers.hpp alone; the tests need it anyway
  add_library(freshet_headers_alone OBJECT ${units})
  target_link_libraries(freshet_headers_alone PRIVATE freshet::freshet freshet::coro freshet::plugin_sdk GTest::gmock)
  freshet_target_defaults(freshet_headers_alone)
endfunction()
