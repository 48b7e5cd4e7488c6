// Records of a capture from C: reads a classic capture file (microseconds or nanoseconds, in this
// machine's byte order), feeds its packets to an engine and prints one EVE JSON object a line.
//
//   example_c_records traffic.pcap
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/capi/flowscope.h"  // an installed library: <flowscope.h>

enum { PACKETS_MAX = 64, FRAME_BYTES_MAX = 262144 };

// A capture file and the packets that were read last.
struct capture {
  FILE* file;
  uint32_t link_type;
  uint64_t ns_per_fraction;
  fs_packet packets[PACKETS_MAX];
  uint8_t* frames;  // PACKETS_MAX of FRAME_BYTES_MAX bytes
};

// Reads the file's header. Returns 0, or -1 when it is none of a capture.
static int read_header(struct capture* capture) {
  uint32_t header[6];
  if (fread(header, sizeof header, 1, capture->file) != 1) return -1;
  if (header[0] != 0xa1b2c3d4 && header[0] != 0xa1b23c4d) return -1;
  capture->ns_per_fraction = header[0] == 0xa1b2c3d4 ? 1000 : 1;
  capture->link_type = header[5] & 0xffff;
  return 0;
}

// Reads up to PACKETS_MAX packets and returns how many; 0 at the end of the file.
static size_t read_packets(struct capture* capture) {
  size_t count = 0;
  uint32_t record[4];  // seconds, fraction, captured bytes, bytes on the wire
  while (count < PACKETS_MAX && fread(record, sizeof record, 1, capture->file) == 1) {
    uint8_t* frame = capture->frames + count * FRAME_BYTES_MAX;
    if (record[2] > FRAME_BYTES_MAX || fread(frame, 1, record[2], capture->file) != record[2]) {
      fprintf(stderr, "the capture is cut or corrupt\n");
      break;
    }
    capture->packets[count++] = (fs_packet){
        .frame = frame,
        .captured_bytes = record[2],
        .wire_bytes = record[3],
        .time_ns = record[0] * UINT64_C(1000000000) + record[1] * capture->ns_per_fraction,
        .link_type = capture->link_type,
    };
  }
  return count;
}

// Prints the records that are there. A record lives until the next one is polled.
static void print_records(fs_engine* engine) {
  const fs_record* record;
  while ((record = fs_engine_poll(engine)) != NULL) {
    if (record->json != NULL) puts(record->json);
  }
}

static void feed(fs_engine* engine, struct capture* capture) {
  size_t count;
  while ((count = read_packets(capture)) != 0) {
    for (size_t taken = 0; taken < count;) {
      taken += fs_engine_feed(engine, capture->packets + taken, count - taken);
      print_records(engine);
    }
  }
  fs_engine_finish(engine);
  print_records(engine);
}

int main(int argc, char** argv) {
  struct capture capture = {.file = argc == 2 ? fopen(argv[1], "rb") : NULL};
  if (capture.file == NULL || read_header(&capture) != 0) {
    fprintf(stderr, "usage: %s CAPTURE, a pcap file\n", argv[0]);
    if (capture.file != NULL) fclose(capture.file);
    return 1;
  }
  fs_error error;
  fs_options options = {.size = sizeof options, .flows_max = 10000};
  fs_engine* engine = fs_engine_create(&options, &error);
  capture.frames = malloc((size_t)PACKETS_MAX * FRAME_BYTES_MAX);
  int failed = 1;
  if (engine == NULL) {
    fprintf(stderr, "%s\n", error.message);
  } else if (capture.frames != NULL) {
    feed(engine, &capture);
    fs_counters counters = {.size = sizeof counters};
    fs_engine_counters(engine, &counters);
    fprintf(stderr, "flowscope %s: %" PRIu64 " packets, %" PRIu64 " flows, %" PRIu64 " records\n",
            fs_version(), counters.packets_received, counters.flows_created,
            counters.records_written);
    failed = counters.records_shed != 0;
  }
  free(capture.frames);
  fs_engine_destroy(engine);
  fclose(capture.file);
  return failed;
}
