import CCurl
import NIOCore
import ProxyCore

/// One easy handle of libcurl, its only owner, with the memory that the handle points to.
///
/// Options that never change are set once; ``prepare(_:configuration:transfer:)`` sees to all others for each request,
/// so that nothing of an earlier request can be left over. Those that have the right value already are not set again:
/// libcurl copies each text.
final class CurlEasy {
    /// libcurl's handle; only this type and ``CurlMulti`` pass it on.
    let pointer: UnsafeMutableRawPointer
    /// What the handle works for at present, and its callbacks tell.
    private(set) var transfer: CurlTransfer?
    private let errorText: UnsafeMutablePointer<CChar>
    private var lines: CurlLineList?
    /// The body that the handle points to.
    private var body: Unmanaged<AnyObject>?
    private var present = Present()

    /// The values that options have which change with the request; in the beginning libcurl's own.
    private struct Present {
        var url: String?
        var scheme: String?
        var socketPath: String?
        var proxy: String?
        var pins: String?
        var method: String?
        var target: String?
        var forbidsReuse = false
        var watchesRawBody = false
    }

    /// An option that libcurl refused.
    struct OptionError: Error {
        /// The option's number.
        var option: UInt32
        /// Why.
        var code: CURLcode
    }

    /// Makes a handle with the options that all requests share; `nil` if there is no memory.
    init?(configuration: CurlClientConfiguration, engine: CurlEngine) throws(OptionError) {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        self.errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try self.setConstants(configuration)
        try self.setCallbacks(engine: engine)
    }

    deinit {
        curl_easy_cleanup(self.pointer)
        self.body?.release()
        self.errorText.deallocate()
    }

    private func setConstants(_ configuration: CurlClientConfiguration) throws(OptionError) {
        try self.set(CURLOPT_ERRORBUFFER, pointer: self.errorText)
        try self.set(CURLOPT_NOSIGNAL, 1)
        // Cleaning up must never wait for a resolver thread that hangs in the system's library.
        try self.set(CURLOPT_QUICK_EXIT, 1)
        try self.set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(configuration.connectTimeout))
        try self.set(CURLOPT_TCP_NODELAY, 1)
        try self.set(CURLOPT_TCP_KEEPALIVE, 1)
        try self.set(CURLOPT_TCP_KEEPIDLE, 30)
        try self.set(CURLOPT_TCP_KEEPINTVL, 15)
        try self.set(CURLOPT_BUFFERSIZE, 64 * 1024)
        try self.set(CURLOPT_UPLOAD_BUFFERSIZE, 64 * 1024)

