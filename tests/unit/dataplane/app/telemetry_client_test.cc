#include "dataplane/app/telemetry_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace flowscope {
namespace {

// A folder of the test's own, and in it a socket at which somebody says what the test tells.
class TelemetrySocket : public testing::Test {
 protected:
  TelemetrySocket() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fs_top_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~TelemetrySocket() override {
    if (listener_ >= 0) close(listener_);
    std::filesystem::remove_all(folder_);
  }

  int listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    listener_ = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    return listener_;
  }
  // Greets one visitor and answers its commands by themselves in brackets, until "bye".
  static void serve(int listener, size_t greeting_bytes) {
    const int visitor = accept(listener, nullptr, nullptr);
    const std::string greeting(greeting_bytes, 'g');
    (void)!send(visitor, greeting.data(), greeting.size(), MSG_NOSIGNAL);
    char command[256];
    while (true) {
      const ssize_t bytes = recv(visitor, command, sizeof(command), 0);
      const std::string text(command, bytes > 0 ? static_cast<size_t>(bytes) : 0);
      if (text.empty() || text == "bye") break;
      const std::string answer = "[" + text + "]";
      (void)!send(visitor, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    close(visitor);
  }

  std::string folder_;
  int listener_ = -1;
};

TEST_F(TelemetrySocket, GreetsAndAnswers) {
  const std::string path = folder_ + "/s";
  std::jthread server(serve, listen_at(path), 5);
  auto client = TelemetryClient::open(path);
  ASSERT_TRUE(client.ok()) << client.error().message;
  EXPECT_EQ(client.value().greeting(), "ggggg");
  for (const char* const command : {"/a", "/b,1"}) {
    const auto answer = client.value().ask(command);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer.value(), "[" + std::string(command) + "]");
  }
}

TEST_F(TelemetrySocket, TellsWhenTheProgramHasGone) {
  const std::string path = folder_ + "/s";
  std::jthread server(serve, listen_at(path), 5);
  auto client = TelemetryClient::open(path);
  ASSERT_TRUE(client.ok());
  auto answer = client.value().ask("bye");
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find(path + ": "), std::string::npos);
  EXPECT_FALSE(client.value().ask("/a").ok());
}

TEST_F(TelemetrySocket, RefusesAGreetingThatIsTooLong) {
  const std::string path = folder_ + "/s";
  std::jthread server(serve, listen_at(path), TelemetryClient::kAnswerBytesMax + 1);
  const auto client = TelemetryClient::open(path);
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().message.find("longer"), std::string::npos);
}

TEST_F(TelemetrySocket, RefusesPathsWhereNobodyListens) {
  EXPECT_FALSE(TelemetryClient::open("").ok());
  EXPECT_FALSE(TelemetryClient::open(std::string(108, 'x')).ok());
  EXPECT_FALSE(TelemetryClient::open(folder_ + "/nobody").ok());
  std::ofstream(folder_ + "/file") << "no socket";
  EXPECT_FALSE(TelemetryClient::open(folder_ + "/file").ok());
}

TEST_F(TelemetrySocket, IsFoundByPrefix) {
  for (const char* const name : {"a/dpdk_telemetry.v2", "a/dpdk_telemetry.v2:1", "a/config",
                                 "b/dpdk_telemetry.v2", "c/mp_socket"}) {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "";
  }
  const std::vector<std::string> folders = {folder_, folder_ + "/none", folder_};
  EXPECT_EQ(telemetry_sockets(folders, "a"),
            (std::vector<std::string>{folder_ + "/a/dpdk_telemetry.v2",
                                      folder_ + "/a/dpdk_telemetry.v2:1"}));
  EXPECT_EQ(telemetry_sockets(folders, "").size(), 3U);
  EXPECT_TRUE(telemetry_sockets(folders, "d").empty());
}

}  // namespace
}  // namespace flowscope
