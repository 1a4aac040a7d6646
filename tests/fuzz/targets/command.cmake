fuzz_target(command USES smtp)
