// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes
import Testing

/// What is a manifest and what is not (`spec/registry.md` §6.2, points 1 to 4 and 7).
@Suite struct ManifestValidatorTests {
    static let digest = "sha256:" + String(repeating: "0", count: 64)
    static let other = "sha512:" + String(repeating: "1", count: 128)
    static let config = #"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":2}"#
    static let layer = #"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"\#(other)","size":3}"#

    static func image(_ extra: String = "") -> String {
        #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]\#(extra)}"#
    }

    static func index(_ manifests: String, _ extra: String = "") -> String {
        #"{"schemaVersion":2,"manifests":\#(manifests)\#(extra)}"#
    }

    func validate(_ text: String, _ type: String? = MediaType.imageManifest) throws(RegistryError) -> Manifest {
        try ManifestValidator().validate(Array(text.utf8), contentType: type)
    }

    func message(_ text: String, _ type: String? = MediaType.imageManifest) -> String? {
        do {
            _ = try validate(text, type)
            return nil
        } catch {
            #expect(error.code == .manifestInvalid)
            #expect(error.status == 400)
            return error.entries.first?.message
        }
    }

    @Test func `an image names its config and layers`() throws {
        let manifest = try validate(Self.image())
        #expect(manifest.kind == .image)
        #expect(manifest.references.map(\.description) == [Self.digest, Self.other])
        #expect(manifest.config?.size == 2)
        #expect(manifest.layers.map(\.size) == [3])
        #expect(manifest.subject == nil)
        #expect(manifest.artifactType == "application/vnd.oci.image.config.v1+json")
    }

    @Test(arguments: [MediaType.imageIndex, MediaType.dockerManifestList])
    func `an index names its children, of which there may be none`(type: String) throws {
        #expect(try validate(Self.index("[]"), type).children.isEmpty)
        #expect(try validate(Self.index("null"), type).children.isEmpty)
        let manifest = try validate(Self.index("[\(Self.config),\(Self.config)]"), type)
        #expect(manifest.kind == .index)
        #expect(manifest.children.count == 2)
        #expect(manifest.references.count == 1)
        #expect(manifest.artifactType == nil)
    }

    @Test func `a manifest without layers is one`() throws {
        #expect(try validate(#"{"schemaVersion":2,"config":\#(Self.config),"layers":[]}"#).layers.isEmpty)
        #expect(try validate(#"{"schemaVersion":2,"config":\#(Self.config),"layers":null}"#).layers.isEmpty)
    }

