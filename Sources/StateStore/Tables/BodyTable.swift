internal import GRDB
internal import ProxyCore

internal import struct Foundation.Data

/// The beginnings of bodies, where they are kept: `bodies`.
enum BodyTable {
    /// Writes the bodies of a request; what is longer than it may be is cut.
    static func insert(
        _ bodies: CapturedBodies, of request: Int64, into database: Database, _ tally: inout Tally
    ) throws {
        let limit = CapturedBodies.limit
        try database.cachedStatement(
            sql: """
                INSERT INTO bodies (request, request_body, answer_body, is_request_cut, is_answer_cut)
                VALUES (?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                request, Data(bodies.request.prefix(limit)), Data(bodies.answer.prefix(limit)),
                bodies.isRequestCut || bodies.request.count > limit ? 1 : 0,
                bodies.isAnswerCut || bodies.answer.count > limit ? 1 : 0,
            ])
        tally.add(.bodies)
    }

    /// The bodies of a request; `nil` if none were kept, or the row is malformed.
    static func load(
        of request: Int64, in database: Database, _ malformed: inout Tally
    ) throws -> CapturedBodies? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM bodies WHERE request = ?")
        guard let row = try Row.fetchOne(statement, arguments: [request]) else { return nil }
        guard let asked = row.bytes("request_body"), let answered = row.bytes("answer_body"),
            max(asked.count, answered.count) <= CapturedBodies.limit,
            let isRequestCut = row.flag("is_request_cut"), let isAnswerCut = row.flag("is_answer_cut")
        else {
            malformed.add(.bodies)
            return nil
        }
        return CapturedBodies(
            request: asked, answer: answered, isRequestCut: isRequestCut, isAnswerCut: isAnswerCut)
    }
}

extension CapturedBodies {
    /// The bytes that they take.
    var size: Int { self.request.count + self.answer.count }
}
