fuzz_target(address USES smtp message)
