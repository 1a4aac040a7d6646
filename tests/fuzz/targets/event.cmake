fuzz_target(event USES event)
