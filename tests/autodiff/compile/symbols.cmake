# Every object defines its two tables, calls a few functions of the C library, and has no other symbol that the linker sees:
# but those of sanitizers, where it is instrumented.
set(expected "^(memcpy|memset|sin|cos|tan) U")
if(SANITIZED)
  string(APPEND expected "|^__(asan|tsan|ubsan|sanitizer)_[a-z0-9_]+ U|^__odr_asan[a-z_]*\\.|^_GLOBAL_OFFSET_TABLE_ U"
                         "|^__gxx_personality_v0 U|^DW\\.ref\\.__gxx_personality_v0 V"
                         "|^_ZT[IS]F[^ ]* V|^_ZTVN10__cxxabiv120__function_type_infoE U") # types of functions, of clang
endif()
list(LENGTH OBJECTS count)
if(count EQUAL 0)
  message(FATAL_ERROR "there are no objects to look at")
endif()
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --extern-only --format=posix ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
  set(tables 0)
  foreach(line IN LISTS lines)
    if(line MATCHES "^_ZN5xtape6detail[0-9]+(baseline|avx2|avx512)_(float|double)E [DR] ")
      math(EXPR tables "${tables} + 1")
    elseif(NOT line MATCHES "${expected}")
      message(FATAL_ERROR "${object} exports or needs: ${line}")
    endif()
  endforeach()
  if(NOT tables EQUAL 2)
    message(FATAL_ERROR "${object} has ${tables} tables")
  endif()
endforeach()
