#include "l7/signatures/rule_file.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace flowscope {
namespace {

constexpr std::array<std::string_view, 3> kProtocols = {"http", "tls", "dns"};

RuleFile parse(std::string_view text) { return parse_rules(text, kProtocols); }

// The only signature of a text without faults.
Signature only(std::string_view text) {
  RuleFile file = parse(text);
  EXPECT_EQ(file.faults_text("f"), "");
  EXPECT_EQ(file.signatures.size(), 1U);
  return file.signatures.empty() ? Signature{} : file.signatures[0];
}

TEST(RuleFile, ReadsEveryPartOfARule) {
  const Signature rule = only(
      "alert tcp port 80,8000-8099 from initiator proto http,tls \"cmd.exe|0d 0A|\" "
      "(sid:7; msg:\"A \\\"shell\\\" \\\\ asked for\"; rev:3; category:\"Web\"; severity:1; "
      "nocase; "
      "depth:512; once:flow)");
  EXPECT_EQ(rule.sid, 7U);
  EXPECT_EQ(rule.rev, 3U);
  EXPECT_EQ(rule.severity, 1U);
  EXPECT_EQ(rule.line, 1U);
  EXPECT_EQ(rule.depth_bytes, 512U);
  EXPECT_EQ(rule.message, "A \"shell\" \\ asked for");
  EXPECT_EQ(rule.category, "Web");
  EXPECT_EQ(rule.transport, SignatureTransport::Tcp);
  EXPECT_EQ(rule.from, SignatureFrom::Initiator);
  EXPECT_EQ(rule.once, AlertOnce::PerFlow);
  EXPECT_EQ(rule.protocols, (std::vector<std::string>{"http", "tls"}));
  EXPECT_EQ(rule.pattern.expression, literal_expression(Bytes::of("cmd.exe\r\n")));
  EXPECT_TRUE(rule.pattern.caseless);
  for (const uint16_t port : std::to_array<uint16_t>({80, 8000, 8050, 8099}))
    EXPECT_TRUE(rule.takes_port(port)) << port;
  for (const uint16_t port : std::to_array<uint16_t>({79, 81, 7999, 8100}))
    EXPECT_FALSE(rule.takes_port(port)) << port;
}

TEST(RuleFile, LeavesOutWhatIsNotNeeded) {
  const Signature rule = only("  alert any \"ab\" (sid:1;msg:\"m\";)\r\n");
  EXPECT_EQ(rule.rev, 1U);
  EXPECT_EQ(rule.severity, 3U);
  EXPECT_EQ(rule.depth_bytes, 0U);
  EXPECT_EQ(rule.transport, SignatureTransport::Any);
  EXPECT_EQ(rule.from, SignatureFrom::Any);
  EXPECT_EQ(rule.once, AlertOnce::PerSide);
  EXPECT_TRUE(rule.takes_port(0));
  EXPECT_TRUE(rule.takes_protocol("anything"));
  EXPECT_FALSE(rule.pattern.caseless);
}

TEST(RuleFile, ReadsExpressionsWithTheirFlags) {
  EXPECT_EQ(only("alert udp /a\\/b\\x00[^c]/ims (sid:1; msg:\"m\")").pattern.expression,
            "a/b\\x00[^c]");
  EXPECT_TRUE(only("alert udp /a.b/s (sid:1; msg:\"m\")").pattern.dot_is_any);
  EXPECT_FALSE(only("alert udp /a.b/ (sid:1; msg:\"m\")").pattern.dot_is_any);
  EXPECT_TRUE(only("alert udp /ab/i (sid:1; msg:\"m\")").pattern.caseless);
  EXPECT_TRUE(only("alert udp /ab/m (sid:1; msg:\"m\")").pattern.multi_line);
}

TEST(RuleFile, KnowsExpressionsThatMayBeAnchored) {
  const auto is_anchored = [](std::string_view expression) {
    return only("alert any " + std::string(expression) + " (sid:1; msg:\"m\")").is_anchored;
  };
  for (const auto* expression : {"/^ab/", "/(x|^ab)/", "/\\Aab/", "/[a\\]]^b/"})
    EXPECT_TRUE(is_anchored(expression)) << expression;
  for (const auto* expression : {"/[^a]b/", "/\\^ab/", "/^ab/m", "/[\\A]b/", "\"^ab\""})
    EXPECT_FALSE(is_anchored(expression)) << expression;
}

TEST(RuleFile, SkipsCommentsAndEmptyLinesAndCountsThem) {
  const RuleFile file = parse(
      "# a comment\n\n \t\n  # another\nalert any \"ab\" (sid:5; msg:\"m\")\n"
      "alert any \"cd\" (sid:6; msg:\"m\")");
  ASSERT_EQ(file.signatures.size(), 2U);
  EXPECT_EQ(file.signatures[0].line, 5U);
  EXPECT_EQ(file.signatures[1].line, 6U);
  EXPECT_EQ(file.signatures[1].pattern.id, 1U);
}

struct Faulty {
  const char* line;
  const char* words;  // of the message
};

TEST(RuleFile, TellsWhatIsWrongAndWhatToWriteInstead) {
  const std::vector<Faulty> kFaulty = {
      {"drop tcp \"ab\" (sid:1; msg:\"m\")", "a rule begins with alert, not \"drop\""},
      {"\"ab\"", "a rule begins with alert, not \"\""},
      {"alert icmp \"ab\" (sid:1; msg:\"m\")", "\"icmp\" is no transport; write tcp, udp or any"},
      {"alert tcp ports 80 \"ab\" (sid:1; msg:\"m\")", "a pattern is missing before \"ports\""},
      {"alert tcp", "a pattern is missing before \"\""},
      {"alert tcp (sid:1)", "a pattern is missing before \"(sid:1)\""},
      {"alert tcp port 80 port 81 \"ab\" (sid:1; msg:\"m\")", "port stands twice"},
      {"alert tcp port 65536 \"ab\" (sid:1; msg:\"m\")", "\"65536\" is no port"},
      {"alert tcp port 90-80 \"ab\" (sid:1; msg:\"m\")", "\"90-80\" is no port"},
      {"alert tcp port 80, 81 \"ab\" (sid:1; msg:\"m\")", "\"\" is no port"},
      {"alert tcp port any \"ab\" (sid:1; msg:\"m\")", "\"any\" is no port"},
      {"alert tcp from client \"ab\" (sid:1; msg:\"m\")", "\"client\" is no side"},
      {"alert tcp proto htp \"ab\" (sid:1; msg:\"m\")",
       "\"htp\" is no protocol that is known here; write proto and some of http, tls, dns"},
      {"alert tcp \"a\" (sid:1; msg:\"m\")", "a literal of 1 bytes would be found everywhere"},
      {"alert tcp \"\" (sid:1; msg:\"m\")", "a literal of 0 bytes"},
      {"alert tcp \"ab (sid:1)", "a literal does not end"},
      {"alert tcp \"ab|0d\" (sid:1; msg:\"m\")", "is no byte; write two hexadecimal digits"},
      {"alert tcp \"ab|0d", "bytes by number do not end"},
      {"alert tcp \"ab|0g|\" (sid:1; msg:\"m\")", "\"0g\" is no byte"},
      {"alert tcp \"ab\\n\" (sid:1; msg:\"m\")", "\"\\n\" means nothing in a literal"},
      {"alert tcp \"ab\\\x03\" (sid:1; msg:\"m\")", "\"\\?\" means nothing in a literal"},
      {"alert tcp /ab (sid:1)", "an expression does not end"},
      {"alert tcp // (sid:1; msg:\"m\")", "an expression is empty"},
      {"alert tcp /ab/ix (sid:1; msg:\"m\")", "\"x\" is no flag of an expression"},
      {"alert tcp \"ab\"", "options are missing behind the pattern"},
      {"alert tcp \"ab\" (sid:1; msg:\"m\"", "the options do not end"},
      {"alert tcp \"ab\" (sid:1 msg:\"m\")",
       "stands behind option \"sid\"; separate options with ;"},
      {"alert tcp \"ab\" (sid:1; msg:\"m\") x", "\"x\" stands behind the rule"},
      {"alert tcp \"ab\" (sid:1; sid:2; msg:\"m\")", "option \"sid\" stands twice"},
      {"alert tcp \"ab\" (sid:0; msg:\"m\")", "\"0\" does not fit option sid"},
      {"alert tcp \"ab\" (sid:4294967296; msg:\"m\")", "\"4294967296\" does not fit option sid"},
      {"alert tcp \"ab\" (sid:-1; msg:\"m\")", "\"-1\" does not fit option sid"},
      {"alert tcp \"ab\" (sid; msg:\"m\")", "\"\" does not fit option sid"},
      {"alert tcp \"ab\" (sid:1; rev:0; msg:\"m\")", "\"0\" does not fit option rev"},
      {"alert tcp \"ab\" (sid:1; severity:5; msg:\"m\")",
       "\"5\" does not fit option severity; write severity:N with N from 1 to 4"},
      {"alert tcp \"ab\" (sid:1; depth:0; msg:\"m\")", "\"0\" does not fit option depth"},
      {"alert tcp \"ab\" (sid:1; once:packet; msg:\"m\")", "write once:side or once:flow"},
      {"alert tcp \"ab\" (sid:1; msg:m)", "option msg needs a text"},
      {"alert tcp \"ab\" (sid:1; msg:\"\")", "option msg has 0 bytes; give 1 to 512"},
      {"alert tcp \"ab\" (sid:1; msg:\"m)", "a text does not end"},
      {"alert tcp \"ab\" (sid:1; msg:\"a\\nb\")", "\"\\n\" means nothing in a text"},
      {"alert tcp \"ab\" (sid:1; msg:\"a\\\x1b\")", "\"\\?\" means nothing in a text"},
      {"alert tcp \"ab\" (sid:1; msg:\"a\tb\")", "a text holds a control character"},
      {"alert tcp \"ab\" (sid:1; msg:\"m\"; offset:3)", "there is no option \"offset\""},
      {"alert tcp \"ab\" (sid:1; msg:\"m\"; ;)", "there is no option \";)\""},
      {"alert tcp \"ab\" (msg:\"m\")", "the rule has no sid"},
      {"alert tcp \"ab\" (sid:1)", "the rule has no msg"},
      {"alert tcp /ab/ (sid:1; msg:\"m\"; nocase)", "nocase is for literals"},
  };
  for (const Faulty& faulty : kFaulty) {
    const RuleFile file = parse("\n" + std::string(faulty.line) + "\n");
    EXPECT_TRUE(file.signatures.empty()) << faulty.line;
    ASSERT_EQ(file.faults.size(), 1U) << faulty.line;
    EXPECT_EQ(file.faults[0].line, 2U) << faulty.line;
    EXPECT_NE(file.faults[0].text.find(faulty.words), std::string::npos) << faulty.line << "\n"
                                                                         << file.faults[0].text;
    EXPECT_NE(file.faults[0].text.find(';'), std::string::npos)
        << "no mend: " << file.faults[0].text;
  }
}

TEST(RuleFile, TellsOfEveryFaultyLineAndKeepsTheOthers) {
  const RuleFile file = parse(
      "alert tcp \"ab\" (sid:1; msg:\"m\")\nalert\nalert tcp \"cd\" (sid:1; msg:\"m\")\n"
      "alert tcp \"ef\" (sid:2; msg:\"m\")\n");
  EXPECT_EQ(file.signatures.size(), 2U);
  EXPECT_EQ(file.faults_text("r.rules"),
            "r.rules:2: \"\" is no transport; write tcp, udp or any after alert\n"
            "r.rules:3: sid:1 is that of line 1 already; give every rule a number of its own");
}

TEST(RuleFile, CountsFaultsBeyondThoseItTells) {
  std::string text;
  for (size_t i = 0; i < RuleFile::kFaultsMax + 3; ++i) text += "alert\n";
  const RuleFile file = parse(text);
  EXPECT_EQ(file.faults.size(), RuleFile::kFaultsMax);
  EXPECT_EQ(file.faults_total, RuleFile::kFaultsMax + 3);
  EXPECT_TRUE(file.faults_text("f").ends_with("\nand 3 more"));
}

TEST(RuleFile, RefusesLinesThatAreTooLong) {
  const std::string fill(RuleFile::kLineBytesMax, 'a');
  const RuleFile file = parse("alert tcp \"" + fill + "\" (sid:1; msg:\"m\")");
  ASSERT_EQ(file.faults.size(), 1U);
  EXPECT_NE(file.faults[0].text.find("more than 8192 bytes"), std::string::npos);
}

TEST(RuleFile, RefusesTooManyPorts) {
  std::string ports = "1";
  for (size_t i = 0; i < RuleFile::kPortRangesMax; ++i) ports += ",2";
  const RuleFile file = parse("alert tcp port " + ports + " \"ab\" (sid:1; msg:\"m\")");
  ASSERT_EQ(file.faults.size(), 1U);
  EXPECT_NE(file.faults[0].text.find("more than 32 ports"), std::string::npos);
}

TEST(RuleFile, RefusesMoreRulesThanItTakes) {
  std::string text;
  for (size_t sid = 1; sid <= RuleFile::kRulesMax + 1; ++sid)
    text += "alert any \"ab\" (sid:" + std::to_string(sid) + ";msg:\"m\")\n";
  const RuleFile file = parse(text);
  EXPECT_EQ(file.signatures.size(), RuleFile::kRulesMax);
  ASSERT_EQ(file.faults.size(), 1U);
  EXPECT_EQ(file.faults[0].line, RuleFile::kRulesMax + 1);
}

TEST(RuleFile, TellsOfPatternsThatCannotBeSearchedFor) {
  if (!can_scan_patterns()) GTEST_SKIP() << "no Hyperscan in this build";
  RuleFile file = parse(
      "alert any /a(b/ (sid:1; msg:\"m\")\nalert any \"ab\" (sid:2; msg:\"m\")\n"
      "alert any /a*/ (sid:3; msg:\"m\")\n");
  check_patterns(file);
  ASSERT_EQ(file.signatures.size(), 1U);
  EXPECT_EQ(file.signatures[0].sid, 2U);
  EXPECT_EQ(file.signatures[0].pattern.id, 0U);
  ASSERT_EQ(file.faults.size(), 2U);
  EXPECT_EQ(file.faults[0].line, 1U);
  EXPECT_EQ(file.faults[1].line, 3U);
}

}  // namespace
}  // namespace flowscope
