#include "tests/support/nesting.h"

#include <random>

#include "flowcore/base/check.h"

namespace flowscope::testing {
namespace {

using Carrier = TunnelForm::Carrier;

bool is_in_ip(const TunnelForm& form) { return form.carrier != Carrier::EtherType; }

// Whether `type` may stand behind `form` without an Ethernet header between.
bool holds_type(const TunnelForm& form, uint16_t ether_type) {
  if ((form.holds & TunnelForm::kAnyType) != 0) return true;
  return (ether_type == 0x8847 && (form.holds & TunnelForm::kMpls) != 0)
         || (ether_type == 0x894f && (form.holds & TunnelForm::kNsh) != 0);
}

bool holds_ip(const TunnelForm& form, uint8_t version) {
  const uint8_t wanted = version == 4 ? TunnelForm::kIpv4 : TunnelForm::kIpv6;
  return (form.holds & (wanted | TunnelForm::kAnyType)) != 0;
}

bool holds_ethernet(const TunnelForm& form) {
  return (form.holds & (TunnelForm::kEthernet | TunnelForm::kPseudowire)) != 0;
}

// Whether an IP header of `version` may stand in `form`, with an Ethernet header or without.
bool may_hold_ip(const TunnelForm& form, uint8_t version) {
  return holds_ethernet(form) || holds_ip(form, version);
}

bool may_hold(const TunnelForm& form, const TunnelForm& next) {
  if (is_in_ip(next)) return may_hold_ip(form, 4) || may_hold_ip(form, 6);
  return (form.holds & TunnelForm::kEthernet) != 0
         || holds_type(form, next.headers.front().ether_type);
}

// Of several encapsulations Encap speaks of the one that says most: one in IP before one in the
// link layer, one with an id before one without, else the innermost.
uint32_t weight_of(const TunnelForm& form) {
  // For these 0 is an id like any other.
  const bool always = form.kind == EncapKind::Vxlan || form.kind == EncapKind::Geneve
                      || form.kind == EncapKind::GtpU || form.kind == EncapKind::Erspan;
  const bool has_id = always || form.id != 0;
  return (is_in_ip(form) ? 2 : 0) + (has_id ? 1 : 0);
}

// Writes a nesting from the outermost header inwards.
class Writer {
 public:
  Writer(uint32_t seed, FlowSide sender) : random_(seed), sender_(sender) { ethernet(); }

  void put(const TunnelForm& form) {
    if (is_in_ip(form)) {
      const bool both = may_hold_ip(around_, 4) && may_hold_ip(around_, 6);
      const bool is_ipv4 = both ? chance(2) : may_hold_ip(around_, 4);
      before_ip(is_ipv4 ? 4 : 6);
      ip(is_ipv4 ? 4 : 6);
      if (form.carrier == Carrier::Udp) {
        // Above every port of a tunnel.
        builder_.udp(static_cast<uint16_t>(49152 + random_() % 16384), 0);
      }
    } else {
      const bool needs_ethernet = !holds_type(around_, form.headers.front().ether_type);
      if (needs_ethernet || (holds_ethernet(around_) && chance(2))) ethernet();
    }
    for (const TunnelHeader& header : form.headers) builder_.tunnel(header);
    if (form.snap) builder_.snap();
    note(form);
    around_ = form;
  }

  // What must stand before an IP header.
  void before_ip(uint8_t version) {
    const bool needs_ethernet = !holds_ip(around_, version);
    if (needs_ethernet || (holds_ethernet(around_) && chance(2))) ethernet();
  }

  Nesting done() && { return {std::move(builder_), std::move(name_), encap_, std::move(outer_)}; }

 private:
  bool chance(uint32_t one_in) { return random_() % one_in == 0; }

  // Behind the Ethernet header the form around it says nothing any more.
  void ethernet() {
    builder_.ethernet();
    if (chance(4)) builder_.vlan(static_cast<uint16_t>(1 + random_() % 4094));
    around_.holds = TunnelForm::kAnyType;
  }

