fuzz_target(proxy_header USES net)
