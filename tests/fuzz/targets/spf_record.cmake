fuzz_target(spf_record USES spf)