  void ip(uint8_t version) {
    outer_.push_back({static_cast<uint16_t>(builder_.build().size()), encap_});
    const std::string level = std::to_string(outer_.size());
    std::string source = (version == 4 ? "100.64." + level + ".1" : "2001:db8:" + level + "::1");
    std::string destination =
        (version == 4 ? "100.64." + level + ".2" : "2001:db8:" + level + "::2");
    if (sender_ == FlowSide::Responder) source.swap(destination);
    if (version == 4) {
      builder_.ipv4(source.c_str(), destination.c_str(),
                    {.dont_fragment = true, .options = chance(4) ? Frame{1, 1, 1, 0} : Frame{}});
      return;
    }
    builder_.ipv6(source.c_str(), destination.c_str());
    if (chance(4)) builder_.extension(IpProtocol::HopByHop);
    if (chance(4)) builder_.extension(IpProtocol::DestinationOptions, 2);
  }

  void note(const TunnelForm& form) {
    name_ += (name_.empty() ? "" : " > ") + form.name;
    ++encap_.depth;
    if (form.mpls_label != 0) encap_.mpls_label = form.mpls_label;
    const uint32_t weight = weight_of(form);
    if (weight < weight_) return;
    weight_ = weight;
    encap_.kind = form.kind;
    encap_.id = form.id;
    encap_.outer_l3_offset = is_in_ip(form) ? outer_.back().l3_offset : uint16_t{0};
  }

