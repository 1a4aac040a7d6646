fuzz_target(dns_reply USES dns)
