// One fixed text of each kind. A release must read its predecessor's and its successor's messages: a line
// that has to be changed here is a changed protocol.
#include <doctest/doctest.h>

#include "proto/codec/codec.h"

using namespace futar;
using namespace futar::proto;

namespace {

const MessageId id = *MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y");

spool::Body body_of(std::string text) { return {text.size(), std::make_shared<const std::string>(text), ""}; }

spool::Message message() {
  spool::Message m;
  m.id = id;
  m.envelope.reverse_path = {"alice", "example.org"};
  m.envelope.recipients.push_back({{"bob", "example.net"}, {}});
  m.header = "Subject: x\r\n\r\n";
  m.body = body_of("hi\r\n");
  m.accepted_ms = 1764000000123;
  return m;
}

spool::Message message_with_everything() {
  spool::Message m = message();
  m.envelope.parameters = {120, true, true, smtp::Ret::headers, "env\xff", "alice@example.org"};
  m.envelope.recipients.push_back(
      {{"a@b \"c\"\\", "example.net"}, {{smtp::Notify::success}, "rfc822;bob@example.net"}});
  m.envelope.recipients.push_back({{"postmaster", ""}, {}});
  m.envelope.recipients.push_back({{"árvíz", "xn--fa-hia.example"}, {}});
  m.login = "alice@example.org";
  m.hold_reason = "over the hourly limit";
  m.proven_sender = true;
  return m;
}

DeliverItem deliver_item() {
  DeliverItem item;
  item.id = id;
  item.smtputf8 = true;
  item.prefix = "Return-Path: <>\r\n";
  item.header = "Subject: x\r\n\r\n";
  item.body = body_of("hi\r\n");
  item.recipients.push_back({41, {"bob", "example.org"}, "", 0, {}});
  item.recipients.push_back({42, {"eve", "example.org"}, "rfc822;all@example.org", 1, {"all@example.org"}});
  return item;
}

DeliverItem large_deliver_item() {
  DeliverItem item = deliver_item();
  item.prefix.clear();
  item.junk = true;
  item.body = {1000000, nullptr, ""};
  return item;
}

struct Golden {
  Message message;
  Frames frames;
};

const Golden goldens[] = {
    {Hello{"msa", "home-1", 1764000000000, 2, 17, 1, 3},
     {R"({"k":"hello","v":1,"role":"msa","instance":"home-1","started":1764000000000,"epoch":2,"below":17,"session":3})"}},
    {Hello{"mda", "home-2", 1764000000000, 2, 17, 1, 3, "mail.example.org:64769:131074"},
     {R"({"k":"hello","v":1,"role":"mda","instance":"home-2","started":1764000000000,"epoch":2,"below":17,"session":3,"folder":"mail.example.org:64769:131074"})"}},
    {Welcome{"mta-1", 1764000000001, 4, 99, 1, 3},
     {R"({"k":"welcome","v":1,"instance":"mta-1","started":1764000000001,"epoch":4,"below":99,"session":3})"}},
    {Credit{65536}, {R"({"k":"credit","n":65536})"}},
    {Credit{65536, 7}, {R"({"k":"credit","n":65536,"s":7})"}},
    {Offer{2, 17, {{18, id, 1000000}, {19, id, 5}}},
     {R"({"k":"offer","e":2,"b":17,"i":[[18,"01kb3m7q2v8x0z4c9r5t1n6w3y",1000000],[19,"01kb3m7q2v8x0z4c9r5t1n6w3y",5]]})"}},
    {Want{{18}}, {R"({"k":"want","s":[18]})"}},
    {Have{{19, 20}}, {R"({"k":"have","s":[19,20]})"}},
    {Later{{21}, "disk full", true, false}, {R"({"k":"later","s":[21],"r":"disk full","n":true})"}},
    {Later{{}, "say Hello first", false, true}, {R"({"k":"later","s":[],"r":"say Hello first","h":true})"}},
    {Transfer{2, 17, {{18, message()}}},
     {R"({"k":"transfer","e":2,"b":17,"i":[{"s":18,"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"alice@example.org",)"
      R"("t":["bob@example.net"],"z":4,"a":1764000000123}]})",
      "Subject: x\r\n\r\n", "hi\r\n"}},
    {Transfer{2, 17, {{18, message_with_everything()}}},
     {R"({"k":"transfer","e":2,"b":17,"i":[{"s":18,"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"alice@example.org","ds":120,)"
      R"("8":true,"u":true,"r":2,"v":{"b":"ZW52/w=="},"au":"alice@example.org","t":["bob@example.net",)"
      R"(["a@b \"c\"\\@example.net",2,"rfc822;bob@example.net"],"postmaster@","árvíz@xn--fa-hia.example"],)"
      R"("z":4,"a":1764000000123,"l":"alice@example.org","h":"over the hourly limit","p":true}]})",
      "Subject: x\r\n\r\n", "hi\r\n"}},
    {Chunk{18, 65536, false, "octets"}, {R"({"k":"chunk","s":18,"o":65536})", "octets"}},
    {Chunk{18, 131072, true, "end"}, {R"({"k":"chunk","s":18,"o":131072,"l":true})", "end"}},
    {Accepted{{{18, 20}, {25, 25}}}, {R"({"k":"accepted","r":[18,20,25,25]})"}},
    {Deliver{4, 40, {deliver_item(), large_deliver_item()}},
     {R"({"k":"deliver","e":4,"b":40,"i":[{"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"","u":true,"x":17,"z":4,)"
      R"("t":[{"s":41,"a":"bob@example.org"},)"
      R"({"s":42,"a":"eve@example.org","o":"rfc822;all@example.org","n":1,"p":["all@example.org"]}]},)"
      R"({"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"","u":true,"j":true,"z":1000000,)"
      R"("t":[{"s":41,"a":"bob@example.org"},)"
      R"({"s":42,"a":"eve@example.org","o":"rfc822;all@example.org","n":1,"p":["all@example.org"]}]}]})",
      "Return-Path: <>\r\nSubject: x\r\n\r\n", "hi\r\n", "Subject: x\r\n\r\n", ""}},
    {Outcome{{{41, OutcomeState::delivered, "", "2.0.0", "INBOX", "176.M1P2.host", {}, true},
              {42, OutcomeState::expanded, "", "", "", "", {"a@example.org", "b@example.org"}, false},
              {43, OutcomeState::later, "mailbox full", "4.2.2", "", "", {}, false},
              {44, OutcomeState::failed, "no such user", "5.1.1", "", "", {}, false},
              {45, OutcomeState::discarded, "rule", "", "", "", {}, false}}},
     {R"({"k":"outcome","i":[{"s":41,"w":"delivered","c":"2.0.0","d":"INBOX","n":"176.M1P2.host","a":true},)"
      R"({"s":42,"w":"expanded","t":["a@example.org","b@example.org"]},)"
      R"({"s":43,"w":"later","r":"mailbox full","c":"4.2.2"},{"s":44,"w":"failed","r":"no such user","c":"5.1.1"},)"
      R"({"s":45,"w":"discarded","r":"rule"}]})"}},
    {MailboxState{true, {{"bob@example.org", true}, {"eve@example.org", false}}},
     {R"({"k":"mailboxes","c":true,"i":[["bob@example.org",true],["eve@example.org",false]]})"}},
    {Directory{7, "addresses.db", std::string("SQLite\0", 7)},
     {R"({"k":"directory","g":7,"n":"addresses.db"})", std::string("SQLite\0", 7)}},
};

}  // namespace

TEST_CASE("each kind has its fixed text") {
  size_t kinds = 0;
  size_t last = SIZE_MAX;
  for (const Golden& golden : goldens) {
    CAPTURE(kind_name(golden.message));
    const Frames frames = encode(golden.message);
    REQUIRE(frames.size() == golden.frames.size());
    for (size_t i = 0; i < frames.size(); ++i) CHECK(frames[i] == golden.frames[i]);
    kinds += std::exchange(last, golden.message.index()) != golden.message.index();
  }
  CHECK(kinds == std::variant_size_v<Message>);
}

TEST_CASE("the fixed text of each kind is read back to the same message") {
  for (const Golden& golden : goldens) {
    CAPTURE(golden.frames.front());
    auto message = decode(Frames(golden.frames));
    REQUIRE(message.has_value());
    CHECK(message->index() == golden.message.index());
    CHECK(encode(*message) == golden.frames);
  }
}

TEST_CASE("keys that a later release adds are ignored") {
  for (const Golden& golden : goldens) {
    Frames frames = golden.frames;
    frames.front().insert(1, R"("new":{"deep":[1,2]},)");
    auto message = decode(std::move(frames));
    REQUIRE(message.has_value());
    CHECK(encode(*message) == golden.frames);
  }
}
