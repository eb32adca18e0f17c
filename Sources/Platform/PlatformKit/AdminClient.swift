// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Glibc

/// Asks the server that has a data directory to do something: one request on a connection of its own, to this machine.
package struct AdminClient: Sendable {
    /// The server refused, as one sentence.
    package struct Refusal: Error, Sendable, CustomStringConvertible {
        package let description: String
        /// The same later may succeed.
        package let isBusy: Bool
    }

    private let address: String
    private let port: UInt16
    private let token: AdminToken

    /// Nil when nobody serves the directory, as far as its files say.
    package init?(dataDirectory: String) throws {
        guard let ports = try PortsFile.read(in: dataDirectory), let port = UInt16(exactly: ports.admin),
            let token = try AdminToken.read(in: dataDirectory)
        else { return nil }
        let isAny = ports.bind == "0.0.0.0" || ports.bind == "::"
        address = isAny ? (ports.bind == "::" ? "::1" : "127.0.0.1") : ports.bind
        self.port = port
        self.token = token
    }

    /// The document of the verb's result; nil when nobody listens there any more. Blocks for as long as the verb takes.
    package func post(_ verb: String, _ query: [(name: String, value: String)]) throws -> Data? {
        guard let connection = connect() else { return nil }
        defer { close(connection) }
        let query = query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        let request = """
            POST /v1/\(verb)?\(query) HTTP/1.1\r
            Host: \(address.contains(":") ? "[\(address)]" : address):\(port)\r
            Authorization: Bearer \(token.text)\r
            Content-Length: 0\r
            Connection: close\r
            \r

            """
        guard send(Array(request.utf8), connection) else { throw Refusal.cutShort }
        return try Self.body(receive(connection))
    }

    private func connect() -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "\(port)", &hints, &found) == 0 else { return nil }
        defer { freeaddrinfo(found) }
        // A name may have several addresses, of which the server has bound one.
        var next = found
        while let target = next?.pointee {
            if let connection = connect(target) { return connection }
            next = target.ai_next
        }
        return nil
    }

    private func connect(_ target: addrinfo) -> Int32? {
        let connection = socket(target.ai_family, target.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), target.ai_protocol)
        guard connection >= 0 else { return nil }
        guard Glibc.connect(connection, target.ai_addr, target.ai_addrlen) == 0 else {
            close(connection)
            return nil
        }
        return connection
    }

    private func send(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Everything up to the end of the connection, however it ends.
    private func receive(_ connection: Int32) -> [UInt8] {
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = piece.withUnsafeMutableBytes { recv(connection, $0.baseAddress, $0.count, 0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return answer }
            answer += piece[..<count]
        }
    }

    static func body(_ answer: [UInt8]) throws -> Data {
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            // Not a byte, or the beginning of a head.
            let isBegun = "HTTP/1.1 ".utf8.starts(with: answer.prefix(9))
            throw isBegun ? Refusal.cutShort : Refusal(description: "the server's answer is no HTTP", isBusy: false)
        }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard let status = head.first.flatMap({ Int($0.dropFirst(9).prefix(3)) }) else {
            throw Refusal(description: "the server's answer is no HTTP", isBusy: false)
        }
        let length = head.first { $0.lowercased().hasPrefix("content-length:") }?.split(separator: ":").last
        let body = Data(answer[end.upperBound...])
        if let byteCount = length.flatMap({ Int($0.drop { $0 == " " }) }), body.count < byteCount {
            throw Refusal.cutShort
        }
        guard status == 200 else {
            let problem = try? JSONDecoder().decode(AdminProblem.self, from: body)
            throw Refusal(description: problem?.error ?? "the server answered \(status)", isBusy: status == 409)
        }
        return body
    }
}

extension AdminClient.Refusal {
    /// It was stopped, or killed, while it was at work.
    static let cutShort = AdminClient.Refusal(
        description: "the connection ended before the server's answer was whole: is the server still running?",
        isBusy: false
    )
}
