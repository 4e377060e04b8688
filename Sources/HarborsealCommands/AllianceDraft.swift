internal import Foundation

/// What `alliance sign` will sign next: the trust file as people edit it, kept as `draft.json`.
struct AllianceDraft: Codable, Equatable {
    struct Firm: Codable, Equatable {
        var firm: String
        /// DER of the issuing certificates, base64; renewed ones are added, none is ever removed.
        var certificates: [Data]
        var untilSeconds: UInt64?
    }

    struct Key: Codable, Equatable {
        /// Coordinates in hex, 64 digits each.
        var x: String
        var y: String
        var fromSeconds: UInt64
        var untilSeconds: UInt64?
    }

    struct Node: Codable, Equatable {
        var node: String
        var keys: [Key]
        var url: String?
        /// Link certificates made for workers, `w1` and on, beside the node's own.
        var workerCount: Int
    }

    struct Server: Codable, Equatable {
        var server: String
        var dnsNames: [String]
        var addresses: [String]
    }

    var alliance: String
    /// Version of the file signed last; 0 before the first.
    var signedVersion: UInt64
    /// nil: more than half of the nodes, whatever their number is when it is signed.
    var receiptsNeeded: UInt64?
    var rootCertificate: Data
    var linkCertificate: Data
    var firms: [Firm]
    var nodes: [Node]
    var servers: [Server]
    var revocationLists: [String]
    var notAfterSeconds: UInt64?
}
