#include "l7/signatures/rule_file.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "l7/signatures/rule_text.h"

namespace flowscope {

namespace {

constexpr std::string_view kForm =
    "write alert tcp \"literal\" (sid:1; msg:\"what it is\"), see docs/signatures.md";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Whether ^ or \A stands anywhere but in a class of characters.
bool may_be_anchored(std::string_view expression) {
  bool in_class = false;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\') {
      ++i;
      if (!in_class && i < expression.size() && expression[i] == 'A') return true;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '^') {
      return true;
    }
  }
  return false;
}

// One rule, read from left to right.
class RuleReader {
 public:
  RuleReader(std::string_view line, std::span<const std::string_view> protocols)
      : text_(line), protocols_(protocols) {}

  Result<Signature> read() {
    for (const auto step :
         {&RuleReader::read_transport, &RuleReader::read_where, &RuleReader::read_pattern,
          &RuleReader::read_options, &RuleReader::check_whole}) {
      if (auto done = (this->*step)(); !done.ok()) return done.error();
    }
    return std::move(signature_);
  }

 private:
  Result<void> read_transport();
  Result<void> read_where();
  Result<void> read_ports(std::string_view list);
  Result<void> read_side(std::string_view word);
  Result<void> read_protocols(std::string_view list);
  Result<void> read_pattern();
  Result<void> read_literal();
  Result<void> read_expression();
  Result<void> read_options();
  Result<void> read_option(std::string_view name);
  Result<void> read_option_text(std::string_view name, std::string& field);
  Result<void> read_option_number(std::string_view name, uint32_t min, uint32_t max,
                                  uint32_t& field);
  Result<void> read_once();
  Result<void> check_whole();

  RuleText text_;
  std::span<const std::string_view> protocols_;
  Signature signature_;
  std::vector<std::string> options_seen_;
  bool is_literal_ = false;
  bool nocase_ = false;
};

Result<void> RuleReader::read_transport() {
  const std::string_view action = text_.take_word();
  if (action != "alert")
    return Error{"a rule begins with alert, not " + quoted(action) + "; " + std::string(kForm)};
  const std::string_view transport = text_.take_word();
  if (transport == "tcp") {
    signature_.transport = SignatureTransport::Tcp;
  } else if (transport == "udp") {
    signature_.transport = SignatureTransport::Udp;
  } else if (transport != "any") {
    return Error{quoted(transport) + " is no transport; write tcp, udp or any after alert"};
  }
  return {};
}

Result<void> RuleReader::read_where() {
  bool has_port = false;
  bool has_side = false;
  bool has_protocol = false;
  while (!text_.at('"') && !text_.at('/')) {
    const std::string_view word = text_.take_word();
    const bool is_known = word == "port" || word == "from" || word == "proto";
    if (!is_known)
      return Error{
          "a pattern is missing before " + (word.empty() ? text_.next_text() : quoted(word))
          + "; write \"literal\" or /expression/, and before it only port, from and proto"};
    bool& has = word == "port" ? has_port : word == "from" ? has_side : has_protocol;
    if (std::exchange(has, true))
      return Error{std::string(word) + " stands twice; give one list, such as port 80,443"};
    const std::string_view value = text_.take_word();
    auto read = word == "port"   ? read_ports(value)
                : word == "from" ? read_side(value)
                                 : read_protocols(value);
    if (!read.ok()) return read;
  }
  return {};
}

Result<void> RuleReader::read_ports(std::string_view list) {
  for (const std::string_view item : split(list, ',')) {
    const size_t dash = item.find('-');
    const auto first = number_of(item.substr(0, dash), UINT16_MAX);
    const auto last =
        dash == std::string_view::npos ? first : number_of(item.substr(dash + 1), UINT16_MAX);
    if (!first || !last || *first > *last)
      return Error{quoted(item) + " is no port; write numbers to 65535, such as port 80,8000-8099"};
    if (signature_.ports.size() == RuleFile::kPortRangesMax)
      return Error{"a rule has more than " + std::to_string(RuleFile::kPortRangesMax)
                   + " ports; write ranges, or two rules"};
    signature_.ports.push_back({static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)});
  }
  return {};
}

Result<void> RuleReader::read_side(std::string_view word) {
  if (word != "initiator" && word != "responder")
    return Error{quoted(word) + " is no side; write from initiator or from responder"};
  signature_.from = word == "initiator" ? SignatureFrom::Initiator : SignatureFrom::Responder;
  return {};
}

