import Foundation

/// Sends single requests, each on a connection and a thread of its own.
public struct RawHTTPClient: Sendable {
    /// Where they go.
    public let address: HTTPAddress
    /// Fields that every request carries.
    public var fields: [(String, String)]
    /// The limit of every single read and write.
    public var limit: Duration

    /// Makes a client.
    public init(_ address: HTTPAddress, fields: [(String, String)] = [], limit: Duration = .seconds(20)) {
        self.address = address
        self.fields = fields
        self.limit = limit
    }

    /// Sends a request and reads the whole answer.
    public func send(
        _ method: String,
        _ target: String,
        fields: [(String, String)] = [],
        body: String? = nil
    ) async throws -> RawHTTPResponse {
        let bytes = self.bytes(method, target, fields: fields + [("Connection", "close")], body: body)
        return try await onOwnThread {
            let connection = try RawHTTPConnection(self.address, limit: self.limit)
            try connection.write(bytes)
            return try connection.readResponse(to: method)
        }
    }

    /// `GET`.
    public func get(_ target: String, fields: [(String, String)] = []) async throws -> RawHTTPResponse {
        try await self.send("GET", target, fields: fields)
    }

    /// `POST` of JSON.
    public func post(
        _ target: String,
        _ json: String,
        fields: [(String, String)] = []
    ) async throws -> RawHTTPResponse {
        try await self.send("POST", target, fields: [("Content-Type", "application/json")] + fields, body: json)
    }

    /// Opens a connection to where the requests go.
    public func connect() throws -> RawHTTPConnection { try RawHTTPConnection(self.address, limit: self.limit) }

    /// The bytes of a request: `Host`, the client's fields, those given, and `Content-Length` where there is a body.
    public func bytes(
        _ method: String,
        _ target: String,
        fields: [(String, String)] = [],
        body: String? = nil
    ) -> String {
        let all = self.fields + fields
        var text = "\(method) \(target) HTTP/1.1\r\n"
        if !all.contains(where: { $0.0.lowercased() == "host" }) { text += "Host: \(self.host)\r\n" }
        for (name, value) in all { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + (body ?? "")
    }

    private var host: String {
        switch self.address {
        case .tcp: self.address.description
        case .unix: "localhost"
        }
    }
}
