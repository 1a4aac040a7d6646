fuzz_target(dmarc_record USES dmarc)
