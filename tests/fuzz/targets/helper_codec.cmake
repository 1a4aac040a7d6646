fuzz_target(helper_codec USES spf)
