fuzz_target(mta_sts USES mta_outbound)
