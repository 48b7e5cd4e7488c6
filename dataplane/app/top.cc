#include "dataplane/app/top.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <vector>

#include "dataplane/app/log.h"
#include "dataplane/app/telemetry_client.h"
#include "dataplane/app/terminal.h"
#include "dataplane/app/top_model.h"
#include "dataplane/app/top_sample.h"
#include "dataplane/app/top_screen.h"

namespace flowscope {

namespace {

using Clock = std::chrono::steady_clock;

// Rows and columns of a picture that is printed once: as many as it takes.
constexpr size_t kPrintedRows = 1'000, kPrintedColumns = 132;
constexpr size_t kLinesPerHeading = 20;

// The totals of now; nothing when no flowscope runs in the program at the other end. The error is
// the socket's.
Result<std::optional<TopSample>> take_sample(TelemetryClient& client) {
  std::optional<TopSample> sample(std::in_place);
  sample->seconds = std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
  for (const std::string_view command : kTopCommands) {
    auto answer = client.ask(command);
    if (!answer.ok()) return answer.error();
    const bool is_read = read_answer(command, answer.value(), *sample);
    if (!is_read && command == kTopCommands.front()) return std::optional<TopSample>();
  }
  return sample;
}

// Whether the sample is there, or why not.
Result<void> is_taken(const std::string& path, const Result<std::optional<TopSample>>& sample) {
  if (!sample.ok()) return sample.error();
  if (!sample.value().has_value()) return Error{path + ": no flowscope runs in this program"};
  return {};
}

// The one running program that the options mean.
Result<TelemetryClient> find_program(const TopOptions& options) {
  const bool is_named = !options.socket.empty();
  const std::vector<std::string> paths =
      is_named ? std::vector<std::string>{options.socket}
               : telemetry_sockets(telemetry_folders(), options.file_prefix);
  std::vector<TelemetryClient> found;
  std::string list, refusals;
  for (const std::string& path : paths) {
    auto client = TelemetryClient::open(path);
    auto sample = client.ok() ? take_sample(client.value()) : client.error();
    if (const auto taken = is_taken(path, sample); !taken.ok()) {
      if (is_named) return taken.error();
      // Nobody listens at the sockets of programs that were killed; they need no mention.
      if (client.ok() || access(path.c_str(), W_OK) != 0)
        refusals += "\n  " + taken.error().message;
      continue;
    }
    const TopProgram& program = sample.value()->program;
    list += fmt::format("\n  --socket {}  process {}, {} workers, to {}", path, program.pid,
                        program.workers, safe_text(program.destination));
    found.push_back(std::move(client.value()));
  }
  if (found.size() == 1) return std::move(found.front());
  if (found.size() > 1) return Error{"several programs run; name one by --file-prefix or" + list};
  return Error{"no flowscope run is there to be watched"
               + (options.file_prefix.empty()
                      ? std::string()
                      : " with the file prefix " + safe_text(options.file_prefix))
               + " (one with --in-memory or --no-telemetry cannot be)" + refusals};
}

// Signals that end or stop the program, as something to wait for beside keys: they come between two
// pictures only, so that the terminal is always given back.
class SignalQueue {
 public:
  explicit SignalQueue(std::initializer_list<int> signals) {
    sigset_t all;
    sigemptyset(&all);
    for (const int signal : signals) sigaddset(&all, signal);
    sigprocmask(SIG_BLOCK, &all, &before_);
    queue_ = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~SignalQueue() {
    if (queue_ >= 0) close(queue_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;
  SignalQueue(SignalQueue&&) = delete;
  SignalQueue& operator=(SignalQueue&&) = delete;

  [[nodiscard]] int descriptor() const { return queue_; }
  // The next signal, or 0.
  [[nodiscard]] int take() const {
    signalfd_siginfo told{};
    const bool is_whole = read(queue_, &told, sizeof(told)) == sizeof(told);
    return is_whole ? static_cast<int>(told.ssi_signo) : 0;
  }

 private:
  sigset_t before_{};
  int queue_ = -1;
};

// The program that is watched, over the life of one `flowscope top`.
class Watch {
 public:
  explicit Watch(TelemetryClient client) : client_(std::move(client)) {}

  // Takes a sample; false when the program has ended or does not answer any more, which is told.
  bool sample() {
    auto sample = take_sample(client_);
    if (!sample.ok()) {
      // A late answer or a program that was started anew: both are met by another visit.
      auto again = TelemetryClient::open(client_.path());
      if (again.ok()) {
        client_ = std::move(again.value());
        sample = take_sample(client_);
        has_failed_ = !sample.ok();
      }
    }
    if (!is_taken(client_.path(), sample).ok()) {
      end_ = has_failed_ ? "the program does not answer: " + sample.error().message
                         : "the program has ended";
      return false;
    }
    model_.add(std::move(*sample.value()));
    return true;
  }

  [[nodiscard]] TopView view(TalkerOrder order) const { return model_.view(order); }
  // Tells why there are no more samples, where that is so.
  [[nodiscard]] Exit close() const {
    if (!end_.empty()) log_message(has_failed_ ? LogLevel::Error : LogLevel::Notice, end_);
    return has_failed_ ? Exit::Port : Exit::Ok;
  }

 private:
  TelemetryClient client_;
  TopModel model_;
  std::string end_;
  bool has_failed_ = false;
};

// Moments one period apart; those that were missed are left out.
class Beat {
 public:
  explicit Beat(uint64_t period_ns) : period_(period_ns), next_(Clock::now() + period_) {}

  // As poll() wants it; at least 0.
  [[nodiscard]] int wait_ms() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now());
    return static_cast<int>(std::max<int64_t>(left.count(), 0));
  }
  [[nodiscard]] bool is_due() const { return Clock::now() >= next_; }
  void advance() { next_ = std::max(next_ + period_, Clock::now()); }

 private:
  std::chrono::nanoseconds period_;
  Clock::time_point next_;
};

// Pictures on a terminal.
class LiveScreen {
 public:
  LiveScreen(Watch& watch, uint64_t period_ns) : watch_(watch), beat_(period_ns) {}

