internal import Glibc
internal import ProxyCore

/// A time as it stands in the names of files: `20260131T235959Z`.
struct UTCStamp: Sendable {
    let text: String

    init(_ time: WallTime) {
        var seconds = time_t(time.microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ value: Int32, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        self.text =
            digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2) + "T"
            + digits(parts.tm_hour, 2) + digits(parts.tm_min, 2) + digits(parts.tm_sec, 2) + "Z"
    }

    /// The time that a stamp names; `nil` if it is none.
    static func time(_ text: String) -> WallTime? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16 else { return nil }
        func number(_ range: Range<Int>) -> Int32? {
            bytes[range].reduce(Int32?.some(0)) { sum, byte in
                (48...57).contains(byte) ? sum.map { $0 * 10 + Int32(byte - 48) } : nil
            }
        }
        var parts = tm()
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15)
        else { return nil }
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        let time = WallTime(microseconds: Int64(timegm(&parts)) * 1_000_000)
        // What is no date, such as the 31st of June, would come back as another one.
        return UTCStamp(time).text == text ? time : nil
    }
}
