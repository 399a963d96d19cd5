import CCurl

/// libcurl as a whole: started once per process and never stopped, because other parts of the process may use it too.
enum CurlLibrary {
    /// The result of starting libcurl; a `static let` is initialised once, whichever thread asks first.
    private static let startResult: CURLcode = curl_global_init(Int(CURL_GLOBAL_ALL))

    /// Starts libcurl if that has not happened yet.
    static func start() throws(CurlClientError) {
        guard self.startResult == CURLE_OK else {
            throw CurlClientError(code: .library, message: "curl_global_init: \(self.text(of: self.startResult))")
        }
        // The raw prerequest callback, QUICK_EXIT and PROTOCOLS_STR need 7.87.
        guard let information = ccurl_version_info(), information.pointee.version_num >= 0x07_5700 else {
            throw CurlClientError(code: .library, message: "libcurl is older than 7.87: \(self.version)")
        }
    }

    /// The versions of libcurl and its TLS library, such as `libcurl/7.88.1 OpenSSL/3.0.19`.
    static var version: String {
        guard let information = ccurl_version_info() else { return "libcurl" }
        let number = information.pointee.version.map { String(cString: $0) } ?? "unknown"
        let tls = information.pointee.ssl_version.map { String(cString: $0) } ?? "no TLS"
        return "libcurl/\(number) \(tls)"
    }

    /// libcurl's text for a result code.
    static func text(of code: CURLcode) -> String {
        String(cString: curl_easy_strerror(code))
    }

    /// libcurl's text for a result code of the multi interface.
    static func text(of code: CURLMcode) -> String {
        String(cString: curl_multi_strerror(code))
    }
}
