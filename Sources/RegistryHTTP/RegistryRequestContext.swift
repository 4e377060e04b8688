import HTTPServing
import Hummingbird
import NIOCore
import NIOSSL

/// A request with the connection that it came over: its address, and the certificate that the peer showed and holds the key of.
struct RegistryRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// DER of the client's certificate; nil where it showed none. The TLS layer saw that the peer has its key, and judged nothing else.
    var peerCertificate: [UInt8]? {
        get async throws {
            try await channel.nioSSL_peerCertificate().flatMapThrowing { try $0?.toDERBytes() }.get()
        }
    }

    /// What the ``ConnectionGate`` knows the connection by.
    var connection: ObjectIdentifier { ObjectIdentifier(channel) }

    /// Whom failures are counted for, and what the audit table says.
    var peerAddress: String { PeerAddress.text(of: channel.remoteAddress) }
}
