// A program of somebody else's, against the installed tree: one packet to a record, in C.
#include <flowscope.h>
#include <stdio.h>

int main(void) {
  // Ethernet, IPv4 and UDP around nothing.
  static const uint8_t frame[42] = {[12] = 0x08, [14] = 0x45, [17] = 28, [22] = 64, [23] = 17,
                                    [26] = 10,   [30] = 10,   [35] = 7,  [37] = 9,  [39] = 8};
  const fs_packet packet = {.frame = frame, .captured_bytes = sizeof frame, .link_type = 1};
  fs_error error;
  fs_engine* engine = fs_engine_create(NULL, &error);
  if (engine == NULL) return 1;
  fs_engine_feed(engine, &packet, 1);
  fs_engine_finish(engine);
  const fs_record* record = fs_engine_poll(engine);
  const int told = record != NULL && record->type == FS_RECORD_FLOW && record->json != NULL;
  if (told) puts(record->json);
  fs_engine_destroy(engine);
  return told && fs_abi() == FS_ABI ? 0 : 1;
}