        try self.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        // A key goes to its own provider's host only: no redirect is followed (K-048). The next two say so once more.
        try self.set(CURLOPT_FOLLOWLOCATION, 0)
        try self.set(CURLOPT_MAXREDIRS, 0)
        try self.set(CURLOPT_UNRESTRICTED_AUTH, 0)
        try self.set(CURLOPT_HTTP_TRANSFER_DECODING, 1)
        try self.set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try self.set(CURLOPT_HTTP09_ALLOWED, 0)
        try self.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try self.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try self.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))

        // Said of an https proxy too, which sees where requests go (K-023).
        for option in [CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION] { try self.set(option, CURL_SSLVERSION_TLSv1_2) }
        for option in [CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER] { try self.set(option, 1) }
        for option in [CURLOPT_SSL_VERIFYHOST, CURLOPT_PROXY_SSL_VERIFYHOST] { try self.set(option, 2) }
        // Without a directory beside the file libcurl reads the file once per loop and not once per connection; and a
        // configured file must not be widened by the system's directory.
        for option in [CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH] { try self.set(option, string: nil) }
        if let file = configuration.caFile {
            for option in [CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO] { try self.set(option, string: file) }
        }
        // Set and empty: libcurl does not look into the environment then.
        try self.set(CURLOPT_NOPROXY, string: "")
    }

    /// Sets what one request needs.
    ///
    /// The transfer must stay alive until the handle is out of the multi handle.
    func prepare(
        _ lines: RequestLines,
        configuration: CurlClientConfiguration,
        transfer: CurlTransfer
    ) throws(OptionError) {
        self.errorText.pointee = 0
        self.present.url = try self.renew(CURLOPT_URL, from: self.present.url, to: lines.url)
        if lines.scheme != self.present.scheme {
            for option in [CURLOPT_PROTOCOLS_STR, CURLOPT_REDIR_PROTOCOLS_STR] {
                try self.set(option, string: lines.scheme)
            }
            self.present.scheme = lines.scheme
        }
        self.present.socketPath = try self.renew(
            CURLOPT_UNIX_SOCKET_PATH, from: self.present.socketPath, to: lines.socketPath)
        let proxy = lines.scheme == "https" ? configuration.proxy ?? "" : ""
        self.present.proxy = try self.renew(CURLOPT_PROXY, from: self.present.proxy, to: proxy)
        self.present.pins = try self.renew(CURLOPT_PINNEDPUBLICKEY, from: self.present.pins, to: lines.pins)
        try self.setForbidsReuse(configuration.maximumIdleConnections == 0)
        try self.setWatchesRawBody(false)

        // Takes back what UPLOAD, POST and NOBODY of an earlier request have set.
        try self.set(CURLOPT_HTTPGET, 1)
        if lines.method == "HEAD" {
            try self.set(CURLOPT_NOBODY, 1)
        } else if let body = transfer.takeWholeBody() {
            try self.setWholeBody(body)
        } else if let length = lines.bodyLength {
            try self.set(CURLOPT_UPLOAD, 1)
            try self.check(
                CURLOPT_INFILESIZE_LARGE,
                ccurl_easy_setopt_offset(self.pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(length))
            )
        }
        self.present.method = try self.renew(CURLOPT_CUSTOMREQUEST, from: self.present.method, to: lines.method)
        self.present.target = try self.renew(CURLOPT_REQUEST_TARGET, from: self.present.target, to: lines.target)
        let list = CurlLineList(lines.headerLines)
        self.lines = list
        try self.check(
            CURLOPT_HTTPHEADER,
            ccurl_easy_setopt_list(self.pointer, CURLOPT_HTTPHEADER, list.pointer)
        )
        self.transfer = transfer
    }

    /// Has libcurl send these bytes itself: a small body leaves in one write with the head then, without being asked for.
    ///
    /// libcurl does not copy them before it sends, so their memory is held until ``forgetBody()``.
    private func setWholeBody(_ body: ByteBuffer) throws(OptionError) {
        let (bytes, memory) = body.withUnsafeReadableBytesWithStorageManagement { ($0.baseAddress, $1.retain()) }
        self.body?.release()
        self.body = memory
        try self.set(CURLOPT_POST, 1)
        try self.check(
            CURLOPT_POSTFIELDSIZE_LARGE,
            ccurl_easy_setopt_offset(
                self.pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.readableBytes))
        )
        try self.set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: bytes))
    }

    /// Forgets the request that has ended: no pointer to its transfer, its body or a header line stays behind.
    func clear() throws(OptionError) {
        self.transfer = nil
        try self.check(CURLOPT_HTTPHEADER, ccurl_easy_setopt_list(self.pointer, CURLOPT_HTTPHEADER, nil))
        self.lines = nil
        try self.forgetBody()
    }

    /// Lets go of a whole body, which must have left.
    func forgetBody() throws(OptionError) {
        guard let body = self.body else { return }
        try self.set(CURLOPT_POSTFIELDS, pointer: nil)
        body.release()
        self.body = nil
    }

    /// Has the connection closed at the end of this transfer.
    func forbidReuse() throws(OptionError) {
        try self.setForbidsReuse(true)
    }

    private func setForbidsReuse(_ forbids: Bool) throws(OptionError) {
        guard forbids != self.present.forbidsReuse else { return }
        try self.set(CURLOPT_FORBID_REUSE, forbids ? 1 : 0)
        self.present.forbidsReuse = forbids
    }

    /// Has the raw bytes of the answer's body shown to the debug callback from now on.
    func watchRawBody() throws(OptionError) {
        try self.setWatchesRawBody(true)
    }

    private func setWatchesRawBody(_ watches: Bool) throws(OptionError) {
        guard watches != self.present.watchesRawBody else { return }
        try self.set(CURLOPT_VERBOSE, watches ? 1 : 0)
        self.present.watchesRawBody = watches
    }

    /// Stops and restarts the two directions.
    func pause(receiving: Bool, sending: Bool) -> CURLcode {
        curl_easy_pause(self.pointer, (receiving ? CURLPAUSE_RECV : 0) | (sending ? CURLPAUSE_SEND : 0))
    }

    /// Connections that this transfer has opened; `nil` if libcurl does not say.
    var newConnections: Int? { self.number(CURLINFO_NUM_CONNECTS) }

    /// What libcurl says of the transfer, if it is a number and libcurl says it.
    func number(_ info: CURLINFO) -> Int? {
        var value = 0
        return ccurl_easy_getinfo_long(self.pointer, info, &value) == CURLE_OK ? value : nil
    }

    /// What libcurl says of the transfer, if it is a text and libcurl says it.
    func text(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        guard ccurl_easy_getinfo_string(self.pointer, info, &value) == CURLE_OK else { return nil }
        return value.map { String(cString: $0) }
    }

    /// Bytes of the request's body that have been handed to the socket.
    var uploadedBytes: Int64 {
        var count: curl_off_t = 0
        return ccurl_easy_getinfo_offset(self.pointer, CURLINFO_SIZE_UPLOAD_T, &count) == CURLE_OK ? Int64(count) : 0
    }

    /// libcurl's own words about the error.
    var errorMessage: String { String(cString: self.errorText) }

    func set(_ option: CURLoption, _ value: Int) throws(OptionError) {
        try self.check(option, ccurl_easy_setopt_long(self.pointer, option, value))
    }

    /// A time in libcurl's unit, kept within what it takes: 1 ms to 24 days.
    private static func milliseconds(_ duration: Duration) -> Int {
        Int(max(1, min(duration.nanoseconds / 1_000_000, Int64(Int32.max))))
    }

    /// Sets a text unless it is the present one byte for byte, and gives the one that is the present one then.
    private func renew(
        _ option: CURLoption, from present: String?, to value: String?
    ) throws(OptionError) -> String? {
        let isSame =
            switch (present, value) {
            case (let present?, let value?): present.utf8.elementsEqual(value.utf8)
            case (nil, nil): true
            default: false
            }
        if !isSame { try self.set(option, string: value) }
        return value
    }

    private func set(_ option: CURLoption, string: String?) throws(OptionError) {
        try self.check(option, ccurl_easy_setopt_string(self.pointer, option, string))
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(OptionError) {
        try self.check(option, ccurl_easy_setopt_pointer(self.pointer, option, pointer))
    }

    func check(_ option: CURLoption, _ code: CURLcode) throws(OptionError) {
        if code != CURLE_OK { throw OptionError(option: option.rawValue, code: code) }
    }
}

@available(*, unavailable)
extension CurlEasy: Sendable {}
