#include "common/spf/libspf2.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

extern "C" {
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#include <spf2/spf_dns_rr.h>
}

#include "common/base/owned.h"
#include "common/base/text.h"
#include "common/spf/libspf2_layer.h"

namespace futar::spf {

namespace {

using Server = Owned<SPF_server_t, SPF_server_free>;
using Query = Owned<SPF_request_t, SPF_request_free>;
using Response = Owned<SPF_response_t, SPF_response_free>;
using Policy = Owned<SPF_record_t, SPF_record_free>;

dns::Type type_of(ns_type type) {
  switch (type) {
    case ns_t_a:
      return dns::Type::a;
    case ns_t_aaaa:
      return dns::Type::aaaa;
    case ns_t_mx:
      return dns::Type::mx;
    case ns_t_ptr:
      return dns::Type::ptr;
    default:
      return dns::Type::txt;
  }
}

// Addresses as octets, all else as a C string.
bool put(SPF_dns_rr_t& rr, int index, std::string_view octets) {
  if (SPF_dns_rr_buf_realloc(&rr, index, octets.size() + 1) != SPF_E_SUCCESS) return false;
  char* buffer = reinterpret_cast<char*>(rr.rr[index]);
  std::memcpy(buffer, octets.data(), octets.size());
  if (rr.rr_type != ns_t_a && rr.rr_type != ns_t_aaaa) buffer[octets.size()] = '\0';
  return true;
}

SPF_dns_rr_t* lookup(SPF_dns_server_t* server, const char* name, ns_type type, int) noexcept {
  auto& layer = *static_cast<Libspf2Layer*>(server->hook);
  std::vector<std::string> found;
  if (static_cast<int>(type) != ns_t_spf) found = layer.lookup(name, type_of(type));
  const int error = layer.stopped() ? TRY_AGAIN : found.empty() ? NO_DATA : NETDB_SUCCESS;
  SPF_dns_rr_t* rr = SPF_dns_rr_new_init(server, name, type, 0, error);
  if (!rr) std::abort();  // libspf2 would, with a NULL
  for (const std::string& octets : found)
    if (put(*rr, rr->num_rr, octets)) ++rr->num_rr;
  return rr;
}

void set_client(SPF_request_t& query, const net::IpAddress& client) {
  if (client.is_v4()) {
    in_addr address;
    std::memcpy(&address, client.octets().data(), sizeof address);
    SPF_request_set_ipv4(&query, address);
  } else {
    in6_addr address{};
    std::memcpy(&address, client.octets().data(), client.octets().size());
    SPF_request_set_ipv6(&query, address);
  }
}

// As SPF_request_query_mailfrom, which gives loopback a pass without looking.
SPF_result_t query(Libspf2Layer& layer) {
  SPF_dns_server_t resolver{};
  resolver.lookup = lookup;
  resolver.name = "answers";
  resolver.hook = &layer;
  const Server server(SPF_server_new_dns(&resolver, 0));
  if (!server) return SPF_RESULT_TEMPERROR;
  SPF_server_set_rec_dom(server.get(), "receiver.invalid");
  SPF_server_set_max_dns_mech(server.get(), 1000);  // the layer counts
  const Query request(SPF_request_new(server.get()));
  const Response response(SPF_response_new(request.get()));
  if (!request || !response) return SPF_RESULT_TEMPERROR;
  set_client(*request, layer.inquiry().client());
  SPF_request_set_helo_dom(request.get(), "helo.invalid");
  SPF_request_set_env_from(request.get(), ("postmaster@" + layer.domain()).c_str());
  request->cur_dom = request->env_from_dp;
  SPF_record_t* found = nullptr;
  const auto error = SPF_server_get_record(server.get(), request.get(), response.get(), &found);
  const Policy policy(found);
  if (error != SPF_E_SUCCESS || !policy) return SPF_RESULT_INVALID;
  response->spf_record_exp = policy.get();
  SPF_record_interpret(policy.get(), request.get(), response.get(), 0);
  return SPF_response_result(response.get());
}

// INVALID is what libspf2 says of records that it cannot compile: an error of the record.
Outcome outcome_of(SPF_result_t result) {
  switch (result) {
    case SPF_RESULT_NEUTRAL:
      return Outcome::neutral;
    case SPF_RESULT_PASS:
      return Outcome::pass;
    case SPF_RESULT_FAIL:
      return Outcome::fail;
    case SPF_RESULT_SOFTFAIL:
      return Outcome::softfail;
    case SPF_RESULT_TEMPERROR:
      return Outcome::temperror;
    default:
      return Outcome::permerror;
  }
}

}  // namespace

Step Libspf2Evaluator::evaluate(const Request& request, const Answers& answers) const {
  Libspf2Layer layer(request, answers);
  const Outcome outcome = outcome_of(query(layer));
  if (layer.stopped()) return layer.inquiry().step(*layer.stopped());
  Verdict verdict = layer.inquiry().verdict(outcome, "");
  verdict.reason = fmt::format("libspf2 reads the SPF record of {} so", verdict.domain);
  if (outcome != Outcome::fail) return verdict;
  auto explanation = layer.explanation();
  if (!explanation) return layer.inquiry().step(explanation.error());
  verdict.explanation = *std::move(explanation);
  return verdict;
}

}  // namespace futar::spf
