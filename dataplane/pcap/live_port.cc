#include "dataplane/pcap/live_port.h"

#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "flowcore/packet/link_number.h"

namespace flowscope {
namespace {

// How long the kernel may gather packets in a block of its ring before it shows them.
constexpr int kGatherMs = 10;
// Room for the frames of one burst; a burst of larger frames is shorter.
constexpr size_t kBlockBytesMin = 4U << 20;
constexpr size_t kLongestFramesMin = 4;

[[nodiscard]] std::string interfaces_text() {
  std::string names;
  struct if_nameindex* list = if_nameindex();
  for (const auto* entry = list; entry != nullptr && entry->if_index != 0; ++entry) {
    names += std::string(names.empty() ? "" : ", ") + entry->if_name;
  }
  if (list != nullptr) if_freenameindex(list);
  return names.empty() ? "none" : names;
}

// The reason of pcap_activate's answer, with the mend.
[[nodiscard]] std::string activation_failure(int status, pcap_t* handle,
                                             const std::string& interface) {
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return "no such interface; there are: " + interfaces_text();
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return "no permission to capture; run as root, or give the program the capability once: "
             "setcap cap_net_raw+ep PROGRAM";
    case PCAP_ERROR_IFACE_NOT_UP:
      return "the interface is down; ip link set " + interface + " up";
    case PCAP_ERROR:
      return pcap_geterr(handle);
    default:
      return pcap_statustostr(status);
  }
}

}  // namespace

struct LivePort::Filling {
  LivePort& port;
  Burst& burst;
  size_t block_used;
};

void LivePort::ClosePcap::operator()(pcap* handle) const { pcap_close(handle); }

LivePort::LivePort(Pcap handle, const Options& options)
    : handle_(std::move(handle)),
      interface_(options.interface),
      packets_max_(std::min(options.packets_max, kBurstMax)),
      frame_bytes_max_(static_cast<size_t>(pcap_snapshot(handle_.get()))),
      block_bytes_(std::max(kBlockBytesMin, kLongestFramesMin * frame_bytes_max_)),
      block_(std::make_unique_for_overwrite<uint8_t[]>(block_bytes_)),
      link_(link_type_of(static_cast<uint32_t>(pcap_datalink(handle_.get())))),
      ns_per_fraction_(
          pcap_get_tstamp_precision(handle_.get()) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000),
      descriptor_(pcap_get_selectable_fd(handle_.get())) {}

Result<LivePort> LivePort::open(const Options& options) {
  Result<Pcap> handle = activate(options);
  if (!handle.ok()) return handle.error();
  const Result<void> filtered = set_filter(handle.value().get(), options);
  if (!filtered.ok()) return filtered.error();
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  if (pcap_setnonblock(handle.value().get(), 1, reason.data()) != 0) {
    return Error{options.interface + ": " + reason.data()};
  }
  return LivePort(std::move(handle.value()), options);
}

Result<LivePort::Pcap> LivePort::activate(const Options& options) {
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  Pcap handle(pcap_create(options.interface.c_str(), reason.data()));
  if (!handle) return Error{options.interface + ": " + reason.data()};
  // These fail only on an active handle. Gathering lets libpcap use the kernel's ring of blocks,
  // which takes a fraction of the wake-ups and of the memory that frame by frame (immediate mode)
  // would.
  pcap_set_snaplen(handle.get(), static_cast<int>(options.snap_bytes));
  pcap_set_promisc(handle.get(), options.promiscuous == Promiscuous::Yes ? 1 : 0);
  pcap_set_timeout(handle.get(), kGatherMs);
  pcap_set_buffer_size(handle.get(), static_cast<int>(options.kernel_buffer_bytes));
  // Where nanoseconds are not to be had, microseconds stay.
  (void)pcap_set_tstamp_precision(handle.get(), PCAP_TSTAMP_PRECISION_NANO);
  const int status = pcap_activate(handle.get());
  if (status < 0) {
    return Error{options.interface + ": "
                 + activation_failure(status, handle.get(), options.interface)};
  }
  return handle;
}

Result<void> LivePort::set_filter(pcap* handle, const Options& options) {
  if (options.filter.empty()) return {};
  bpf_program program{};
  if (pcap_compile(handle, &program, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return Error{"filter \"" + options.filter + "\": " + pcap_geterr(handle)};
  }
  const int status = pcap_setfilter(handle, &program);
  pcap_freecode(&program);
  if (status != 0) return Error{"filter \"" + options.filter + "\": " + pcap_geterr(handle)};
  return {};
}

size_t LivePort::receive(Burst& burst) {
  burst.count = 0;
  Filling filling{.port = *this, .burst = burst, .block_used = 0};
  while (burst.count < packets_max_) {
    // Never asks for more packets than fit, whatever their lengths.
    const size_t fit = (block_bytes_ - filling.block_used) / frame_bytes_max_;
    const auto wanted = static_cast<int>(std::min<size_t>(fit, packets_max_ - burst.count));
    if (wanted == 0) break;
    const int given =
        pcap_dispatch(handle_.get(), wanted, &LivePort::take, reinterpret_cast<uint8_t*>(&filling));
    if (given == PCAP_ERROR) fault_ = Error{interface_ + ": " + pcap_geterr(handle_.get())};
    if (given <= 0) break;
  }
  received_ += burst.count;
  bytes_ += filling.block_used;
  return burst.count;
}

void LivePort::take(uint8_t* filling_bytes, const pcap_pkthdr* header, const uint8_t* frame) {
  auto& filling = *reinterpret_cast<Filling*>(filling_bytes);
  const LivePort& port = filling.port;
  uint8_t* place = &port.block_[filling.block_used];
  const size_t bytes = std::min<size_t>(header->caplen, port.frame_bytes_max_);
  std::memcpy(place, frame, bytes);
  filling.block_used += bytes;

  PacketView& packet = filling.burst.packet[filling.burst.count++];
  packet.frame = {place, bytes};
  // Despite its name tv_usec holds nanoseconds when they were asked for and granted.
  packet.time =
      Timestamp::from_parts(static_cast<uint64_t>(header->ts.tv_sec),
                            static_cast<uint64_t>(header->ts.tv_usec) * port.ns_per_fraction_);
  packet.wire_bytes = std::max(header->len, header->caplen);
  packet.link = port.link_;
}

void LivePort::wait(int milliseconds) {
  pollfd ready{.fd = descriptor_, .events = POLLIN, .revents = 0};
  (void)poll(&ready, 1, milliseconds);
}

PortCounters LivePort::counters() {
  PortCounters counters{.received = received_, .bytes = bytes_};
  pcap_stat now{};
  if (pcap_stats(handle_.get(), &now) == 0) {
    drops_ += now.ps_drop - kernel_drops_before_;
    drops_ += now.ps_ifdrop - interface_drops_before_;
    kernel_drops_before_ = now.ps_drop;
    interface_drops_before_ = now.ps_ifdrop;
    counters.drops_known = true;
  }
  counters.dropped_by_port = drops_;
  return counters;
}

}  // namespace flowscope
