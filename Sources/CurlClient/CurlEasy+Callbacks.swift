import CCurl
import Glibc

// The edge between libcurl and Swift. Each callback finds its object behind the user data and forwards at once.
//
// Lifetimes: the user data of a transfer's callbacks is an unretained pointer to the handle's owner. It is valid because
// the engine keeps every transfer, and with it the handle, from before the handle enters the multi handle until after it
// has left it, and libcurl calls none of these callbacks outside that time. Closing a socket is the exception, since
// connections outlive transfers: its user data is the engine, which lives until the multi handle, and with it every
// connection, is gone.

extension CurlEasy {
    /// Sets the callbacks, which are the same for all requests.
    func setCallbacks(engine: CurlEngine) throws(OptionError) {
        let handle = self.pointer
        try self.check(CURLOPT_WRITEFUNCTION, ccurl_easy_setopt_write(handle, CURLOPT_WRITEFUNCTION, Self.onBody))
        try self.check(CURLOPT_HEADERFUNCTION, ccurl_easy_setopt_write(handle, CURLOPT_HEADERFUNCTION, Self.onHeader))
        try self.check(CURLOPT_READFUNCTION, ccurl_easy_setopt_read(handle, CURLOPT_READFUNCTION, Self.onUpload))
        try self.check(CURLOPT_SEEKFUNCTION, ccurl_easy_setopt_seek(handle, CURLOPT_SEEKFUNCTION, Self.onSeek))
        try self.check(
            CURLOPT_PREREQFUNCTION,
            ccurl_easy_setopt_prerequest(handle, CURLOPT_PREREQFUNCTION, Self.onRequestStart)
        )
        try self.check(CURLOPT_DEBUGFUNCTION, ccurl_easy_setopt_debug(handle, CURLOPT_DEBUGFUNCTION, Self.onDebug))
        try self.check(
            CURLOPT_OPENSOCKETFUNCTION,
            ccurl_easy_setopt_open_socket(handle, CURLOPT_OPENSOCKETFUNCTION, Self.onOpenSocket)
        )
        try self.check(
            CURLOPT_CLOSESOCKETFUNCTION,
            ccurl_easy_setopt_close_socket(handle, CURLOPT_CLOSESOCKETFUNCTION, Self.onCloseSocket)
        )
        try self.set(CURLOPT_CLOSESOCKETDATA, pointer: Unmanaged.passUnretained(engine).toOpaque())
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_PREREQDATA, CURLOPT_DEBUGDATA,
            CURLOPT_OPENSOCKETDATA,
        ] {
            try self.set(option, pointer: Unmanaged.passUnretained(self).toOpaque())
        }
    }

    private static func transfer(_ data: UnsafeMutableRawPointer?) -> CurlTransfer? {
        data.flatMap { Unmanaged<CurlEasy>.fromOpaque($0).takeUnretainedValue().transfer }
    }

    private static let onBody: curl_write_callback = { bytes, size, count, data in
        guard let bytes, let transfer = CurlEasy.transfer(data) else { return 0 }
        return transfer.received(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
    }

    private static let onHeader: curl_write_callback = { bytes, size, count, data in
        guard let bytes, let transfer = CurlEasy.transfer(data) else { return 0 }
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        // Anything but the number of bytes ends the transfer and its connection.
        return transfer.received(headerLine: line) ? line.count : (line.isEmpty ? 1 : 0)
    }

    private static let onUpload: curl_read_callback = { space, size, count, data in
        guard let space, let transfer = CurlEasy.transfer(data) else { return Int(CURL_READFUNC_ABORT) }
        return transfer.fill(UnsafeMutableRawBufferPointer(start: space, count: size * count))
    }

    // A body in pieces cannot be sent twice; a request with a whole one is stopped where it would begin again.
    private static let onSeek: curl_seek_callback = { _, _, _ in CURL_SEEKFUNC_FAIL }

    private static let onRequestStart: curl_prereq_callback = { data, _, _, _, _ in
        guard let transfer = CurlEasy.transfer(data) else { return CURL_PREREQFUNC_ABORT }
        return transfer.requestStarts() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    private static let onDebug: curl_debug_callback = { _, kind, bytes, count, data in
        if kind == CURLINFO_DATA_IN, let bytes, let transfer = CurlEasy.transfer(data) {
            transfer.received(rawBody: UnsafeRawBufferPointer(start: bytes, count: count))
        }
        return 0
    }

    private static let onOpenSocket: curl_opensocket_callback = { data, _, address in
        guard let address, let transfer = CurlEasy.transfer(data), transfer.mayConnect() else {
            return ccurl_bad_socket()
        }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.family, kind, address.pointee.protocol)
        if descriptor >= 0 { transfer.opened(socket: descriptor) }
        return descriptor
    }

    private static let onCloseSocket: curl_closesocket_callback = { data, descriptor in
        if let data {
            Unmanaged<CurlEngine>.fromOpaque(data).takeUnretainedValue().sockets.closed(descriptor)
        }
        return close(descriptor)
    }
}
