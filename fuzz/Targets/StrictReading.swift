import ProxyCore

/// A second reading of requests, as plain as it can be written: whole texts, split and compared, without states.
///
/// It takes nothing that RFC 9112 leaves to the reader. Whatever the proxy accepts must be accepted here with the same
/// meaning; what it refuses beyond that is its own affair.
struct StrictReading {
    /// A request with its body.
    struct Request: Equatable {
        var method: String
        var target: String
        var fields: [(name: String, value: [UInt8])]
        var body: [UInt8]

        static func == (left: Request, right: Request) -> Bool {
            left.method == right.method && left.target == right.target && left.body == right.body
                && left.fields.elementsEqual(right.fields) { $0 == $1 }
        }
    }

    /// The requests up to the first thing that is refused or not complete.
    private(set) var requests: [Request] = []
    private var rest: ArraySlice<UInt8>

    private static let token = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    /// Reads bytes.
    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
        while let request = self.next() { self.requests.append(request) }
    }

    private mutating func next() -> Request? {
        if self.rest.starts(with: "\r\n".utf8) { self.rest.removeFirst(2) }
        guard var lines = self.head(), !lines.isEmpty else { return nil }
        let parts = lines.removeFirst().split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, ["HTTP/1.1", "HTTP/1.0"].contains(Self.text(parts[2])) else { return nil }
        guard Self.isToken(parts[0]), parts[1].first == 0x2F, parts[1].allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        var fields: [(name: String, value: [UInt8])] = []
        for line in lines {
            guard let field = Self.field(line) else { return nil }
            fields.append(field)
        }
        func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name }.map { Self.text($0.value[...]) }
        }
        guard values("host").count == 1, let body = self.body(values("content-length"), values("transfer-encoding"))
        else { return nil }
        return Request(method: Self.text(parts[0]), target: Self.text(parts[1]), fields: fields, body: body)
    }

    /// The lines up to the empty one, without their ends; `nil` without an empty line or with a stray CR, LF or NUL.
    private mutating func head() -> [ArraySlice<UInt8>]? {
        var lines: [ArraySlice<UInt8>] = []
        while let line = self.line() {
            if line.isEmpty { return lines }
            lines.append(line)
        }
        return nil
    }

    private mutating func line() -> ArraySlice<UInt8>? {
        guard let end = self.rest.firstIndex(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }), self.rest[end] == 0x0D,
            self.rest[end...].dropFirst().first == 0x0A
        else { return nil }
        defer { self.rest = self.rest[(end + 2)...] }
        return self.rest[..<end]
    }

    private static func field(_ line: ArraySlice<UInt8>) -> (name: String, value: [UInt8])? {
        guard let colon = line.firstIndex(of: 0x3A), self.isToken(line[..<colon]) else { return nil }
        var value = Array(line[(colon + 1)...])
        guard value.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else { return nil }
        while value.first == 0x20 || value.first == 0x09 { value.removeFirst() }
        while value.last == 0x20 || value.last == 0x09 { value.removeLast() }
        return (self.text(line[..<colon]), value)
    }

    private mutating func body(_ lengths: [String], _ codings: [String]) -> [UInt8]? {
        switch (lengths.count, codings.count) {
        case (0, 0): return []
        case (1, 0):
            guard !lengths[0].isEmpty, lengths[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let length = Int64(lengths[0]), length <= self.rest.count
            else { return nil }
            defer { self.rest = self.rest.dropFirst(Int(length)) }
            return Array(self.rest.prefix(Int(length)))
        case (0, 1): return codings[0].lowercased() == "chunked" ? self.chunks() : nil
        default: return nil
        }
    }

    private mutating func chunks() -> [UInt8]? {
        var body: [UInt8] = []
        while let line = self.line() {
            let digits = line.prefix { $0 != 0x3B }
            guard !digits.isEmpty, digits.allSatisfy({ ("0123456789abcdefABCDEF".utf8).contains($0) }),
                let size = Int(Self.text(digits), radix: 16), Self.areExtensions(line[digits.endIndex...])
            else { return nil }
            if size == 0 {
                guard let trailers = self.head(), trailers.allSatisfy({ Self.field($0) != nil }) else { return nil }
                return body
            }
            guard size <= self.rest.count else { return nil }
            body += self.rest.prefix(size)
            self.rest = self.rest.dropFirst(size)
            guard let end = self.line(), end.isEmpty else { return nil }
        }
        return nil
    }

    /// `*( ";" name [ "=" value ] )`, blanks around the parts taken away first.
    private static func areExtensions(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while rest.first == 0x3B {
            rest = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
            let name = rest.prefix { self.token.contains($0) }
            guard !name.isEmpty else { return false }
            rest = rest[name.endIndex...]
            let blanks = rest.prefix { $0 == 0x20 || $0 == 0x09 }
            let next = rest[blanks.endIndex...]
            if next.first == 0x3D {
                rest = next.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
                guard let value = self.extensionValue(rest) else { return false }
                rest = rest[value...]
            }
            let behind = rest.drop { $0 == 0x20 || $0 == 0x09 }
            if behind.first == 0x3B { rest = behind }
        }
        return rest.isEmpty
    }

    /// Where a token or a quoted string ends.
    private static func extensionValue(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.first == 0x22 else {
            let value = bytes.prefix { self.token.contains($0) }
            return value.isEmpty ? nil : value.endIndex
        }
        var index = bytes.startIndex + 1
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x22 { return index + 1 }
            if byte == 0x5C { index += 1 }
            guard index < bytes.endIndex, bytes[index] == 0x09 || (bytes[index] >= 0x20 && bytes[index] != 0x7F) else {
                return nil
            }
            index += 1
        }
        return nil
    }

    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(self.token.contains)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