Result<void> RuleReader::read_protocols(std::string_view list) {
  for (const std::string_view name : split(list, ',')) {
    const bool is_known = protocols_.empty() ? !name.empty()
                                             : std::find(protocols_.begin(), protocols_.end(), name)
                                                   != protocols_.end();
    if (!is_known) {
      constexpr size_t kNamedMax = 8;
      std::string known;
      for (size_t i = 0; i < std::min(protocols_.size(), kNamedMax); ++i)
        known.append(known.empty() ? "" : ", ").append(protocols_[i]);
      if (protocols_.size() > kNamedMax) known += ", ... (docs/protocols.md has all names)";
      return Error{quoted(name) + " is no protocol that is known here; write proto and some of "
                   + (known.empty() ? "the names in app_proto" : known)};
    }
    if (!signature_.takes_protocol(name) || signature_.protocols.empty())
      signature_.protocols.emplace_back(name);
  }
  return {};
}

Result<void> RuleReader::read_pattern() {
  is_literal_ = text_.at('"');
  return is_literal_ ? read_literal() : read_expression();
}

Result<void> RuleReader::read_literal() {
  auto bytes = text_.take_literal();
  if (!bytes.ok()) return bytes.error();
  if (bytes.value().size() < RuleFile::kLiteralBytesMin)
    return Error{"a literal of " + std::to_string(bytes.value().size())
                 + " bytes would be found everywhere; give at least "
                 + std::to_string(RuleFile::kLiteralBytesMin)};
  signature_.pattern.expression = literal_expression(Bytes::of(bytes.value()));
  return {};
}

Result<void> RuleReader::read_expression() {
  auto expression = text_.take_expression();
  if (!expression.ok()) return expression.error();
  signature_.is_anchored = may_be_anchored(expression.value());
  if (expression.value().empty()) return Error{"an expression is empty; write what to look for"};
  signature_.pattern.expression = std::move(expression.value());
  signature_.pattern.dot_is_any = false;
  for (const char flag : text_.take_flags()) {
    if (flag == 'i') {
      signature_.pattern.caseless = true;
    } else if (flag == 'm') {
      signature_.pattern.multi_line = true;
    } else if (flag == 's') {
      signature_.pattern.dot_is_any = true;
    } else {
      return Error{quoted({&flag, 1}) + " is no flag of an expression; there are i, m and s"};
    }
  }
  if (signature_.pattern.multi_line) signature_.is_anchored = false;
  return {};
}

Result<void> RuleReader::read_options() {
  if (!text_.take('('))
    return Error{"options are missing behind the pattern; write (sid:1; msg:\"what it is\")"};
  while (!text_.take(')')) {
    if (text_.at_end()) return Error{"the options do not end; close them with )"};
    const std::string_view name = text_.take_word();
    if (auto read = read_option(name); !read.ok()) return read;
    if (!text_.take(';') && !text_.at(')') && !text_.at_end())
      return Error{text_.next_text() + " stands behind option " + quoted(name)
                   + "; separate options with ;"};
  }
  if (!text_.at_end())
    return Error{text_.next_text() + " stands behind the rule; put comments on lines of their own"};
  return {};
}

Result<void> RuleReader::read_option(std::string_view name) {
  if (std::find(options_seen_.begin(), options_seen_.end(), name) != options_seen_.end())
    return Error{"option " + quoted(name) + " stands twice; leave one out"};
  options_seen_.emplace_back(name);
  uint32_t severity = signature_.severity;
  if (name == "sid") return read_option_number(name, 1, UINT32_MAX, signature_.sid);
  if (name == "rev") return read_option_number(name, 1, UINT32_MAX, signature_.rev);
  if (name == "depth") return read_option_number(name, 1, UINT32_MAX, signature_.depth_bytes);
  if (name == "msg") return read_option_text(name, signature_.message);
  if (name == "category") return read_option_text(name, signature_.category);
  if (name == "once") return read_once();
  if (name == "severity") {
    auto read = read_option_number(name, 1, Signature::kSeverityMax, severity);
    signature_.severity = static_cast<uint8_t>(severity);
    return read;
  }
  if (name == "nocase") {
    nocase_ = true;
    return {};
  }
  return Error{"there is no option " + (name.empty() ? text_.next_text() : quoted(name))
               + "; there are sid, msg, rev, category, severity, nocase, depth and once"};
}

