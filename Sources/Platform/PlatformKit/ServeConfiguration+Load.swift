// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Configuration
import Logging
import Yams

extension ServeConfiguration {
    /// Flags win over the environment, the environment over the file, the file over the defaults.
    ///
    /// - Parameters:
    ///   - flags: values by `ServeSetting.rawValue`, those that were given.
    ///   - fileText: the text of `drydock.yaml`, nil without one.
    /// - Throws: `ConfigurationProblem`.
    package static func load(
        flags: [String: String],
        environment: [String: String],
        fileText: String?,
        isRoot: Bool
    ) throws -> ServeConfiguration {
        let reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: configValues(flags)),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: ["drydock"]),
            InMemoryProvider(name: "drydock.yaml", values: configValues(try parseFile(fileText))),
        ])
        func text(_ setting: ServeSetting) -> String? {
            reader.string(forKey: ConfigKey([setting.rawValue]), isSecret: setting.isSecret)
        }
        var result = ServeConfiguration(
            dataDirectory: defaultDataDirectory(isRoot: isRoot, environment: environment)
        )
        if let path = text(.data) {
            guard path.hasPrefix("/") else { throw ConfigurationProblem(.data, path, "an absolute path") }
            result.dataDirectory = path
        }
        if let list = text(.roles) { result.roles = try parseRoles(list) }
        if let address = text(.bind) { result.bindAddress = address }
        result.s3Port = try number(text(.s3Port), .s3Port, in: 0...65_535) ?? result.s3Port
        result.registryPort = try number(text(.registryPort), .registryPort, in: 0...65_535) ?? result.registryPort
        result.adminPort = try number(text(.adminPort), .adminPort, in: 0...65_535) ?? result.adminPort
        result.tls = try pair(text(.tlsCertificate), .tlsCertificate, text(.tlsKey), .tlsKey)
        result.rootCredential = try pair(text(.rootAccessKey), .rootAccessKey, text(.rootSecretKey), .rootSecretKey)
            .map { RootCredential(accessKey: $0.0, secretKey: $0.1) }
        try result.checkRootCredential()
        if let region = text(.region) { result.region = try checkedRegion(region) }
        if let list = text(.domains) { result.domains = items(list) }
        if let level = text(.logLevel) {
            guard let parsed = Logger.Level(rawValue: level) else {
                let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationProblem(.logLevel, level, "one of \(names)")
            }
            result.logLevel = parsed
        }
        if let format = text(.logFormat) {
            guard let parsed = LogFormat(rawValue: format) else {
                throw ConfigurationProblem(.logFormat, format, "text or json")
            }
            result.logFormat = parsed
        }
        result.connectionCountMax =
            try number(text(.connectionsMax), .connectionsMax, in: 1...1_000_000) ?? result.connectionCountMax
        result.drainSeconds = try number(text(.drainSeconds), .drainSeconds, in: 0...3_600) ?? result.drainSeconds
        result.metadataCacheMebibytes =
            try number(text(.metadataCacheMebibytes), .metadataCacheMebibytes, in: 4...65_536)
            ?? result.metadataCacheMebibytes
        result.uploadExpiryDays =
            try number(text(.uploadExpiryDays), .uploadExpiryDays, in: 0...36_500) ?? result.uploadExpiryDays
        result.scrubIntervalHours =
            try number(text(.scrubIntervalHours), .scrubIntervalHours, in: 0...87_600) ?? result.scrubIntervalHours
        result.scrubMebibytesPerSecond =
            try number(text(.scrubMebibytesPerSecond), .scrubMebibytesPerSecond, in: 1...65_536)
            ?? result.scrubMebibytesPerSecond
        return result
    }

    /// Variables that look like settings and are none. Not an error, as a key of the file would be: other programs may share the
    /// environment and the prefix.
    package static func unknownVariables(_ environment: [String: String]) -> [String] {
        let known = Set(ServeSetting.allCases.map(\.environmentVariable) + ["DRYDOCK_CONFIG"])
        return environment.keys.filter { $0.hasPrefix("DRYDOCK_") && !known.contains($0) }.sorted()
    }

    private static func configValues(_ texts: [String: String]) -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, value) in texts {
            let isSecret = ServeSetting(rawValue: name)?.isSecret ?? false
            values[AbsoluteConfigKey(ConfigKey([name]))] = ConfigValue(.string(value), isSecret: isSecret)
        }
        return values
    }

    /// A flat mapping of setting names; an unknown one is an error, because a misspelt limit is no limit.
    private static func parseFile(_ text: String?) throws -> [String: String] {
        guard let text else { return [:] }
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationProblem("drydock.yaml is not valid YAML: \(error)")
        }
        guard let document else { return [:] }
        if document.scalar?.string.isEmpty == true { return [:] }
        guard let mapping = document.mapping else {
            throw ConfigurationProblem("drydock.yaml must be a mapping of setting names to values")
        }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string, ServeSetting(rawValue: name) != nil else {
                let known = ServeSetting.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationProblem(
                    "drydock.yaml: unknown key '\(key.scalar?.string ?? "?")'; known keys are \(known)"
                )
            }
            if let scalar = value.scalar {
                values[name] = scalar.string
            } else if let sequence = value.sequence {
                values[name] = sequence.compactMap(\.scalar?.string).joined(separator: ",")
            } else {
                throw ConfigurationProblem("drydock.yaml: the value of '\(name)' must be a scalar or a list")
            }
        }
        return values
    }

    private static func parseRoles(_ list: String) throws -> Set<Role> {
        var roles: Set<Role> = []
        for name in items(list) {
            if name == "all" {
                roles.formUnion(Role.allCases)
            } else if let role = Role(rawValue: name) {
                roles.insert(role)
            } else {
                let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationProblem("role '\(name)' is not part of this version; it has \(known)")
            }
        }
        guard !roles.isEmpty else { throw ConfigurationProblem(.roles, list, "a list of roles") }
        return roles
    }

    private static func number(
        _ text: String?,
        _ setting: ServeSetting,
        in range: ClosedRange<Int>
    ) throws -> Int? {
        guard let text else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw ConfigurationProblem(setting, text, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func pair(
        _ first: String?,
        _ firstSetting: ServeSetting,
        _ second: String?,
        _ secondSetting: ServeSetting
    ) throws -> (String, String)? {
        switch (first, second) {
        case (nil, nil): return nil
        case (let first?, let second?): return (first, second)
        case (_?, nil): throw ConfigurationProblem("\(firstSetting.rawValue) needs \(secondSetting.rawValue) beside it")
        case (nil, _?): throw ConfigurationProblem("\(secondSetting.rawValue) needs \(firstSetting.rawValue) beside it")
        }
    }

    private func checkRootCredential() throws {
        if let problem = rootCredential?.problem { throw ConfigurationProblem(problem) }
    }

    private static func checkedRegion(_ region: String) throws -> String {
        let isName = region.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-")
        }
        guard !region.isEmpty, region.utf8.count <= 64, isName else {
            throw ConfigurationProblem(.region, region, "a region name of a-z, 0-9 and '-'")
        }
        return region
    }

    private static func items(_ list: String) -> [String] {
        list.split(separator: ",").map {
            String($0.drop(while: { $0 == " " }).reversed().drop(while: { $0 == " " }).reversed())
        }
        .filter { !$0.isEmpty }
    }
}
