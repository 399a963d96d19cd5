import CCurl
import ProxyCore

/// What is known when libcurl has ended a transfer with an error, and what that means to whoever has to decide.
struct FailureClassification {
    /// libcurl's result, a `CURLcode`.
    var code: UInt32
    /// Whether a connection stood and libcurl went on to send the request: from then on bytes may have arrived.
    var requestStarted: Bool
    /// Whether libcurl tried to repeat the request, which was stopped.
    var repetitionStopped: Bool
    /// Whether the answer's final head was complete.
    var headComplete: Bool
    /// What libcurl tells of it in words.
    var text = ""

    /// The kind of failure.
    var kind: UpstreamFailure.Kind {
        guard self.requestStarted else { return self.kindBeforeRequest }
        let closed: UpstreamFailure.Kind = self.headComplete ? .closedDuringAnswer : .closedBeforeAnswer
        if self.repetitionStopped { return closed }
        switch CURLcode(rawValue: self.code) {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED:
            // HTTP/0.9, NUL bytes, unreadable status lines and lengths.
            return .protocolViolation
        case CURLE_OUT_OF_MEMORY where !self.headComplete:
            // libcurl's answer to a header line over its bound of 100 KiB.
            return .protocolViolation
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND:
            return closed
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_OPERATION_TIMEDOUT, CURLE_PEER_FAILED_VERIFICATION:
            // Only a second connection for the same request can fail like this.
            return closed
        default:
            return .internalFault
        }
    }

    private var kindBeforeRequest: UpstreamFailure.Kind {
        switch CURLcode(rawValue: self.code) {
        case CURLE_OPERATION_TIMEDOUT:
            .connectTimeout
        case CURLE_SSL_CONNECT_ERROR where Self.cuts.contains(where: self.text.contains):
            .unreachable
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            .pinMismatch
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN,
            CURLE_UNSUPPORTED_PROTOCOL, CURLE_UNKNOWN_OPTION, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_ABORTED_BY_CALLBACK, CURLE_WRITE_ERROR, CURLE_READ_ERROR:
            .internalFault
        default:
            .unreachable
        }
    }

    /// What stands in the text of a handshake in whose middle the connection was closed or reset.
    ///
    /// That says nothing about trust, and another try may get through. libcurl has one code for whatever fails in a
    /// handshake: OpenSSL tells of an alert or of another protocol by an error of its own, and of a connection that broke off
    /// by the socket's or by its end of file. What is worded otherwise counts as a failure of TLS.
    private static let cuts = [
        "SSL_ERROR_SYSCALL", "Connection reset by peer", "Broken pipe", "unexpected eof while reading",
    ]
}
