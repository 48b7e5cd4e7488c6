#pragma once

#include <array>

#include "l7/known/known_protocol.h"

namespace flowscope::known {

// Databases, caches and queues of messages.
inline constexpr auto kDatabaseStreams = std::to_array<KnownProtocol>({
    // MySQL client/server protocol: Protocol::HandshakeV10 (length, number 0, version 10, text of
    // the server's version), ERR_Packet in its place.
    {.name = "mysql",
     .ports = {3306},
     .later = Later::AnotherOne,
     .first_bytes = {{{.pattern = R"(.\x00{3}\x0a[1-9][\d.])",
                       .role = Role::Server,
                       .length = {.bytes = 3, .order = ByteOrder::Little, .adds = 4}},
                      {.pattern = R"(.[\x00-\x02]\x00{2}\xff[\x00-\xff][\x03\x04])",
                       .role = Role::Server,
                       .evidence = Evidence::AtPort,
                       .length = {.bytes = 3, .order = ByteOrder::Little, .adds = 4}}}}},
    // PostgreSQL frontend/backend protocol 3, message formats: StartupMessage, SSLRequest,
    // GSSENCRequest, CancelRequest.
    {.name = "pgsql",
     .ports = {5432},
     .later = Later::AnotherOne,
     .first_bytes = {{{.pattern = R"(\x00{2}.{2}\x00\x03\x00[\x00-\x02][a-z_])",
                       .role = Role::Client,
                       .length = {.bytes = 4}},
                      {R"(\x00{3}\x08\x04\xd2\x16[\x2f\x30])", Role::Client},
                      {R"(\x00{3}\x10\x04\xd2\x16\x2e)", Role::Client},
                      {.pattern = R"(R\x00{2}.{2}\x00{3}[\x00\x03\x05\x0a])",
                       .role = Role::Server,
                       .evidence = Evidence::AtPort}}}},
    // MS-TDS section 2.2.3.1: type, status, length, channel, packet, window; section 2.2.6.5.
    {.name = "tds",
     .ports = {1433},
     .first_bytes = {{{.pattern = R"(\x12\x01.{2}\x00\x00[\x00\x01]\x00\x00\x00)",
                       .role = Role::Client,
                       .length = {.offset = 2, .bytes = 2}},
                      {.pattern = R"(\x10\x01.{2}\x00\x00[\x00\x01]\x00)",
                       .role = Role::Client,
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2}},
                      {.pattern = R"([\x02\x04]\x01.{2}.{2}[\x00\x01]\x00)",
                       .role = Role::Server,
                       .evidence = Evidence::AtPort,
                       .length = {.offset = 2, .bytes = 2}}}}},
    // Oracle TNS, as its decoders have it: length, checksum 0, type 1 (connect), version 0x0136 to
    // 0x013f, compatible version.
    {.name = "tns",
     .ports = {1521},
     .first_bytes = {{{.pattern = R"(.{2}\x00\x00\x01.\x00\x00\x01[\x2c-\x3f]\x01)",
                       .role = Role::Client,
                       .length = {.bytes = 2}}}}},
    // MongoDB wire protocol: length, request, answered request, opcode OP_MSG or OP_QUERY;
    // OP_REPLY.
    {.name = "mongodb",
     .ports = {27017},
     .first_bytes =
         {{{.pattern = R"(.{3}\x00.{4}\x00{4}\xdd\x07\x00\x00.\x00)",
            .role = Role::Client,
            .length = {.bytes = 4, .order = ByteOrder::Little, .bytes_max = 48000000}},
           {.pattern = R"(.{3}\x00.{4}\x00{4}\xd4\x07\x00\x00.\x00\x00\x00)",
            .role = Role::Client,
            .length = {.bytes = 4, .order = ByteOrder::Little, .bytes_max = 48000000}},
           {.pattern = R"(.{3}\x00.{8}\xdd\x07\x00\x00.\x00)",
            .role = Role::Server,
            .evidence = Evidence::AtPort,
            .length = {.bytes = 4, .order = ByteOrder::Little, .bytes_max = 48000000}},
           {.pattern = R"(.{3}\x00.{8}\x01\x00{3})",
            .role = Role::Server,
            .evidence = Evidence::AtPort,
            .length = {.bytes = 4, .order = ByteOrder::Little, .bytes_max = 48000000}}}}},
    // Redis serialization protocol (RESP): an array of bulk strings; inline commands and replies.
    {.name = "redis",
     .ports = {6379, 6380, 26379},
     .first_bytes = {{{R"(\*[1-9]\r\n\$\d)", Role::Client},
                      {R"(\*[1-9]\d\r\n\$\d)", Role::Client},
                      {R"(\+PONG\r\n)", Role::Server},
                      {R"(-NOAUTH )", Role::Server},
                      {R"(-ERR )", Role::Server, Evidence::AtPort},
                      {R"(\+OK\r\n)", Role::Server, Evidence::AtPort},
                      {R"([$:]\d)", Role::Server, Evidence::AtPort},
                      {R"((?i)PING\r\n)", Role::Client, Evidence::AtPort},
                      {R"((?i)INFO\r\n)", Role::Client, Evidence::AtPort}}}},
    // memcached doc/protocol.txt and protocol-binary: request magic 0x80.
    {.name = "memcached",
     .ports = {11211},
     .first_bytes = {{{R"(STAT pid \d)", Role::Server},
                      {R"([acdgprsv][a-z]{2,6}[ \r])", Role::Client, Evidence::AtPort},
                      {R"(VALUE [^ \r\n]{1,200} \d)", Role::Server, Evidence::Paired},
                      {R"(STORED\r\n)", Role::Server, Evidence::Paired},
                      {R"(set [^ \r\n]{1,200} \d)", Role::Client, Evidence::Paired},
                      {R"(\x80[\x00-\x24].{2}.\x00\x00\x00)", Role::Client, Evidence::AtPort}}}},
    // Cassandra native protocol v1 to v5, section 2: version, flags, stream, opcode; STARTUP with
    // its one mandatory option, OPTIONS and SUPPORTED.
    {.name = "cassandra",
     .ports = {9042},
     .first_bytes = {{{R"([\x03-\x05].{3}\x01.{4}\x00.\x00\x0bCQL_VERSION)", Role::Client},
                      {R"([\x01\x02].{2}\x01.{4}\x00.\x00\x0bCQL_VERSION)", Role::Client},
                      {.pattern = R"([\x03-\x05].{3}\x05\x00{4})",
                       .role = Role::Client,
                       .evidence = Evidence::Paired,
                       .bytes_max = 9},
                      {R"([\x83-\x85].{3}[\x02\x06]\x00{2})", Role::Server, Evidence::Paired}}}},
    // ZooKeeper: ConnectRequest (length, version 0, last zxid, time-out); the four-letter words.
    {.name = "zookeeper",
     .ports = {2181},
     .first_bytes = {{{.pattern = R"(\x00{3}[\x2c\x2d]\x00{4})",
                       .role = Role::Client,
                       .evidence = Evidence::AtPort,
                       .length = {.bytes = 4, .adds = 4}},
                      {.pattern = R"([a-z]{4})",
                       .role = Role::Client,
                       .evidence = Evidence::AtPort,
                       .bytes_max = 5}}}},
    // Kafka protocol: length, API key, version, correlation, client's name; ApiVersions comes
    // first.
    {.name = "kafka",
     .ports = {9092},
     .first_bytes = {{{.pattern = R"(\x00{2}.{2}\x00\x12\x00[\x00-\x04].{4}\x00[\x00-\x7f])",
                       .role = Role::Client,
                       .length = {.bytes = 4, .adds = 4}},
                      {.pattern = R"(\x00.{3}\x00[\x00-\x44]\x00[\x00-\x11].{4})",
                       .role = Role::Client,
                       .evidence = Evidence::AtPort,
                       .length = {.bytes = 4, .adds = 4}}}}},
    // MQTT 3.1.1 and 5.0 section 3.1: CONNECT with the protocol's name; 3.2: CONNACK.
    {.name = "mqtt",
     .ports = {1883},
     .first_bytes = {{{R"(\x10.{1,4}\x00\x04MQTT[\x04\x05])", Role::Client},
                      {R"(\x10.{1,4}\x00\x06MQIsdp\x03)", Role::Client},
                      {.pattern = R"(\x20\x02[\x00\x01][\x00-\x05])",
                       .role = Role::Server,
                       .evidence = Evidence::Paired}}}},
    // AMQP 0-9-1 section 4.2.2, AMQP 1.0 section 2.2: the protocol header.
    {.name = "amqp",
     .ports = {5672},
     .first_bytes = {{{R"(AMQP[\x00-\x03][\x00\x01][\x00\x09].)"}}}},
    // NATS client protocol: INFO, CONNECT.
    {.name = "nats",
     .ports = {4222},
     .first_bytes = {{{R"(INFO \{")", Role::Server}, {R"(CONNECT \{)", Role::Client}}}},
    // ZMTP 3.1 section 2.1: signature and version.
    {.name = "zmtp", .first_bytes = {{{R"(\xff\x00{7}.\x7f[\x00-\x03])"}}}},
    // OPC UA part 6 section 7.1.2: Hello and Acknowledge.
    {.name = "opcua",
     .ports = {4840},
     .first_bytes = {{{.pattern = R"(HELF.{2}\x00\x00)",
                       .role = Role::Client,
                       .length = {.offset = 4, .bytes = 4, .order = ByteOrder::Little}},
                      {R"(ACKF\x1c\x00\x00\x00)", Role::Server}}}},
});

inline constexpr auto kDatabaseDatagrams = std::to_array<KnownProtocol>({
    // memcached doc/protocol.txt, UDP protocol: request, number, datagrams, reserved.
    {.name = "memcached",
     .ports = {11211},
     .first_bytes = {{{.pattern = R"(.{2}\x00\x00\x00[\x01-\xff]\x00\x00[ -~])",
                       .evidence = Evidence::AtPort}}}},
});

}  // namespace flowscope::known
