// Writes the seeds of the fuzz target dns: a response with a record of each type, sound and
// unsound, one with every EDNS option, and whole conversations in the form that the target reads.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/l7/dns/message_builder.h"
#include "tests/unit/l7/dns/sample_records.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

void write_seed(const std::filesystem::path& folder, const std::string& name,
                const std::string& bytes) {
  std::ofstream file(folder / name, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string response_with(uint16_t type, const std::string& rdata) {
  return MessageBuilder(7, 0x8180, 1, 1).question("a.test", type).record(type, 60, rdata).text();
}

std::string options_message() {
  const std::string options = "\0\3\0\2ns"s + "\0\10\0\7\0\1\30\0\300\0\2"s
                              + "\0\12\0\20abcdefgh01234567"s + "\0\13\0\2\0\12"s
                              + "\0\14\0\3\0\0\0"s + "\0\17\0\6\0\3why?"s + "\xfd\xe9\0\2hi"s;
  return MessageBuilder(7, 0x8180, 1, 0, 0, 1)
      .question("a.test", 1)
      .u8(0)
      .u16(41)
      .u16(1232)
      .u32(0x01008000)
      .u16(static_cast<uint16_t>(options.size()))
      .raw(options)
      .text();
}

// A datagram as the target reads it: side and seconds in one byte, then its length.
std::string sent(bool by_responder, uint8_t seconds, const MessageBuilder& message) {
  return static_cast<char>(seconds << 1 | (by_responder ? 1 : 0)) + message.framed();
}

std::string conversation() {
  const auto answer = MessageBuilder(7, 0x8180).question("a.test", 1);
  return sent(false, 0, a_query("a.test")) + sent(false, 1, a_query("A.test"))
         + sent(true, 1, answer) + sent(true, 0, answer) + sent(true, 0, answer)
         + sent(false, 1, a_query("b.test", 8)) + sent(true, 1, MessageBuilder(8, 0x8105, 0))
         + sent(false, 1, a_query("c.test", 9)) + sent(false, 40, a_query("d.test", 10));
}

std::string transfer() {
  return sent(false, 0, MessageBuilder(9, 0).question("zone.test", 252))
         + sent(true, 1, MessageBuilder(9, 0x8400).question("zone.test", 252))
         + sent(true, 1, MessageBuilder(9, 0x8400, 0));
}

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const SampleRecord& sample : sample_records()) {
    write_seed(folder, "type_" + std::to_string(sample.type) + "_" + std::to_string(number++),
               response_with(sample.type, sample.rdata));
  }
  for (const UnsoundRecord& unsound : unsound_records()) {
    write_seed(folder, "unsound_" + std::to_string(unsound.type) + "_" + std::to_string(number++),
               response_with(unsound.type, unsound.rdata));
  }
  write_seed(folder, "options", options_message());
  write_seed(folder, "conversation", conversation());
  write_seed(folder, "conversation_transfer", transfer());
  write_seed(
      folder, "update",
      MessageBuilder(1, 0x2800, 1, 0, 1).question("zone.test", 6).record(1, 60, "\1\2\3\4").text());
}

}  // namespace
}  // namespace flowscope::dns

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: write_dns_seeds FOLDER\n");
    return 1;
  }
  flowscope::dns::write_seeds(arguments[1]);
  return 0;
}