  // Until a key, a signal or the program's end.
  void run() {
    bool is_shown = draw();
    while (is_shown && !over_) {
      std::array<pollfd, 2> waiting = {
          {{.fd = signals_.descriptor(), .events = POLLIN, .revents = 0},
           {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}}};
      (void)poll(waiting.data(), waiting.size(), beat_.wait_ms());
      if (waiting[0].revents != 0) obey(signals_.take());
      if (waiting[1].revents != 0) read_keys();
      if (beat_.is_due()) {
        beat_.advance();
        if (!watch_.sample()) return;
        if (!options_.paused) kept_ = watch_.view(options_.order);
      }
      is_shown = draw();
    }
  }

 private:
  [[nodiscard]] bool draw() {
    const TerminalSize size = Terminal::size();
    options_.columns = size.columns;
    options_.rows = size.rows;
    if (!kept_.has_value()) kept_ = watch_.view(options_.order);
    return Terminal::show(frame_of(top_screen(*kept_, options_), colours_));
  }

  void obey(int signal) {
    if (signal == 0 || signal == SIGWINCH) return;
    if (signal == SIGTSTP) {
      terminal_.leave();
      (void)raise(SIGSTOP);  // the shell has the terminal until SIGCONT
    }
    if (signal == SIGTSTP || signal == SIGCONT) {
      // Somebody else may have changed the terminal while we were stopped.
      terminal_.leave();
      terminal_.enter();
      return;
    }
    over_ = true;
  }

  void read_keys() {
    std::array<char, 64> keys{};
    const ssize_t bytes = read(STDIN_FILENO, keys.data(), keys.size());
    if (bytes <= 0) over_ = true;  // nobody is at the keyboard any more
    for (ssize_t i = 0; i < bytes; ++i) obey_key(keys.at(static_cast<size_t>(i)));
  }

  void obey_key(char key) {
    if (key == 'q') over_ = true;
    if (key == 'p') options_.paused = !options_.paused;
    if (key == 'h' || key == '?')
      options_.page = options_.page == TopPage::Help ? TopPage::Figures : TopPage::Help;
    if (key == 'c') colours_ = colours_ == Colours::On ? Colours::Off : Colours::On;
    if (key == 'C') (void)Terminal::show("\x1b[2J");
    if (key >= '1' && key <= '4') {
      options_.order = static_cast<TalkerOrder>(key - '1');
      if (!options_.paused) kept_.reset();
    }
  }

  SignalQueue signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
  Watch& watch_;
  Beat beat_;
  Terminal terminal_;
  ScreenOptions options_;
  Colours colours_ = Colours::On;
  std::optional<TopView> kept_;  // what is shown; stays while paused
  bool over_ = false;
};

// Lines on standard output, one for each period.
void print_lines(Watch& watch, const TopOptions& options) {
  const SignalQueue signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  Beat beat(options.period_ns);
  for (size_t line = 0;;) {
    pollfd waiting{.fd = signals.descriptor(), .events = POLLIN, .revents = 0};
    (void)poll(&waiting, 1, beat.wait_ms());
    if (waiting.revents != 0) return;
    if (!beat.is_due()) continue;
    beat.advance();
    if (!watch.sample()) return;
    std::string text = batch_line(watch.view(TalkerOrder::ByteRate)) + "\n";
    if (line++ % kLinesPerHeading == 0) text = batch_heading() + "\n" + text;
    if (!Terminal::show(text) || options.once) return;
  }
}

// One picture on standard output, without a terminal's sequences.
void print_once(Watch& watch, const TopOptions& options) {
  const SignalQueue signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  const Beat beat(options.period_ns);
  pollfd waiting{.fd = signals.descriptor(), .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, beat.wait_ms()) != 0 || !watch.sample()) return;
  std::string text;
  for (const ScreenLine& line :
       top_screen(watch.view(TalkerOrder::ByteRate),
                  {.columns = kPrintedColumns, .rows = kPrintedRows, .has_keys = false})) {
    text += line.text + "\n";
  }
  (void)Terminal::show(text);
}

}  // namespace

Exit top(const TopOptions& options) {
  auto client = find_program(options);
  if (!client.ok()) {
    log_error("{}", client.error().message);
    return Exit::Port;
  }
  Watch watch(std::move(client.value()));
  if (!watch.sample()) {
    (void)watch.close();
    return Exit::Port;
  }
  if (options.once && !options.batch) {
    print_once(watch, options);
  } else if (options.batch || !Terminal::is_there()) {
    print_lines(watch, options);
  } else {
    LiveScreen(watch, options.period_ns).run();
  }
  return watch.close();
}

}  // namespace flowscope
