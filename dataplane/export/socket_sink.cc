#include "dataplane/export/socket_sink.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/export/output.h"

namespace flowscope {

namespace {

constexpr uint64_t kPauseMinNs = 1'000'000'000;
constexpr uint64_t kPauseMaxNs = 30'000'000'000;
constexpr uint64_t kCallMaxNs = 5'000'000'000;
constexpr uint32_t kSilenceMaxMs = 30'000;
// At the start: how long the peer is waited for, and how often it is looked for.
constexpr uint64_t kStartMaxNs = 3'000'000'000;
constexpr long kStartStepNs = 5'000'000;

uint64_t monotonic_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Error refused(const std::string& destination, const std::string& reason) {
  return Error{"cannot write records to '" + destination + "': " + reason};
}

const sockaddr* as_sockaddr(const sockaddr_storage& storage) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
}

void watch_for_silence(int socket) {
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const int seconds = static_cast<int>(kSilenceMaxMs / 1000 / 3);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kSilenceMaxMs, sizeof kSilenceMaxMs);
}

// Why the socket failed.
int fault_of(int socket) {
  int reason = 0;
  socklen_t bytes = sizeof reason;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &reason, &bytes) == 0 ? reason : errno;
}

}  // namespace

Result<std::unique_ptr<OutputSink>> SocketSink::open(const std::string& destination,
                                                     Unreachable unreachable,
                                                     OutputShared& shared) {
  auto places =
      destination.starts_with(kTcpPrefix) ? tcp_places(destination) : unix_place(destination);
  if (!places.ok()) return places.error();
  std::unique_ptr<SocketSink> sink(new SocketSink(shared, std::move(places.value())));
  const uint64_t give_up_at_ns = monotonic_ns() + kStartMaxNs;
  int reason = sink->prepare(monotonic_ns());
  // All places have been called once when it is broken and the first one is next again.
  while (reason != 0 && (sink->state_ == State::Calling || sink->place_ != 0)) {
    const uint64_t now_ns = monotonic_ns();
    if (now_ns >= give_up_at_ns) {
      reason = ETIMEDOUT;
      break;
    }
    const timespec pause = {.tv_sec = 0, .tv_nsec = kStartStepNs};
    nanosleep(&pause, nullptr);
    reason = sink->prepare(now_ns);
  }
  if (reason != 0 && unreachable == Unreachable::Refuse)
    return refused(destination, std::strerror(reason));
  if (reason != 0) {
    shared.notices.add("output: " + destination + " cannot be reached: " + std::strerror(reason)
                       + "; records are lost until it can");
  }
  return std::unique_ptr<OutputSink>(std::move(sink));
}

SocketSink::SocketSink(OutputShared& shared, std::vector<Place> places)
    : OutputSink(shared), places_(std::move(places)), pause_ns_(kPauseMinNs) {}

// tcp://HOST:PORT, with IPv6 addresses in brackets.
Result<std::vector<SocketSink::Place>> SocketSink::tcp_places(const std::string& destination) {
  const std::string rest = destination.substr(kTcpPrefix.size());
  const size_t colon = rest.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == rest.size())
    return refused(destination, "expected tcp://HOST:PORT");
  std::string host = rest.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int fault = getaddrinfo(host.c_str(), rest.c_str() + colon + 1, &hints, &found);
  if (fault != 0) return refused(destination, gai_strerror(fault));
  std::vector<Place> places;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Place place{.bytes = each->ai_addrlen};
    std::memcpy(&place.address, each->ai_addr, each->ai_addrlen);
    places.push_back(place);
  }
  freeaddrinfo(found);
  return places;
}

Result<std::vector<SocketSink::Place>> SocketSink::unix_place(const std::string& destination) {
  const std::string path = destination.substr(kUnixPrefix.size());
  sockaddr_un local = {};
  if (path.empty() || path.size() >= sizeof local.sun_path) {
    return refused(destination, "expected unix:PATH with a path of at most "
                                    + std::to_string(sizeof local.sun_path - 1) + " bytes");
  }
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  Place place{.bytes = sizeof local};
  std::memcpy(&place.address, &local, sizeof local);
  return std::vector<Place>{place};
}

int SocketSink::prepare(uint64_t now_ns) {
  now_ns_ = now_ns;
  if (state_ == State::Open) {
    look_for_end(now_ns);
  } else if (state_ == State::Calling) {
    look_for_answer(now_ns);
  } else if (now_ns >= call_at_ns_) {
    call(now_ns);
  }
  if (state_ == State::Open) return 0;
  return error_ != 0 ? error_ : ENOTCONN;
}

void SocketSink::call(uint64_t now_ns) {
  const Place& place = places_[place_];
  place_ = (place_ + 1) % places_.size();
  const int family = place.address.ss_family;
  socket_ = Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.is_open()) return broke(errno, now_ns);
  if (family != AF_UNIX) watch_for_silence(socket_.number());
  if (connect(socket_.number(), as_sockaddr(place.address), place.bytes) == 0) return answered();
  if (errno != EINPROGRESS) return broke(errno, now_ns);
  state_ = State::Calling;
  give_up_at_ns_ = now_ns + kCallMaxNs;
  look_for_answer(now_ns);  // on this machine it is there already
}

void SocketSink::look_for_answer(uint64_t now_ns) {
  pollfd look = {.fd = socket_.number(), .events = POLLOUT, .revents = 0};
  if (poll(&look, 1, 0) <= 0) {
    if (now_ns >= give_up_at_ns_) broke(ETIMEDOUT, now_ns);
    return;
  }
  const int reason = fault_of(socket_.number());
  if (reason != 0) return broke(reason, now_ns);
  answered();
}

void SocketSink::answered() {
  state_ = State::Open;
  error_ = 0;
  place_ = 0;
  pause_ns_ = kPauseMinNs;
  begin_session();
}

// Who has shut its side will not read either: what we would write would be lost without a word.
void SocketSink::look_for_end(uint64_t now_ns) {
  pollfd look = {.fd = socket_.number(), .events = POLLRDHUP | POLLIN, .revents = 0};
  if (poll(&look, 1, 0) <= 0) return;
  if (look.revents == POLLIN) {
    // What the peer says is nothing to us; but left unread it would make our closing a reset, which
    // takes back what is on its way.
    std::array<char, 4096> unread;
    (void)::recv(socket_.number(), unread.data(), unread.size(), MSG_DONTWAIT);
    return;
  }
  const int reason = fault_of(socket_.number());
  broke(reason != 0 ? reason : EPIPE, now_ns);
}

void SocketSink::broke(int reason, uint64_t now_ns) {
  socket_.close();
  state_ = State::Broken;
  error_ = reason;
  call_at_ns_ = now_ns;
  if (place_ != 0) return;  // there is another place to be called
  call_at_ns_ += pause_ns_;
  pause_ns_ = std::min(2 * pause_ns_, kPauseMaxNs);
}

Written SocketSink::write(std::string_view text) {
  const Written written = write_to(socket_.number(), text);
  if (written.end == WriteEnd::Refused) broke(written.error, now_ns_);
  return written;
}

void SocketSink::reopen(uint64_t now_ns) {
  socket_.close();
  state_ = State::Broken;
  pause_ns_ = kPauseMinNs;
  call_at_ns_ = now_ns;
}

}  // namespace flowscope
