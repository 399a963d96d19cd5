import NIOCore
import ProxyCore
import Testing

struct MultipartModelTests {
    private static let contentType = "multipart/form-data; boundary=\"xy--z\""

    private static func read(_ body: String, pieces: Int = .max, contentType: String = contentType) throws
        -> MultipartModel
    {
        var reader = try #require(MultipartModel(contentType: contentType))
        var rest = Array(body.utf8)[...]
        while !rest.isEmpty {
            reader.feed(ByteBuffer(bytes: rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        do throws(MultipartModel.Fault) { try reader.finish() } catch { #expect(reader.fault == error) }
        return reader
    }

    private static func part(_ headers: String, _ value: String) -> String {
        "--xy--z\r\n" + headers + "\r\n\r\n" + value + "\r\n"
    }

    private static let file = Self.part(
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav",
        "RIFF\r\n--xy--\r\n--xy-\r\n\r\r\n\u{0}--xy--zmodel")

    @Test(
        "finds the model whatever the pieces are",
        arguments: ["whisper-1", "", "a\r\nb", "\r", "--", "-\r\n--xy--", "é"])
    func findsModel(value: String) throws {
        let body =
            Self.file + Self.part("content-disposition: form-data;name=model", value) + Self.file + "--xy--z--\r\nend"
        for size in [1, 2, 3, 7, 50, 10_000] {
            let reader = try Self.read(body, pieces: size)
            #expect(reader.fault == nil)
            #expect(reader.model == value)
            #expect(reader.occurrences == 1)
            let range = try #require(reader.range)
            let bytes = Array(body.utf8)[Int(range.lowerBound)..<Int(range.upperBound)]
            #expect(String(decoding: bytes, as: UTF8.self) == value)
        }
    }

    @Test func findsNone() throws {
        let reader = try Self.read("preamble\r\n" + Self.file + "--xy--z--")
        #expect(reader.fault == nil)
        #expect(reader.model == nil)
        #expect(reader.occurrences == 0)
    }

    @Test func countsRepeatedModels() throws {
        let model = Self.part("Content-Disposition: form-data; name=\"m\\odel\"", "a")
        let reader = try Self.read(model + model + "--xy--z--")
        #expect(reader.occurrences == 2)
    }

    @Test(
        "refuses what readers disagree about",
        arguments: [
            (Self.file, MultipartModel.Fault.incomplete), ("", .incomplete),
            (
                Self.part("Content-Disposition: form-data; name=\"model\"; filename=\"x\"", "a") + "--xy--z--",
                .unreadable
            ),
            (
                Self.part("Content-Disposition: form-data; name=model\r\nContent-Transfer-Encoding: base64", "a")
                    + "--xy--z--",
                .unreadable
            ),
            (
                Self.part("Content-Disposition: form-data; name=model", String(repeating: "x", count: 1_025))
                    + "--xy--z--", .unreadable
            ),
            (Self.part("Content-Disposition: form-data; name=a; name=model", "a") + "--xy--z--", .malformed),
            (Self.part("Content-Disposition: form-data; name=\"a", "a") + "--xy--z--", .malformed),
            (Self.part("Content-Disposition: attachment; name=a", "a") + "--xy--z--", .malformed),
            (Self.part("Content-Type: text/plain", "a") + "--xy--z--", .malformed),
            (Self.part("Content-Disposition: form-data;\r\n name=a", "a") + "--xy--z--", .malformed),
            (Self.part("Content-Disposition: form-data; name=a\nX: y", "a") + "--xy--z--", .malformed),
            (Self.part("Content-Disposition: form-data; name=a\rX: y", "a") + "--xy--z--", .malformed),
            ("--xy--z\r\nContent-Disposition: form-data; name=a\r\n\r\n--xy--z--", .malformed),
            ("--xy--z \r\n", .malformed), ("--xy--zz\r\n", .malformed),
            ("--xy--z\r\nX: " + String(repeating: "y", count: 16_400), .tooLarge),
            (
                String(repeating: "--xy--z\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n", count: 1_001),
                .tooLarge
            ),
        ])
    func refuses(body: String, fault: MultipartModel.Fault) throws {
        #expect(try Self.read(body).fault == fault)
        #expect(try Self.read(body, pieces: 1).fault == fault)
    }

    @Test(
        "needs a form with a boundary",
        arguments: [
            "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a",
            "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"a ",
        ])
    func needsBoundary(contentType: String) {
        #expect(MultipartModel(contentType: contentType) == nil)
    }
}
