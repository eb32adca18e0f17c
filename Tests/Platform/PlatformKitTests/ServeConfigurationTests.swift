// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PlatformKit
import Testing

@Suite struct ServeConfigurationTests {
    func load(
        flags: [String: String] = [:],
        environment: [String: String] = [:],
        file: String? = nil,
        isRoot: Bool = false
    ) throws -> ServeConfiguration {
        try ServeConfiguration.load(flags: flags, environment: environment, fileText: file, isRoot: isRoot)
    }

    @Test func `defaults are those of the contract`() throws {
        let result = try load(environment: ["HOME": "/home/ada"])
        #expect(result.dataDirectory == "/home/ada/.local/share/drydock")
        #expect(result.s3Port == 9000 && result.registryPort == 5000 && result.adminPort == 9090)
        #expect(result.bindAddress == "127.0.0.1")
        #expect(result.roles == [.storage, .registry])
        #expect(result.tls == nil && result.rootCredential == nil && result.logFormat == nil)
        #expect(result.logLevel == .info)
    }

    @Test func `a misspelt variable is told`() {
        let environment = ["DRYDOCK_S3PORT": "1", "DRYDOCK_S3_PORT": "2", "DRYDOCK_CONFIG": "/x", "HOME": "/"]
        #expect(ServeConfiguration.unknownVariables(environment) == ["DRYDOCK_S3PORT"])
    }

    @Test func `root keeps its data in the system's place`() throws {
        #expect(try load(isRoot: true).dataDirectory == "/var/lib/drydock")
        #expect(try load(environment: ["XDG_DATA_HOME": "/x"]).dataDirectory == "/x/drydock")
    }

    @Test func `a flag beats the environment, which beats the file`() throws {
        let file = "s3-port: 1111\nregistry-port: 1112\nadmin-port: 1113\n"
        let environment = ["DRYDOCK_S3_PORT": "2221", "DRYDOCK_REGISTRY_PORT": "2222"]
        let result = try load(flags: ["s3-port": "3331"], environment: environment, file: file)
        #expect(result.s3Port == 3331)
        #expect(result.registryPort == 2222)
        #expect(result.adminPort == 1113)
    }

    @Test func `the file may list values and may be empty`() throws {
        #expect(
            try load(file: "roles: [storage]\ndomains:\n  - s3.local\n  - s3.lan\n").domains == ["s3.local", "s3.lan"]
        )
        #expect(try load(file: "").s3Port == 9000)
        #expect(try load(file: "# nothing\n").s3Port == 9000)
    }

    @Test(arguments: [
        (["s3-port": "abc"], "s3-port is 'abc'"),
        (["s3-port": "65536"], "from 0 to 65535"),
        (["roles": "storage,database"], "role 'database' is not part of this version"),
        (["roles": ","], "roles is ','"),
        (["data": "relative"], "an absolute path"),
        (["tls-certificate": "/c.pem"], "tls-certificate needs tls-key"),
        (["root-access-key": "abc"], "root-access-key needs root-secret-key"),
        (["root-access-key": "abc", "root-secret-key": "short"], "8 to 128"),
        (["root-access-key": "a/b", "root-secret-key": "longenough"], "root-access-key must be"),
        (["log-level": "loud"], "log-level is 'loud'"),
        (["log-format": "xml"], "text or json"),
        (["region": "EU West"], "a region name"),
    ])
    func `a bad value is refused with a sentence that names it`(flags: [String: String], sentence: String) {
        let problem = #expect(throws: ConfigurationProblem.self) { try load(flags: flags) }
        #expect(problem?.description.contains(sentence) == true, "\(String(describing: problem))")
    }

    @Test(arguments: ["s3_port: 1", "ports: {s3: 1}", "- a", "s3-port: {a: 1}", "a: [", "just text"])
    func `a file with unknown or malformed content is refused`(text: String) {
        #expect(throws: ConfigurationProblem.self) { try load(file: text) }
    }

    @Test func `printing masks secrets and reads back`() throws {
        let flags = ["root-access-key": "ada", "root-secret-key": "correct horse", "domains": "s3.local", "data": "/d"]
        let printed = try load(flags: flags).printed
        #expect(!printed.contains("correct horse"))
        #expect(printed.contains("root-secret-key: '********'"))
        let again = try load(file: printed)
        #expect(again.domains == ["s3.local"])
        #expect(again.dataDirectory == "/d")
    }
}
