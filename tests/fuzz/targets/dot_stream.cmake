fuzz_target(dot_stream USES smtp)
