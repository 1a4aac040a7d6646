fuzz_target(dkim_signature USES dkim)
