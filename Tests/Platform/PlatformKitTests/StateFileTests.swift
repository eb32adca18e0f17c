// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PlatformKit
import StorageTypes
import Testing

/// A directory of its own for each test, removed at the end.
final class ScratchDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "drydock-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct StateFileTests {
    @Test func `the root credential is made once and kept private`() throws {
        let directory = try ScratchDirectory()
        #expect(try RootCredential.load(in: directory.path) == nil)
        let credential = RootCredential.generate(random: SystemRandomSource())
        #expect(credential.accessKey.count == 20 && credential.secretKey.count == 40)
        try credential.save(in: directory.path)
        #expect(try RootCredential.load(in: directory.path) == credential)
        let attributes = try FileManager.default.attributesOfItem(atPath: RootCredential.path(in: directory.path))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a flipped bit in a credential is no other credential`() throws {
        let directory = try ScratchDirectory()
        let credential = RootCredential.generate(random: SystemRandomSource())
        try credential.save(in: directory.path)
        let path = RootCredential.path(in: directory.path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for bit in 0..<whole.count * 8 {
            var damaged = whole
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try damaged.write(to: URL(fileURLWithPath: path))
            // In the name of the checksum, which a file need not have, it is of no account.
            let loaded = try? RootCredential.load(in: directory.path)
            #expect(loaded == nil || loaded == credential, "bit \(bit)")
        }
    }

    @Test func `a credential file that somebody wrote needs no checksum`() throws {
        let directory = try ScratchDirectory()
        let text = "{\"accessKey\": \"ada\", \"secretKey\": \"correct horse\"}"
        try text.write(toFile: RootCredential.path(in: directory.path), atomically: false, encoding: .utf8)
        #expect(
            try RootCredential.load(in: directory.path)
                == RootCredential(accessKey: "ada", secretKey: "correct horse")
        )
    }

    @Test func `a credential never shows its secret`() {
        struct Holder { let credential: RootCredential? }
        let credential = RootCredential(accessKey: "ada", secretKey: "correct horse")
        for text in [
            "\(credential)", String(reflecting: credential), "\(Holder(credential: credential))",
            String(reflecting: Holder(credential: credential)),
        ] {
            #expect(text.contains("ada") && !text.contains("correct horse"), "\(text)")
        }
    }

    @Test(arguments: [
        "", "{}", "{\"accessKey\": 1}", "not json", "{\"accessKey\": \"\", \"secretKey\": \"\"}",
        "{\"accessKey\": \"root\", \"secretKey\": \"short\"}",
    ])
    func `a damaged credential file is refused and not replaced`(text: String) throws {
        let directory = try ScratchDirectory()
        let path = RootCredential.path(in: directory.path)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(throws: ConfigurationProblem.self) {
            try RootCredential.load(in: directory.path)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test func `the ports file is written below a directory that was not there`() throws {
        let directory = try ScratchDirectory()
        let ports = PortsFile(pid: 42, bind: "127.0.0.1", s3: 1, registry: nil, admin: 3)
        try ports.write(in: directory.path)
        #expect(try PortsFile.read(in: directory.path) == ports)
        PortsFile.remove(in: directory.path)
        #expect(try PortsFile.read(in: directory.path) == nil)
    }

    @Test func `a file in an unwritable place is a sentence with the path`() throws {
        let failure = #expect(throws: DurableFile.Failure.self) {
            try DurableFile.write(Data("x".utf8), to: "/proc/none/file", mode: 0o600)
        }
        #expect(failure?.description.contains("/proc/none/file") == true)
    }
}