  std::mt19937 random_;
  FlowSide sender_;
  PacketBuilder builder_;
  TunnelForm around_;  // what the next header stands in
  std::string name_;
  Encap encap_;
  uint32_t weight_ = 0;  // of what encap_ speaks of
  std::vector<Nesting::OuterIp> outer_;
};

std::vector<TunnelForm> type_forms() {
  constexpr auto kLsp = static_cast<uint8_t>(TunnelForm::kIp);
  const auto in_type = [](const char* name, EncapKind kind, uint32_t id, uint8_t holds,
                          std::vector<TunnelHeader> headers) {
    return TunnelForm{
        .name = name, .kind = kind, .id = id, .holds = holds, .headers = std::move(headers)};
  };
  using Holds = TunnelForm::Holds;
  std::vector<TunnelForm> forms = {
      in_type("pbb", EncapKind::Pbb, 0xabcdef, Holds::kEthernet, {pbb(0xabcdef)}),
      in_type("vn tag", EncapKind::PortTag, 0, Holds::kAnyType, {vn_tag()}),
      in_type("e tag", EncapKind::PortTag, 0, Holds::kAnyType, {e_tag()}),
      in_type("trill", EncapKind::Trill, 0, Holds::kEthernet, {trill()}),
      in_type("trill options", EncapKind::Trill, 0, Holds::kEthernet, {trill(3)}),
      in_type("mpls", EncapKind::Mpls, 1017, kLsp, {mpls({1017})}),
      in_type("mpls stack", EncapKind::Mpls, 0xfffff, kLsp, {mpls({16, 17, 0xfffff})}),
      in_type("mpls null", EncapKind::Mpls, 0, kLsp, {mpls({0})}),
      in_type("mpls ethernet", EncapKind::Mpls, 99, Holds::kPseudowire,
              {mpls({5000, 99}), control_word()}),
      in_type("pppoe", EncapKind::Pppoe, 0x1234, Holds::kIp | Holds::kMpls, {pppoe(0x1234), ppp()}),
      in_type("nsh", EncapKind::Nsh, 0x010203,
              Holds::kIp | Holds::kEthernet | Holds::kMpls | Holds::kNsh, {nsh(0x010203)}),
      in_type("nsh bare", EncapKind::Nsh, 42,
              Holds::kIp | Holds::kEthernet | Holds::kMpls | Holds::kNsh,
              {nsh(42, {.index = 7, .variable_words = 0})}),
      in_type("nsh variable", EncapKind::Nsh, 43,
              Holds::kIp | Holds::kEthernet | Holds::kMpls | Holds::kNsh,
              {nsh(43, {.variable_words = 5})}),
  };
  for (TunnelForm& form : forms) {
    if (form.kind == EncapKind::Mpls) form.mpls_label = form.id;
  }
  return forms;
}

std::vector<TunnelForm> ip_forms() {
  using Holds = TunnelForm::Holds;
  constexpr uint8_t kByType = Holds::kIp | Holds::kEthernet | Holds::kMpls | Holds::kNsh;
  const auto in_ip = [](const char* name, EncapKind kind, uint32_t id, uint8_t holds,
                        std::vector<TunnelHeader> headers) {
    return TunnelForm{.name = name,
                      .kind = kind,
                      .id = id,
                      .carrier = Carrier::Ip,
                      .holds = holds,
                      .headers = std::move(headers)};
  };
  std::vector<TunnelForm> forms = {
      in_ip("ip in ip", EncapKind::IpInIp, 0, Holds::kIp, {}),
      in_ip("ether ip", EncapKind::EtherIp, 0, Holds::kEthernet, {ether_ip()}),
      in_ip("gre", EncapKind::Gre, 0, kByType, {gre()}),
      in_ip("gre key", EncapKind::Gre, 0xdeadbeef, kByType, {gre({.key = 0xdeadbeef})}),
      in_ip("gre full", EncapKind::Gre, 9, kByType,
            {gre({.checksum = true, .key = 9, .sequence = 5, .routing_bytes = 8})}),
      in_ip("gre routed", EncapKind::Gre, 0, kByType, {gre({.routing_bytes = 4})}),
      in_ip("nvgre", EncapKind::Gre, 0x00123405, Holds::kEthernet, {gre({.key = 0x00123405})}),
      in_ip("gre ppp", EncapKind::Gre, 0, Holds::kIp | Holds::kMpls,
            {gre(), ppp({.address_and_control = true})}),
      in_ip("pptp", EncapKind::Gre, 0x0102, Holds::kIp,
            {pptp_gre(0x0102), ppp({.address_and_control = true})}),
      in_ip("pptp acknowledging", EncapKind::Gre, 7, Holds::kIp,
            {pptp_gre(7, {.acknowledged = 3}), ppp({.short_protocol = true})}),
      in_ip("erspan 1", EncapKind::Erspan, 0, Holds::kEthernet, {gre(), erspan1()}),
      in_ip("erspan 2", EncapKind::Erspan, 0x3ff, Holds::kEthernet,
            {gre({.sequence = 1}), erspan2(0x3ff)}),
      in_ip("erspan 3", EncapKind::Erspan, 0x155, Holds::kEthernet,
            {gre({.sequence = 1}), erspan3(0x155)}),
      in_ip("erspan 3 platform", EncapKind::Erspan, 1, Holds::kEthernet,
            {gre({.sequence = 1}), erspan3(1, {.platform_part = true})}),
      in_ip("erspan 3 ip", EncapKind::Erspan, 2, Holds::kIp,
            {gre({.sequence = 1}), erspan3(2, {.ip = true})}),
      in_ip("gre wccp", EncapKind::Gre, 0, Holds::kIpv4, {gre(), wccp2()}),
      in_ip("l2tp 3", EncapKind::L2tp, 0x11223344, Holds::kPseudowire, {l2tp3_in_ip(0x11223344)}),
      in_ip("l2tp 3 cookie", EncapKind::L2tp, 5, Holds::kPseudowire, {l2tp3_in_ip(5, 12)}),
      in_ip("mpls in ip", EncapKind::Mpls, 200, Holds::kIp, {mpls({100, 200})}),
  };
  forms.back().mpls_label = 200;
  return forms;
}

std::vector<TunnelForm> udp_forms() {
  using Holds = TunnelForm::Holds;
  constexpr uint8_t kByNumber = Holds::kIp | Holds::kEthernet | Holds::kMpls | Holds::kNsh;
  const auto in_udp = [](const char* name, EncapKind kind, uint32_t id, uint8_t holds,
                         std::vector<TunnelHeader> headers) {
    return TunnelForm{.name = name,
                      .kind = kind,
                      .id = id,
                      .carrier = Carrier::Udp,
                      .holds = holds,
                      .headers = std::move(headers)};
  };
  std::vector<TunnelForm> forms = {
      in_udp("vxlan", EncapKind::Vxlan, 0xabcdef, Holds::kEthernet, {vxlan(0xabcdef)}),
      in_udp("vxlan policy", EncapKind::Vxlan, 0, Holds::kEthernet, {vxlan(0, 0x1234)}),
      in_udp("vxlan gpe", EncapKind::Vxlan, 77, kByNumber, {vxlan_gpe(77)}),
      in_udp("geneve", EncapKind::Geneve, 0xfedcba, kByNumber, {geneve(0xfedcba)}),
      in_udp("geneve options", EncapKind::Geneve, 1, kByNumber, {geneve(1, 63)}),
      in_udp("gtp u", EncapKind::GtpU, 0xcafe0001, Holds::kIp, {gtp_u(0xcafe0001)}),
      in_udp("gtp u numbered", EncapKind::GtpU, 2, Holds::kIp, {gtp_u(2, {.n_pdu = 1})}),
      in_udp("gtp u extended", EncapKind::GtpU, 3, Holds::kIp,
             {gtp_u(3, {.sequence = 9, .extension_words = {1, 2, 1}})}),
      in_udp("teredo", EncapKind::Teredo, 0, Holds::kIpv6, {teredo()}),
      in_udp("teredo full", EncapKind::Teredo, 0, Holds::kIpv6,
             {teredo({.authentication_bytes = 4, .origin = true})}),
      in_udp("l2tp 2", EncapKind::L2tp, 0x00070009, Holds::kIp,
             {l2tp2(7, 9), ppp({.address_and_control = true})}),
      in_udp("l2tp 2 full", EncapKind::L2tp, 0x01020304, Holds::kIp,
             {l2tp2(0x0102, 0x0304, {.length = true, .sequence = true, .offset_bytes = 6}), ppp()}),
      in_udp("l2tp 3 in udp", EncapKind::L2tp, 6, Holds::kPseudowire, {l2tp3_in_udp(6, 4)}),
      in_udp("capwap", EncapKind::Capwap, 0, Holds::kEthernet, {capwap()}),
      in_udp("capwap full", EncapKind::Capwap, 0, Holds::kEthernet,
             {capwap({.radio_address = true, .wireless_part = true})}),
      in_udp("capwap wifi", EncapKind::Capwap, 0, Holds::kIp, {capwap({.native = true}), wifi()}),
      in_udp("capwap relayed", EncapKind::Capwap, 0, Holds::kIp,
             {capwap({.native = true, .wireless_part = true}),
              wifi({.quality = true, .relayed = true})}),
      in_udp("capwap cisco", EncapKind::Capwap, 0, Holds::kIp,
             {capwap({.native = true}), wifi({.swapped = true})}),
      in_udp("lisp", EncapKind::Lisp, 0x0a0b0c, Holds::kIp, {lisp(0x0a0b0c)}),
      in_udp("lisp bare", EncapKind::Lisp, 0, Holds::kIp, {lisp({})}),
      in_udp("ayiya", EncapKind::Ayiya, 0, Holds::kIp, {ayiya()}),
      in_udp("mpls in udp", EncapKind::Mpls, 300, Holds::kIp, {mpls({300})}),
  };
  forms.back().mpls_label = 300;
  for (TunnelForm& form : forms)
    form.snap = form.kind == EncapKind::Capwap && form.headers.size() == 2;
  return forms;
}

}  // namespace

const std::vector<TunnelForm>& tunnel_forms() {
  static const std::vector<TunnelForm> kForms = [] {
    std::vector<TunnelForm> forms = type_forms();
    for (TunnelForm& form : ip_forms()) forms.push_back(std::move(form));
    for (TunnelForm& form : udp_forms()) forms.push_back(std::move(form));
    return forms;
  }();
  return kForms;
}

const TunnelForm& tunnel_form(std::string_view name) {
  for (const TunnelForm& form : tunnel_forms()) {
    if (form.name == name) return form;
  }
  FS_CHECK(false);
  return tunnel_forms().front();
}

bool is_legal(const std::vector<TunnelForm>& forms, uint8_t ip_version) {
  for (size_t i = 1; i < forms.size(); ++i) {
    if (!may_hold(forms[i - 1], forms[i])) return false;
  }
  return forms.empty() || may_hold_ip(forms.back(), ip_version);
}

Nesting nest(const std::vector<TunnelForm>& forms, uint8_t ip_version, uint32_t seed,
             FlowSide sender) {
  FS_CHECK(is_legal(forms, ip_version));
  Writer writer(seed, sender);
  for (const TunnelForm& form : forms) writer.put(form);
  writer.before_ip(ip_version);
  return std::move(writer).done();
}

}  // namespace flowscope::testing
