fuzz_target(session USES smtp_server fakes)
