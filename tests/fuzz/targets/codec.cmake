fuzz_target(codec USES proto_codec)