    @Test func `unknown members and types are kept out of the way`() throws {
        let manifest = try validate(
            Self.image(#","x":{"y":[1,2.5,null]},"artifactType":"a/b","annotations":{"k":"v"}"#)
        )
        #expect(manifest.artifactType == "a/b")
        #expect(manifest.annotations["k"] == "v")
    }

    @Test func `a subject is an edge for OCI types and nothing for Docker's`() throws {
        let text = Self.image(#","subject":\#(Self.config)"#)
        #expect(try validate(text).subject?.digest.description == Self.digest)
        #expect(try validate(text, MediaType.dockerManifest).subject == nil)
        #expect(try validate(Self.index("[]", #","subject":\#(Self.layer)"#), MediaType.imageIndex).subject?.size == 3)
        #expect(try validate(Self.image(#","subject":null"#)).subject == nil)
    }

    @Test func `the type comes from the header, or from the document when there is none`() throws {
        #expect(
            try validate(Self.image(), MediaType.imageManifest + "; charset=utf-8").mediaType == MediaType.imageManifest
        )
        let typed = Self.image(#","mediaType":"\#(MediaType.dockerManifest)""#)
        #expect(try validate(typed, nil).mediaType == MediaType.dockerManifest)
        #expect(message(typed)?.contains("differ") == true)
        #expect(message(Self.image(), nil) != nil)
    }

    @Test(arguments: [MediaType.dockerSchema1, MediaType.dockerSchema1Signed, "application/json", "text/plain", "x"])
    func `another type is refused`(type: String) {
        #expect(message(Self.image(), type) != nil)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "1", #"{"schemaVersion":2}"#, "{} x",
        #"{"schemaVersion":2,"schemaVersion":2,"config":\#(config),"layers":[]}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"x":{"a":1,"a":2}}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"\u0061":1,"a":2}"#,
        #"{"schemaVersion":1,"config":\#(config),"layers":[]}"#,
        #"{"schemaVersion":"2","config":\#(config),"layers":[]}"#,
        #"{"schemaVersion":2.5,"config":\#(config),"layers":[]}"#,
        #"{"config":\#(config),"layers":[]}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"manifests":[]}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":{}}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[1]}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[{}]}"#,
        #"{"schemaVersion":2,"config":[],"layers":[]}"#,
        #"{"schemaVersion":2,"layers":[]}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"mediaType":7}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"annotations":{"a":1}}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"annotations":[]}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"subject":{}}"#,
        #"{"schemaVersion":2,"config":\#(config),"layers":[],"x":\#(String(repeating: "[", count: 33))\#(String(repeating: "]", count: 33))}"#,
    ])
    func `a document that is no manifest is refused`(text: String) {
        #expect(message(text) != nil)
    }

    @Test(arguments: [
        #"{"mediaType":"","digest":"\#(digest)","size":2}"#,
        #"{"digest":"\#(digest)","size":2}"#,
        #"{"mediaType":"a/b","size":2}"#,
        #"{"mediaType":"a/b","digest":"sha256:00","size":2}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)"}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)","size":-1}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)","size":"2"}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)","size":1e400}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)","size":2,"data":"e30"}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)","size":3,"data":"e30="}"#,
        #"{"mediaType":"a/b","digest":"\#(digest)","size":2,"urls":"x"}"#,
    ])
    func `a descriptor that is none is refused wherever it stands`(descriptor: String) {
        #expect(message(#"{"schemaVersion":2,"config":\#(descriptor),"layers":[]}"#) != nil)
        #expect(message(#"{"schemaVersion":2,"config":\#(Self.config),"layers":[\#(descriptor)]}"#) != nil)
        #expect(message(Self.index("[\(descriptor)]"), MediaType.imageIndex) != nil)
        #expect(message(Self.image(#","subject":\#(descriptor)"#)) != nil)
    }

    @Test(arguments: [(MediaType.imageIndex, "config", config), (MediaType.imageIndex, "layers", "[]")])
    func `an index with members of an image is refused`(type: String, member: String, value: String) {
        #expect(message(Self.index("[]", #","\#(member)":\#(value)"#), type)?.contains("mixes") == true)
    }

    @Test func `embedded content is decoded and measured`() throws {
        let text = Self.index(#"[{"mediaType":"a/b","digest":"\#(Self.digest)","size":2,"data":"e30="}]"#)
        #expect(try validate(text, MediaType.imageIndex).children.first?.embedded == Array("{}".utf8))
    }

    @Test func `layers that may be missing are known by type or by their addresses`() throws {
        let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        let text = #"""
            {"schemaVersion":2,"config":\#(Self.config),"layers":[
            {"mediaType":"\#(foreign)","digest":"\#(Self.digest)","size":1},
            {"mediaType":"a/b","digest":"\#(Self.digest)","size":1,"urls":["http://example.org/"]},
            {"mediaType":"a/b","digest":"\#(Self.digest)","size":1,"urls":[]}]}
            """#
        #expect(try validate(text).layers.map(\.isOptionalLayer) == [true, true, false])
    }

    @Test func `bytes and references have limits`() throws {
        var validator = ManifestValidator()
        validator.byteCountMax = 10
        let large = #expect(throws: RegistryError.self) {
            try validator.validate(Array(Self.image().utf8), contentType: MediaType.imageManifest)
        }
        #expect(large?.status == 413)
        #expect(large?.code == .manifestInvalid)
        validator = ManifestValidator()
        validator.referenceCountMax = 2
        let children = Self.index("[\(Self.config),\(Self.config)]")
        #expect(throws: RegistryError.self) {
            try validator.validate(Array(children.utf8), contentType: MediaType.imageIndex)
        }
    }

    @Test func `invalid UTF-8 is refused`() {
        let bytes = Array(#"{"schemaVersion":2,"x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        #expect(throws: RegistryError.self) {
            try ManifestValidator().validate(bytes, contentType: MediaType.imageManifest)
        }
    }
}
