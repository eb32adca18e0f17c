// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// Reads a policy document and refuses what it doesn't understand: a statement that is ignored is worse than an error.
enum PolicyDocument {
    static func statements(_ text: String, bucket: String) throws(S3Error) -> [BucketPolicy.Statement] {
        guard text.utf8.first == UInt8(ascii: "{"), let document = try? JSONValue(parsing: text).object else {
            throw S3Error(.malformedPolicy)
        }
        try check(document, names: ["Version", "Id", "Statement"])
        var expandsVariables = false
        if let version = document["Version"] {
            switch version.string {
            case "2012-10-17": expandsVariables = true
            case "2008-10-17": break
            default: throw malformed("The policy must contain a valid version string")
            }
        }
        if let id = document["Id"], id.string == nil { throw malformed("Invalid policy syntax.") }
        let values: [JSONValue]
        switch document["Statement"] {
        case .array(let statements)?: values = statements
        case .object(let statement)?: values = [.object(statement)]
        case nil: throw malformed("Missing required field Statement")
        default: throw malformed("Invalid policy syntax.")
        }
        guard !values.isEmpty else { throw malformed("Could not parse the policy: Statement is empty!") }
        var identifiers: Set<String> = []
        var statements: [BucketPolicy.Statement] = []
        for value in values {
            guard let object = value.object else { throw malformed("Invalid policy syntax.") }
            if let sid = object["Sid"] {
                guard let text = sid.string else { throw malformed("Invalid policy syntax.") }
                // Several empty ones are as good as none.
                guard text.isEmpty || identifiers.insert(text).inserted else {
                    throw malformed("Two statements in the policy have the same Sid.")
                }
            }
            statements.append(try statement(object, bucket: bucket, expandsVariables: expandsVariables))
        }
        return statements
    }

    static func malformed(_ message: String) -> S3Error { S3Error(.malformedPolicy, message) }

    /// A string, or a list of nothing but strings; nil for anything else.
    static func strings(_ value: JSONValue) -> [String]? {
        if let text = value.string { return [text] }
        guard let elements = value.array else { return nil }
        let texts = elements.compactMap(\.string)
        return texts.count == elements.count ? texts : nil
    }

    private static func check(_ object: JSONObject, names: Set<String>) throws(S3Error) {
        for member in object.members where !names.contains(member.name) {
            throw malformed("Unknown field \(member.name)")
        }
    }

    private static func statement(
        _ object: JSONObject,
        bucket: String,
        expandsVariables: Bool
    ) throws(S3Error) -> BucketPolicy.Statement {
        try check(
            object,
            names: [
                "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
                "Condition",
            ],
        )
        let isAllow = try effect(object)
        let (principalValue, isNotPrincipal) = try one(of: "Principal", "NotPrincipal", object)
        guard let principals = PolicyPrincipals(principalValue) else { throw malformed("Invalid principal in policy") }
        guard !isNotPrincipal || !isAllow else { throw malformed("Allow with NotPrincipal is not allowed.") }

        let (actionValue, isNotAction) = try one(of: "Action", "NotAction", object)
        guard let patterns = strings(actionValue), !patterns.isEmpty else {
            throw malformed("Policy has invalid action")
        }
        var sets: [PolicyActionSet] = []
        for pattern in patterns {
            guard let set = PolicyActionSet(pattern: pattern) else { throw malformed("Policy has invalid action") }
            sets.append(set)
        }

        let (resourceValue, isNotResource) = try one(of: "Resource", "NotResource", object)
        guard let texts = strings(resourceValue), !texts.isEmpty else { throw malformed("Policy has invalid resource") }
        var paths: [String] = []
        var resources: [PolicyTemplate] = []
        for text in texts {
            let path = try resourcePath(text, bucket: bucket)
            guard let template = PolicyTemplate(path, expandsVariables: expandsVariables, hasWildcards: true) else {
                throw malformed("Policy has invalid resource")
            }
            paths.append(path)
            resources.append(template)
        }
        if !isNotAction, !isNotResource {
            for set in sets where !fits(set, paths, bucket: bucket) {
                throw malformed("Action does not apply to any resource(s) in statement")
            }
        }

        var actions = PolicyActionSet()
        for set in sets { actions.formUnion(set) }
        return BucketPolicy.Statement(
            isAllow: isAllow,
            actions: isNotAction ? actions.inverted : actions,
            principals: principals,
            isNotPrincipal: isNotPrincipal,
            resources: resources,
            isNotResource: isNotResource,
            conditions: try conditions(object["Condition"], expandsVariables: expandsVariables),
        )
    }

