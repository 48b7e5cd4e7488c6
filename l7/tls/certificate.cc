#include "l7/tls/certificate.h"

#include "l7/tls/der.h"

namespace flowscope::tls {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kDaysTo1970 = 719'468;  // from 0000-03-01, where the count of days begins
constexpr int64_t kEraDays = 146'097;     // 400 years, after which the calendar repeats
// 2.5.29.17, subjectAltName (RFC 5280 4.2.1.6).
constexpr std::string_view kAlternativeNames = "\x55\x1d\x11";

// Days from 1970-01-01 by the Gregorian calendar; years begin in March, so that the leap day comes
// last. Requires: year >= 0.
int64_t days_of(int64_t year, int64_t month, int64_t day) {
  const int64_t shifted_year = month <= 2 ? year - 1 : year;
  const int64_t era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
  const int64_t year_of_era = shifted_year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * kEraDays + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
         - kDaysTo1970;
}

struct Date {
  int64_t year;
  int64_t month;
  int64_t day;
};

Date date_of(int64_t days) {
  const int64_t shifted = days + kDaysTo1970;
  const int64_t era = (shifted >= 0 ? shifted : shifted - (kEraDays - 1)) / kEraDays;
  const int64_t day_of_era = shifted - era * kEraDays;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

// Reads decimal digits of a fixed number; what is no digit makes it fail, as its end does.
class DigitReader {
 public:
  explicit DigitReader(Bytes text) : reader_(text) {}

  int64_t number(size_t digits) {
    int64_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const uint8_t digit = reader_.u8();
      if (digit < '0' || digit > '9') reader_.fail();
      value = value * 10 + (digit - '0');
    }
    return value;
  }
  [[nodiscard]] bool at_digit() const {
    const Bytes rest = reader_.rest();
    return !rest.empty() && rest[0] >= '0' && rest[0] <= '9';
  }
  ByteReader& bytes() { return reader_; }
  [[nodiscard]] bool ok() const { return reader_.ok(); }

 private:
  ByteReader reader_;
};

// RFC 5280 4.1.2.5. Beyond what it allows, seconds may be left out, fractions may follow, and the
// zone may be an offset, as X.680 has them.
std::optional<CertificateTime> read_time(DerTag tag, Bytes text) {
  DigitReader digits(text);
  int64_t year = 0;
  if (tag == DerTag::UtcTime) {
    year = digits.number(2);
    year += year < 50 ? 2000 : 1900;
  } else if (tag == DerTag::GeneralizedTime) {
    year = digits.number(4);
  } else {
    return std::nullopt;
  }
  const int64_t month = digits.number(2);
  const int64_t day = digits.number(2);
  const int64_t hour = digits.number(2);
  const int64_t minute = digits.number(2);
  const int64_t second = digits.at_digit() ? digits.number(2) : 0;
  if (!digits.ok() || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59
      || second > 60) {
    return std::nullopt;
  }
  int64_t offset_seconds = 0;
  const uint8_t zone = digits.bytes().remaining() > 0 ? digits.bytes().u8() : uint8_t{'Z'};
  if (zone == '+' || zone == '-') {
    const int64_t offset_hours = digits.number(2);
    offset_seconds = (offset_hours * 60 + digits.number(2)) * (zone == '+' ? 60 : -60);
    if (!digits.ok()) return std::nullopt;
  } else if (zone != 'Z' && zone != '.') {
    return std::nullopt;
  }
  return CertificateTime{days_of(year, month, day) * kDaySeconds + hour * 3600 + minute * 60
                         + second - offset_seconds};
}

std::optional<CertificateTime> read_next_time(DerWalk& walk) {
  return walk.next() ? read_time(walk.tag(), walk.body()) : std::nullopt;
}

// {identifier, critical (may be left out), an OCTET STRING with the value}: the members of
// GeneralNames when it is that extension.
Bytes read_alternative_names(Bytes extension) {
  DerWalk walk(extension);
  if (!walk.next(DerTag::ObjectIdentifier) || walk.body().as_text() != kAlternativeNames) return {};
  if (!walk.next()) return {};
  if (walk.tag() == DerTag::Boolean && !walk.next()) return {};
  if (walk.tag() != DerTag::OctetString) return {};
  DerWalk value(walk.body());
  return value.next(DerTag::Sequence) ? value.body() : Bytes{};
}

Bytes find_alternative_names(Bytes explicit_extensions) {
  DerWalk outer(explicit_extensions);
  if (!outer.next(DerTag::Sequence)) return {};
  DerWalk extensions(outer.body());
  for (size_t i = 0; i < Certificate::kExtensionsMax && extensions.next(DerTag::Sequence); ++i) {
    const Bytes names = read_alternative_names(extensions.body());
    if (!names.empty()) return names;
  }
  return {};
}

void write_digits(int64_t number, size_t digits, char* out) {
  for (size_t i = digits; i > 0; --i) {
    out[i - 1] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

}  // namespace

CertificateTimeText write_time(CertificateTime time) {
  int64_t days = time.seconds / kDaySeconds;
  int64_t second_of_day = time.seconds % kDaySeconds;
  if (second_of_day < 0) {
    second_of_day += kDaySeconds;
    --days;
  }
  const Date date = date_of(days);
  CertificateTimeText text = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0',
                              'T', '0', '0', ':', '0', '0', ':', '0', '0'};
  // An offset can move a time out of these years by a day.
  const int64_t year = date.year < 0 ? 0 : date.year;
  write_digits(year, 4, text.data());
  write_digits(date.month, 2, text.data() + 5);
  write_digits(date.day, 2, text.data() + 8);
  write_digits(second_of_day / 3600, 2, text.data() + 11);
  write_digits(second_of_day / 60 % 60, 2, text.data() + 14);
  write_digits(second_of_day % 60, 2, text.data() + 17);
  return text;
}

std::optional<Certificate> read_certificate(Bytes der) {
  Certificate certificate;
  DerWalk outer(der);
  if (!outer.next(DerTag::Sequence)) return std::nullopt;
  DerWalk signed_part(outer.body());
  if (!signed_part.next(DerTag::Sequence)) return std::nullopt;

  // RFC 5280 4.1: version (may be left out), serialNumber, signature, issuer, validity, subject,
  // subjectPublicKeyInfo, two identifiers of old, extensions.
  DerWalk walk(signed_part.body());
  if (!walk.next()) return std::nullopt;
  if (walk.tag() == DerTag::Context0 && !walk.next()) return std::nullopt;
  if (walk.tag() != DerTag::Integer) return std::nullopt;
  certificate.serial = walk.body();
  if (!walk.next(DerTag::Sequence)) return std::nullopt;
  if (!walk.next(DerTag::Sequence)) return std::nullopt;
  certificate.issuer = walk.body();
  if (!walk.next(DerTag::Sequence)) return std::nullopt;
  DerWalk validity(walk.body());
  const std::optional<CertificateTime> not_before = read_next_time(validity);
  const std::optional<CertificateTime> not_after = read_next_time(validity);
  if (!not_before || !not_after) return std::nullopt;
  certificate.not_before = *not_before;
  certificate.not_after = *not_after;
  if (!walk.next(DerTag::Sequence)) return std::nullopt;
  certificate.subject = walk.body();

  while (walk.next()) {
    if (walk.tag() == DerTag::Context3) {
      certificate.alternative_names = find_alternative_names(walk.body());
      break;
    }
  }
  return certificate;
}

}  // namespace flowscope::tls
