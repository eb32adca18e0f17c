// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// One operator applied to one key.
struct PolicyCondition: Sendable {
    enum Comparison: Sendable { case equal, less, lessOrEqual, greater, greaterOrEqual }

    /// What is compared, without its negation.
    enum Test: Sendable {
        /// StringEquals, StringLike, BinaryEquals.
        case text([PolicyTemplate])
        /// StringEqualsIgnoreCase: lower case.
        case textIgnoringCase([String])
        case number(Comparison, [Double])
        case date(Comparison, [Timestamp])
        case boolean([Bool])
        case address([IPNetwork])
        /// Six templates per ARN, one for each part.
        case arn([[PolicyTemplate]])
        /// Null: true when the key must be absent.
        case null(Bool)
    }

    enum Quantifier: Sendable { case none, forAll, forAny }

    let key: PolicyConditionKey
    let test: Test
    let isNegated: Bool
    let ifExists: Bool
    let quantifier: Quantifier

    /// `spec/s3.md` §8.2: a missing key makes positive operators false and negated ones true; IfExists makes it true.
    func holds(_ request: PolicyRequest) -> Bool {
        let values = request.values(of: key.name)
        if case .null(let mustBeAbsent) = test { return (values == nil) == mustBeAbsent }
        guard let values, !values.isEmpty else {
            switch quantifier {
            case .forAll: return true
            case .forAny: return ifExists
            case .none: return ifExists || isNegated
            }
        }
        switch quantifier {
        case .forAll: return values.allSatisfy { matches($0, request) != isNegated }
        case .forAny: return values.contains { matches($0, request) != isNegated }
        case .none: return values.contains { matches($0, request) } != isNegated
        }
    }

    /// Whether the value fits any of the policy's.
    private func matches(_ value: String, _ request: PolicyRequest) -> Bool {
        switch test {
        case .text(let templates):
            let bytes = Array(value.utf8)
            return templates.contains { $0.matches(bytes, request) }
        case .textIgnoringCase(let texts):
            let lower = value.lowercased()
            return texts.contains(lower)
        case .number(let comparison, let numbers):
            guard let number = Double(value) else { return false }
            return numbers.contains { Self.compare(number, comparison, $0) }
        case .date(let comparison, let dates):
            guard let date = Self.date(value) else { return false }
            return dates.contains { Self.compare(date, comparison, $0) }
        case .boolean(let flags):
            return flags.contains { ($0 ? "true" : "false") == value.lowercased() }
        case .address(let networks):
            guard let address = IPNetwork.address(value[...]) else { return false }
            return networks.contains { $0.contains(address) }
        case .arn(let patterns):
            let parts = Self.arnParts(value)
            guard parts.count == 6 else { return false }
            return patterns.contains { pattern in
                zip(pattern, parts).allSatisfy { $0.matches(Array($1.utf8), request) }
            }
        case .null:
            return false
        }
    }

    private static func compare<Value: Comparable>(_ left: Value, _ comparison: Comparison, _ right: Value) -> Bool {
        switch comparison {
        case .equal: left == right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }

    /// ISO 8601, or seconds since 1970.
    static func date(_ text: String) -> Timestamp? {
        if let date = ISO8601.parse(text) { return date }
        guard let seconds = Int64(text), seconds.magnitude < 9_000_000_000 else { return nil }
        return Timestamp(seconds: seconds)
    }

    static func arnParts(_ text: String) -> [Substring] {
        text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false).map {
            Substring($0)
        }
    }
}

