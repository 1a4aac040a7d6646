fuzz_target(dmarc_report USES reports message)
