// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging

extension ServeConfiguration {
    /// The configuration in force as the text of a `drydock.yaml`, secrets masked.
    package var printed: String {
        var lines: [String] = []
        func line(_ setting: ServeSetting, _ value: String?) {
            guard let value else {
                lines.append("# \(setting.rawValue):")
                return
            }
            let shown = setting.isSecret ? "********" : value
            lines.append("\(setting.rawValue): \(Self.quotedIfNeeded(shown))")
        }
        for setting in ServeSetting.allCases { line(setting, value(of: setting)) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func value(of setting: ServeSetting) -> String? {
        switch setting {
        case .data: dataDirectory
        case .roles: roles.map(\.rawValue).sorted().joined(separator: ",")
        case .bind: bindAddress
        case .s3Port: "\(s3Port)"
        case .registryPort: "\(registryPort)"
        case .adminPort: "\(adminPort)"
        case .tlsCertificate: tls?.certificate
        case .tlsKey: tls?.key
        case .rootAccessKey: rootCredential?.accessKey
        case .rootSecretKey: rootCredential?.secretKey
        case .region: region
        case .domains: domains.isEmpty ? nil : domains.joined(separator: ",")
        case .logLevel: logLevel.rawValue
        case .logFormat: logFormat?.rawValue
        case .connectionsMax: "\(connectionCountMax)"
        case .drainSeconds: "\(drainSeconds)"
        case .metadataCacheMebibytes: "\(metadataCacheMebibytes)"
        case .uploadExpiryDays: "\(uploadExpiryDays)"
        case .scrubIntervalHours: "\(scrubIntervalHours)"
        case .scrubMebibytesPerSecond: "\(scrubMebibytesPerSecond)"
        }
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || "-_./,".utf8.contains($0)
        }
        return isPlain && !value.isEmpty
            ? value : "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
