import AttestationFormat
import DeviceRegistry
import HTTPTypes
import Hummingbird
import NIOPosix

/// What everybody may have: the trust file in force and the revocation lists.
struct PublicFiles {
    let registry: Registry
    /// The trust file with this SHA-256 in hex; nil: the one in force.
    let trustFile: @Sendable (String?) throws -> [UInt8]?

    func add(to router: Router<RegistryRequestContext>) {
        // `?sha256=` asks for the very file that an enrolment text names, also after a newer one: a gateway takes that one from a node.
        router.get("alliance.hstrust") { [trustFile] request, _ in
            let hash = request.uri.queryParameters["sha256"].map { $0.lowercased() }
            guard let bytes = try await NIOThreadPool.singleton.runIfActive({ try trustFile(hash) }) else {
                throw ESTRefusal(.notFound, "this registry never had a trust file with that hash")
            }
            return Answer(bytes, contentType: "application/cose")
        }
        router.get("crl/:name") { [registry] _, context in
            if context.parameters.get("name") == "link.crl", let source = registry.settings.linkSource {
                throw ESTRefusal(.notFound, "this registry makes no list of link certificates: the alliance's does, take \(source.url)/crl/link.crl")
            }
            guard let name = context.parameters.get("name"), name.hasSuffix(".crl"),
                let list = try await NIOThreadPool.singleton.runIfActive({ try Self.list(String(name.dropLast(4)), registry) })
            else { throw ESTRefusal(.notFound, "there is no such revocation list: link.crl, and one for each firm of this registry") }
            return Answer(list, contentType: "application/pkix-crl")
        }
    }

    /// `link`, a firm's name, or `FIRM.2` and on for its former issuing keys: no name has a dot.
    private static func list(_ name: String, _ registry: Registry) throws -> [UInt8]? {
        guard name != "link" else { return try registry.linkRevocationList() }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), registry.settings.firms.contains(where: { $0.firm.text.string == parts[0] }),
            let number = parts.count == 2 ? UInt8(parts[1]) : 1
        else { return nil }
        return try registry.revocationLists(firm: String(parts[0])).enumerated().first { $0.offset + 1 == Int(number) }?.element
    }
}
