// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// A self-signed certificate for localhost with its key; worth nothing outside these tests.
enum TestCertificate {
    static func serverContext() throws -> NIOSSLContext {
        let certificates = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) },
            privateKey: .privateKey(key),
        )
        configuration.shutdownTimeout = .milliseconds(200)
        return try NIOSSLContext(configuration: configuration)
    }

    static func clientContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)))
        return try NIOSSLContext(configuration: configuration)
    }

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjiAdyyzYnRDD+CkH
        BGC3j4UNbVRtlr7CmHrxtVvx/DuhRANCAASm5mxSsNdP1rvgsoOIpQrKqpTVYSBm
        2jGVmeIRnWxN0g+hbwNkKRNEOpdWn9THMZMT8V0g19B+cDOspZQAWfzS
        -----END PRIVATE KEY-----
        """

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBlDCCATugAwIBAgIUOtmrO8jKhOPZceI7JjQfAmrEDSMwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA0NDA0N1oYDzIxMjYxMDMx
        MDQ0MDQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAASm5mxSsNdP1rvgsoOIpQrKqpTVYSBm2jGVmeIRnWxN0g+hbwNkKRNE
        OpdWn9THMZMT8V0g19B+cDOspZQAWfzSo2kwZzAdBgNVHQ4EFgQUTfuSpQVf/KYf
        KJTrpqqsZVOy6UowHwYDVR0jBBgwFoAUTfuSpQVf/KYfKJTrpqqsZVOy6UowDwYD
        VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
        RwAwRAIgIfUJmTBKKERNmoi0Y/fesPq6JcyQJbF01HbqQltBghwCIFhud7d0SU7H
        uQil/oYLuArLeCov/AiURzcDWWK82Z3H
        -----END CERTIFICATE-----
        """
}
