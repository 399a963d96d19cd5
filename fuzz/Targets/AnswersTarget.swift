import ProxyCore

@testable import CurlClient

/// The heads of providers' answers, line by line, and the end of chunked bodies: nothing ambiguous gets through, and the end
/// of a body is where it is however the bytes are cut.
enum AnswersTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        self.head(bytes, method: "GET")
        self.head(bytes, method: "HEAD")
        let whole = self.scan([bytes])
        for var cuts in Fuzzing.cuts(of: bytes) {
            Fuzzing.check(self.scan(cuts.pieces(of: bytes)) == whole, "another end of the body in pieces")
        }
    }

    private static func scan(_ pieces: [UnsafeRawBufferPointer]) -> ChunkedBodyScanner {
        var scanner = ChunkedBodyScanner()
        for piece in pieces {
            let hadEnded = scanner.hasEnded
            scanner.scan(piece)
            Fuzzing.check(!hadEnded || scanner.hasEnded, "an end is taken back")
        }
        return scanner
    }

    private static func head(_ bytes: UnsafeRawBufferPointer, method: String) {
        var parser = AnswerHeadParser(requestMethod: method)
        var start = 0
        var hasEnded = false
        do throws(AnswerViolation) {
            while let end = bytes[start...].firstIndex(of: 0x0A) {
                let line = Array(bytes[start...end])
                start = end + 1
                if hasEnded {
                    try parser.takeTrailer(line: line)
                } else if case .ended(let head, let framing) = try parser.take(line: line) {
                    hasEnded = true
                    self.check(head, framing, method)
                }
            }
        } catch {
            Fuzzing.check(!error.reason.isEmpty, "refused without a reason")
        }
        for field in parser.trailers ?? HeaderFields() { self.check(field) }
    }

    private static func check(_ head: ResponseHead, _ framing: AnswerFraming, _ method: String) {
        Fuzzing.check((200...599).contains(head.status), "a status of \(head.status)")
        for field in head.headers { self.check(field) }
        let lengths = head.headers.all("content-length")
        let codings = head.headers.all("transfer-encoding")
        Fuzzing.check(lengths.count + codings.count <= 1, "two framings")
        switch framing {
        case .empty:
            Fuzzing.check(method == "HEAD" || head.status == 204 || head.status == 304, "no body where there is one")
        case .length(let length):
            Fuzzing.check(length >= 0 && Int64(lengths.first ?? "") == length, "another length than it says")
        case .chunked: Fuzzing.check(codings.first?.lowercased() == "chunked", "chunks that nobody announced")
        case .untilClose: Fuzzing.check(lengths.isEmpty && codings.isEmpty, "a framing is overlooked")
        }
    }

    private static func check(_ field: HeaderFields.Field) {
        Fuzzing.check(
            !field.name.isEmpty && field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }, "a name")
        Fuzzing.check(
            field.value.unicodeScalars.allSatisfy { $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7F) }, "a value")
    }
}
