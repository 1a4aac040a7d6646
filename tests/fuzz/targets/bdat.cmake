fuzz_target(bdat USES smtp)
