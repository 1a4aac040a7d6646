// signed.test as "ldns-signzone -i 20200101000000 -e 20870101000000" signed it (ECDSA P-256): its key, and
// the signatures of two record sets, which the test adds itself:
//   signed.test. 300 IN MX 10 mx.signed.test.    mx.signed.test. 300 IN A 192.0.2.1
#pragma once

namespace futar {

constexpr const char* signed_zone_anchor =
    "signed.test. IN DS 2019 13 2 f33cf788957bc27ba42f5f6202a254462665a0c6a8d22cef9e5f8a6ebf32b98a\n";

struct SignedZoneRow {
  const char* name;
  int type;  ///< 48 DNSKEY, 46 RRSIG
  const char* rdata_hex;
};
constexpr SignedZoneRow signed_zone[] = {
    {"signed.test", 46,
     "000f0d020000012cdc12c5005e0be10007e3067369676e65640474657374009682ead7dbd4ae9757f8bf60787ba3326d"
     "3aa2948773b2094d85d410881736db6ea84f952044a361444df2813ed753bb3a30a599d4ded784ea813795c5640703"},
    {"signed.test", 48,
     "0101030da7a319345c32615553ae75203411129071049a98effd2cba46386728ec23208ea2dbe02fc8bea0b0cf5a0114"
     "277e1d097958a92a14251b1ccd3e72f257dfa857"},
    {"signed.test", 46,
     "00300d020000012cdc12c5005e0be10007e3067369676e6564047465737400bde58c1d12d1d9618e1c1699274116371a"
     "958b994614d125f339f3241bd2f196322e5724f4b891bdc23b3f59751af1e06216aae4ae96b114ca232f82cfdb1154"},
    {"mx.signed.test", 46,
     "00010d030000012cdc12c5005e0be10007e3067369676e656404746573740098d5611d3921fe71296b8f11336ad0246b"
     "d0bd9f269da691eaa883d857aa017246315168c1f49ef1bab3fb832c306d6977b3cb54be9bcfdf5f34b0e35e9a9541"},
};

}  // namespace futar
