fuzz_target(smtp_reply USES smtp_client)
