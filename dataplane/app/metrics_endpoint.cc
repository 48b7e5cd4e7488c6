#include "dataplane/app/metrics_endpoint.h"

#include <fmt/format.h>

#ifdef FS_HAVE_PROMETHEUS
#include <arpa/inet.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <thread>

#include "config/listen_address.h"
#include "dataplane/app/metrics.h"
#endif

namespace flowscope {

#ifdef FS_HAVE_PROMETHEUS

namespace {

class Sampler : public prometheus::Collectable {
 public:
  explicit Sampler(Figures& figures) : figures_(figures) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    return metrics_of(figures_.now());
  }

 private:
  Figures& figures_;
};

struct SocketPlace {
  sockaddr_storage address{};
  socklen_t bytes = 0;

  explicit SocketPlace(const ListenAddress& at) {
    if (at.is_v6) {
      sockaddr_in6 v6{};
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(at.port);
      inet_pton(AF_INET6, at.address.c_str(), &v6.sin6_addr);
      std::memcpy(&address, &v6, bytes = sizeof v6);
    } else {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = htons(at.port);
      inet_pton(AF_INET, at.address.c_str(), &v4.sin_addr);
      std::memcpy(&address, &v4, bytes = sizeof v4);
    }
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// Why nobody can listen there, an errno; 0 where one can. The web server does not say.
int listen_error(const ListenAddress& at) {
  const SocketPlace place(at);
  const int descriptor = socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  // As servers do: a port whose last users are only waiting to be forgotten is free.
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool listens =
      bind(descriptor, place.get(), place.bytes) == 0 && listen(descriptor, 1) == 0;
  const int error = listens ? 0 : errno;
  close(descriptor);
  return error;
}

// Connects and goes away again.
void knock_at(const ListenAddress& at) {
  const SocketPlace place(at);
  const int descriptor =
      socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  // Whatever comes of it: the attempt is what wakes.
  (void)connect(descriptor, place.get(), place.bytes);
  close(descriptor);
}

// Signals are for the main thread: the server's threads begin with all of them blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

class PrometheusEndpoint : public MetricsEndpoint {
 public:
  PrometheusEndpoint(ListenAddress at, Figures& figures)
      : at_(std::move(at)), sampler_(std::make_shared<Sampler>(figures)), exposer_(at_.text()) {
    exposer_->RegisterCollectable(sampler_);
    at_.port = static_cast<uint16_t>(exposer_->GetListeningPorts().front());
  }
  // The web server sees that it is to end when somebody comes, or every two seconds: somebody
  // comes.
  ~PrometheusEndpoint() override {
    const SignalsBlocked blocked;
    std::atomic<bool> has_ended = false;
    std::thread visitor([&] {
      while (!has_ended) {
        knock_at(at_);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
    exposer_.reset();
    has_ended = true;
    visitor.join();
  }
  [[nodiscard]] std::string url() const override { return "http://" + at_.text() + "/metrics"; }

 private:
  ListenAddress at_;
  std::shared_ptr<Sampler> sampler_;
  std::optional<prometheus::Exposer> exposer_;
};

}  // namespace

Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::open(const std::string& address,
                                                               Figures& figures) {
  const auto at = parse_listen_address(address);
  if (!at.ok()) return Error{"telemetry.prometheus: " + at.error().message};
  const SignalsBlocked blocked;
  int error = listen_error(at.value());
  if (error == 0) {
    try {
      return std::unique_ptr<MetricsEndpoint>(
          std::make_unique<PrometheusEndpoint>(at.value(), figures));
    } catch (const std::exception&) {
      error = listen_error(at.value());
    }
  }
  return Error{fmt::format("telemetry.prometheus: cannot listen on {}: {}", at.value().text(),
                           std::strerror(error))};
}

#else

Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::open(const std::string&, Figures&) {
  return Error{
      "telemetry.prometheus: this build has no prometheus-cpp; install prometheus-cpp-dev and "
      "configure it again, or set it to off"};
}

#endif

}  // namespace flowscope
