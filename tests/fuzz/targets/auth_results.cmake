fuzz_target(auth_results USES verdict message)