Result<void> RuleReader::read_option_text(std::string_view name, std::string& field) {
  if (!text_.take(':') || !text_.at('"'))
    return Error{"option " + std::string(name) + " needs a text; write " + std::string(name)
                 + ":\"...\""};
  auto text = text_.take_text();
  if (!text.ok()) return text.error();
  if (text.value().empty() || text.value().size() > RuleFile::kMessageBytesMax)
    return Error{"option " + std::string(name) + " has " + std::to_string(text.value().size())
                 + " bytes; give 1 to " + std::to_string(RuleFile::kMessageBytesMax)};
  field = std::move(text.value());
  return {};
}

Result<void> RuleReader::read_option_number(std::string_view name, uint32_t min, uint32_t max,
                                            uint32_t& field) {
  const std::string_view word = text_.take(':') ? text_.take_word() : std::string_view{};
  const auto number = number_of(word, max);
  if (!number || *number < min)
    return Error{quoted(word) + " does not fit option " + std::string(name) + "; write "
                 + std::string(name) + ":N with N from " + std::to_string(min) + " to "
                 + std::to_string(max)};
  field = *number;
  return {};
}

Result<void> RuleReader::read_once() {
  const std::string_view word = text_.take(':') ? text_.take_word() : std::string_view{};
  if (word != "side" && word != "flow")
    return Error{quoted(word) + " does not fit option once; write once:side or once:flow"};
  signature_.once = word == "side" ? AlertOnce::PerSide : AlertOnce::PerFlow;
  return {};
}

Result<void> RuleReader::check_whole() {
  if (signature_.sid == 0) return Error{"the rule has no sid; give it a number of its own, sid:1"};
  if (signature_.message.empty())
    return Error{"the rule has no msg; say what it finds, msg:\"...\""};
  if (nocase_ && !is_literal_) return Error{"nocase is for literals; write /expression/i"};
  if (nocase_) signature_.pattern.caseless = true;
  signature_.pattern.single_match = true;
  return {};
}

}  // namespace

void RuleFile::add_fault(uint32_t line, std::string text) {
  ++faults_total;
  if (faults.size() < kFaultsMax) faults.push_back({line, std::move(text)});
}

std::string RuleFile::faults_text(std::string_view name) const {
  std::string text;
  for (const RuleFault& fault : faults) {
    if (!text.empty()) text += '\n';
    text.append(name);
    if (fault.line != 0) text.append(":").append(std::to_string(fault.line));
    text.append(": ").append(fault.text);
  }
  if (faults_total > faults.size())
    text.append("\nand ").append(std::to_string(faults_total - faults.size())).append(" more");
  return text;
}

RuleFile parse_rules(std::string_view text, std::span<const std::string_view> protocols) {
  RuleFile file;
  if (text.size() > RuleFile::kBytesMax) {
    file.add_fault(0, "has more than 64 MiB; split what is not needed off");
    return file;
  }
  std::unordered_map<uint32_t, uint32_t> lines_of_sids;
  uint32_t line_number = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++line_number;
    RuleText begin(line);
    if (begin.at_end() || begin.at('#')) continue;
    if (line.size() > RuleFile::kLineBytesMax) {
      file.add_fault(line_number, "a line has more than 8192 bytes; shorten the pattern");
      continue;
    }
    if (file.signatures.size() == RuleFile::kRulesMax) {
      file.add_fault(line_number, "there are more than 100000 rules; leave the rest out");
      return file;
    }
    auto signature = RuleReader(line, protocols).read();
    if (!signature.ok()) {
      file.add_fault(line_number, signature.error().message);
      continue;
    }
    const auto [same, is_new] = lines_of_sids.emplace(signature.value().sid, line_number);
    if (!is_new) {
      file.add_fault(line_number, "sid:" + std::to_string(same->first) + " is that of line "
                                      + std::to_string(same->second)
                                      + " already; give every rule a number of its own");
      continue;
    }
    signature.value().line = line_number;
    signature.value().pattern.id = static_cast<uint32_t>(file.signatures.size());
    file.signatures.push_back(std::move(signature.value()));
  }
  return file;
}

void check_patterns(RuleFile& file) {
  std::vector<Signature> good;
  for (Signature& signature : file.signatures) {
    if (auto checked = check_pattern(signature.pattern); !checked.ok()) {
      file.add_fault(signature.line,
                     "the pattern cannot be searched for: " + checked.error().message);
      continue;
    }
    signature.pattern.id = static_cast<uint32_t>(good.size());
    good.push_back(std::move(signature));
  }
  file.signatures = std::move(good);
  std::stable_sort(file.faults.begin(), file.faults.end(),
                   [](const RuleFault& x, const RuleFault& y) { return x.line < y.line; });
}

}  // namespace flowscope
