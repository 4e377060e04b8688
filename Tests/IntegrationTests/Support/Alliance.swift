import Foundation

/// An alliance made with the `harborseal` program: one firm, some nodes, a broker's certificate.
final class Alliance: @unchecked Sendable {
    static let firm = "acme"

    /// One node, one receipt needed; made once per test run.
    static func ofOneNode() throws -> Alliance { try one.get() }
    /// Three nodes, two receipts needed; made once per test run.
    static func ofThreeNodes() throws -> Alliance { try three.get() }

    private static let one = Result { try Alliance(name: "gba-one", nodes: ["hk-1"], quorum: 1) }
    private static let three = Result { try Alliance(name: "gba-three", nodes: ["hk-1", "gz-1", "mo-1"], quorum: 2) }

    let name: String
    let nodes: [String]
    let folder: ScratchFolder
    private let lock = NSLock()
    private var issuedCount = 0

    var trustFile: String { folder.file("alliance/alliance.hstrust") }
    var linkAuthority: String { folder.file("alliance/link-ca.crt") }

    init(name: String, nodes: [String], quorum: Int) throws {
        self.name = name
        self.nodes = nodes
        folder = try ScratchFolder(named: "hs-alliance")
        try harborseal("alliance", "init", name, "-o", "alliance", "--quorum", "\(quorum)")
        try harborseal("alliance", "add-firm", Self.firm)
        // Each running node takes a port of its own: nobody here asks the trust file for it.
        for node in nodes { try harborseal("alliance", "add-node", node, "--url", "http://127.0.0.1:8480") }
        try harborseal("alliance", "add-server", "broker", "--dns", "localhost", "--ip", "127.0.0.1")
        try harborseal("alliance", "sign")
    }

    /// Runs `harborseal` in the alliance's folder; one at a time.
    @discardableResult
    func harborseal(_ words: String..., acceptable: Set<Int32> = [0]) throws -> String {
        try harborseal(words, acceptable: acceptable)
    }

    @discardableResult
    func harborseal(_ words: [String], acceptable: Set<Int32> = [0]) throws -> String {
        try lock.withLock { try ChildProcess.run([try Programs.harborseal] + words, in: folder.path, acceptable: acceptable) }
    }

    /// Keys and certificates of a new gateway: `seal.key`, `seal.crt`, `link.key`, `link.crt`, `link-ca.crt` in the folder returned.
    func issueGateway() throws -> (device: String, folder: String) {
        let device = lock.withLock {
            issuedCount += 1
            return "gw-\(issuedCount)"
        }
        try harborseal("device", "issue", "--firm", Self.firm, "--device", device, "-o", device)
        return (device, folder.file(device))
    }

    func nodeFolder(_ node: String) -> String { folder.file("alliance/nodes/\(node)") }
}
