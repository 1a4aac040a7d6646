fuzz_target(dsn USES message mta_bounce)
