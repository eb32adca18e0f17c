// swift-tools-version: 6.2
// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "drydock-benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "drydock", path: "../"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .target(name: "CLoadShims"),
        .executableTarget(
            name: "drydock-load",
            dependencies: [
                "CLoadShims",
                .product(name: "BenchmarkDoor", package: "drydock"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
        ),
        .executableTarget(
            name: "drydock-micro",
            dependencies: [
                .product(name: "BenchmarkDoor", package: "drydock"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
        ),
    ],
)
