import NIOCore
import ProxyCore

/// Looks at a request's body as it comes in, for the model that it names; never changes or keeps it.
enum BodyInspector {
    /// Nothing can be read from it, or nothing needs to be.
    case opaque
    /// A JSON document. Where the caller did not say that it is one, it only may be, and nothing is wrong if it is not.
    case json(JSONTopLevelScanner, isDeclared: Bool)
    /// A form with parts.
    case multipart(MultipartModel)

    /// Where a body names its model, and in which form.
    enum ModelPlace: Sendable, Equatable {
        /// A JSON string, quotes included.
        case json(Range<Int64>)
        /// The content of a part of a form, as it is.
        case part(Range<Int64>)

        /// The change that puts another model there.
        func edit(to model: ModelName) -> BodySplice.Edit {
            switch self {
            case .json(let range):
                BodySplice.Edit(range: range, replacement: ByteBuffer(bytes: JSONWriter.literal(model.text)))
            case .part(let range): BodySplice.Edit(range: range, replacement: ByteBuffer(string: model.text))
            }
        }
    }

    /// What was read.
    struct Reading {
        /// The model that is named.
        var model: ModelName?
        /// Where its name stands in the body.
        var place: ModelPlace?
    }

    /// The inspector for a body with these header fields.
    init(_ headers: HeaderFields) {
        // What is coded cannot be read without decoding it, and is passed on as it is.
        guard headers.listMembers("content-encoding").allSatisfy({ $0.equalsIgnoringASCIICase("identity") }) else {
            self = .opaque
            return
        }
        let type = headers.first("content-type") ?? ""
        // What nearly all of them have is looked at first.
        guard !type.isMediaType("application/json") else {
            self = .json(JSONTopLevelScanner(), isDeclared: true)
            return
        }
        let essence = type.prefix { $0 != ";" }.trimmingHTTPWhitespace()
        if essence.hasPrefixIgnoringASCIICase("multipart/form-data") {
            self = MultipartModel(contentType: type).map(Self.multipart) ?? .opaque
        } else if essence.hasSuffixIgnoringASCIICase("+json") {
            self = .json(JSONTopLevelScanner(), isDeclared: true)
        } else if Self.undeclaredTypes.contains(where: essence.equalsIgnoringASCIICase) {
            self = .json(JSONTopLevelScanner(), isDeclared: false)
        } else {
            self = .opaque
        }
    }

    /// What command-line tools say of a body when they are not told better.
    private static let undeclaredTypes = ["", "application/x-www-form-urlencoded", "text/plain"]

    /// Looks at the next piece.
    mutating func inspect(_ piece: ByteBuffer) {
        switch self {
        case .opaque:
            break
        case .json(var scanner, let isDeclared):
            // Two owners would make each piece copy what the scanner keeps.
            self = .opaque
            scanner.feed(piece)
            self = .json(scanner, isDeclared: isDeclared)
        case .multipart(var scanner):
            scanner.feed(piece)
            self = .multipart(scanner)
        }
    }

    /// The conversation that the request belongs to; `nil` if nothing tells it.
    ///
    /// - Parameters:
    ///   - session: What `X-KMI-Session` says.
    ///   - isComplete: Whether all of the body was seen; one of which a part is missing tells nothing, since what counts
    ///     more may follow.
    func conversation(session: String?, isComplete: Bool) -> Conversation? {
        guard isComplete, case .json(var scanner, _) = self else { return Conversation(session: session, body: nil) }
        do throws(JSONTopLevelScanner.Fault) {
            try scanner.finish()
            return Conversation(session: session, body: scanner)
        } catch {
            return Conversation(session: session, body: nil)
        }
    }

    /// The change that makes a streamed request ask for usage; `nil` if there is none to make.
    var usageAsk: BodySplice.Edit? {
        guard case .json(var scanner, _) = self else { return nil }
        do throws(JSONTopLevelScanner.Fault) {
            try scanner.finish()
            return UsageAsk.edit(in: scanner)
        } catch {
            // What is no whole document stays as it is.
            return nil
        }
    }

    /// The model, as far as it can be told.
    ///
    /// - Parameter isComplete: Whether all of the body was seen. Only a complete one can be found to be malformed.
    mutating func model(isComplete: Bool) throws(ProxyFault) -> Reading {
        switch self {
        case .opaque:
            return Reading()
        case .multipart(let scanner):
            // What cannot be read for certain counts as not named.
            guard scanner.fault == nil, scanner.occurrences == 1 else { return Reading() }
            return Reading(model: scanner.model.flatMap(ModelName.init), place: scanner.range.map(ModelPlace.part))
        case .json(var scanner, let isDeclared):
            if isComplete {
                do throws(JSONTopLevelScanner.Fault) {
                    try scanner.finish()
                } catch {
                    guard isDeclared else { return Reading() }
                    throw ProxyFault(
                        .invalidRequest,
                        message: "The body is not valid JSON: \(error.reason.rawValue) at byte \(error.offset).")
                }
            }
            guard let member = scanner[.model] else { return Reading() }
            guard member.occurrences == 1 else {
                throw ProxyFault(.invalidRequest, message: "The body has more than one model.")
            }
            guard case .string(let text) = member.kind else {
                throw ProxyFault(.invalidRequest, message: "The model must be a string.")
            }
            guard let model = text.flatMap(ModelName.init) else {
                throw ProxyFault(
                    .invalidRequest, message: "The model must be 1 to 256 visible ASCII characters.")
            }
            return Reading(model: model, place: .json(member.range))
        }
    }
}
