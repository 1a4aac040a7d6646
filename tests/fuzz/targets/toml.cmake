fuzz_target(toml USES config)
