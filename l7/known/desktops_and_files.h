#pragma once

#include <array>

#include "l7/known/known_protocol.h"

namespace flowscope::known {

// Desktops from afar, files, directories of users, remote procedure calls.
inline constexpr auto kDesktopAndFileStreams = std::to_array<KnownProtocol>({
    // RFC 6143 section 7.1.1.
    {.name = "rfb", .ports = {5900}, .first_bytes = {{{R"(RFB \d{3}\.\d{3}\n)"}}}},
    // MS-RDPBCGR sections 2.2.1.1 and 2.2.1.2: TPKT (RFC 1006 section 6), X.224 connection request
    // with a cookie, a routing token or an RDP negotiation request; its confirmation.
    {.name = "rdp",
     .ports = {3389},
     .later = Later::AnotherOne,
     .first_bytes = {{{R"(\x03\x00\x00..\xe0\x00\x00..\x00Cookie: )", Role::Client},
                      {R"(\x03\x00\x00..\xe0\x00\x00..\x00\x01.\x08\x00[\x00-\x1f]\x00{3})",
                       Role::Client},
                      {R"(\x03\x00\x00\x13\x0e\xd0.{4}.[\x02\x03].\x08\x00)", Role::Server},
                      {.pattern = R"(\x03\x00\x00\x0b\x06[\xd0\xe0].{4}\x00)",
                       .evidence = Evidence::AtPort}}}},
    // RFC 854, RFC 855: commands to negotiate options.
    {.name = "telnet",
     .ports = {23, 2323},
     .first_bytes = {{{R"(\xff[\xfb-\xfe][\x00-\x31\xff]\xff[\xfa-\xfe][\x00-\x31\xff])"},
                      {.pattern = R"(\xff[\xfb-\xfe][\x00-\x31\xff])",
                       .evidence = Evidence::Paired}}}},
    // X Window System protocol 11, chapter 8: byte order, major version 11, minor version 0.
    {.name = "x11",
     .ports = {6000, 6001, 6010},
     .first_bytes = {{{R"(l.\x0b\x00\x00\x00[\x00-\x40]\x00)", Role::Client},
                      {R"(B.\x00\x0b\x00\x00\x00[\x00-\x40])", Role::Client}}}},
    // MS-SMB section 2.2, MS-SMB2 section 2.2.1 behind RFC 1002 section 4.3.1; a NetBIOS session
    // request comes first on port 139 (RFC 1002 section 4.3.2).
    {.name = "smb",
     .ports = {445, 139},
     .first_bytes = {{{R"(\x00[\x00-\x03]..[\xfc-\xff]SMB)"},
                      {R"(\x81\x00\x00\x44\x20[A-P]{8})", Role::Client},
                      {R"(\x82\x00\x00\x00)", Role::Server, Evidence::AtPort},
                      {R"(\x83\x00\x00\x01[\x80-\x8f])", Role::Server, Evidence::AtPort}}}},
    // C706 section 12.6.4: version 5.0 or 5.1, type, flags, drep of integers and characters,
    // length.
    {.name = "dcerpc",
     .ports = {135},
     .first_bytes = {{{.pattern = R"(\x05[\x00\x01][\x0b-\x10][\x00-\x83]\x10\x00\x00\x00)",
                       .length = {.offset = 8, .bytes = 2, .order = ByteOrder::Little}},
                      {.pattern = R"(\x05[\x00\x01][\x00\x02\x03][\x00-\x83]\x10\x00\x00\x00)",
                       .evidence = Evidence::Paired,
                       .length = {.offset = 8, .bytes = 2, .order = ByteOrder::Little}},
                      {.pattern = R"(\x05[\x00\x01][\x0b-\x10][\x00-\x83]\x00{4})",
                       .length = {.offset = 8, .bytes = 2}}}}},
    // RFC 5531 sections 9 and 11: record mark, call, version 2, program NFS (RFC 7530 section 16).
    {.name = "nfs",
     .ports = {2049},
     .first_bytes = {{{R"(\x80\x00.{6}\x00{4}\x00{3}\x02\x00\x01\x86\xa3\x00{3}[\x02-\x04])",
                       Role::Client},
                      {R"(\x80\x00.{6}\x00\x00\x00\x01\x00{3}[\x00\x01]\x00{4})", Role::Server,
                       Evidence::AtPort}}}},
    // RFC 5531 sections 9 and 11, any other program.
    {.name = "rpc",
     .ports = {111},
     .first_bytes = {{{R"(\x80\x00.{6}\x00{4}\x00{3}\x02\x00[\x00-\x05].{2}\x00{3}.)",
                       Role::Client},
                      {R"(\x80\x00.{6}\x00\x00\x00\x01\x00{3}[\x00\x01]\x00{4})", Role::Server,
                       Evidence::Paired}}}},
    // RFC 4511 section 4.1.1: a sequence (short or long length), message number, operation: bind,
    // its response, search, extended request and response.
    {.name = "ldap",
     .ports = {389, 3268},
     .later = Later::AnotherOne,
     .first_bytes =
         {{{R"(\x30[\x0c-\x7f]\x02[\x01-\x04].{1,4}\x60[\x07-\x7f]\x02\x01[\x02\x03]\x04)",
            Role::Client},
           {R"(\x30[\x81\x82].{1,2}\x02\x01[\x00-\x7f]\x60[\x07-\x82])", Role::Client},
           {R"(\x30\x84\x00.{3}\x02[\x01-\x04].{1,4}[\x60\x61\x63-\x65\x77\x78]\x84\x00)"},
           {R"(\x30[\x0c-\x7f]\x02[\x01-\x04].{1,4}[\x61\x65\x78].\x0a\x01[\x00-\x7f]\x04)",
            Role::Server},
           {R"(\x30[\x1c-\x7f]\x02\x01[\x00-\x7f]\x77[\x18-\x7f]\x80.1\.3\.6\.1\.)", Role::Client},
           {R"(\x30[\x05-\x7f]\x02[\x01-\x04].{1,4}[\x42\x4a\x60-\x68\x77\x78])", Role::Either,
            Evidence::AtPort},
           {R"(\x30[\x81-\x84].{1,4}\x02\x01[\x00-\x7f][\x63-\x68])", Role::Either,
            Evidence::AtPort}}}},
    // RFC 4120 sections 5.4, 5.9 and 7.2.2: length, application tag, version 5, message type.
    {.name = "krb5",
     .ports = {88},
     .first_bytes =
         {{{.pattern = R"(\x00\x00..[\x6a\x6c].{1,8}\xa1\x03\x02\x01\x05\xa2\x03\x02\x01)",
            .length = {.bytes = 4, .adds = 4}},
           {.pattern = R"(\x00\x00..[\x6b\x6d\x7e].{1,8}\xa0\x03\x02\x01\x05\xa1\x03\x02\x01)",
            .length = {.bytes = 4, .adds = 4}}}}},
    // git pack-protocol: pkt-line with the request.
    {.name = "git",
     .ports = {9418},
     .first_bytes = {{{R"([0-9a-f]{4}git-upload-)", Role::Client},
                      {R"([0-9a-f]{4}git-receive-pack )", Role::Client}}}},
    // rsync's daemon: the greeting of both sides.
    {.name = "rsync", .ports = {873}, .first_bytes = {{{R"(@RSYNCD: \d)"}}}},
    // Subversion's ra_svn protocol: the greeting.
    {.name = "svn", .ports = {3690}, .first_bytes = {{{R"(\( success \( )", Role::Server}}}},
});

inline constexpr auto kDesktopAndFileDatagrams = std::to_array<KnownProtocol>({
    {.name = "nfs",
     .ports = {2049},
     .first_bytes = {{{R"(.{4}\x00{4}\x00{3}\x02\x00\x01\x86\xa3\x00{3}[\x02-\x04])"}}}},
    {.name = "rpc",
     .ports = {111},
     .first_bytes = {{{R"(.{4}\x00{4}\x00{3}\x02\x00[\x00-\x05].{2}\x00{3}.\x00{3})"},
                      {R"(.{4}\x00\x00\x00\x01\x00{3}[\x00\x01]\x00{4})", Role::Server,
                       Evidence::AtPort}}}},
    // Searches without a connection (RFC 1798), as domain controllers are found.
    {.name = "ldap",
     .ports = {389},
     .first_bytes = {{{R"(\x30[\x18-\x7f]\x02[\x01-\x04].{1,4}[\x63-\x65])", Role::Either,
                       Evidence::AtPort},
                      {R"(\x30\x84\x00.{3}\x02[\x01-\x04].{1,4}[\x63-\x65])", Role::Either,
                       Evidence::AtPort}}}},
    {.name = "krb5",
     .ports = {88},
     .first_bytes = {{{R"([\x6a\x6c].{1,8}\xa1\x03\x02\x01\x05\xa2\x03\x02\x01)"},
                      {R"([\x6b\x6d\x7e].{1,8}\xa0\x03\x02\x01\x05\xa1\x03\x02\x01)"}}}},
    // RFC 1350 section 5: read and write requests.
    {.name = "tftp",
     .ports = {69},
     .first_bytes = {{{R"((?i)\x00[\x01\x02][ -~]{1,200}\x00octet\x00)"},
                      {R"((?i)\x00[\x01\x02][ -~]{1,200}\x00netascii\x00)"}}}},
});

}  // namespace flowscope::known
