// swift-tools-version: 6.2
import PackageDescription

// The floors and rooms of docs/architecture.md. A target names exactly what its row there allows, and
// `make check` holds the imports of the sources against this list.

extension Target.Dependency {
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
    static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
    static let logging = product(name: "Logging", package: "swift-log")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let arguments = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let deque = product(name: "DequeModule", package: "swift-collections")
    static let heap = product(name: "HeapModule", package: "swift-collections")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let x509 = product(name: "X509", package: "swift-certificates")
    static let toml = product(name: "TOMLKit", package: "TOMLKit")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
}

// What scripts/build-info tells of the commit and the time. Git is not asked here: SwiftPM keeps what a manifest came to by
// its text and its environment, and would tell the commit of an earlier build.
let commit = String((Context.environment["KMI_BUILD_COMMIT"] ?? "").prefix { $0.isLetter || $0.isNumber || $0 == "-" })
let time =
    ["KMI_BUILD_TIME", "SOURCE_DATE_EPOCH"].lazy.compactMap { Context.environment[$0] }.compactMap { Int64($0) }.first
    ?? 0

let package = Package(
    name: "kmi",
    products: [
        .executable(name: "kmid", targets: ["Daemon"]),
        .executable(name: "kmictl", targets: ["kmictl"]),
        .executable(name: "kmi-sim", targets: ["Simulator"]),
        .executable(name: "kmi-load", targets: ["LoadGenerator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        // Makes the test authority and its certificates for the simulator.
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        // Reads the subjects of callers' certificates.
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // Floor 0: the system's C libraries.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CDBus", pkgConfig: "dbus-1", providers: [.apt(["libdbus-1-dev"])]),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CThread"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // What the build was told of itself; recompiled alone when that changes.
        .target(
            name: "CBuildInfo",
            cSettings: [
                .define("KMI_BUILD_COMMIT", to: "\"\(commit)\""), .define("KMI_BUILD_TIME", to: "\(max(0, time))"),
            ]
        ),

        // Floor 1: the domain, pure values.
        .target(name: "ProxyCore", dependencies: [.nioCore, .deque, .crypto]),
        // And the reading of TOML, which both programs do.
        .target(name: "TOMLReading", dependencies: [.toml]),
        // And threads for what blocks.
        .target(name: "Threads", dependencies: ["CThread"]),

        // Floor 2: capabilities, which never import one another.
        .target(name: "Metrics"),
        .target(
            name: "ProxyHTTP",
            dependencies: [
                "ProxyCore", .nioCore, .nioPosix, .nioTLS, .nioSSL, .nioHTTP2, .nioHPACK, .asn1, .logging,
            ]
        ),
        .target(
            name: "CurlClient",
            dependencies: ["CCurl", "CEpoll", "ProxyCore", "Threads", .nioCore, .nioPosix, .logging]
        ),
        .target(name: "StateStore", dependencies: ["CSQLite", "ProxyCore", "Threads", .grdb, .grdbSQLite, .logging]),
        .target(name: "DBusKit", dependencies: ["CDBus", "Threads"]),
        .target(name: "SystemSupport", dependencies: ["CSystemd", "ProxyCore", "Threads"]),
        .target(name: "Decompression", dependencies: ["CZlib", "ProxyCore"]),

        // Floor 3: the life of a request, and the control surface.
        .target(name: "Gateway", dependencies: ["ProxyCore", "Metrics", .nioCore, .nioPosix, .logging]),

        .target(name: "DBusControl", dependencies: ["DBusKit", "Threads"]),

        // Floor 4: the programs.
        .executableTarget(
            name: "Daemon",
            dependencies: [
                "ProxyCore", "Metrics", "ProxyHTTP", "CurlClient", "StateStore", "DBusKit", "SystemSupport",
                "Decompression", "Gateway", "DBusControl", "TOMLReading", "CBuildInfo",
                .nioCore, .nioPosix, .logging, .lifecycle, .unixSignals, .arguments, .toml, .crypto, .cryptoExtras,
            ]
        ),
        // TOML for the key files that `kmictl import` reads.
        .executableTarget(
            name: "kmictl", dependencies: ["CBuildInfo", "DBusControl", "TOMLReading", .arguments, .toml]),
        .executableTarget(
            name: "Simulator",
            dependencies: [.nioCore, .nioPosix, .nioHTTP1, .nioTLS, .nioSSL, .arguments, .crypto, .x509, .asn1]
        ),
        // For scripts/bench alone.
        .executableTarget(name: "LoadGenerator", dependencies: ["CEpoll", .arguments, .heap]),

        // Tests.
        .target(name: "TestSupport", dependencies: ["ProxyCore", "DBusKit"], path: "Tests/TestSupport"),
        .testTarget(
            name: "ProxyCoreTests", dependencies: ["ProxyCore", "TestSupport", .nioCore],
            exclude: ["Tokens/Corpus"]
        ),
        .testTarget(name: "TOMLReadingTests", dependencies: ["TOMLReading", .toml]),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics", "TestSupport"]),
        .testTarget(
            name: "ProxyHTTPTests",
            dependencies: [
                "ProxyHTTP", "ProxyCore", "TestSupport", .nioCore, .nioPosix, .nioHTTP1, .nioEmbedded, .nioTLS, .nioSSL,
                .nioHTTP2, .nioHPACK, .x509, .asn1, .crypto, .logging,
            ]
        ),
        .testTarget(
            name: "CurlClientTests",
            dependencies: [
                "CurlClient", "CCurl", "CEpoll", "ProxyCore", "TestSupport", .nioCore, .nioPosix, .nioSSL, .logging,
            ]
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "Metrics", "ProxyCore", "TestSupport", .nioCore, .nioPosix, .nioEmbedded, .logging,
            ]
        ),
        .testTarget(
            name: "StateStoreTests", dependencies: ["StateStore", "ProxyCore", "TestSupport", .grdb, .logging]),
        .testTarget(name: "DecompressionTests", dependencies: ["Decompression", "CZlib", "ProxyCore"]),
        .testTarget(name: "SystemSupportTests", dependencies: ["SystemSupport", "ProxyCore", "TestSupport"]),
        .testTarget(name: "DBusKitTests", dependencies: ["DBusKit", "TestSupport"]),
        .testTarget(name: "DBusControlTests", dependencies: ["DBusControl", "DBusKit", "TestSupport"]),
        .testTarget(
            name: "kmictlTests", dependencies: ["kmictl", "DBusControl", "TestSupport", .arguments],
            exclude: ["Snapshots/Expected"]
        ),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "DBusControl", "DBusKit", "StateStore", "Gateway", "Metrics", "ProxyCore", "SystemSupport",
                "TestSupport",
                .logging, .nioPosix, .crypto,
            ],
            exclude: ["SecretService/Vectors"]
        ),
        .testTarget(
            name: "SimulatorTests",
            dependencies: ["Simulator", "TestSupport", .nioCore, .nioPosix, .nioHTTP1, .nioSSL]
        ),
        .testTarget(name: "LoadGeneratorTests", dependencies: ["LoadGenerator"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "Daemon", "kmictl", "Simulator", "DBusControl", "DBusKit", "StateStore", "ProxyCore", "TestSupport",
                .nioCore,
                .nioPosix, .logging,
            ]
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// The linker of the toolchain, which can do what scripts/build-release asks of it for the program that stays in memory. For those
// that run briefly the default is better: it leaves out more of what Swift marks to be kept, through which each start looks.
for target in package.targets where target.name == "Daemon" {
    target.linkerSettings = [.unsafeFlags(["-use-ld=lld"], .when(configuration: .release))]
}

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
}
