internal import AllianceTrust
internal import AnchorNode
internal import AsyncHTTPClient
internal import AttestationFormat
internal import Foundation
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import ServiceLifecycle

/// What a running node fetches for itself, again and again: the firms' revocation lists, and newer trust files of other nodes.
///
/// Whatever comes is a stranger's until the node's core has checked its signature, whoever answered: a registry or node that lies can
/// keep a list or file back, and no more.
struct NodeErrands: Service {
    /// A registry or node that is away must not keep the others' lists from being fetched in time.
    private static let requestSeconds: Int64 = 5
    /// Files of one folder of lists that are looked at; a firm has one.
    private static let fileLimit = 256

    let desk: NodeDesk
    let reader: any LedgerReading
    let name: NodeName
    /// A file, or a folder of `.crl` files; nil: lists come by HTTP alone.
    let listsPath: String?
    let intervalMilliseconds: Int
    let health: NodeHealth
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var troubles = Troubles(logger: logger)
            var twins = TrustFileTwins(logger: logger)
            while !Task.isCancelled {
                await turn(&troubles, &twins)
                try await Task.sleep(for: .milliseconds(intervalMilliseconds))
            }
        }
    }

    /// Everything once.
    func turn(_ troubles: inout Troubles, _ twins: inout TrustFileTwins) async {
        troubles.begin()
        twins.begin()
        if let listsPath { await takeFiles(listsPath, &troubles) }
        guard let bytes = try? reader.trustFile(), let file = try? UnverifiedTrustFile(parsing: bytes) else { return }
        let urls = file.content.revocationListURLs.map(\.string)
        let nodes = file.content.nodes.filter { $0.name != name.node }.compactMap { $0.url?.string }
        if !urls.isEmpty || !nodes.isEmpty {
            do {
                let client = try Self.client(linkCertificate: file.content.linkCertificate)
                let lists = await Self.getAll(urls, client, byteLimit: 2 * Limits.registrationByteCount)
                for (url, answer) in lists { await takeList(url, answer, &troubles) }
                let files = await Self.getAll(nodes.map(Self.trustFileURL), client, byteLimit: Limits.trustFileByteCount)
                for (url, answer) in files { await takeTrustFile(url, answer, &twins) }
                try await client.shutdown()
            } catch {
                troubles.note("the link CA's certificate", "\(error)")
            }
        }
        health.set(.trustFile, words: twins.words)
        health.set(.revocation, words: troubles.end())
    }

    // MARK: - Revocation lists

    private func takeFiles(_ path: String, _ troubles: inout Troubles) async {
        for file in Self.files(path) {
            do {
                let bytes = try DurableFile.read(file, byteLimit: 2 * Limits.registrationByteCount)
                _ = try await desk.submit(revocationList: UnverifiedRevocationList.der(pemOrDER: bytes))
            } catch {
                troubles.note(file, Self.words(error))
            }
        }
    }

    /// The file itself, or what of a folder looks like a list.
    private static func files(_ path: String) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
        return names.filter { $0.hasSuffix(".crl") }.sorted().prefix(fileLimit).map { "\(path)/\($0)" }
    }

    private func takeList(_ url: String, _ answer: Result<[UInt8], any Error>, _ troubles: inout Troubles) async {
        do {
            _ = try await desk.submit(revocationList: UnverifiedRevocationList.der(pemOrDER: answer.get()))
        } catch {
            troubles.note(url, Self.words(error))
        }
    }

    // MARK: - Trust files

    private static func trustFileURL(of node: String) -> String {
        (node.hasSuffix("/") ? String(node.dropLast()) : node) + "/alliance.hstrust"
    }

    private func takeTrustFile(_ url: String, _ answer: Result<[UInt8], any Error>, _ twins: inout TrustFileTwins) async {
        do {
            let bytes = try answer.get()
            guard let held = try reader.trustFile(), bytes != held else { return }
            let (shown, inForce) = (try Self.version(of: bytes), try Self.version(of: held))
            if shown == inForce, TrustFileVerifier.isTwin(bytes, of: held) { twins.note(url, version: inForce) }
            // Nodes that are behind show what this one had before: no news, and no trouble.
            guard shown > inForce else { return }
            if try await desk.submit(trustFile: bytes) {
                logger.notice("newer trust file taken from another node", metadata: ["from": "\(TerminalStyle.safe(url))"])
            }
        } catch {
            // Another node that is away is that node's trouble.
            logger.info("no trust file from another node", metadata: ["from": "\(TerminalStyle.safe(url))", "why": "\(Self.words(error))"])
        }
    }

    private static func version(of bytes: [UInt8]) throws -> UInt64 {
        try UnverifiedTrustFile(parsing: bytes).content.version
    }

    // MARK: - HTTP

    private static func client(linkCertificate: [UInt8]) throws -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([try NIOSSLCertificate(bytes: linkCertificate, format: .der)])
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// All at once, so that those that are away cost one waiting and not one each; the answers in the order of the addresses.
    private static func getAll(
        _ urls: [String], _ client: HTTPClient, byteLimit: Int
    ) async -> [(String, Result<[UInt8], any Error>)] {
        await withTaskGroup(of: (Int, Result<[UInt8], any Error>).self) { group in
            for (place, url) in urls.enumerated() {
                group.addTask {
                    do {
                        return (place, .success(try await get(url, client, byteLimit: byteLimit)))
                    } catch {
                        return (place, .failure(error))
                    }
                }
            }
            var answers: [(Int, Result<[UInt8], any Error>)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map { (urls[$0.0], $0.1) }
        }
    }

    private static func get(_ url: String, _ client: HTTPClient, byteLimit: Int) async throws -> [UInt8] {
        guard NodeClient.isURL(url) else { throw CommandError(.failed, "this is no address: http:// or https:// and a host") }
        let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(requestSeconds))
        guard response.status == .ok else { throw CommandError(.failed, "the answer is \(response.status.code) \(response.status.reasonPhrase)") }
        return Array(try await response.body.collect(upTo: byteLimit).readableBytesView)
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as TrustError: error.message
        case let error as CommandError: error.message
        case let error as FormatError: error.words
        case let error as EntryRefusal: error.reason
        default: "\(error)"
        }
    }

    /// What went wrong in this turn; each said in the log when it begins and when it ends.
    struct Troubles {
        let logger: Logger
        private var before: [String: String] = [:]
        private var now: [String: String] = [:]

        init(logger: Logger) { self.logger = logger }

        mutating func begin() {
            before = now
            now = [:]
        }

        mutating func note(_ source: String, _ why: String) {
            let (source, why) = (TerminalStyle.safe(source), TerminalStyle.safe(why))
            now[source] = why
            guard before[source] == nil else { return }
            logger.warning("no revocation list; the last one stays in force", metadata: ["from": "\(source)", "why": "\(why)"])
        }

        /// What is wrong now, in one line.
        func end() -> String? {
            for source in before.keys where now[source] == nil { logger.notice("revocation list there again", metadata: ["from": "\(source)"]) }
            guard let first = now.sorted(by: { $0.key < $1.key }).first else { return nil }
            return "no list from \(first.key): \(first.value)" + (now.count > 1 ? ", and \(now.count - 1) more" : "")
        }
    }
}
