// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// The architecture: which target may import which (`Package.swift` says the same; this catches a loosened manifest).
@Suite struct ImportTests {
    /// In the order of the ladder: a target sees those listed for it and nothing else of ours.
    static let allowed: [String: Set<String>] = [
        "Storage/StorageTypes": [],
        "Storage/Checksums": ["CStorageShims", "COpenSSL", "CXXHash", "StorageTypes"],
        "Storage/ChunkFormat": ["StorageTypes", "Checksums"],
        "Storage/FileStore": ["CStorageShims", "StorageTypes"],
        "Storage/MetadataStore": ["CRocksDB", "StorageTypes", "Checksums"],
        "Storage/ChunkEngine": [
            "CStorageShims", "CZstd", "StorageTypes", "Checksums", "ChunkFormat", "FileStore", "MetadataStore",
        ],
        "Storage/ObjectStore": [
            "StorageTypes", "Checksums", "ChunkFormat", "FileStore", "MetadataStore", "ChunkEngine",
        ],
        "Storage/BenchmarkDoor": [
            "CStorageShims", "StorageTypes", "Checksums", "ChunkFormat", "MetadataStore", "ChunkEngine",
        ],
        "Storage/HTTPServer": ["StorageTypes"],
        "Storage/S3Protocol": ["StorageTypes", "Checksums"],
        "Storage/S3Server": ["StorageTypes", "Checksums", "HTTPServer", "S3Protocol"],
        "Registry/OCIModel": ["StorageTypes"],
        "Registry/RegistryStore": ["StorageTypes", "Checksums", "OCIModel"],
        "Registry/RegistryServer": ["StorageTypes", "Checksums", "HTTPServer", "OCIModel", "RegistryStore"],
        "Platform/PlatformKit": ["StorageTypes", "Checksums", "HTTPServer"],
        "Platform/drydock": [
            "PlatformKit", "StorageTypes", "FileStore", "MetadataStore", "ChunkEngine", "ObjectStore", "HTTPServer",
            "S3Protocol", "S3Server", "RegistryStore", "RegistryServer",
        ],
        "Support/StorageTestSupport": ["StorageTypes", "FileStore", "MetadataStore"],
        "Support/SimulationKit": [
            "StorageTypes", "Checksums", "FileStore", "MetadataStore", "ChunkEngine", "ObjectStore",
            "StorageTestSupport",
        ],
        "Support/drydock-simulate": ["SimulationKit"],
    ]

    /// Modules of others, by tier.
    static let outside: [String: Set<String>] = [
        "Storage": [
            "NIOCore", "NIOPosix", "NIOSSL", "NIOConcurrencyHelpers", "Logging", "Glibc", "Synchronization",
        ],
        "Registry": ["NIOCore", "Logging", "Synchronization", "Glibc"],
        "Support": ["NIOCore", "Glibc", "Synchronization", "ArgumentParser"],
        "Platform": [
            "NIOCore", "NIOPosix", "NIOSSL", "Logging", "Glibc", "Synchronization", "ServiceLifecycle", "UnixSignals",
            "Configuration", "ArgumentParser", "Yams", "FoundationEssentials",
        ],
    ]

    @Test(arguments: ["Sources", "Tests/Support"])
    func `each import is one that the architecture allows`(_ folder: String) {
        var findings: [SourceTree.Finding] = []
        for file in SourceTree.swiftFiles(below: folder) {
            let tier = String(file.target.split(separator: "/").first ?? "")
            guard let ours = Self.allowed[file.target], let others = Self.outside[tier] else {
                findings.append(
                    .init(path: file.path, line: 1, advice: "target \(file.target) is not in the import table")
                )
                continue
            }
            for (index, line) in file.lines.enumerated() {
                guard let module = Self.importedModule(line) else { continue }
                if !ours.contains(module) && !others.contains(module) {
                    findings.append(
                        .init(
                            path: file.path,
                            line: index + 1,
                            advice: "\(file.target) may not import \(module); see the ladder in design"
                        )
                    )
                }
            }
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    static func importedModule(_ line: String) -> String? {
        var words = line.split(separator: " ").map(String.init)
        if let first = words.first,
            ["package", "public", "internal", "private", "fileprivate", "@_spi(Benchmarks)"].contains(first)
        {
            words.removeFirst()
        }
        guard words.first == "import", words.count >= 2 else { return nil }
        return words[1].split(separator: ".").first.map(String.init)
    }

    @Test func `an import line is read whatever its access level`() {
        #expect(Self.importedModule("package import NIOCore") == "NIOCore")
        #expect(Self.importedModule("import Glibc") == "Glibc")
        #expect(Self.importedModule("// import Glibc") == nil)
        #expect(Self.importedModule("let importance = 1") == nil)
    }
}
