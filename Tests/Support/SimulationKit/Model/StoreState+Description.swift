// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Short and in order, so that two runs can be compared by eye.
extension StoreState: CustomStringConvertible {
    package var description: String {
        let objects = objects.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.content)" }
        let uploads = uploads.sorted { $0.key < $1.key }.map { number, upload in
            "upload \(number) of \(upload.key): \(upload.parts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        }
        return "{\((objects + uploads).joined(separator: ", "))}"
    }
}

extension StoreState.Content: CustomStringConvertible {
    package var description: String {
        let text = contents.map(String.init).joined(separator: "+")
        return isMultipart ? "(\(text))" : text
    }
}

extension StoreOperation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .put(let key, let content, let onlyIfAbsent): "put \(key)=\(content)\(onlyIfAbsent ? " if absent" : "")"
        case .delete(let keys): "delete \(keys.map(String.init).joined(separator: " "))"
        case .copy(let source, let target): "copy \(source) to \(target)"
        case .createUpload(let upload, let key): "create upload \(upload) of \(key)"
        case .putPart(let upload, let number, let content): "put part \(number)=\(content) of upload \(upload)"
        case .complete(let upload, let key, let parts): "complete upload \(upload) of \(key) from \(parts)"
        case .abort(let upload): "abort upload \(upload)"
        case .get(let key): "get \(key)"
        case .list: "list"
        case .listParts(let upload): "list parts of upload \(upload)"
        }
    }
}

extension StoreOperation.Part: CustomStringConvertible {
    package var description: String { "\(number)=\(content)" }
}

extension StoreAnswer: CustomStringConvertible {
    package var description: String {
        switch self {
        case .done: "done"
        case .made(let content): "\(content)"
        case .listing(let objects): "\(objects.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        case .parts(let parts): "\(parts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        case .refused(let refusal): "\(refusal)"
        }
    }
}
