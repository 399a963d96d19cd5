import CCurl

/// One multi handle of libcurl and its only owner.
///
/// It has no thread of its own but belongs to one event loop.
final class CurlMulti {
    private let pointer: UnsafeMutableRawPointer

    /// Makes a multi handle.
    init(maximumConnections: Int) throws(CurlClientError) {
        guard let pointer = curl_multi_init() else {
            throw CurlClientError(code: .library, message: "curl_multi_init failed")
        }
        self.pointer = pointer
        try self.set(CURLMOPT_MAX_TOTAL_CONNECTIONS, maximumConnections)
        try self.set(CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    deinit {
        curl_multi_cleanup(self.pointer)
    }

    /// Names the engine that hears of sockets and timers.
    ///
    /// It is not retained, because it owns this object and lets go of it before it ends itself.
    func connect(to engine: CurlEngine) throws(CurlClientError) {
        let data = Unmanaged.passUnretained(engine).toOpaque()
        try self.check(ccurl_multi_setopt_socket(self.pointer, CURLMOPT_SOCKETFUNCTION, Self.onSocket))
        try self.check(ccurl_multi_setopt_pointer(self.pointer, CURLMOPT_SOCKETDATA, data))
        try self.check(ccurl_multi_setopt_timer(self.pointer, CURLMOPT_TIMERFUNCTION, Self.onTimer))
        try self.check(ccurl_multi_setopt_pointer(self.pointer, CURLMOPT_TIMERDATA, data))
    }

    /// Sets how many connections may be in the cache, those in use included.
    func setConnectionCacheSize(_ count: Int) throws(CurlClientError) {
        try self.set(CURLMOPT_MAXCONNECTS, count)
    }

    /// Takes a handle in; its transfer begins with the next action.
    func add(_ easy: CurlEasy) -> CURLMcode {
        curl_multi_add_handle(self.pointer, easy.pointer)
    }

    /// Takes a handle out, whatever state its transfer is in.
    func remove(_ easy: CurlEasy) -> CURLMcode {
        curl_multi_remove_handle(self.pointer, easy.pointer)
    }

    /// Lets libcurl act on a socket that is ready.
    func act(on socket: curl_socket_t, events: Int32) -> CURLMcode {
        var running: Int32 = 0
        return curl_multi_socket_action(self.pointer, socket, events, &running)
    }

    /// Lets libcurl act on the timers that have run out.
    func actOnTimers() -> CURLMcode {
        var running: Int32 = 0
        return curl_multi_socket_action(self.pointer, ccurl_bad_socket(), 0, &running)
    }

    /// The next transfer that has ended: the handle's address and the result.
    func nextFinished() -> (easy: UnsafeMutableRawPointer, result: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(self.pointer, &left) {
            if message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle {
                return (easy, ccurl_message_result(message))
            }
        }
        return nil
    }

    private func set(_ option: CURLMoption, _ value: Int) throws(CurlClientError) {
        try self.check(ccurl_multi_setopt_long(self.pointer, option, value))
    }

    private func check(_ code: CURLMcode) throws(CurlClientError) {
        if code != CURLM_OK { throw CurlClientError(code: .library, message: CurlLibrary.text(of: code)) }
    }

    private static let onSocket: curl_socket_callback = { easy, descriptor, interest, data, _ in
        guard let data else { return -1 }
        Unmanaged<CurlEngine>.fromOpaque(data).takeUnretainedValue()
            .socketChanged(descriptor, interest: interest, easy: easy)
        return 0
    }

    private static let onTimer: curl_multi_timer_callback = { _, milliseconds, data in
        guard let data else { return -1 }
        Unmanaged<CurlEngine>.fromOpaque(data).takeUnretainedValue().timerChanged(milliseconds: milliseconds)
        return 0
    }
}

@available(*, unavailable)
extension CurlMulti: Sendable {}
