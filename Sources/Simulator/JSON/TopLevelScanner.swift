import Foundation

/// Reads the short members at the top level of a JSON object as it goes by, in constant memory.
///
/// A body of any length still tells its model and whether it asks for a stream. Values longer than the cap become
/// `.omitted`.
struct TopLevelScanner {
    private static let valueCap = 16384
    private static let memberCap = 128

    private var depth = 0
    private var inString = false
    private var escaped = false
    private var started = false
    private var failed = false
    private var name: [UInt8]?
    private var captured: [UInt8] = []
    private var capturedLength = 0
    private var members: [JSONValue.Member] = []

    /// Takes the next bytes of the text.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count, !self.failed {
            if self.inString, !self.escaped {
                let run = Self.plainRun(bytes, from: index)
                if run > 0 {
                    self.capture(UnsafeRawBufferPointer(rebasing: bytes[index..<(index + run)]))
                    index += run
                    continue
                }
            }
            self.take(bytes[index])
            index += 1
        }
    }

    /// The object as far as it was kept, or `nil` if the text was no complete JSON object.
    var object: JSONValue? {
        guard self.started, !self.failed, self.depth == 0, !self.inString else { return nil }
        return .object(self.members)
    }

    /// Length of the run from `start` without quote and backslash, found with `memchr`, which is fast in any build.
    private static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let rest = base + start
        var length = bytes.count - start
        if let quote = memchr(rest, 0x22, length) { length = UnsafeRawPointer(quote) - rest }
        if let backslash = memchr(rest, 0x5C, length) { length = UnsafeRawPointer(backslash) - rest }
        return length
    }

    private mutating func capture(_ bytes: UnsafeRawBufferPointer) {
        guard self.depth > 0 else { return }
        self.capturedLength += bytes.count
        if self.captured.count + bytes.count <= Self.valueCap { self.captured.append(contentsOf: bytes) }
    }

    private mutating func capture(_ byte: UInt8) {
        self.capturedLength += 1
        if self.captured.count < Self.valueCap { self.captured.append(byte) }
    }

    private mutating func take(_ byte: UInt8) {
        if self.inString {
            self.capture(byte)
            if self.escaped {
                self.escaped = false
            } else if byte == UInt8(ascii: "\\") {
                self.escaped = true
            } else if byte == UInt8(ascii: "\"") {
                self.inString = false
            }
            return
        }
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09:
            return
        case UInt8(ascii: "\""):
            self.inString = true
            self.failed = self.depth == 0
            self.capture(byte)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            self.failed = self.depth == 0 && (self.started || byte != UInt8(ascii: "{"))
            self.started = true
            if self.depth > 0 { self.capture(byte) }
            self.depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            self.depth -= 1
            self.failed = self.depth < 0
            if self.depth == 0 { self.finishMember() } else { self.capture(byte) }
        case UInt8(ascii: ":") where self.depth == 1:
            self.name = self.captured
            self.startValue()
        case UInt8(ascii: ",") where self.depth == 1:
            self.finishMember()
        default:
            self.failed = self.depth == 0
            self.capture(byte)
        }
    }

    private mutating func startValue() {
        self.captured = []
        self.capturedLength = 0
    }

    private mutating func finishMember() {
        defer {
            self.name = nil
            self.startValue()
        }
        guard let nameBytes = self.name else {
            self.failed = self.failed || self.capturedLength > 0
            return
        }
        guard let name = Self.parsed(nameBytes)?.string else {
            self.failed = true
            return
        }
        guard self.members.count < Self.memberCap else { return }
        if self.capturedLength > self.captured.count {
            self.members.append(.init(name: name, value: .omitted(bytes: self.capturedLength)))
        } else if let value = Self.parsed(self.captured) {
            self.members.append(.init(name: name, value: value))
        } else {
            self.failed = true
        }
    }

    private static func parsed(_ bytes: [UInt8]) -> JSONValue? {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            return nil  // Where the problem lies is of no use here: the text as a whole is no JSON then.
        }
    }
}
