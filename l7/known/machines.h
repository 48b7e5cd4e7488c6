#pragma once

#include <array>

#include "l7/known/known_protocol.h"

namespace flowscope::known {

// What machines in plants, buildings and cars speak.
inline constexpr auto kMachineStreams = std::to_array<KnownProtocol>({
    // Modbus Messaging on TCP/IP 1.0b section 3.1.3: protocol 0, length, unit, function.
    {.name = "modbus",
     .ports = {502},
     .first_bytes = {{{.pattern = R"(.{2}\x00\x00\x00[\x02-\xfe].[\x01-\x2b\x81-\xab])",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 4, .bytes = 2, .adds = 6}}}}},
    // IEEE 1815 section 9.2.4: start, length, control.
    {.name = "dnp3",
     .ports = {20000, 19999},
     .first_bytes = {{{.pattern = R"(\x05\x64\x05[\x40-\x4f\x53\x54\x59\x73\x74\xc0-\xcf\xd3\xd4])",
                       .bytes_min = 10,
                       .bytes_max = 10},
                      {R"(\x05\x64[\x05-\xff])", Role::Either, Evidence::Paired}}}},
    // RFC 1006 section 6, X.224 section 13.3: a connection request with two-byte selectors, in
    // either order, as S7 stations have; or its job behind a data unit.
    {.name = "s7comm",
     .ports = {102},
     .first_bytes =
         {{{R"(\x03\x00\x00\x16\x11[\xd0\xe0].{4}\x00\xc0\x01[\x07-\x0d]\xc1\x02[\x01-\x03\x10].)"},
           {R"(\x03\x00\x00\x16\x11[\xd0\xe0].{4}\x00\xc1\x02[\x01-\x03\x10].\xc2\x02[\x01-\x03].)"},
           {R"(\x03\x00\x00.\x02\xf0\x80\x32[\x01-\x03\x07])"}}}},
    // X.224 section 13.3 and 13.4 for all else on its port.
    {.name = "cotp",
     .ports = {102},
     .first_bytes = {{{R"(\x03\x00\x00..[\xd0\xe0].{4}[\x00-\x4f])", Role::Either,
                       Evidence::AtPort}}}},
    // IEC 60870-5-104 section 5: start, length, control: STARTDT, STOPDT, TESTFR.
    {.name = "iec104",
     .ports = {2404},
     .first_bytes = {{{.pattern = R"(\x68\x04[\x07\x0b\x13\x23\x43\x83]\x00{3})",
                       .evidence = Evidence::Paired},
                      {R"(\x68[\x04-\xfd].[\x00-\xff][\x00\x02-\xfe])", Role::Either,
                       Evidence::AtPort}}}},
    // EtherNet/IP, CIP volume 2 section 2-3: register session; any command on its port.
    {.name = "enip",
     .ports = {44818, 2222},
     .first_bytes =
         {{{R"(\x65\x00\x04\x00.{4}\x00{4})"},
           {.pattern = R"([\x01\x04\x63-\x66\x6f\x70]\x00.{2}.{4}.{2}\x00\x00)",
            .evidence = Evidence::AtPort,
            .length = {.offset = 2, .bytes = 2, .order = ByteOrder::Little, .adds = 24}}}}},
    // ISO 13400-2 section 9.2: version, its inverse, payload type, length.
    {.name = "doip",
     .ports = {13400},
     .first_bytes = {{{.pattern = R"(\x01\xfe[\x00\x40\x80].)",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}},
                      {.pattern = R"(\x02\xfd[\x00\x40\x80].)",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}},
                      {.pattern = R"(\x03\xfc[\x00\x40\x80].)",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}}}}},
});

inline constexpr auto kMachineDatagrams = std::to_array<KnownProtocol>({
    {.name = "dnp3",
     .ports = {20000},
     .first_bytes = {{{R"(\x05\x64[\x05-\xff])", Role::Either, Evidence::AtPort}}}},
    {.name = "enip",
     .ports = {44818, 2222},
     .first_bytes =
         {{{.pattern = R"([\x01\x04\x63-\x66\x6f\x70]\x00.{2}.{4}.{2}\x00\x00)",
            .evidence = Evidence::AtPort,
            .length = {.offset = 2, .bytes = 2, .order = ByteOrder::Little, .adds = 24}}}}},
    {.name = "doip",
     .ports = {13400},
     .first_bytes = {{{.pattern = R"(\x01\xfe[\x00\x40\x80].)",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}},
                      {.pattern = R"(\x02\xfd[\x00\x40\x80].)",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}},
                      {.pattern = R"(\x03\xfc[\x00\x40\x80].)",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}},
                      {.pattern = R"(\xff\x00\x00[\x01-\x03])",
                       .length = {.offset = 4, .bytes = 4, .adds = 8}}}}},
    // BACnet/IP, ASHRAE 135 annex J section 2: type, function, length.
    {.name = "bacnet",
     .ports = {47808, 47809},
     .first_bytes = {{{.pattern = R"(\x81[\x00-\x0c])",
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2}}}}},
    // RFC 7252 section 3: version 1, token of up to 8 bytes, code.
    {.name = "coap",
     .ports = {5683},
     .first_bytes =
         {{{R"([\x40-\x48\x50-\x58\x60-\x68\x70-\x78][\x00-\x07\x40-\x45\x80-\x8f\xa0-\xa5])",
            Role::Either, Evidence::AtPort}}}},
    // DDSI-RTPS 2.2 section 8.3.3.1.
    {.name = "rtps", .first_bytes = {{{R"(RTPS\x02[\x00-\x05])"}}}},
});

}  // namespace flowscope::known
