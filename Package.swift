// swift-tools-version: 6.2
// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("ImmutableWeakCaptures"),  // SE-0481
    .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .treatAllWarnings(as: .error),
    .treatWarning("ExplicitSendable", as: .error),
]

/// One folder of `Sources`; a tier imports only the tiers before it.
enum Tier: String {
    case storage = "Storage"
    case registry = "Registry"
    case platform = "Platform"

    func library(_ name: String, _ needs: [Target.Dependency] = []) -> Target {
        .target(name: name, dependencies: needs, path: "Sources/\(rawValue)/\(name)", swiftSettings: common)
    }

    func test(_ name: String, _ needs: [Target.Dependency], resources: [Resource] = []) -> Target {
        .testTarget(
            name: name,
            dependencies: needs,
            path: "Tests/\(rawValue)/\(name)",
            resources: resources,
            swiftSettings: common,
        )
    }
}

func system(_ name: String, package: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Storage/\(name)", pkgConfig: package, providers: [.apt([apt])])
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// Each target may import only targets above it: the order here is the architecture.
let storage: [Target] = [
    system("CZstd", package: "libzstd", apt: "libzstd-dev"),
    system("CXXHash", package: "libxxhash", apt: "libxxhash-dev"),
    system("COpenSSL", package: "libcrypto", apt: "libssl-dev"),
    // Not a system library target, because it adds a logger that the C API can't make. Debian: librocksdb-dev.
    .target(
        name: "CRocksDB",
        path: "Sources/Storage/CRocksDB",
        cxxSettings: [.unsafeFlags(["-std=c++17"])],
        linkerSettings: [.linkedLibrary("rocksdb")],
    ),
    .target(name: "CStorageShims", path: "Sources/Storage/CStorageShims", cSettings: [.unsafeFlags(["-O3"])]),
    Tier.storage.library("StorageTypes", [nioCore]),
    Tier.storage.library("Checksums", ["CStorageShims", "COpenSSL", "CXXHash", "StorageTypes"]),
    Tier.storage.library("ChunkFormat", ["StorageTypes", "Checksums"]),
    Tier.storage.library("FileStore", ["CStorageShims", "StorageTypes"]),
    Tier.storage.library("MetadataStore", ["CRocksDB", "StorageTypes", "Checksums"]),
    Tier.storage.library(
        "ChunkEngine",
        [
            "CStorageShims", "CZstd", "StorageTypes", "Checksums", "ChunkFormat", "FileStore", "MetadataStore", nioCore,
            nioPosix,
        ],
    ),
    Tier.storage.library(
        "ObjectStore",
        ["StorageTypes", "Checksums", "ChunkFormat", "FileStore", "MetadataStore", "ChunkEngine", nioCore],
    ),
    // What Benchmarks, a package of its own, may measure; nothing of the product imports it.
    Tier.storage.library(
        "BenchmarkDoor",
        ["CStorageShims", "StorageTypes", "Checksums", "ChunkFormat", "MetadataStore", "ChunkEngine"],
    ),
    Tier.storage.library("HTTPServer", ["StorageTypes", nioCore, nioPosix, nioSSL, logging]),
    Tier.storage.library("S3Protocol", ["StorageTypes", "Checksums", nioCore]),
    Tier.storage.library("S3Server", ["StorageTypes", "Checksums", "HTTPServer", "S3Protocol", nioCore, logging]),
]

let registry: [Target] = [
    Tier.registry.library("OCIModel", ["StorageTypes"]),
    Tier.registry.library("RegistryStore", ["StorageTypes", "Checksums", "OCIModel", nioCore]),
    Tier.registry.library(
        "RegistryServer",
        ["StorageTypes", "HTTPServer", "OCIModel", "RegistryStore", nioCore, logging]
    ),
]

let platform: [Target] = [
    Tier.platform.library(
        "PlatformKit",
        ["StorageTypes", "Checksums", "HTTPServer", nioCore, configuration, logging, yams]
    ),
    .executableTarget(
        name: "drydock",
        dependencies: [
            "PlatformKit", "StorageTypes", "FileStore", "MetadataStore", "ChunkEngine", "ObjectStore", "HTTPServer",
            "S3Protocol", "S3Server", "RegistryStore", "RegistryServer", nioCore, nioPosix, nioSSL, logging, lifecycle,
            signals, configuration, arguments,
        ],
        path: "Sources/Platform/drydock",
        swiftSettings: common,
        // Relocations packed: unpacked they are 2.5 MB that each start reads and that stay resident.
        linkerSettings: [
            .unsafeFlags(
                ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
                .when(platforms: [.linux])
            )
        ],
    ),
]

let tests: [Target] = [
    .target(
        name: "StorageTestSupport",
        dependencies: ["StorageTypes", "FileStore", "MetadataStore", nioCore],
        path: "Tests/Support/StorageTestSupport",
        swiftSettings: common,
    ),
    .target(
        name: "SimulationKit",
        dependencies: [
            "ObjectStore", "ChunkEngine", "Checksums", "StorageTypes", "FileStore", "MetadataStore",
            "StorageTestSupport", nioCore,
        ],
        path: "Tests/Support/SimulationKit",
        swiftSettings: common,
    ),
    // No product: `make simulate` builds and runs it.
    .executableTarget(
        name: "drydock-simulate",
        dependencies: ["SimulationKit", arguments],
        path: "Tests/Support/drydock-simulate",
        swiftSettings: common,
    ),
    Tier.storage.test("StorageTypesTests", ["StorageTypes"]),
    Tier.storage.test("ChecksumsTests", ["Checksums", "CStorageShims", "StorageTypes"]),
    Tier.storage.test("ChunkFormatTests", ["ChunkFormat", "StorageTypes", "Checksums"], resources: [.copy("Golden")]),
    Tier.storage.test("FileStoreTests", ["FileStore", "StorageTypes", "StorageTestSupport", nioCore]),
    Tier.storage.test("MetadataStoreTests", ["MetadataStore", "StorageTestSupport", "FileStore"]),
    Tier.storage.test(
        "ChunkEngineTests",
        [
            "ChunkEngine", "ChunkFormat", "Checksums", "CStorageShims", "StorageTypes", "FileStore", "MetadataStore",
            "StorageTestSupport", nioCore,
        ],
    ),
    Tier.storage.test(
        "ObjectStoreTests",
        [
            "ObjectStore", "ChunkEngine", "ChunkFormat", "Checksums", "StorageTypes", "FileStore", "MetadataStore",
            "StorageTestSupport", nioCore,
        ],
        resources: [.copy("Golden")],
    ),
    Tier.storage.test("SimulationTests", ["SimulationKit"]),
    Tier.storage.test("HTTPServerTests", ["HTTPServer", "StorageTypes", nioCore, nioPosix, nioSSL, logging]),
    Tier.storage.test("S3ProtocolTests", ["S3Protocol", "StorageTypes", "Checksums", nioCore]),
    Tier.storage.test(
        "S3ServerTests",
        [
            "S3Server", "S3Protocol", "HTTPServer", "StorageTypes", "Checksums", "FileStore", "MetadataStore",
            "ObjectStore",
            "ChunkEngine", "StorageTestSupport", nioCore, nioPosix, logging,
        ],
    ),
    Tier.registry.test("OCIModelTests", ["OCIModel", "StorageTypes"]),
    Tier.registry.test(
        "RegistryServerTests",
        [
            "RegistryServer", "RegistryStore", "OCIModel", "HTTPServer", "StorageTypes", "ObjectStore", "ChunkEngine",
            "StorageTestSupport", nioCore, nioPosix, logging,
        ],
    ),
    Tier.platform.test("PlatformKitTests", ["PlatformKit", "HTTPServer", "StorageTypes", configuration, logging]),
    .testTarget(name: "TidyTests", path: "Tests/Tidy", swiftSettings: common),
]

let package = Package(
    name: "drydock",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "drydock", targets: ["drydock"]),
        .library(name: "BenchmarkDoor", targets: ["BenchmarkDoor"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(
            url: "https://github.com/apple/swift-configuration",
            from: "1.4.0",
            traits: [],
        ),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: storage + registry + platform + tests,
)
