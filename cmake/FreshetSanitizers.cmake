# Turns FRESHET_SANITIZE into flags for every target of the tree, so that no object file is left uninstrumented.
if(FRESHET_SANITIZE)
  add_compile_options(-fsanitize=${FRESHET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(FRESHET_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences, which ThreadSanitizer does not understand; its locks order what they would.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=${FRESHET_SANITIZE})
endif()
