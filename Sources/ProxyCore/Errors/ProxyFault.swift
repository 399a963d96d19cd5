public import NIOCore

/// An error of the proxy's own that a caller sees.
///
/// No message carries a path, SQL, library text, an upstream URL or key material: details go to the log.
public struct ProxyFault: Error, Sendable, Equatable {
    /// One key in the list that a `no_usable_key` answer carries.
    public struct KeyStatus: Sendable, Equatable {
        /// The key's label.
        public var label: String
        /// The key's state, as the contract names it.
        public var state: String
        /// The class of the error behind the state; `nil` if there is none.
        public var reason: String?
        /// When the key can be used again; `nil` if that is not known.
        public var usableAt: WallTime?

        /// Describes one key.
        public init(label: String, state: String, reason: String? = nil, usableAt: WallTime?) {
            self.label = label
            self.state = state
            self.reason = reason
            self.usableAt = usableAt
        }
    }

    /// What went wrong.
    public var code: ProxyErrorCode
    /// The HTTP status; the usual one of the code unless said otherwise.
    public var status: Int
    /// What the caller reads.
    public var message: String
    /// Seconds for `Retry-After`; sent as at least 1.
    public var retryAfter: Int?
    /// What `x-should-retry` tells the caller's SDK; `nil` sends none.
    public var shouldRetry: Bool?
    /// The keys that a `no_usable_key` answer lists; `nil` leaves the member out.
    public var keys: [KeyStatus]?
    /// The methods that `Allow` of a 405 names; empty sends none.
    public var allowedMethods: [String]

    /// Makes a fault.
    ///
    /// What is not given follows from the code.
    public init(
        _ code: ProxyErrorCode,
        status: Int? = nil,
        message: String? = nil,
        retryAfter: Int? = nil,
        shouldRetry: Bool? = nil,
        keys: [KeyStatus]? = nil,
        allowedMethods: [String] = []
    ) {
        self.code = code
        self.status = status ?? code.status
        self.message = message ?? code.message
        self.retryAfter = retryAfter
        self.shouldRetry = shouldRetry
        self.keys = keys
        self.allowedMethods = allowedMethods
    }

    /// A method that the data plane does not take.
    ///
    /// Every method passes but two, so `Allow`, which a 405 must carry (RFC 9110 §15.5.6), names the usual ones.
    public static let methodRefused = ProxyFault(
        .methodNotAllowed, allowedMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

    /// The `type` member of the error for a status, in the terms of the caller's dialect.
    public static func errorType(status: Int, dialect: Dialect) -> String {
        switch (status, dialect.usesAnthropicEnvelope) {
        case (401, _): "authentication_error"
        case (403, _): "permission_error"
        case (429, _): "rate_limit_error"
        case (404, true): "not_found_error"
        case (413, true): "request_too_large"
        case (503, true): "overloaded_error"
        case (504, true): "timeout_error"
        case (..<500, _): "invalid_request_error"
        case (_, true): "api_error"
        case (_, false): "server_error"
        }
    }

    /// The JSON body in the caller's dialect.
    public func body(in dialect: Dialect, requestID: String) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 256 + self.message.utf8.count)
        let type = Self.errorType(status: self.status, dialect: dialect)
        if dialect.usesAnthropicEnvelope {
            json.raw(#"{"type":"error","error":{"type":"#)
            json.string(type)
            json.raw(#","message":"#)
            json.string(self.message)
            json.raw(#","code":"#)
            json.string(self.code.rawValue)
            self.appendKeys(to: &json)
            json.raw(#"},"request_id":"#)
            json.string(requestID)
            json.raw("}")
        } else {
            json.raw(#"{"error":{"message":"#)
            json.string(self.message)
            json.raw(#","type":"#)
            json.string(type)
            json.raw(#","code":"#)
            json.string(self.code.rawValue)
            json.raw(#","param":null"#)
            self.appendKeys(to: &json)
            json.raw("}}")
        }
        return json.bytes
    }

    /// The header fields of the answer, `Content-Length` not included.
    public func headers(requestID: String) -> HeaderFields {
        var headers = HeaderFields()
        headers.reserveCapacity(8)
        headers.add(name: "Content-Type", value: "application/json")
        headers.add(name: "X-Request-Id", value: requestID)
        headers.add(name: "X-KMI-Error", value: self.code.rawValue)
        if self.status == 401 {
            headers.add(name: "WWW-Authenticate", value: "Bearer")
        }
        if !self.allowedMethods.isEmpty {
            headers.add(name: "Allow", value: self.allowedMethods.joined(separator: ", "))
        }
        if let retryAfter = self.retryAfter {
            headers.add(name: "Retry-After", value: String(max(1, retryAfter)))
        }
        if let shouldRetry = self.shouldRetry {
            headers.add(name: "x-should-retry", value: shouldRetry ? "true" : "false")
        }
        return headers
    }

    /// The complete answer in the caller's dialect.
    public func render(in dialect: Dialect, requestID: String) -> (head: ResponseHead, body: ByteBuffer) {
        let body = self.body(in: dialect, requestID: requestID)
        var headers = self.headers(requestID: requestID)
        headers.add(name: "Content-Length", value: String(body.count))
        return (ResponseHead(status: self.status, headers: headers), ByteBuffer(bytes: body))
    }

    /// The answer in the form in which a listener takes it for refusals of its own.
    public func refusalAnswer(in dialect: Dialect, requestID: String) -> RefusalAnswer {
        RefusalAnswer(
            head: ResponseHead(status: self.status, headers: self.headers(requestID: requestID)),
            body: ByteBuffer(bytes: self.body(in: dialect, requestID: requestID))
        )
    }

    private func appendKeys(to json: inout JSONWriter) {
        guard let keys = self.keys else { return }
        json.raw(#","keys":["#)
        for (index, key) in keys.enumerated() {
            json.raw(index == 0 ? #"{"label":"# : #",{"label":"#)
            json.string(key.label)
            json.raw(#","state":"#)
            json.string(key.state)
            json.raw(#","reason":"#)
            if let reason = key.reason { json.string(reason) } else { json.raw("null") }
            json.raw(#","usable_at":"#)
            if let usableAt = key.usableAt {
                json.string(usableAt.rfc3339)
            } else {
                json.raw("null")
            }
            json.raw("}")
        }
        json.raw("]")
    }
}