extension PolicyCondition {
    /// - Parameters:
    ///   - operatorName: with its prefix and suffix, `ForAnyValue:StringLikeIfExists`.
    ///   - values: one or several; JSON numbers and booleans as their text.
    /// - Returns: nil for an unknown operator and for a value it can't take.
    init?(operatorName: String, key: PolicyConditionKey, values: [String], expandsVariables: Bool) {
        var name = operatorName[...]
        var quantifier = Quantifier.none
        if name.hasPrefix("ForAllValues:") {
            quantifier = .forAll
            name = name.dropFirst(13)
        } else if name.hasPrefix("ForAnyValue:") {
            quantifier = .forAny
            name = name.dropFirst(12)
        }
        var ifExists = false
        if name.hasSuffix("IfExists"), name != "IfExists" {
            ifExists = true
            name = name.dropLast(8)
        }
        guard !values.isEmpty, let (test, isNegated) = Self.test(name, values, expandsVariables) else { return nil }
        // "Null" asks whether the key is there; asking so only if it is there means nothing.
        if case .null = test, ifExists { return nil }
        self.init(key: key, test: test, isNegated: isNegated, ifExists: ifExists, quantifier: quantifier)
    }

    private static func test(_ name: Substring, _ values: [String], _ variables: Bool) -> (Test, Bool)? {
        func all<Value>(_ transform: (String) -> Value?) -> [Value]? {
            let result = values.compactMap(transform)
            return result.count == values.count ? result : nil
        }
        func text(wildcards: Bool) -> Test? {
            all { PolicyTemplate($0, expandsVariables: variables, hasWildcards: wildcards) }.map { .text($0) }
        }
        func number(_ comparison: Comparison) -> Test? {
            all { text in Double(text).flatMap { $0.isFinite ? $0 : nil } }.map { .number(comparison, $0) }
        }
        func date(_ comparison: Comparison) -> Test? { all(Self.date).map { .date(comparison, $0) } }
        func arn() -> Test? {
            all { text -> [PolicyTemplate]? in
                let parts = arnParts(text)
                guard parts.count == 6 else { return nil }
                let templates = parts.compactMap {
                    PolicyTemplate(String($0), expandsVariables: variables, hasWildcards: true)
                }
                return templates.count == 6 ? templates : nil
            }.map { .arn($0) }
        }
        func with(_ test: Test?, _ isNegated: Bool = false) -> (Test, Bool)? { test.map { ($0, isNegated) } }

        switch name {
        case "StringEquals": return with(text(wildcards: false))
        case "StringNotEquals": return with(text(wildcards: false), true)
        case "StringEqualsIgnoreCase": return with(.textIgnoringCase(values.map { $0.lowercased() }))
        case "StringNotEqualsIgnoreCase": return with(.textIgnoringCase(values.map { $0.lowercased() }), true)
        case "StringLike": return with(text(wildcards: true))
        case "StringNotLike": return with(text(wildcards: true), true)
        case "NumericEquals": return with(number(.equal))
        case "NumericNotEquals": return with(number(.equal), true)
        case "NumericLessThan": return with(number(.less))
        case "NumericLessThanEquals": return with(number(.lessOrEqual))
        case "NumericGreaterThan": return with(number(.greater))
        case "NumericGreaterThanEquals": return with(number(.greaterOrEqual))
        case "DateEquals": return with(date(.equal))
        case "DateNotEquals": return with(date(.equal), true)
        case "DateLessThan": return with(date(.less))
        case "DateLessThanEquals": return with(date(.lessOrEqual))
        case "DateGreaterThan": return with(date(.greater))
        case "DateGreaterThanEquals": return with(date(.greaterOrEqual))
        case "Bool": return with(all(Self.boolean).map { .boolean($0) })
        case "BinaryEquals":
            return with(all { Base64.decode($0) == nil ? nil : $0 } == nil ? nil : text(wildcards: false))
        case "IpAddress": return with(all { IPNetwork($0) }.map { .address($0) })
        case "NotIpAddress": return with(all { IPNetwork($0) }.map { .address($0) }, true)
        case "ArnEquals", "ArnLike": return with(arn())
        case "ArnNotEquals", "ArnNotLike": return with(arn(), true)
        case "Null": return with(values.count == 1 ? Self.boolean(values[0]).map { .null($0) } : nil)
        default: return nil
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }
}
