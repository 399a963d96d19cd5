import Glibc

@testable import ProxyCore

/// What is read of the fields of a request before anybody is let in: the credential, `Host`, `Origin`, and the target.
///
/// An input is a list of lines `name: value`; the first line is a target too.
enum CallersTarget {
    private static let hosts = HostGuard(allowedHosts: ["localhost", "proxy.example", "192.0.2.1"])
    private static let origins = OriginGuard(allowedOrigins: ["https://ok.example", "*", "null"])

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let lines = bytes.split(separator: 0x0A).prefix(64).map { line in
            String(decoding: line.filter { $0 != 0x0D }, as: UTF8.self)
        }
        var headers = HeaderFields()
        for line in lines {
            guard let colon = line.utf8.firstIndex(of: 0x3A) else { continue }
            let value = line[line.utf8.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.add(name: String(line[..<colon]), value: String(value))
        }
        self.checkCredential(headers)
        self.checkGuards(headers)
        for part in (lines.first ?? "").split(separator: " ") { self.checkTarget(String(part)) }
    }

    private static func checkCredential(_ headers: HeaderFields) {
        let found = ClientCredential.extract(from: headers)
        var reversed = HeaderFields()
        for field in Array(headers).reversed() { reversed.add(name: field.name, value: field.value) }
        switch (found, ClientCredential.extract(from: reversed)) {
        case (.none, .none), (.refused, .refused): break
        case (.presented(let one), .presented(let other)): Fuzzing.check(one == other, "the order decides")
        default: Fuzzing.fail("the order decides whether there is a credential")
        }
        let values = headers.filter { field in ClientCredential.headerNames.contains(field.name.lowercased()) }
        if case .presented(let credential) = found {
            Fuzzing.check((1...ClientCredential.maximumLength).contains(credential.bytes.count), "its length")
            Fuzzing.check(credential.bytes.allSatisfy { (0x21...0x7E).contains($0) }, "bytes that nobody can send")
            let text = String(decoding: credential.bytes, as: UTF8.self)
            Fuzzing.check(values.allSatisfy { $0.value.contains(text) }, "a field says something else")
            Fuzzing.check(!"\(credential)".contains(text) || text.count < 12, "it prints itself")
        } else if case .none = found {
            Fuzzing.check(values.isEmpty, "a field is overlooked")
        }
    }

    private static func checkGuards(_ headers: HeaderFields) {
        for field in headers where self.hosts.allows(field.value) {
            Fuzzing.check(self.isLocal(field.value.lowercased()), "Host \(field.value) is let through")
        }
        do throws(ProxyFault) {
            if case .allowed(let origin) = try self.origins.check(headers) {
                Fuzzing.check(
                    origin == "https://ok.example" && headers.all("origin") == [origin],
                    "Origin \(origin) is let through")
            }
        } catch {
            Fuzzing.check(headers.contains("origin"), "refused without an Origin")
        }
    }

    /// Whether a host is one of those that are allowed, or an address of this machine, as the C library reads it.
    private static func isLocal(_ host: String) -> Bool {
        var name = host
        if name.hasPrefix("["), let close = name.firstIndex(of: "]") {
            name = String(name[name.index(after: name.startIndex)..<close])
        } else if let colon = name.firstIndex(of: ":") {
            name = String(name[..<colon])
        }
        if name.hasSuffix(".") { name.removeLast() }
        if ["localhost", "proxy.example", "192.0.2.1"].contains(name) { return true }
        var four = in_addr()
        if inet_pton(AF_INET, name, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        guard inet_pton(AF_INET6, name, &six) == 1 else { return false }
        let bytes = withUnsafeBytes(of: six) { Array($0) }
        let isLoopback = bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isLoopback || isMapped && (bytes[12] == 127 || Array(bytes[12...]) == [192, 0, 2, 1])
    }

    private static func checkTarget(_ raw: String) {
        do throws(ProxyFault) {
            let target = try RequestTarget(parsing: raw)
            Fuzzing.check(target.path + target.querySuffix == raw, "a byte of the target is lost")
            var path = target.path.lowercased()
            for (code, character) in [("%2e", "."), ("%2f", "/"), ("%5c", "\\")] {
                path = path.split(separator: code, omittingEmptySubsequences: false).joined(separator: character)
            }
            let segments = path.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
            Fuzzing.check(!segments.contains(".") && !segments.contains(".."), "a dot segment: \(raw)")
        } catch {
            Fuzzing.check(error.code == .invalidRequest, "another fault: \(error.code)")
        }
    }
}
