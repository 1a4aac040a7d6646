fuzz_target(header USES message msa_modification)
