internal import AttestationFormat
internal import Foundation

/// Tells an archive (`harborseal-agent journal archive`) by its name from a file for nodes (`journal export`).
///
/// Inside they are alike, so that evidence can be made of an archive; but an archive has the events that its owner keeps from nodes, and
/// a node that took them would show them to everybody who asks.
enum ArchiveName {
    /// Older agents gave archives the extension of files for nodes, `.hscarry`.
    static let fileExtension = "hsarchive"

    /// Whether the extension says it.
    static func isArchive(_ path: String) -> Bool {
        URL(fileURLWithPath: path).pathExtension.lowercased() == fileExtension
    }

    /// Whether the name is one that older agents gave archives of this gateway: `<firm>.<device>-archive-<epoch>-…`. The gateway decides
    /// it, since a device may be named `cold-archive`.
    static func isArchive(_ path: String, of gateway: GatewayID) -> Bool {
        isArchive(path) || URL(fileURLWithPath: path).lastPathComponent.lowercased().contains("\(gateway.text.string)-archive-")
    }
}
