fuzz_target(arc_chain USES arc)
