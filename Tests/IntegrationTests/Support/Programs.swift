import Foundation

/// Something that these tests need was not there or did not work; says what to do.
struct IntegrationFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The built programs and the tools that the tests run.
enum Programs {
    static let packageRoot: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The Embedded Swift release build for this machine; never the ordinary build.
    static var agent: String {
        get throws { try built(".build-embedded/release/harborseal-agent", by: "make agent") }
    }

    static var harborseal: String {
        get throws { try built(".build/debug/harborseal", by: "make debug") }
    }

    static var mosquitto: String { get throws { try tool("mosquitto", package: "mosquitto") } }
    static var strace: String { get throws { try tool("strace", package: "strace") } }
    /// Debian's Python, which has Debian's cbor2.
    static var python: String { get throws { try tool("python3", package: "python3-cbor2") } }

    static func built(_ path: String, by target: String) throws -> String {
        let full = packageRoot + "/" + path
        guard FileManager.default.isExecutableFile(atPath: full) else {
            throw IntegrationFailure("\(path) is not built: run `\(target)`")
        }
        return full
    }

    static func tool(_ name: String, package: String) throws -> String {
        let places = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].map { $0 + name }
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw IntegrationFailure("\(name) is not installed: apt-get install \(package)")
        }
        return found
    }
}
