# Mutants: with FRESHET_MUTANTS the library is compiled from a copy of its sources that can be made to go wrong on purpose
# (tests/simulation/mutants/overlay.sh), for the simulation and for the other tests alike. See docs/design/proof.md.
#
# FRESHET_LIBRARY_ROOT is where framework/ and strategies/ are compiled from: this tree, or the copy.
option(FRESHET_MUTANTS "Compile the library with the mutants of tests/simulation/mutants; for tests only" OFF)
set(FRESHET_LIBRARY_ROOT "${PROJECT_SOURCE_DIR}")
set(FRESHET_MUTANT_SOURCE "${PROJECT_SOURCE_DIR}/tests/simulation/mutant.cpp")

if(FRESHET_MUTANTS)
  set(FRESHET_LIBRARY_ROOT "${PROJECT_BINARY_DIR}/mutants")
  set(mutants_folder "${PROJECT_SOURCE_DIR}/tests/simulation/mutants")
  file(GLOB mutant_patches CONFIGURE_DEPENDS "${mutants_folder}/*.patch")
  file(GLOB_RECURSE mutable_sources CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/framework/*" "${PROJECT_SOURCE_DIR}/strategies/*")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${mutant_patches} ${mutable_sources} "${mutants_folder}/overlay.sh")
  execute_process(
    COMMAND "${mutants_folder}/overlay.sh" "${FRESHET_LIBRARY_ROOT}"
    COMMAND_ERROR_IS_FATAL ANY)
  set(mutant_names)
  foreach(patch IN LISTS mutant_patches)
    cmake_path(GET patch STEM name)
    string(APPEND mutant_names "    \"${name}\",\n")
  endforeach()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/mutants/mutant_names.inc" CONTENT "${mutant_names}")
endif()

# freshet_add_mutants(TARGET): the target is compiled with them, if the build has any. What links it sees them too.
function(freshet_add_mutants target)
  if(NOT FRESHET_MUTANTS)
    return()
  endif()
  target_include_directories(${target}
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/tests>" PRIVATE "${PROJECT_BINARY_DIR}/mutants")
  target_compile_options(${target} PUBLIC
    "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include simulation/mutant.hpp>>")
  target_compile_definitions(${target} PRIVATE FRESHET_MUTANT_NAMES="mutant_names.inc")
endfunction()