    private static func effect(_ object: JSONObject) throws(S3Error) -> Bool {
        guard let value = object["Effect"] else { throw malformed("Missing required field Effect") }
        switch value.string {
        case "Allow": return true
        case "Deny": return false
        default: throw malformed("Invalid effect: \(value.string ?? value.text)")
        }
    }

    /// Exactly one of the two.
    private static func one(
        of name: String,
        _ negation: String,
        _ object: JSONObject
    ) throws(S3Error) -> (JSONValue, isNegated: Bool) {
        switch (object[name], object[negation]) {
        case (let value?, nil): return (value, false)
        case (nil, let value?): return (value, true)
        case (nil, nil): throw malformed("Missing required field \(name)")
        case (_?, _?): throw malformed("Statement has both \(name) and \(negation)")
        }
    }

    /// What follows `arn:aws:s3:::`, if it can lie in the bucket at all.
    private static func resourcePath(_ text: String, bucket: String) throws(S3Error) -> String {
        let prefix = "arn:aws:s3:::"
        guard text.hasPrefix(prefix), text.utf8.count <= 2_048 else { throw malformed("Policy has invalid resource") }
        let path = String(text.dropFirst(prefix.utf8.count))
        let name = path.utf8.firstIndex(of: UInt8(ascii: "/")).map { path[..<$0] } ?? path[...]
        guard !name.isEmpty, PolicyPattern(literal: String(name)).matches(Array(bucket.utf8)) else {
            throw malformed("Policy has invalid resource")
        }
        return path
    }

    /// Some action of the set works on something that some resource can name.
    private static func fits(_ set: PolicyActionSet, _ paths: [String], bucket: String) -> Bool {
        let namesBucket = paths.contains { path in
            !path.utf8.contains(UInt8(ascii: "/")) && PolicyPattern(literal: path).matches(Array(bucket.utf8))
        }
        let namesObjects = paths.contains { path in
            path.utf8.contains(UInt8(ascii: "/")) || path.utf8.contains(UInt8(ascii: "*"))
        }
        return PolicyAction.names.indices.contains { number in
            guard set.contains(number) else { return false }
            return switch PolicyAction.level(number) {
            case .service: false
            case .bucket: namesBucket
            case .object: namesObjects
            }
        }
    }

    private static func conditions(
        _ value: JSONValue?,
        expandsVariables: Bool
    ) throws(S3Error) -> [PolicyCondition] {
        guard let value else { return [] }
        guard let operators = value.object else { throw malformed("Invalid policy syntax.") }
        var conditions: [PolicyCondition] = []
        for entry in operators.members {
            guard let keys = entry.value.object, !keys.isEmpty else {
                throw malformed("Invalid Condition type : \(entry.name)")
            }
            for member in keys.members {
                guard let key = PolicyConditionKey(member.name) else {
                    throw malformed("Policy has an invalid condition key")
                }
                guard let values = scalars(member.value),
                    let condition = PolicyCondition(
                        operatorName: entry.name,
                        key: key,
                        values: values,
                        expandsVariables: expandsVariables,
                    )
                else { throw malformed("Invalid Condition type : \(entry.name)") }
                conditions.append(condition)
            }
        }
        return conditions
    }

    /// Strings, numbers and booleans as text, one or a list.
    private static func scalars(_ value: JSONValue) -> [String]? {
        let elements = value.array ?? [value]
        let texts = elements.compactMap { element -> String? in
            switch element {
            case .string(let text): text
            case .integer(let number): String(number)
            case .number(let number): String(number)
            case .bool(let flag): flag ? "true" : "false"
            case .null, .array, .object: nil
            }
        }
        return texts.count == elements.count ? texts : nil
    }
}
