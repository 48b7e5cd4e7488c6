// Uses the C interface from C: two engines with the same packets, cut differently, say the same.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/capi/flowscope.h"

static int failures = 0;

static void check(int holds, const char* what, int line) {
  if (holds) return;
  fprintf(stderr, "line %d: %s does not hold\n", line, what);
  failures++;
}
#define CHECK(condition) check(condition, #condition, __LINE__)

// A classic capture in memory, of microseconds and this machine's byte order.
struct capture {
  uint8_t* bytes;
  size_t size;
  size_t place;  // of the next record
};

static uint32_t word_at(const struct capture* capture, size_t place) {
  uint32_t word = 0;
  if (place + sizeof word <= capture->size) memcpy(&word, capture->bytes + place, sizeof word);
  return word;
}

static int load(struct capture* capture, const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return -1;
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  capture->bytes = size > 24 ? malloc((size_t)size) : NULL;
  capture->size = capture->bytes != NULL ? fread(capture->bytes, 1, (size_t)size, file) : 0;
  fclose(file);
  return word_at(capture, 0) == 0xa1b2c3d4 ? 0 : -1;
}

// The packets themselves stay where they are.
static size_t next_packets(struct capture* capture, fs_packet* packets, size_t count_max) {
  size_t count = 0;
  while (count < count_max && capture->place + 16 <= capture->size) {
    const uint32_t captured = word_at(capture, capture->place + 8);
    packets[count++] = (fs_packet){
        .frame = capture->bytes + capture->place + 16,
        .captured_bytes = captured,
        .wire_bytes = word_at(capture, capture->place + 12),
        .time_ns = word_at(capture, capture->place) * UINT64_C(1000000000)
                   + word_at(capture, capture->place + 4) * UINT64_C(1000),
        .link_type = word_at(capture, 20),
    };
    capture->place += 16 + captured;
  }
  return count;
}

// What the records of one engine said.
struct told {
  uint64_t lines_sum;  // of a hash of each line: the order may differ, the lines may not
  uint64_t flows, messages, others;
  uint64_t packets, bytes;
};

static uint64_t hash_of(const char* text) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (; *text != '\0'; text++) hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
  return hash;
}

static void poll_all(fs_engine* engine, struct told* told) {
  const fs_record* record;
  while ((record = fs_engine_poll(engine)) != NULL) {
    CHECK(record->json != NULL && strlen(record->json) == record->json_bytes);
    CHECK(record->json[0] == '{' && record->json[record->json_bytes - 1] == '}');
    CHECK(record->event != NULL);
    CHECK((record->flow != NULL) == (record->type == FS_RECORD_FLOW));
    told->lines_sum += hash_of(record->json);
    if (record->type == FS_RECORD_FLOW) {
      told->flows++;
      told->packets += record->flow->packets[FS_INITIATOR] + record->flow->packets[FS_RESPONDER];
      told->bytes += record->flow->bytes[FS_INITIATOR] + record->flow->bytes[FS_RESPONDER];
    } else if (record->type == FS_RECORD_MESSAGE) {
      told->messages++;
    } else {
      told->others++;
    }
  }
}

static void feed_all(fs_engine* engine, const fs_packet* packets, size_t count, struct told* told) {
  for (size_t taken = 0; taken < count;) {
    taken += fs_engine_feed(engine, packets + taken, count - taken);
    poll_all(engine, told);
  }
}

static void two_engines_agree(struct capture* capture) {
  fs_error error = {{0}};
  const fs_options options = {.size = sizeof options, .flows_max = 1000, .ring_bytes = 1 << 18};
  fs_engine* whole = fs_engine_create(NULL, &error);
  fs_engine* pieces = fs_engine_create(&options, NULL);
  CHECK(whole != NULL && pieces != NULL);
  struct told told_whole = {0};
  struct told told_pieces = {0};
  fs_packet packets[48];
  uint64_t fed = 0;
  size_t count;
  while (whole != NULL && pieces != NULL && (count = next_packets(capture, packets, 48)) != 0) {
    fed += count;
    feed_all(whole, packets, count, &told_whole);
    for (size_t i = 0; i < count; i++) feed_all(pieces, packets + i, 1, &told_pieces);
  }
  CHECK(fed > 100);
  fs_engine_finish(whole);
  fs_engine_finish(pieces);
  poll_all(pieces, &told_pieces);
  poll_all(whole, &told_whole);
  CHECK(fs_engine_poll(whole) == NULL);

  CHECK(told_whole.flows > 10 && told_whole.messages > 10);
  CHECK(memcmp(&told_whole, &told_pieces, sizeof told_whole) == 0);
  fs_counters counters = {.size = sizeof counters};
  fs_engine_counters(whole, &counters);
  CHECK(counters.packets_received == fed);
  CHECK(counters.packets_tracked == told_whole.packets);
  CHECK(counters.flows_created == told_whole.flows && counters.flows_ended == told_whole.flows);
  CHECK(counters.records_shed == 0 && counters.packets_resteer_full == 0);
  fs_engine_destroy(whole);
  fs_engine_destroy(pieces);
}

static void errors_say_what_is_wrong(void) {
  fs_error error = {{0}};
  fs_options options = {.size = sizeof options, .ring_bytes = 300000};
  CHECK(fs_engine_create(&options, &error) == NULL);
  CHECK(strcmp(error.message, "ring_bytes: 300000 is not a power of two; the next one is 524288")
        == 0);
  fs_engine_destroy(NULL);
}

int main(int argc, char** argv) {
  struct capture capture = {.place = 24};
  if (argc != 2 || load(&capture, argv[1]) != 0) {
    fprintf(stderr, "usage: %s CAPTURE\n", argv[0]);
    return 2;
  }
  CHECK(fs_abi() == FS_ABI);
  CHECK(fs_version()[0] != '\0');
  errors_say_what_is_wrong();
  two_engines_agree(&capture);
  free(capture.bytes);
  return failures == 0 ? 0 : 1;
}
