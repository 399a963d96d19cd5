import Glibc

/// What is fuzzed: one input of bytes goes in, and a broken promise ends the process.
///
/// The fuzzer gives no selector byte, so that files of real streams and bodies are inputs as they are; how an input is cut
/// into pieces follows from its bytes.
enum Fuzzing {
    /// The targets by name.
    static let targets: [String: @Sendable (UnsafeRawBufferPointer) -> Void] = [
        "events": EventsTarget.run, "relay": RelayTarget.run, "errors": ErrorsTarget.run,
        "requests": RequestsTarget.run,
        "usage": UsageTarget.run, "http": HTTPTarget.run, "callers": CallersTarget.run, "answers": AnswersTarget.run,
        "configuration": ConfigurationTarget.run, "keyfiles": KeyFilesTarget.run,
    ]

    /// The target that the variable `KMI_FUZZ_TARGET` names.
    static let chosen: @Sendable (UnsafeRawBufferPointer) -> Void = {
        let name = getenv("KMI_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = Self.targets[name] else {
            Self.fail("KMI_FUZZ_TARGET is '\(name)': expected one of \(Self.targets.keys.sorted())")
        }
        return target
    }()

    /// Ends the process, so that the fuzzer keeps the input.
    static func fail(_ message: String) -> Never {
        let line = Array("promise broken: \(message)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        abort()
    }

    /// Fails unless a promise is kept.
    static func check(_ isKept: Bool, _ message: @autoclosure () -> String) {
        if !isKept { self.fail(message()) }
    }

    /// Ways to cut an input into pieces: byte by byte, and two that depend on its bytes.
    static func cuts(of bytes: UnsafeRawBufferPointer) -> [Cuts] {
        // FNV-1a (Fowler, Noll, Vo).
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return [Cuts(state: 0, longest: 1), Cuts(state: hash, longest: 7), Cuts(state: hash &+ 1, longest: 61)]
    }
}

/// Lengths of pieces.
struct Cuts {
    var state: UInt64
    var longest: Int

    /// The pieces of an input; an empty one has none.
    mutating func pieces(of bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        var pieces: [UnsafeRawBufferPointer] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + self.next())
            pieces.append(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
        return pieces
    }

    private mutating func next() -> Int {
        guard self.longest > 1 else { return 1 }
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return 1 + Int((mixed ^ (mixed >> 31)) % UInt64(self.longest))
    }
}

/// The entry that libFuzzer calls (LLVM, "libFuzzer – a library for coverage-guided fuzz testing").
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    Fuzzing.chosen(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}

/// Writes the hostile inputs of the tests into the folder that `KMI_FUZZ_WRITE_SEEDS` names, a file each, before anything
/// is fuzzed.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<Int32>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> Int32 {
    guard let folder = getenv("KMI_FUZZ_WRITE_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (number, input) in HostileInput.all.enumerated() where input.bytes.count <= 8192 {
        guard let file = fopen("\(folder)/\(number)", "w") else { Fuzzing.fail("cannot write to \(folder)") }
        input.bytes.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
    }
    exit(0)
}
