fuzz_target(adopt USES deploy_futar)
