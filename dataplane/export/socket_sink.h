#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/export/descriptor.h"
#include "dataplane/export/output_sink.h"
#include "flowcore/base/result.h"

namespace flowscope {

enum class Unreachable : uint8_t;

// A stream socket, TCP or local, on which somebody listens. A session that breaks is begun anew
// after 1 s, and after twice as long each time that fails, up to 30 s; each begins with a whole
// line. A peer that is only slow is waited for; one that does not answer for 30 s is given up. What
// lay in the socket when a session broke may have been read or not: it counts as written.
class SocketSink final : public OutputSink {
 public:
  static constexpr std::string_view kTcpPrefix = "tcp://";
  static constexpr std::string_view kUnixPrefix = "unix:";

  // `destination` begins with one of the prefixes. Waits some seconds for the peer.
  static Result<std::unique_ptr<OutputSink>> open(const std::string& destination,
                                                  Unreachable unreachable, OutputShared& shared);

  [[nodiscard]] int prepare(uint64_t now_ns) override;
  void between_lines(uint64_t, size_t) override {}
  [[nodiscard]] Written write(std::string_view text) override;
  void reopen(uint64_t now_ns) override;

 private:
  // Where to find the peer; a host may have several addresses.
  struct Place {
    sockaddr_storage address = {};
    socklen_t bytes = 0;
  };
  enum class State : uint8_t { Broken, Calling, Open };

  SocketSink(OutputShared& shared, std::vector<Place> places);
  static Result<std::vector<Place>> tcp_places(const std::string& destination);
  static Result<std::vector<Place>> unix_place(const std::string& destination);
  void call(uint64_t now_ns);
  // Looks whether the peer has answered the call.
  void look_for_answer(uint64_t now_ns);
  // Looks whether the peer is still there.
  void look_for_end(uint64_t now_ns);
  void answered();
  void broke(int reason, uint64_t now_ns);

  std::vector<Place> places_;
  size_t place_ = 0;  // the one that is called next
  Descriptor socket_;
  State state_ = State::Broken;
  uint64_t now_ns_ = 0;
  uint64_t call_at_ns_ = 0;     // the next one, when broken
  uint64_t give_up_at_ns_ = 0;  // the call
  uint64_t pause_ns_;
  int error_ = 0;  // why it broke
};

}  // namespace flowscope
