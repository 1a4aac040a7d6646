fuzz_target(dns_rdata USES dns)
