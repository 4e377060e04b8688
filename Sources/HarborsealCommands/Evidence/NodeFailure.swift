internal import AllianceTrust
internal import AsyncHTTPClient
internal import AttestationFormat
internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Why a node's answer is not in the file, and what helps: the next step depends on the cause.
struct NodeFailure: Error {
    enum Remedy {
        /// It is away, or not ready.
        case askAgain
        /// It understood the question and refused it.
        case askOtherwise
        /// Nobody of that name, or somebody else.
        case checkAddress
        /// It speaks HTTP without TLS there.
        case useHTTP
        /// It has more than a file can hold.
        case askLess
        /// Its answers are of no use.
        case askOthers
    }

    /// A stranger's words may stand in it: show them escaped.
    let words: String
    let remedy: Remedy

    init(_ words: String, _ remedy: Remedy) {
        self.words = words
        self.remedy = remedy
    }

    /// - Parameter seconds: how long one request may take.
    init(_ error: any Error, seconds: Int64) {
        switch error {
        case let error as NodeFailure: self = error
        case let error as CommandError: self.init(error.message, .askOthers)
        case let error as FormatError: self.init("its answer is no evidence: \(error.words)", .askOthers)
        case let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error):
            self.init("it did not answer within \(seconds) s", .askAgain)
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init(
                "cannot be reached: it closed the connection without an answer; a node beyond loopback speaks https alone", .checkAddress)
        case let error as IOError: self.init("cannot be reached: \(String(cString: strerror(error.errnoCode)))", .askAgain)
        case let error as NIOConnectionError:
            if let cause = error.connectionErrors.first {
                self.init(cause.error, seconds: seconds)
            } else {
                self.init("cannot be reached: \(error.host): no such host", .checkAddress)
            }
        case is NIOSSLExtraError: self = Self.strangeCertificate
        case is NIOSSLError, is BoringSSLError:
            // The library names the reason in its description alone.
            self = "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? Self.strangeCertificate : Self.noTLS
        default: self.init("cannot be reached: \(error)", .askAgain)
        }
    }

    private static var strangeCertificate: NodeFailure {
        NodeFailure(
            "cannot be reached: its certificate is not the alliance's for this name: give --trust FILE, and the host name that the certificate has",
            .checkAddress)
    }

    private static var noTLS: NodeFailure {
        NodeFailure("cannot be reached: it speaks no TLS at this port, as a node on loopback does where node.conf names no certificate", .useHTTP)
    }

    /// A status other than 200 and 404, with the reason that the node gave: concise problem details (wire-format.md, section 12).
    init(status: UInt, phrase: String, body: [UInt8]) {
        let reason = Self.reason(body).map { ": \($0)" } ?? ""
        let words = "it answers \(status) \(phrase)\(reason)"
        self.init(String(words.prefix(Self.wordsLimit)), (400..<500).contains(status) ? .askOtherwise : .askAgain)
    }

    /// Characters of a stranger's answer that are shown.
    private static let wordsLimit = 300

    /// Title and detail; nil for what is no such map.
    private static func reason(_ body: [UInt8]) -> String? {
        var reader = CBORReader(body)
        var texts: [String] = []
        do throws(FormatError) {
            // Title, detail, and what else RFC 9290 allows: more than a few is no node's.
            let count = try reader.readMap()
            for _ in 0..<min(count, 8) {
                guard [-1, -2].contains(try reader.readSigned()) else { break }
                texts.append(try reader.readText().string)
            }
        } catch {
            // What was read up to there are whole texts.
        }
        return texts.isEmpty ? nil : texts.joined(separator: ": ")
    }
}

extension NodeFailure.Remedy {
    /// What to do about nodes that failed for this reason.
    func nextStep(_ nodes: [String]) -> String {
        let names = nodes.map { TerminalStyle.safe($0) }.joined(separator: " and ")
        func verb(_ one: String, _ many: String) -> String { nodes.count == 1 ? one : many }
        return switch self {
        case .askAgain: "ask again when \(names) \(verb("answers", "answer")), or name other nodes with --node"
        case .askOtherwise: "ask as \(names) \(verb("says", "say")): the same question gets the same answer"
        case .checkAddress: "check the \(verb("address", "addresses")) \(names), and that --trust names this alliance's trust file"
        case .useHTTP: "give --node " + nodes.map { TerminalStyle.safe($0.replacing("https://", with: "http://", maxReplacements: 1)) }.joined(separator: " --node ")
        case .askLess: "ask for less with --from and --to"
        case .askOthers: "name other nodes with --node, and tell whoever runs \(names)"
        }
    }
}
