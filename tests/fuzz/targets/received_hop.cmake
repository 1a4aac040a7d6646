fuzz_target(received_hop USES message)
