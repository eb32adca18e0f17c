// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// An S3 request's failure, ready to be answered.
package struct S3Error: Error, Sendable {
    /// One extra child of `<Error>`.
    package struct Extra: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package let code: S3ErrorCode
    /// Fit for the client: says nothing about the inside of the appliance.
    package let message: String
    /// Elements behind `<Message>`, in order (`spec/s3.md` §11).
    package let extras: [Extra]
    /// A status other than the code's own: UploadPartCopy answers InvalidRange with 400.
    package let statusOverride: Int?

    package init(_ code: S3ErrorCode, _ message: String? = nil, extras: [Extra] = [], status: Int? = nil) {
        self.code = code
        self.message = message ?? code.defaultMessage
        self.extras = extras
        self.statusOverride = status
    }

    package var status: Int { statusOverride ?? code.status }

    /// The value of the extra element `name`.
    package func extra(_ name: String) -> String? { extras.first { $0.name == name }?.value }
}

extension S3Error: Equatable {
    /// Only the code counts, so that a test names what it expects and no more.
    package static func == (left: S3Error, right: S3Error) -> Bool { left.code == right.code }
}

extension S3Error: CustomStringConvertible {
    package var description: String { "\(code.name): \(message)" }
}

extension S3Error {
    /// InvalidArgument with the two elements that name the parameter.
    package static func invalidArgument(_ message: String, name: String, value: String) -> S3Error {
        S3Error(.invalidArgument, message, extras: [Extra("ArgumentName", name), Extra("ArgumentValue", value)])
    }

    /// NotImplemented because of a header.
    package static func notImplemented(header: String) -> S3Error {
        S3Error(.notImplemented, extras: [Extra("Header", header)])
    }

    /// NotImplemented because of a sub-resource or an operation.
    package static func notImplemented(resource: String) -> S3Error {
        S3Error(
            .notImplemented,
            "The requested resource or operation is not implemented.",
            extras: [Extra("Resource", resource)],
        )
    }

    /// - Parameter condition: the header that failed.
    package static func preconditionFailed(_ condition: String) -> S3Error {
        S3Error(.preconditionFailed, extras: [Extra("Condition", condition)])
    }

    /// - Parameter requested: the Range header as sent.
    package static func invalidRange(requested: String, size: UInt64) -> S3Error {
        S3Error(.invalidRange, extras: [Extra("RangeRequested", requested), Extra("ActualObjectSize", String(size))])
    }

    package static func methodNotAllowed(_ method: String, resourceType: String) -> S3Error {
        S3Error(.methodNotAllowed, extras: [Extra("Method", method), Extra("ResourceType", resourceType)])
    }
}
