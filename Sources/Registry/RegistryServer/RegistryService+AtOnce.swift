// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
import OCIModel
import RegistryStore
import StorageTypes

/// The answers that need no waiting: the ping and manifests that are in memory.
extension RegistryService {
    package func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse? {
        guard request.method == .get || request.method == .head else { return nil }
        let started = clock.now()
        var answer: Answer
        var body: ByteBuffer?
        do {
            try authenticate(request)
            switch try Route(rawPath: request.rawPath) {
            case .ping:
                answer = Answer(200, json: Array("{}".utf8))
                if case .bytes(let bytes) = answer.content { body = bytes }
            case .manifest(let name, let text):
                let reference = try Reference(text)
                guard let stored = store.manifestIfCached(reference, in: name) else { return nil }
                answer = manifestAnswer(stored, reference, request)
                if answer.head.status == 200 {
                    guard let bytes = stored.object.readIfCached(0..<stored.object.info.size) else { return nil }
                    body = bytes
                }
            case .catalog, .blob, .uploads, .upload, .tags, .referrers:
                return nil
            }
        } catch {
            // Refusals have one way out, where they are logged as well.
            return nil
        }
        let requestID = finish(&answer)
        let sent = request.method == .head ? 0 : UInt64(body?.readableBytes ?? 0)
        log(request, answer.head.status, requestID, started, received: 0, sent: sent, isCut: false)
        return HTTPImmediateResponse(head: answer.head, body: body)
    }
}
