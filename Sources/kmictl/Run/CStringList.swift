import Glibc

/// Texts as a C array of C strings that ends with a null pointer; zeroed afterwards, since one may be a token.
enum CStringList {
    /// Lends the array.
    static func with<Value>(
        _ texts: [[UInt8]], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for (position, text) in texts.enumerated() {
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: text.count + 1)
            for (offset, byte) in text.enumerated() { (bytes + offset).initialize(to: CChar(bitPattern: byte)) }
            (bytes + text.count).initialize(to: 0)
            (list + position).initialize(to: bytes)
        }
        (list + texts.count).initialize(to: nil)
        defer {
            for (position, text) in texts.enumerated() {
                guard let bytes = list[position] else { continue }
                explicit_bzero(bytes, text.count)
                bytes.deallocate()
            }
            list.deallocate()
        }
        return body(list)
    }
}
