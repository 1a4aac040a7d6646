fuzz_target(envelope USES spool)
