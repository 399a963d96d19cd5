/// Bytes that a hostile or broken caller sends over HTTP/1.1, where they are known from, and what must become of them.
///
/// Plain data without imports, so that the fuzzer begins with the same bytes. Each input holds one request of its own, to
/// ``ownTarget`` unless the input is about targets; a request that hides in it goes to ``hiddenTarget`` and must never be
/// served. Both carry a token that is right, so that nothing but the framing stands between the hidden one and the provider.
public struct HostileInput: Sendable, CustomStringConvertible {
    /// What must become of an input.
    public enum Outcome: Sendable, Equatable {
        /// Refused with this status, and the connection is closed.
        case refused(Int)
        /// Never answered, since it is not complete: closed as soon as the caller ends its side.
        case closed
        /// Served as one request, after which the connection is at the beginning of a next one.
        case served
        /// As ``served``, with a part that means nothing here and gets nowhere.
        case ignored
        /// Served as one request, and closed without a look at what comes behind it.
        case servedAndClosed
        /// Served as one request; what comes behind it is refused with this status, and the connection is closed.
        case servedThenRefused(Int)
        /// Answered with this status by what stands behind the parser, after which the connection may go on.
        case answered(Int)
    }

    /// The parts of the grammar that inputs attack.
    public enum Family: String, Sendable, CaseIterable {
        case bothFramings, contentLength, transferEncoding, chunkSizes, chunkExtensions, chunkEnds, trailers, lineEnds
        case blanks, requestLines, targets, hosts, fields, sizes, pipelines, expectations, upgrades, connections, ends
    }

    /// What it is, unique among all.
    public var name: String
    /// Where such inputs are known from: a section of a standard, a piece of research, a published weakness.
    public var source: String
    /// What is sent.
    public var bytes: [UInt8]
    /// What a listener does with it.
    public var outcome: Outcome
    /// What the whole daemon does with it.
    public var daemonOutcome: Outcome

    /// The name.
    public var description: String { self.name }

    /// Makes an input of a text whose scalars up to U+00FF stand for one byte each.
    ///
    /// `daemon` is given where what stands behind the parser judges differently.
    init(_ name: String, _ source: String, _ text: String, _ outcome: Outcome = .refused(400), daemon: Outcome? = nil) {
        self.name = name
        self.source = source
        self.bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        self.outcome = outcome
        self.daemonOutcome = daemon ?? outcome
    }

    /// The token that the requests carry: the one of `DaemonConfiguration`.
    public static let token = "kmi-test-token-0123456789"
    /// Where the request of an input goes.
    public static let ownTarget = "/v1/own"
    /// Where a request goes that hides in an input.
    public static let hiddenTarget = "/v1/hidden"

    /// A sound request that is sent behind an input where the connection lives on; whoever answers it closes.
    public static let probe = "GET /v1/probe HTTP/1.1\r\n\(Self.lines)Connection: close\r\n\r\n"

    /// All inputs.
    public static let all: [HostileInput] = Family.allCases.flatMap { Self.inputs(of: $0) }

    /// The inputs of a family.
    public static func inputs(of family: Family) -> [HostileInput] {
        switch family {
        case .bothFramings: Self.bothFramings
        case .contentLength: Self.contentLengths
        case .transferEncoding: Self.transferEncodingValues + Self.transferEncodingNames
        case .chunkSizes: Self.chunkSizes
        case .chunkExtensions: Self.chunkExtensions
        case .chunkEnds: Self.chunkEnds
        case .trailers: Self.trailers
        case .lineEnds: Self.lineEnds
        case .blanks: Self.blanks
        case .requestLines: Self.requestLines
        case .targets: Self.targets
        case .hosts: Self.hosts
        case .fields: Self.fields
        case .sizes: Self.sizes
        case .pipelines: Self.pipelines
        case .expectations: Self.expectations
        case .upgrades: Self.upgrades
        case .connections: Self.connections
        case .ends: Self.ends
        }
    }

    /// The method and the target of the first line that is not empty.
    public var requestLine: String {
        let line = self.bytes.split(whereSeparator: { $0 == 0x0D || $0 == 0x0A }).first ?? []
        return line.split(separator: 0x20).prefix(2).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }
}

// The pieces that inputs are made of.
extension HostileInput {
    /// The fields of a sound request.
    static let lines = "Host: localhost\r\nX-API-Key: \(Self.token)\r\n"
    /// The request that hides.
    static let hidden = "GET \(Self.hiddenTarget) HTTP/1.1\r\n\(Self.lines)\r\n"
    /// The end of a chunked body.
    static let lastChunk = "0\r\n\r\n"

    /// A request without further fields, up to and without the empty line.
    static func head(_ line: String, _ fields: String = "") -> String {
        "\(line)\r\n\(Self.lines)\(fields)"
    }

    /// A sound `GET` with further fields, and whatever follows.
    static func get(_ fields: String = "", _ rest: String = "") -> String {
        "GET \(Self.ownTarget) HTTP/1.1\r\n\(Self.lines)\(fields)\r\n\(rest)"
    }

    /// A `POST` with further fields, and its body.
    static func post(_ fields: String, _ body: String = "") -> String {
        "POST \(Self.ownTarget) HTTP/1.1\r\n\(Self.lines)\(fields)\r\n\(body)"
    }

    /// A `POST` with this `Content-Length`.
    static func sized(_ length: String, _ body: String = "hello") -> String {
        Self.post("Content-Length: \(length)\r\n", body)
    }

    /// A `POST` with this `Transfer-Encoding`, a complete chunked body and a request that hides behind it.
    static func coded(_ coding: String) -> String {
        Self.post("Transfer-Encoding: \(coding)\r\n", "5\r\nhello\r\n\(Self.lastChunk)")
    }

    /// A `POST` with a chunked body, which is given with its framing.
    static func chunked(_ body: String) -> String {
        Self.post("Transfer-Encoding: chunked\r\n", body)
    }

    /// The field that tells the length of a body.
    static func length(of body: String) -> String { "Content-Length: \(body.unicodeScalars.count)\r\n" }

    /// A text so many times.
    static func many(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
}

/// Lists inputs one after the other; each is type-checked alone, which an array of them all would not be in time.
@resultBuilder
enum HostileInputList {
    static func buildBlock(_ inputs: HostileInput...) -> [HostileInput] { inputs }
}
