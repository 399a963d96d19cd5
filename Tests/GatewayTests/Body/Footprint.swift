import Foundation
import NIOCore

@testable import Gateway

/// How much memory a body takes beyond the part that is meant to be there.
enum Footprint {
    /// The storage of the bytes that wait for the file. Looked up by reflection, since nothing else needs to know it.
    static func waiting(of body: KeptBody) -> Int {
        for child in Mirror(reflecting: body).children where child.label == "waiting" {
            if let buffer = child.value as? ByteBuffer { return buffer.capacity }
        }
        return .max
    }
}

/// The names in a directory.
enum FileListing {
    static func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory)
    }
}
