# What `cmake --install` puts where. The Debian packages (deploy/debian) part these files among themselves.
include(GNUInstallDirs)
set(man ${CMAKE_CURRENT_BINARY_DIR}/man)
set(man_written futar-msa.8 futar-mta.8 futar-mda.8 sendmail.8)
set(man_asked futar.1 futar.toml.5) # their lists of commands and keys are what the program says of itself
foreach(page ${man_asked})
  list(APPEND man_pages ${man}/${page})
  add_custom_command(OUTPUT ${man}/${page} VERBATIM
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/man/page ${CMAKE_CURRENT_SOURCE_DIR}/man/${page}.in ${man}/${page}
            ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:futar>
    DEPENDS futar man/page man/${page}.in COMMENT "Manual page ${page}")
endforeach()
add_custom_target(futar_man DEPENDS ${man_pages})

install(TARGETS futar DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS futar-msa futar-mta futar-mda DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(DIRECTORY systemd/ DESTINATION lib/systemd/system
        FILES_MATCHING PATTERN "*.service" PATTERN "*.socket" PATTERN "*.target")
install(FILES systemd/futar.sysusers DESTINATION lib/sysusers.d RENAME futar.conf)
install(FILES systemd/futar.tmpfiles DESTINATION lib/tmpfiles.d RENAME futar.conf)
install(FILES man/bash-completion DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME futar)
install(FILES ${man}/futar.1 man/mailq.1 man/newaliases.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${man}/futar.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
foreach(page ${man_written})
  install(FILES man/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
endforeach()
