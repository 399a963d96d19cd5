import CCurl
import Glibc

/// A list of lines for libcurl, which only reads it: the owner of its memory, one block for the texts and one for the
/// links between them.
final class CurlLineList {
    private let text: UnsafeMutableBufferPointer<CChar>
    private let links: UnsafeMutableBufferPointer<curl_slist>

    /// The first line; `nil` if there is none.
    var pointer: UnsafeMutablePointer<curl_slist>? { self.links.isEmpty ? nil : self.links.baseAddress }

    /// Copies the lines, each of which ends with a NUL.
    init(_ lines: [UInt8]) {
        self.text = .allocate(capacity: lines.count)
        _ = self.text.initialize(from: lines.lazy.map { CChar(bitPattern: $0) })
        self.links = .allocate(capacity: lines.count { $0 == 0 })
        var start = 0
        for index in self.links.indices {
            self.links.initializeElement(
                at: index, to: curl_slist(data: self.text.baseAddress.map { $0 + start }, next: nil))
            if index > 0 { self.links[index - 1].next = self.links.baseAddress.map { $0 + index } }
            while self.text[start] != 0 { start += 1 }
            start += 1
        }
    }

    /// One of the lines holds a provider's key: they are zeroed before they are freed.
    deinit {
        if let start = self.text.baseAddress { explicit_bzero(start, self.text.count) }
        self.text.deallocate()
        self.links.deallocate()
    }
}

@available(*, unavailable)
extension CurlLineList: Sendable {}
